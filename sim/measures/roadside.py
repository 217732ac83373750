"""Measures of the roadside: stops, inspections, status checks, people detained, officers' time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.registry import Registry, ratio
from sim.measures.tally import Sum
from sim.trace import Kind
from sim.units import HOUR, MILLISECONDS

if TYPE_CHECKING:
    from sim.measures.events import Events, Numbers

MINUTE = MILLISECONDS["min"]
ROADSIDE = Registry()

_TO_RELEASE = (Kind.NO_MATCH, Kind.DECLINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)


@ROADSIDE.measure("vehicles_seen", "vehicles", "stops and inspections")
def vehicles_seen(events: Events) -> Numbers:
    """Vehicles that gave ground for a stop while a shift was on."""
    return events.count(Kind.SEEN)


@ROADSIDE.measure("stops", "stops", "stops and inspections")
def stops(events: Events) -> Numbers:
    """Vehicles stopped."""
    return events.count(Kind.STOP_BEGAN)


@ROADSIDE.measure("vehicles_passed_unstopped", "vehicles", "stops and inspections")
def vehicles_passed_unstopped(events: Events) -> Numbers:
    """Vehicles that gave ground for a stop while every unit was busy: stops not made."""
    return events.count(Kind.PASSED)


@ROADSIDE.measure("vehicles_diverted", "vehicles", "stops and inspections")
def vehicles_diverted(events: Events) -> Numbers:
    """Vehicles that took another road since the operation was known."""
    return events.count(Kind.DIVERTED)


@ROADSIDE.measure("inspections", "inspections", "stops and inspections")
def inspections(events: Events) -> Numbers:
    """Commercial vehicle inspections begun."""
    return events.count(Kind.INSPECTION_BEGAN)


@ROADSIDE.measure("inspections_not_made", "inspections", "stops and inspections")
def inspections_not_made(events: Events) -> Numbers:
    """Trucks selected for inspection that no inspector was free for in time."""
    return events.count(Kind.NOT_INSPECTED)


@ROADSIDE.measure("vehicles_out_of_service", "vehicles", "stops and inspections")
def vehicles_out_of_service(events: Events) -> Numbers:
    """Vehicles put out of service."""
    return events.count(Kind.VEHICLE_OUT_OF_SERVICE)


@ROADSIDE.measure("drivers_out_of_service", "drivers", "stops and inspections")
def drivers_out_of_service(events: Events) -> Numbers:
    """Drivers put out of service."""
    return events.count(Kind.DRIVER_OUT_OF_SERVICE)


@ROADSIDE.measure("citations", "citations", "stops and inspections")
def citations(events: Events) -> Numbers:
    """Stops that ended in a citation."""
    return events.count(Kind.CITED)


@ROADSIDE.measure("criminal_arrests", "people", "stops and inspections")
def criminal_arrests(events: Events) -> Numbers:
    """Drivers arrested for a crime."""
    return events.count(Kind.ARRESTED)


@ROADSIDE.measure("people_asked", "people", "burden and error")
def people_asked(events: Events) -> Numbers:
    """People asked about their standing."""
    return events.count(Kind.ASKED)


@ROADSIDE.measure("referrals", "people", "burden and error")
def referrals(events: Events) -> Numbers:
    """People referred to ICE for a status check. Being referred is not being found removable."""
    return events.count(Kind.REFERRED)


@ROADSIDE.measure("detained", "people", "yield")
def detained(events: Events) -> Numbers:
    """People taken into immigration custody at the roadside."""
    return events.count(Kind.DETAINED)


@ROADSIDE.measure("vehicles_with_detained", "vehicles", "yield")
def vehicles_with_detained(events: Events) -> Numbers:
    """Stops in which at least one person was taken into immigration custody."""
    return events.sum(Sum.VEHICLES_WITH_DETAINED)


@ROADSIDE.measure("detained_without_licence", "people", "yield")
def detained_without_licence(events: Events) -> Numbers:
    """People detained who held no driving licence of any kind."""
    return events.sum(Sum.DETAINED_WITHOUT)


@ROADSIDE.measure("detained_out_of_state_licence", "people", "yield")
def detained_out_of_state_licence(events: Events) -> Numbers:
    """People detained who held a driving licence of another state or country."""
    return events.sum(Sum.DETAINED_OUT_OF_STATE)


@ROADSIDE.measure("referred_then_released", "people", "burden and error")
def referred_then_released(events: Events) -> Numbers:
    """People referred to ICE and let go at the roadside."""
    return events.count(*_TO_RELEASE)


@ROADSIDE.measure("held_then_released_hours", "hours", "burden and error")
def held_then_released_hours(events: Events) -> Numbers:
    """Person-hours from referral to the end of the stop, over people referred and then let go."""
    return events.sum(Sum.HELD_THEN_RELEASED) / HOUR


@ROADSIDE.measure("citizens_referred", "people", "burden and error")
def citizens_referred(events: Events) -> Numbers:
    """Citizens of the United States among the people referred."""
    return events.sum(Sum.REFERRED_CITIZENS)


@ROADSIDE.measure("citizens_detained", "people", "burden and error")
def citizens_detained(events: Events) -> Numbers:
    """Citizens of the United States among the people taken into immigration custody."""
    return events.sum(Sum.DETAINED_CITIZENS)


@ROADSIDE.measure("minutes_beyond_task_mean", "minutes", "burden and error")
def minutes_beyond_task_mean(events: Events) -> Numbers:
    """Mean time that the status check added past the end of traffic task and inspection, over stops with anyone to be asked."""
    return ratio(events.sum(Sum.ADDED) / MINUTE, events.stops_with_anyone_to_be_asked)


@ROADSIDE.measure("minutes_beyond_task_p95", "minutes", "burden and error")
def minutes_beyond_task_p95(events: Events) -> Numbers:
    """The same time, exceeded by one such stop in twenty."""
    return events.lengths[..., 0] / MINUTE


@ROADSIDE.measure("people_past_limit", "people", "burden and error")
def people_past_limit(events: Events) -> Numbers:
    """People let go without ICE's answer since the limit on added time had run out."""
    return events.count(Kind.PAST_LIMIT)


