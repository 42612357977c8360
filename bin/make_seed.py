#!/usr/bin/env python3
"""Write seed.sql, the demo data: `python bin/make_seed.py > seed.sql`.

The output is always the same: the random numbers have a fixed seed, and the times a fixed present.
The loader (webapp/domain/seed.py) moves the times to the real present.
"""

import random
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

NOW = datetime(2026, 1, 15, 10, 20, tzinfo=UTC)
ROWS_PER_INSERT = 400
# As in webapp/domain/employees/rosters.py.
STEP = 1024
CHATTER = Path(__file__).with_name("seed_chatter.txt")
# Of the password `townhall-demo`. Committed, because argon2 salts each hash anew.
ADMIN_HASH = "$argon2id$v=19$m=65536,t=3,p=4$w4b0MP052Fv5ZKjJlv9Apw$U6uF4MzXpZ6jZy08sJ1d2daMJpxfcq32Br/xEOj45Ek"  # noqa: E501

HEADER = """\
-- Demo data, written by bin/make_seed.py; change that script, not this file.
-- It loads into MySQL, MariaDB and SQLite, once `flask --app wsgi db upgrade` has run:
--   flask --app wsgi seed             moves all times so that the open event is on now
--   mysql townhall < seed.sql         keeps the times as they are written
--   sqlite3 instance/townhall.sqlite3 < seed.sql
"""

FIRST_NAMES = (
    "Aisha Amara Anders Anna Arjun Astrid Beatriz Bruno Camille Carlos Chiara Chinwe Daniel Daria "
    "David Deniz Elena Elif Emeka Emma Erik Fatima Felix Freya Giulia Grace Hana Hannah Hugo Ines "
    "Ingrid Ivan Jakob Jana João José Julia Kaito Karim Katarzyna Kofi Lars Laura Leila Lena Liam "
    "Lina Lucía Luka Maja Marco Maria Mateo Mei Mia Mikael Miriam Mohammed Nadia Naomi Nia Nils "
    "Noah Nora Oksana Olivia Omar Oskar Paolo Petra Pia Priya Rafael Ravi René Rosa Samuel Sara "
    "Sofia Søren Tarek Theo Tomás Ulrike Valentina Viktor Wei Yara Yuki Zoë Zuzana"
).split()
LAST_NAMES = (
    "Adeyemi Almeida Andersson Bauer Becker Bianchi Bouchard Brown Castro Chen Costa Dahl Demir "
    "Dubois Eriksen Fernández Fischer Fontaine García Haddad Hansen Hoffmann Horvat Ibrahim "
    "Ivanova Jansen Jensen Johansson Kaya Keller Khan Kim Kovács Kowalski Kumar Larsen Laurent "
    "Lehmann Lindqvist Lopez Marino Martin Meier Mensah Moreau Müller Nakamura Nguyen Nielsen "
    "Novak Nowak Okafor Oliveira Olsen Osei Park Patel Pereira Petrov Popescu Reyes Ricci Rossi "
    "Sánchez Sato Schmidt Schneider Sharma Silva Singh Smith Sørensen Suzuki Takahashi Tanaka "
    "Torres Vargas Virtanen Wagner Weber Weiss Wilson Wójcik Yılmaz Yamamoto Zhang Ziegler"
).split()
DEPARTMENTS = {
    "Engineering": 52,
    "Sales": 38,
    "Customer Care": 32,
    "Operations": 28,
    "Marketing": 20,
    "Finance": 16,
    "People": 14,
}
REQUIRED_SHARE = 50  # percent, the default of an event
# Ids of employees who were active when the past meetings were closed, and have left since.
LEFT = (58, 116)
NOTES = [
    ("excused", "On parental leave"),
    ("excused", "Sick that day"),
    ("attended", "Watched in the meeting room with the team"),
    ("excused", "On call for a customer"),
    ("attended", "Dialled in by phone"),
    ("excused", "Holiday"),
    ("excused", "Night shift"),
]
REACTIONS = {"like": 0.3, "love": 0.15, "applause": 0.5, "laugh": 0.1, "surprised": 0.04}
# By meeting: minute, question, options, secret.
POLLS: dict[int, list[tuple[int, str, list[str], bool]]] = {
    1: [
        (22, "Which room should get the large screen?", ["Library", "Kitchen", "Workshop"], False),
        (41, "Would you move to the new office?", ["Yes", "Perhaps", "No"], True),
    ],
    2: [
        (35, "What should we build first? (several)",
         ["Offline mode", "Faster search", "Shared calendars", "A public API"], False),
        (70, "How clear is the roadmap to you now?", ["Very", "Mostly", "Not yet"], True),
    ],
    3: [
        (6, "Where are you watching from?", ["Office", "Home", "On the way"], False),
        (15, "How did this quarter feel to you?",
         ["Better than the last", "About the same", "Harder"], True),
    ],
}  # fmt: skip
# Asked in the past meetings and in the open one: minute, text, answer, whether it is anonymous.
QUESTIONS: dict[int, list[tuple[int, str, str | None, bool]]] = {
    1: [
        (12, "Is there room for bicycles in the new office?", None, False),
        (18, "Who decides on the seats of a team?", "Each team decides for itself.", False),
        (31, "Will the old office be kept for a while?", "Until the end of March.", True),
    ],
    2: [
        (9, "When does the new search reach customers?", "In the second quarter.", False),
        (26, "What happens to the old mobile app?", None, False),
        (40, "Why was the export delayed twice?", None, True),
        (55, "Will support get a say in the roadmap?", "Yes, from April.", False),
    ],
    3: [
        (4, "How did the customer survey turn out?", None, False),
        (7, "Will there be more budget for training this year?", None, False),
        (9, "Is a hiring freeze planned?", None, True),
        (11, "When do we get the results of the employee survey?", None, False),
        (14, "Can the warehouse teams have flexible hours as well?", None, True),
        (16, "Who looks after new colleagues in their first week?", None, False),
    ],
}
PLACES = {"Berlin": 5, "Lisbon": 3, "Kraków": 3, "London": 2, "Remote": 2}

