"""Every random number of a replication, made before anything runs.

A number is found by (seed, replication, stream, entity) and never by the order of calls (:mod:`sim.streams`). A stream's name
is the dotted path of its parameter, with the traffic flow that it belongs to. A changed parameter moves each entity's
own value through the inverse distribution function and nobody else's. What is drawn from which stream, and what the number
becomes, stands in :mod:`sim.columns`; when vehicles come, in :mod:`sim.arrivals`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrivals import (
    BROUGHT_BY_ICE,
    LOCAL_PEOPLE,
    Profile,
    ShiftDay,
    arrivals,
    known_since,
    profiles,
    shift_days,
    within_shifts,
)
from sim.columns import DRIVER_LEVELS, VEHICLE_LEVELS, booking_columns, seat_columns, vehicle_columns
from sim.distributions import Distribution, inverses
from sim.elementary import LOG2_E, exp, log
from sim.fields import CHANNELS
from sim.scenario import LEVELS, Flow, Scenario, Shift
from sim.streams import Column, Flags, Floats, Ints, choose, uniforms

#: Longer than any column: one that is the same for everybody takes the room of one number, however long it is.
ANY_LENGTH = 2**40
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


_NO_NUMBERS, _NO_FLAGS = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
NOBODY_COMES = JailDraws(
    number=_NO_NUMBERS, arrives=_NO_NUMBERS, standing=_NO_NUMBERS, matched=_NO_FLAGS, go_ahead=_NO_FLAGS, booking=_NO_NUMBERS,
    stay=_NO_NUMBERS, questioning=_NO_NUMBERS, known_to_ice=_NO_FLAGS, pickup_drive=_NO_NUMBERS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draws:
    """All random numbers of one replication: flows in alphabetical order, shifts in order of time."""

    seed: int
    replication: int
    flows: tuple[FlowDraws, ...]
    shifts: tuple[ShiftDay, ...]
    local: JailDraws  # people booked on local charges
    overflow: JailDraws  # people whom ICE brings to the jail


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
class _Columns:
    """Columns parted into those that are the same for everybody, of any length, and those that are drawn."""

    certain: dict[str, NDArray[Any]]
    drawn: dict[str, Column]

    @classmethod
    def of(cls, columns: dict[str, Column]) -> _Columns:
        """Part them."""
        certain = {name: np.broadcast_to(one.certain, ANY_LENGTH) for name, one in columns.items() if one.certain is not None}
        return cls(certain, {name: one for name, one in columns.items() if one.certain is None})


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is the same in every replication of a scenario; profiles and columns by flow."""

    scenario: Scenario
    shifts: tuple[ShiftDay, ...]
    profiles: dict[str, Profile]
    vehicles: dict[str, _Columns]
    people: dict[str, _Columns]  # those in a seat of a vehicle, and those who come to the jail from elsewhere

    @classmethod
    def of(cls, scenario: Scenario) -> _Frame:
        """Work it out."""
        shifts, flows = shift_days(scenario), scenario.traffic.flows
        people = {name: seat_columns(scenario, flow) for name, flow in flows.items()}
        people |= {name: booking_columns(scenario, name) for name in (LOCAL_PEOPLE, BROUGHT_BY_ICE)}
        return cls(
            scenario,
            shifts,
            profiles(scenario, shifts),
            vehicles={name: _Columns.of(vehicle_columns(scenario, flow)) for name, flow in flows.items()},
            people={name: _Columns.of(columns) for name, columns in people.items()},
        )


class _Kept(threading.local):
    """The frame that a thread asked for last, since one replication of a scenario mostly follows another."""

    frame: _Frame | None = None


_kept = _Kept()


def _frame_of(scenario: Scenario) -> _Frame:
    if _kept.frame is None or _kept.frame.scenario is not scenario:
        _kept.frame = _Frame.of(scenario)
    return _kept.frame


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

    def draw(self, columns: _Columns, seat: int = 0) -> dict[str, Any]:
        """Return columns: durations, flags, choices or the numbers themselves."""
        drawn: dict[str, Any] = {name: column[: len(self.rows)] for name, column in columns.certain.items()}
        durations: list[tuple[str, Distribution, Floats]] = []
        for name, column in columns.drawn.items():
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
    every_arrival = arrivals(frame.profiles[name], seed, replication, name)
    seen = np.flatnonzero(within_shifts(every_arrival, frame.shifts))
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
        return np.broadcast_to(0.0, len(since))
    halvings = np.maximum(since, 0) / max(scenario.traffic.half_life, 1)
    return np.where(since < 0, 0.0, flow.diverted * exp(-halvings / LOG2_E))


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
    drawn = source.draw(frame.people[name], seat)
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


def _draw_jail(frame: _Frame, name: str, seed: int, replication: int) -> JailDraws:
    """Draw the people who come to the jail from elsewhere, from the warm-up to the end of the follow-up."""
    scenario = frame.scenario
    arrives = arrivals(frame.profiles[name], seed, replication, name)
    if not len(arrives):
        return NOBODY_COMES
    source = _Source(seed, replication, name, np.arange(len(arrives)))
    drawn = source.draw(frame.people[name])
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
