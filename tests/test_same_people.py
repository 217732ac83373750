"""The same people in every scenario: a changed parameter moves only what depends on it (promise 2)."""

from __future__ import annotations

import copy
import typing
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from fnmatch import fnmatch
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim import streams
from sim.arrivals import clock
from sim.chance import Draws, FlowDraws, JailDraws, Seat, draw
from sim.distributions import Distribution
from sim.fields import CHANNELS
from sim.leaves import field_at, unit_of, value_at
from sim.loading import from_plain, load, to_plain
from sim.scenario import STANDINGS, Scenario
from tests.worlds import lay

# --- what may move --------------------------------------------------------------------------------------------------

CLASS_OF_VEHICLE = {"occupants", "standing", "licence", "doubt", "matched", "matched_in_jail", "selected"}
JAIL_FLOWS = ("jail.local", "jail.overflow")
TIMES = {"vehicles", "arrives", "diverts"}

#: Which drawn columns hang on which parameter. First match counts; what is not listed is a lever that moves no number.
DEPENDENCE: tuple[tuple[str, set[str]], ...] = (
    ("operation.shifts.*.first", TIMES | {"ice_present"}),
    ("operation.shifts.*.last", {"vehicles"}),
    ("operation.shifts.*.weekdays", TIMES),
    ("operation.shifts.*.begins", TIMES),
    ("operation.shifts.*.length", TIMES),
    ("operation.shifts.*.traffic", TIMES),
    ("operation.shifts.*.ice_presence", {"ice_present"}),
    ("operation.time_zone", TIMES),
    ("traffic.known_after", {"diverts"}),
    ("traffic.half_life", {"diverts"}),
    ("traffic.flows.*.vehicle", CLASS_OF_VEHICLE),
    ("traffic.flows.*.rate", TIMES),
    ("traffic.flows.*.by_hour", TIMES),
    ("traffic.flows.*.diverted", {"diverts"}),
    ("people.*.number", {"occupants"}),
    ("people.*.crew_effect", {"standing", "licence", "doubt", "matched", "matched_in_jail"}),
    ("people.*.standing.*", {"standing", "licence", "doubt", "matched", "matched_in_jail"}),
    ("people.licence.*", {"licence"}),
    ("people.doubt.*", {"doubt"}),
    ("stop.traffic_task", {"traffic_task"}),
    ("stop.outcome.*", {"outcome"}),
    ("stop.criminal_arrest", {"criminal_arrest"}),
    ("inspection.selected", {"selected"}),
    ("inspection.levels.*", {"level", "inspection", "vehicle_out_of_service", "driver_out_of_service"}),
    ("inspection.duration.*", {"inspection"}),
    ("inspection.vehicle_out_of_service", {"vehicle_out_of_service"}),
    ("inspection.driver_out_of_service", {"driver_out_of_service"}),
    ("inspection.vehicle_grounds.*", {"vehicle_ground"}),
    ("inspection.driver_grounds.*", {"driver_ground"}),
    ("status_check.asking", {"asking"}),
    ("status_check.identified.driver", {"identified of the driver"}),
    ("status_check.identified.passenger", {"identified of passengers"}),
    *((f"status_check.{name}.reply", {f"reply of {name}"}) for name in CHANNELS),
    *((f"status_check.{name}.no_answer", {f"no answer of {name}"}) for name in CHANNELS),
    ("status_check.ice_comes", {"ice_comes"}),
    ("status_check.match.*", {"matched"}),
    ("status_check.go_ahead", {"go_ahead"}),
    ("custody.hand_over", {"hand_over"}),
    ("custody.to_jail", {"to_jail"}),
    ("custody.to_facility", {"to_facility"}),
    ("inspection.repair", {"repair"}),
    ("jail.booking", {"booking"}),
    ("jail.warm_up", TIMES),
    ("jail.follow_up", {"vehicles"}),
    ("jail.*.rate", TIMES),
    ("jail.local.stay", {"stay", "local_stay"}),
    ("jail.overflow.stay", {"stay"}),
    ("jail.local.standing.*", {"standing", "matched"}),
    ("jail.screening.questioning", {"questioning"}),
    ("jail.screening.match.*", {"matched", "matched_in_jail"}),
    ("jail.screening.known_to_ice", {"known_to_ice"}),
    ("jail.pickup.drive", {"pickup_drive"}),
)


