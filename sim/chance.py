"""Every random number of a replication, made before anything runs.

A number is found by (seed, replication, stream, entity) and never by the order of calls (:mod:`sim.streams`). A stream's name
is the dotted path of its parameter, with the traffic flow that it belongs to. A changed parameter moves each entity's
own value through the inverse distribution function and nobody else's. What is drawn from which stream, and what the number
becomes, is said once, in :func:`vehicle_columns`, :func:`seat_columns` and :func:`booking_columns`.

Arrivals are a unit-rate Poisson process carried through the inverse of the cumulative rate: with a higher rate the same
vehicles come sooner, and more follow.

References
----------
Çinlar (1975), Introduction to Stochastic Processes, section 4.7 (time change of a Poisson process).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import pairwise, repeat
from typing import Any

import numpy as np

from sim.distributions import Distribution, inverses
from sim.elementary import LOG2_E, exp, log
from sim.errors import Place, ScenarioError
from sim.fields import CHANNELS
from sim.scenario import LEVELS, Flow, LocalPeople, Occupants, Overflow, Scenario, Shift
from sim.streams import Column, Flags, Floats, Ints, choose, spread, uniforms
from sim.units import HOUR

#: Unit-rate gaps are whole parts, about millionths, so that their sums are exact and no order of addition can change them.
GAP_UNITS = 2**20
MOST_VEHICLES = 20_000_000
#: Names of the flows of people who come to the jail from elsewhere.
LOCAL_PEOPLE, BROUGHT_BY_ICE = "jail.local", "jail.overflow"
#: Levels of inspection that can put a vehicle, and a driver, out of service.
VEHICLE_LEVELS = tuple(LEVELS.index(name) for name in ("level_1", "level_2", "level_5"))
DRIVER_LEVELS = tuple(LEVELS.index(name) for name in ("level_1", "level_2", "level_3"))
#: Columns of a vehicle that stand in its fate as they were drawn.
AS_DRAWN = (
    "traffic_task", "outcome", "criminal_arrest", "selected", "level", "vehicle_ground", "driver_ground", "asking", "hand_over",
    "to_jail", "to_facility", "repair",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seat:
    """What is drawn for the people in one seat of every vehicle of a flow; one row per vehicle."""

    standing: Ints
    licence: Ints
    identified: Flags
    doubt: Floats
    matched: Flags
    go_ahead: Flags
    replies: tuple[Ints, ...]  # by channel, milliseconds
    no_answers: tuple[Flags, ...]  # by channel
    ice_comes: Ints
    booking: Ints
    local_stay: Ints
    questioning: Ints
    matched_in_jail: Flags
    known_to_ice: Flags
    pickup_drive: Ints


@dataclass(frozen=True, slots=True)
class FlowDraws:
    """What is drawn for one traffic flow; one row per vehicle, times and durations in milliseconds."""

    number: Ints  # the vehicle's number in its flow: the entity of its draws
    arrives: Ints
    diverts: Flags
    occupants: Ints
    traffic_task: Ints
    outcome: Ints
    criminal_arrest: Ints
    selected: Flags
    level: Ints
    inspection: Ints
    vehicle_out_of_service: Flags
    driver_out_of_service: Flags
    vehicle_ground: Ints
    driver_ground: Ints
    asking: Ints
    hand_over: Ints
    to_jail: Ints
    to_facility: Ints
    repair: Ints
    seats: tuple[Seat, ...]

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True)
class JailDraws:
    """What is drawn for people who come to the jail from elsewhere; one row per person, times in milliseconds."""

    number: Ints
    arrives: Ints
    standing: Ints
    matched: Flags
    go_ahead: Flags
    booking: Ints
    stay: Ints
    questioning: Ints
    known_to_ice: Flags
    pickup_drive: Ints


#: Where nobody comes from.
NOBODY_COMES = JailDraws(*(np.zeros(0, dtype=np.bool_ if field.type == "Flags" else np.int64) for field in fields(JailDraws)))
#: A rate as a step function of time: edges in milliseconds, and the rate an hour between two of them.
Profile = tuple[Ints, Floats]


@dataclass(frozen=True, slots=True)
class ShiftDay:
    """One shift on one day: when, with whom, and whether ICE is on the scene."""

    pattern: int
    begins: int
    ends: int
    ice_present: bool
    number: int = 0  # the day of the pattern, counted from its first


@dataclass(frozen=True, slots=True)
class Draws:
    """All random numbers of one replication: flows in alphabetical order, shifts in order of time."""

    seed: int
    replication: int
    flows: tuple[FlowDraws, ...]
    shifts: tuple[ShiftDay, ...]
    local: JailDraws  # people booked on local charges
    overflow: JailDraws  # people whom ICE brings to the jail


def vehicle_columns(scenario: Scenario, flow: Flow) -> dict[str, Column]:
    """Return what is drawn for each vehicle of a flow; the order of the names is the same in every scenario."""
    stop, inspection, custody = scenario.stop, scenario.inspection, scenario.custody
    ways, arrests = _ways_into_custody(scenario), _arrests(scenario)
    selected = inspection.selected if flow.vehicle == "truck" else 0.0
    inspected = selected > 0
    vehicles_down = inspected and inspection.vehicle_out_of_service > 0
    drivers_down = inspected and inspection.driver_out_of_service > 0
    return {
        "diverts": Column("traffic.diverted", used=flow.diverted > 0),
        "occupants": Column(f"people.{flow.vehicle}.number", occupants_of(scenario, flow).number),
        "common_standing": Column(f"people.{flow.vehicle}.standing", occupants_of(scenario, flow).standing.weights),
        "traffic_task": Column("stop.traffic_task", stop.traffic_task),
        "outcome": Column("stop.outcome", stop.outcome.weights),
        "criminal_arrest": Column("stop.criminal_arrest", stop.criminal_arrest, arrests),
        "selected": Column("inspection.selected", selected),
        "level": Column("inspection.levels", inspection.levels.weights, inspected),
        "inspection": Column("inspection.duration", used=inspected),
        "vehicle_out_of_service": Column("inspection.vehicle_out_of_service", inspection.vehicle_out_of_service, inspected),
        "driver_out_of_service": Column("inspection.driver_out_of_service", inspection.driver_out_of_service, inspected),
        "vehicle_ground": Column("inspection.vehicle_grounds", inspection.vehicle_grounds.weights, vehicles_down),
        "driver_ground": Column("inspection.driver_grounds", inspection.driver_grounds.weights, drivers_down),
        "asking": Column("status_check.asking", scenario.status_check.asking),
        "hand_over": Column("custody.hand_over", custody.hand_over, bool({"ice_vehicles", "ice_comes"} & ways)),
        "to_jail": Column("custody.to_jail", custody.to_jail, arrests or "local_booking" in ways),
        "to_facility": Column("custody.to_facility", custody.to_facility, ways != {"local_booking"}),
        "repair": Column("inspection.repair", inspection.repair, vehicles_down or drivers_down),
    }


def seat_columns(scenario: Scenario, flow: Flow) -> dict[str, Column]:
    """Return what is drawn for the person in each seat of each vehicle of a flow."""
    check, jail = scenario.status_check, scenario.jail
    arrests = _arrests(scenario)
    channels = {name: getattr(check, name) for name in CHANNELS}
    return {
        "own_standing": Column(f"people.{flow.vehicle}.standing.own", occupants_of(scenario, flow).standing.weights),
        "follows": Column(f"people.{flow.vehicle}.crew_effect", occupants_of(scenario, flow).crew_effect),
        "licence": Column("people.licence"),
        "identified": Column("status_check.identified"),
        "doubt": Column("people.doubt"),
        "match": Column("status_check.match"),  # one luck, at the roadside and in the jail
        "go_ahead": Column("status_check.go_ahead", check.go_ahead),
        **{
            f"{what}_{name}": Column(f"status_check.{name}.{what}", getattr(one, what), name in check.channels)
            for what in ("reply", "no_answer")
            for name, one in channels.items()
        },
        "ice_comes": Column("status_check.ice_comes", check.ice_comes, "ice_comes" in _ways_into_custody(scenario)),
        "booking": Column("jail.booking", jail.booking, arrests or "local_booking" in _ways_into_custody(scenario)),
        "local_stay": Column("jail.local.stay", jail.local.stay, arrests),
        "questioning": Column("jail.screening.questioning", jail.screening.questioning, arrests),
        "known_to_ice": Column("jail.screening.known_to_ice", jail.screening.known_to_ice, arrests),
        "pickup_drive": Column("jail.pickup.drive", jail.pickup.drive, jail.pickup.seats > 0),
    }


def _arrests(scenario: Scenario) -> bool:
    """Whether a driver can be arrested on local charges."""
    return scenario.stop.outcome.arrested > 0


def _ways_into_custody(scenario: Scenario) -> set[str]:
    """Return the ways that people detained at the roadside can take, by the names of :data:`sim.pathway.custody.PATHS`."""
    custody = scenario.custody
    return {custody.path, custody.path_without_ice if scenario.may_detain_at_the_roadside else "ice_comes"}


def booking_columns(scenario: Scenario, name: str) -> dict[str, Column]:
    """Return what is drawn for each person who comes to the jail from elsewhere; some of the columns of a seat."""
    jail = scenario.jail
    return {
        "own_standing": Column("people.standing", jail.local.standing.weights),
        "match": Column("status_check.match"),
        "go_ahead": Column("status_check.go_ahead", scenario.status_check.go_ahead),
        "booking": Column("jail.booking", jail.booking),
        "local_stay": Column("stay", _elsewhere(scenario, name).stay),
        "questioning": Column("jail.screening.questioning", jail.screening.questioning),
        "known_to_ice": Column("jail.screening.known_to_ice", jail.screening.known_to_ice),
        "pickup_drive": Column("jail.pickup.drive", jail.pickup.drive),
    }


def occupants_of(scenario: Scenario, flow: Flow) -> Occupants:
    """Return what is known of the people in a flow's class of vehicle."""
    occupants: Occupants = getattr(scenario.people, flow.vehicle)
    return occupants


