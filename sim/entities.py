"""Vehicles and the people in them, as one replication has drawn them. Nothing in here changes once made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.chance import Draws, FlowDraws
from sim.scenario import LICENCES, STANDINGS

OUTCOMES = ("warned", "cited", "arrested")
CITED, ARRESTED = OUTCOMES.index("cited"), OUTCOMES.index("arrested")
CITIZEN = STANDINGS.index("citizen")
IN_STATE, OUT_OF_STATE, NO_LICENCE = (LICENCES.index(name) for name in ("in_state", "out_of_state", "none"))


@dataclass(frozen=True, slots=True)
class Person:
    """One person in one seat of a vehicle; seat 0 is the driver's. Durations in milliseconds."""

    seat: int
    standing: int  # position in STANDINGS
    licence: int  # position in LICENCES
    identified: bool  # the officer gets name and date of birth when asking
    doubt: float  # how unsettled the matter is after the officer's questions, 0 to 1
    matched: bool  # ICE reports a match, true or false
    go_ahead: bool  # ICE asks for custody after a match
    replies: tuple[int, ...]  # time to an answer by channel
    no_answers: tuple[bool, ...]  # whether no answer comes, by channel
    booking: int

    @property
    def is_driver(self) -> bool:
        """Whether this person drives."""
        return self.seat == 0


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle that gives ground for a stop, with its drawn fate. Times and durations in milliseconds."""

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
    people: tuple[Person, ...]


def vehicles(draws: Draws) -> Iterator[Vehicle]:
    """Yield the vehicles of every flow in order of arrival; at the same instant by flow, then by number."""
    order = [
        (arrives, flow, row) for flow, drawn in enumerate(draws.flows) for row, arrives in enumerate(drawn.arrives.tolist())
    ]
    order.sort()
    makers = [_Maker(flow, drawn) for flow, drawn in enumerate(draws.flows)]
    for _, flow, row in order:
        yield makers[flow].vehicle(row)


class _Maker:
    """Turns the columns of one flow into vehicles, one at a time, since most data of passing vehicles is never looked at."""

    def __init__(self, flow: int, drawn: FlowDraws) -> None:
        columns = [name for name in FlowDraws.__slots__ if name not in ("occupants", "seats")]
        self.flow = flow
        self.rows = list(zip(*(getattr(drawn, name).tolist() for name in columns), strict=True))
        self.occupants = drawn.occupants.tolist()
        self.seats = [
            list(
                zip(
                    seat.standing.tolist(),
                    seat.licence.tolist(),
                    seat.identified.tolist(),
                    seat.doubt.tolist(),
                    seat.matched.tolist(),
                    seat.go_ahead.tolist(),
                    zip(*(reply.tolist() for reply in seat.replies), strict=True),
                    zip(*(none.tolist() for none in seat.no_answers), strict=True),
                    seat.booking.tolist(),
                    strict=True,
                )
            )
            for seat in drawn.seats
        ]

    def vehicle(self, row: int) -> Vehicle:
        people = tuple(Person(seat, *self.seats[seat][row]) for seat in range(self.occupants[row]))
        return Vehicle(self.flow, *self.rows[row], people)
