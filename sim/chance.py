"""Every random number of a replication, made before anything runs.

A number is found by (seed, replication, stream, entity) and never by the order of calls. A stream has a name: the dotted path of
its parameter, with the traffic flow that it belongs to. The name and the seed make the key of a Philox counter-based
generator; replication and seat make the upper words of its counter; the entity is the position. So adding a stream moves
no other, and a changed parameter moves each entity's own value through the inverse distribution function and nobody else's.

Arrivals are a unit-rate Poisson process carried through the inverse of the cumulative rate: with a higher rate the same
vehicles come sooner, and more follow.

References
----------
Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC11.
Çinlar (1975), Introduction to Stochastic Processes, section 4.7 (time change of a Poisson process).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise, repeat

import numpy as np
from numpy.typing import NDArray

from sim.distributions import Distribution
from sim.errors import Place, ScenarioError
from sim.fields import CHANNELS
from sim.scenario import LEVELS, STANDINGS, Flow, Occupants, Scenario, Shift
from sim.units import HOUR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Unit-rate gaps are whole millionths, so that their sums are exact and no order of addition can change them.
GAP_UNITS = 1_000_000
MOST_VEHICLES = 20_000_000
LARGEST_SEED = 2**63 - 1


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


@dataclass(frozen=True, slots=True)
class ShiftDay:
    """One shift on one day: when, with whom, and whether ICE is on the scene."""

    pattern: int
    begins: int
    ends: int
    ice_present: bool


@dataclass(frozen=True, slots=True)
class Draws:
    """All random numbers of one replication: flows in alphabetical order, shifts in order of time."""

    seed: int
    replication: int
    flows: tuple[FlowDraws, ...]
    shifts: tuple[ShiftDay, ...]
    local: JailDraws  # people booked on local charges
    overflow: JailDraws  # people whom ICE brings to the jail


def uniforms(seed: int, replication: int, stream: str, count: int, seat: int = 0) -> Floats:
    """Return the numbers of one stream for the entities 0 to ``count`` - 1.

    Parameters
    ----------
    seed
        The seed of the run, 0 to 2**63 - 1.
    replication
        The number of the replication, from 0.
    stream
        The stream's name.
    count
        How many entities.
    seat
        The seat in the vehicle; 0 for what belongs to the vehicle itself.

    Returns
    -------
    numpy.ndarray of float64, shape (count,)
        Numbers strictly between 0 and 1, in steps of 2**-53.
    """
    generator = _generators.philox
    generator.state = {
        "bit_generator": "Philox",
        "state": {"counter": np.array([0, seat, replication, 0], dtype=np.uint64), "key": _key(seed, stream)},
        "buffer": _EMPTY,
        "buffer_pos": len(_EMPTY),
        "has_uint32": 0,
        "uinteger": 0,
    }
    # Only the raw stream is used: it is fixed by the algorithm, where numpy's distributions may change with its version.
    raw = np.asarray(generator.random_raw(count), dtype=np.uint64)
    return ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


class _Generators(threading.local):
    """One generator for each thread; it is set anew for every stream, since making one costs more than most streams."""

    def __init__(self) -> None:
        self.philox = np.random.Philox(key=0)


_generators = _Generators()
_EMPTY = np.zeros(4, dtype=np.uint64)


@lru_cache(maxsize=4096)
def _key(seed: int, stream: str) -> NDArray[np.uint64]:
    """Return the generator's key for a stream: the first 128 bits of SHA-256 over seed and name."""
    return np.frombuffer(hashlib.sha256(f"{seed}/{stream}".encode()).digest()[:16], dtype="<u8").astype(np.uint64)