Row = tuple[object, ...]


@dataclass(frozen=True)
class Meeting:
    """An event, and the number of employees who checked in so far."""

    id: int
    slug: str
    title: str
    start: datetime
    minutes: int
    timezone: str
    state: str
    attendees: int
    description: str
    speakers: tuple[str, ...]

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)

    @property
    def end_so_far(self) -> datetime:
        """Return the end, or the present during the meeting."""
        return min(self.end, NOW)


@dataclass(frozen=True)
class Visit:
    """An attendee's check-in and the minutes they watched (since the Unix epoch)."""

    employee_id: int
    checked_in_at: datetime
    minutes: list[int]


MEETINGS = [
    Meeting(
        1, "new-office", "Opening of the new office",
        NOW - timedelta(days=29, minutes=80), 60, "Europe/Warsaw", "closed", 122,
        "A walk through the new office in Kraków, and how the move goes.",
        ("Oksana Jansen, Head of Workplace", "Hugo Okafor, Facilities"),
    ),
    Meeting(
        2, "product-roadmap", "Product roadmap",
        NOW - timedelta(days=7, minutes=20), 90, "Europe/Berlin", "closed", 153,
        "What we build this year, what we do not, and why.",
        ("Ada Lovelace, Chief Engineer", "Wei Bianchi, Product"),
    ),
    Meeting(
        3, "quarterly-town-hall", "Quarterly town hall",
        NOW - timedelta(minutes=20), 90, "Europe/Berlin", "open", 41,
        "The quarter in numbers, three teams show their work, and your questions.\n\n"
        "Ask in the chat at any time; we take the questions in the last half hour.",
        ("Grace Hopper, Chief Executive", "Ada Lovelace, Chief Engineer", "Lena Sørensen, People"),
    ),
    Meeting(
        4, "ask-the-founders", "Ask the founders",
        NOW + timedelta(days=7, minutes=40), 45, "Europe/London", "scheduled", 0,
        "No slides. The founders answer for 45 minutes whatever you want to know.",
        ("Grace Hopper, Chief Executive", "Ingrid Torres, Chief Financial Officer"),
    ),
]  # fmt: skip


def main() -> None:
    chance = random.Random(2026)
    people = list(employees(chance))
    active = [int(str(person[0])) for person in people if person[7]]
    print(HEADER)
    insert("admins", "id email name password_hash epoch",
           [(1, "admin@example.com", "Grace Hopper", ADMIN_HASH, 0)])  # fmt: skip
    insert("employees", "id email employee_number first_name last_name department location "
           "active epoch", people)  # fmt: skip
    insert("events", "id slug title starts_at ends_at timezone stream_url state chat_open "
           "slow_mode_seconds anonymous_questions description speakers",
           [event(meeting) for meeting in MEETINGS])  # fmt: skip
    insert_history(history(chance, people, active))


