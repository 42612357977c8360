"""Three reactions of a person count in a second, whichever process counts them."""

from flask import Flask

from tests.support.data import add_event
from tests.support.polls import rows_of
from webapp.domain.models import ReactionMinute
from webapp.domain.reactions.limits import claim
from webapp.domain.reactions.tally import Tally


def test_three_reactions_of_a_person_count_in_a_second(app: Flask) -> None:
    with app.app_context():
        assert claim(1, 100, {7: 2, 8: 5}) == {7: 2, 8: 3}
        assert claim(1, 100, {7: 2, 9: 1}) == {7: 1, 9: 1}
        assert claim(1, 100, {7: 1, 8: 1}) == {7: 0, 8: 0}
        assert claim(1, 101, {7: 4}) == {7: 3}
        assert claim(2, 100, {7: 1}) == {7: 1}, "each event counts for itself"


def test_two_processes_add_to_the_same_minute(app: Flask) -> None:
    first, second = Tally(), Tally()
    with app.app_context():
        event_id = add_event().id
        for tally, amount in ((first, 2), (second, 3), (first, 1)):
            tally.add(event_id, {"like": amount})
            tally.store()
            tally.store()
        assert sum(row["amount"] for row in rows_of(ReactionMinute)) == 6