@dataclass(frozen=True, slots=True)
class _Source:
    """The streams of one flow in one replication, for the vehicles that come while a shift is on."""

    seed: int
    replication: int
    flow: str
    rows: Ints

    def uniform(self, stream: str, seat: int = 0) -> Floats:
        count = int(self.rows[-1]) + 1 if len(self.rows) else 0
        return uniforms(self.seed, self.replication, f"{stream}@{self.flow}", count, seat)[self.rows]

    def flags(self, stream: str, share: float, seat: int = 0) -> Flags:
        return self.uniform(stream, seat) < share

    def durations(self, stream: str, distribution: Distribution, seat: int = 0) -> Ints:
        return distribution.inverse(self.uniform(stream, seat))

    def choices(self, stream: str, weights: Sequence[float], seat: int = 0) -> Ints:
        return choose(weights, self.uniform(stream, seat))


def choose(weights: Sequence[float], u: Floats) -> Ints:
    """Return for each number the alternative whose share of the weights, laid end to end, covers it.

    Parameters
    ----------
    weights
        Relative weights, not all zero.
    u
        Numbers strictly between 0 and 1.

    Returns
    -------
    numpy.ndarray of int64
        Positions in ``weights``; one with weight zero is never chosen.
    """
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    chosen: Ints = np.searchsorted(edges, u * edges[-1], side="right").astype(np.int64)
    return np.minimum(chosen, _last_above_zero(weights))


def _last_above_zero(weights: Sequence[float]) -> int:
    return max(position for position, weight in enumerate(weights) if weight > 0)


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
    shifts = _shift_days(scenario, seed, replication)
    flows = tuple(_draw_flow(scenario, name, shifts, seed, replication) for name in scenario.flow_names)
    jail = scenario.jail
    return Draws(
        seed,
        replication,
        flows,
        shifts,
        local=_draw_jail(scenario, "jail.local", jail.local.rate, jail.local.stay, seed, replication),
        overflow=_draw_jail(scenario, "jail.overflow", jail.overflow.rate, jail.overflow.stay, seed, replication),
    )


def _shift_days(scenario: Scenario, seed: int, replication: int) -> tuple[ShiftDay, ...]:
    days: list[ShiftDay] = []
    calendar = scenario.operation.calendar
    for pattern, name in enumerate(sorted(scenario.operation.shifts)):
        shift: Shift = scenario.operation.shifts[name]
        stream = f"operation.shifts.{name}.ice_presence"
        present = uniforms(seed, replication, stream, (shift.last - shift.first).days + 1) < shift.ice_presence
        begins = [calendar.moment(datetime.combine(day, shift.begins)) for day in shift.days()]
        # Around the clock, the day on which clocks go forward would have the same people on duty twice for an hour.
        ends = [min(one + shift.length, following) for one, following in pairwise([*begins, begins[-1] + shift.length])]
        here = [bool(present[(day - shift.first).days]) for day in shift.days()]
        days += map(ShiftDay, repeat(pattern), begins, ends, here)
    return tuple(sorted(days, key=lambda day: (day.begins, day.pattern)))


def _draw_flow(scenario: Scenario, name: str, shifts: tuple[ShiftDay, ...], seed: int, replication: int) -> FlowDraws:
    flow: Flow = scenario.traffic.flows[name]
    edges, rates = rate_profile(scenario, flow, shifts)
    every_arrival = _arrivals(edges, rates, seed, replication, name)
    seen = np.flatnonzero(_within_shifts(every_arrival, shifts))
    arrives = every_arrival[seen]
    source = _Source(seed, replication, name, seen)
    occupants: Occupants = getattr(scenario.people, flow.vehicle)
    known_from = min(day.begins for day in shifts) + scenario.traffic.known_after
    level = source.choices("inspection.levels", scenario.inspection.levels.weights)
    people = source.choices(f"people.{flow.vehicle}.number", occupants.number) + 1
    custody, stop, inspection = scenario.custody, scenario.stop, scenario.inspection
    return FlowDraws(
        number=seen,
        arrives=arrives,
        diverts=source.uniform("traffic.diverted") < flow.diverted * _remembered(scenario, arrives - known_from),
        occupants=people,
        traffic_task=source.durations("stop.traffic_task", stop.traffic_task),
        outcome=source.choices("stop.outcome", stop.outcome.weights),
        criminal_arrest=source.durations("stop.criminal_arrest", stop.criminal_arrest),
        selected=source.flags("inspection.selected", inspection.selected if flow.vehicle == "truck" else 0.0),
        level=level,
        inspection=_inspection_durations(source, scenario, level),
        vehicle_out_of_service=source.flags("inspection.vehicle_out_of_service", inspection.vehicle_out_of_service)
        & np.isin(level, _rows(LEVELS, "level_1", "level_2", "level_5")),
        driver_out_of_service=source.flags("inspection.driver_out_of_service", inspection.driver_out_of_service)
        & np.isin(level, _rows(LEVELS, "level_1", "level_2", "level_3")),
        vehicle_ground=source.choices("inspection.vehicle_grounds", inspection.vehicle_grounds.weights),
        driver_ground=source.choices("inspection.driver_grounds", inspection.driver_grounds.weights),
        asking=source.durations("status_check.asking", scenario.status_check.asking),
        hand_over=source.durations("custody.hand_over", custody.hand_over),
        to_jail=source.durations("custody.to_jail", custody.to_jail),
        to_facility=source.durations("custody.to_facility", custody.to_facility),
        repair=source.durations("inspection.repair", inspection.repair),
        seats=tuple(_draw_seat(scenario, source, flow.vehicle, occupants, seat) for seat in range(int(people.max(initial=0)))),
    )


