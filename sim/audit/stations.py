"""Laws of every station alike: who goes in comes out once, nobody is in two places, and Little's law to the millisecond.

A station is where something is counted that begins with one record and ends with another: a unit in a stop, a person in a bed.
Little's law is an identity of the sample path here: the number in the station, integrated over time, is the time that each
spent there, added up. The two sides are found by different ways, in whole milliseconds, and must be equal exactly.

References
----------
Little (1961), "A proof for the queuing formula L = λW", Operations Research 9, 383-387.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from sim.audit.law import Laws, must
from sim.audit.told import ENDINGS, HOLD_ENDS, Row, Told, Who, integral
from sim.trace import Kind

STATIONS = Laws()


class Station(NamedTuple):
    """Which records let somebody in and out, who it is, and how many there is room for."""

    name: str
    into: tuple[Kind, ...]
    out: tuple[Kind, ...]
    who: Callable[[Row], Hashable]
    room: Callable[[Told], int | None] = lambda told: None


def _name(row: Row) -> Hashable:
    return row.name


def _person(row: Row) -> Hashable:
    return row.person


def _unit(row: Row) -> Hashable:
    return row.unit


def _answerers(told: Told) -> int:
    check, shifts = told.scenario.status_check, told.scenario.operation.shifts.values()
    return check.duty_officer.servers + check.support_centre.servers + sum(shift.ice_agents for shift in shifts)


def _units(told: Told) -> int:
    return sum(shift.patrol_units for shift in told.scenario.operation.shifts.values())


def _inspectors(told: Told) -> int:
    return sum(shift.inspectors for shift in told.scenario.operation.shifts.values())


PLACES = (
    Station("units on duty", (Kind.UNIT_ON_DUTY,), (Kind.UNIT_OFF_DUTY,), _unit, _units),
    Station("inspectors on duty", (Kind.INSPECTOR_ON_DUTY,), (Kind.INSPECTOR_OFF_DUTY,), _unit, _inspectors),
    Station("stops", (Kind.STOP_BEGAN,), (Kind.UNIT_FREE,), _name, _units),
    Station("busy units", (Kind.STOP_BEGAN,), (Kind.UNIT_FREE,), _unit, _units),
    Station("inspections", (Kind.INSPECTION_BEGAN,), (Kind.INSPECTION_ENDED,), _name, _inspectors),
    Station("open referrals", (Kind.REFERRED,), ENDINGS, _person),
    Station(
        "questions", (Kind.QUESTION_PUT,), (Kind.ANSWERED, Kind.GAVE_UP), lambda row: (row.detail, row.unit), _answerers
    ),
    Station("units with people for ICE", (Kind.CUSTODY_BEGAN,), (Kind.CUSTODY_ENDED,), _name, _units),
    Station("units with people arrested", (Kind.ARREST_BEGAN,), (Kind.ARREST_ENDED,), _name, _units),
    Station("queue for a desk", (Kind.CAME_TO_JAIL,), (Kind.BOOKING_BEGAN,), _person),
    Station("desks", (Kind.BOOKING_BEGAN,), (Kind.BOOKED,), _person, lambda told: told.scenario.jail.desks),
    Station("beds", (Kind.ENTERED_JAIL,), (Kind.LEFT_JAIL,), _person, lambda told: told.scenario.jail.beds),
    Station("holds", (Kind.HOLD_BEGAN,), HOLD_ENDS, _person),
)  # fmt: skip


@STATIONS.law
def whoever_goes_into_a_station_comes_out_once_and_no_earlier(told: Told) -> None:
    for place in PLACES:
        inside: dict[Hashable, int] = {}
        for row in told.among(*place.into, *place.out):
            if row.kind in place.into:
                must(place.who(row) not in inside)
                inside[place.who(row)] = row.time
            elif row.kind in place.out:
                must(inside.pop(place.who(row)) <= row.time)
        must(not inside)


@STATIONS.law
def no_station_holds_more_than_it_has_room_for_or_fewer_than_none(told: Told) -> None:
    for place in PLACES:
        room, number = place.room(told), 0
        for row in told.among(*place.into, *place.out):
            number += (row.kind in place.into) - (row.kind in place.out)
            must(number >= 0 and (room is None or number <= room))
        must(number == 0)


@STATIONS.law
def the_number_in_a_station_integrated_is_the_time_spent_in_it_added_up(told: Told) -> None:
    for place in PLACES:
        spent, since = 0, dict[Hashable, list[int]]()
        for row in told.among(*place.into, *place.out):
            if row.kind in place.into:
                since.setdefault(place.who(row), []).append(row.time)
            elif row.kind in place.out:
                spent += row.time - since[place.who(row)].pop()
        must(integral(told.number_over_time(place.into, place.out)) == spent)


#: Where a person is, and where a record brings that person; what is not named cannot happen there.
_ROAD, _DESK, _JAIL, _GONE, _UNDER_WAY = "on the road", "at the desk", "in jail", "gone", "under way to ICE"
_MOVES: dict[tuple[str, Kind], str] = {
    (_ROAD, Kind.CAME_TO_JAIL): _DESK,
    (_DESK, Kind.BOOKING_BEGAN): _DESK,
    (_DESK, Kind.BOOKED): _DESK,
    (_DESK, Kind.TURNED_AWAY): _GONE,
    (_DESK, Kind.ENTERED_JAIL): _JAIL,
    (_JAIL, Kind.TRANSFERRED): _UNDER_WAY,
    (_JAIL, Kind.LEFT_JAIL): _GONE,
    (_UNDER_WAY, Kind.LEFT_JAIL): _UNDER_WAY,
    (_ROAD, Kind.BOARDED): _UNDER_WAY,
    (_ROAD, Kind.AT_FACILITY): _GONE,
    (_UNDER_WAY, Kind.AT_FACILITY): _GONE,
}
_MOVING = tuple(dict.fromkeys(kind for _, kind in _MOVES))


@STATIONS.law
def everybody_is_in_one_place_at_a_time(told: Told) -> None:
    place: dict[Who, str] = {}
    for row in told.among(*_MOVING):
        place[row.person] = _MOVES[place.get(row.person, _ROAD), Kind(row.kind)]
    must(_UNDER_WAY not in place.values())
    must(_DESK not in place.values())
    must(_JAIL not in place.values())