def history(
    chance: random.Random, people: Sequence[Row], active: Sequence[int]
) -> dict[str, list[Row]]:
    """Return the rows of each table that depend on what happened in the meetings."""
    rows: dict[str, list[Row]] = defaultdict(list)
    talks = [talk.splitlines() for talk in CHATTER.read_text().split("\n\n")]
    for meeting in MEETINGS:
        visits = visits_of(chance, meeting, active)
        viewers = Counter(minute for visit in visits for minute in visit.minutes)
        rows["audience"] += [(meeting.id, *counted) for counted in sorted(viewers.items())]
        if meeting.state == "closed":
            rows["closings"].append(closing(meeting))
        if meeting.state != "scheduled":
            rows["roster"] += roster(meeting, people, visits)
        rows["minutes"] += [
            (meeting.id, v.employee_id, minute) for v in visits for minute in v.minutes
        ]
        talk = talks.pop(0) if visits else []
        rows["messages"] += chatter(chance, meeting, visits, talk, len(rows["messages"]))
    # With a chance of its own, so that the other rows stay as they were.
    for meeting in MEETINGS:
        add_questions(random.Random(meeting.id), meeting, rows)
        add_polls(random.Random(meeting.id), meeting, rows)
        add_reactions(random.Random(meeting.id), meeting, rows)
    rows["corrections"] += corrections(rows["roster"])
    in_force = {(row[1], row[2]): (row[0], row[3]) for row in rows["corrections"]}
    rows["roster"] = [
        (*row, *in_force.get((row[0], row[1]), (None, None))) for row in rows["roster"]
    ]
    return rows


def insert_history(rows: dict[str, list[Row]]) -> None:
    """Print the rows of `history`."""
    insert("audience_minutes", "event_id minute viewers", rows["audience"])
    insert("closings", "event_id closed_at closed_by starts_at ends_at required_share",
           rows["closings"])  # fmt: skip
    insert("corrections", "id event_id employee_id status status_before note corrected_at "
           "corrected_by", rows["corrections"])  # fmt: skip
    insert("roster_entries", "event_id employee_id email employee_number first_name last_name "
           "department location place checked_in_at watched_minutes first_minute last_minute "
           "correction_id corrected_status", rows["roster"])  # fmt: skip
    insert("watched_minutes", "event_id employee_id minute", rows["minutes"])
    insert("messages", "id event_id employee_id body posted_at nonce removed_at removed_by",
           rows["messages"])  # fmt: skip
    insert("question_authors", "id event_id employee_id nonce asked_at", rows["question_authors"])
    insert("questions", "id event_id author_id body asked_at state votes answer answered_at",
           rows["questions"])  # fmt: skip
    insert("question_votes", "question_id employee_id", rows["question_votes"])
    insert("polls", "id event_id question multiple secret live_results state open_in revision "
           "answers opened_at closed_at", rows["polls"])  # fmt: skip
    insert("poll_options", "id poll_id position text votes", rows["poll_options"])
    insert("poll_answers", "poll_id employee_id choices", rows["poll_answers"])
    insert("reaction_minutes", "event_id minute kind source amount", rows["reaction_minutes"])


def add_questions(chance: random.Random, meeting: Meeting, rows: dict[str, list[Row]]) -> None:
    """Add the questions of a meeting with authors and votes.

    Those of past meetings are answered; in the open one the first is, and one is being answered.
    """
    present = [row[1] for row in rows["roster"] if row[0] == meeting.id and row[9] is not None]
    for place, (minute, body, answer, anonymous) in enumerate(QUESTIONS.get(meeting.id, ())):
        number = len(rows["questions"]) + 1
        at = meeting.start + timedelta(minutes=minute)
        author, voters = chance.choice(present), chance.sample(present, chance.randrange(3, 30))
        state = "answered" if meeting.state == "closed" else "open"
        if meeting.state == "open" and place < 2:
            state = ("answered", "answering")[place]
        answered = moment(at + timedelta(minutes=8)) if state == "answered" else None
        rows["question_authors"].append(
            (number, meeting.id, author, f"seed-question-{number}", moment(at))
        )
        rows["questions"].append(
            (number, meeting.id, None if anonymous else author, body, moment(at), state,
             len(voters), answer, answered)
        )  # fmt: skip
        rows["question_votes"] += [(number, voter) for voter in sorted(map(int, map(str, voters)))]