def _remembered(scenario: Scenario, since: Ints) -> Floats:
    """Return how much of the diverting share is left some time after the operation has become known; 0 before."""
    halvings = np.maximum(since, 0) / max(scenario.traffic.half_life, 1)
    return np.where(since < 0, 0.0, np.exp2(-halvings))


def _rows(names: Sequence[str], *chosen: str) -> list[int]:
    return [names.index(name) for name in chosen]


def _inspection_durations(source: _Source, scenario: Scenario, level: Ints) -> Ints:
    """Return the duration at each vehicle's own level; one number a vehicle serves whatever its level."""
    u = source.uniform("inspection.duration")
    durations = np.zeros(len(level), dtype=np.int64)
    for number, name in enumerate(LEVELS):
        rows = level == number
        durations[rows] = getattr(scenario.inspection.duration, name).inverse(u[rows])
    return durations


def _draw_seat(scenario: Scenario, source: _Source, vehicle: str, occupants: Occupants, seat: int) -> Seat:
    check, people = scenario.status_check, scenario.people
    # With the chance of the crew effect a person's standing follows the vehicle's common number, otherwise an own one; so
    # two people in a vehicle agree more often than chance has it, and each one's own chances are what they were.
    common = source.uniform(f"people.{vehicle}.standing")
    own = source.uniform(f"people.{vehicle}.standing.own", seat)
    follows = source.flags(f"people.{vehicle}.crew_effect", occupants.crew_effect, seat)
    standing = choose(occupants.standing.weights, np.where(follows, common, own))
    identified = check.identified.driver if seat == 0 else check.identified.passenger
    match = source.uniform("status_check.match", seat)  # one luck, at the roadside and in the jail
    channels = [getattr(check, name) for name in CHANNELS]
    return Seat(
        standing=standing,
        licence=_licences(scenario, source.uniform("people.licence", seat), standing),
        identified=source.flags("status_check.identified", identified, seat),
        doubt=_doubt(np.asarray(people.doubt.values)[standing], source.uniform("people.doubt", seat)),
        matched=match < np.asarray(check.match.values)[standing],
        go_ahead=source.flags("status_check.go_ahead", check.go_ahead, seat),
        replies=tuple(
            source.durations(f"status_check.{name}.reply", channel.reply, seat)
            for name, channel in zip(CHANNELS, channels, strict=True)
        ),
        no_answers=tuple(
            source.flags(f"status_check.{name}.no_answer", channel.no_answer, seat)
            for name, channel in zip(CHANNELS, channels, strict=True)
        ),
        ice_comes=source.durations("status_check.ice_comes", check.ice_comes, seat),
        booking=source.durations("jail.booking", scenario.jail.booking, seat),
        local_stay=source.durations("jail.local.stay", scenario.jail.local.stay, seat),
        questioning=source.durations("jail.screening.questioning", scenario.jail.screening.questioning, seat),
        matched_in_jail=match < np.asarray(scenario.jail.screening.match.values)[standing],
        known_to_ice=source.flags("jail.screening.known_to_ice", scenario.jail.screening.known_to_ice, seat),
        pickup_drive=source.durations("jail.pickup.drive", scenario.jail.pickup.drive, seat),
    )


