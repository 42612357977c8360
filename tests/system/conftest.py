"""Fixtures: a meeting of its own for each test on the full system."""

from collections.abc import Iterator

import pytest

from stack import Stack
from tests.support.meeting import Meeting, held_meeting
from webapp.infra.settings import load_settings


@pytest.fixture
def meeting(stack: Stack) -> Iterator[Meeting]:
    with held_meeting(load_settings(stack.settings), stack.url) as meeting:
        yield meeting
