"""Pictures of results: each a function that takes a result and returns a matplotlib figure, for a notebook or the report.

What came of an operation is never drawn without what it took from people who were let go. Ranges are 90% ranges over
replications: chance alone, with every parameter held at its value.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.experiment.replications import Result, Summary, replicate, summarise
from sim.measures import MEASURES, Measure
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
    bare,
    message,
    new_figure,
    save_svg,
    style,
)
from sim.report.numbers import QUALIFIER_SIGNS, in_words, name_in_words, range_in_words, verdict
from sim.report.timeline import timeline
from sim.scenario import ReportedFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["all_of", "distributions", "funnel", "reported_against_simulated", "save_svg", "timeline"]

Floats = NDArray[np.float64]

#: A reported figure further than this many standard deviations off is drawn at the edge, as an arrow.
EDGE = 3.5
MOST_BINS = 24
#: Inches in the picture of distributions: a heading, a panel with its labels, the note at the foot; and panels to a row.
HEADING, PANEL, FOOT, ACROSS = 0.28, 1.26, 0.5, 3
GROUP_COLOURS = {"yield": BLUE, "burden and error": VERMILION, "stops and inspections": "#5B7C99", "officers": GREEN}
DARK_ORANGE = "#8A4B00"


def all_of(result: Result) -> dict[str, Figure]:
    """Return every picture of a result by the name of its file, in the order of the report.

    Parameters
    ----------
    result
        A run; its first replication is run once more for the timeline.
    """
    from sim.report.flow_picture import as_figure

    pictures = {"flow": as_figure(result.scenario), "funnel": funnel(result)}
    if result.scenario.reported:
        pictures["reported_against_simulated"] = reported_against_simulated(result)
    pictures["distributions"] = distributions(result)
    pictures["timeline"] = timeline(result.scenario, replicate(result.scenario, result.seed, 0))
    return pictures


def chance_note(result: Result) -> str:
    """Return what must stand wherever a range over replications is shown."""
    return f"90% ranges over {len(result.values):,} replications: chance alone, parameters held fixed"


# --- funnel ---------------------------------------------------------------------------------------------------------


def funnel(result: Result) -> Figure:
    """Draw the way from vehicles seen to people in custody with what leaves it at each step: yield beside burden.

    Parameters
    ----------
    result
        A run.

    Returns
    -------
    matplotlib.figure.Figure
        Three bars: vehicles seen, people asked, people referred; means with 90% ranges over replications.
    """
    from matplotlib.ticker import MaxNLocator

    column = result.column
    steps = (
        ("vehicles gave ground for a stop", column("vehicles_seen"), "stopped", column("stops"),
         "passed: every unit busy", column("vehicles_passed_unstopped")),
        ("people asked about their standing", column("people_asked"), "referred to ICE", column("referrals"),
         "not referred", column("people_asked") - column("referrals")),
        ("people referred to ICE", column("referrals"), "into custody", column("detained"),
         "referred and let go", column("referred_then_released")),
    )  # fmt: skip
    with style():
        figure = new_figure(5.15)
        axes, below = figure.subplots(2, 1, height_ratios=(3.75, 0.68))
        for row, (whole_words, whole, kept_words, kept, lost_words, lost) in enumerate(steps):
            last = row == len(steps) - 1
            _step(axes, -row, summarise(whole), summarise(kept), BLUE if last else SKY, VERMILION if last else ORANGE)
            axes.text(0, 0.17 - row, f"{_mean_and_range(summarise(whole))} {whole_words}", weight="bold", va="bottom")
            label = axes.text(0, -0.17 - row, f"■ {_mean_and_range(summarise(kept))} {kept_words}", color=BLUE, va="top")
            axes.annotate(
                f"▨ {_mean_and_range(summarise(lost))} {lost_words}", xy=(0, 0), xycoords=label, xytext=(0, -3),
                textcoords="offset points", color="#A34700" if last else DARK_ORANGE, va="top",
            )  # fmt: skip
            if not last:
                stays, comes = summarise(kept).mean, summarise(steps[row + 1][1]).mean
                axes.fill([0, stays, comes, 0], [-row - 0.14, -row - 0.14, -row - 0.86, -row - 0.86], "#F3F3F3", zorder=0)
        most = max([1.0, *(high for step in steps if (high := summarise(step[1]).p95) > 0)])
        axes.set(xlim=(0, most * 1.03), ylim=(-2.52, 0.36), yticks=[])
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_xlabel("vehicles in the first bar, people in the others")
        bare(axes, "left")
        below.text(0, 1, _burden_beside_it(result), va="top", linespacing=1.5)
        below.set_axis_off()
        figure.supxlabel(chance_note(result), fontsize=8, color=GREY)
    return figure


def _step(axes: Axes, y: float, whole: Summary, kept: Summary, colour: str, lost_colour: str) -> None:
    axes.barh(y, kept.mean, height=0.28, color=colour)
    lost = max(0.0, whole.mean - kept.mean)
    axes.barh(y, lost, left=kept.mean, height=0.28, color="white", edgecolor=lost_colour, hatch="////")
    if kept.p95 > kept.p05:
        axes.errorbar(kept.mean, y, xerr=[[kept.mean - kept.p05], [kept.p95 - kept.mean]], color=BLACK, capsize=4, linewidth=1.2)


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


def reported_against_simulated(result: Result) -> Figure:
    """Draw each reported figure against the simulated range of its measure.

    Parameters
    ----------
    result
        A run.

    Returns
    -------
    matplotlib.figure.Figure
        One row per figure, in standard deviations from the simulated mean so that 195 and 38 fit one picture; the numbers
        beside the marks are real. Inside is a circle and outside a cross; figures that are no target are hollow.
    """
    figures = result.scenario.reported
    with style():
        if not figures:
            return message("The scenario holds no reported figure.")
        figure = new_figure(1.8 + 0.52 * len(figures))
        axes = figure.add_subplot()
        axes.axvline(0, color=PALE, zorder=0)
        names = [name for name in MEASURES if name in figures]
        for row, name in enumerate(names):
            _reported_row(axes, -row, figures[name], result.summary(name), MEASURES[name].unit)
        axes.set(xlim=(-EDGE - 0.3, EDGE + 0.3), ylim=(-len(names) + 0.45, 0.6))
        axes.set_yticks([-row for row in range(len(names))], [_row_label(name, figures[name]) for name in names])
        axes.set_xlabel("standard deviations from the simulated mean")
        axes.grid(axis="x", linewidth=0.5)
        bare(axes, "left")
        axes.spines["left"].set_visible(False)
        _reported_legend(figure)
        figure.supxlabel(chance_note(result), fontsize=8, color=GREY)
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
    for x, words, side in ((low, first, "center"), (0.0, in_words(summary.mean, unit), "center"), (high, last, "center")):
        axes.text(x, y + 0.16, words, ha=side, va="bottom", fontsize=8, color=GREY)
    seen = min(EDGE, max(-EDGE, place))
    colour = GREEN if where == "inside" else VERMILION
    marker = ("<" if place < 0 else ">") if seen != place else ("o" if where == "inside" else "X")
    face = colour if reported.use == "target" else "white"
    axes.plot(seen, y, marker=marker, markersize=9, markerfacecolor=face, markeredgecolor=colour, markeredgewidth=1.4, zorder=3)
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
        Line2D([], [], linestyle="", marker="|", color=BLACK, markersize=9, markeredgewidth=1.6, label="simulated, mean"),
        mark("o", GREY, "white", "hollow: compared, not fitted"),
        mark("o", GREEN, GREEN, "reported, inside"),
        mark("X", VERMILION, VERMILION, "reported, outside"),
        mark(">", VERMILION, VERMILION, "reported, off the scale"),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=2, handlelength=1.6, handletextpad=0.5, columnspacing=1.4)


# --- distributions --------------------------------------------------------------------------------------------------


def distributions(result: Result) -> Figure:
    """Draw how each measure spreads over the replications, one small picture each.

    Parameters
    ----------
    result
        A run.

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
        figure = new_figure(inches, layout=None)
        top = inches
        for group, measures in groups:
            figure.text(0.08 / COLUMN_WIDTH, (top - 0.2) / inches, group.capitalize(), fontsize=10, weight="bold")
            top -= HEADING
            for place, measure in enumerate(measures):
                row, column = divmod(place, ACROSS)
                left, bottom = 0.34 + column * (COLUMN_WIDTH - 0.1) / ACROSS, top - (row + 1) * PANEL + 0.4
                axes = figure.add_axes((left / COLUMN_WIDTH, bottom / inches, 1.12 / COLUMN_WIDTH, 0.55 / inches))
                _histogram(axes, measure, result, GROUP_COLOURS[group])
            top -= PANEL * math.ceil(len(measures) / ACROSS)
        note = f"Height: replications. Line: mean. White triangle: reported figure. Shaded:\n{chance_note(result)}."
        figure.text(0.08 / COLUMN_WIDTH, 0.08 / inches, note, fontsize=8, color=GREY, va="bottom", linespacing=1.4)
    return figure


def _varying(result: Result) -> Iterator[Measure]:
    for name, measure in MEASURES.items():
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
        axes.plot(reported.value, 0, "^", markersize=7, clip_on=False, markerfacecolor="white", markeredgecolor=BLACK, zorder=5)
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
