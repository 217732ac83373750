"""Traces -> numbers: every measure with its name, unit and definition, in one registry.

A measure is a pure function of one replication's trace. One that is undefined in a replication (a mean over nothing) is
NaN there and is left out of averages. Groups are shown side by side: what came of the operation is never shown without what
it took from people who were let go, and from everybody else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from sim.entities import CITIZEN, NO_LICENCE, OUT_OF_STATE
from sim.scenario import CHANNELS
from sim.trace import COLUMNS, Kind, Rows, Trace, licence_of, standing_of
from sim.units import HOUR, MILLISECONDS

Group = Literal["stops and inspections", "yield", "burden and error", "officers"]
MINUTE = MILLISECONDS["min"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: what it is called, what it means, and how it is computed."""

    name: str
    unit: str
    group: str
    definition: str
    function: Callable[[Any], float]


class Events:
    """A trace, with what several measures need of it found once."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

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

    def minutes_between(self, first: Kind, second: Kind) -> Rows:
        """Return, per vehicle to which both happened once, the milliseconds from the first to the second."""
        start, end = self._by_vehicle(first), self._by_vehicle(second)
        _, from_rows, to_rows = np.intersect1d(start[:, 0], end[:, 0], return_indices=True)
        difference: Rows = end[to_rows, 1] - start[from_rows, 1]
        return difference

    def vehicles(self, *kinds: Kind) -> Rows:
        """Return the vehicles to which any of these happened, each once."""
        return np.unique(np.concatenate([self._by_vehicle(kind)[:, 0] for kind in kinds]))

    def _by_vehicle(self, kind: Kind) -> Rows:
        """Return (vehicle, time) of the rows of one kind; flow and number make one whole number."""
        rows = self.rows(kind)
        return np.column_stack((rows[:, 2] << 40 | rows[:, 3], rows[:, 0]))

    @cached_property
    def _by_kind(self) -> Rows:
        rows = self.trace.rows
        return rows[np.argsort(rows[:, 1], kind="stable")]

    @cached_property
    def _kinds(self) -> Rows:
        return self._by_kind[:, 1]

    @cached_property
    def added_minutes(self) -> Rows:
        """Milliseconds from the end of task and inspection to the end of the stop, where somebody was asked."""
        rows = np.isin(self._by_vehicle(Kind.TASK_ENDED)[:, 0], self.vehicles(Kind.ASKED))
        task, end = self._by_vehicle(Kind.TASK_ENDED)[rows], self._by_vehicle(Kind.STOP_ENDED)
        _, from_rows, to_rows = np.intersect1d(task[:, 0], end[:, 0], return_indices=True)
        return end[to_rows, 1] - task[from_rows, 1]

    @cached_property
    def duty(self) -> int:
        """Milliseconds of patrol units on duty, with the time after a shift in which a unit finished what was at hand."""
        scheduled = int(self.column(Kind.UNIT_OFF_DUTY, "time").sum() - self.column(Kind.UNIT_ON_DUTY, "time").sum())
        return scheduled + self.overtime

    @cached_property
    def overtime(self) -> int:
        """Milliseconds that patrol units were busy while off duty."""
        return sum(self._overtime_of(unit) for unit in np.unique(self.column(Kind.UNIT_ON_DUTY, "unit")).tolist())

    def _overtime_of(self, unit: int) -> int:
        def times(kind: Kind) -> Rows:
            return self.column(kind, "time")[self.column(kind, "unit") == unit]

        on, off = times(Kind.UNIT_ON_DUTY), times(Kind.UNIT_OFF_DUTY)
        duty = np.concatenate(([0], np.cumsum(off - on)))

        def on_duty_before(moments: Rows) -> Rows:
            shift = np.searchsorted(on, moments, side="right") - 1  # a unit's first stop comes after its first shift began
            so_far: Rows = duty[shift] + np.minimum(moments, off[shift]) - on[shift]
            return so_far

        began, free = times(Kind.STOP_BEGAN), times(Kind.UNIT_FREE)
        return int((free - began).sum() - (on_duty_before(free) - on_duty_before(began)).sum())

    @cached_property
    def busy(self) -> int:
        """Milliseconds that patrol units were held by stops and what followed from them."""
        return int(self.column(Kind.UNIT_FREE, "time").sum() - self.column(Kind.STOP_BEGAN, "time").sum())


MEASURES: dict[str, Measure] = {}

_TO_RELEASE = (Kind.NO_MATCH, Kind.DECLINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)


def measure(
    name: str, unit: str, group: Group
) -> Callable[[Callable[[Events], float]], Callable[[Events], float]]:
    """Enter a function into the registry under its name; its docstring is the definition that users see."""

    def enter(function: Callable[[Events], float]) -> Callable[[Events], float]:
        if name in MEASURES:
            raise ValueError(f"two measures are called {name}")
        definition = " ".join((function.__doc__ or "").split())
        MEASURES[name] = Measure(name, unit, group, definition, function)
        return function

    return enter


def measure_all(trace: Trace) -> list[float]:
    """Return every measure of one replication, in the order of the registry."""
    events = Events(trace)
    return [float(one.function(events)) for one in MEASURES.values()]


def _mean(total: float, count: int) -> float:
    return total / count if count else math.nan


@measure("vehicles_seen", "vehicles", "stops and inspections")
def vehicles_seen(events: Events) -> float:
    """Vehicles that gave ground for a stop while a shift was on."""
    return events.count(Kind.SEEN)


@measure("stops", "stops", "stops and inspections")
def stops(events: Events) -> float:
    """Vehicles stopped."""
    return events.count(Kind.STOP_BEGAN)


@measure("vehicles_passed_unstopped", "vehicles", "stops and inspections")
def vehicles_passed_unstopped(events: Events) -> float:
    """Vehicles that gave ground for a stop while every unit was busy: stops not made."""
    return events.count(Kind.PASSED)


@measure("vehicles_diverted", "vehicles", "stops and inspections")
def vehicles_diverted(events: Events) -> float:
    """Vehicles that took another road since the operation was known."""
    return events.count(Kind.DIVERTED)


@measure("inspections", "inspections", "stops and inspections")
def inspections(events: Events) -> float:
    """Commercial vehicle inspections begun."""
    return events.count(Kind.INSPECTION_BEGAN)


@measure("inspections_not_made", "inspections", "stops and inspections")
def inspections_not_made(events: Events) -> float:
    """Trucks selected for inspection that no inspector was free for in time."""
    return events.count(Kind.NOT_INSPECTED)


@measure("vehicles_out_of_service", "vehicles", "stops and inspections")
def vehicles_out_of_service(events: Events) -> float:
    """Vehicles put out of service."""
    return events.count(Kind.VEHICLE_OUT_OF_SERVICE)


@measure("drivers_out_of_service", "drivers", "stops and inspections")
def drivers_out_of_service(events: Events) -> float:
    """Drivers put out of service."""
    return events.count(Kind.DRIVER_OUT_OF_SERVICE)


@measure("citations", "citations", "stops and inspections")
def citations(events: Events) -> float:
    """Stops that ended in a citation."""
    return events.count(Kind.CITED)


@measure("criminal_arrests", "people", "stops and inspections")
def criminal_arrests(events: Events) -> float:
    """Drivers arrested for a crime."""
    return events.count(Kind.ARRESTED)


@measure("people_asked", "people", "burden and error")
def people_asked(events: Events) -> float:
    """People asked about their standing."""
    return events.count(Kind.ASKED)


@measure("referrals", "people", "burden and error")
def referrals(events: Events) -> float:
    """People referred to ICE for a status check. Being referred is not being found removable."""
    return events.count(Kind.REFERRED)


@measure("detained", "people", "yield")
def detained(events: Events) -> float:
    """People taken into immigration custody at the roadside."""
    return events.count(Kind.DETAINED)


@measure("vehicles_with_detained", "vehicles", "yield")
def vehicles_with_detained(events: Events) -> float:
    """Stops in which at least one person was taken into immigration custody."""
    return len(events.vehicles(Kind.DETAINED))


@measure("detained_without_licence", "people", "yield")
def detained_without_licence(events: Events) -> float:
    """People detained who held no driving licence of any kind."""
    return int((licence_of(events.column(Kind.DETAINED, "detail")) == NO_LICENCE).sum())


@measure("detained_out_of_state_licence", "people", "yield")
def detained_out_of_state_licence(events: Events) -> float:
    """People detained who held a driving licence of another state or country."""
    return int((licence_of(events.column(Kind.DETAINED, "detail")) == OUT_OF_STATE).sum())


@measure("referred_then_released", "people", "burden and error")
def referred_then_released(events: Events) -> float:
    """People referred to ICE and let go at the roadside."""
    return events.count(*_TO_RELEASE)


@measure("held_then_released_hours", "hours", "burden and error")
def held_then_released_hours(events: Events) -> float:
    """Person-hours from referral to the end of the stop, over people referred and then let go."""
    ends = events.rows(Kind.STOP_ENDED)
    ends = ends[np.argsort(ends[:, 2] << 40 | ends[:, 3], kind="stable")]
    ended = ends[:, 2] << 40 | ends[:, 3]
    refers = events.rows(Kind.REFERRED)
    taken = events.rows(Kind.DETAINED)
    person = (refers[:, 2] << 40 | refers[:, 3]) << 4 | refers[:, 4]
    released = ~np.isin(person, (taken[:, 2] << 40 | taken[:, 3]) << 4 | taken[:, 4])
    rows = np.searchsorted(ended, person[released] >> 4)
    return int((ends[rows, 0] - refers[released, 0]).sum()) / HOUR


@measure("citizens_referred", "people", "burden and error")
def citizens_referred(events: Events) -> float:
    """Citizens of the United States among the people referred."""
    return int((standing_of(events.column(Kind.REFERRED, "detail")) == CITIZEN).sum())


@measure("citizens_detained", "people", "burden and error")
def citizens_detained(events: Events) -> float:
    """Citizens of the United States among the people taken into immigration custody."""
    return int((standing_of(events.column(Kind.DETAINED, "detail")) == CITIZEN).sum())


@measure("minutes_beyond_task_mean", "minutes", "burden and error")
def minutes_beyond_task_mean(events: Events) -> float:
    """Mean time that the status check added past the end of traffic task and inspection, over stops with anyone asked."""
    return _mean(int(events.added_minutes.sum()) / MINUTE, len(events.added_minutes))


@measure("minutes_beyond_task_p95", "minutes", "burden and error")
def minutes_beyond_task_p95(events: Events) -> float:
    """The same time, exceeded by one such stop in twenty."""
    return float(np.quantile(events.added_minutes, 0.95)) / MINUTE if len(events.added_minutes) else math.nan


@measure("people_past_limit", "people", "burden and error")
def people_past_limit(events: Events) -> float:
    """People let go without ICE's answer since the limit on added time had run out."""
    return events.count(Kind.PAST_LIMIT)


