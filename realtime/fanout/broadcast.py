"""Send the same news to many viewers: the frames are built once and written to each."""

from collections.abc import Sequence

from flask_socketio import SocketIO

from realtime.fanout.batcher import News
from realtime.transport.connection import ViewerConnection
from realtime.transport.frames import event_packet, joined_frames

# Other tasks get their turn after this many viewers: 250 writes take about 2 ms.
SLICE = 250


def deliver(socketio: SocketIO, viewers: Sequence[ViewerConnection], news: News) -> None:
    """Send `viewers` the news in its order; skip those who leave meanwhile."""
    packets = [event_packet(name, payload) for name, payload in news]
    frames = joined_frames(packets)
    for start in range(0, len(viewers), SLICE):
        if start:
            socketio.sleep(0)
        for viewer in viewers[start : start + SLICE]:
            if viewer.send_buffer:
                viewer.send_buffer.write(frames)
            else:
                viewer.queue_packets(packets)
