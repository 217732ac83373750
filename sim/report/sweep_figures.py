"""Pictures of a sweep: lines over a grid, policies over the worlds that nobody knows, and where a policy fails."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.comparison_figures import MARKS, clipped
from sim.report.differences import AT_A_GLANCE
from sim.report.drawing import (
    BLUE,
    COLUMN_WIDTH,
    INK,
    ORANGE,
    PALE,
    SKY,
    VERMILION,
    axes_at,
    drawable,
    foot_note,
    message,
    new_figure,
    style,
    without_left_side,
)
from sim.report.grid import Grid, shown
from sim.report.numbers import name_in_words, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 6
MOST_POLICIES, MOST_PANELS = 12, 8


def numbers_in(grid: Grid) -> list[int]:
    """Return which factors have several numbers as values."""
    return [at for at, (*_, values) in enumerate(grid.factors) if not isinstance(values[0], str) and len(values) > 1]


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
    numeric = numbers_in(grid)
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
        figure = new_figure(tall * panel + 0.62 + 0.16 * len(lines))
        x = np.asarray(grid.factors[first][2], dtype=np.float64)
        for place, measure in enumerate(varying):
            row, column = divmod(place, across)
            width = COLUMN_WIDTH / across
            bottom = 0.57 + 0.16 * len(lines) + (tall - row - 1) * panel + 0.3
            axes = axes_at(figure, 0.45 + column * width, bottom, width - 0.6, panel - 0.62)
            table = grid.table(measure)
            for line, (mark, colour) in zip(lines, MARKS, strict=False):
                at: list[Any] = list(middle)
                at[first] = slice(None)
                if second is not None:
                    at[second] = line
                axes.plot(x, table[tuple(at)], f"{mark}-", color=colour, ms=3, linewidth=1)
            axes.set_title(_title(grid, measure), fontsize=7.5, loc="left", pad=3)
            axes.tick_params(labelsize=7.5)
            axes.grid(color=PALE, linewidth=0.5)
        if second is not None:
            _legend(figure, grid, second, list(lines))
        foot_note(figure, drawable(_across(grid, first)))
    return figure


def _legend(figure: Figure, grid: Grid, second: int, lines: list[int]) -> None:
    from matplotlib.lines import Line2D

    name, unit, values = grid.factors[second]
    words = [clipped(f"{name.split('.')[-1]} {shown(values[line])} {unit}") for line in lines]
    handles = [
        Line2D([], [], marker=mark, color=colour, ms=4, linewidth=1, label=label)
        for label, (mark, colour) in zip(words, MARKS, strict=False)
    ]
    height = float(figure.get_size_inches()[1])
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 0.22 / height), fontsize=7.5, borderaxespad=0.2)


def _across(grid: Grid, first: int) -> str:
    name, unit, _ = grid.factors[first]
    others = " Others at their middle value." if len(grid.factors) > 2 else ""
    return textwrap.fill(f"Across: {name} ({unit}).{others}", 78)


def _title(grid: Grid, column: int) -> str:
    name, unit = grid.measures[column]
    return with_unit(name_in_words(name), unit)


def policies(grid: Grid) -> Figure:
    """Draw how measures spread over the worlds that nobody knows, a row for every policy.

    Parameters
    ----------
    grid
        Policies over worlds, as :func:`sim.report.grid.policies_of` returns them.

    Returns
    -------
    matplotlib.figure.Figure
        Small panels, yield in blue and everything else in orange: the mean over worlds as a mark, 90% of the worlds as a bar.
    """
    assert grid.spread is not None
    low, high = grid.spread
    rows = list(range(min(len(grid.points), MOST_POLICIES)))
    panels = [
        at for at in range(len(grid.measures)) if np.isfinite(low[rows, at]).all() and low[rows, at].min() < high[rows, at].max()
    ]
    panels = _worth_showing(grid, panels)
    if not panels:
        return message("No measure varies over the policies and worlds.")
    labels = [textwrap.fill(drawable(policy_in_words(grid, row)), 24) for row in rows]
    left, across = 0.22 + min(1.5, 0.062 * max(len(line) for label in labels for line in label.split("\n"))), 2
    step = 0.15 * max(label.count("\n") + 1 for label in labels) + 0.06
    panel, tall = step * len(rows) + 0.62, -(-len(panels) // across)
    with style():
        figure = new_figure(tall * panel + 0.65)
        width = (COLUMN_WIDTH - left - 0.1) / across
        for place, column in enumerate(panels):
            down, right = divmod(place, across)
            axes = axes_at(figure, left + right * width, 0.65 + (tall - 1 - down) * panel + 0.22, width - 0.2, step * len(rows))
            _policy_panel(axes, grid, column, rows, labels if right == 0 else [""] * len(rows))
        more = f" The first {len(rows)} of {len(grid.points)} policies." if len(grid.points) > len(rows) else ""
        foot_note(figure, drawable(_policies_note(grid, more)))
    return figure


def _policies_note(grid: Grid, more: str) -> str:
    names = ", ".join(name for name, *_ in grid.factors)
    return textwrap.fill(f"Rows: {names}. Mark: mean; bar: 90% of {grid.worlds} worlds (what nobody knows).{more}", 80)


def _policy_panel(axes: Axes, grid: Grid, column: int, rows: list[int], labels: list[str]) -> None:
    assert grid.spread is not None
    colours = (SKY, BLUE) if grid.measures[column][0] in AT_A_GLANCE["Yield"] else (ORANGE, VERMILION)
    for place, row in enumerate(rows):
        ends = [float(end[row, column]) for end in grid.spread]
        axes.plot(ends, [-place, -place], color=colours[0], linewidth=4, solid_capstyle="butt")
        axes.plot(float(grid.means[row, column]), -place, "o", ms=4, color=colours[1])
    axes.set_title(textwrap.fill(_title(grid, column), 27), fontsize=7.5, loc="left", pad=3)
    axes.set_yticks([-place for place in range(len(rows))], labels, fontsize=7.5)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
    axes.grid(axis="x", color=PALE, linewidth=0.5)
    axes.tick_params(axis="x", labelsize=7.5)
    axes.tick_params(axis="y", labelcolor=INK)
    without_left_side(axes)


def _worth_showing(grid: Grid, panels: list[int]) -> list[int]:
    """Return yield and burden in turn, and what varies most first, up to as many as a picture holds."""
    assert grid.spread is not None
    high = grid.spread[1]
    first = ("detained", "referred_then_released", "vehicles_passed_unstopped", "minutes_beyond_task_mean")

    def order(column: int) -> tuple[int, float]:
        name = grid.measures[column][0]
        moved = np.ptp(grid.means[:, column]) / max(float(high[:, column].max()), 1e-12)
        return (first.index(name) if name in first else len(first), -float(moved))

    return sorted(panels, key=order)[:MOST_PANELS]


def policy_in_words(grid: Grid, row: int) -> str:
    """Return a policy as a row is called: its levers' values, with the last word of their names if there are several."""
    parts = []
    for place, (name, unit, values) in zip(grid.points[row].tolist(), grid.factors, strict=True):
        value = shown(values[place])
        word = f"{name.split('.')[-1].replace('_', ' ')} "
        parts.append(f"{word}{value}" + (f" {unit}" if unit == "minutes" and value.replace(".", "").isdigit() else ""))
    return ", ".join(parts)
