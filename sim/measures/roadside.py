"""Measures of the roadside: stops, inspections, status checks, people detained, officers' time."""

from __future__ import annotations

import math

import numpy as np

from sim.entities import CITIZEN, NO_LICENCE, OUT_OF_STATE
from sim.fields import CHANNELS
from sim.measures.events import Events
from sim.measures.registry import Registry, ratio
from sim.trace import Kind, licence_of, standing_of
from sim.units import HOUR, MILLISECONDS

MINUTE = MILLISECONDS["min"]
ROADSIDE = Registry()

_TO_RELEASE = (Kind.NO_MATCH, Kind.DECLINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)


@ROADSIDE.measure("vehicles_seen", "vehicles", "stops and inspections")
def vehicles_seen(events: Events) -> float:
    """Vehicles that gave ground for a stop while a shift was on."""
    return events.count(Kind.SEEN)


@ROADSIDE.measure("stops", "stops", "stops and inspections")
def stops(events: Events) -> float:
    """Vehicles stopped."""
    return events.count(Kind.STOP_BEGAN)


@ROADSIDE.measure("vehicles_passed_unstopped", "vehicles", "stops and inspections")
def vehicles_passed_unstopped(events: Events) -> float:
    """Vehicles that gave ground for a stop while every unit was busy: stops not made."""
    return events.count(Kind.PASSED)


@ROADSIDE.measure("vehicles_diverted", "vehicles", "stops and inspections")
def vehicles_diverted(events: Events) -> float:
    """Vehicles that took another road since the operation was known."""
    return events.count(Kind.DIVERTED)


@ROADSIDE.measure("inspections", "inspections", "stops and inspections")
def inspections(events: Events) -> float:
    """Commercial vehicle inspections begun."""
    return events.count(Kind.INSPECTION_BEGAN)


@ROADSIDE.measure("inspections_not_made", "inspections", "stops and inspections")
def inspections_not_made(events: Events) -> float:
    """Trucks selected for inspection that no inspector was free for in time."""
    return events.count(Kind.NOT_INSPECTED)


@ROADSIDE.measure("vehicles_out_of_service", "vehicles", "stops and inspections")
def vehicles_out_of_service(events: Events) -> float:
    """Vehicles put out of service."""
    return events.count(Kind.VEHICLE_OUT_OF_SERVICE)


@ROADSIDE.measure("drivers_out_of_service", "drivers", "stops and inspections")
def drivers_out_of_service(events: Events) -> float:
    """Drivers put out of service."""
    return events.count(Kind.DRIVER_OUT_OF_SERVICE)


@ROADSIDE.measure("citations", "citations", "stops and inspections")
def citations(events: Events) -> float:
    """Stops that ended in a citation."""
    return events.count(Kind.CITED)


@ROADSIDE.measure("criminal_arrests", "people", "stops and inspections")
def criminal_arrests(events: Events) -> float:
    """Drivers arrested for a crime."""
    return events.count(Kind.ARRESTED)


@ROADSIDE.measure("people_asked", "people", "burden and error")
def people_asked(events: Events) -> float:
    """People asked about their standing."""
    return events.count(Kind.ASKED)


@ROADSIDE.measure("referrals", "people", "burden and error")
def referrals(events: Events) -> float:
    """People referred to ICE for a status check. Being referred is not being found removable."""
    return events.count(Kind.REFERRED)


@ROADSIDE.measure("detained", "people", "yield")
def detained(events: Events) -> float:
    """People taken into immigration custody at the roadside."""
    return events.count(Kind.DETAINED)


@ROADSIDE.measure("vehicles_with_detained", "vehicles", "yield")
def vehicles_with_detained(events: Events) -> float:
    """Stops in which at least one person was taken into immigration custody."""
    return len(events.vehicles(Kind.DETAINED))


@ROADSIDE.measure("detained_without_licence", "people", "yield")
def detained_without_licence(events: Events) -> float:
    """People detained who held no driving licence of any kind."""
    return int((licence_of(events.column(Kind.DETAINED, "detail")) == NO_LICENCE).sum())


@ROADSIDE.measure("detained_out_of_state_licence", "people", "yield")
def detained_out_of_state_licence(events: Events) -> float:
    """People detained who held a driving licence of another state or country."""
    return int((licence_of(events.column(Kind.DETAINED, "detail")) == OUT_OF_STATE).sum())


@ROADSIDE.measure("referred_then_released", "people", "burden and error")
def referred_then_released(events: Events) -> float:
    """People referred to ICE and let go at the roadside."""
    return events.count(*_TO_RELEASE)


