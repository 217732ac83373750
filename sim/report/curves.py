"""Curves over the calendar for the programme: what the published list said against what is simulated."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from sim.experiment.replications import Result
from sim.report.drawing import BLACK, BLUE, COLUMN_WIDTH, SKY, axes_at, foot_note, message, new_figure, style
from sim.report.numbers import name_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DATED = re.compile(r"(.+)_(\d{4})_(\d{2})_(\d{2})")
#: Fewer days than this make no curve.
FEWEST_DAYS = 5
PANEL, ACROSS = 1.65, 2


def curves(result: Result) -> Figure:
    """Draw every measure that has a value for at least five days and a reported figure for some of them.

    Parameters
    ----------
    result
        A run of a programme.

    Returns
    -------
    matplotlib.figure.Figure
        One small picture for each: median as a line, 90% range shaded, reported figures as rings.
    """
    chosen = {
        name: days
        for name, days in dated_measures(result).items()
        if len(days) >= FEWEST_DAYS and any(measure in result.scenario.reported for measure in days.values())
    }
    if not chosen:
        return message("Nothing was reported for several days.")
    rows = -(-len(chosen) // ACROSS)
    with style():
        figure = new_figure(rows * PANEL + 0.55)
        for place, (name, days) in enumerate(chosen.items()):
            row, column = divmod(place, ACROSS)
            bottom = 0.55 + (rows - row - 1) * PANEL + 0.35
            width = (COLUMN_WIDTH - 0.2) / ACROSS
            _curve(axes_at(figure, 0.5 + column * width, bottom, width - 0.65, PANEL - 0.65), result, name, days)
        foot_note(
            figure, f"Line: median of {len(result.values):,} replications; shaded: 90% range, chance alone;\nring: reported."
        )
    return figure


def dated_measures(result: Result) -> dict[str, dict[date, str]]:
    """Return the measures whose names end in a day, by what stands before it."""
    found: dict[str, dict[date, str]] = {}
    for name in result.measures:
        match = _DATED.fullmatch(name)
        if match:
            found.setdefault(match[1], {})[date(int(match[2]), int(match[3]), int(match[4]))] = name
    return {name: dict(sorted(days.items())) for name, days in found.items()}


def _curve(axes: Axes, result: Result, name: str, days: dict[date, str]) -> None:
    from matplotlib import dates

    summaries = [result.summary(measure) for measure in days.values()]
    when = [_number(day) for day in days]
    axes.fill_between(when, [one.p05 for one in summaries], [one.p95 for one in summaries], color=SKY, alpha=0.6, linewidth=0)
    axes.plot(when, [one.median for one in summaries], color=BLUE)
    told = {day: result.scenario.reported[measure].value for day, measure in days.items() if measure in result.scenario.reported}
    axes.plot([_number(day) for day in told], list(told.values()), "o", ms=3.5, mfc="white", mec=BLACK, mew=0.9)
    axes.set_title(name_in_words(name).capitalize(), fontsize=8.5, loc="left")
    axes.set_ylim(bottom=0)
    locator = dates.MonthLocator(bymonth=(1, 7))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    axes.tick_params(labelsize=8)


def _number(day: date) -> float:
    from matplotlib.dates import date2num

    return float(date2num(day))  # type: ignore[no-untyped-call]
