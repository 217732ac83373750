"""One pass over a trace, from which every measure of an operation follows: counts, sums of times, lengths of spans.

The pass is written so that it runs as it stands and compiled: :mod:`sim.engines.compiled.tally` compiles these functions, and
adds each row when it is made. It takes one row after the other and keeps only what is still open. All sums are of whole
numbers, so no order of adding matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, auto
from math import nan
from typing import Any

from sim.fields import CHANNELS
from sim.scenario import LICENCES, STANDINGS
from sim.trace import OVERFLOW, PATHS, Kind, Rows

CITIZEN = STANDINGS.index("citizen")
KINDS = max(Kind) + 1
LICENCE_COUNT = len(LICENCES)
NOT_OPEN = 0
MOST_IN_A_VEHICLE = 8
ICE_COMES, AGENCY_DRIVES = PATHS.index("ice_comes"), PATHS.index("agency_drives")
ICE_ON_SCENE = CHANNELS.index("ice_on_scene")


class Of(IntEnum):
    """What is added up for every kind of record."""

    COUNT = 0
    TIME = auto()
    DETAIL = auto()
    OUTSIDE = auto()  # the watch, which lasts from the first shift's day to the end of the follow-up
    BEYOND = auto()  # times outside, less the nearest moment of the watch


class Sum(IntEnum):
    """What is added up besides; times in milliseconds."""

    VEHICLES_WITH_DETAINED = 0
    DETAINED_CITIZENS = auto()
    DETAINED_BY_LICENCE = auto()  # and the two after it, in the order of LICENCES
    DETAINED_OUT_OF_STATE = auto()
    DETAINED_WITHOUT = auto()
    REFERRED_CITIZENS = auto()
    HELD_CITIZENS = auto()  # in jail, within the watch
    ANSWERS_ON_SCENE = auto()
    TRIPS_OF_ICE = auto()
    TRIPS_OF_AGENCY = auto()
    HELD_THEN_RELEASED = auto()  # from referral to the end of the stop
    CHECK_WAIT = auto()  # from referral to the answer, or to the end without one
    STOPS_WITH_ASKING = auto()  # that somebody was asked in, or was to be asked
    ADDED = auto()  # from the end of task and inspection to the end of the stop, where somebody was to be asked
    OVERTIME = auto()
    BOOKING_WAIT = auto()  # for a desk, of people who came within the watch
    BOOKING_WAITS = auto()
    HOLDS = auto()  # that began within the watch
    HELD = auto()  # their lengths
    CLOCK_HOLD = auto()  # holds that the clock ended within the watch
    OVERFLOW_ENTERED = auto()  # clipped times at which people brought by ICE took a bed
    BEDS = auto()  # taken now
    BEDS_PEAK = auto()  # within the watch


class UnitColumn(IntEnum):
    """What is open about a patrol unit."""

    ON_DUTY = 0
    BUSY = auto()
    SINCE = auto()  # when either changed
    TASK_ENDED = auto()
    ASKED = auto()
    DETAINED = auto()
    REFERRED = auto()  # and the seven after it: a millisecond after the person in each seat was, or NOT_OPEN


UNIT_COLUMNS = UnitColumn.REFERRED + MOST_IN_A_VEHICLE

assert len(LICENCES) == Sum.DETAINED_WITHOUT - Sum.DETAINED_BY_LICENCE + 1


#: A table by a pair of whole numbers, or by one: an array, or a dictionary in which all is 0 at first.
Table = Any
ENDS_OF_CHECK = (Kind.NO_MATCH, Kind.DECLINED, Kind.DETAINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)
OF_SPANS_IN_JAIL = (Kind.CAME_TO_JAIL, Kind.BOOKING_BEGAN, Kind.HOLD_BEGAN, Kind.TRANSFERRED, Kind.RELEASED_AT_CLOCK)


def add_row(  # noqa: PLR0913 - a record's columns, and what the pass keeps, each by itself: a compiled function keeps them apart
    time: int,
    kind: int,
    flow: int,
    vehicle: int,
    seat: int,
    unit: int,
    detail: int,
    watch: int,
    kinds: Table,
    sums: Table,
    units: Table,
    came: Table,
    held: Table,
    added: Table,
    holds: Table,
) -> None:
    """Add one row of a trace.

    Parameters
    ----------
    time, kind, flow, vehicle, seat, unit, detail
        The row.
    watch
        The end of the watch, in milliseconds.
    kinds
        Sums by kind and :class:`Of`; changed in place, as all that follows.
    sums
        Sums by :class:`Sum`.
    units
        What is open about patrol units, by unit and :class:`UnitColumn`.
    came, held
        When people who wait for a desk came, and when holds began that go on, by person.
    added, holds
        Lengths of what the status check added, and of holds that began within the watch, by number.
    """
    kinds[kind, Of.COUNT] += 1
    kinds[kind, Of.TIME] += time
    kinds[kind, Of.DETAIL] += detail
    if not 0 <= time <= watch:
        kinds[kind, Of.OUTSIDE] += 1
        kinds[kind, Of.BEYOND] += time - min(max(time, 0), watch)
    if kind < Kind.ASKED:
        at_the_stop(time, kind, unit, units, sums)
    elif kind < Kind.BOOKING_BEGAN:
        in_the_check(time, kind, seat, unit, detail, units, sums, added)
    elif kind in (Kind.ENTERED_JAIL, Kind.LEFT_JAIL):
        at_a_bed(time, kind, flow, watch, sums)
    elif kind in OF_SPANS_IN_JAIL:
        in_jail(time, kind, (flow << 40 | vehicle) << 4 | seat, detail, watch, sums, came, held, holds)


def at_the_stop(time: int, kind: int, unit: int, units: Table, sums: Table) -> None:
    """Add one record of a shift, or of a stop up to the end of the task."""
    if kind == Kind.STOP_BEGAN:
        change_of_unit(time, UnitColumn.BUSY, 1, unit, units, sums)
        units[unit, UnitColumn.ASKED] = 0
        units[unit, UnitColumn.DETAINED] = 0
    elif kind == Kind.TASK_ENDED:
        units[unit, UnitColumn.TASK_ENDED] = time
    elif kind == Kind.NOT_ASKED:
        units[unit, UnitColumn.ASKED] = 1
    elif kind == Kind.UNIT_ON_DUTY:
        change_of_unit(time, UnitColumn.ON_DUTY, 1, unit, units, sums)
    elif kind == Kind.UNIT_OFF_DUTY:
        change_of_unit(time, UnitColumn.ON_DUTY, 0, unit, units, sums)


def in_the_check(  # noqa: PLR0913
    time: int, kind: int, seat: int, unit: int, detail: int, units: Table, sums: Table, added: Table
) -> None:
    """Add one record of a status check, or of what follows until the unit is free."""
    if kind == Kind.ASKED:
        units[unit, UnitColumn.ASKED] = 1
    elif kind == Kind.STOP_ENDED:
        stop_ended(time, unit, units, sums, added)
    elif kind == Kind.UNIT_FREE:
        change_of_unit(time, UnitColumn.BUSY, 0, unit, units, sums)
    elif kind == Kind.REFERRED:
        units[unit, UnitColumn.REFERRED + seat] = time + 1
        sums[Sum.REFERRED_CITIZENS] += detail // LICENCE_COUNT == CITIZEN
    elif kind in ENDS_OF_CHECK:
        sums[Sum.CHECK_WAIT] += time + 1 - units[unit, UnitColumn.REFERRED + seat]
        if kind == Kind.DETAINED:
            person_detained(seat, detail, unit, units, sums)
    elif kind == Kind.ANSWERED:
        sums[Sum.ANSWERS_ON_SCENE] += detail == ICE_ON_SCENE
    elif kind == Kind.CUSTODY_BEGAN:
        sums[Sum.TRIPS_OF_ICE] += detail == ICE_COMES
        sums[Sum.TRIPS_OF_AGENCY] += detail == AGENCY_DRIVES


def person_detained(seat: int, who: int, unit: int, units: Table, sums: Table) -> None:
    """Add one person detained at the roadside."""
    units[unit, UnitColumn.REFERRED + seat] = NOT_OPEN
    sums[Sum.VEHICLES_WITH_DETAINED] += units[unit, UnitColumn.DETAINED] == 0
    units[unit, UnitColumn.DETAINED] = 1
    sums[Sum.DETAINED_CITIZENS] += who // LICENCE_COUNT == CITIZEN
    sums[Sum.DETAINED_BY_LICENCE + who % LICENCE_COUNT] += 1


def stop_ended(time: int, unit: int, units: Table, sums: Table, added: Table) -> None:
    """Add the end of one stop."""
    if units[unit, UnitColumn.ASKED]:
        beyond = time - units[unit, UnitColumn.TASK_ENDED]
        added[sums[Sum.STOPS_WITH_ASKING]] = beyond
        sums[Sum.STOPS_WITH_ASKING] += 1
        sums[Sum.ADDED] += beyond
        for seat in range(MOST_IN_A_VEHICLE):
            if units[unit, UnitColumn.REFERRED + seat] != NOT_OPEN:
                sums[Sum.HELD_THEN_RELEASED] += time + 1 - units[unit, UnitColumn.REFERRED + seat]
                units[unit, UnitColumn.REFERRED + seat] = NOT_OPEN


def change_of_unit(time: int, what: int, to: int, unit: int, units: Table, sums: Table) -> None:
    """Add what a unit has worked past its shift since the last change, and make the next."""
    if units[unit, UnitColumn.BUSY] and not units[unit, UnitColumn.ON_DUTY]:
        sums[Sum.OVERTIME] += time - units[unit, UnitColumn.SINCE]
    units[unit, UnitColumn.SINCE] = time
    units[unit, what] = to


def at_a_bed(time: int, kind: int, flow: int, watch: int, sums: Table) -> None:
    """Add one bed taken or left."""
    if kind == Kind.ENTERED_JAIL and flow == OVERFLOW:
        sums[Sum.OVERFLOW_ENTERED] += min(max(time, 0), watch)
    sums[Sum.BEDS] += 1 if kind == Kind.ENTERED_JAIL else -1
    if time < 0:
        sums[Sum.BEDS_PEAK] = sums[Sum.BEDS]  # those who are there when the watch begins
    elif time <= watch:
        sums[Sum.BEDS_PEAK] = max(sums[Sum.BEDS_PEAK], sums[Sum.BEDS])


def in_jail(  # noqa: PLR0913
    time: int,
    kind: int,
    person: int,
    detail: int,
    watch: int,
    sums: Table,
    came: Table,
    held: Table,
    holds: Table,
) -> None:
    """Add one record of a wait for a desk, or of a hold."""
    if kind == Kind.CAME_TO_JAIL:
        begin_span(came, person, time)
    elif kind == Kind.BOOKING_BEGAN:
        since = end_span(came, person)
        if 0 <= since <= watch:
            sums[Sum.BOOKING_WAIT] += time - since
            sums[Sum.BOOKING_WAITS] += 1
    elif kind == Kind.HOLD_BEGAN:
        begin_span(held, person, time)
        sums[Sum.HELD_CITIZENS] += 0 <= time <= watch and detail // LICENCE_COUNT == CITIZEN
    else:
        since = end_span(held, person)
        if 0 <= since <= watch:
            holds[sums[Sum.HOLDS]] = time - since
            sums[Sum.HOLDS] += 1
            sums[Sum.HELD] += time - since
        if kind == Kind.RELEASED_AT_CLOCK and 0 <= time <= watch:
            sums[Sum.CLOCK_HOLD] += time - since


def begin_span(spans: dict[int, int], person: int, time: int) -> None:
    """Note when something began for a person; the compiled pass has its own way of keeping spans."""
    spans[person] = time


def end_span(spans: dict[int, int], person: int) -> int:
    """Return when something began for a person for whom it ends now."""
    return spans.pop(person)


def upper_twentieth(lengths: Sequence[int] | Rows) -> float:
    """Return the length that one in twenty exceeds, between neighbours in proportion; NaN where there are none.

    Parameters
    ----------
    lengths
        In rising order.
    """
    if len(lengths) == 0:
        return nan
    place = 0.95 * (len(lengths) - 1)
    below = int(place)
    above = min(below + 1, len(lengths) - 1)
    return lengths[below] + (place - below) * (lengths[above] - lengths[below])