@ROADSIDE.measure("status_check_wait_mean", "minutes", "burden and error")
def status_check_wait_mean(events: Events) -> Numbers:
    """Mean time from referral to the answer, or to the end without one, over people referred; queueing included."""
    return ratio(events.sum(Sum.CHECK_WAIT) / MINUTE, events.count(Kind.REFERRED))


@ROADSIDE.measure("no_answer", "people", "burden and error")
def no_answer(events: Events) -> Numbers:
    """People referred about whom no channel answered."""
    return events.count(Kind.NO_ANSWER)


@ROADSIDE.measure("answers_from_ice_on_scene", "answers", "officers")
def answers_from_ice_on_scene(events: Events) -> Numbers:
    """Answers given by an ICE officer on the scene."""
    return events.sum(Sum.ANSWERS_ON_SCENE)


@ROADSIDE.measure("officer_hours", "hours", "officers")
def officer_hours(events: Events) -> Numbers:
    """Hours of patrol units on duty, overtime included."""
    return events.duty / HOUR


@ROADSIDE.measure("officer_overtime_hours", "hours", "officers")
def officer_overtime_hours(events: Events) -> Numbers:
    """Hours that patrol units worked past the end of their shift to finish what was at hand."""
    return events.overtime / HOUR


@ROADSIDE.measure("officer_utilisation", "share", "officers")
def officer_utilisation(events: Events) -> Numbers:
    """Share of the patrol units' hours in which they were held by stops and what followed from them."""
    return ratio(events.busy, events.duty)


@ROADSIDE.measure("officer_hours_on_custody", "hours", "officers")
def officer_hours_on_custody(events: Events) -> Numbers:
    """Hours that patrol units spent handing over, driving and booking people detained for ICE."""
    return events.time_between(Kind.CUSTODY_BEGAN, Kind.CUSTODY_ENDED) / HOUR


@ROADSIDE.measure("stop_cycle_minutes_mean", "minutes", "officers")
def stop_cycle_minutes_mean(events: Events) -> Numbers:
    """Mean time from the officer's signal until the unit is free again."""
    return ratio(events.busy / MINUTE, events.count(Kind.UNIT_FREE))
