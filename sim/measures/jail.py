"""Measures of the county jail: desks, beds, holds for ICE and their ends.

All are counted from the first shift's day to the end of the watch.
"""

from __future__ import annotations

import math

import numpy as np

from sim.entities import CITIZEN
from sim.measures.events import Events
from sim.measures.registry import Registry, ratio
from sim.measures.roadside import MINUTE
from sim.pathway.custody import PATHS
from sim.trace import Kind, Rows, standing_of
from sim.units import DAY, HOUR

JAIL = Registry()
_HOLD_ENDS = (Kind.TRANSFERRED, Kind.RELEASED_AT_CLOCK)


def holds(events: Events) -> Rows:
    """Return begin and end of every hold for ICE that began within the watch; shape (holds, 2)."""
    spans = events.spans(Kind.HOLD_BEGAN, *_HOLD_ENDS)
    return spans[(spans[:, 0] >= 0) & (spans[:, 0] <= events.end_of_watch)]


def ice_bed_time(events: Events) -> tuple[int, int]:
    """Return the bed time of people held for ICE, and of people whom ICE brought, in milliseconds within the watch."""
    held = events.clipped(events.spans(Kind.HOLD_BEGAN, *_HOLD_ENDS))
    return held, events.clipped(events.spans(Kind.ENTERED_JAIL, Kind.TAKEN_BACK_BY_ICE))


@JAIL.measure("people_booked", "people", "jail and transfer")
def people_booked(events: Events) -> float:
    """People booked at the county jail, on whatever ground."""
    return events.in_watch(Kind.BOOKED)


@JAIL.measure("booking_wait_mean", "minutes", "jail and transfer")
def booking_wait_mean(events: Events) -> float:
    """Mean wait for a booking desk."""
    spans = events.spans(Kind.CAME_TO_JAIL, Kind.BOOKING_BEGAN)
    spans = spans[(spans[:, 0] >= 0) & (spans[:, 0] <= events.end_of_watch)]
    return ratio(int((spans[:, 1] - spans[:, 0]).sum()) / MINUTE, len(spans))


@JAIL.measure("people_questioned_in_jail", "people", "burden and error")
def people_questioned_in_jail(events: Events) -> float:
    """People in jail on local charges questioned about their standing."""
    return events.in_watch(Kind.QUESTIONED)


@JAIL.measure("detainers_lodged", "people", "yield")
def detainers_lodged(events: Events) -> float:
    """People in jail on local charges for whom ICE lodged a detainer."""
    return events.in_watch(Kind.DETAINER_LODGED)


@JAIL.measure("warrants_served", "people", "yield")
def warrants_served(events: Events) -> float:
    """People in jail on local charges on whom a jail officer served ICE's warrant."""
    return events.in_watch(Kind.WARRANT_SERVED)


@JAIL.measure("transferred", "people", "yield")
def transferred(events: Events) -> float:
    """People who left the jail with ICE's scheduled transport."""
    return events.in_watch(Kind.TRANSFERRED)


@JAIL.measure("at_facility", "people", "yield")
def at_facility(events: Events) -> float:
    """People who arrived at ICE's facility within the watch, by whatever way."""
    return events.in_watch(Kind.AT_FACILITY)


@JAIL.measure("hold_hours_mean", "hours", "burden and error")
def hold_hours_mean(events: Events) -> float:
    """Mean length of a hold for ICE in the county jail, from the moment when nothing else held the person."""
    spans = holds(events)
    return ratio(int((spans[:, 1] - spans[:, 0]).sum()) / HOUR, len(spans))


@JAIL.measure("hold_hours_p95", "hours", "burden and error")
def hold_hours_p95(events: Events) -> float:
    """The length of a hold for ICE that one hold in twenty exceeds."""
    spans = holds(events)
    return float(np.quantile(spans[:, 1] - spans[:, 0], 0.95)) / HOUR if len(spans) else math.nan


@JAIL.measure("released_at_clock", "people", "burden and error")
def released_at_clock(events: Events) -> float:
    """People held for ICE whom nobody fetched, released when the clock ran out."""
    return events.in_watch(Kind.RELEASED_AT_CLOCK)


@JAIL.measure("released_at_clock_hours", "hours", "burden and error")
def released_at_clock_hours(events: Events) -> float:
    """Person-hours for which these people were held for ICE."""
    spans = events.spans(Kind.HOLD_BEGAN, Kind.RELEASED_AT_CLOCK)
    spans = spans[(spans[:, 1] >= 0) & (spans[:, 1] <= events.end_of_watch)]
    return int((spans[:, 1] - spans[:, 0]).sum()) / HOUR


@JAIL.measure("citizens_held_in_jail", "people", "burden and error")
def citizens_held_in_jail(events: Events) -> float:
    """Citizens of the United States held for ICE in the county jail."""
    rows = events.rows(Kind.HOLD_BEGAN)
    inside = (rows[:, 0] >= 0) & (rows[:, 0] <= events.end_of_watch)
    return int((inside & (standing_of(rows[:, 6]) == CITIZEN)).sum())


@JAIL.measure("turned_away_no_bed", "people", "jail and transfer")
def turned_away_no_bed(events: Events) -> float:
    """People for whom the jail had no bed."""
    return events.in_watch(Kind.TURNED_AWAY)


@JAIL.measure("jail_beds_peak", "beds", "jail and transfer")
def jail_beds_peak(events: Events) -> float:
    """Most beds taken at any moment, by everybody held."""
    rows = events.trace.rows
    change = (rows[:, 1] == Kind.ENTERED_JAIL).astype(np.int64) - (rows[:, 1] == Kind.LEFT_JAIL)
    taken = np.cumsum(change)
    before = int(change[rows[:, 0] < 0].sum())
    inside = (rows[:, 0] >= 0) & (rows[:, 0] <= events.end_of_watch)
    return max(before, int(taken[inside].max(initial=0)))


@JAIL.measure("jail_bed_days", "bed-days", "jail and transfer")
def jail_bed_days(events: Events) -> float:
    """Bed-days of everybody held in the jail."""
    return events.clipped(events.spans(Kind.ENTERED_JAIL, Kind.LEFT_JAIL)) / DAY


@JAIL.measure("ice_bed_days", "bed-days", "jail and transfer")
def ice_bed_days(events: Events) -> float:
    """Bed-days of people held for ICE, those whom ICE brought included."""
    return sum(ice_bed_time(events)) / DAY


@JAIL.measure("transport_trips", "trips", "officers")
def transport_trips(events: Events) -> float:
    """Trips that carried people to ICE's facility, by ICE or by the agency."""
    return ice_trips(events) + agency_trips(events)


def ice_trips(events: Events) -> int:
    """Return the trips made by ICE: its vehicles on the scene, officers who came, and pick-ups from the jail."""
    came = events.column(Kind.CUSTODY_BEGAN, "detail") == PATHS.index("ice_comes")
    return events.count(Kind.ICE_VEHICLE_LEFT) + int(came.sum()) + events.in_watch(Kind.PICKUP_CAME)


def agency_trips(events: Events) -> int:
    """Return the trips to ICE's facility made by the agency's units."""
    return int((events.column(Kind.CUSTODY_BEGAN, "detail") == PATHS.index("agency_drives")).sum())
