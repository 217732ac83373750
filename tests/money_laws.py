"""Laws of money and of bed time: each kind of cost found again from the record, by another way. See :mod:`tests.laws`."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from sim.entities import OVERFLOW
from sim.measures.events import Events
from sim.measures.money import PAYERS, ledger
from sim.pathway.custody import PATHS
from sim.scenario import STANDINGS
from sim.trace import Kind, Trace
from sim.units import DAY, HOUR
from tests.jail_laws import HOLD_ENDS
from tests.told import Told, law


def spent(told: Told) -> dict[tuple[str, str], int]:
    trace = Trace.of([tuple(row) for row in told.rows])
    return ledger(Events.of(trace, told.scenario))


def _in_watch(told: Told, moment: int) -> bool:
    return 0 <= moment <= _end_of_watch(told)


def _end_of_watch(told: Told) -> int:
    return max(day.ends for day in told.draws.shifts) + told.scenario.jail.follow_up


def _watched(told: Told, begins: int, ends: int) -> int:
    return max(0, min(ends, _end_of_watch(told)) - max(begins, 0))


def _cents(milliseconds: int, unit: int, rate: int) -> int:
    """To the nearest cent, a half upwards."""
    return math.floor(Fraction(milliseconds * rate, unit) + Fraction(1, 2))


def _time_for_ice(told: Told) -> tuple[int, int]:
    """Return the watched bed time of people held for ICE, and of people whom ICE brought."""
    held = brought = 0
    for mine in told.of_person.values():
        for began in mine[Kind.HOLD_BEGAN]:
            (end,) = [end for kind in HOLD_ENDS for end in mine[kind]]
            held += _watched(told, began.time, end.time)
        for entered in mine[Kind.ENTERED_JAIL]:
            if entered.flow == OVERFLOW:
                brought += _watched(told, entered.time, mine[Kind.LEFT_JAIL][0].time)
    return held, brought


def _officers(told: Told) -> tuple[int, int]:
    """Return the time of patrol units on duty, and busy off duty."""
    on_duty: set[int] = set()
    busy: set[int] = set()
    scheduled = overtime = last = 0
    for row in told.rows:
        scheduled += len(on_duty) * (row.time - last)
        overtime += len(busy - on_duty) * (row.time - last)
        last = row.time
        if row.kind in (Kind.UNIT_ON_DUTY, Kind.STOP_BEGAN):
            (on_duty if row.kind == Kind.UNIT_ON_DUTY else busy).add(row.unit)
        elif row.kind in (Kind.UNIT_OFF_DUTY, Kind.UNIT_FREE):
            (on_duty if row.kind == Kind.UNIT_OFF_DUTY else busy).remove(row.unit)
    return scheduled, overtime


@law
def every_cost_is_what_the_record_makes_it_and_falls_to_whom_the_terms_name(told: Told) -> None:
    terms, scenario, expected = told.scenario.money, told.scenario, dict[tuple[str, str], int]()

    def enter(payer: str, kind: str, cents: int) -> None:
        expected[payer, kind] = expected.get((payer, kind), 0) + cents

    scheduled, overtime = _officers(told)
    regular, extra = (0, scheduled + overtime) if terms.shift_is_overtime else (scheduled, overtime)
    reimbursed = {"task_force", "tribal_task_force"} & set(scenario.agency.agreements)
    enter("county", "regular_time", _cents(regular, HOUR, terms.officer_hour))
    enter(terms.overtime_paid_by if reimbursed else "county", "overtime", _cents(extra, HOUR, terms.overtime_hour))
    inspectors = sum(
        (day.ends - day.begins) * scenario.operation.shifts[sorted(scenario.operation.shifts)[day.pattern]].inspectors
        for day in told.draws.shifts
    )
    enter("state", "inspectors", _cents(inspectors, HOUR, terms.inspector_hour))
    held, brought = _time_for_ice(told)
    enter(terms.ice_bed_days_paid_by, "beds", _cents(held, DAY, terms.bed_day))
    enter("federal", "beds", _cents(brought, DAY, terms.bed_day))
    ways = [PATHS[row.detail] for row in told.of_kind[Kind.CUSTODY_BEGAN]]
    pickups = sum(_in_watch(told, row.time) for row in told.of_kind[Kind.PICKUP_CAME])
    by_ice = len(told.of_kind[Kind.ICE_VEHICLE_LEFT]) + ways.count("ice_comes") + pickups
    enter("county", "trips", ways.count("agency_drives") * terms.trip)
    enter("federal", "trips", by_ice * terms.trip)
    enter("federal", "one_time", terms.one_time.vehicles + terms.one_time.officers * terms.one_time.equipment)
    enter("federal", "awards", terms.award.quarters * terms.award.officers * terms.award.amount)
    assert spent(told) == expected


@law
def what_the_payers_bear_adds_up_to_all_that_is_spent(told: Told) -> None:
    book = spent(told)
    assert {payer for payer, _ in book} <= set(PAYERS)
    total = sum(book.values())
    borne = [told.measures[f"{payer}_cost_usd"] for payer in PAYERS]
    assert [round(100 * one) for one in borne] == [
        sum(cents for (who, _), cents in book.items() if who == payer) for payer in PAYERS
    ]
    assert sum(round(100 * one) for one in borne) == total
    assert told.measures["federal_payments_usd"] <= told.measures["federal_cost_usd"]
    in_watch = [row for kind in (Kind.DETAINER_LODGED, Kind.WARRANT_SERVED) for row in told.of_kind[kind]]
    people = len(told.of_kind[Kind.DETAINED]) + sum(_in_watch(told, row.time) for row in in_watch)
    each = told.measures["cost_per_detained_usd"]
    assert round(each * people * 100) == total if people else math.isnan(each)


@law
def bed_days_are_the_number_in_jail_added_up_over_the_watch(told: Told) -> None:
    taken = peak = total = last = 0
    for row in [*told.rows, None]:
        now = _end_of_watch(told) if row is None else row.time
        total += taken * _watched(told, last, now)
        if last <= 0 < now:
            peak = max(peak, taken)  # those who were in jail when the watch began
        last = now
        if row is not None and row.kind in (Kind.ENTERED_JAIL, Kind.LEFT_JAIL):
            taken += 1 if row.kind == Kind.ENTERED_JAIL else -1
            if _in_watch(told, now):
                peak = max(peak, taken)
    assert told.measures["jail_bed_days"] == pytest.approx(total / DAY, rel=1e-12)
    assert told.measures["ice_bed_days"] == pytest.approx(sum(_time_for_ice(told)) / DAY, rel=1e-12)
    assert told.measures["ice_bed_days"] <= told.measures["jail_bed_days"] * (1 + 1e-12)
    assert told.measures["jail_beds_peak"] == peak <= told.scenario.jail.beds


@law
def people_are_counted_in_jail_while_it_is_watched(told: Told) -> None:
    counted = {
        "people_booked": Kind.BOOKED,
        "people_questioned_in_jail": Kind.QUESTIONED,
        "detainers_lodged": Kind.DETAINER_LODGED,
        "warrants_served": Kind.WARRANT_SERVED,
        "transferred": Kind.TRANSFERRED,
        "at_facility": Kind.AT_FACILITY,
        "released_at_clock": Kind.RELEASED_AT_CLOCK,
        "turned_away_no_bed": Kind.TURNED_AWAY,
    }
    for name, kind in counted.items():
        assert told.measures[name] == sum(_in_watch(told, row.time) for row in told.of_kind[kind])
    held = [row for row in told.of_kind[Kind.HOLD_BEGAN] if _in_watch(told, row.time)]
    citizens = [row for row in held if STANDINGS[told.person(row.person).standing] == "citizen"]
    assert told.measures["citizens_held_in_jail"] == len(citizens)


@law
def people_released_at_the_clock_were_held_from_the_beginning_of_their_hold(told: Told) -> None:
    released = [row for row in told.of_kind[Kind.RELEASED_AT_CLOCK] if _in_watch(told, row.time)]
    held = sum(row.time - told.of_person[row.person][Kind.HOLD_BEGAN][0].time for row in released)
    assert told.measures["released_at_clock_hours"] == pytest.approx(held / HOUR, rel=1e-12)


@law
def the_wait_for_a_desk_is_from_coming_to_the_beginning_of_the_booking(told: Told) -> None:
    came = [row for row in told.of_kind[Kind.CAME_TO_JAIL] if _in_watch(told, row.time)]
    waited = sum(told.of_person[row.person][Kind.BOOKING_BEGAN][0].time - row.time for row in came)
    mean = told.measures["booking_wait_mean"]
    assert mean == pytest.approx(waited / len(came) / (HOUR / 60), rel=1e-12) if came else math.isnan(mean)
