"""Handle the events of questions."""

from realtime.fanout.registry import Connection
from realtime.handlers.access import Access
from realtime.handlers.packets import Packet, Respond, answer_of, let_overtake, quick
from realtime.writer import Writer
from webapp.domain.questions.drafts import Draft, Receipt
from webapp.domain.questions.voting import Vote, Votes
from webapp.errors import TownhallError


class QuestionHandlers:
    """The events `ask_question` and `vote_question`."""

    def __init__(
        self, access: Access, questions: Writer[Draft, Receipt], votes: Writer[Vote, Votes]
    ) -> None:
        self._access = access
        self._questions = questions
        self._votes = votes

    def on_ask_question(self, connection: Connection, packet: Packet, respond: Respond) -> None:
        # The author and their right to ask are checked in the transaction of the batch.
        draft = Draft(
            connection.event.slug,
            connection.viewer,
            packet.get("body"),
            packet.get("nonce"),
            packet.get("anonymous", False),
            moderator=self._access.moderates(connection),
        )
        self._questions.put(draft, lambda outcome: respond(answer_of(outcome)))

    @quick
    def on_vote_question(self, connection: Connection, packet: Packet, respond: Respond) -> None:
        slug, viewer = connection.event.slug, connection.viewer
        recheck = self._access.is_recheck_due(connection)
        vote = Vote(slug, viewer, packet.get("id"), packet.get("vote"), recheck)

        def answer(outcome: Votes | TownhallError) -> None:
            if recheck and isinstance(outcome, Votes):
                self._access.note_checked(connection)
            respond(answer_of(outcome))

        self._votes.put(vote, answer)
        let_overtake(respond)
