"""Worlds for tests: small ones with a hand-made fate, to be read as a story, and any valid one, for laws.

A small world is a list of vehicles whose every number is written down instead of drawn. Unless a test says otherwise
there is one patrol unit from 08:00 to 18:00, nobody is asked about their standing, and the durations are those of
:func:`at` and :func:`person`. Vehicles are named by their position in the list, from 0.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from sim.arrivals import ShiftDay
from sim.chance import Draws, FlowDraws, JailDraws, Seat
from sim.engines.simpy_engine import simulate
from sim.entities import OUTCOMES
from sim.fields import CHANNELS, WEEKDAYS
from sim.loading import from_plain, shipped_folder
from sim.measures import MEASURES, measure_all
from sim.scenario import LEVELS, LICENCES, STANDINGS, Scenario
from sim.trace import LOCAL, OVERFLOW, Kind, Trace
from sim.units import DAY, parse_duration, parse_time
from sim.yaml_reader import read_file

MONDAY = date(2025, 6, 2)


@dataclass(frozen=True)
class PersonFate:
    """One person, with all that would be drawn."""

    standing: str
    licence: str
    identified: bool
    doubt: float
    matched: bool
    go_ahead: bool
    replies: tuple[int, ...]
    silent: tuple[bool, ...]
    durations: Mapping[str, int]
    known_to_ice: bool


@dataclass(frozen=True)
class VehicleFate:
    """One vehicle, with all that would be drawn."""

    arrives: int
    people: tuple[PersonFate, ...]
    flow: int
    diverts: bool
    outcome: str
    selected: bool
    level: str
    vehicle_out_of_service: bool
    driver_out_of_service: bool
    durations: Mapping[str, int]


@dataclass(frozen=True)
class ShiftPlan:
    """One pattern of shifts, and on which of its days ICE is there."""

    begins: str
    length: str
    staff: Mapping[str, int]
    ice: tuple[bool, ...]
    first_day: int


def person(
    *,
    standing: str = "citizen",
    licence: str = "in_state",
    identified: bool = True,
    doubt: float = 0.0,
    matched: bool = False,
    go_ahead: bool = True,
    reply: str | Mapping[str, str] = "5 min",
    silent: Sequence[str] = (),
    known_to_ice: bool = False,
    **durations: str,
) -> PersonFate:
    """Return a person about whom the officer's questions leave no doubt, unless ``doubt`` says otherwise.

    ``reply`` is the time to an answer, in every channel or by channel; in the ``silent`` channels none comes.
    """
    usual = {"booking": "15 min", "local_stay": "1 d", "questioning": "30 min", "pickup_drive": "2 h", "ice_comes": "45 min"}
    unknown = durations.keys() - usual.keys()
    assert not unknown, f"no such durations: {unknown}"
    by_channel = {} if isinstance(reply, str) else reply
    replies = {**dict.fromkeys(CHANNELS, reply if isinstance(reply, str) else "5 min"), **by_channel}
    return PersonFate(
        standing=standing,
        licence=licence,
        identified=identified,
        doubt=doubt,
        matched=matched,
        go_ahead=go_ahead,
        replies=tuple(parse_duration(replies[name]) for name in CHANNELS),
        silent=tuple(name in silent for name in CHANNELS),
        durations={name: parse_duration(text) for name, text in {**usual, **durations}.items()},
        known_to_ice=known_to_ice,
    )


def in_doubt(**changes: Any) -> PersonFate:
    """Return a person whom an officer refers; ICE reports no match unless ``matched`` says so."""
    return person(**{"doubt": 0.9, "standing": "no_status", **changes})


def at(
    when: str,
    *,
    people: Sequence[PersonFate] = (),
    day: int = 1,
    flow: int = 0,
    diverts: bool = False,
    outcome: str = "warned",
    selected: bool = False,
    level: str = "level_1",
    vehicle_out_of_service: bool = False,
    driver_out_of_service: bool = False,
    **durations: str,
) -> VehicleFate:
    """Return a vehicle that comes by at a time of day, with one person in it unless ``people`` says otherwise."""
    usual = {
        "traffic_task": "10 min",
        "criminal_arrest": "1 h",
        "inspection": "30 min",
        "asking": "2 min",
        "hand_over": "10 min",
        "to_jail": "20 min",
        "to_facility": "1 h",
        "repair": "8 h",
    }
    unknown = durations.keys() - usual.keys()
    assert not unknown, f"no such durations: {unknown}"
    return VehicleFate(
        arrives=(day - 1) * DAY + _time_of_day(when),
        people=tuple(people) or (person(),),
        flow=flow,
        diverts=diverts,
        outcome=outcome,
        selected=selected,
        level=level,
        vehicle_out_of_service=vehicle_out_of_service,
        driver_out_of_service=driver_out_of_service,
        durations={name: parse_duration(text) for name, text in {**usual, **durations}.items()},
    )


def shift(
    begins: str = "08:00",
    length: str = "10 h",
    *,
    units: int = 1,
    inspectors: int = 0,
    ice_agents: int = 0,
    ice: bool | Sequence[bool] = False,
    first_day: int = 1,
) -> ShiftPlan:
    """Return a pattern of shifts: as many days, from the first, as ``ice`` says whether ICE is there."""
    days = (ice,) if isinstance(ice, bool) else tuple(ice)
    staff = {"patrol_units": units, "inspectors": inspectors, "ice_agents": ice_agents}
    return ShiftPlan(begins, length, staff, days, first_day)


def small_world(
    vehicles: Sequence[VehicleFate],
    *,
    units: int = 1,
    inspectors: int = 0,
    ice_agents: int = 0,
    ice: bool = False,
    shifts: Mapping[str, ShiftPlan] | None = None,
    settings: Mapping[str, Any] | None = None,
    in_jail: Sequence[tuple[str, PersonFate]] = (),
    from_ice: Sequence[tuple[str, PersonFate]] = (),
) -> World:
    """Run a world in which everything is written down.

    ``units`` to ``ice`` describe the one shift of a world that names none in ``shifts``; ``settings`` are laid over the
    shipped base by dotted path. ``in_jail`` are people whom others bring to the jail on local charges, each with the time of
    day; ``from_ice`` those whom ICE brings.
    """
    one = shift(units=units, inspectors=inspectors, ice_agents=ice_agents, ice=ice)
    plans = dict(shifts or {"day": one})
    flows = 1 + max(vehicle.flow for vehicle in vehicles) if vehicles else 1
    scenario = plain_scenario(plans, flows, settings or {})
    rows = [[one for one in vehicles if one.flow == flow] for flow in range(flows)]
    flow_draws = tuple(_flow_draws(row) for row in rows)
    draws = Draws(1, 0, flow_draws, _shift_days(scenario, plans), _jail_draws(in_jail), _jail_draws(from_ice))
    numbers = [0] * flows
    names = []
    for vehicle in vehicles:
        names.append((vehicle.flow, numbers[vehicle.flow]))
        numbers[vehicle.flow] += 1
    names += [(LOCAL, number) for number in range(len(in_jail))] + [(OVERFLOW, number) for number in range(len(from_ice))]
    return World(scenario, simulate(scenario, draws), tuple(names))


@dataclass(frozen=True)
class World:
    """What happened in a small world."""

    scenario: Scenario
    trace: Trace
    names: tuple[tuple[int, int], ...] = field(repr=False)

    def story(self, vehicle: int, seat: int | None = None) -> list[str]:
        """Return what happened to a vehicle, or to one person in it, in order and in words."""
        return [kind for _, kind, mine, where, _, _ in self._told() if mine == vehicle and seat in (None, where)]

    def log(self, *kinds: str, vehicle: int | None = None, seat: int | None = None) -> list[str]:
        """Return what happened with its time, such as ``08:10 stop_ended``; only some kinds, or only about somebody."""
        return [
            f"{time} {kind}"
            for time, kind, mine, where, _, _ in self._told()
            if (not kinds or kind in kinds) and vehicle in (None, mine) and seat in (None, where)
        ]

    def times(self, kind: str, vehicle: int | None = None) -> list[str]:
        """Return when something happened, every time."""
        return [time for time, what, mine, *_ in self._told() if what == kind and vehicle in (None, mine)]

    def time(self, kind: str, vehicle: int | None = None) -> str:
        """Return when something happened that happened once."""
        (time,) = self.times(kind, vehicle)
        return time

    def order(self, kind: str) -> list[int]:
        """Return the vehicles to which something happened, in order."""
        return [mine for _, what, mine, *_ in self._told() if what == kind and mine is not None]

    def who_served(self, kind: str) -> list[int]:
        """Return the numbers of the units, inspectors, answerers or ICE vehicles of one kind of record, in order."""
        return [unit for _, what, _, _, unit, _ in self._told() if what == kind]

    def details(self, kind: str) -> list[int]:
        """Return what stands in the column ``detail`` of one kind of record, in order."""
        return [detail for _, what, *_, detail in self._told() if what == kind]

    def measure(self, name: str) -> float:
        """Return one measure of this world."""
        return measure_all(self.trace, self.scenario)[list(MEASURES).index(name)]

    def _told(self) -> list[tuple[str, str, int | None, int, int, int]]:
        position = {name: vehicle for vehicle, name in enumerate(self.names)}
        return [
            (readable(time), Kind(kind).name.lower(), position.get((flow, number)), seat, unit, detail)
            for time, kind, flow, number, seat, unit, detail in self.trace.rows.tolist()
        ]


def readable(milliseconds: int) -> str:
    """Return model time as a time of day; after the first day with the day before it, such as ``day 2 08:10``."""
    day, rest = divmod(milliseconds, DAY)
    moment = datetime.min + timedelta(milliseconds=rest)
    exact = "%H:%M" if rest % 60_000 == 0 else "%H:%M:%S.%f"
    return f"day {day + 1} {moment:{exact}}" if day else f"{moment:{exact}}"


def plain_scenario(plans: Mapping[str, ShiftPlan], flows: int, settings: Mapping[str, Any]) -> Scenario:
    """Return a scenario over the shipped base, in which nobody is asked unless the settings say so."""
    plain = base()
    plain |= {"title": "small", "question": "What happens?"}
    plain["operation"] |= {"shifts": {name: _written(plan) for name, plan in plans.items()}}
    road = {"vehicle": "car", "road": "road", "rate": "1 per h", "by_hour": [1] * 24, "diverted": 0}
    plain["traffic"]["flows"] = {f"road_{number}": dict(road) for number in range(flows)}
    for path, value in {"status_check.asked": "nobody", **settings}.items():
        lay(plain, path, value)
    return from_plain(plain, "small")


def lay(plain: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a dotted path, in place of what stands there."""
    *sections, key = path.split(".")
    for section in sections:
        plain = plain.setdefault(section, {})
    plain[key] = value


