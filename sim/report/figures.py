"""Pictures of results: each a function that takes a result and returns a matplotlib figure, in a notebook or in the report.

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
from sim.measures import MEASURES
from sim.report.drawing import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILION,
    bare,
    message,
    new_figure,
    save_svg,
    style,
)
from sim.report.numbers import QUALIFIER_SIGNS, in_words, name_in_words, range_in_words, verdict
from sim.report.numbers import ends as shown_ends
from sim.scenario import Scenario
from sim.trace import Kind, Trace
from sim.units import DAY, HOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["all_of", "distributions", "funnel", "reported_against_simulated", "save_svg", "timeline"]

Floats = NDArray[np.float64]

#: A reported figure further than this many standard deviations off is drawn at the edge, with an arrow.
EDGE = 4.0
MOST_DAYS_SHOWN = 5
GROUP_COLOURS = {"yield": BLUE, "burden and error": VERMILION, "stops and inspections": GREY, "officers": GREEN}


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
    return f"Ranges: 90% of {len(result.values):,} replications; chance alone, every parameter held at its value."


# --- funnel ---------------------------------------------------------------------------------------------------------


def funnel(result: Result) -> Figure:
    """Draw the way from vehicles seen to people in custody, with what leaves it at each step: yield beside burden.

    Parameters
    ----------
    result
        A run.

    Returns
    -------
    matplotlib.figure.Figure
        Three bars: vehicles, people asked, people referred; means with 90% ranges over replications.
    """
    from matplotlib.ticker import MaxNLocator

    not_referred = result.column("people_asked") - result.column("referrals")
    hours = result.summary("held_then_released_hours")
    held = f"; held {_with_range(hours, 'hours')} hours in all" if hours.mean else ""
    steps = (
        ("vehicles_seen", "vehicles gave ground for a stop", "stops", "stopped", result.column("vehicles_passed_unstopped"),
         "passed: no unit free", SKY, ""),
        ("people_asked", "people asked about their standing", "referrals", "referred to ICE", not_referred,
         "not referred", SKY, ""),
        ("referrals", "people referred to ICE", "detained", "into custody", result.column("referred_then_released"),
         "referred and let go", BLUE, held),
    )  # fmt: skip
    with style():
        figure = new_figure(3.9)
        axes = figure.add_subplot()
        widest = max(result.summary("vehicles_seen").p95, result.summary("people_asked").p95, 1.0)
        for row, (whole, what, kept, kept_words, lost_column, lost_words, colour, more) in enumerate(steps):
            totals, stays, lost = result.summary(whole), result.summary(kept), summarise(lost_column)
            y = -row
            _bar(axes, y, totals, stays, colour, VERMILION if row == 2 else ORANGE)
            axes.text(0, y + 0.24, f"{_with_range(totals)} {what}", fontweight="bold", va="bottom")
            below = axes.text(0, y - 0.24, f"■ {_with_range(stays)} {kept_words}", color=_text_colour(colour), va="top")
            axes.annotate(
                f"▨ {_with_range(lost)} {lost_words}{more}" if row < 2 else f"▨ {_with_range(lost)} {lost_words}",
                xy=(1, 0), xycoords=below, xytext=(12, 0), textcoords="offset points", color="#8A4B00", va="bottom",
            )  # fmt: skip
            if row < len(steps) - 1:
                following = result.summary(steps[row + 1][0]).mean
                axes.fill([0, stays.mean, following, 0], [y - 0.2, y - 0.2, y - 0.8, y - 0.8], color="#F2F2F2", zorder=0)
        _burden_lines(axes, result, -len(steps) + 0.42)
        axes.set_xlim(0, widest * 1.04)
        axes.set_ylim(-len(steps) + 0.02, 0.52)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_xlabel("vehicles (first bar), people (other bars)")
        axes.set_yticks([])
        bare(axes, "left")
        figure.supxlabel(chance_note(result), fontsize=8, color=GREY)
    return figure
