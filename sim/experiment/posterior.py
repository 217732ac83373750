"""Draws from a posterior: what a calibration leaves open about the unknown parameters, read from a CSV file.

A row is a draw and a column a parameter by its dotted path, in the unit shown (shares, per hour, minutes, USD). A column
``weight``, if there is one, says how much a row counts; other columns without a dot in their names are not read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.csv_reader import csv_rows
from sim.errors import UsageError
from sim.experiment.quantities import known_path, quantity
from sim.loading import Template

FILE = "posterior.csv"
MOST_DRAWS = 100_000
MOST_BYTES = 500_000_000


@dataclass(frozen=True, eq=False, slots=True)
class Posterior:
    """Draws of several parameters, shape (draws, parameters)."""

    file: str
    paths: tuple[str, ...]
    values: NDArray[np.float64]
    weights: NDArray[np.float64]

    def pick(self, draws: int, seed: int) -> NDArray[np.float64]:
        """Return so many draws, shape (draws, parameters), each row as often as its weight says (systematic resampling)."""
        random = np.random.Generator(np.random.Philox(seed))
        share = np.cumsum(self.weights / self.weights.sum())
        points = (np.arange(draws) + random.random()) / draws
        rows = np.minimum(np.searchsorted(share, points), len(self.values) - 1)
        return np.asarray(self.values[rows])

    def changes(self, template: Template, row: NDArray[np.float64]) -> dict[str, Any]:
        """Return one draw as values to be written into a scenario.

        Raises
        ------
        UsageError
            If the scenario has no such parameter, or it is not a number.
        """
        written = {}
        for path, number in zip(self.paths, row.tolist(), strict=True):
            problem = known_path(template, path)
            if problem:
                raise UsageError(f"{self.file}: {problem}")
            one = quantity(template, path)
            if one is None:
                raise UsageError(f"{self.file}: '{path}' is not a number, so no draw of it can be set; remove the column.")
            written[path] = one.written(number)
        return written


def read_posterior(path: Path) -> Posterior:
    """Read draws from a CSV file, or from the folder of a calibration.

    Raises
    ------
    UsageError
        If there is no such file, or it holds anything but numbers under its dotted columns.
    """
    file = path / FILE if path.is_dir() else path
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(f"--posterior {file}: is larger than {MOST_BYTES:,} bytes; thin the draws.")
    except OSError as problem:
        raise UsageError(
            f"--posterior {file}: cannot be read ({problem.strerror}); name the folder that 'stopflow calibrate' wrote."
        ) from None
    rows = csv_rows(file, "--posterior")
    header = next(rows, (1, []))[1]
    paths = [name for name in header if "." in name]
    if not paths:
        raise UsageError(f"--posterior {file}: names no parameter; its columns are dotted paths, such as 'stop.outcome.cited'.")
    if len(set(header)) < len(header):
        raise UsageError(f"--posterior {file}: a column stands twice; keep one.")
    columns = [header.index(name) for name in paths]
    weight = header.index("weight") if "weight" in header else None
    table = [_numbers(file, line, row, header, columns, weight) for line, row in islice(rows, MOST_DRAWS + 1) if row]
    if not 0 < len(table) <= MOST_DRAWS:
        raise UsageError(f"--posterior {file}: holds {len(table):,} draws; 1 to {MOST_DRAWS:,} can be used.")
    if not any(share for _, share in table):
        raise UsageError(f"--posterior {file}: every weight is 0; at least one must be above 0.")
    values = np.asarray([row for row, _ in table])
    return Posterior(str(file), tuple(paths), values, np.asarray([share for _, share in table]))


def _numbers(
    file: Path, line: int, row: list[str], header: list[str], columns: list[int], weight: int | None
) -> tuple[list[float], float]:
    def number(column: int) -> float:
        text = row[column] if column < len(row) else ""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise UsageError(f"--posterior {file}:{line}: {header[column]}: {text!r} is not a number; write it without a unit.")
        return value

    share = 1.0 if weight is None else number(weight)
    if share < 0:
        raise UsageError(f"--posterior {file}:{line}: weight: {share} is negative; a weight is 0 or more.")
    return [number(column) for column in columns], share
