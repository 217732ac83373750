"""Money: every cost once, by kind and by payer, in whole cents; and what the operation may change around it.

The ledger is exact: what the payers pay adds up to what the kinds cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.jail import agency_trips, ice_bed_time, ice_trips
from sim.measures.registry import Registry, ratio
from sim.measures.tally import Of
from sim.trace import Kind
from sim.units import DAY, HOUR

if TYPE_CHECKING:
    from sim.measures.events import Events, Numbers

MONEY = Registry()
PAYERS = ("federal", "state", "county")
#: Kinds of cost that are money paid to the agency if the federal government bears them.
PAID_TO_AGENCY = ("overtime", "beds", "one_time", "awards")


def ledger(events: Events) -> dict[tuple[str, str], Numbers]:
    """Return what was spent in cents, by payer and kind."""
    terms, scenario = events.scenario.money, events.scenario
    scheduled = events.duty - events.overtime
    overtime = events.duty if terms.shift_is_overtime else events.overtime
    regular = 0 if terms.shift_is_overtime else scheduled
    held, brought = ice_bed_time(events)
    # Overtime is reimbursed under the task force agreements alone.
    overtime_payer = terms.overtime_paid_by if scenario.may_detain_at_the_roadside else "county"
    entries = [
        ("county", "regular_time", _cents(regular, HOUR, terms.officer_hour)),
        (overtime_payer, "overtime", _cents(overtime, HOUR, terms.overtime_hour)),
        ("state", "inspectors", _cents(events.inspector_duty, HOUR, terms.inspector_hour)),
        (terms.ice_bed_days_paid_by, "beds", _cents(held, DAY, terms.bed_day)),
        ("federal", "beds", _cents(brought, DAY, terms.bed_day)),
        ("county", "trips", agency_trips(events) * terms.trip),
        ("federal", "trips", ice_trips(events) * terms.trip),
        ("federal", "one_time", terms.one_time.vehicles + terms.one_time.officers * terms.one_time.equipment),
        ("federal", "awards", terms.award.quarters * terms.award.officers * terms.award.amount),
    ]
    book: dict[tuple[str, str], Numbers] = {}
    for payer, kind, cents in entries:
        book[payer, kind] = book.get((payer, kind), 0) + cents
    return book


def _cents(milliseconds: Numbers, unit: int, rate: int) -> Numbers:
    """Return the cost of a time at a rate per unit of time, to the nearest cent."""
    whole, rest = divmod(milliseconds, unit)  # apart, so that no product outgrows 64 bits
    return whole * rate + (2 * rest * rate + unit) // (2 * unit)


def _paid_by(events: Events, payer: str) -> Numbers:
    return sum(cents for (who, _), cents in ledger(events).items() if who == payer) / 100


@MONEY.measure("overtime_usd", "USD", "money")
def overtime_usd(events: Events) -> Numbers:
    """Overtime of patrol units, whoever pays it."""
    return sum(cents for (_, kind), cents in ledger(events).items() if kind == "overtime") / 100


@MONEY.measure("federal_payments_usd", "USD", "money")
def federal_payments_usd(events: Events) -> Numbers:
    """Federal money paid to the agency: overtime, beds, one-time payments, awards."""
    return sum(cents for (who, kind), cents in ledger(events).items() if who == "federal" and kind in PAID_TO_AGENCY) / 100


@MONEY.measure("federal_cost_usd", "USD", "money")
def federal_cost_usd(events: Events) -> Numbers:
    """All that the federal government bears of what is counted here; ICE's own officers are not."""
    return _paid_by(events, "federal")


@MONEY.measure("state_cost_usd", "USD", "money")
def state_cost_usd(events: Events) -> Numbers:
    """What the state bears: inspectors on duty."""
    return _paid_by(events, "state")


@MONEY.measure("county_cost_usd", "USD", "money")
def county_cost_usd(events: Events) -> Numbers:
    """What the county bears: regular time, what is not reimbursed, its own trips and beds."""
    return _paid_by(events, "county")


@MONEY.measure("cost_per_detained_usd", "USD", "money")
def cost_per_detained_usd(events: Events) -> Numbers:
    """All cost, divided by the people detained at the roadside or brought under a hold in the jail."""
    people = events.count(Kind.DETAINED) + events.in_watch(Kind.DETAINER_LODGED, Kind.WARRANT_SERVED)
    return ratio(sum(ledger(events).values()) / 100, people)


@MONEY.measure("truck_downtime_hours", "hours", "burden and error")
def truck_downtime_hours(events: Events) -> Numbers:
    """Hours that orders out of service kept trucks off the road."""
    return events.all_of(Of.DETAIL, Kind.TRUCK_DOWN) / HOUR


@MONEY.measure("crime_reports_change", "reports", "assumed around it")
def crime_reports_change(events: Events) -> Numbers:
    """Change in crime reports by affected residents over the watch: an assumption carried through, not a simulation."""
    community = events.scenario.community
    return community.crimes_reported * (events.end_of_watch / HOUR) * (community.crime_reporting - 1)
