"""How long to gather before the next write: nothing at rest, longer the more there is to say."""

SHORTEST_SECONDS = 0.1
LONGEST_SECONDS = 0.25
# So many at once double the shortest: at 40 messages a second a viewer is written to eight times a
# second, at 200 four times. One write costs both ends as much as storing and telling ten messages.
DOUBLED_BY = 20


def gather_seconds(count: int) -> float:
    """From the beginning of a write of `count` messages to that of the next one."""
    return min(LONGEST_SECONDS, SHORTEST_SECONDS * (1 + count / DOUBLED_BY))
