"""A scenario as plain numbers and arrays, for the rooms of the compiled engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

from sim import chance, streams
from sim.arrivals import ShiftDay, end_of_watch, known_since, profiles, shift_days
from sim.calendar import Calendar, is_excluded
from sim.columns import booking_columns, occupants_of, seat_columns, vehicle_columns
from sim.distributions import DISTRIBUTIONS, Distribution
from sim.engines.compiled.columns import Column, Law
from sim.engines.compiled.layout import ARRAYS, ARRIVAL, ELSEWHERE, NONE, POOL, POOLS, SPANS, WORLD, Floats, Ints
from sim.entities import OUTCOMES
from sim.fields import CHANNELS, WEEKDAYS
from sim.measures.tally import KINDS, UNIT_COLUMNS, Of, Sum
from sim.scenario import LEVELS, STANDINGS, Scenario, StatusCheck
from sim.streams import Column as Drawn
from sim.trace import CLOCKS, LOCAL, OVERFLOW, PATHS, Kind
from sim.units import DAY

# What the rooms say in numbers must be what the pathway says in words.
assert [Law[name.upper()] for name in DISTRIBUTIONS] == list(Law)[Law.FIXED :]
assert PATHS == ("ice_vehicles", "local_booking", "agency_drives", "ice_comes")
assert CLOCKS == ("detainer", "ice_arrest")
assert [Kind[outcome.upper()] - Kind.WARNED for outcome in OUTCOMES] == list(range(len(OUTCOMES)))
assert [Column[f"REPLY_{name.upper()}"] - Column.REPLY_ICE_ON_SCENE for name in CHANNELS] == list(range(len(CHANNELS)))

ASKED = ("nobody", "drivers_unsettled", "drivers", "occupants")
#: Days for which the calendar's tables are made at first, after the last shift's follow-up.
DAYS_AT_FIRST = 120
FIRST_ROOM = 64
#: More rows than one step can leave besides those of the staff of a shift and of the people in a jail.
SPARE_ROWS = 64
#: What is kept of rows, each of which may add one entry; and the rows themselves, if a trace is asked for.
GROWING_WITH_ROWS = ("came", "held", "added", "holds", "rows")


class _Values:
    """One long array, in which tables stand one after the other."""

    def __init__(self) -> None:
        self.parts: list[Floats] = []
        self.length = 0

    def add(self, table: Sequence[float] | Floats) -> tuple[int, int]:
        part = np.asarray(table, dtype=np.float64)
        self.parts.append(part)
        self.length += len(part)
        return self.length - len(part), len(part)

    def weights(self, weights: Sequence[float]) -> tuple[int, int, int, bool]:
        """Enter the edges of alternatives; return where, how many, the last with a weight, and whether it is the only one."""
        weighty = [place for place, weight in enumerate(weights) if weight > 0]
        return (*self.add(np.cumsum(np.asarray(weights, dtype=np.float64))), weighty[-1], len(weighty) == 1)

    def law(self, law: Distribution | float | tuple[float, ...] | None) -> tuple[int, list[float], tuple[int, int]]:
        """Return a law's kind, figures and span."""
        if law is None:
            return Law.PLAIN, [0.0, 0.0, 0.0], (0, 0)
        if isinstance(law, float):
            return Law.SHARE, [law, 0.0, 0.0], (0, 0)
        if isinstance(law, tuple):
            first, count, last, only = self.weights(law)
            return Law.CHOICE, [last, only, 0.0], (first, count)
        figures = [*law.figures, 0.0, 0.0, 0.0][:3]
        span = (0, 0) if law.table is None else self.add(law.table)
        return Law[law.name.upper()], figures, span

    @property
    def all(self) -> Floats:
        return np.concatenate([np.zeros(1), *self.parts]) if not self.parts else np.concatenate(self.parts)


def policy_of(scenario: Scenario, grid: int = 1) -> dict[str, float]:
    """Return what the rooms ask of a scenario."""
    check, custody, jail = scenario.status_check, scenario.custody, scenario.jail
    agreements = scenario.agency.agreements
    return {
        "asked": ASKED.index(check.asked),
        "threshold": check.threshold,
        "limit": -1 if check.limit is None else check.limit,
        "may_detain": int(scenario.may_detain_at_the_roadside),
        "path": PATHS.index(custody.path),
        "path_without_ice": PATHS.index(custody.path_without_ice),
        "drops_charges": int(custody.local_charges == "dropped"),
        "inspection_patience": scenario.inspection.patience,
        "identified_driver": check.identified.driver,
        "identified_passenger": check.identified.passenger,
        "half_life": max(scenario.traffic.half_life, 1),
        "known_since": known_since(scenario, shift_days(scenario)),
        "fleet_seats": custody.ice_vehicles.seats,
        "fleet_patience": custody.ice_vehicles.wait,
        "screens": int("jail_enforcement" in agreements),
        "serves_warrants": int("warrant_service_officer" in agreements),
        "detainer": jail.clock.detainer,
        "ice_arrest": jail.clock.ice_arrest,
        "skips_weekends": int(jail.clock.rule == "without_weekends"),
        "pickup_seats": jail.pickup.seats,
        "watch": end_of_watch(scenario),
        "grid": grid,
    }