def may_move(path: str) -> set[str]:
    """Return the names of the columns that hang on a parameter, each with its flow."""
    columns = next((columns for pattern, columns in DEPENDENCE if fnmatch(path, pattern)), set())
    parts = path.split(".")
    flows = {*plenty().flow_names, *JAIL_FLOWS}
    if path.startswith(("jail.local.rate", "jail.overflow.", "jail.warm_up", "jail.follow_up")):
        flows = {".".join(parts[:2])} & set(JAIL_FLOWS) or set(JAIL_FLOWS)
    elif path == "status_check.match." or parts[:2] == ["status_check", "match"]:
        flows -= set(JAIL_FLOWS)
    elif path.startswith("jail.local.standing"):
        flows = set(JAIL_FLOWS)
    elif parts[:2] == ["traffic", "flows"]:
        flows = {parts[2]}
    elif parts[0] == "people" and parts[1] in ("truck", "car", "crew_van"):
        flows = {name for name in plenty().flow_names if plenty().traffic.flows[name].vehicle == parts[1]}
    elif path == "inspection.selected":
        flows = {name for name in plenty().flow_names if plenty().traffic.flows[name].vehicle == "truck"}
    return {column if column == "ice_present" else f"{flow}: {column}" for flow in flows for column in columns}


# --- what did move --------------------------------------------------------------------------------------------------


@cache
def plenty() -> Scenario:
    """Return the Wyoming operation with work crew vans, and with so much going on that every parameter matters."""
    settings = [
        "traffic.flows.work_crew={vehicle: crew_van, road: county road, rate: 8 per h, diverted: 0.3, "
        f"by_hour: {list(range(1, 25))}}}",
        *(f"traffic.flows.{flow}.rate=8 per h" for flow in ("interstate_truck", "county_road_truck", "interstate_car")),
        *(f"traffic.flows.{flow}.diverted=0.3" for flow in ("interstate_truck", "county_road_truck", "interstate_car")),
        "operation.shifts.detail.traffic=2",
        *("jail.local.rate=90 per d", "jail.overflow.rate=90 per d", "jail.warm_up=2 d", "jail.follow_up=1 d"),
        *(f"jail.local.standing.{name}=20" for name in STANDINGS),
        "operation.shifts.detail.ice_presence=0.5",
        *(f"inspection.levels.level_{number}=10" for number in range(1, 9)),
    ]
    plain = to_plain(load("wyoming_safe_haul_2025", settings))
    lay(plain, "operation.shifts.detail.last", "2025-11-22")
    for path in leaves(plain):  # ranges were written for the shipped values
        lay(plain, path, {"value": _written(plain, path)})
    return from_plain(plain, "plenty")


def leaves(plain: dict[str, Any]) -> Iterator[str]:
    yield from (path for path in from_plain(plain, "plenty").evidence)


def _written(plain: dict[str, Any], path: str) -> Any:
    node: Any = plain
    for part in path.split("."):
        node = node[part]
    return node["value"] if isinstance(node, dict) and "value" in node else node


def with_changed(path: str) -> Scenario:
    """Return the scenario with one parameter changed to another valid value."""
    plain = copy.deepcopy(to_plain(plenty()))
    lay(plain, path, another(path))
    return from_plain(plain, path)


def another(path: str) -> Any:
    """Return another valid value for a parameter, as one would write it."""
    value, field = value_at(plenty(), path), field_at(path)
    if isinstance(value, Distribution):
        return {"uniform": {"low": "1 min", "high": "2 h"}}
    if typing.get_origin(field.annotation) is typing.Literal:
        return next(option for option in typing.get_args(field.annotation) if option != value)
    if isinstance(value, date):
        return (value + timedelta(days=1 if path.endswith("last") else -1)).isoformat()
    by_unit: dict[str, Any] = {
        "duration": lambda: f"{value // 2} ms",
        "duration or none": lambda: "7 min",
        "per hour": lambda: f"{value * 2} per h",
        "share": lambda: value / 2 or 0.5,
        "count": lambda: value + 1,
        "weight": lambda: 3 * value + 20,
        "number": lambda: value + 0.5,
        "weights": lambda: list(reversed(value)),
        "text": lambda: "another",
        "time of day": lambda: "05:00",
        "time zone": lambda: "America/Chicago",
        "agreements": lambda: ["jail_enforcement"],
        "true or false": lambda: not value,
        "USD": lambda: f"{value // 100 + 1} USD",
        "weekdays": lambda: [day for day in value if day != "tue"],
        "channels": lambda: list(reversed(value)),
    }
    return by_unit[unit_of(field)]()


@dataclass(frozen=True)
class Column:
    """One drawn column: a row for each key (a vehicle's number, or a day), and for people a column for each seat."""

    keys: NDArray[Any]
    values: NDArray[Any]

    def moved(self, other: Column) -> bool:
        """Whether something is not the same that both have."""
        mine: NDArray[Any] | slice = slice(None)
        others: NDArray[Any] | slice = slice(None)
        if not np.array_equal(self.keys, other.keys):
            _, mine, others = np.intersect1d(self.keys, other.keys, return_indices=True)
        seats = min(self.values.shape[1], other.values.shape[1])
        return not np.array_equal(self.values[mine, :seats], other.values[others, :seats])


