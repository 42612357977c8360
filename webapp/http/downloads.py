"""Send exports, of which few are made at once, in files that slow readers cannot hold up."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

from flask import Response

from webapp.errors import Unavailable

# Each takes a thread and much CPU for seconds; viewers need the rest of the worker.
PLACES = 2
BUSY_SECONDS = 10
PIECE_BYTES = 64 * 1024

_places = threading.BoundedSemaphore(PLACES)


def send_export(make: Callable[[], IO[bytes]], filename: str, mimetype: str) -> Response:
    """Answer with the file that `make` returns; sending it closes it.

    Raises `Unavailable` while as many exports as there are places are being made.
    """
    with place():
        file = make()
    response = Response(_pieces(file), mimetype=mimetype)
    response.call_on_close(file.close)
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


def text_file(pieces: Iterable[str]) -> IO[bytes]:
    """Return a nameless file with the pieces, in UTF-8; closing the file deletes it."""
    file = TemporaryFile()  # noqa: SIM115 - the response that sends it closes it
    try:
        file.writelines(piece.encode() for piece in pieces)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


@contextmanager
def place() -> Iterator[None]:
    """Hold one of the places. Raises `Unavailable` when none is free."""
    if not _places.acquire(blocking=False):
        raise Unavailable(
            "Other exports are being made just now. Try again in ten seconds.",
            retry_after=BUSY_SECONDS,
        )
    try:
        yield
    finally:
        _places.release()