def tables_of(scenario: Scenario) -> dict[str, Any]:
    """Return what a scenario says of chance, time and people, as arrays by name."""
    values = _Values()
    laws = [[values.law(column.law) for column in columns] for columns in drawn_columns(scenario)]
    levels = [values.law(getattr(scenario.inspection.duration, name)) for name in LEVELS]
    flows = [scenario.traffic.flows[name] for name in scenario.flow_names]
    standing = [values.weights(occupants_of(scenario, flow).standing.weights) for flow in flows]
    licence = [values.weights(weights) for weights in chance.licence_weights(scenario)]
    days = shift_days(scenario)
    steps, arrivals = _steps(scenario)
    check, match_in_jail = scenario.status_check, scenario.jail.screening.match
    patterns = [scenario.operation.shifts[name] for name in sorted(scenario.operation.shifts)]
    return {
        "laws": _ints([[one[0] for one in row] for row in laws]),
        "figures": np.asarray([[one[1] for one in row] for row in laws], dtype=np.float64),
        "spans": _ints([[one[2] for one in row] for row in laws]),
        "values": values.all,
        "levels": _ints([one[0] for one in levels]),
        "level_figures": np.asarray([one[1] for one in levels], dtype=np.float64),
        "level_spans": _ints([one[2] for one in levels]),
        "diverted": np.asarray([flow.diverted for flow in flows] + [0.0] * len(ELSEWHERE)),
        "standing": _ints([*standing, *((0, 0, 0, 0),) * len(ELSEWHERE)]),
        "licence": _ints(licence),
        "match": np.asarray(check.match.values, dtype=np.float64),
        "match_in_jail": np.asarray(match_in_jail.values, dtype=np.float64),
        "doubt": np.asarray(scenario.people.doubt.values, dtype=np.float64),
        "in_doubt": np.asarray([_in_doubt(check.threshold, exponent) for exponent in scenario.people.doubt.values]),
        "order": _ints([CHANNELS.index(name) for name in check.channels]),
        "gives_up": _ints([getattr(check, name).gives_up_after for name in CHANNELS]),
        "staff": _staff(scenario),
        "days": _ints([(day.pattern, day.begins, day.ends, day.number) for day in days]).reshape(-1, 4),
        "presence": np.asarray([pattern.ice_presence for pattern in patterns], dtype=np.float64),
        "edges": _edges(days),
        "open": _open(days),
        "step_edges": _ints(np.concatenate([edges for edges, _, _ in steps])),
        "step_passed": np.concatenate([expected for _, expected, _ in steps]),
        "step_rates": np.concatenate([rates for _, _, rates in steps]),
        "sizes": _sizes(scenario, check),
        "arrivals": arrivals,
    }


def _in_doubt(threshold: float, exponent: float) -> tuple[float, float]:
    """Return a number below which more doubt than the threshold is left, and one above which less is, whatever the rounding.

    A share of (1 - threshold) ** exponent leaves more. Doubt is found to some parts in 10**15 of 1, which is ``exponent`` /
    (1 - ``threshold``) times as much of the share.
    """
    if threshold >= 1:
        return 0.0, 1.0
    share = (1.0 - threshold) ** exponent
    margin = 1e-12 * (1 + exponent / (1.0 - threshold))
    return share * (1.0 - margin), share * (1.0 + margin)


def _ints(values: Any) -> Ints:
    return np.ascontiguousarray(np.asarray(values, dtype=np.int64))


def _sizes(scenario: Scenario, check: StatusCheck) -> Ints:
    always = {"duty_officer": check.duty_officer.servers, "support_centre": check.support_centre.servers}
    jail = scenario.jail
    first = [0, 0, jail.desks, jail.screening.officers, scenario.custody.ice_vehicles.count]
    return _ints([*first, *(always.get(name, 0) for name in CHANNELS)])


def drawn_columns(scenario: Scenario) -> list[list[Drawn]]:
    """Return, for each flow and then for people from elsewhere, the columns in the order of :class:`Column`."""
    names = [column.name.lower() for column in Column]
    rows = []
    for name in scenario.flow_names:
        flow = scenario.traffic.flows[name]
        columns = vehicle_columns(scenario, flow) | seat_columns(scenario, flow)
        assert list(columns) == names, "sim/engines/compiled/columns.py must name those of sim/columns.py"
        rows.append(list(columns.values()))
    for name in ELSEWHERE:
        own = booking_columns(scenario, name)
        rows.append([own.get(column, Drawn("")) for column in names])
    return rows


