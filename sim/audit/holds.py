"""Laws of holds for ICE in the county jail: when they begin, when their clocks run out, and whom a pick-up takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from sim.audit.jail import arrested_for_ice, end_of_charges
from sim.audit.law import Laws, must
from sim.audit.told import HOLD_ENDS, Row, Told, Who
from sim.calendar import federal_holidays, zone
from sim.fields import WEEKDAYS
from sim.trace import CLOCKS, Kind
from sim.units import DAY

HOLDS = Laws()


@HOLDS.law
def those_who_are_wanted_are_held_from_when_nothing_else_holds_them_and_nobody_else_is(told: Told) -> None:
    expected: dict[Who, tuple[int, str]] = {}
    for row in told.along(told.of_kind[Kind.ENTERED_JAIL]):
        mine = told.of_person[row.person]
        if arrested_for_ice(told, row.person) or mine[Kind.WARRANT_SERVED]:
            expected[row.person] = (end_of_charges(told, row.person), "ice_arrest")
        elif mine[Kind.DETAINER_LODGED]:
            expected[row.person] = (end_of_charges(told, row.person), "detainer")
    began = told.of_kind[Kind.HOLD_BEGAN]
    must(len({row.person for row in began}) == len(began))
    told.must_agree({row.person: (row.time, CLOCKS[row.unit]) for row in began}, expected)


@HOLDS.law
def every_hold_ends_once_when_ice_comes_in_time_or_else_exactly_when_its_clock_runs_out(told: Told) -> None:
    for row in told.along(told.of_kind[Kind.HOLD_BEGAN]):
        mine = told.of_person[row.person]
        (end,) = [end for kind in HOLD_ENDS for end in mine[kind]]
        runs_out = _end_of_clock(told, row)
        must(end.time == mine[Kind.LEFT_JAIL][0].time)
        must(end.time == runs_out if end.kind == Kind.RELEASED_AT_CLOCK else row.time <= end.time < runs_out)
    must(len(told.of_kind[Kind.HOLD_BEGAN]) == sum(len(told.of_kind[kind]) for kind in HOLD_ENDS))


def _end_of_clock(told: Told, began: Row) -> int:
    """Read the rule day by day: only days that count use the clock up."""
    clock = told.scenario.jail.clock
    if CLOCKS[began.unit] == "ice_arrest" or clock.rule == "flat":
        return began.time + (clock.ice_arrest if CLOCKS[began.unit] == "ice_arrest" else clock.detainer)
    left, moment, days = clock.detainer, began.time, _days_from(told, began.time)
    while True:
        day = next(days)
        over = _model_time(told, day + timedelta(days=1), time())
        runs = 0 if day.weekday() >= WEEKDAYS.index("sat") or day in federal_holidays(day.year) else over - moment
        if left <= runs or left == 0:
            return moment + left
        left, moment = left - runs, over


def _days_from(told: Told, moment: int) -> Iterator[date]:
    """Yield the local days from that of a moment on."""
    place = zone(told.scenario.operation.time_zone)
    first = datetime.combine(told.scenario.operation.first_day, time(), place).astimezone(UTC)
    day = (first + timedelta(milliseconds=moment)).astimezone(place).date()
    while True:
        yield day
        day += timedelta(days=1)


def _model_time(told: Told, day: date, at: time) -> int:
    place = zone(told.scenario.operation.time_zone)
    first = datetime.combine(told.scenario.operation.first_day, time(), place).timestamp()
    return round((datetime.combine(day, at, place).timestamp() - first) * 1000)


# --- pick-ups -------------------------------------------------------------------------------------------------------


def _scheduled(told: Told, begins: int, ends: int) -> Iterator[int]:
    """Yield the scheduled times of pick-ups after one moment and before another."""
    terms = told.scenario.jail.pickup
    for day in _days_from(told, begins):
        moment = _model_time(told, day, terms.at)
        if moment >= ends:
            return
        if moment > begins and WEEKDAYS[day.weekday()] in terms.weekdays:
            yield moment


@HOLDS.law
def a_pickup_comes_only_when_scheduled_and_takes_those_who_have_waited_longest_and_at_most_its_seats(told: Told) -> None:
    ready: list[Who] = []
    leaving: list[Who] = []
    came: list[int] = []
    for row in told.along(told.rows):
        if row.kind == Kind.HOLD_BEGAN:
            ready.append(row.person)
        elif row.kind == Kind.RELEASED_AT_CLOCK:
            ready.remove(row.person)
        elif row.kind == Kind.PICKUP_CAME:
            must(row.time in _scheduled(told, row.time - DAY, row.time + 1))
            must(row.detail == min(told.scenario.jail.pickup.seats, len(ready)) > 0)
            leaving, ready = ready[: row.detail], ready[row.detail :]
            came.append(row.time)
        elif row.kind == Kind.TRANSFERRED:
            must(row.time == came[-1])
            must(row.person == leaving.pop(0))
    must(not ready)
    must(not leaving)
    must(len(set(came)) == len(came))


@HOLDS.law
def nobody_held_is_left_behind_by_a_scheduled_pickup_that_has_a_seat(told: Told) -> None:
    seats = told.scenario.jail.pickup.seats
    full = {row.time for row in told.of_kind[Kind.PICKUP_CAME] if row.detail == seats}
    for row in told.along(told.of_kind[Kind.HOLD_BEGAN]):
        (end,) = [end for kind in HOLD_ENDS for end in told.of_person[row.person][kind]]
        must(not seats or full.issuperset(_scheduled(told, row.time, end.time)))


@HOLDS.law
def people_who_leave_with_a_pickup_reach_the_facility_together_after_the_drive_of_the_first(told: Told) -> None:
    aboard: dict[int, list[Who]] = {}
    for row in told.along(told.of_kind[Kind.TRANSFERRED]):
        aboard.setdefault(row.time, []).append(row.person)
    for left, people in aboard.items():
        arrives = left + told.person(people[0]).pickup_drive
        must([row.time for person in people for row in told.of_person[person][Kind.AT_FACILITY]] == [arrives] * len(people))