def columns(scenario: Scenario, draws: Draws) -> dict[str, Column]:
    """Return every drawn column by name."""
    days = [f"{day.pattern} {clock(scenario, day.begins).date()}" for day in draws.shifts]
    found = {"ice_present": Column(np.asarray(days), np.asarray([[day.ice_present] for day in draws.shifts]))}
    for name, flow in zip(scenario.flow_names, draws.flows, strict=True):
        seen = np.zeros((20_000, 1), dtype=bool)
        seen[flow.number] = True
        found[f"{name}: vehicles"] = Column(np.arange(len(seen)), seen)
        for one in fields(FlowDraws):
            if one.name not in ("number", "seats"):
                found[f"{name}: {one.name}"] = Column(flow.number, getattr(flow, one.name)[:, np.newaxis])
        start = origin(scenario)
        found[f"{name}: arrives"] = Column(flow.number, flow.arrives[:, np.newaxis] + start)
        for column, seats in by_column(flow.seats).items():
            found[f"{name}: {column}"] = Column(flow.number, np.column_stack(seats))
    for name, jail in zip(JAIL_FLOWS, (draws.local, draws.overflow), strict=True):
        seen = np.zeros((20_000, 1), dtype=bool)
        seen[jail.number] = True
        found[f"{name}: vehicles"] = Column(np.arange(len(seen)), seen)
        for one in fields(JailDraws):
            if one.name != "number":
                found[f"{name}: {one.name}"] = Column(jail.number, getattr(jail, one.name)[:, np.newaxis])
        found[f"{name}: arrives"] = Column(jail.number, jail.arrives[:, np.newaxis] + origin(scenario))
    return found


def origin(scenario: Scenario) -> int:
    """Return the beginning of model time, so that times can be compared as those of the calendar."""
    return round(scenario.operation.calendar.origin.timestamp() * 1000)


def by_column(seats: Sequence[Seat]) -> dict[str, list[NDArray[Any]]]:
    """Return what is drawn for people, as one array for each seat."""
    found: dict[str, list[NDArray[Any]]] = defaultdict(list)
    for number, seat in enumerate(seats):
        for one in fields(Seat):
            values = getattr(seat, one.name)
            if one.name == "identified":
                found["identified of passengers" if number else "identified of the driver"].append(values)
            elif isinstance(values, tuple):
                for channel, column in zip(CHANNELS, values, strict=True):
                    found[f"{'reply' if one.name == 'replies' else 'no answer'} of {channel}"].append(column)
            else:
                found[one.name].append(values)
    return found


def moved(before: dict[str, Column], after: dict[str, Column]) -> set[str]:
    """Return the columns in which a vehicle, person or day that both have is not the same."""
    return {name for name in before.keys() & after.keys() if before[name].moved(after[name])}


@cache
def drawn_from_plenty() -> dict[str, Column]:
    return columns(plenty(), draw(plenty(), 11, 2))


# --- the promise ----------------------------------------------------------------------------------------------------

EVERY_PARAMETER = sorted(plenty().evidence)


@pytest.fixture(autouse=True)
def everything_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw what nothing in a scenario can come to hang on as well: else a way not taken before would seem to move its numbers."""
    certain = streams.Column.certain.fget
    assert certain
    monkeypatch.setattr(streams.Column, "certain", property(lambda column: certain(replace(column, used=True))))


@pytest.mark.parametrize(
    "setting",
    [
        "agency.agreements=[jail_enforcement]",
        "custody.path=ice_vehicles",
        "status_check.channels=[ice_on_scene]",
        "stop.outcome.arrested=0",
        "jail.pickup.seats=0",
        "traffic.flows.interstate_car.vehicle=truck",
    ],
)
def test_what_is_drawn_is_the_same_whatever_else_is(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if leaving out what cannot be used moves a number of another column, or leaves a column half."""
    scenario = load("wyoming_safe_haul_2025", [setting])
    everything = columns(scenario, draw(scenario, 11, 2))
    monkeypatch.undo()
    scenario = load("wyoming_safe_haul_2025", [setting])  # anew, since a thread keeps what it knows of a scenario
    some = columns(scenario, draw(scenario, 11, 2))
    left_out = moved(some, everything)
    assert left_out
    assert all(len(np.unique(some[name].values)) == 1 for name in left_out)