def _steps(scenario: Scenario) -> tuple[list[tuple[Ints, Floats, Floats]], np.ndarray[Any, Any]]:
    """Return the cumulative rates of all flows, and the arrivals before the first."""
    found = profiles(scenario, shift_days(scenario))
    assert list(found) == [*scenario.flow_names, *ELSEWHERE]  # the order of every table by flow
    steps = []
    arrivals = np.zeros(len(found), dtype=ARRIVAL)
    codes = [*range(len(scenario.flow_names)), LOCAL, OVERFLOW]
    first = 0
    for number, (edges, rates, expected) in enumerate(found.values()):
        steps.append((edges, expected, np.append(rates, 0.0)))
        arrivals[number]["first_step"], arrivals[number]["last_step"] = first, first + len(edges) - 1
        arrivals[number]["is_traffic"] = number < len(scenario.flow_names)
        arrivals[number]["code"] = codes[number]
        first += len(edges)
    return steps, arrivals


def _staff(scenario: Scenario) -> Ints:
    patterns = [scenario.operation.shifts[name] for name in sorted(scenario.operation.shifts)]
    columns = []
    for kind in ("patrol_units", "inspectors", "ice_agents"):
        ends = list(accumulate(getattr(pattern, kind) for pattern in patterns))
        columns += [[0, *ends[:-1]], ends]
    return _ints(np.column_stack(columns))


def _edges(days: Sequence[ShiftDay]) -> Ints:
    ends = [(day.ends, 0, number) for number, day in enumerate(days)]
    begins = [(day.begins, 1, number) for number, day in enumerate(days)]
    return _ints(sorted(ends + begins))


def _open(days: Sequence[ShiftDay]) -> Ints:
    """Return the intervals in which any shift is on, joined where they touch."""
    joined: list[list[int]] = []
    for day in days:  # in order of their beginnings
        if joined and day.begins <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], day.ends)
        else:
            joined.append([day.begins, day.ends])
    return _ints(joined)


@dataclass(slots=True)
class Days:
    """The calendar's tables: midnights, days on which a clock may stand still, and when transport comes."""

    midnights: Ints
    excluded: Ints
    pickups: Ints


@lru_cache(maxsize=64)
def days_of(origin: tuple[date, str], begins: int, weekdays: tuple[int, ...], at: time, count: int) -> Days:
    """Return the tables of a place's calendar for ``count`` days from the one on which a moment falls."""
    place = Calendar(*origin)
    first = place.local(begins).date()
    days = [first + timedelta(days=number) for number in range(count)]
    midnights = [place.moment(datetime.combine(day, datetime.min.time())) for day in days]
    pickups = [place.moment(datetime.combine(day, at)) if day.weekday() in weekdays else -(2**62) for day in days]
    return Days(_ints(midnights), _ints([is_excluded(day) for day in days]), _ints(pickups))


def calendar_of(scenario: Scenario, more: int = 0) -> Days:
    """Return the calendar's tables for a scenario, ``more`` days beyond those made at first."""
    pickup = scenario.jail.pickup
    begins = -scenario.jail.warm_up - DAY
    reach = 3 * (scenario.jail.clock.detainer + 30 * DAY)
    count = (end_of_watch(scenario) - begins + reach) // DAY + DAYS_AT_FIRST + more
    weekdays = tuple(WEEKDAYS.index(day) for day in pickup.weekdays)
    operation = scenario.operation
    return days_of((operation.first_day, operation.time_zone), begins, weekdays, pickup.at, count)


def keys_of(scenario: Scenario, seed: int) -> dict[str, Any]:
    """Return the generator's keys: by flow and column, of arrivals by flow, and of ICE's presence by pattern of shifts."""
    names = (*scenario.flow_names, *ELSEWHERE)
    columns = [
        [streams.key(seed, f"{column.stream}@{name}") for column in row]
        for name, row in zip(names, drawn_columns(scenario), strict=True)
    ]
    patterns = sorted(scenario.operation.shifts)
    return {
        "keys": np.asarray(columns),
        "arrival_keys": np.asarray([streams.key(seed, f"traffic.arrivals@{name}") for name in names]),
        "presence_keys": np.asarray([streams.key(seed, f"operation.shifts.{name}.ice_presence") for name in patterns]),
    }


