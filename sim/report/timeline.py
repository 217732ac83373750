"""The picture of one replication over the clock: who is busy, who waits for ICE's answer, which vehicles pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from sim.report.drawing import (
    BLACK,
    BLUE,
    COLUMN_WIDTH,
    GREEN,
    PALE,
    PURPLE,
    VERMILION,
    axes_at,
    foot_note,
    message,
    new_figure,
    style,
    without_left_side,
    words_at,
)
from sim.scenario import Scenario
from sim.trace import Kind, Rows, Trace
from sim.units import DAY, HOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_DAYS_SHOWN = 5
#: Inches: one strip; between two; the heading and the hours of a day.
STRIP_HEIGHT, STRIP_GAP = 0.37, 0.16
DAY_REST = 0.57
MOST_STEPS_SHOWN = 1_500


@dataclass(frozen=True, slots=True)
class Steps:
    """A count that changes over time: from each time on (milliseconds) it has the value beside it."""

    times: Rows
    values: Rows

    @classmethod
    def between(cls, trace: Trace, up: Kind, *down: Kind) -> Steps:
        """Count one up whenever something begins, one down whenever it ends."""
        begins, ends = trace.of_kind(up)[:, 0], trace.of_kind(*down)[:, 0]
        times = np.concatenate(([0], begins, ends))
        change = np.concatenate(([0], np.ones_like(begins), -np.ones_like(ends)))
        order = np.argsort(times, kind="stable")
        times, values = times[order], np.cumsum(change[order])
        last = np.append(times[1:] != times[:-1], True)  # of several changes at one instant the last holds
        return cls(times[last], values[last])

    def within(self, begin: int, end: int) -> Steps:
        """Return the steps of a stretch of time, with a value at its very beginning and end."""
        first = int(np.searchsorted(self.times, begin, side="right")) - 1
        last = int(np.searchsorted(self.times, end, side="right"))
        if last - first > MOST_STEPS_SHOWN:  # more than the eye can tell apart: look at regular moments only
            times = np.linspace(begin, end, MOST_STEPS_SHOWN).astype(np.int64)
            return Steps(times, self.values[np.searchsorted(self.times, times, side="right") - 1])
        times = np.concatenate(([begin], self.times[first + 1 : last], [end]))
        values = np.concatenate((self.values[first:last], self.values[last - 1 : last]))
        return Steps(times, values)

    @property
    def most(self) -> int:
        """The highest count."""
        return int(self.values.max())


@dataclass(frozen=True, slots=True)
class Strip:
    """One strip of the picture: a count as an area, and how many there are in all as a line."""

    label: str
    colour: str
    busy: Steps
    on_duty: Steps | None
    passed: Rows | None = None


def timeline(scenario: Scenario, trace: Trace) -> Figure:
    """Draw one replication over the clock: who is busy, who waits for ICE's answer, which vehicles pass.

    Parameters
    ----------
    scenario
        The scenario of the trace, for the calendar.
    trace
        What happened in one replication.

    Returns
    -------
    matplotlib.figure.Figure
        Three strips for each day with anything on it (the first five such days), over local time; a fourth for the beds of
        the county jail if anybody is in it.
    """
    active = trace.of_kind(Kind.UNIT_ON_DUTY, Kind.UNIT_OFF_DUTY, Kind.SEEN, Kind.UNIT_FREE)[:, 0]
    days = np.unique(active // DAY)
    with style():
        if not len(days):
            return message("Nothing happened in this replication.")
        shown = days[:MOST_DAYS_SHOWN]
        hours = active[np.isin(active // DAY, shown)] % DAY / HOUR
        span = (math.floor(hours.min()), min(24, math.ceil(hours.max()) or 24))
        strips = _strips(scenario, trace)
        tall = day_height(strips)
        figure = new_figure(tall * len(shown) + 0.42)
        for place, day in enumerate(shown.tolist()):
            _draw_day(figure, scenario, day, strips, span, tall * (len(shown) - place - 1) + 0.42)
        more = f", the first {len(shown)} of {len(days)} days" if len(days) > len(shown) else ""
        foot_note(
            figure,
            f"Local time; one replication{more}. Black line: on duty{', or beds in all' if len(strips) > 3 else ''}.\n"
            "Ticks on top: vehicles that passed, every unit busy.",
        )
    return figure


def day_height(strips: list[Strip]) -> float:
    """Return the inches that a day takes: heading, strips, hours."""
    return (STRIP_HEIGHT + STRIP_GAP) * len(strips) - STRIP_GAP + DAY_REST


def _strips(scenario: Scenario, trace: Trace) -> list[Strip]:
    answers = (Kind.NO_MATCH, Kind.DECLINED, Kind.DETAINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)
    found = [
        Strip(
            "patrol units\nbusy", BLUE, Steps.between(trace, Kind.STOP_BEGAN, Kind.UNIT_FREE),
            Steps.between(trace, Kind.UNIT_ON_DUTY, Kind.UNIT_OFF_DUTY), trace.of_kind(Kind.PASSED)[:, 0],
        ),
        Strip(
            "inspectors\nbusy", GREEN, Steps.between(trace, Kind.INSPECTION_BEGAN, Kind.INSPECTION_ENDED),
            Steps.between(trace, Kind.INSPECTOR_ON_DUTY, Kind.INSPECTOR_OFF_DUTY),
        ),
        Strip("people waiting for\nICE's answer", VERMILION, Steps.between(trace, Kind.REFERRED, *answers), None),
    ]  # fmt: skip
    taken = Steps.between(trace, Kind.ENTERED_JAIL, Kind.LEFT_JAIL)
    if taken.most:
        beds = scenario.jail.beds
        all_of_them = Steps(taken.times[:1], np.asarray([beds], dtype=np.int64)) if 2 * taken.most >= beds else None
        found.append(Strip(f"jail beds taken\n(of {beds:,})", PURPLE, taken, all_of_them))
    return found


def _draw_day(figure: Figure, scenario: Scenario, day: int, strips: list[Strip], span: tuple[int, int], bottom: float) -> None:
    date = scenario.operation.first_day + timedelta(days=day)
    heading = f"{date:%A} {date.day} {date:%B %Y}"
    words_at(figure, 0.08, bottom + day_height(strips) - 0.2, heading, fontsize=9, weight="bold")
    every = next(hours for hours in (1, 2, 3, 4, 6) if (span[1] - span[0]) / hours <= 7)
    ticks = list(range(span[0], span[1] + 1, every))
    for place, strip in enumerate(strips):
        lowest = place == len(strips) - 1
        up = bottom + 0.3 + (STRIP_HEIGHT + STRIP_GAP) * (len(strips) - place - 1)
        axes = axes_at(figure, 1.3, up, COLUMN_WIDTH - 1.55, STRIP_HEIGHT)
        _draw_strip(axes, strip, day, span)
        axes.set_xlim(*span)
        axes.set_xticks(ticks, [f"{hour:02d}:00" if lowest else "" for hour in ticks])


def _draw_strip(axes: Axes, strip: Strip, day: int, span: tuple[int, int]) -> None:
    begin, end = day * DAY + span[0] * HOUR, day * DAY + span[1] * HOUR

    def hours(times: Rows) -> list[float]:
        return [(time - day * DAY) / HOUR for time in times.tolist()]

    busy = strip.busy.within(begin, end)
    axes.fill_between(hours(busy.times), busy.values, step="post", color=strip.colour, linewidth=0)
    top = max(1, strip.busy.most)
    if strip.on_duty:
        there = strip.on_duty.within(begin, end)
        line = np.where(there.values > 0, there.values, np.nan)
        axes.step(hours(there.times), line, where="post", color=BLACK, linewidth=0.9)
        top = max(top, strip.on_duty.most)
    axes.set_ylim(0, top * 1.12)
    if strip.passed is not None:
        passed = strip.passed[(strip.passed >= begin) & (strip.passed < end)]
        axes.set_ylim(0, top * 1.45)
        step = (end - begin) // MOST_STEPS_SHOWN
        moments = np.unique((passed - begin) // step) * step + begin  # closer ones could not be told apart
        x = np.repeat(hours(moments), 3)
        axes.plot(x, np.tile([top * 1.2, top * 1.42, np.nan], len(moments)), color=BLACK, linewidth=0.9)
    axes.set_yticks([0, top])
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", color=PALE, linewidth=0.5)
    axes.set_ylabel(strip.label, rotation=0, ha="right", va="center", fontsize=8)
    without_left_side(axes)