@measure("status_check_wait_mean", "minutes", "burden and error")
def status_check_wait_mean(events: Events) -> float:
    """Mean time from referral to the answer, or to the end without one, over people referred; queueing included."""
    time_of = {
        (flow, vehicle, seat): time
        for kind in (Kind.NO_MATCH, Kind.DECLINED, Kind.DETAINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)
        for time, _, flow, vehicle, seat, _, _ in events.rows(kind).tolist()
    }
    refers = events.rows(Kind.REFERRED).tolist()
    total = sum(time_of[flow, vehicle, seat] - time for time, _, flow, vehicle, seat, _, _ in refers)
    return _mean(total / MINUTE, len(refers))


@measure("no_answer", "people", "burden and error")
def no_answer(events: Events) -> float:
    """People referred about whom no channel answered."""
    return events.count(Kind.NO_ANSWER)


@measure("answers_from_ice_on_scene", "answers", "officers")
def answers_from_ice_on_scene(events: Events) -> float:
    """Answers given by an ICE officer on the scene."""
    return int((events.column(Kind.ANSWERED, "detail") == CHANNELS.index("ice_on_scene")).sum())


@measure("officer_hours", "hours", "officers")
def officer_hours(events: Events) -> float:
    """Hours of patrol units on duty, overtime included."""
    return events.duty / HOUR


