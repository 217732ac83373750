"""Pictures of results: each a function from a result to a matplotlib figure, for a notebook or the report.

What came of an operation is never drawn without what it took from people who were let go. Ranges are 90% ranges over
replications: chance alone, with every parameter held at its value.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.experiment.replications import Result, Summary, replicate, summarise
from sim.measures import Measure
from sim.measures.registry import GROUPS
from sim.report.curves import curves
from sim.report.drawing import (
    BLACK,
    BLUE,
    COLUMN_WIDTH,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    SKY,
    VERMILION,
    axes_at,
    foot_note,
    message,
    new_figure,
    save_svg,
    style,
    without_left_side,
    words_at,
)
from sim.report.numbers import QUALIFIER_SIGNS, in_words, name_in_words, range_in_words, verdict
from sim.report.timeline import timeline
from sim.scenario import Scenario
from sim.scenario_file import ReportedFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["all_of", "distributions", "funnel", "reported_against_simulated", "save_svg", "timeline"]

Floats = NDArray[np.float64]

#: A reported figure further than this many standard deviations off is drawn at the edge, as an arrow.
EDGE = 3.5
MOST_BINS = 24
#: More reported figures than this are better read as curves, or in the table.
MOST_ROWS = 30
#: Inches in the picture of distributions: a heading, a panel with its labels, the note at the foot; panels to a row.
HEADING, PANEL, FOOT, ACROSS = 0.28, 1.26, 0.5, 3
GROUP_COLOURS = dict(zip(GROUPS, (BLUE, VERMILION, "#5B7C99", GREEN, "#7A6A9B", "#8A7A3C", GREY), strict=True))
DARK_VERMILION = "#A34700"  # for words, which need more contrast than areas


def all_of(result: Result) -> dict[str, Figure]:
    """Return every picture of a result by the name of its file, in the order of the report.

    Parameters
    ----------
    result
        A run; its first replication is run once more for the timeline.
    """
    from sim.report.flow_picture import as_figure

    scenario = result.scenario
    pictures: dict[str, Figure] = {}
    if isinstance(scenario, Scenario):
        pictures |= {"flow": as_figure(scenario), "funnel": funnel(result)}
    else:
        pictures["curves"] = curves(result)
    if scenario.reported and len(scenario.reported) <= MOST_ROWS:
        pictures["reported_against_simulated"] = reported_against_simulated(result)
    if isinstance(scenario, Scenario):
        pictures["distributions"] = distributions(result)
        pictures["timeline"] = timeline(scenario, replicate(scenario, result.seed, 0))
    return pictures


def chance_note(result: Result) -> str:
    """Return what must stand wherever a range over replications is shown."""
    return f"90% ranges over {len(result.values):,} replications: chance alone, parameters held fixed"


# --- funnel ---------------------------------------------------------------------------------------------------------


def funnel(result: Result, note: str = "") -> Figure:
    """Draw the way from vehicles seen to people in custody with what leaves it at each step: yield beside burden.

    Parameters
    ----------
    result
        A run.
    note
        What its ranges are, if they are not of chance alone.

    Returns
    -------
    matplotlib.figure.Figure
        Three bars: vehicles seen, people asked, people referred; means with 90% ranges over replications.
    """
    from matplotlib.ticker import MaxNLocator

    steps = _steps(result)
    with style():
        figure = new_figure(5.1)
        axes = axes_at(figure, 0.08, 1.45, COLUMN_WIDTH - 0.16, 3.6)
        for row, step in enumerate(steps):
            _draw_step(axes, -row, step, *((BLUE, VERMILION) if step is steps[-1] else (SKY, ORANGE)))
        for row, (step, following) in enumerate(pairwise(steps)):
            top, bottom = -row - 0.14, -row - 0.86
            axes.fill([0, step.kept.mean, following.whole.mean, 0], [top, top, bottom, bottom], "#F3F3F3", zorder=0)
        most = max(1.0, *(step.whole.p95 for step in steps))
        axes.set(xlim=(0, most * 1.03), ylim=(-2.52, 0.36), yticks=[])
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_xlabel("vehicles in the first bar, people in the others")
        without_left_side(axes)
        words_at(figure, 0.08, 0.35, _burden_beside_it(result), va="bottom", linespacing=1.5)
        foot_note(figure, note or chance_note(result))
    return figure


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of the funnel: who comes, who goes on, who leaves."""

    whole: Summary
    whole_words: str
    kept: Summary
    kept_words: str
    lost: Summary
    lost_words: str


def _steps(result: Result) -> list[_Step]:
    def step(whole: str, whole_words: str, kept: str, kept_words: str, lost: Floats, lost_words: str) -> _Step:
        return _Step(result.summary(whole), whole_words, result.summary(kept), kept_words, summarise(lost), lost_words)

    rest = result.column("people_asked") - result.column("referrals")
    passed, let_go = result.column("vehicles_passed_unstopped"), result.column("referred_then_released")
    return [
        step("vehicles_seen", "vehicles gave ground for a stop", "stops", "stopped", passed, "passed: every unit busy"),
        step("people_asked", "people asked about their standing", "referrals", "referred to ICE", rest, "not referred"),
        step("referrals", "people referred to ICE", "detained", "into custody", let_go, "referred and let go"),
    ]  # fmt: skip


