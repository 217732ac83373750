"""How every text of a result is written, so that no writer can forget what strangers may have put into a name.

Tables are opened in spreadsheets and texts shown in terminals: no cell begins as a formula does, and no control character or
half of a character is written as such.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sim.errors import printable

#: What makes a spreadsheet take a cell for a formula; the wide signs do so in some languages.
_FORMULA = re.compile(r"\s*[=+@\-＝＋＠－]|[\t\r\n]")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula; a number stays a number, a negative one too."""
    if _NUMBER.fullmatch(text) or text.isalnum():  # as nearly all are
        return text
    shown = printable(text)
    return f"'{shown}" if _FORMULA.match(shown) else shown


class Rows:
    """Writes the rows of a table as CSV; every cell of text as :func:`cell` returns it."""

    def __init__(self, stream: TextIO) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")

    def writerow(self, row: Iterable[object]) -> None:
        """Write one row."""
        self._writer.writerow([cell(one) if isinstance(one, str) else one for one in row])

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        """Write several rows."""
        for row in rows:
            self.writerow(row)


@contextmanager
def rows_to(path: Path) -> Iterator[Rows]:
    """Yield what writes rows into a new file."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        yield Rows(stream)


def write_text(path: Path, text: str) -> None:
    """Write a text; half a character, as in the name of a file that is no UTF-8, becomes an escape."""
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
