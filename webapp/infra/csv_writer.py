"""CSV files that spreadsheets open as they are: UTF-8 with a byte-order mark, no cell that runs."""

import csv
import io
from collections.abc import Iterable, Iterator

BYTE_ORDER_MARK = "\ufeff"
# A spreadsheet takes a cell that begins so for a formula; Asian ones take the wide signs, too.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A row a time would be a system call a row.
PIECE_CHARACTERS = 16 * 1024


def csv_pieces(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield a CSV file with one header, in pieces of whole lines."""
    piece = io.StringIO()
    writer = csv.writer(piece)
    piece.write(BYTE_ORDER_MARK)
    writer.writerow(header)
    for row in rows:
        writer.writerow(map(safe_cell, row))
        if piece.tell() > PIECE_CHARACTERS:
            yield piece.getvalue()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue()


def safe_cell(value: object) -> str:
    """Return the value as a cell that no spreadsheet runs: a formula gets an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