def _draw_step(axes: Axes, y: float, step: _Step, colour: str, lost_colour: str) -> None:
    kept, lost = step.kept, max(0.0, step.whole.mean - step.kept.mean)
    axes.barh(y, kept.mean, height=0.28, color=colour)
    axes.barh(y, lost, left=kept.mean, height=0.28, color="white", edgecolor=lost_colour, hatch="////")
    if kept.p95 > kept.p05:
        reach = [[kept.mean - kept.p05], [kept.p95 - kept.mean]]
        axes.errorbar(kept.mean, y, xerr=reach, color=BLACK, capsize=4, linewidth=1.2)
    axes.text(0, y + 0.17, f"{_mean_and_range(step.whole)} {step.whole_words}", weight="bold", va="bottom")
    label = axes.text(0, y - 0.17, f"■ {_mean_and_range(kept)} {step.kept_words}", color=BLUE, va="top")
    axes.annotate(
        f"▨ {_mean_and_range(step.lost)} {step.lost_words}", xy=(0, 0), xycoords=label, xytext=(0, -3),
        textcoords="offset points", color=DARK_VERMILION, va="top",
    )  # fmt: skip


def _burden_beside_it(result: Result) -> str:
    def words(measure: str, unit: str) -> str:
        return _mean_and_range(result.summary(measure), unit)

    lines = [
        f"Held and then let go: {words('held_then_released_hours', 'hours')} hours in all",
        f"Citizens referred: {words('citizens_referred', 'people')}; taken into custody: {words('citizens_detained', 'people')}",
        f"Added to a stop with a check: {words('minutes_beyond_task_mean', 'minutes')} minutes",
    ]
    return "\n".join(lines)


def _mean_and_range(summary: Summary, unit: str = "") -> str:
    mean = in_words(summary.mean, unit)
    if not summary.replications or summary.p05 == summary.p95 == summary.mean:
        return mean
    return f"{mean} ({range_in_words(summary.p05, summary.p95, unit)})"


# --- reported against simulated -------------------------------------------------------------------------------------


def reported_against_simulated(result: Result, note: str = "") -> Figure:
    """Draw each reported figure against the simulated range of its measure.

    Parameters
    ----------
    result
        A run.
    note
        What its ranges are, if they are not of chance alone.

    Returns
    -------
    matplotlib.figure.Figure
        One row per figure, in standard deviations from the simulated mean so that 195 and 38 fit one picture; the
        numbers beside the marks are real. Inside is a circle, outside a cross; figures that are no target are hollow.
    """
    figures = result.scenario.reported
    with style():
        if not figures:
            return message("The scenario holds no reported figure.")
        height = 0.52 * len(figures)
        figure = new_figure(height + 1.5)
        axes = axes_at(figure, 1.25, 0.7, COLUMN_WIDTH - 1.33, height)
        axes.axvline(0, color=PALE, zorder=0)
        names = [name for name in result.measures if name in figures]
        for row, name in enumerate(names):
            _reported_row(axes, -row, figures[name], result.summary(name), result.measures[name].unit)
        axes.set(xlim=(-EDGE - 0.3, EDGE + 0.3), ylim=(-len(names) + 0.45, 0.6))
        axes.set_yticks([-row for row in range(len(names))], [_row_label(name, figures[name]) for name in names])
        axes.set_xlabel("standard deviations from the simulated mean")
        axes.grid(axis="x", linewidth=0.5)
        without_left_side(axes)
        _reported_legend(figure)
        foot_note(figure, note or chance_note(result))
    return figure


def _row_label(name: str, reported: ReportedFigure) -> str:
    use = {"target": "", "check": "\n(check only)", "not_a_target": "\n(not a target)"}[reported.use]
    return textwrap.fill(name_in_words(name), 18) + use


def _reported_row(axes: Axes, y: float, reported: ReportedFigure, summary: Summary, unit: str) -> None:
    where = verdict(reported, summary, unit)
    told = f"{QUALIFIER_SIGNS[reported.qualifier]}{in_words(reported.value, unit)}"
    if where == "undefined":
        axes.text(0, y, f"reported {told}; undefined in every replication", ha="center", va="center", color=GREY)
        return
    low, high, place = (_standardised(value, summary) for value in (summary.p05, summary.p95, reported.value))
    axes.plot([low, high], [y, y], color=SKY, linewidth=7, solid_capstyle="butt", zorder=1)
    axes.plot(0, y, marker="|", color=BLACK, markersize=9, markeredgewidth=1.6, zorder=2)
    first, _, last = range_in_words(summary.p05, summary.p95, unit).partition(" to ")
    for x, words in ((low, first), (0.0, in_words(summary.mean, unit)), (high, last)):
        axes.text(x, y + 0.16, words, ha="center", va="bottom", fontsize=8, color=GREY)
    seen = min(EDGE, max(-EDGE, place))
    colour = GREEN if where == "inside" else VERMILION
    marker = ("<" if place < 0 else ">") if seen != place else ("o" if where == "inside" else "X")
    face = colour if reported.use == "target" else "white"
    axes.plot(seen, y, marker, ms=9, mfc=face, mec=colour, mew=1.4, zorder=3)
    axes.text(seen, y - 0.19, told, ha="center", va="top", weight="bold", fontsize=8.5, color=INK)


