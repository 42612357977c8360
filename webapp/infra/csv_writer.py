"""CSV files for spreadsheets: UTF-8 with a byte-order mark, without cells that run."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

BYTE_ORDER_MARK = "\ufeff"
# A spreadsheet runs a cell that begins like this; Asian versions accept the wide signs too.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
SEPARATORS = ",;\t"
# The place behind a separator that is not the file's own, before a formula or quotes and a formula.
INNER_FORMULA = {
    own: re.compile(f'([\r\n{SEPARATORS.replace(own, "")}])(?=["\\s]*[=+\\-@＝＋－＠])')
    for own in SEPARATORS
}
# One piece per row would cost a system call per row.
PIECE_CHARACTERS = 16 * 1024


def csv_pieces(
    header: Iterable[str], rows: Iterable[Iterable[object]], separator: str = ","
) -> Iterator[str]:
    """Yield a CSV file with one header, in pieces of whole lines."""
    piece = io.StringIO()
    writer = csv.writer(piece, delimiter=separator)
    piece.write(BYTE_ORDER_MARK)
    writer.writerow(header)
    for row in rows:
        writer.writerow(safe_cell(value, separator) for value in row)
        if piece.tell() > PIECE_CHARACTERS:
            yield piece.getvalue()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue()


def safe_cell(value: object, separator: str = ",") -> str:
    """Return the value as a cell that no spreadsheet runs: a formula gets an apostrophe.

    Spreadsheets may be told to split at another separator than the file's. What follows one of
    those, or a line break, is then a cell of its own.
    """
    text = "" if value is None else str(value)
    text = INNER_FORMULA[separator].sub(r"\1'", text)
    # Excel, and LibreOffice where it is told to, trim a cell before they look at it.
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text
