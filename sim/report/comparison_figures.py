"""Pictures of a comparison: paired differences, and yield against burden for every arm."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sim.experiment.replications import Result
from sim.report.differences import AT_A_GLANCE, DifferenceInWords, at_a_glance, differences_in_words
from sim.report.drawing import (
    BLACK,
    BLUE,
    COLUMN_WIDTH,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILION,
    axes_at,
    drawable,
    foot_note,
    message,
    new_figure,
    style,
    without_left_side,
    words_at,
)
from sim.report.numbers import name_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What tells arms apart: a shape and a colour each.
MARKS = (("o", BLACK), ("s", BLUE), ("^", VERMILION), ("D", GREEN), ("v", PURPLE), ("P", ORANGE), ("X", SKY))
MOST_ARMS_DRAWN = 6
BURDENS = ("referred_then_released", "minutes_beyond_task_mean", "vehicles_passed_unstopped")
ROW, HEAD, FOOT = 0.33, 0.42, 0.95
#: The scale reaches this many standard deviations at least and at most; what lies beyond is drawn at the edge, as an arrow.
SCALE_FROM, SCALE_TO = 2.0, 12.0
LONGEST_NAME = 62


def paired_differences(results: Mapping[str, Result]) -> Figure:
    """Draw the difference of every arm from the base for yield, burden and error, with 95% intervals.

    Parameters
    ----------
    results
        The base first, then the arms; pairs of each other.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each arm. Places are in standard deviations of the base over replications, so that people, hours and
        minutes fit one scale; the numbers beside the marks are the real ones.
    """
    (_, base), *arms = results.items()
    panels = [(name, _rows(base, arm, len(arms))) for name, arm in arms[:MOST_ARMS_DRAWN]]
    panels = [(name, rows) for name, rows in panels if rows]
    with style():
        if not panels:
            return message("No measure of yield, burden or error is defined in both arms.")
        height = sum(ROW * len(rows) + HEAD for _, rows in panels) + FOOT
        figure = new_figure(height)
        top = height
        edge = _edge([row for _, rows in panels for row in rows], base)
        for name, rows in panels:
            top -= HEAD
            words_at(figure, 0.08, top + 0.08, clipped(name), weight="bold")
            top -= ROW * len(rows)
            axes = axes_at(figure, 1.72, top, COLUMN_WIDTH - 1.8, ROW * len(rows))
            _panel(axes, rows, base, edge)
            if (name, rows) == panels[-1]:
                axes.set_xlabel("difference, in standard deviations of the base over replications")
                axes.xaxis.set_label_coords(0.24, -0.42 / (ROW * len(rows)))
            else:
                axes.set_xticklabels([])
        foot_note(
            figure, f"Lines: 95% intervals over {len(base.values):,} pairs; chance alone.\nFilled: the interval leaves zero out."
        )
    return figure


def _rows(base: Result, arm: Result, arms: int) -> list[DifferenceInWords]:
    rows = differences_in_words(base, arm, arms)
    names = [name for group in at_a_glance(base.measures).values() for name in group]
    return [rows[name] for name in names if rows[name].finding != "undefined"]


def _panel(axes: Axes, rows: list[DifferenceInWords], base: Result, edge: float) -> None:
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    yields = len(AT_A_GLANCE["Yield"])
    for place, row in enumerate(rows):
        _difference(axes, -place, row, (_scale(row, base), edge), BLUE if row.measure.name in AT_A_GLANCE["Yield"] else VERMILION)
    if any(row.measure.name in AT_A_GLANCE["Yield"] for row in rows) and len(rows) > yields:
        axes.axhline(0.5 - sum(row.measure.name in AT_A_GLANCE["Yield"] for row in rows), color=PALE, linewidth=0.8)
    axes.set(xlim=(-1.1 * edge, 1.1 * edge), ylim=(-len(rows) + 0.45, 0.6))
    axes.set_yticks([-place for place in range(len(rows))], [textwrap.fill(row.name, 24) for row in rows], fontsize=8)
    axes.grid(axis="x", linewidth=0.5)
    without_left_side(axes)


def _scale(row: DifferenceInWords, base: Result) -> float:
    """Return the standard deviation of a measure in the base; none where it does not vary, so that any difference is off."""
    spread = base.summary(row.measure.name).sd
    return spread if math.isfinite(spread) and spread > 0 else 0.0


def _edge(rows: list[DifferenceInWords], base: Result) -> float:
    reach = [
        abs(end / _scale(row, base))
        for row in rows
        for end in (row.change.difference, row.change.ci_low, row.change.ci_high)
        if math.isfinite(end) and _scale(row, base)
    ]
    return min(SCALE_TO, max([SCALE_FROM, *reach]))


def _difference(axes: Axes, y: float, row: DifferenceInWords, scale_and_edge: tuple[float, float], colour: str) -> None:
    scale, edge = scale_and_edge
    change = row.change
    if row.finding == "equal":
        axes.plot(0, y, "|", color=GREY, markersize=8, markeredgewidth=1.4)
        axes.text(edge / 16, y, "equal", fontsize=8, color=GREY, va="center")
        return

    def place_of(value: float) -> float:
        there = value / scale if scale else math.copysign(math.inf, value) if value else 0.0
        return max(-edge, min(edge, there))

    place, low, high = (place_of(value) for value in (change.difference, change.ci_low, change.ci_high))
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([low, high], [y, y], color=colour, linewidth=1.6, solid_capstyle="butt")
    off = abs(place) == edge
    mark = ("<" if change.difference < 0 else ">") if off else "o"
    settled = row.finding in ("more", "less")
    axes.plot(place, y, mark, ms=6, mfc=colour if settled else "white", mec=colour, mew=1.2, zorder=3)
    left, gap = place > 0, edge / 16
    x = min(low, place) - gap if left else max(high, place) + gap
    words = f"{row.difference} {row.measure.unit}"
    if abs(x) > edge:  # the interval leaves no room beside it
        axes.text(0, y + 0.12, words, fontsize=8, va="bottom", ha="center")
    else:
        axes.text(x, y, words, fontsize=8, va="center", ha="right" if left else "left")


def clipped(name: str) -> str:
    """Return a name that fits one row of a picture."""
    words = drawable(" ".join(name.split()))
    return words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1]}…"


def yield_against_burden(results: Mapping[str, Result]) -> Figure:
    """Draw people detained against three kinds of burden, one mark for the base and one for every arm.

    Parameters
    ----------
    results
        The base first, then the arms; pairs of each other.

    Returns
    -------
    matplotlib.figure.Figure
        Three panels; means with their 95% intervals over replications.
    """
    shown = list(results.items())[: MOST_ARMS_DRAWN + 1]
    base = shown[0][1]
    with style():
        if not {"detained", *BURDENS} <= set(base.measures):
            return message("These scenarios measure nobody detained at the roadside.")
        names = [clipped(name) for name, _ in shown]
        legend = 0.17 * len(names) + 0.1
        figure = new_figure(3 * 1.55 + legend + 0.3)
        for place, burden in enumerate(BURDENS):
            axes = axes_at(figure, 0.55, legend + 0.35 + (2 - place) * 1.55 + 0.42, COLUMN_WIDTH - 0.75, 1.02)
            for (mark, colour), (_, result) in zip(MARKS, shown, strict=False):
                _mean_mark(axes, result, burden, mark, colour)
            axes.set_ylabel("people detained", fontsize=8)
            axes.set_xlabel(f"{name_in_words(burden)}, {base.measures[burden].unit}", fontsize=8)
            axes.tick_params(labelsize=8)
            axes.margins(0.12, 0.2)
            axes.grid(linewidth=0.5, color=PALE)
        _legend(figure, names)
        foot_note(figure, "Means over replications with 95% intervals; chance alone.")
    return figure


def _mean_mark(axes: Axes, result: Result, burden: str, mark: str, colour: str) -> None:
    x, y = result.summary(burden), result.summary("detained")
    reach = [[[one.mean - one.ci_low], [one.ci_high - one.mean]] if math.isfinite(one.ci_low) else None for one in (x, y)]
    axes.errorbar(
        x.mean, y.mean, xerr=reach[0], yerr=reach[1], fmt=mark, color=colour, ms=6, mfc="white", mec=colour, mew=1.4, linewidth=1
    )


def _legend(figure: Figure, names: list[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [], [], linestyle="", marker=mark, ms=6, mfc="white", mec=colour, mew=1.4, label=f"{name}{'' if place else ' (base)'}"
        )
        for place, ((mark, colour), name) in enumerate(zip(MARKS, names, strict=False))
    ]
    height = float(figure.get_size_inches()[1])
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 0.24 / height), borderaxespad=0.2, fontsize=8)