def _standardised(value: float, summary: Summary) -> float:
    """Return how many standard deviations a value lies from the mean; without spread anything else is off the scale."""
    if summary.sd > 0:
        return (value - summary.mean) / summary.sd
    return 0.0 if value == summary.mean else math.copysign(2 * EDGE, value - summary.mean)


def _reported_legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D

    def mark(marker: str, colour: str, face: str, words: str) -> Line2D:
        return Line2D(
            [], [], linestyle="", marker=marker, markersize=8, markeredgecolor=colour, markerfacecolor=face, label=words
        )

    handles = [
        Line2D([], [], color=SKY, linewidth=7, solid_capstyle="butt", label="simulated, 90% range"),
        Line2D([], [], linestyle="", marker="|", color=BLACK, ms=9, mew=1.6, label="simulated, mean"),
        mark("o", GREY, "white", "hollow: compared, not fitted"),
        mark("o", GREEN, GREEN, "reported, inside"),
        mark("X", VERMILION, VERMILION, "reported, outside"),
        mark(">", VERMILION, VERMILION, "reported, off the scale"),
    ]
    figure.legend(handles=handles, loc="upper left", ncols=2, handlelength=1.6, columnspacing=1.4, borderaxespad=0.2)


# --- distributions --------------------------------------------------------------------------------------------------


def distributions(result: Result, note: str = "") -> Figure:
    """Draw how each measure spreads over the replications, one small picture each.

    Parameters
    ----------
    result
        A run.
    note
        What its ranges are, if they are not of chance alone.

    Returns
    -------
    matplotlib.figure.Figure
        Histograms of the measures that vary, by group: the mean as a line, the 90% range shaded, a reported figure as a
        triangle.
    """
    groups = [(group, [one for one in _varying(result) if one.group == group]) for group in GROUP_COLOURS]
    groups = [(group, measures) for group, measures in groups if measures]
    with style():
        if not groups:
            return message(f"No measure varies over {len(result.values):,} replications.")
        inches = sum(HEADING + PANEL * math.ceil(len(measures) / ACROSS) for _, measures in groups) + FOOT
        figure = new_figure(inches)
        top = inches
        for group, measures in groups:
            words_at(figure, 0.08, top - 0.2, group.capitalize(), fontsize=10, weight="bold")
            top -= HEADING
            for place, measure in enumerate(measures):
                row, column = divmod(place, ACROSS)
                left, bottom = 0.34 + column * (COLUMN_WIDTH - 0.1) / ACROSS, top - (row + 1) * PANEL + 0.4
                _histogram(axes_at(figure, left, bottom, 1.12, 0.55), measure, result, GROUP_COLOURS[group])
            top -= PANEL * math.ceil(len(measures) / ACROSS)
        foot_note(figure, f"Height: replications. Line: mean. Triangle: reported. Shaded:\n{note or chance_note(result)}.")
    return figure


def _varying(result: Result) -> Iterator[Measure]:
    for name, measure in result.measures.items():
        values = result.column(name)
        values = values[np.isfinite(values)]
        if len(values) and values.min() < values.max():
            yield measure


def _histogram(axes: Axes, measure: Measure, result: Result, colour: str) -> None:
    from matplotlib.ticker import MaxNLocator

    column = result.column(measure.name)
    values, one = column[np.isfinite(column)], summarise(column)
    reported = result.scenario.reported.get(measure.name)
    axes.axvspan(one.p05, one.p95, color=PALE, linewidth=0, zorder=0)
    axes.hist(values, bins=_bins(values).tolist(), color=colour)
    axes.axvline(one.mean, color=BLACK, linewidth=1.1)
    if reported:
        axes.plot(reported.value, 0, "^", ms=7, mfc="white", mec=BLACK, clip_on=False, zorder=5)
    axes.set_title(textwrap.fill(name_in_words(measure.name), 22), fontsize=8, loc="left", pad=3)
    axes.set_xlabel(measure.unit, fontsize=8, labelpad=1)
    axes.xaxis.set_major_locator(MaxNLocator(3, integer=bool(np.all(values == np.rint(values)))))
    axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    axes.tick_params(labelsize=8)


def _bins(values: Floats) -> Floats:
    """Return the edges of bins: centred on whole numbers where the values are whole."""
    low, high = float(values.min()), float(values.max())
    if np.all(values == np.rint(values)):
        step = math.ceil((high - low + 1) / MOST_BINS)
        return np.arange(low - 0.5, high + step + 0.5, step)
    return np.linspace(low, high, min(MOST_BINS, max(6, math.isqrt(len(values)) + 1)) + 1)