def base() -> dict[str, Any]:
    """Return the shipped base as plain values of the caller's own."""
    return copy.deepcopy(_base())


@cache
def _base() -> dict[str, Any]:
    plain: dict[str, Any] = read_file(shipped_folder() / "base.yaml").plain()
    return plain


def tied(draws: Draws, grid: int) -> Draws:
    """Return draws in which everybody comes only at multiples of ``grid`` milliseconds, so that much happens at once."""
    flows = tuple(replace(flow, arrives=flow.arrives // grid * grid) for flow in draws.flows)
    local, overflow = (replace(jail, arrives=jail.arrives // grid * grid) for jail in (draws.local, draws.overflow))
    return replace(draws, flows=flows, local=local, overflow=overflow)


def _time_of_day(text: str) -> int:
    moment = parse_time(text)
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1000


def _written(plan: ShiftPlan) -> dict[str, Any]:
    first = MONDAY + timedelta(days=plan.first_day - 1)
    return {
        "first": first.isoformat(),
        "last": (first + timedelta(days=len(plan.ice) - 1)).isoformat(),
        "weekdays": list(WEEKDAYS),
        "begins": plan.begins,
        "length": plan.length,
        "traffic": 1,
        "ice_presence": 0.5,
        **plan.staff,
    }


def _shift_days(scenario: Scenario, plans: Mapping[str, ShiftPlan]) -> tuple[ShiftDay, ...]:
    days = []
    for pattern, name in enumerate(sorted(plans)):
        worked = scenario.operation.shifts[name]
        for day, ice in zip(worked.days(), plans[name].ice, strict=True):
            begins = scenario.operation.calendar.moment(datetime.combine(day, worked.begins))
            days.append(ShiftDay(pattern, begins, begins + worked.length, ice))
    return tuple(sorted(days, key=lambda day: (day.begins, day.pattern)))


def _flow_draws(vehicles: Sequence[VehicleFate]) -> FlowDraws:
    def ints(values: Sequence[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.asarray(values, dtype=np.int64)

    def flags(values: Sequence[bool]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        return np.asarray(values, dtype=np.bool_)

    assert [one.arrives for one in vehicles] == sorted(one.arrives for one in vehicles), "vehicles come in their order"
    durations = ("traffic_task", "criminal_arrest", "inspection", "asking", "hand_over", "to_jail", "to_facility", "repair")
    most = max((len(one.people) for one in vehicles), default=0)
    return FlowDraws(
        number=np.arange(len(vehicles), dtype=np.int64),
        arrives=ints([one.arrives for one in vehicles]),
        diverts=flags([one.diverts for one in vehicles]),
        occupants=ints([len(one.people) for one in vehicles]),
        outcome=ints([OUTCOMES.index(one.outcome) for one in vehicles]),
        selected=flags([one.selected for one in vehicles]),
        level=ints([LEVELS.index(one.level) for one in vehicles]),
        vehicle_out_of_service=flags([one.vehicle_out_of_service for one in vehicles]),
        driver_out_of_service=flags([one.driver_out_of_service for one in vehicles]),
        vehicle_ground=ints([0] * len(vehicles)),
        driver_ground=ints([0] * len(vehicles)),
        seats=tuple(_seat([(*one.people, *[person()] * most)[seat] for one in vehicles]) for seat in range(most)),
        **{name: ints([one.durations[name] for one in vehicles]) for name in durations},
    )


def _seat(people: Sequence[PersonFate]) -> Seat:
    return Seat(
        standing=np.asarray([STANDINGS.index(one.standing) for one in people], dtype=np.int64),
        licence=np.asarray([LICENCES.index(one.licence) for one in people], dtype=np.int64),
        identified=np.asarray([one.identified for one in people], dtype=np.bool_),
        doubt=np.asarray([one.doubt for one in people], dtype=np.float64),
        matched=np.asarray([one.matched for one in people], dtype=np.bool_),
        go_ahead=np.asarray([one.go_ahead for one in people], dtype=np.bool_),
        replies=tuple(np.asarray([one.replies[c] for one in people], dtype=np.int64) for c in range(len(CHANNELS))),
        no_answers=tuple(np.asarray([one.silent[c] for one in people], dtype=np.bool_) for c in range(len(CHANNELS))),
        matched_in_jail=np.asarray([one.matched for one in people], dtype=np.bool_),
        known_to_ice=np.asarray([one.known_to_ice for one in people], dtype=np.bool_),
        **{name: _column(people, name) for name in ("ice_comes", "booking", "local_stay", "questioning", "pickup_drive")},
    )


def _column(people: Sequence[PersonFate], name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray([one.durations[name] for one in people], dtype=np.int64)


def _jail_draws(arrivals: Sequence[tuple[str, PersonFate]]) -> JailDraws:
    people = [one for _, one in arrivals]
    return JailDraws(
        number=np.arange(len(people), dtype=np.int64),
        arrives=np.asarray([_time_of_day(when) for when, _ in arrivals], dtype=np.int64),
        standing=np.asarray([STANDINGS.index(one.standing) for one in people], dtype=np.int64),
        matched=np.asarray([one.matched for one in people], dtype=np.bool_),
        go_ahead=np.asarray([one.go_ahead for one in people], dtype=np.bool_),
        booking=_column(people, "booking"),
        stay=_column(people, "local_stay"),
        questioning=_column(people, "questioning"),
        known_to_ice=np.asarray([one.known_to_ice for one in people], dtype=np.bool_),
        pickup_drive=_column(people, "pickup_drive"),
    )