def add_polls(chance: random.Random, meeting: Meeting, rows: dict[str, list[Row]]) -> None:
    """Add the polls of a meeting with options and answers; in the open one the last is open."""
    present = [row[1] for row in rows["roster"] if row[0] == meeting.id and row[9] is not None]
    polls = POLLS.get(meeting.id, ())
    for revision, (minute, question, texts, secret) in enumerate(polls, start=1):
        number, multiple = len(rows["polls"]) + 1, question.endswith("(several)")
        opened, open_now = meeting.start + timedelta(minutes=minute), meeting.state == "open"
        open_now = open_now and revision == len(polls)
        # Ada Lovelace, as whom visitors of the demo check in, has yet to answer the open one.
        others = [one for one in present if one != 1 or not open_now]
        people = sorted(int(str(one)) for one in chance.sample(others, len(others) * 2 // 3))
        weights = [len(texts) - place for place in range(len(texts))]
        chosen = [
            set(chance.choices(range(len(texts)), weights, k=2 if multiple else 1)) for _ in people
        ]
        votes = Counter(place for places in chosen for place in places)
        rows["polls"].append(
            (number, meeting.id, question.removesuffix(" (several)"), int(multiple), int(secret), 1,
             "open" if open_now else "closed", meeting.id if open_now else None, revision,
             len(people), moment(opened),
             None if open_now else moment(opened + timedelta(minutes=4)))
        )  # fmt: skip
        rows["poll_options"] += [
            (len(rows["poll_options"]) + place, number, place - 1, text, votes[place - 1])
            for place, text in enumerate(texts, start=1)
        ]
        rows["poll_answers"] += [
            (number, person, None if secret else sum(1 << place for place in places))
            for person, places in zip(people, chosen, strict=True)
        ]


def add_reactions(chance: random.Random, meeting: Meeting, rows: dict[str, list[Row]]) -> None:
    """Add reactions by minute: few, and now and then applause by many."""
    for event_id, minute, viewers in rows["audience"]:
        if event_id != meeting.id:
            continue
        crowd = int(str(viewers)) * (2 if chance.random() < 0.08 else 0)
        for kind, share in REACTIONS.items():
            amount = int(chance.random() * share * (int(str(viewers)) / 4 + crowd))
            if amount:
                rows["reaction_minutes"].append((meeting.id, minute, kind, "seed", amount))


def employees(chance: random.Random) -> Iterator[Row]:
    """Yield 200 employees: Ada Lovelace and combinations of the names above."""
    yield (1, "ada.lovelace@example.com", "1001", "Ada", "Lovelace", "Engineering", "London", 1, 0)
    names = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    departments = [name for name, count in DEPARTMENTS.items() for _ in range(count)][1:]
    chance.shuffle(departments)
    places = [name for name, share in PLACES.items() for _ in range(share)]
    for number, (first, last) in enumerate(chance.sample(names, 199), start=2):
        yield (
            number, f"{ascii_of(first)}.{ascii_of(last)}@example.com", str(1000 + number),
            first, last, departments[number - 2], chance.choice(places),
            0 if number % 29 == 0 else 1, 0,
        )  # fmt: skip


def event(meeting: Meeting) -> Row:
    return (
        meeting.id, meeting.slug, meeting.title, moment(meeting.start), moment(meeting.end),
        meeting.timezone, "/demo/live.m3u8", meeting.state, 1, 0, 1,
        meeting.description, "\n".join(meeting.speakers),
    )  # fmt: skip


def visits_of(chance: random.Random, meeting: Meeting, active: Sequence[int]) -> list[Visit]:
    """Return the visits to a meeting, by ascending employee id."""
    visits = []
    for employee_id in sorted(chance.sample(active, meeting.attendees)):
        late = min(chance.expovariate(1 / 4) - 6, meeting.minutes * 0.7)
        checked_in = min(meeting.start + timedelta(minutes=late), NOW - timedelta(minutes=1))
        visits.append(Visit(employee_id, checked_in, watched(chance, meeting, checked_in)))
    return visits


def watched(chance: random.Random, meeting: Meeting, checked_in: datetime) -> list[int]:
    first = max(checked_in, meeting.start)
    last = meeting.end_so_far
    habit = chance.random()
    if habit < 0.05:
        return []  # checked in and never watched
    if habit < 0.20:
        last = first + (last - first) * chance.uniform(0.2, 0.8)
    minutes = list(range(minute_of(first), minute_of(last)))
    if habit > 0.85 and len(minutes) > 20:
        gap = chance.randrange(5, len(minutes) - 12)
        del minutes[gap : gap + chance.randrange(3, 12)]
    return minutes


def ends(minutes: Sequence[int]) -> tuple[int | None, int | None]:
    """Return the first and the last watched minute."""
    return (minutes[0], minutes[-1]) if minutes else (None, None)


def closing(meeting: Meeting) -> Row:
    """Return the closing: by Grace Hopper, two minutes after the end."""
    closed_at = moment(meeting.end + timedelta(minutes=2))
    return (meeting.id, closed_at, 1, moment(meeting.start), moment(meeting.end), REQUIRED_SHARE)


def roster(meeting: Meeting, people: Sequence[Row], visits: Sequence[Visit]) -> Iterator[Row]:
    """Yield an entry for everybody who was active then, in the order of their names."""
    attended = {visit.employee_id: visit for visit in visits}
    gone = () if meeting.state == "open" else LEFT
    active = [person for person in people if person[7] or person[0] in gone]
    active.sort(key=lambda person: [ascii_of(str(person[i])) for i in (4, 3, 2)])
    for rank, person in enumerate(active, start=1):
        visit = attended.get(int(str(person[0])))
        minutes = visit.minutes if visit else []
        checked_in_at = moment(visit.checked_in_at) if visit else None
        yield (
            meeting.id, *person[:7], rank * STEP, checked_in_at, len(minutes), *ends(minutes)
        )  # fmt: skip


def corrections(entries: Sequence[Row]) -> Iterator[Row]:
    """Yield corrections of some employees who did not come to a closed event."""
    closed = {meeting.id: meeting.end for meeting in MEETINGS if meeting.state == "closed"}
    absent = sorted((row[0], row[1]) for row in entries if row[0] in closed and row[9] is None)
    chosen = zip(absent[4::16], NOTES, strict=False)
    for number, ((event_id, employee_id), (status, note)) in enumerate(chosen, start=1):
        at = closed[event_id] + timedelta(hours=3, minutes=number * 7)
        yield (number, event_id, employee_id, status, "absent", note, moment(at), 1)


def chatter(
    chance: random.Random,
    meeting: Meeting,
    visits: Sequence[Visit],
    talk: Sequence[str],
    before: int,
) -> Iterator[Row]:
    """Yield messages of employees who were watching at that moment; a few were removed."""
    span = (meeting.end_so_far - meeting.start).total_seconds() - 60
    moments = sorted(chance.uniform(30, span) for _ in talk)
    for number, (seconds, text) in enumerate(zip(moments, talk, strict=True), start=before + 1):
        at = meeting.start + timedelta(seconds=seconds)
        now = {minute_of(at), minute_of(at) + 1}
        watching = [visit.employee_id for visit in visits if not now.isdisjoint(visit.minutes)]
        removed = number % 61 == 0
        yield (
            number, meeting.id, chance.choice(watching), text, moment(at), f"seed-{number}",
            moment(at + timedelta(minutes=1)) if removed else None, 1 if removed else None,
        )  # fmt: skip


def insert(table: str, columns: str, rows: Sequence[Row]) -> None:
    """Print the rows as INSERT statements, each with `;` at the end of its last line."""
    for begin in range(0, len(rows), ROWS_PER_INSERT):
        print(f"INSERT INTO {table} ({columns.replace(' ', ', ')}) VALUES")
        some = rows[begin : begin + ROWS_PER_INSERT]
        values = [f"({', '.join(map(literal, row))})" for row in some]
        print(",\n".join(values) + ";\n")


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    # The loader splits the file where a line ends with a semicolon.
    if "\\" in text or ";\n" in text:
        raise ValueError(f"The databases would read this text differently: {text!r}")
    return "'" + text.replace("'", "''") + "'"


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def minute_of(at: datetime) -> int:
    return int(at.timestamp()) // 60


def ascii_of(name: str) -> str:
    name = name.lower().translate(str.maketrans("øıł", "oil"))
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


if __name__ == "__main__":
    main()
