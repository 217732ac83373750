"""Laws of money: each kind of cost found again from the record, by another way."""

from __future__ import annotations

import math
from fractions import Fraction

from sim.audit.law import Laws, must
from sim.audit.told import Told, held_for_ice
from sim.measures.events import Events
from sim.measures.money import PAYERS, ledger
from sim.trace import PATHS, Kind
from sim.units import DAY, HOUR

MONEY = Laws()


def spent(told: Told) -> dict[tuple[str, str], int]:
    """Return the ledger of a replication: cents by payer and kind."""
    return ledger(Events.of(told.trace, told.scenario))


def _cents(milliseconds: int, unit: int, rate: int) -> int:
    """To the nearest cent, a half upwards."""
    return math.floor(Fraction(milliseconds * rate, unit) + Fraction(1, 2))


def _officers(told: Told) -> tuple[int, int]:
    """Return the time of patrol units on duty, and busy off duty."""
    on_duty: set[int] = set()
    busy: set[int] = set()
    scheduled = overtime = last = 0
    for row in told.along(told.rows):
        scheduled += len(on_duty) * (row.time - last)
        overtime += len(busy - on_duty) * (row.time - last)
        last = row.time
        if row.kind in (Kind.UNIT_ON_DUTY, Kind.STOP_BEGAN):
            (on_duty if row.kind == Kind.UNIT_ON_DUTY else busy).add(row.unit)
        elif row.kind in (Kind.UNIT_OFF_DUTY, Kind.UNIT_FREE):
            (on_duty if row.kind == Kind.UNIT_OFF_DUTY else busy).remove(row.unit)
    return scheduled, overtime


@MONEY.law
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
    held, brought = held_for_ice(told)
    enter(terms.ice_bed_days_paid_by, "beds", _cents(held, DAY, terms.bed_day))
    enter("federal", "beds", _cents(brought, DAY, terms.bed_day))
    ways = [PATHS[row.detail] for row in told.of_kind[Kind.CUSTODY_BEGAN]]
    pickups = sum(told.in_watch(row.time) for row in told.of_kind[Kind.PICKUP_CAME])
    by_ice = len(told.of_kind[Kind.ICE_VEHICLE_LEFT]) + ways.count("ice_comes") + pickups
    enter("county", "trips", ways.count("agency_drives") * terms.trip)
    enter("federal", "trips", by_ice * terms.trip)
    enter("federal", "one_time", terms.one_time.vehicles + terms.one_time.officers * terms.one_time.equipment)
    enter("federal", "awards", terms.award.quarters * terms.award.officers * terms.award.amount)
    must(spent(told) == expected)


@MONEY.law
def what_the_payers_bear_adds_up_to_all_that_is_spent(told: Told) -> None:
    book = spent(told)
    must({payer for payer, _ in book} <= set(PAYERS))
    total = sum(book.values())
    borne = [told.measures[f"{payer}_cost_usd"] for payer in PAYERS]
    must(
        [round(100 * one) for one in borne]
        == [sum(cents for (who, _), cents in book.items() if who == payer) for payer in PAYERS]
    )
    must(sum(round(100 * one) for one in borne) == total)
    must(round(100 * told.measures["overtime_usd"]) == sum(cents for (_, kind), cents in book.items() if kind == "overtime"))
    must(told.measures["federal_payments_usd"] <= told.measures["federal_cost_usd"])
    in_watch = [row for kind in (Kind.DETAINER_LODGED, Kind.WARRANT_SERVED) for row in told.of_kind[kind]]
    people = len(told.of_kind[Kind.DETAINED]) + sum(told.in_watch(row.time) for row in in_watch)
    each = told.measures["cost_per_detained_usd"]
    must(round(each * people * 100) == total if people else math.isnan(each))
