"""The arithmetic of the benchmarks: frames, packets, latencies, cells."""

import json
import time
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import wire
from bench.chatter import Chat
from bench.checkin_report import percentile
from bench.crowd import Crowd
from bench.fanout_cells import Cell
from bench.latency import Latencies
from bench.report import Report

SIZES = st.sampled_from([1, 125, 126, 127, 65535, 65536]) | st.integers(1, 300)


def server_frame(payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes([wire.TEXT, length]) + payload
    wide = 2 if length < 65536 else 8
    return bytes([wire.TEXT, 126 if wide == 2 else 127]) + length.to_bytes(wide, "big") + payload


def posted(*messages: tuple[int, int]) -> bytes:
    items = ",".join(f'{{"id":{i},"body":"{wire.body(at, i)}"}}' for i, at in messages)
    return server_frame(b'42/live,["messages_posted",[%s]]' % items.encode())


def test_reading_waits_no_longer_than_its_timeout() -> None:
    """A late post would count as a slow delivery."""
    crowd = Crowd(port=0, slug="event")
    begin = time.monotonic()
    crowd.read(1)
    assert 1 <= time.monotonic() - begin < 2
    crowd.close()


@given(st.lists(SIZES, max_size=6), st.lists(st.integers(0, 70_000), max_size=6))
def test_frames_are_reassembled_from_any_portions(sizes: list[int], cuts: list[int]) -> None:
    payloads = [bytes([65 + n]) * size for n, size in enumerate(sizes)]
    stream = b"".join(map(server_frame, payloads))
    places = sorted({min(cut, len(stream)) for cut in cuts} | {len(stream)})
    found, rest, begin = [], b"", 0
    for place in places:
        packets, rest = wire.packets_of(rest + stream[begin:place])
        found += packets
        begin = place
    assert (found, rest) == (payloads, b"")


@pytest.mark.parametrize("head", [b"\x01\x01a", b"\x82\x01a", b"\xc1\x01a"])
def test_a_fragmented_or_binary_frame_is_rejected(head: bytes) -> None:
    with pytest.raises(wire.Unexpected):
        wire.packets_of(head)


def test_a_close_frame_ends_the_connection() -> None:
    with pytest.raises(ConnectionError):
        wire.packets_of(b"\x88\x02\x03\xe8")


@given(st.text(min_size=1, max_size=300))
def test_client_frames_are_masked_text(text: str) -> None:
    frame = wire.frame(text)
    length, begin = frame[1] & 0x7F, 2
    if length == 126:
        length, begin = int.from_bytes(frame[2:4], "big"), 4
    mask, masked = frame[begin : begin + 4], frame[begin + 4 :]
    assert frame[0] == wire.TEXT
    assert frame[1] & 0x80
    assert len(masked) == length
    assert bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked)).decode() == text


def test_messages_pings_and_acknowledgements_are_distinguished() -> None:
    counted = server_frame(b'42/live,["viewers_changed",{"watching":7}]')
    answered = b'43/live,1[{"ok":true,"id":2}]'
    data = posted((1, 100), (2, 150)) + counted + server_frame(b"2") + server_frame(answered)
    found = wire.digest(data + posted((3, 180))[:-1])
    assert (found.ids, found.sent, found.ascending) == ([1, 2], [100, 150], True)
    assert found.others == [b"2", answered]
    assert found.rest == posted((3, 180))[:-1]


def test_frames_with_counts_are_told_from_other_events() -> None:
    names = ("viewers_changed", "reactions", "poll_changed", "votes_changed", "event_changed")
    frames = [server_frame(f'42/live,["{name}",{{}}]'.encode()) for name in names]
    found = wire.digest(b"".join([*frames, posted((7, 1000))]))
    assert (found.counts, found.ids, found.others) == (4, [7], [])


def test_missing_duplicate_and_foreign_messages_are_noticed() -> None:
    right = wire.digest(posted((1, 0), (2, 0), (3, 0))).fingerprint
    for ids in ((1, 2), (1, 2, 2), (1, 1, 3), (2, 2, 2), (1, 2, 4)):
        assert wire.digest(posted(*((i, 0) for i in ids))).fingerprint != right
    mixed = wire.digest(posted((3, 0), (1, 0), (2, 0)))
    assert (mixed.fingerprint, mixed.ascending) == (right, False)


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 50), min_size=1, max_size=4),
            st.dictionaries(st.integers(50, 5000), st.integers(1, 9), min_size=1, max_size=4),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([1, 50, 99, 100]),
)
def test_percentiles_count_every_delivery(
    portions: list[tuple[list[int], dict[int, int]]], percent: float
) -> None:
    latencies, single = Latencies(), []
    for sent, arrivals in portions:
        latencies.add(sent, arrivals)
        single += [
            (at - moment) / 1000
            for moment in sent
            for at, viewers in arrivals.items()
            for _ in range(viewers)
        ]
    assert latencies.percentile(percent) == percentile(single, percent)
    assert latencies.worst == max(single)


def cell(tier: str, nodes: float, **chat: float) -> Cell:
    done = Chat(posted=10, stored=10, expected=100, delivered=100, seconds=1)
    for name, value in chat.items():
        setattr(done, name, value)
    return Cell(tier, 10, 10, done, {"nodes": nodes, "nginx": 0.001, "load client": 9.0})


def test_the_cost_of_a_delivery_excludes_the_load_client() -> None:
    assert cell("Townhall", 0.004).cost == pytest.approx(0.00005)


@pytest.mark.parametrize(
    "chat", [{"delivered": 99}, {"stored": 9}, {"wrong": 1}, {"overtime": 2.5}]
)
def test_a_cell_that_falls_behind_is_not_sustained(chat: dict[str, float]) -> None:
    assert cell("Townhall", 1).sustained
    assert not cell("Townhall", 1, **chat).sustained


def test_a_report_of_cells_is_plain_json() -> None:
    done = cell("Townhall", 1)
    done.chat.refused["slow_down"] = 2
    kept = asdict(Report("", [], figures={"cells": [done.as_json()]}))
    assert json.loads(json.dumps(kept))["figures"]["cells"][0]["refused"] == {"slow_down": 2}