@ROADSIDE.measure("held_then_released_hours", "hours", "burden and error")
def held_then_released_hours(events: Events) -> float:
    """Person-hours from referral to the end of the stop, over people referred and then let go."""
    ends = events.rows(Kind.STOP_ENDED)
    ends = ends[np.argsort(ends[:, 2] << 40 | ends[:, 3], kind="stable")]
    ended = ends[:, 2] << 40 | ends[:, 3]
    refers = events.rows(Kind.REFERRED)
    taken = events.rows(Kind.DETAINED)
    person = (refers[:, 2] << 40 | refers[:, 3]) << 4 | refers[:, 4]
    released = ~np.isin(person, (taken[:, 2] << 40 | taken[:, 3]) << 4 | taken[:, 4])
    rows = np.searchsorted(ended, person[released] >> 4)
    return int((ends[rows, 0] - refers[released, 0]).sum()) / HOUR


@ROADSIDE.measure("citizens_referred", "people", "burden and error")
def citizens_referred(events: Events) -> float:
    """Citizens of the United States among the people referred."""
    return int((standing_of(events.column(Kind.REFERRED, "detail")) == CITIZEN).sum())


@ROADSIDE.measure("citizens_detained", "people", "burden and error")
def citizens_detained(events: Events) -> float:
    """Citizens of the United States among the people taken into immigration custody."""
    return int((standing_of(events.column(Kind.DETAINED, "detail")) == CITIZEN).sum())


@ROADSIDE.measure("minutes_beyond_task_mean", "minutes", "burden and error")
def minutes_beyond_task_mean(events: Events) -> float:
    """Mean time that the status check added past the end of traffic task and inspection, over stops with anyone to be asked."""
    return ratio(int(events.added_minutes.sum()) / MINUTE, len(events.added_minutes))


@ROADSIDE.measure("minutes_beyond_task_p95", "minutes", "burden and error")
def minutes_beyond_task_p95(events: Events) -> float:
    """The same time, exceeded by one such stop in twenty."""
    return float(np.quantile(events.added_minutes, 0.95)) / MINUTE if len(events.added_minutes) else math.nan


@ROADSIDE.measure("people_past_limit", "people", "burden and error")
def people_past_limit(events: Events) -> float:
    """People let go without ICE's answer since the limit on added time had run out."""
    return events.count(Kind.PAST_LIMIT)


@ROADSIDE.measure("status_check_wait_mean", "minutes", "burden and error")
def status_check_wait_mean(events: Events) -> float:
    """Mean time from referral to the answer, or to the end without one, over people referred; queueing included."""
    time_of = {
        (flow, vehicle, seat): time
        for kind in (Kind.NO_MATCH, Kind.DECLINED, Kind.DETAINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)
        for time, _, flow, vehicle, seat, _, _ in events.rows(kind).tolist()
    }
    refers = events.rows(Kind.REFERRED).tolist()
    total = sum(time_of[flow, vehicle, seat] - time for time, _, flow, vehicle, seat, _, _ in refers)
    return ratio(total / MINUTE, len(refers))


@ROADSIDE.measure("no_answer", "people", "burden and error")
def no_answer(events: Events) -> float:
    """People referred about whom no channel answered."""
    return events.count(Kind.NO_ANSWER)


@ROADSIDE.measure("answers_from_ice_on_scene", "answers", "officers")
def answers_from_ice_on_scene(events: Events) -> float:
    """Answers given by an ICE officer on the scene."""
    return int((events.column(Kind.ANSWERED, "detail") == CHANNELS.index("ice_on_scene")).sum())


@ROADSIDE.measure("officer_hours", "hours", "officers")
def officer_hours(events: Events) -> float:
    """Hours of patrol units on duty, overtime included."""
    return events.duty / HOUR


@ROADSIDE.measure("officer_overtime_hours", "hours", "officers")
def officer_overtime_hours(events: Events) -> float:
    """Hours that patrol units worked past the end of their shift to finish what was at hand."""
    return events.overtime / HOUR


@ROADSIDE.measure("officer_utilisation", "share", "officers")
def officer_utilisation(events: Events) -> float:
    """Share of the patrol units' hours in which they were held by stops and what followed from them."""
    return ratio(events.busy, events.duty)


@ROADSIDE.measure("officer_hours_on_custody", "hours", "officers")
def officer_hours_on_custody(events: Events) -> float:
    """Hours that patrol units spent handing over, driving and booking people detained for ICE."""
    return int(events.column(Kind.CUSTODY_ENDED, "time").sum() - events.column(Kind.CUSTODY_BEGAN, "time").sum()) / HOUR


@ROADSIDE.measure("stop_cycle_minutes_mean", "minutes", "officers")
def stop_cycle_minutes_mean(events: Events) -> float:
    """Mean time from the officer's signal until the unit is free again."""
    return ratio(events.busy / MINUTE, events.count(Kind.UNIT_FREE))
