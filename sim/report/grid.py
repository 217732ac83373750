"""The finished points of a sweep: on a grid over its factors, or a few policies in many worlds.

Between the points of a grid one may interpolate; how far that is off is measured, by leaving points out that lie between two
others and predicting them from these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.experiment.replications import summarise
from sim.report.differences import AT_A_GLANCE, PROGRAMME_AT_A_GLANCE
from sim.report.sweeps import Results

Floats = NDArray[np.float64]
Errors = list[tuple[float, float] | None]

#: More points than this make a page that is too large; the rest stand in summary.csv.
MOST_POINTS = 1_500
MOST_MEASURES = 24
#: Fewer worlds than this show no range of what nobody knows.
FEWEST_WORLDS = 5


@dataclass(frozen=True, eq=False)
class Grid:
    """The finished points of a sweep, and whether they fill a grid.

    Attributes
    ----------
    factors
        Name, unit and values of each factor; numbers in ascending order, words in the order of the design.
    measures
        Name and unit of each measure shown.
    points
        The place of each point on each factor, shape (points, factors).
    means, halves
        Means and half-widths of their 95% intervals, shape (points, measures).
    levers
        Which factors a policy sets; the others nobody knows.
    spread, worlds
        Of policies: the 5% and 95% points of the means over so many worlds, shape (points, measures); ``means`` are then the
        means over worlds. None where each point stands for itself.
    """

    factors: list[tuple[str, str, list[float | str]]]
    measures: list[tuple[str, str]]
    points: NDArray[np.int64]
    means: Floats
    halves: Floats
    replications: list[int]
    left_out: int
    levers: tuple[bool, ...] = ()
    spread: tuple[Floats, Floats] | None = None
    worlds: int = 0

    @property
    def full(self) -> bool:
        """Whether every combination of the values is there, so that numbers between them can be interpolated."""
        return len(self.points) == int(np.prod([len(values) for *_, values in self.factors]))

    def table(self, column: int) -> Floats:
        """Return the means of one measure by place on every factor."""
        table = np.full([len(values) for *_, values in self.factors], np.nan)
        table[tuple(self.points.T)] = self.means[:, column]
        return table


def read_grid(folder: Path) -> tuple[Grid, dict[str, Any]]:
    """Return the points of a sweep's store with the measures that its report shows, and what the store says of the study.

    Raises
    ------
    UsageError
        If the folder holds no finished study.
    """
    from sim.experiment.store import open_store

    with open_store(folder, write=False) as store:
        results = Results(store)
        names = _measures_shown(results)
        columns = [results.measure_names.index(name) for name in names]
        rows: list[list[float | str]] = []
        means, halves, counts, more = [], [], [], 0
        for row, values, _ in results.finished():
            if len(rows) == MOST_POINTS:
                more += 1
                continue
            ones = [summarise(values[:, column]) for column in columns]
            rows.append(list(row.shown))
            means.append([one.mean for one in ones])
            halves.append([(one.ci_high - one.ci_low) / 2 for one in ones])
            counts.append(len(values))
        seen = [_alike([row[place] for row in rows]) for place in range(len(results.factors))]
        factors = [(one["name"], one["unit"], _values(column)) for one, column in zip(results.factors, seen, strict=True)]
        places = [[values.index(seen[at][row]) for at, (*_, values) in enumerate(factors)] for row in range(len(rows))]
        grid = Grid(
            factors, [(name, results.unit(name)) for name in names], np.asarray(places, dtype=np.int64).reshape(len(rows), -1),
            np.asarray(means), np.asarray(halves), counts, more, tuple(one["role"] == "lever" for one in results.factors),
        )  # fmt: skip
        return grid, {"name": results.name, "seed": results.seed}


def _measures_shown(results: Results) -> list[str]:
    """Return yield and burden side by side whatever the study asks about, and then what it asks about."""
    table = AT_A_GLANCE if "detained" in results.measure_names else PROGRAMME_AT_A_GLANCE
    always = [name for names in table.values() for name in names if name in results.measure_names]
    return list(dict.fromkeys([*always, *results.shown]))[:MOST_MEASURES]


def _alike(column: list[float | str]) -> list[float | str]:
    """Return a factor's values as words if any is one, such as a limit of 10 minutes or none: there is nothing between them."""
    if any(isinstance(value, str) for value in column):
        return [shown(value) for value in column]
    return column


