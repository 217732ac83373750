"""A CSV file of anybody's, read row by row: only the columns that are needed, bounded, and every mistake with its line."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from sim.csv_reader import csv_rows
from sim.errors import UsageError
from sim.importing.layouts import Layout, none_fits, plain

Rows = Iterator[tuple[int, list[str]]]

MOST_ROWS = 20_000_000
MOST_COLUMNS = 400
LONGEST_CELL = 2_000
#: Counts below this could point at somebody; they are never written.
SMALLEST_CELL = 5
#: ICE's own workbooks have six lines above the names of their columns.
LINES_ABOVE = 12
#: Publishers write commas and strokes, spreadsheets of some countries semicolons.
DELIMITERS = ",|;\t"
_DATES = ("%m/%d/%Y", "%m/%d/%y", "%d-%b-%y", "%d-%b-%Y", "%d%b%Y")
_MOMENTS = (
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%d%b%Y %H:%M:%S",
)  # fmt: skip
#: Days as a spreadsheet counts them, from 1954 to 2064: sheets that are read as text have them so.
_FIRST_SERIAL, _LAST_SERIAL, _DAY_NOUGHT = 20_000, 60_000, date(1899, 12, 30)


@dataclass(slots=True)
class Table:
    """A file that is being read: how, where rows stand, what was left out, and why."""

    path: Path
    rows: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    layout: str = ""
    columns_kept: tuple[str, ...] = ()
    columns_dropped: tuple[str, ...] = ()

    def leave_out(self, why: str) -> None:
        """Count a row that cannot be used."""
        self.left_out[why] = self.left_out.get(why, 0) + 1


def rows_of(table: Table, layouts: Sequence[Layout], wished: Sequence[tuple[str, str]] = ()) -> Iterator[dict[str, str]]:
    """Yield the wanted cells of each row; no other cell is looked at.

    Parameters
    ----------
    table
        Names the file; its counts are filled as rows are read.
    layouts
        The layouts that the file may have; the first that fits is taken.
    wished
        Cells that a flag of the user's needs, each with the flag.

    Raises
    ------
    UsageError
        If the file cannot be read, is no CSV, or has none of the layouts; with file and line.
    """
    path = table.path
    rows, header, layout, places = _begin(path, layouts)
    for cell, flag in wished:
        if cell not in places:
            raise UsageError(f"{flag}: {path} has no column for it; its layout is '{layout.name}'.")
    table.layout = layout.name
    table.columns_kept = tuple(header[place] for place in places.values())
    table.columns_dropped = tuple(name for name in header if name and name not in table.columns_kept)
    for line, cells in rows:
        if not any(cells):
            continue
        table.rows += 1
        if table.rows > MOST_ROWS:
            raise UsageError(f"{path}:{line}: more than {MOST_ROWS:,} rows; import it in parts.")
        if len(cells) < len(header):
            counts = f"{len(cells)} cells where the line of names has {len(header)}"
            raise UsageError(f"{path}:{line}: {counts}; repair the row.")
        yield {name: cells[place].strip()[:LONGEST_CELL] for name, place in places.items()}


def _begin(path: Path, layouts: Sequence[Layout]) -> tuple[Rows, list[str], Layout, dict[str, int]]:
    """Return the rows below the names of the columns, these names, their layout, and the places of its cells."""
    best: tuple[int, list[str], int] | None = None
    for delimiter in DELIMITERS:
        rows = csv_rows(path, delimiter=delimiter)
        for line, names in itertools.islice(rows, LINES_ABOVE):
            header = [plain(name) for name in names]
            if len(header) > MOST_COLUMNS:
                raise UsageError(f"{path}:{line}: {len(header)} columns; at most {MOST_COLUMNS} are read.")
            for layout in layouts:
                if (places := layout.places(header)) is not None:
                    return rows, header, layout, places
            lacking = min(len(layout.missing(header)) for layout in layouts)
            if best is None or lacking < best[0]:
                best = lacking, header, line
    if best is None:
        raise UsageError(f"{path}: is empty; name a CSV file with the names of its columns in the first line.")
    raise UsageError(f"{path}:{best[2]}: {none_fits(best[1], layouts)}")


def day_of(text: str) -> date | None:
    """Return a day as agencies write it, or None."""
    bare = text[:11].strip()
    if bare.isdigit() and _FIRST_SERIAL <= int(bare) <= _LAST_SERIAL:
        return _DAY_NOUGHT + timedelta(days=int(bare))
    try:
        return datetime.fromisoformat(text).date() if re.match(r"\d{4}-?\d\d-?\d\d", text) else _first(bare, _DATES).date()
    except ValueError:
        moment = moment_of(text)
        return moment.date() if moment else None


def moment_of(text: str) -> datetime | None:
    """Return a moment as agencies write it, or None; a day without an hour is no moment."""
    if ":" not in text:
        return None
    try:
        # Zones are dropped: what is read is a facility's own clock, whatever a program wrote behind it.
        return datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=None)
    except ValueError:
        pass
    try:
        return _first(text.partition(".")[0].strip(), _MOMENTS)
    except ValueError:
        return None


def _first(text: str, forms: Sequence[str]) -> datetime:
    for form in forms:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError(text)
