"""One replication told in the ways that laws need, and the list of laws that it must keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from sim.entities import ARRESTED, LOCAL, OVERFLOW, Booking, Person, Vehicle, bookings, vehicles
from sim.measures import MEASURES, measure_all
from sim.trace import NOBODY, Kind
from tests.any_world import Run

Name = tuple[int, int]
Who = tuple[int, int, int]


class Row(NamedTuple):
    """One thing that happened."""

    time: int
    kind: int
    flow: int
    vehicle: int
    seat: int
    unit: int
    detail: int

    @property
    def name(self) -> Name:
        return self.flow, self.vehicle

    @property
    def person(self) -> Who:
        return self.flow, self.vehicle, self.seat


class Charges(NamedTuple):
    """What the policy makes of the people detained in a stop and of its driver's crime."""

    taken_by_ice: list[Who]
    goes_to_jail: bool
    is_wanted: bool


class Told:
    """One replication: what was asked for, what was drawn, what was recorded, and what was measured."""

    def __init__(self, run: Run) -> None:
        self.scenario, self.draws = run.scenario, run.draws
        self.rows = [Row(*row) for row in run.trace.rows.tolist()]
        self.measures = dict(zip(MEASURES, measure_all(run.trace, run.scenario), strict=True))
        self.of_vehicle: dict[Name, list[Row]] = defaultdict(list)
        self.of_kind: dict[int, list[Row]] = defaultdict(list)
        self.of_person: dict[Who, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in self.rows:
            self.of_kind[row.kind].append(row)
            if row.vehicle != NOBODY:
                self.of_vehicle[row.name].append(row)
            if row.seat != NOBODY:
                self.of_person[row.person][row.kind].append(row)

    @cached_property
    def drawn(self) -> dict[Name, Vehicle]:
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

    def person(self, who: Who) -> Person:
        flow, number, seat = who
        return self.booked[flow, number].person if flow >= LOCAL else self.drawn[flow, number].people[seat]

    def number_over_time(self, up: tuple[Kind, ...], down: tuple[Kind, ...]) -> list[tuple[int, int]]:
        """Return the times at which a number changes that some records raise by one and others lower, and the number then."""
        number, steps = 0, []
        for row in self.rows:
            change = (row.kind in up) - (row.kind in down)
            if change:
                number += change
                assert number >= 0
                steps.append((row.time, number))
        assert number == 0
        return steps


def integral(steps: list[tuple[int, int]]) -> int:
    """Return the integral over time of a number given by its changes; it is 0 before the first and after the last."""
    return sum(number * (after - time) for (time, number), (after, _) in pairwise(steps))


Law = Callable[[Told], None]
LAWS: list[Law] = []


def law(function: Law) -> Law:
    LAWS.append(function)
    return function
