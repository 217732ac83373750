"""A CSV file of anybody's, read row by row: only the columns that are needed, bounded, and every mistake with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from sim.csv_reader import csv_rows
from sim.errors import UsageError, nearest

MOST_ROWS = 20_000_000
MOST_COLUMNS = 400
LONGEST_CELL = 2_000
#: Counts below this could point at somebody; they are never written.
SMALLEST_CELL = 5
_DATES = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%m/%d/%y", "%d-%b-%y", "%d-%b-%Y")
_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%y %H:%M")


@dataclass(slots=True)
class Table:
    """A file that is being read: where rows stand, what was left out, and why."""

    path: Path
    rows: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    columns_kept: tuple[str, ...] = ()
    columns_dropped: tuple[str, ...] = ()

    def leave_out(self, why: str) -> None:
        """Count a row that cannot be used."""
        self.left_out[why] = self.left_out.get(why, 0) + 1


def rows_of(
    table: Table, needed: Mapping[str, Sequence[str]], optional: Mapping[str, Sequence[str]] | None = None
) -> Iterator[dict[str, str]]:
    """Yield the wanted cells of each row; no other cell is looked at.

    Parameters
    ----------
    table
        Names the file; its counts are filled as rows are read.
    needed, optional
        For each wanted cell the names that its column may have; case and signs do not matter.

    Raises
    ------
    UsageError
        If the file cannot be read, is no CSV, or lacks a column; with file and line.
    """
    path = table.path
    rows = csv_rows(path)
    header = [plain(name) for name in next(rows, (1, []))[1]]
    places = _places(path, header, needed, optional or {})
    table.columns_kept = tuple(header[place] for place in places.values())
    table.columns_dropped = tuple(name for name in header if name not in table.columns_kept)
    for line, cells in rows:
        if not any(cells):
            continue
        table.rows += 1
        if table.rows > MOST_ROWS:
            raise UsageError(f"{path}:{line}: more than {MOST_ROWS:,} rows; import it in parts.")
        if len(cells) < len(header):
            raise UsageError(f"{path}:{line}: {len(cells)} cells where the first line has {len(header)}; repair the row.")
        yield {name: cells[place].strip()[:LONGEST_CELL] for name, place in places.items()}


def plain(name: str) -> str:
    """Return the name of a column in small letters with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60]


def _places(
    path: Path, header: list[str], needed: Mapping[str, Sequence[str]], optional: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    if len(header) > MOST_COLUMNS:
        raise UsageError(f"{path}:1: {len(header)} columns; at most {MOST_COLUMNS} are read.")
    places = {}
    for name, names in (*needed.items(), *optional.items()):
        found = next((header.index(one) for one in names if one in header), None)
        if found is not None:
            places[name] = found
        elif name in needed:
            raise UsageError(f"{path}:1: no column '{names[0]}'; {nearest(names[0], header)}")
    return places


def day_of(text: str) -> date | None:
    """Return a day as agencies write it, or None."""
    for form in _DATES:
        try:
            return datetime.strptime(text[:11].strip(), form).date()
        except ValueError:
            continue
    moment = moment_of(text)
    return moment.date() if moment else None


def moment_of(text: str) -> datetime | None:
    """Return a moment as agencies write it, or None."""
    bare = text.removesuffix(" UTC").removesuffix("Z").partition(".")[0]
    for form in _MOMENTS:
        try:
            return datetime.strptime(bare, form)
        except ValueError:
            continue
    return None
