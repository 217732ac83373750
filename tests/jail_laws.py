"""Laws of the county jail: desks, beds, screening, holds, their clocks, and pick-ups. See :mod:`tests.laws`."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from sim.calendar import zone
from sim.entities import LOCAL, OVERFLOW
from sim.fields import WEEKDAYS
from sim.pathway.jail import CLOCKS
from sim.trace import Kind
from sim.units import DAY
from tests.told import Row, Told, Who, integral, law

HOLD_ENDS = (Kind.TRANSFERRED, Kind.RELEASED_AT_CLOCK)


# --- desks and beds -------------------------------------------------------------------------------------------------


@law
def everybody_who_comes_to_jail_is_booked_once_and_turned_away_or_enters_once_and_leaves_once(told: Told) -> None:
    in_jail = (Kind.CAME_TO_JAIL, Kind.BOOKING_BEGAN, Kind.BOOKED, Kind.ENTERED_JAIL, Kind.TURNED_AWAY, Kind.LEFT_JAIL)
    went: dict[Who, list[Row]] = {}
    for row in told.rows:
        if row.kind in in_jail:
            went.setdefault(row.person, []).append(row)
    for way in went.values():
        kinds = [row.kind for row in way]
        assert kinds[:3] == [Kind.CAME_TO_JAIL, Kind.BOOKING_BEGAN, Kind.BOOKED]
        assert kinds[3:] in ([Kind.TURNED_AWAY], [Kind.ENTERED_JAIL, Kind.LEFT_JAIL])
        assert way[2].time == way[3].time == way[1].time + told.person(way[0].person).booking
        assert way[1].unit == way[2].unit


@law
def those_whom_others_bring_come_when_they_were_drawn_to_come(told: Told) -> None:
    came = {row.person: row.time for row in told.of_kind[Kind.CAME_TO_JAIL] if row.flow >= LOCAL}
    assert came == {(*name, 0): booking.arrives for name, booking in told.booked.items()}
    brought = {row.person: row.time for row in told.of_kind[Kind.BROUGHT_BY_ICE]}
    assert brought == {person: moment for person, moment in came.items() if person[0] == OVERFLOW}


@law
def a_desk_serves_one_at_a_time_in_the_order_of_coming_and_nobody_waits_for_a_free_one(told: Told) -> None:
    desks, busy = told.scenario.jail.desks, dict[int, Who]()
    waiting = deque[Who]()
    for row, following in pairwise([*told.rows, told.rows[-1]] if told.rows else []):
        if row.kind == Kind.CAME_TO_JAIL:
            waiting.append(row.person)
        elif row.kind == Kind.BOOKING_BEGAN:
            assert 0 <= row.unit < desks
            assert row.unit not in busy
            assert waiting.popleft() == row.person
            busy[row.unit] = row.person
        elif row.kind == Kind.BOOKED:
            assert busy.pop(row.unit) == row.person
        assert following.time == row.time or not waiting or len(busy) == desks
    assert not waiting
    assert not busy


@law
def no_more_beds_are_taken_than_there_are_and_people_are_turned_away_only_when_all_are(told: Told) -> None:
    taken, beds = 0, told.scenario.jail.beds
    for row in told.rows:
        taken += (row.kind == Kind.ENTERED_JAIL) - (row.kind == Kind.LEFT_JAIL)
        assert 0 <= taken <= beds
        assert row.kind != Kind.TURNED_AWAY or taken == beds
    assert taken == 0


@law
def the_people_in_jail_added_up_over_time_are_their_stays_added_up(told: Told) -> None:
    """Each side on its own: the number in jail, and what was drawn for each person with the hold that followed."""
    stays = 0
    for row in told.of_kind[Kind.ENTERED_JAIL]:
        mine = told.of_person[row.person]
        on_charges = 0 if _arrested_for_ice(told, row.person) else told.person(row.person).local_stay
        held = sum(end.time - mine[Kind.HOLD_BEGAN][0].time for kind in HOLD_ENDS for end in mine[kind])
        stays += on_charges + held
    assert integral(told.number_over_time((Kind.ENTERED_JAIL,), (Kind.LEFT_JAIL,))) == stays


def _arrested_for_ice(told: Told, person: Who) -> bool:
    """Whether somebody came to jail for ICE alone, and on no local charges."""
    return person[0] < LOCAL and person in told.charges[person[:2]].taken_by_ice


def _wanted_at_the_roadside(told: Told, person: Who) -> bool:
    """Whether somebody came to jail on local charges when ICE had asked for that person at the roadside."""
    return person[0] < LOCAL and person[2] == 0 and told.charges[person[:2]].is_wanted


@law
def those_whom_ice_brings_stay_until_ice_takes_them_back_and_are_held_on_no_clock(told: Told) -> None:
    taken_back = {row.person: row.time for row in told.of_kind[Kind.TAKEN_BACK_BY_ICE]}
    entered = {row.person: row.time for row in told.of_kind[Kind.ENTERED_JAIL] if row.flow == OVERFLOW}
    assert taken_back == {person: moment + told.person(person).local_stay for person, moment in entered.items()}
    touched = (Kind.DETAINER_LODGED, Kind.WARRANT_SERVED, Kind.HOLD_BEGAN, Kind.QUESTIONED)
    assert not [row for kind in touched for row in told.of_kind[kind] if row.flow == OVERFLOW]


# --- coming to ICE's notice -----------------------------------------------------------------------------------------


@law
def nobody_is_questioned_or_served_in_jail_without_the_agreement_for_it(told: Told) -> None:
    held = told.scenario.agency.agreements
    assert "jail_enforcement" in held or not told.of_kind[Kind.QUESTIONED]
    assert "warrant_service_officer" in held or not told.of_kind[Kind.WARRANT_SERVED]


@law
def people_on_local_charges_are_questioned_at_most_once_by_one_officer_at_a_time_and_from_when_they_are_in(told: Told) -> None:
    busy_until: dict[int, int] = {}
    assert not [person for person, number in Counter(row.person for row in told.of_kind[Kind.QUESTIONED]).items() if number > 1]
    for row in told.of_kind[Kind.QUESTIONED]:
        mine = told.of_person[row.person]
        began = row.time - told.person(row.person).questioning
        assert not _arrested_for_ice(told, row.person)
        assert not _wanted_at_the_roadside(told, row.person)
        assert mine[Kind.ENTERED_JAIL][0].time <= began <= _end_of_charges(told, row.person)
        assert 0 <= row.unit < told.scenario.jail.screening.officers
        assert busy_until.get(row.unit, began) <= began
        busy_until[row.unit] = row.time


def _end_of_charges(told: Told, person: Who) -> int:
    entered: int = told.of_person[person][Kind.ENTERED_JAIL][0].time
    return entered if _arrested_for_ice(told, person) else entered + told.person(person).local_stay


@law
def nobody_waits_to_be_questioned_while_an_officer_is_free(told: Told) -> None:
    officers = told.scenario.jail.screening.officers
    if "jail_enforcement" not in told.scenario.agency.agreements or not officers:
        assert not told.of_kind[Kind.QUESTIONED]
        return
    changes: Counter[tuple[int, str]] = Counter()
    for row in told.of_kind[Kind.ENTERED_JAIL]:
        if row.flow == OVERFLOW or _arrested_for_ice(told, row.person) or _wanted_at_the_roadside(told, row.person):
            continue
        until = _end_of_charges(told, row.person)
        for done in told.of_person[row.person][Kind.QUESTIONED]:
            until = done.time - told.person(row.person).questioning
            changes[until, "busy"] += 1
            changes[done.time, "busy"] -= 1
        changes[row.time, "waiting"] += 1
        changes[until, "waiting"] -= 1
    number: Counter[str] = Counter()
    moments = sorted({moment for moment, _ in changes})
    for moment in moments:
        for what in ("waiting", "busy"):
            number[what] += changes[moment, what]
        assert not number["waiting"] or number["busy"] == officers


@law
def ice_lodges_a_detainer_or_has_its_warrant_served_only_for_people_whom_it_wants_and_has_noticed(told: Told) -> None:
    served = "warrant_service_officer" in told.scenario.agency.agreements
    noticed = told.of_kind[Kind.DETAINER_LODGED] + told.of_kind[Kind.WARRANT_SERVED]
    assert max(Counter(row.person for row in noticed).values(), default=0) <= 1
    for row in noticed:
        one, mine = told.person(row.person), told.of_person[row.person]
        if _wanted_at_the_roadside(told, row.person):
            assert row.kind == Kind.DETAINER_LODGED
            assert row.time == mine[Kind.CAME_TO_JAIL][0].time
            assert one.matched
        else:
            assert (row.kind == Kind.WARRANT_SERVED) == served
            assert one.matched_in_jail
            assert mine[Kind.ENTERED_JAIL][0].time <= row.time <= _end_of_charges(told, row.person)
            assert row.time in [done.time for done in mine[Kind.QUESTIONED]] or one.known_to_ice
        assert one.go_ahead


@law
def everybody_whom_ice_wants_and_has_noticed_in_time_is_wanted_by_detainer_or_warrant(told: Told) -> None:
    questions = "jail_enforcement" in told.scenario.agency.agreements and told.scenario.jail.screening.officers > 0
    for row in told.of_kind[Kind.ENTERED_JAIL]:
        one, mine = told.person(row.person), told.of_person[row.person]
        on_charges = row.flow != OVERFLOW and not _arrested_for_ice(told, row.person)
        in_time = [done for done in mine[Kind.QUESTIONED] if done.time < _end_of_charges(told, row.person)]
        noticed = bool(in_time) or (one.known_to_ice and not questions)
        if on_charges and one.matched_in_jail and one.go_ahead and noticed:
            assert mine[Kind.DETAINER_LODGED] or mine[Kind.WARRANT_SERVED]


# --- holds ----------------------------------------------------------------------------------------------------------


@law
def those_who_are_wanted_are_held_from_when_nothing_else_holds_them_and_nobody_else_is(told: Told) -> None:
    expected: dict[Who, tuple[int, str]] = {}
    for row in told.of_kind[Kind.ENTERED_JAIL]:
        mine = told.of_person[row.person]
        if _arrested_for_ice(told, row.person) or mine[Kind.WARRANT_SERVED]:
            expected[row.person] = (_end_of_charges(told, row.person), "ice_arrest")
        elif mine[Kind.DETAINER_LODGED]:
            expected[row.person] = (_end_of_charges(told, row.person), "detainer")
    began = told.of_kind[Kind.HOLD_BEGAN]
    assert len({row.person for row in began}) == len(began)
    assert {row.person: (row.time, CLOCKS[row.unit]) for row in began} == expected


@law
def every_hold_ends_once_when_ice_comes_in_time_or_else_exactly_when_its_clock_runs_out(told: Told) -> None:
    for row in told.of_kind[Kind.HOLD_BEGAN]:
        mine = told.of_person[row.person]
        (end,) = [end for kind in HOLD_ENDS for end in mine[kind]]
        runs_out = _end_of_clock(told, row)
        assert end.time == mine[Kind.LEFT_JAIL][0].time
        assert end.time == runs_out if end.kind == Kind.RELEASED_AT_CLOCK else row.time <= end.time < runs_out
    assert len(told.of_kind[Kind.HOLD_BEGAN]) == sum(len(told.of_kind[kind]) for kind in HOLD_ENDS)


def _end_of_clock(told: Told, began: Row) -> int:
    """Read the rule day by day: only days that count use the clock up."""
    clock = told.scenario.jail.clock
    if CLOCKS[began.unit] == "ice_arrest" or clock.rule == "flat":
        return began.time + (clock.ice_arrest if CLOCKS[began.unit] == "ice_arrest" else clock.detainer)
    left, moment = clock.detainer, began.time
    for day in _days_from(told, began.time):
        over = _model_time(told, day + timedelta(days=1), time())
        runs = 0 if day.weekday() >= WEEKDAYS.index("sat") or day in HOLIDAYS else over - moment
        if left <= runs or left == 0:
            return moment + left
        left, moment = left - runs, over
    raise AssertionError("days do not end")


#: Federal holidays as observed, by the list of the Office of Personnel Management, for the days on which scenarios run.
HOLIDAYS = {
    date.fromisoformat(day)
    for day in (
        *("2025-01-01", "2025-01-20", "2025-02-17", "2025-05-26", "2025-06-19", "2025-07-04", "2025-09-01", "2025-10-13"),
        *("2025-11-11", "2025-11-27", "2025-12-25", "2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19"),
        *("2026-07-03", "2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25"),
    )
}


def _days_from(told: Told, moment: int) -> Iterator[date]:
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


@law
def a_pickup_comes_only_when_scheduled_and_takes_those_who_have_waited_longest_and_at_most_its_seats(told: Told) -> None:
    ready: list[Who] = []
    leaving: list[Who] = []
    came: list[int] = []
    for row in told.rows:
        if row.kind == Kind.HOLD_BEGAN:
            ready.append(row.person)
        elif row.kind == Kind.RELEASED_AT_CLOCK:
            ready.remove(row.person)
        elif row.kind == Kind.PICKUP_CAME:
            assert row.time in _scheduled(told, row.time - DAY, row.time + 1)
            assert row.detail == min(told.scenario.jail.pickup.seats, len(ready)) > 0
            leaving, ready = ready[: row.detail], ready[row.detail :]
            came.append(row.time)
        elif row.kind == Kind.TRANSFERRED:
            assert row.time == came[-1]
            assert row.person == leaving.pop(0)
    assert not ready
    assert not leaving
    assert len(set(came)) == len(came)


@law
def nobody_held_is_left_behind_by_a_scheduled_pickup_that_has_a_seat(told: Told) -> None:
    seats = told.scenario.jail.pickup.seats
    full = {row.time for row in told.of_kind[Kind.PICKUP_CAME] if row.detail == seats}
    for row in told.of_kind[Kind.HOLD_BEGAN]:
        (end,) = [end for kind in HOLD_ENDS for end in told.of_person[row.person][kind]]
        assert not seats or full.issuperset(_scheduled(told, row.time, end.time))


@law
def people_who_leave_with_a_pickup_reach_the_facility_together_after_the_drive_of_the_first(told: Told) -> None:
    aboard: dict[int, list[Who]] = {}
    for row in told.of_kind[Kind.TRANSFERRED]:
        aboard.setdefault(row.time, []).append(row.person)
    for left, people in aboard.items():
        arrives = left + told.person(people[0]).pickup_drive
        assert [row.time for person in people for row in told.of_person[person][Kind.AT_FACILITY]] == [arrives] * len(people)


@law
def the_mean_hold_is_the_time_held_added_up_and_divided_by_those_whose_hold_began_in_the_watch(told: Told) -> None:
    ends = max(day.ends for day in told.draws.shifts) + told.scenario.jail.follow_up
    mine = [row for row in told.of_kind[Kind.HOLD_BEGAN] if 0 <= row.time <= ends]
    held = [end.time - row.time for row in mine for kind in HOLD_ENDS for end in told.of_person[row.person][kind]]
    if held:
        assert told.measures["hold_hours_mean"] == pytest.approx(sum(held) / len(held) / (DAY / 24), rel=1e-12)
    assert told.measures["released_at_clock"] + told.measures["transferred"] <= len(told.of_kind[Kind.HOLD_BEGAN])