@measure("officer_overtime_hours", "hours", "officers")
def officer_overtime_hours(events: Events) -> float:
    """Hours that patrol units worked past the end of their shift to finish what was at hand."""
    return events.overtime / HOUR


@measure("officer_utilisation", "share", "officers")
def officer_utilisation(events: Events) -> float:
    """Share of the patrol units' hours in which they were held by stops and what followed from them."""
    return _mean(events.busy, events.duty)


@measure("officer_hours_on_custody", "hours", "officers")
def officer_hours_on_custody(events: Events) -> float:
    """Hours that patrol units spent handing over, driving and booking people detained for ICE."""
    return int(events.column(Kind.CUSTODY_ENDED, "time").sum() - events.column(Kind.CUSTODY_BEGAN, "time").sum()) / HOUR


@measure("stop_cycle_minutes_mean", "minutes", "officers")
def stop_cycle_minutes_mean(events: Events) -> float:
    """Mean time from the officer's signal until the unit is free again."""
    return _mean(events.busy / MINUTE, events.count(Kind.UNIT_FREE))


#: Of each pair the first counts things that are among those the second counts.
PART_OF = (
    ("stops", "vehicles_seen"),
    ("vehicles_passed_unstopped", "vehicles_seen"),
    ("inspections", "stops"),
    ("vehicles_out_of_service", "inspections"),
    ("drivers_out_of_service", "inspections"),
    ("citations", "stops"),
    ("criminal_arrests", "stops"),
    ("referrals", "people_asked"),
    ("detained", "referrals"),
    ("referred_then_released", "referrals"),
    ("vehicles_with_detained", "detained"),
    ("vehicles_with_detained", "stops"),
    ("detained_without_licence", "detained"),
    ("detained_out_of_state_licence", "detained"),
    ("citizens_detained", "detained"),
    ("citizens_referred", "referrals"),
    ("no_answer", "referred_then_released"),
    ("people_past_limit", "referred_then_released"),
)