@dataclass(frozen=True, slots=True)
class _Source:
    """The streams of one flow in one replication, for the vehicles that come while a shift is on."""

    seed: int
    replication: int
    flow: str
    rows: Ints

    def uniform(self, column: Column, seat: int = 0) -> Floats:
        """Return the numbers of one column."""
        count = int(self.rows[-1]) + 1 if len(self.rows) else 0
        numbers = uniforms(self.seed, self.replication, f"{column.stream}@{self.flow}", count, seat)
        return numbers if count == len(self.rows) else numbers[self.rows]

    def draw(self, columns: dict[str, Column], seat: int = 0) -> dict[str, Any]:
        """Return columns: durations, flags, choices or the numbers themselves."""
        drawn: dict[str, Any] = {}
        durations: list[tuple[str, Distribution, Floats]] = []
        for name, column in columns.items():
            certain = column.certain
            if certain is not None:
                drawn[name] = spread(certain, len(self.rows))
                continue
            u = self.uniform(column, seat)
            match column.law:
                case None:
                    drawn[name] = u
                case float() as share:
                    drawn[name] = u < share
                case tuple() as weights:
                    drawn[name] = choose(weights, u)
                case distribution:
                    durations.append((name, distribution, u))
        found = inverses([(distribution, u) for _, distribution, u in durations])
        return drawn | {name: values for (name, _, _), values in zip(durations, found, strict=True)}


