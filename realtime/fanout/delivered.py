"""Remember what this node sent to the viewers of one event, and find what they lack."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from realtime.fanout.poll_part import PollPart
from realtime.fanout.question_part import QuestionPart
from realtime.fanout.standing import StandingPart
from webapp.domain.chat import announcements, marks
from webapp.domain.chat import messages as chat_messages
from webapp.domain.chat.marks import Mark
from webapp.domain.chat.mutes import NOT_MUTED, Payload, refresh_mutes
from webapp.domain.events import store as event_store
from webapp.infra import publisher

# A transaction may commit later than one with a higher id. The sweep looks again at this many of
# the highest ids, which is more than can be under way at once, and more than a page keeps.
OVERLAP = 1000
PARTS: tuple[type[StandingPart], ...] = (QuestionPart, PollPart)


class DeliveredLog:
    """The delivered messages, as far back as the sweep looks, and how the event stands."""

    def __init__(
        self,
        messages: Iterable[dict[str, Any]],
        floor: int,
        changed: Iterable[Mark] = (),
        settings: dict[str, Any] | None = None,
        announcement: dict[str, Any] | None = None,
        muted: Mapping[int, Payload] | None = None,
        parts: Sequence[StandingPart] = (),
    ) -> None:
        self._messages = {message["id"]: message for message in messages}
        # Of the messages that were removed or restored, by id. The latest revision counts: after a
        # freeze the queue delivers everything it had.
        self._changed = {mark.id: mark for mark in changed}
        self.floor = floor
        self._settings = settings
        self._announcement = announcement
        self._announced = announcement["id"] if announcement else 0
        # End and reason of each mute, by employee id.
        self._muted = dict(muted or {})
        self.parts = parts

    @classmethod
    def begin(cls, event_id: int, slug: str) -> "DeliveredLog":
        """Return the log for the first viewer of an event, who has just loaded everything."""
        floor = marks.floor_of_latest(event_id, OVERLAP)
        found = marks.read_marks(event_id, floor)
        changed = [mark for mark in found if mark.removed or mark.revision]
        announcement = announcements.refresh_announcement(event_id)
        event = event_store.refresh_event(slug)
        visible = [mark.id for mark in found if not mark.removed]
        messages = chat_messages.read(event_id, visible)
        settings = event.settings if event else None
        muted = refresh_mutes(event_id)
        parts = [part.begin(event_id) for part in PARTS]
        return cls(messages, floor, changed, settings, announcement, muted, parts)

    def take_new(self, name: str, payload: Any) -> Any:
        """Record `payload` as delivered; return the part that viewers have not seen, or None."""
        match name:
            case "messages_posted":
                return [message for message in payload if self.add(message)] or None
            case "message_removed":
                mark = Mark(payload["id"], removed=True, revision=payload["revision"])
                return {"id": mark.id} if self._note_removed(mark) else None
            case "message_restored":
                message = payload["message"]
                mark = Mark(message["id"], removed=False, revision=payload["revision"])
                return message if self._note_restored(mark, message) else None
            case "event_changed":
                return payload if self._note_settings(payload) else None
            case "announcement_posted":
                return payload if self._note_announcement(payload) else None
            case "announcement_removed":
                return payload if self._note_unpinned(payload["id"]) else None
            case publisher.TO_EMPLOYEE if payload["name"] == "muted_changed":
                return payload if self._note_mute(**payload) else None
        for part in self.parts:
            if name in part.names:
                return part.take_new(name, payload)
        # A name that this node does not know, for example of the next release.
        return None if name.startswith(publisher.FOR_NODES) else payload

    def add(self, message: dict[str, Any]) -> bool:
        """Record a message; return False when it was delivered before."""
        message_id = message["id"]
        if message_id <= self.floor or message_id in self._messages or self._removed(message_id):
            return False
        self._messages[message_id] = message
        if len(self._messages) > 2 * OVERLAP:
            kept = sorted(self._messages)[-OVERLAP:]
            self._messages = {i: self._messages[i] for i in kept}
            self.floor = kept[0] - 1
            self._changed = {i: mark for i, mark in self._changed.items() if i > self.floor}
        return True

    def since(self, after: int) -> tuple[list[dict[str, Any]], bool] | None:
        """Return the messages after an id and whether more follow, like `messages.since`; None when
        this log does not go back far enough."""
        if after < self.floor:
            return None
        ids = sorted(i for i in self._messages if i > after)
        return [self._messages[i] for i in ids[: chat_messages.PAGE]], len(ids) > chat_messages.PAGE

    def missing(self, ids: Iterable[int]) -> list[int]:
        """Return the ids that were not delivered yet."""
        return [i for i in ids if i > self.floor and i not in self._messages]

    def is_whole(self, total: int, revisions: int) -> bool:
        """Return whether the log has all `total` messages above the floor, as they are now.

        Whatever is known is in the database, and no revision is higher here than there. So all are
        the same if their sum is `revisions`.
        """
        removed = sum(mark.removed for mark in self._changed.values())
        known = sum(mark.revision for mark in self._changed.values())
        return known == revisions and removed + len(self._messages) == total

    def find_missed(self, event_id: int, slug: str) -> Iterator[tuple[str, Any]]:
        """Yield names and payloads that the database has and the viewers may lack."""
        if not self.is_whole(*marks.count_above(event_id, self.floor)):
            yield from self._find_missed_messages(event_id)
        if event := event_store.refresh_event(slug):
            yield "event_changed", event.settings
        # Before the database is asked: a newer pin may arrive while this waits for the answer.
        pinned = self._announcement
        if announcement := announcements.refresh_announcement(event_id):
            yield "announcement_posted", announcement
        elif pinned:
            yield "announcement_removed", {"id": pinned["id"]}
        muted = refresh_mutes(event_id)
        for employee_id in self._muted.keys() | muted.keys():
            mute = muted.get(employee_id, NOT_MUTED)
            yield publisher.TO_EMPLOYEE, publisher.addressed(employee_id, "muted_changed", mute)
        for part in self.parts:
            yield from part.find_missed()

    def snapshot(self, employee_id: int) -> dict[str, Any]:
        """Return `{removed, restored, event, announcement, muted_until, mute_reason?}` as they are
        now for a viewer, and the fields of the parts."""
        mute = self._muted.get(employee_id, NOT_MUTED)
        changed = [self._changed[i] for i in sorted(self._changed)]
        answer = {
            "removed": [mark.id for mark in changed if mark.removed],
            "restored": [
                self._messages[mark.id]
                for mark in changed
                if not mark.removed and mark.id in self._messages
            ],
            "event": self._settings,
            "announcement": self._announcement,
            "muted_until": mute["until"],
        }
        if "reason" in mute:
            answer["mute_reason"] = mute["reason"]
        for part in self.parts:
            answer |= part.snapshot()
        return answer

    def _find_missed_messages(self, event_id: int) -> Iterator[tuple[str, Any]]:
        found = marks.read_marks(event_id, self.floor)
        restored = {mark.id: mark for mark in found if not mark.removed and self._is_newer(mark)}
        missing = self.missing(mark.id for mark in found if not mark.removed)
        if posted := [i for i in missing if i not in restored]:
            yield "messages_posted", chat_messages.read(event_id, posted)
        for mark in found:
            if mark.removed:
                yield "message_removed", {"id": mark.id, "revision": mark.revision}
        for message in chat_messages.read(event_id, restored) if restored else ():
            revision = restored[message["id"]].revision
            yield "message_restored", {"message": message, "revision": revision}

    def _removed(self, message_id: int) -> bool:
        return message_id in self._changed and self._changed[message_id].removed

    def _is_newer(self, mark: Mark) -> bool:
        known = self._changed.get(mark.id)
        return mark.revision > known.revision if known else mark.removed or mark.revision > 0

    def _note_removed(self, mark: Mark) -> bool:
        # An older one comes only by the queue, so once.
        if mark.id > self.floor:
            if not self._is_newer(mark):
                return False
            self._changed[mark.id] = mark
            self._messages.pop(mark.id, None)
        return True

    def _note_restored(self, mark: Mark, message: dict[str, Any]) -> bool:
        if mark.id > self.floor:
            if not self._is_newer(mark):
                return False
            self._changed[mark.id] = mark
            self._messages[mark.id] = message
        return True

    def _note_settings(self, settings: dict[str, Any]) -> bool:
        fresh = settings != self._settings
        self._settings = settings
        return fresh

    def _note_mute(self, employee_id: int, name: str, payload: Payload) -> bool:
        if self._muted.get(employee_id, NOT_MUTED) == payload:
            return False
        self._muted = {i: mute for i, mute in self._muted.items() if i != employee_id}
        if payload["until"]:
            self._muted[employee_id] = payload
        return True

    def _note_announcement(self, announcement: dict[str, Any]) -> bool:
        # An old one may arrive late: after a freeze the queue delivers everything it had.
        if announcement["id"] <= self._announced:
            return False
        self._announcement, self._announced = announcement, announcement["id"]
        return True

    def _note_unpinned(self, announcement_id: int) -> bool:
        if not self._announcement or self._announcement["id"] != announcement_id:
            return False
        self._announcement = None
        return True
