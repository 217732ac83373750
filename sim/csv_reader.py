"""CSV files of anybody's, row by row: what is no file, no CSV, or has no end is refused with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from sim.errors import UsageError

#: Letters in a line; the csv module allows 131,072 of them in a cell.
LONGEST_LINE = 1_000_000


def csv_rows(path: Path, what: str = "", delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file, each with the number of its last line; bytes that are no UTF-8 become marks.

    Parameters
    ----------
    path
        The file.
    what
        Put before the file in messages, such as a flag.
    delimiter
        What stands between cells.

    Raises
    ------
    UsageError
        If it cannot be read, is a folder, a pipe or a device, or no CSV.
    """
    place = f"{what} {path}".strip()
    try:
        if path.exists() and not path.is_file():  # to open a pipe is to wait for somebody who writes into it
            raise UsageError(f"{place}: is a folder or a device, not a file; name a CSV file.")
        stream = path.open(newline="", encoding="utf-8-sig", errors="replace")
    except (OSError, ValueError) as problem:
        if isinstance(problem, UsageError):
            raise
        reason = problem.strerror if isinstance(problem, OSError) else "no system has such a name"
        raise UsageError(f"{place}: cannot be read ({reason}); name a CSV file.") from None
    with stream:
        reader = csv.reader(_lines(stream, place), delimiter=delimiter)
        try:
            for cells in reader:
                yield reader.line_num, cells
        except csv.Error as problem:
            raise UsageError(f"{place}:{reader.line_num}: is not CSV ({problem}); save it as CSV in UTF-8.") from None
        except OSError as problem:
            raise UsageError(f"{place}: cannot be read ({problem.strerror}); name another file.") from None


def _lines(stream: TextIO, place: str) -> Iterator[str]:
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise UsageError(f"{place}:{number}: the line is longer than {LONGEST_LINE:,} letters; is it CSV?")
        yield line