def _values(seen: list[float | str]) -> list[float | str]:
    distinct = list(dict.fromkeys(seen))
    if all(isinstance(value, float | int) for value in distinct):
        return sorted(distinct)
    return distinct


def policies_of(grid: Grid) -> Grid | None:
    """Return the policies of a sweep, each over all its worlds; None unless every policy was tried in the same worlds.

    A policy is a combination of levers, a world one of what nobody knows; a design of kind ``crossed`` tries all in all.
    """
    levers = [at for at, lever in enumerate(grid.levers) if lever]
    unknown = [at for at, lever in enumerate(grid.levers) if not lever]
    if not levers or not unknown or not len(grid.points):
        return None
    policies: dict[tuple[int, ...], list[int]] = {}
    for row, places in enumerate(grid.points.tolist()):
        policies.setdefault(tuple(places[at] for at in levers), []).append(row)
    worlds = [{tuple(grid.points[row, unknown].tolist()) for row in rows} for rows in policies.values()]
    if len(worlds[0]) < FEWEST_WORLDS or any(one != worlds[0] for one in worlds):
        return None
    tables = [grid.means[rows] for rows in policies.values()]
    with np.errstate(all="ignore"):
        ends = [_quantiles(table) for table in tables]
    return replace(
        grid,
        factors=[grid.factors[at] for at in levers],
        points=np.asarray(list(policies), dtype=np.int64),
        means=np.stack([middle for _, middle, _ in ends]),
        halves=np.full((len(tables), len(grid.measures)), np.nan),
        replications=[sum(grid.replications[row] for row in rows) for rows in policies.values()],
        levers=(True,) * len(levers),
        spread=(np.stack([low for low, _, _ in ends]), np.stack([high for *_, high in ends])),
        worlds=len(worlds[0]),
    )


def _quantiles(table: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the 5% point, the mean and the 95% point of each column, over what is defined."""
    found = []
    for column in table.T:
        known = column[np.isfinite(column)]
        found.append((*np.quantile(known, (0.05, 0.95)), known.mean()) if len(known) else (np.nan,) * 3)
    low, high, mean = np.asarray(found, dtype=np.float64).T
    return low, mean, high


def shown(value: float | str) -> str:
    """Return a factor's value as a table shows it."""
    return value if isinstance(value, str) else f"{value:.4g}"


def interpolation_errors(grid: Grid) -> Errors:
    """Return for each measure how far interpolation is off at points that are left out: the median and the largest error.

    Parameters
    ----------
    grid
        A full grid.

    Returns
    -------
    list
        None where no factor of numbers has three values or more. A point is predicted from its two neighbours along one
        factor, twice as far apart as the points between which the sliders interpolate.
    """
    found: Errors = []
    for column in range(len(grid.measures)):
        table, errors = grid.table(column), list[float]()
        for axis, (_, _, values) in enumerate(grid.factors):
            if len(values) < 3 or isinstance(values[0], str):
                continue
            along = np.moveaxis(table, axis, 0)
            at = np.asarray(values, dtype=np.float64)
            share = ((at[1:-1] - at[:-2]) / (at[2:] - at[:-2])).reshape(-1, *[1] * (along.ndim - 1))
            between = along[:-2] * (1 - share) + along[2:] * share
            off = np.abs(between - along[1:-1])
            errors += off[np.isfinite(off)].tolist()
        found.append((float(np.median(errors)), max(errors)) if errors else None)
    return found


def corners(places: list[float]) -> Iterator[tuple[tuple[int, ...], float]]:
    """Yield the grid points around a place with their weights; what the sliders do, for tests and notebooks.

    Parameters
    ----------
    places
        A place on each factor, counted in values from 0, whole or between two.
    """
    lower = [int(np.floor(place)) for place in places]
    for ends in product((0, 1), repeat=len(places)):
        weight = 1.0
        for place, low, end in zip(places, lower, ends, strict=True):
            weight *= (place - low) if end else 1 - (place - low)
        if weight > 0:
            yield tuple(low + end for low, end in zip(lower, ends, strict=True)), weight
