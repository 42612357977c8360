"""The form in which a moderator writes a poll."""

from werkzeug.datastructures import MultiDict

from webapp.domain.polls.board import BoardPoll
from webapp.domain.polls.drafts import PollDraft
from webapp.infra.text import printable

# More fields than the form has are refused; a hostile form is not given back in full.
MOST_FIELDS = 20


def typed_draft(fields: MultiDict[str, str]) -> PollDraft:
    """Return the draft as it was typed, not checked yet."""
    return PollDraft(
        question=printable(fields.get("question", "")),
        options=[printable(text) for text in fields.getlist("option")[:MOST_FIELDS]],
        multiple=fields.get("multiple") == "1",
        secret=fields.get("secret") == "1",
        live_results=fields.get("live_results") == "1",
    )


def draft_of(poll: BoardPoll) -> PollDraft:
    """Return the draft that the form begins with."""
    options = [text for text, _ in poll.options]
    return PollDraft(poll.question, options, poll.multiple, poll.secret, poll.live_results)
