"""The report of a sweep: every point of its design, and sliders where the design is a grid.

Between the points of a grid the sliders interpolate; how far that is off is measured, by leaving points out that lie between two
others and predicting them from these, and said beside every number.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.experiment.replications import summarise
from sim.report.differences import AT_A_GLANCE, PROGRAMME_AT_A_GLANCE
from sim.report.numbers import CONTINUOUS, in_words, name_in_words
from sim.report.page import TEMPLATES, Facts, render
from sim.report.sweeps import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Errors = list[tuple[float, float] | None]

#: More points than this make a page that is too large; the rest stand in summary.csv.
MOST_POINTS = 1_500
MOST_MEASURES = 24
MOST_LINES = 6
CONTENTS = {
    "answer": "Answer",
    "sliders": "Try it",
    "pictures": "Pictures",
    "points": "All points",
    "reproduce": "How to reproduce",
}


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
    """

    factors: list[tuple[str, str, list[float | str]]]
    measures: list[tuple[str, str]]
    points: NDArray[np.int64]
    means: Floats
    halves: Floats
    replications: list[int]
    left_out: int

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
            np.asarray(means), np.asarray(halves), counts, more,
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
        return [_shown(value) for value in column]
    return column


def _values(seen: list[float | str]) -> list[float | str]:
    distinct = list(dict.fromkeys(seen))
    if all(isinstance(value, float | int) for value in distinct):
        return sorted(distinct)
    return distinct


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