def draw(scenario: Scenario, seed: int, replication: int) -> Draws:
    """Make every random number of one replication.

    Parameters
    ----------
    scenario
        What is simulated.
    seed
        The seed of the run, 0 to 2**63 - 1.
    replication
        The number of the replication, from 0.

    Returns
    -------
    Draws
        Only vehicles that come while a shift is on have rows; the others keep their numbers all the same.
    """
    frame = _frame_of(scenario)
    shifts = _shift_days(frame, seed, replication)
    flows = tuple(_draw_flow(frame, name, seed, replication) for name in scenario.flow_names)
    return Draws(
        seed,
        replication,
        flows,
        shifts,
        local=_draw_jail(frame, LOCAL_PEOPLE, seed, replication),
        overflow=_draw_jail(frame, BROUGHT_BY_ICE, seed, replication),
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is the same in every replication of a scenario."""

    scenario: Scenario
    shifts: tuple[ShiftDay, ...]
    profiles: dict[str, Profile]  # by flow, the two to the jail among them
    vehicles: dict[str, dict[str, Column]]  # by flow
    seats: dict[str, dict[str, Column]]  # by flow

    @classmethod
    def of(cls, scenario: Scenario) -> _Frame:
        """Work it out."""
        shifts, flows = shift_days(scenario), scenario.traffic.flows
        profiles = {name: rate_profile(scenario, flow, shifts) for name, flow in flows.items()}
        profiles |= {name: booking_profile(scenario, name) for name in (LOCAL_PEOPLE, BROUGHT_BY_ICE)}
        return cls(
            scenario,
            shifts,
            profiles,
            vehicles={name: vehicle_columns(scenario, flow) for name, flow in flows.items()},
            seats={name: seat_columns(scenario, flow) for name, flow in flows.items()},
        )


class _Kept(threading.local):
    """The frame that a thread asked for last, since one replication of a scenario mostly follows another."""

    frame: _Frame | None = None


_kept = _Kept()


def _frame_of(scenario: Scenario) -> _Frame:
    if _kept.frame is None or _kept.frame.scenario is not scenario:
        _kept.frame = _Frame.of(scenario)
    return _kept.frame


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


def _shift_days(frame: _Frame, seed: int, replication: int) -> tuple[ShiftDay, ...]:
    """Return every shift on every day, and whether ICE is there."""
    present, scenario = [], frame.scenario
    for name in sorted(scenario.operation.shifts):
        shift: Shift = scenario.operation.shifts[name]
        stream = f"operation.shifts.{name}.ice_presence"
        present.append(uniforms(seed, replication, stream, (shift.last - shift.first).days + 1) < shift.ice_presence)
    return tuple(replace(day, ice_present=bool(present[day.pattern][day.number])) for day in frame.shifts)


def _draw_flow(frame: _Frame, name: str, seed: int, replication: int) -> FlowDraws:
    scenario = frame.scenario
    flow: Flow = scenario.traffic.flows[name]
    every_arrival = _arrivals(frame.profiles[name], seed, replication, name)
    seen = np.flatnonzero(_within_shifts(every_arrival, frame.shifts))
    arrives = every_arrival[seen]
    source = _Source(seed, replication, name, seen)
    drawn = source.draw(frame.vehicles[name])
    level = drawn["level"]
    people = drawn["occupants"] + 1
    return FlowDraws(
        **{column: drawn[column] for column in AS_DRAWN},
        number=seen,
        arrives=arrives,
        diverts=drawn["diverts"] < _diverting(scenario, flow, arrives - known_since(scenario, frame.shifts)),
        occupants=people,
        inspection=_inspection_durations(scenario, drawn["inspection"], level),
        vehicle_out_of_service=drawn["vehicle_out_of_service"] & _is_among(VEHICLE_LEVELS)[level],
        driver_out_of_service=drawn["driver_out_of_service"] & _is_among(DRIVER_LEVELS)[level],
        seats=tuple(_draw_seat(frame, source, name, seat, drawn["common_standing"]) for seat in range(people.max(initial=0))),
    )


def _is_among(levels: tuple[int, ...]) -> Flags:
    """Return for each level whether it is one of these."""
    return np.asarray([level in levels for level in range(len(LEVELS))])


def _diverting(scenario: Scenario, flow: Flow, since: Ints) -> Floats:
    """Return the share that diverts some time after the operation has become known: 0 before, and ever less after."""
    if flow.diverted == 0:
        return spread(0.0, len(since))
    halvings = np.maximum(since, 0) / max(scenario.traffic.half_life, 1)
    return np.where(since < 0, 0.0, flow.diverted * exp(-halvings / LOG2_E))


def known_since(scenario: Scenario, shifts: tuple[ShiftDay, ...]) -> int:
    """Return when drivers come to know of the operation."""
    return min(day.begins for day in shifts) + scenario.traffic.known_after


def _inspection_durations(scenario: Scenario, u: Floats, level: Ints) -> Ints:
    """Return the duration at each vehicle's own level; one number a vehicle serves whatever its level."""
    durations = np.zeros(len(level), dtype=np.int64)
    for number, name in enumerate(LEVELS):
        rows = level == number
        if rows.any():
            durations[rows] = getattr(scenario.inspection.duration, name).inverse(u[rows])
    return durations


def _draw_seat(frame: _Frame, source: _Source, name: str, seat: int, common: Ints) -> Seat:
    scenario = frame.scenario
    check, people = scenario.status_check, scenario.people
    drawn = source.draw(frame.seats[name], seat)
    # With the chance of the crew effect a person's standing is that of the vehicle's common number, otherwise an own one; so
    # two people in a vehicle agree more often than chance has it, and each one's own chances are what they were.
    standing = np.where(drawn["follows"], common, drawn["own_standing"])
    identified = check.identified.driver if seat == 0 else check.identified.passenger
    return Seat(
        standing=standing,
        licence=_licences(scenario, drawn["licence"], standing),
        identified=drawn["identified"] < identified,
        doubt=_doubt(np.asarray(people.doubt.values)[standing], drawn["doubt"]),
        matched=drawn["match"] < np.asarray(check.match.values)[standing],
        go_ahead=drawn["go_ahead"],
        replies=tuple(drawn[f"reply_{name}"] for name in CHANNELS),
        no_answers=tuple(drawn[f"no_answer_{name}"] for name in CHANNELS),
        ice_comes=drawn["ice_comes"],
        booking=drawn["booking"],
        local_stay=drawn["local_stay"],
        questioning=drawn["questioning"],
        matched_in_jail=drawn["match"] < np.asarray(scenario.jail.screening.match.values)[standing],
        known_to_ice=drawn["known_to_ice"],
        pickup_drive=drawn["pickup_drive"],
    )


def _draw_jail(frame: _Frame, name: str, seed: int, replication: int) -> JailDraws:
    """Draw the people who come to the jail from elsewhere, from the warm-up to the end of the follow-up."""
    scenario = frame.scenario
    arrives = _arrivals(frame.profiles[name], seed, replication, name)
    if not len(arrives):
        return NOBODY_COMES
    source = _Source(seed, replication, name, np.arange(len(arrives)))
    drawn = source.draw(booking_columns(scenario, name))
    return JailDraws(
        number=source.rows,
        arrives=arrives,
        standing=drawn["own_standing"],
        matched=drawn["match"] < np.asarray(scenario.jail.screening.match.values)[drawn["own_standing"]],
        go_ahead=drawn["go_ahead"],
        booking=drawn["booking"],
        stay=drawn["local_stay"],
        questioning=drawn["questioning"],
        known_to_ice=drawn["known_to_ice"],
        pickup_drive=drawn["pickup_drive"],
    )


def booking_profile(scenario: Scenario, name: str) -> Profile:
    """Return the rate at which people come to the jail from elsewhere, as :func:`rate_profile` does for a flow."""
    rate = _elsewhere(scenario, name).rate
    return np.asarray([-scenario.jail.warm_up, end_of_watch(scenario)], dtype=np.int64), np.asarray([rate])


def _elsewhere(scenario: Scenario, name: str) -> LocalPeople | Overflow:
    return scenario.jail.local if name == LOCAL_PEOPLE else scenario.jail.overflow


def end_of_watch(scenario: Scenario) -> int:
    """Return the end of the time over which the jail is watched: the last shift's end and the follow-up."""
    calendar = scenario.operation.calendar
    last = max(
        calendar.moment(datetime.combine(max(shift.days()), shift.begins)) + shift.length
        for shift in scenario.operation.shifts.values()
    )
    return last + scenario.jail.follow_up


#: Whose licences are drawn from which weights.
LICENCES_BY_STANDING = ("citizen", "lawful", "lawful", "without_status", "without_status")


def licence_weights(scenario: Scenario) -> tuple[tuple[float, ...], ...]:
    """Return the weights of licences for each standing."""
    return tuple(getattr(scenario.people.licence, name).weights for name in LICENCES_BY_STANDING)


def _licences(scenario: Scenario, u: Floats, standing: Ints) -> Ints:
    licence = np.zeros(len(u), dtype=np.int64)
    for number, weights in enumerate(licence_weights(scenario)):
        rows = standing == number
        if rows.any():
            licence[rows] = choose(weights, u[rows])
    return licence


def _doubt(exponent: Floats, u: Floats) -> Floats:
    """Return the doubt left after questions: the share with more than t is (1 - t) ** exponent; exponent 0 is all doubt."""
    with np.errstate(divide="ignore"):
        doubt: Floats = 1.0 - exp(log(u) * (1.0 / exponent))
    return np.where(exponent == 0, 1.0, doubt)


def rate_profile(scenario: Scenario, flow: Flow, shifts: tuple[ShiftDay, ...]) -> Profile:
    """Return the rate of a flow over model time as a step function.

    Returns
    -------
    edges : numpy.ndarray of int64, shape (steps + 1,)
        Times in milliseconds; the first is 0.
    rates : numpy.ndarray of float64, shape (steps,)
        Vehicles per hour between two edges: the hour's rate, times the traffic of the shifts then on (1 outside them).
    """
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


def cumulative_rate(edges: Ints, rates: Floats, name: str) -> Floats:
    """Return how many are expected from the first edge to each edge; at most :data:`MOST_VEHICLES` to the last."""
    hours = np.diff(edges) / HOUR
    cumulative: Floats = np.concatenate(([0.0], np.cumsum(rates * hours)))
    total = float(cumulative[-1])
    if total > MOST_VEHICLES:
        problem = f"about {total:,.0f} arrivals are expected, at most {MOST_VEHICLES:,} are simulated; lower the rate."
        raise ScenarioError.at(Place("scenario"), name, problem)
    return cumulative


def _arrivals(profile: Profile, seed: int, replication: int, name: str) -> Ints:
    """Return the arrival times of every vehicle of a flow from the first edge to the last."""
    edges, rates = profile
    cumulative = cumulative_rate(edges, rates, name)
    total = float(cumulative[-1])
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
    step = np.searchsorted(cumulative, passed, side="right") - 1
    since = (passed - cumulative[step]) / rates[step] * HOUR
    return edges[step] + np.floor(since).astype(np.int64)


def _within_shifts(times: Ints, shifts: tuple[ShiftDay, ...]) -> Flags:
    """Return which times fall into a shift, its first moment included and its last not."""
    inside = np.zeros(len(times), dtype=np.bool_)
    for day in shifts:
        first, last = np.searchsorted(times, [day.begins, day.ends])
        inside[first:last] = True
    return inside


def clock(scenario: Scenario, milliseconds: int) -> datetime:
    """Return the local time of a moment of model time."""
    return scenario.operation.calendar.local(milliseconds)
