"""Edits of one event by two admins are merged, and where they meet the second one is asked."""

from typing import Any

import pytest

from webapp.domain.events.merging import EditConflict, digest_columns, merge

BASE: dict[str, Any] = {
    "title": "Town hall",
    "description": "",
    "starts_at": 1,
    "ends_at": 2,
    "timezone": "UTC",
    "opens_at": None,
    "closes_at": None,
    "stream_url": "a",
    "stream_kind": "",
    "stream_hosts": "",
}
SEEN = digest_columns(BASE)


def test_a_change_of_one_admin_is_stored() -> None:
    assert merge(BASE, BASE | {"title": "Mine"}, SEEN) == {"title": "Mine"}
    assert merge(BASE, BASE, SEEN) == {}


def test_changes_of_different_columns_are_both_kept() -> None:
    now = BASE | {"description": "Theirs"}
    assert merge(now, BASE | {"title": "Mine"}, SEEN) == {"title": "Mine"}


def test_the_same_change_by_both_is_no_conflict() -> None:
    now = BASE | {"title": "Ours"}
    assert merge(now, BASE | {"title": "Ours"}, SEEN) in ({}, {"title": "Ours"})


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ({"title": "Theirs"}, {"title": "Mine"}),
        # Each is a plan by itself; together the end would be before the start.
        ({"ends_at": 5}, {"starts_at": 6}),
        ({"stream_url": "b"}, {"stream_kind": "hls"}),
    ],
)
def test_changes_that_meet_are_refused(theirs: dict[str, Any], mine: dict[str, Any]) -> None:
    with pytest.raises(EditConflict) as refused:
        merge(BASE | theirs, BASE | mine, SEEN)
    assert refused.value.columns == list(theirs)


@pytest.mark.parametrize("seen", ["", "x", "[]", "1", "{}", '{"title": 5}', "[" * 100_000])
def test_a_form_that_does_not_say_what_it_showed_is_stored(seen: str) -> None:
    wanted = BASE | {"title": "Mine"}
    assert merge(BASE | {"title": "Theirs"}, wanted, seen) == wanted
