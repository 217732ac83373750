"""Measures of the county jail: desks, beds, holds for ICE and their ends.

All are counted from the first shift's day to the end of the watch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.registry import Registry, ratio
from sim.measures.roadside import MINUTE
from sim.measures.tally import Sum
from sim.trace import Kind
from sim.units import DAY, HOUR

if TYPE_CHECKING:
    from sim.measures.events import Events, Numbers

JAIL = Registry()
_HOLD_ENDS = (Kind.TRANSFERRED, Kind.RELEASED_AT_CLOCK)


def ice_bed_time(events: Events) -> tuple[Numbers, Numbers]:
    """Return the bed time of people held for ICE, and of people whom ICE brought, in milliseconds within the watch."""
    taken_back = events.clipped(Kind.TAKEN_BACK_BY_ICE)
    return events.time_in_watch(Kind.HOLD_BEGAN, *_HOLD_ENDS), taken_back - events.sum(Sum.OVERFLOW_ENTERED)


@JAIL.measure("people_booked", "people", "jail and transfer")
def people_booked(events: Events) -> Numbers:
    """People booked at the county jail, on whatever ground."""
    return events.in_watch(Kind.BOOKED)


@JAIL.measure("booking_wait_mean", "minutes", "jail and transfer")
def booking_wait_mean(events: Events) -> Numbers:
    """Mean wait for a booking desk."""
    return ratio(events.sum(Sum.BOOKING_WAIT) / MINUTE, events.sum(Sum.BOOKING_WAITS))


@JAIL.measure("people_questioned_in_jail", "people", "burden and error")
def people_questioned_in_jail(events: Events) -> Numbers:
    """People in jail on local charges questioned about their standing."""
    return events.in_watch(Kind.QUESTIONED)


@JAIL.measure("detainers_lodged", "people", "yield")
def detainers_lodged(events: Events) -> Numbers:
    """People in jail on local charges for whom ICE lodged a detainer."""
    return events.in_watch(Kind.DETAINER_LODGED)


@JAIL.measure("warrants_served", "people", "yield")
def warrants_served(events: Events) -> Numbers:
    """People in jail on local charges on whom a jail officer served ICE's warrant."""
    return events.in_watch(Kind.WARRANT_SERVED)


@JAIL.measure("transferred", "people", "yield")
def transferred(events: Events) -> Numbers:
    """People who left the jail with ICE's scheduled transport."""
    return events.in_watch(Kind.TRANSFERRED)


@JAIL.measure("at_facility", "people", "yield")
def at_facility(events: Events) -> Numbers:
    """People who arrived at ICE's facility within the watch, by whatever way."""
    return events.in_watch(Kind.AT_FACILITY)


@JAIL.measure("hold_hours_mean", "hours", "burden and error")
def hold_hours_mean(events: Events) -> Numbers:
    """Mean length of a hold for ICE in the county jail, from the moment when nothing else held the person."""
    return ratio(events.sum(Sum.HELD) / HOUR, events.sum(Sum.HOLDS))


@JAIL.measure("hold_hours_p95", "hours", "burden and error")
def hold_hours_p95(events: Events) -> Numbers:
    """The length of a hold for ICE that one hold in twenty exceeds."""
    return events.lengths[..., 1] / HOUR


@JAIL.measure("released_at_clock", "people", "burden and error")
def released_at_clock(events: Events) -> Numbers:
    """People held for ICE whom nobody fetched, released when the clock ran out."""
    return events.in_watch(Kind.RELEASED_AT_CLOCK)


@JAIL.measure("released_at_clock_hours", "hours", "burden and error")
def released_at_clock_hours(events: Events) -> Numbers:
    """Person-hours for which these people were held for ICE."""
    return events.sum(Sum.CLOCK_HOLD) / HOUR


@JAIL.measure("citizens_held_in_jail", "people", "burden and error")
def citizens_held_in_jail(events: Events) -> Numbers:
    """Citizens of the United States held for ICE in the county jail."""
    return events.sum(Sum.HELD_CITIZENS)


@JAIL.measure("turned_away_no_bed", "people", "jail and transfer")
def turned_away_no_bed(events: Events) -> Numbers:
    """People for whom the jail had no bed."""
    return events.in_watch(Kind.TURNED_AWAY)


@JAIL.measure("jail_beds_peak", "beds", "jail and transfer")
def jail_beds_peak(events: Events) -> Numbers:
    """Most beds taken at any moment, by everybody held."""
    return events.sum(Sum.BEDS_PEAK)


@JAIL.measure("jail_bed_days", "bed-days", "jail and transfer")
def jail_bed_days(events: Events) -> Numbers:
    """Bed-days of everybody held in the jail."""
    return events.time_in_watch(Kind.ENTERED_JAIL, Kind.LEFT_JAIL) / DAY


@JAIL.measure("ice_bed_days", "bed-days", "jail and transfer")
def ice_bed_days(events: Events) -> Numbers:
    """Bed-days of people held for ICE, those whom ICE brought included."""
    held, brought = ice_bed_time(events)
    return (held + brought) / DAY


@JAIL.measure("transport_trips", "trips", "officers")
def transport_trips(events: Events) -> Numbers:
    """Trips that carried people to ICE's facility, by ICE or by the agency."""
    return ice_trips(events) + agency_trips(events)


def ice_trips(events: Events) -> Numbers:
    """Return the trips made by ICE: its vehicles on the scene, officers who came, and pick-ups from the jail."""
    return events.count(Kind.ICE_VEHICLE_LEFT) + events.sum(Sum.TRIPS_OF_ICE) + events.in_watch(Kind.PICKUP_CAME)


def agency_trips(events: Events) -> Numbers:
    """Return the trips to ICE's facility made by the agency's units."""
    return events.sum(Sum.TRIPS_OF_AGENCY)
