"""One replication told in the ways that laws need: what was asked for, what was drawn, recorded and measured.

A law is a function of this that calls :func:`must`. It looks at nothing that an engine keeps to itself, so it judges both alike.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from sim.audit.law import Broken, must
from sim.chance import Draws
from sim.entities import ARRESTED, Booking, Person, Vehicle, bookings, vehicles
from sim.scenario import Scenario
from sim.trace import LOCAL, NOBODY, OVERFLOW, Kind, Trace

Name = tuple[int, int]
Who = tuple[int, int, int]

#: How everybody who was referred ends, and how a hold for ICE in the county jail does.
ENDINGS = (Kind.NO_MATCH, Kind.DECLINED, Kind.DETAINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)
HOLD_ENDS = (Kind.TRANSFERRED, Kind.RELEASED_AT_CLOCK)


class Row(NamedTuple):
    """One thing that happened; the columns are those of :mod:`sim.trace`."""

    time: int
    kind: int
    flow: int
    vehicle: int
    seat: int
    unit: int
    detail: int

    @property
    def name(self) -> Name:
        """Of the vehicle: its flow and its number there."""
        return self.flow, self.vehicle

    @property
    def person(self) -> Who:
        """Of the person: the vehicle's name and the seat."""
        return self.flow, self.vehicle, self.seat


class Charges(NamedTuple):
    """What the policy makes of the people detained in a stop and of its driver's crime."""

    taken_by_ice: list[Who]
    goes_to_jail: bool
    is_wanted: bool


