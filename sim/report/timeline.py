"""The picture of one replication over the clock: who is busy, who waits for ICE's answer, which vehicles pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from sim.report.drawing import BLACK, BLUE, GREEN, GREY, PALE, VERMILION, bare, message, new_figure, style
from sim.scenario import Scenario
from sim.trace import Kind, Rows, Trace
from sim.units import DAY, HOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

MOST_DAYS_SHOWN = 5
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
        Three strips for each day with anything on it (the first five such days), over local time.
    """
    active = trace.of_kind(Kind.UNIT_ON_DUTY, Kind.UNIT_OFF_DUTY, Kind.SEEN, Kind.UNIT_FREE)[:, 0]
    days = np.unique(active // DAY)
    with style():
        if not len(days):
            return message("Nothing happened in this replication.")
        shown = days[:MOST_DAYS_SHOWN]
        hours = active[np.isin(active // DAY, shown)] % DAY / HOUR
        span = (math.floor(hours.min()), min(24, math.ceil(hours.max()) or 24))
        figure = new_figure(0.85 + 1.85 * len(shown))
        strips = _strips(trace)
        for part, day in zip(figure.subfigures(len(shown), 1, squeeze=False)[:, 0], shown.tolist(), strict=True):
            _day(part, scenario, day, strips, span)
        more = f", the first {len(shown)} of {len(days)} days" if len(days) > len(shown) else ""
        figure.supxlabel(
            f"Local time; one replication{more}. Black line: on duty.\nTicks on top: vehicles that passed, every unit busy.",
            fontsize=8, color=GREY,
        )  # fmt: skip
    return figure


def _strips(trace: Trace) -> list[Strip]:
    answers = (Kind.NO_MATCH, Kind.DECLINED, Kind.DETAINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)
    return [
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


def _day(part: SubFigure, scenario: Scenario, day: int, strips: list[Strip], span: tuple[int, int]) -> None:
    date = scenario.operation.start + timedelta(days=day)
    part.suptitle(f"{date:%A} {date.day} {date:%B %Y}", x=0.01, ha="left", fontsize=9, weight="bold")
    every_axes = part.subplots(len(strips), 1, sharex=True)
    for axes, strip in zip(every_axes, strips, strict=True):
        _strip(axes, strip, day, span)
    bottom = every_axes[-1]
    every = next(hours for hours in (1, 2, 3, 4, 6) if (span[1] - span[0]) / hours <= 7)
    ticks = range(span[0], span[1] + 1, every)
    bottom.set_xticks(list(ticks), [f"{hour:02d}:00" for hour in ticks])
    bottom.set_xlim(*span)


def _strip(axes: Axes, strip: Strip, day: int, span: tuple[int, int]) -> None:
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
        moments = np.unique((passed - begin) * MOST_STEPS_SHOWN // (end - begin)) * ((end - begin) // MOST_STEPS_SHOWN) + begin
        x = np.repeat(hours(moments), 3)
        axes.plot(x, np.tile([top * 1.2, top * 1.42, np.nan], len(moments)), color=BLACK, linewidth=0.9)
    axes.set_yticks([0, top])
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", color=PALE, linewidth=0.5)
    axes.set_ylabel(strip.label, rotation=0, ha="right", va="center", fontsize=8)
    bare(axes, "left")