def sweep_report(folder: Path, manifest: Mapping[str, Any], facts: Facts) -> str:
    """Return the report of a sweep as the text of an HTML file.

    Parameters
    ----------
    folder
        What ``stopflow sweep`` wrote.
    manifest
        Its manifest, as far as it is written.
    facts
        What only the caller knows.
    """
    from sim.report.drawing import inline_svg

    grid, about = read_grid(folder)
    said = manifest.get("study")
    study = said if isinstance(said, dict) else {}
    errors: Errors = interpolation_errors(grid) if grid.full else [None] * len(grid.measures)
    script = (TEMPLATES / "sliders.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    figure = responses(grid)
    heading = "How measures answer to the first factor"
    return render(
        "sweep.html.j2",
        facts,
        CONTENTS,
        title=str(study.get("title") or about["name"]),
        question=str(study.get("question") or ""),
        notes=str(study.get("notes") or ""),
        about=about,
        grid=grid,
        manifest=manifest,
        answer=_answer(grid, errors),
        rows=list(_rows(grid)),
        names=[name_in_words(name) for name, _ in grid.measures],
        picture=inline_svg(figure, "responses", heading, _in_words(grid)),
        heading=heading,
        data=_data(grid, errors),
        script=script,
        script_digest=digest,
    )


def _answer(grid: Grid, errors: Errors) -> list[str]:
    factors = "; ".join(_factor(name, values) for name, _, values in grid.factors)
    replications = f"{min(grid.replications):,}" + (f" to {max(grid.replications):,}" if len(set(grid.replications)) > 1 else "")
    texts = [f"{len(grid.points):,} points, {replications} replications each, all with the same people and luck: {factors}."]
    wanted = ("detained", "referred_then_released", "vehicles_passed_unstopped", "minutes_beyond_task_mean")
    reach = [_reach(grid, column) for column, (name, _) in enumerate(grid.measures) if name in wanted]
    reach = reach or [_reach(grid, column) for column in range(min(4, len(grid.measures)))]
    texts.append(f"Over all points: {'; '.join(reach)}.")
    known = [(name, one) for (name, _), one in zip(grid.measures, errors, strict=True) if one]
    if known:
        texts.append(
            "Between points the sliders interpolate. At points that were left out this was off by what stands beside each "
            "number; chance is in it too. Intervals show chance alone, with every other parameter held at its value."
        )
    else:
        texts.append("Intervals show chance alone, with every other parameter held at its value; nothing is interpolated.")
    if grid.left_out:
        texts.append(f"{grid.left_out:,} further points stand in summary.csv.")
    return texts


def _factor(name: str, values: list[float | str]) -> str:
    if isinstance(values[0], str):
        return f"{name}: {len(values)} choices"
    return f"{name} from {_shown(values[0])} to {_shown(values[-1])}"


def _reach(grid: Grid, column: int) -> str:
    name, unit = grid.measures[column]
    values = grid.means[:, column]
    values = values[np.isfinite(values)]
    if not len(values):
        return f"{name_in_words(name)}: undefined"
    return (
        f"{name_in_words(name)} {in_words(float(values.min()), unit)} to {in_words(float(values.max()), unit)} {unit} on average"
    )


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _rows(grid: Grid) -> Iterator[tuple[list[str], list[str]]]:
    for places, means, halves in zip(grid.points.tolist(), grid.means.tolist(), grid.halves.tolist(), strict=True):
        where = [_shown(values[place]) for place, (*_, values) in zip(places, grid.factors, strict=True)]
        what = [
            in_words(mean, unit) + (f" ± {in_words(half, unit)}" if half > 0 else "")
            for mean, half, (_, unit) in zip(means, halves, grid.measures, strict=True)
        ]
        yield where, what


def _data(grid: Grid, errors: Errors) -> str:
    """Return what the sliders need as JSON that may stand in a page."""

    def plain(values: Floats) -> list[list[float | None]]:
        return [[float(f"{value:.6g}") if np.isfinite(value) else None for value in row] for row in values.tolist()]

    burdens = {name for names in (AT_A_GLANCE["Burden and error"], *list(PROGRAMME_AT_A_GLANCE.values())[1:]) for name in names}
    data = {
        "full": grid.full,
        "factors": [{"name": name, "unit": unit, "values": values} for name, unit, values in grid.factors],
        "measures": [
            {
                "name": name_in_words(name), "unit": unit, "whole": unit not in CONTINUOUS, "burden": name in burdens,
                "error": None if error is None else [float(f"{one:.3g}") for one in error],
            }
            for (name, unit), error in zip(grid.measures, errors, strict=True)
        ],
        "points": grid.points.tolist(),
        "means": plain(grid.means),
        "halves": plain(grid.halves),
    }  # fmt: skip
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("&", "\\u0026")


def responses(grid: Grid) -> Figure:
    """Draw how measures answer to the first factor of numbers, a line for each value of the second.

    Parameters
    ----------
    grid
        The points of a sweep.

    Returns
    -------
    matplotlib.figure.Figure
        Small panels; other factors stand at their middle value. A message if no factor has numbers, or there is no grid.
    """
    from sim.report.comparison_figures import MARKS
    from sim.report.drawing import COLUMN_WIDTH, PALE, axes_at, drawable, foot_note, message, new_figure, style

    numeric = [at for at, (*_, values) in enumerate(grid.factors) if not isinstance(values[0], str) and len(values) > 1]
    if not grid.full or not numeric:
        return message("The design is no grid over numbers: the table has every point.")
    first = numeric[0]
    second = next((at for at in range(len(grid.factors)) if at != first and len(grid.factors[at][2]) > 1), None)
    middle = [len(values) // 2 for *_, values in grid.factors]
    lines = range(len(grid.factors[second][2])) if second is not None else range(1)
    lines = lines[:MOST_LINES]
    across, panel = 2, 1.5
    spread = [grid.means[np.isfinite(grid.means[:, column]), column] for column in range(len(grid.measures))]
    varying = [column for column, values in enumerate(spread) if len(values) and values.min() < values.max()]
    if not varying:
        return message("No measure varies over the design.")
    tall = -(-len(varying) // across)
    with style():
        figure = new_figure(tall * panel + 0.55 + 0.16 * len(lines))
        x = np.asarray(grid.factors[first][2], dtype=np.float64)
        for place, measure in enumerate(varying):
            row, column = divmod(place, across)
            width = COLUMN_WIDTH / across
            bottom = 0.5 + 0.16 * len(lines) + (tall - row - 1) * panel + 0.3
            axes = axes_at(figure, 0.45 + column * width, bottom, width - 0.6, panel - 0.62)
            table = grid.table(measure)
            for line, (mark, colour) in zip(lines, MARKS, strict=False):
                at: list[Any] = list(middle)
                at[first] = slice(None)
                if second is not None:
                    at[second] = line
                axes.plot(x, table[tuple(at)], f"{mark}-", color=colour, ms=3, linewidth=1)
            axes.set_title(name_in_words(grid.measures[measure][0]), fontsize=8, loc="left", pad=3)
            axes.tick_params(labelsize=7.5)
            axes.grid(color=PALE, linewidth=0.5)
        if second is not None:
            _legend(figure, grid, second, list(lines))
        foot_note(figure, drawable(f"Across: {grid.factors[first][0]} ({grid.factors[first][1]}). Others at their middle value."))
    return figure


def _legend(figure: Figure, grid: Grid, second: int, lines: list[int]) -> None:
    from matplotlib.lines import Line2D

    from sim.report.comparison_figures import MARKS, clipped

    name, unit, values = grid.factors[second]
    words = [clipped(f"{name.split('.')[-1]} {_shown(values[line])} {unit}") for line in lines]
    handles = [
        Line2D([], [], marker=mark, color=colour, ms=4, linewidth=1, label=label)
        for label, (mark, colour) in zip(words, MARKS, strict=False)
    ]
    height = float(figure.get_size_inches()[1])
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 0.22 / height), fontsize=7.5, borderaxespad=0.2)


def _in_words(grid: Grid) -> str:
    parts = [_reach(grid, column) for column in range(len(grid.measures))]
    return f"Lines of means over the points of the design. {'; '.join(parts)}."


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
