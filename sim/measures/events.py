"""What measures look at: the rows of one trace by kind, and sums that several of them need."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from sim.chance import end_of_watch
from sim.scenario import Scenario
from sim.trace import COLUMNS, Kind, Rows, Trace


class Events:
    """A trace and its scenario, with what several measures need of them found once."""

    def __init__(self, trace: Trace, scenario: Scenario) -> None:
        self.trace = trace
        self.scenario = scenario

    def count(self, *kinds: Kind) -> int:
        """Return how often something happened."""
        return sum(len(self.rows(kind)) for kind in kinds)

    def rows(self, kind: Kind) -> Rows:
        """Return the rows of one kind, in order of time."""
        first, last = np.searchsorted(self._kinds, [kind, kind + 1])
        return self._by_kind[first:last]

    def column(self, kind: Kind, name: str) -> Rows:
        """Return one column of the rows of one kind."""
        return self.rows(kind)[:, COLUMNS.index(name)]

    def spans(self, first: Kind, *last: Kind) -> Rows:
        """Return, per person to whom ``first`` and one of ``last`` happened, the times of both; shape (people, 2)."""
        start = self._by_person(first)
        end = np.concatenate([self._by_person(kind) for kind in last])
        _, from_rows, to_rows = np.intersect1d(start[:, 0], end[:, 0], return_indices=True)
        return np.column_stack((start[from_rows, 1], end[to_rows, 1]))

    def in_watch(self, kind: Kind) -> int:
        """Return how often something happened from the first shift's day to the end of the follow-up."""
        times = self.column(kind, "time")
        return int(((times >= 0) & (times <= self.end_of_watch)).sum())

    def clipped(self, spans: Rows) -> int:
        """Return the milliseconds of some spans that lie within the watch, added up."""
        inside = np.clip(spans, 0, self.end_of_watch)
        return int((inside[:, 1] - inside[:, 0]).sum())

    @cached_property
    def end_of_watch(self) -> int:
        """The end of the time over which the jail is watched, in milliseconds."""
        return end_of_watch(self.scenario)

    def vehicles(self, *kinds: Kind) -> Rows:
        """Return the vehicles to which any of these happened, each once."""
        return np.unique(np.concatenate([self._by_vehicle(kind)[:, 0] for kind in kinds]))

    def _by_vehicle(self, kind: Kind) -> Rows:
        """Return (vehicle, time) of the rows of one kind; flow and number make one whole number."""
        rows = self.rows(kind)
        return np.column_stack((rows[:, 2] << 40 | rows[:, 3], rows[:, 0]))

    def _by_person(self, kind: Kind) -> Rows:
        """Return (person, time) of the rows of one kind; flow, number and seat make one whole number."""
        rows = self.rows(kind)
        return np.column_stack(((rows[:, 2] << 40 | rows[:, 3]) << 4 | rows[:, 4], rows[:, 0]))

    @cached_property
    def _by_kind(self) -> Rows:
        rows = self.trace.rows
        return rows[np.argsort(rows[:, 1], kind="stable")]

    @cached_property
    def _kinds(self) -> Rows:
        return self._by_kind[:, 1]

    @cached_property
    def added_minutes(self) -> Rows:
        """Milliseconds from the end of task and inspection to the end of the stop, where somebody was to be asked."""
        rows = np.isin(self._by_vehicle(Kind.TASK_ENDED)[:, 0], self.vehicles(Kind.ASKED, Kind.NOT_ASKED))
        task, end = self._by_vehicle(Kind.TASK_ENDED)[rows], self._by_vehicle(Kind.STOP_ENDED)
        _, from_rows, to_rows = np.intersect1d(task[:, 0], end[:, 0], return_indices=True)
        added: Rows = end[to_rows, 1] - task[from_rows, 1]
        return added

    @cached_property
    def duty(self) -> int:
        """Milliseconds of patrol units on duty, with the time after a shift in which a unit finished what was at hand."""
        scheduled = int(self.column(Kind.UNIT_OFF_DUTY, "time").sum() - self.column(Kind.UNIT_ON_DUTY, "time").sum())
        return scheduled + self.overtime

    @cached_property
    def overtime(self) -> int:
        """Milliseconds that patrol units were busy while off duty."""
        units: list[int] = np.unique(self.column(Kind.UNIT_ON_DUTY, "unit")).tolist()
        return sum(self._overtime_of(unit) for unit in units)

    def _overtime_of(self, unit: int) -> int:
        def times(kind: Kind) -> Rows:
            mine: Rows = self.column(kind, "time")[self.column(kind, "unit") == unit]
            return mine

        on, off = times(Kind.UNIT_ON_DUTY), times(Kind.UNIT_OFF_DUTY)
        duty = np.concatenate(([0], np.cumsum(off - on)))

        def on_duty_before(moments: Rows) -> Rows:
            shift = np.searchsorted(on, moments, side="right") - 1  # a unit's first stop comes after its first shift began
            so_far: Rows = duty[shift] + np.minimum(moments, off[shift]) - on[shift]
            return so_far

        began, free = times(Kind.STOP_BEGAN), times(Kind.UNIT_FREE)
        return int((free - began).sum() - (on_duty_before(free) - on_duty_before(began)).sum())

    @cached_property
    def inspector_duty(self) -> int:
        """Milliseconds of inspectors on duty."""
        off, on = self.column(Kind.INSPECTOR_OFF_DUTY, "time"), self.column(Kind.INSPECTOR_ON_DUTY, "time")
        return int(off.sum() - on.sum())

    @cached_property
    def busy(self) -> int:
        """Milliseconds that patrol units were held by stops and what followed from them."""
        return int(self.column(Kind.UNIT_FREE, "time").sum() - self.column(Kind.STOP_BEGAN, "time").sum())