@pytest.mark.parametrize("path", EVERY_PARAMETER)
def test_a_changed_parameter_moves_something_that_hangs_on_it_and_nothing_else(path: str) -> None:
    scenario = with_changed(path)
    did_move = moved(drawn_from_plenty(), columns(scenario, draw(scenario, 11, 2)))
    assert did_move <= may_move(path)
    assert bool(did_move) == bool(may_move(path))


def test_most_parameters_are_drawn_from_and_the_rest_are_staff_policy_and_words() -> None:
    without = {path.rsplit(".", 1)[1] for path in EVERY_PARAMETER if not may_move(path)}
    assert without == {
        *("patrol_units", "inspectors", "ice_agents", "servers", "count", "seats"),
        *("asked", "threshold", "limit", "channels", "gives_up_after", "patience", "wait"),
        *("path", "path_without_ice", "road", "local_charges", "agreements"),
        *("desks", "beds", "officers", "rule", "detainer", "ice_arrest", "at", "weekdays"),
        *("officer_hour", "overtime_hour", "inspector_hour", "shift_is_overtime", "overtime_paid_by", "bed_day", "trip"),
        *("ice_bed_days_paid_by", "vehicles", "equipment", "quarters", "amount", "crime_reporting", "crimes_reported"),
    }


@pytest.mark.parametrize("name", ["a_first", "interstate_train", "z_last"])
def test_another_flow_moves_no_number_of_the_others(name: str) -> None:
    plain = to_plain(plenty())
    plain["traffic"]["flows"][name] = copy.deepcopy(plain["traffic"]["flows"]["interstate_truck"])
    scenario = from_plain(plain, name)
    assert not moved(drawn_from_plenty(), columns(scenario, draw(scenario, 11, 2)))


def test_a_flow_alone_is_the_same_as_among_others() -> None:
    plain = to_plain(plenty())
    plain["traffic"]["flows"] = {"interstate_car": plain["traffic"]["flows"]["interstate_car"]}
    scenario = from_plain(plain, "alone")
    assert not moved(drawn_from_plenty(), columns(scenario, draw(scenario, 11, 2)))


def test_flows_that_are_alike_are_not_the_same_people() -> None:
    plain = to_plain(plenty())
    plain["traffic"]["flows"]["twin"] = copy.deepcopy(plain["traffic"]["flows"]["interstate_car"])
    scenario = from_plain(plain, "twins")
    both = columns(scenario, draw(scenario, 11, 2))
    for column in ("traffic_task", "doubt", "reply of duty_officer", "arrives"):
        assert both[f"twin: {column}"].moved(both[f"interstate_car: {column}"])


def test_a_longer_operation_begins_with_the_same_days_bit_for_bit() -> None:
    longer = with_changed("operation.shifts.detail.last")
    short, long = draw(plenty(), 11, 2), draw(longer, 11, 2)
    for few, many in zip(short.flows, long.flows, strict=True):
        assert len(few) < len(many)
        for column in ("number", "arrives", "traffic_task", "occupants", "diverts"):
            np.testing.assert_array_equal(getattr(few, column), getattr(many, column)[: len(few)])


# --- more traffic ---------------------------------------------------------------------------------------------------


def around_the_clock(rate: str) -> Draws:
    """Return one flow that is the same at all hours, seen from midnight to midnight on two days."""
    return draw(
        load(
            "wyoming_safe_haul_2025",
            [
                "traffic.flows.interstate_car=",
                "traffic.flows.county_road_truck=",
                f"traffic.flows.interstate_truck.rate={{value: {rate}}}",
                f"traffic.flows.interstate_truck.by_hour={[1] * 24}",
                *("operation.shifts.detail.begins=00:00", "operation.shifts.detail.length=24 h"),
                "operation.shifts.detail.last=2025-11-19",
            ],
        ),
        5,
        0,
    )


def test_with_twice_the_traffic_the_same_vehicles_come_in_half_the_time_and_more_follow() -> None:
    once, twice = around_the_clock("10 per h").flows[0], around_the_clock("20 per h").flows[0]
    first = len(once)
    assert len(twice) > first
    # Times are cut to whole milliseconds, so the half of an odd one has lost one.
    assert set((once.arrives - 2 * twice.arrives[:first]).tolist()) == {0, 1}
    for column in ("number", "traffic_task", "occupants", "outcome", "level", "inspection", "asking", "to_facility"):
        np.testing.assert_array_equal(getattr(once, column), getattr(twice, column)[:first])
    for one, other in zip(once.seats, twice.seats, strict=True):
        np.testing.assert_array_equal(one.standing, other.standing[:first])
        np.testing.assert_array_equal(one.doubt, other.doubt[:first])
