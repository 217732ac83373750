"""Vehicles and the people in them, as one replication has drawn them. Nothing in here changes once made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import chain, repeat, starmap
from typing import Any, TypeVar, dataclass_transform

from numpy.typing import NDArray

from sim.chance import Draws, FlowDraws, JailDraws, Seat
from sim.scenario import LICENCES
from sim.streams import Ints
from sim.trace import who

OUTCOMES = ("warned", "cited", "arrested")
CITED, ARRESTED = OUTCOMES.index("cited"), OUTCOMES.index("arrested")
DRIVER = 0
IN_STATE, OUT_OF_STATE, NO_LICENCE = (LICENCES.index(name) for name in ("in_state", "out_of_state", "none"))

Entity = TypeVar("Entity")


@dataclass_transform(frozen_default=True)
def entity(kind: type[Entity]) -> type[Entity]:
    """Make a class whose objects are only read.

    A type checker refuses to see them changed. When they are used nothing looks: what could refuse is slower to read.
    """
    return dataclass(slots=True, eq=False)(kind)


@entity
class Person:
    """One person in one seat of a vehicle. Durations in milliseconds."""

    seat: int  # DRIVER or a passenger's
    standing: int  # position in STANDINGS
    licence: int  # position in LICENCES
    who: int  # standing and licence as the record has them
    identified: bool  # the officer gets name and date of birth when asking
    doubt: float  # how unsettled the matter is after the officer's questions, 0 to 1
    matched: bool  # ICE reports a match, true or false
    go_ahead: bool  # ICE asks for custody after a match
    replies: tuple[int, ...]  # time to an answer by channel
    no_answers: tuple[bool, ...]  # whether no answer comes, by channel
    ice_comes: int  # time until an ICE officer comes
    booking: int
    local_stay: int  # in jail on local charges, if it comes to that
    questioning: int  # in jail, under a jail enforcement agreement
    matched_in_jail: bool  # the same, by fingerprints
    known_to_ice: bool  # ICE notices this person by fingerprints taken in jail
    pickup_drive: int  # from the jail to ICE's facility, if first of a pick-up


@entity
class Vehicle:
    """One vehicle that gives ground for a stop, with its drawn fate. Times and durations in milliseconds."""

    place: int  # among those of one instant
    flow: int
    number: int
    arrives: int
    diverts: bool
    traffic_task: int
    outcome: int  # position in OUTCOMES
    criminal_arrest: int
    selected: bool  # for inspection
    level: int  # position in LEVELS
    inspection: int
    vehicle_out_of_service: bool
    driver_out_of_service: bool
    vehicle_ground: int
    driver_ground: int
    asking: int
    hand_over: int
    to_jail: int
    to_facility: int
    repair: int
    people: tuple[Person, ...]


@entity
class Booking:
    """One person who comes to the jail from elsewhere; its flow is LOCAL or OVERFLOW."""

    place: int
    flow: int
    number: int
    arrives: int
    person: Person


#: Of so many vehicles the columns are written out at a time: few enough for the nearest memory.
PIECE = 256
#: Columns of a person that are several, one for each channel.
SEVERAL = ("replies", "no_answers")
PERSON, VEHICLE = ([field.name for field in fields(kind)] for kind in (Person, Vehicle))
Number = TypeVar("Number", int, Ints)


def place_of(flow: int, number: Number) -> Number:
    """Return where an entity stands among those of one instant: by flow, then by number, with room for the slots below."""
    return (number | flow << 32) << 5


def bookings(drawn: JailDraws, flow: int) -> Iterator[Booking]:
    """Yield the people who come to the jail from elsewhere, in order of arrival."""
    columns = zip(*(getattr(drawn, name).tolist() for name in JailDraws.__slots__), strict=True)
    for number, arrives, standing, matched, go_ahead, booking, stay, questioning, known, drive in columns:
        person = Person(
            seat=DRIVER, standing=standing, licence=IN_STATE, who=who(standing, IN_STATE), identified=True, doubt=0.0,
            matched=matched, go_ahead=go_ahead, replies=(), no_answers=(), ice_comes=0, booking=booking, local_stay=stay,
            questioning=questioning, matched_in_jail=matched, known_to_ice=known, pickup_drive=drive,
        )  # fmt: skip
        yield Booking(place_of(flow, number), flow, number, arrives, person)


def vehicles(draws: Draws) -> Iterator[Vehicle]:
    """Return the vehicles of every flow in order of arrival; at the same instant by flow, then by number."""
    made = [_vehicles_of(flow, drawn) for flow, drawn in enumerate(draws.flows)]
    return made[0] if len(made) == 1 else _in_order(draws, made)


def _in_order(draws: Draws, made: list[Iterator[Vehicle]]) -> Iterator[Vehicle]:
    """Yield the vehicles of several flows in order of arrival."""
    order = sorted(
        (arrives, flow, row) for flow, drawn in enumerate(draws.flows) for row, arrives in enumerate(drawn.arrives.tolist())
    )
    for _, flow, _ in order:
        yield next(made[flow])


def _vehicles_of(flow: int, drawn: FlowDraws) -> Iterator[Vehicle]:
    """Turn the columns of one flow into vehicles, one at a time, with as little Python for each as can be."""
    pieces = (slice(first, first + PIECE) for first in range(0, len(drawn), PIECE))
    return chain.from_iterable(_piece_of(flow, drawn, rows) for rows in pieces)


def _piece_of(flow: int, drawn: FlowDraws, rows: slice) -> Iterator[Vehicle]:
    """Turn some rows of the columns into vehicles."""
    columns = (_one_by_one(getattr(drawn, name)[rows]) for name in VEHICLE[2:-1])
    places = place_of(flow, drawn.number[rows]).tolist()
    people = _people_of(drawn, rows)
    return starmap(Vehicle, zip(places, repeat(flow), *columns, people))  # noqa: RUF058 - a row is handed on as it is


def _one_by_one(column: NDArray[Any]) -> Iterable[Any]:
    """Return the numbers of a column; one that is the same everywhere is not written out."""
    return repeat(column[0].item(), len(column)) if len(column) and column.strides == (0,) else column.tolist()


def _people_of(drawn: FlowDraws, rows: slice) -> Iterator[tuple[Person, ...]]:
    """Turn some rows of the columns of all seats into the people of each vehicle."""
    seats = [starmap(Person, _columns_of(number, seat, rows)) for number, seat in enumerate(drawn.seats)]
    everybody = zip(*seats, strict=True)
    if len(seats) == 1:
        return everybody
    return (people[:count] for people, count in zip(everybody, drawn.occupants[rows].tolist(), strict=True))


def _columns_of(number: int, seat: Seat, rows: slice) -> Iterator[tuple[Any, ...]]:
    """Put some rows of the columns of one seat side by side, as :class:`Person` has them."""
    return zip(repeat(number), *(_column_of(seat, name, rows) for name in PERSON[1:]))


def _column_of(seat: Seat, name: str, rows: slice) -> Iterable[Any]:
    """Return some rows of what a field of :class:`Person` holds."""
    if name == "who":
        return _one_by_one(who(seat.standing[rows], seat.licence[rows]))
    if name in SEVERAL:
        return zip(*(_one_by_one(one[rows]) for one in getattr(seat, name)), strict=True)
    return _one_by_one(getattr(seat, name)[rows])
