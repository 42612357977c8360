"""Options for reading and importing an uploaded file, from an address or a form."""

import re
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.domain.employees.column_headers import ColumnChoice
from webapp.domain.employees.rows import SPOKEN
from webapp.errors import Invalid

# The field that a column holds, by its place from 0: column-3=email.
COLUMN = re.compile(r"column-([0-9]{1,3})")


@dataclass(frozen=True)
class ImportOptions:
    """What an admin chose. `columns` is empty as long as the recognised ones are right."""

    token: str = ""
    encoding: str = ""
    sync: bool = False
    strict: bool = False
    columns: dict[int, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, args: "MultiDict[str, str]") -> "ImportOptions":
        """Return the options in a query or a form; what no form sends is left out."""
        columns = {
            int(found[1]): value
            for name, value in args.items()
            if (found := COLUMN.fullmatch(name)) and value in ("", *SPOKEN)
        }
        # The readings of the names come before the list of all encodings.
        encodings = [value for value in args.getlist("encoding") if value]
        return cls(
            token=args.get("file", ""),
            encoding=encodings[0] if encodings else "",
            sync="sync" in args,
            strict="strict" in args,
            columns=columns,
        )

    def choice(self) -> ColumnChoice | None:
        """Return the place of each field, or None where nobody chose.

        Raises `Invalid` when two columns are to be the same field.
        """
        if not self.columns:
            return None
        chosen = [name for name in self.columns.values() if name]
        for name in chosen:
            if chosen.count(name) > 1:
                raise Invalid(
                    "Only one column can be the %(field)s: choose one of them.",
                    field=SPOKEN[name],
                )
        places = {name: place for place, name in self.columns.items() if name}
        return dict.fromkeys(SPOKEN) | places

    def as_args(self) -> dict[str, Any]:
        """Return the same as query arguments or form fields."""
        args = {"file": self.token, "encoding": self.encoding}
        args |= {name: "y" for name in ("sync", "strict") if getattr(self, name)}
        args |= {f"column-{place}": name for place, name in self.columns.items()}
        # An empty value for a column says that it is not read.
        return {name: text for name, text in args.items() if text or name.startswith("column-")}