class Told:
    """One replication of an operation.

    Attributes
    ----------
    here
        The row that a law looks at, and so the place where it was broken, if it is; None if the law is about the whole.
    """

    def __init__(self, scenario: Scenario, draws: Draws, trace: Trace, measures: Mapping[str, float]) -> None:
        self.scenario, self.draws, self.trace, self.measures = scenario, draws, trace, measures
        self.rows = [Row(*row) for row in trace.rows.tolist()]
        self.here: Row | None = None
        self._among: dict[tuple[Kind, ...], list[Row]] = {}
        self.of_vehicle: dict[Name, list[Row]] = defaultdict(list)
        self.of_kind: dict[int, list[Row]] = defaultdict(list)
        self.of_person: dict[Who, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in self.rows:
            self.of_kind[row.kind].append(row)
            if row.vehicle != NOBODY:
                self.of_vehicle[row.name].append(row)
            if row.seat != NOBODY:
                self.of_person[row.person][row.kind].append(row)

    def along(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield rows one by one; while one is looked at, it is the place."""
        before = self.here
        for row in rows:
            self.here = row
            yield row
        self.here = before

    def among(self, *kinds: Kind) -> Iterator[Row]:
        """Yield the rows of some kinds in their order, as :meth:`along` does."""
        if kinds not in self._among:
            self._among[kinds] = [row for row in self.rows if row.kind in kinds]
        return self.along(self._among[kinds])

    def each_stop(self) -> Iterator[tuple[Name, dict[int, list[Row]]]]:
        """Yield every stop with its vehicle's name; the place is where it began."""
        for row in self.along(self.of_kind[Kind.STOP_BEGAN]):
            yield row.name, self.stops[row.name]

    def must_agree(self, found: Mapping[Any, object], expected: Mapping[Any, object]) -> None:
        """Demand that two tables by vehicle or by person are the same; the place is the last record of the first that differs."""
        for key in sorted({*found, *expected}):
            if key not in found or key not in expected or found[key] != expected[key]:
                theirs = [row for row in self.of_vehicle[key[:2]] if len(key) == 2 or row.person == key]
                self.here = next(reversed(theirs or self.of_vehicle[key[:2]]), None)
                raise Broken

    @cached_property
    def drawn(self) -> dict[Name, Vehicle]:
        """Every vehicle by its name."""
        return {(one.flow, one.number): one for one in vehicles(self.draws)}

    @cached_property
    def booked(self) -> dict[Name, Booking]:
        """Those who come to the jail from elsewhere."""
        local, overflow = bookings(self.draws.local, LOCAL), bookings(self.draws.overflow, OVERFLOW)
        return {(one.flow, one.number): one for one in [*local, *overflow]}

    @cached_property
    def stops(self) -> dict[Name, dict[int, list[Row]]]:
        """What happened in each stop, by kind."""
        stops: dict[Name, dict[int, list[Row]]] = {}
        for began in self.of_kind[Kind.STOP_BEGAN]:
            stops[began.name] = defaultdict(list)
            for row in self.of_vehicle[began.name]:
                stops[began.name][row.kind].append(row)
        return stops

    @cached_property
    def ice_was_there(self) -> dict[Name, bool]:
        """Whether ICE was on the scene when a stop began."""
        ice, found = 0, {}
        for row in self.rows:
            ice += (row.kind == Kind.ICE_ARRIVED) - (row.kind == Kind.ICE_LEFT)
            if row.kind == Kind.STOP_BEGAN:
                found[row.name] = ice > 0
        return found

    @cached_property
    def charges(self) -> dict[Name, Charges]:
        """A driver arrested for a crime goes to jail, unless ICE wants the driver and local charges are dropped for that."""
        found = {}
        for name, stop in self.stops.items():
            detained = [row.person for row in stop[Kind.DETAINED]]
            driver = (*name, 0)
            pursued = driver not in detained or self.scenario.custody.local_charges == "pursued"
            goes = self.drawn[name].outcome == ARRESTED and pursued
            by_ice = [one for one in detained if not (goes and one == driver)]
            found[name] = Charges(by_ice, goes, is_wanted=goes and driver in detained)
        return found

    @cached_property
    def end_of_watch(self) -> int:
        """When the measures of the jail stop to count."""
        return max(day.ends for day in self.draws.shifts) + self.scenario.jail.follow_up

    def in_watch(self, moment: int) -> bool:
        """Whether the measures of the jail count what happens at a moment."""
        return 0 <= moment <= self.end_of_watch

    def watched(self, begins: int, ends: int) -> int:
        """Return how much of a span lies within the watch."""
        return max(0, min(ends, self.end_of_watch) - max(begins, 0))

    def person(self, who: Who) -> Person:
        """Return somebody as drawn."""
        flow, number, seat = who
        return self.booked[flow, number].person if flow >= LOCAL else self.drawn[flow, number].people[seat]

    def number_over_time(self, up: tuple[Kind, ...], down: tuple[Kind, ...]) -> list[tuple[int, int]]:
        """Return the times at which a number changes that some records raise by one and others lower, and the number then."""
        number, steps = 0, []
        for row in self.among(*up, *down):
            number += (row.kind in up) - (row.kind in down)
            must(number >= 0)
            steps.append((row.time, number))
        must(number == 0)
        return steps


def integral(steps: list[tuple[int, int]]) -> int:
    """Return the integral over time of a number given by its changes; it is 0 before the first and after the last."""
    return sum(number * (after - time) for (time, number), (after, _) in pairwise(steps))


def same(one: float, other: float) -> bool:
    """Whether two numbers are the same but for the rounding of a few sums."""
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=0.0)


def held_for_ice(told: Told) -> tuple[int, int]:
    """Return the watched bed time of people held for ICE, and of people whom ICE brought."""
    held = brought = 0
    for began in told.along(told.of_kind[Kind.HOLD_BEGAN]):
        (end,) = [end for kind in HOLD_ENDS for end in told.of_person[began.person][kind]]
        held += told.watched(began.time, end.time)
    for entered in told.along(told.of_kind[Kind.ENTERED_JAIL]):
        if entered.flow == OVERFLOW:
            brought += told.watched(entered.time, told.of_person[entered.person][Kind.LEFT_JAIL][0].time)
    return held, brought