def _draw_jail(scenario: Scenario, name: str, rate: float, stay: Distribution, seed: int, replication: int) -> JailDraws:
    """Draw the people who come to the jail from elsewhere, from the warm-up to the end of the follow-up."""
    check, jail = scenario.status_check, scenario.jail
    edges = np.asarray([-jail.warm_up, end_of_watch(scenario)], dtype=np.int64)
    arrives = _arrivals(edges, np.asarray([rate]), seed, replication, name)
    source = _Source(seed, replication, name, np.arange(len(arrives)))
    standing = source.choices("people.standing", jail.local.standing.weights)
    return JailDraws(
        number=source.rows,
        arrives=arrives,
        standing=standing,
        matched=source.uniform("status_check.match") < np.asarray(jail.screening.match.values)[standing],
        go_ahead=source.flags("status_check.go_ahead", check.go_ahead),
        booking=source.durations("jail.booking", jail.booking),
        stay=source.durations("stay", stay),
        questioning=source.durations("jail.screening.questioning", jail.screening.questioning),
        known_to_ice=source.flags("jail.screening.known_to_ice", jail.screening.known_to_ice),
        pickup_drive=source.durations("jail.pickup.drive", jail.pickup.drive),
    )


def end_of_watch(scenario: Scenario) -> int:
    """Return the end of the time over which the jail is watched: the last shift's end and the follow-up."""
    calendar = scenario.operation.calendar
    last = max(
        calendar.moment(datetime.combine(max(shift.days()), shift.begins)) + shift.length
        for shift in scenario.operation.shifts.values()
    )
    return last + scenario.jail.follow_up


def _licences(scenario: Scenario, u: Floats, standing: Ints) -> Ints:
    by_standing = scenario.people.licence
    groups = {
        "citizen": by_standing.citizen,
        "lawful": by_standing.lawful,
        "pending_claim": by_standing.lawful,
        "no_status": by_standing.without_status,
        "final_order": by_standing.without_status,
    }
    licence = np.zeros(len(u), dtype=np.int64)
    for number, name in enumerate(STANDINGS):
        rows = standing == number
        licence[rows] = choose(groups[name].weights, u[rows])
    return licence


def _doubt(exponent: Floats, u: Floats) -> Floats:
    """Return the doubt left after questions: the share with more than t is (1 - t) ** exponent; exponent 0 is all doubt."""
    with np.errstate(divide="ignore"):
        doubt: Floats = 1.0 - u ** (1.0 / exponent)
    return np.where(exponent == 0, 1.0, doubt)


def rate_profile(scenario: Scenario, flow: Flow, shifts: tuple[ShiftDay, ...]) -> tuple[Ints, Floats]:
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


def _arrivals(edges: Ints, rates: Floats, seed: int, replication: int, name: str) -> Ints:
    """Return the arrival times of every vehicle of a flow from the first edge to the last."""
    hours = np.diff(edges) / HOUR
    cumulative = np.concatenate(([0.0], np.cumsum(rates * hours)))
    total = float(cumulative[-1])
    if total > MOST_VEHICLES:
        problem = f"about {total:,.0f} arrivals are expected, at most {MOST_VEHICLES:,} are simulated; lower the rate."
        raise ScenarioError.at(Place("scenario"), name, problem)
    # Far more gaps than will be needed with all but no chance of too few; too few is caught and doubled.
    count = int(total + 10 * np.sqrt(total) + 20)
    while True:
        u = uniforms(seed, replication, f"traffic.arrivals@{name}", count)
        gaps = np.rint(-np.log1p(-u) * GAP_UNITS).astype(np.int64)
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
