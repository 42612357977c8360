"""A node that runs out of files accepts connections again once it has some."""

import socket
import subprocess
import sys
from pathlib import Path

from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
FILES = 40
SERVER = f"""
from realtime.transport.eventlet_runtime import listen, patch, serve
patch()
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

listener = listen("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
serve(listener, app, 1000)
"""


def answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 5) as link:
        link.settimeout(2)
        link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            return link.recv(100).startswith(b"HTTP/1.1 200")
        except (TimeoutError, ConnectionError):
            return False


def test_it_accepts_again() -> None:
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            port = int(server.stdout.readline())
            assert answers(port)
            links = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(FILES)]
            assert not answers(port), "it has no file left"
            for link in links:
                link.close()
            wait_for(lambda: answers(port), 15, "it to accept again")
        finally:
            server.kill()
