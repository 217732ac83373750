"""When vehicles come by, when people come to the jail, and when officers are on shift.

Arrivals are a unit-rate Poisson process carried through the inverse of the cumulative rate: with a higher rate the same
vehicles come sooner, and more follow.

References
----------
Çinlar (1975), Introduction to Stochastic Processes, section 4.7 (time change of a Poisson process).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, repeat
from typing import NamedTuple

import numpy as np

from sim.elementary import log
from sim.errors import Place, ScenarioError
from sim.scenario import Flow, LocalPeople, Overflow, Scenario, Shift
from sim.streams import Flags, Floats, Ints, uniforms
from sim.units import HOUR

#: Unit-rate gaps are whole parts, about millionths, so that their sums are exact and no order of addition can change them.
GAP_UNITS = 2**20
MOST_VEHICLES = 20_000_000
#: Names of the flows of people who come to the jail from elsewhere.
LOCAL_PEOPLE, BROUGHT_BY_ICE = "jail.local", "jail.overflow"


class Profile(NamedTuple):
    """The rate of a flow over model time as a step function.

    Attributes
    ----------
    edges : numpy.ndarray of int64, shape (steps + 1,)
        Times in milliseconds; the first is 0, or when the warm-up begins.
    rates : numpy.ndarray of float64, shape (steps,)
        Arrivals an hour between two edges.
    expected : numpy.ndarray of float64, shape (steps + 1,)
        How many come on average from the first edge to each edge.
    """

    edges: Ints
    rates: Floats
    expected: Floats


@dataclass(frozen=True, slots=True)
class ShiftDay:
    """One shift on one day: when, with whom, and whether ICE is on the scene."""

    pattern: int
    begins: int
    ends: int
    ice_present: bool
    number: int = 0  # the day of the pattern, counted from its first


def shift_days(scenario: Scenario) -> tuple[ShiftDay, ...]:
    """Return every shift on every day in order of time, as if ICE were always there."""
    days: list[ShiftDay] = []
    calendar = scenario.operation.calendar
    for pattern, name in enumerate(sorted(scenario.operation.shifts)):
        shift: Shift = scenario.operation.shifts[name]
        begins = [calendar.moment(datetime.combine(day, shift.begins)) for day in shift.days()]
        # Around the clock, the day on which clocks go forward would have the same people on duty twice for an hour.
        ends = [min(one + shift.length, following) for one, following in pairwise([*begins, begins[-1] + shift.length])]
        numbers = [(day - shift.first).days for day in shift.days()]
        days += map(ShiftDay, repeat(pattern), begins, ends, repeat(True), numbers)
    return tuple(sorted(days, key=lambda day: (day.begins, day.pattern)))


def known_since(scenario: Scenario, shifts: tuple[ShiftDay, ...]) -> int:
    """Return when drivers come to know of the operation."""
    return min(day.begins for day in shifts) + scenario.traffic.known_after


def end_of_watch(scenario: Scenario) -> int:
    """Return the end of the time over which the jail is watched: the last shift's end and the follow-up."""
    calendar = scenario.operation.calendar
    last = max(
        calendar.moment(datetime.combine(max(shift.days()), shift.begins)) + shift.length
        for shift in scenario.operation.shifts.values()
    )
    return last + scenario.jail.follow_up


def clock(scenario: Scenario, milliseconds: int) -> datetime:
    """Return the local time of a moment of model time."""
    return scenario.operation.calendar.local(milliseconds)


def profiles(scenario: Scenario, shifts: tuple[ShiftDay, ...]) -> dict[str, Profile]:
    """Return the rates of all flows in alphabetical order, then those of the people who come to the jail from elsewhere.

    Raises
    ------
    ScenarioError
        If more arrivals are expected than are simulated.
    """
    steps = {name: _steps(scenario, scenario.traffic.flows[name], shifts) for name in scenario.flow_names}
    watch = np.asarray([-scenario.jail.warm_up, end_of_watch(scenario)], dtype=np.int64)
    steps |= {name: (watch, np.asarray([from_elsewhere(scenario, name).rate])) for name in (LOCAL_PEOPLE, BROUGHT_BY_ICE)}
    return {name: Profile(edges, rates, cumulative_rate(edges, rates, name)) for name, (edges, rates) in steps.items()}


def _steps(scenario: Scenario, flow: Flow, shifts: tuple[ShiftDay, ...]) -> tuple[Ints, Floats]:
    """Return edges and rates of a traffic flow: the hour's rate, times the traffic of the shifts then on (1 outside them)."""
    end = max(day.ends for day in shifts)
    patterns = [scenario.operation.shifts[name] for name in sorted(scenario.operation.shifts)]
    hours = np.arange(0, end + HOUR, HOUR, dtype=np.int64)
    cuts = [edge for day in shifts for edge in (day.begins, day.ends) if edge % HOUR]
    edges = np.union1d(hours, np.asarray(cuts, dtype=np.int64))
    by_hour = np.asarray(flow.by_hour) * (len(flow.by_hour) / sum(flow.by_hour)) * flow.rate
    calendar = scenario.operation.calendar
    rates = by_hour[[calendar.local(edge).hour for edge in edges[:-1].tolist()]]
    for day in shifts:
        rates[(edges[:-1] >= day.begins) & (edges[:-1] < day.ends)] *= patterns[day.pattern].traffic
    return edges, rates


def from_elsewhere(scenario: Scenario, name: str) -> LocalPeople | Overflow:
    """Return what is known of people who come to the jail from elsewhere, by the name of their flow."""
    return scenario.jail.local if name == LOCAL_PEOPLE else scenario.jail.overflow


def cumulative_rate(edges: Ints, rates: Floats, name: str) -> Floats:
    """Return how many are expected from the first edge to each edge; at most :data:`MOST_VEHICLES` to the last."""
    hours = np.diff(edges) / HOUR
    cumulative: Floats = np.concatenate(([0.0], np.cumsum(rates * hours)))
    total = float(cumulative[-1])
    if total > MOST_VEHICLES:
        problem = f"about {total:,.0f} arrivals are expected, at most {MOST_VEHICLES:,} are simulated; lower the rate."
        raise ScenarioError.at(Place("scenario"), name, problem)
    return cumulative


def arrivals(profile: Profile, seed: int, replication: int, name: str) -> Ints:
    """Return the arrival times of every vehicle of a flow from the first edge to the last."""
    edges, rates, expected = profile
    total = float(expected[-1])
    if total == 0:
        return np.zeros(0, dtype=np.int64)
    # Far more gaps than will be needed with all but no chance of too few; too few is caught and doubled.
    count = int(total + 10 * np.sqrt(total) + 20)
    while True:
        u = uniforms(seed, replication, f"traffic.arrivals@{name}", count)
        gaps = np.rint(-log(1.0 - u) * GAP_UNITS).astype(np.int64)
        passed = np.cumsum(gaps) / GAP_UNITS
        if passed[-1] >= total:
            break
        count *= 2
    passed = passed[passed < total]
    step = np.searchsorted(expected, passed, side="right") - 1
    since = (passed - expected[step]) / rates[step] * HOUR
    return edges[step] + np.floor(since).astype(np.int64)


def within_shifts(times: Ints, shifts: tuple[ShiftDay, ...]) -> Flags:
    """Return which times fall into a shift, its first moment included and its last not."""
    inside = np.zeros(len(times), dtype=np.bool_)
    for day in shifts:
        first, last = np.searchsorted(times, [day.begins, day.ends])
        inside[first:last] = True
    return inside