class Memory:
    """A world's record and its arrays, which it keeps alive."""

    def __init__(self, scenario: Scenario, seed: int, grid: int = 1) -> None:
        self.record = np.zeros(1, dtype=WORLD)
        for name, value in policy_of(scenario, grid).items():
            self.record[name] = value
        tables = tables_of(scenario)
        self.record["most_members"] = max(1, int(tables["staff"].max(initial=0)), int(tables["sizes"].max()))
        self.staff = 2 * int(self.record["most_members"][0])
        growing = ("events", "later", "starts", "wakes", "encounters", "referrals", "stays", "turns", "seats", *GROWING_WITH_ROWS)
        self.arrays: dict[str, Any] = {name: np.zeros((0, *ARRAYS[name][1]), dtype=ARRAYS[name][0]) for name in growing}
        self.put(
            **tables,
            **keys_of(scenario, seed),
            first_of_span=np.full(SPANS + 1, NONE),
            kinds=np.zeros((KINDS, len(Of)), dtype=np.int64),
            sums=np.zeros(len(Sum), dtype=np.int64),
            units=np.zeros((max(1, int(tables["staff"][:, 1].max(initial=0))), UNIT_COLUMNS), dtype=np.int64),
            pools=np.zeros(POOLS, dtype=POOL),
            lanes=np.zeros((len(tables["laws"]), *ARRAYS["lanes"][1]), dtype=np.int64),
            kept=np.zeros((len(tables["laws"]), *ARRAYS["kept"][1]), dtype=np.int64),
            gaps=np.zeros((len(tables["laws"]), *ARRAYS["gaps"][1]), dtype=np.int64),
            members=np.zeros(POOLS * int(self.record["most_members"][0]), dtype=np.int64),
            here=np.zeros(len(tables["days"]), dtype=np.int64),
        )
        self.put_days(calendar_of(scenario))
        self.make_room(FIRST_ROOM)
        self.make_room_for_rows()

    def put(self, **arrays: Any) -> None:
        """Replace arrays."""
        for name, array in arrays.items():
            dtype, columns = ARRAYS[name]
            assert array.dtype == dtype and array.shape[1:] == columns and array.flags.c_contiguous, name
            self.arrays[name] = array
            self.record[f"at_{name}"], self.record[f"many_{name}"] = array.ctypes.data, len(array)

    def make_room_for_rows(self) -> None:
        """Double what is kept of rows where it is nearly full, and the rows themselves if they are kept."""
        arrays, sums, least = self.arrays, self.arrays["sums"], 2 * int(self.record["most_rows_of_a_step"][0])
        used = {name: int(arrays[name][0].sum()) if len(arrays[name]) else 0 for name in ("came", "held")}
        used |= {"added": int(sums[Sum.STOPS_WITH_ASKING]), "holds": int(sums[Sum.HOLDS])}
        if self.record["keeps_rows"][0]:
            used["rows"] = int(self.record["rows"][0])
        short = [name for name, many in used.items() if len(arrays[name]) < many + least]
        self.put(**{name: _padded(arrays[name], 2 * len(arrays[name]) + least) for name in short})

    def put_days(self, days: Days) -> None:
        """Replace the calendar's tables."""
        self.put(midnights=days.midnights, excluded=days.excluded, pickups=days.pickups)

    def make_room(self, count: int) -> None:
        """Make room for ``count`` stops under way and stays in jail, and for what belongs to them."""
        arrays = self.arrays
        self.put(
            encounters=self._longer("encounters", count, "free_encounter", "encounters_left"),
            stays=self._longer("stays", count, "free_stay", "stays_left"),
            turns=self._longer("turns", 2 * count, "free_turn", "turns_left"),
            seats=self._longer("seats", 2 * count, "free_seat", "seats_left"),
            referrals=_padded(arrays["referrals"], count),
            events=_padded(arrays["events"], 8 * count),
            later=self._longer("later", 8 * count, "free_later", "later_left"),
            starts=self._unrolled("starts", 4 * count),
            wakes=self._unrolled("wakes", 8 * count),
        )
        self.record["most_rows_of_a_step"] = SPARE_ROWS + self.staff + count

    def _longer(self, name: str, length: int, free: str, left: str) -> Any:
        """Return records with more of them free."""
        records, world = self.arrays[name], self.record[0]
        longer = _padded(records, length)
        longer["next"][len(records) :] = np.arange(len(records) + 1, length + 1)
        longer["next"][length - 1] = world[free] if world[left] else NONE
        world[free] = len(records)
        world[left] += length - len(records)
        return longer

    def _unrolled(self, name: str, length: int) -> Any:
        """Return a queue with more room, what waits in it at its beginning."""
        ring, world = self.arrays[name], self.record[0]
        longer = _padded(ring, length)
        if len(ring):
            waiting = np.arange(world[f"{name}_done"], world[name]) % len(ring)
            longer[: len(waiting)] = ring[waiting]
        world[name] -= world[f"{name}_done"]
        world[f"{name}_done"] = 0
        return longer


def _padded(array: Any, length: int) -> Any:
    longer = np.zeros((length, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


assert len(STANDINGS) == len(chance.LICENCES_BY_STANDING)
