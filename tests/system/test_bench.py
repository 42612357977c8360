"""The load client of the benchmarks counts right, against real nodes."""

from bench.chatter import chat
from bench.crowd import Crowd
from stack import Stack
from tests.support.meeting import Meeting


def test_a_crowd_counts_deliveries_and_lost_viewers(stack: Stack, meeting: Meeting) -> None:
    cookies = []
    for _ in range(6):
        with meeting.viewer() as viewer:
            cookies.append(viewer.cookie)
    crowd = Crowd(stack.nginx.port, meeting.slug)
    crowd.join([*cookies, "townhall=forged"], seconds=20)
    assert [why.split(":")[0] for why in crowd.lost] == ["a viewer was refused"]
    done = chat(crowd, per_second=4, seconds=1)
    assert (done.complete, done.delivered, done.refused) == (True, 24, {})
    assert done.latencies.counts.total() == 24
    stayers = list(crowd.viewers.values())[:2]
    leaving = [viewer for viewer in crowd.viewers.values() if viewer not in stayers]
    after = chat(crowd, per_second=2, seconds=1, authors=stayers, leaving=leaving)
    assert (after.complete, after.delivered) == (True, 4)
    stayers[0].socket.shutdown(0)
    gone = chat(crowd, per_second=1, seconds=1, authors=stayers[1:], patience=1)
    assert (gone.complete, gone.wrong) == (False, 1)
    crowd.close()
