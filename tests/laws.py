"""Laws of the roadside that hold in every replication of every world, each a function that fails where its law is broken.

A law looks at what was asked for, what was drawn and what was recorded, and at nothing that the engine keeps to itself.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import pytest

from sim.entities import IN_STATE, LOCAL, OUTCOMES, Vehicle
from sim.fields import CHANNELS
from sim.measures import PART_OF
from sim.pathway.custody import PATHS
from sim.trace import Kind
from sim.units import HOUR, MILLISECONDS
from tests.told import Name, Row, Told, Who, integral, law

ENDINGS = (Kind.NO_MATCH, Kind.DECLINED, Kind.DETAINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)


# --- time and traffic -----------------------------------------------------------------------------------------------


@law
def time_never_runs_backwards(told: Told) -> None:
    times = [row.time for row in told.rows]
    assert times == sorted(times)


@law
def every_vehicle_diverts_or_passes_or_is_stopped_exactly_once_when_it_comes_by(told: Told) -> None:
    assert {name for name in told.of_vehicle if name[0] < LOCAL} == set(told.drawn)
    for name, vehicle in told.drawn.items():
        first = [row for row in told.of_vehicle[name] if row.kind in (Kind.DIVERTED, Kind.SEEN, Kind.PASSED, Kind.STOP_BEGAN)]
        fate = [row.kind for row in first]
        assert fate == [Kind.DIVERTED] if vehicle.diverts else fate in ([Kind.SEEN, Kind.PASSED], [Kind.SEEN, Kind.STOP_BEGAN])
        assert {row.time for row in first} == {vehicle.arrives}
        if fate[-1] != Kind.STOP_BEGAN:
            assert len(told.of_vehicle[name]) == len(first)


@law
def a_vehicle_passes_only_when_every_unit_is_busy_and_the_lowest_free_unit_stops_it(told: Told) -> None:
    on_duty: set[int] = set()
    busy: set[int] = set()
    for row in told.rows:
        if row.kind == Kind.UNIT_ON_DUTY:
            assert row.unit not in on_duty
            on_duty.add(row.unit)
        elif row.kind == Kind.UNIT_OFF_DUTY:
            on_duty.remove(row.unit)
        elif row.kind == Kind.PASSED:
            assert on_duty <= busy
        elif row.kind == Kind.STOP_BEGAN:
            assert row.unit == min(on_duty - busy)
            busy.add(row.unit)
        elif row.kind == Kind.UNIT_FREE:
            busy.remove(row.unit)
    assert not busy
    assert not on_duty


# --- the stop -------------------------------------------------------------------------------------------------------


@law
def a_stop_begins_ends_its_task_ends_and_frees_its_one_unit_once_in_this_order(told: Told) -> None:
    marks = (Kind.STOP_BEGAN, Kind.TASK_ENDED, Kind.STOP_ENDED, Kind.UNIT_FREE)
    for name in told.stops:
        happened = [row for row in told.of_vehicle[name] if row.kind in marks]
        assert tuple(row.kind for row in happened) == marks
        assert len({row.unit for row in happened}) == 1


@law
def the_outcome_is_the_drawn_one_at_the_end_of_the_traffic_task(told: Told) -> None:
    for name, stop in told.stops.items():
        vehicle = told.drawn[name]
        (outcome,) = stop[Kind.WARNED] + stop[Kind.CITED] + stop[Kind.ARRESTED]
        assert Kind(outcome.kind).name.lower() == OUTCOMES[vehicle.outcome]
        assert outcome.time == vehicle.arrives + vehicle.traffic_task


@law
def a_unit_is_held_until_everything_about_its_stop_is_done(told: Told) -> None:
    for name, stop in told.stops.items():
        charges = told.charges[name]
        free = stop[Kind.STOP_ENDED][0].time
        if charges.taken_by_ice:
            free = _end_of_custody(told, told.drawn[name], free, charges.taken_by_ice)
            assert stop[Kind.CUSTODY_ENDED][0].time == free
        if charges.goes_to_jail:
            assert stop[Kind.ARREST_BEGAN][0].time == free
            free += told.drawn[name].criminal_arrest
            assert stop[Kind.ARREST_ENDED][0].time == free
        assert stop[Kind.UNIT_FREE][0].time == free


def _end_of_custody(told: Told, vehicle: Vehicle, begins: int, people: list[Who]) -> int:
    path = _path(told, (vehicle.flow, vehicle.number))
    if path == "agency_drives":
        return begins + 2 * vehicle.to_facility
    if path != "local_booking":
        return begins + vehicle.hand_over
    at_jail = begins + vehicle.to_jail
    for person in people:  # one after the other; how long each waits for a desk is a law of the jail
        assert [row.time for row in told.of_person[person][Kind.CAME_TO_JAIL]] == [at_jail]
        (booked,) = told.of_person[person][Kind.BOOKED]
        at_jail = booked.time
    return at_jail + vehicle.to_jail


def _path(told: Told, name: Name) -> str:
    """ICE on the scene opens its way; else an agency with a task force agreement goes its own, and any other waits for ICE."""
    if told.ice_was_there[name]:
        return told.scenario.custody.path
    held = {"task_force", "tribal_task_force"} & set(told.scenario.agency.agreements)
    return told.scenario.custody.path_without_ice if held else "ice_comes"


@law
def a_driver_arrested_for_a_crime_is_driven_to_jail_unless_ice_takes_the_driver_instead(told: Told) -> None:
    for name, stop in told.stops.items():
        vehicle, charges = told.drawn[name], told.charges[name]
        assert len(stop[Kind.ARREST_BEGAN]) == len(stop[Kind.ARREST_ENDED]) == charges.goes_to_jail
        if charges.goes_to_jail:
            driver = told.of_person[*name, 0]
            at_jail = stop[Kind.ARREST_BEGAN][0].time + min(vehicle.to_jail, vehicle.criminal_arrest)
            assert [row.time for row in driver[Kind.CAME_TO_JAIL]] == [at_jail]


# --- inspection -----------------------------------------------------------------------------------------------------


@law
def a_selected_vehicle_is_inspected_or_let_go_uninspected_when_its_patience_ends(told: Told) -> None:
    patience = told.scenario.inspection.patience
    for name, stop in told.stops.items():
        vehicle = told.drawn[name]
        ready = vehicle.arrives + vehicle.traffic_task
        done = stop[Kind.INSPECTION_BEGAN] + stop[Kind.NOT_INSPECTED]
        assert len(done) == vehicle.selected
        assert all(ready <= row.time <= ready + patience for row in stop[Kind.INSPECTION_BEGAN])
        assert all(row.time == ready + patience for row in stop[Kind.NOT_INSPECTED])
        begun = [(row.time + vehicle.inspection, row.unit, row.detail) for row in stop[Kind.INSPECTION_BEGAN]]
        assert begun == [(row.time, row.unit, row.detail) for row in stop[Kind.INSPECTION_ENDED]]
        end = max([ready] + [row.time for row in stop[Kind.INSPECTION_ENDED] + stop[Kind.NOT_INSPECTED]])
        assert stop[Kind.TASK_ENDED][0].time == end
        inspected = bool(stop[Kind.INSPECTION_BEGAN])
        assert len(stop[Kind.VEHICLE_OUT_OF_SERVICE]) == (inspected and vehicle.vehicle_out_of_service)
        assert len(stop[Kind.DRIVER_OUT_OF_SERVICE]) == (inspected and vehicle.driver_out_of_service)
        down = inspected and (vehicle.vehicle_out_of_service or vehicle.driver_out_of_service)
        assert [row.detail for row in stop[Kind.TRUCK_DOWN]] == [vehicle.repair] * down


@law
def no_inspector_is_in_two_inspections_and_only_one_on_duty_or_just_done_begins_one(told: Told) -> None:
    on_duty: set[int] = set()
    busy: set[int] = set()
    done_at: dict[int, int] = {}
    for row in told.rows:
        if row.kind == Kind.INSPECTOR_ON_DUTY:
            assert row.unit not in on_duty
            on_duty.add(row.unit)
        elif row.kind == Kind.INSPECTOR_OFF_DUTY:
            on_duty.remove(row.unit)
        elif row.kind == Kind.INSPECTION_BEGAN:
            assert row.unit not in busy
            assert row.unit in on_duty or done_at.get(row.unit) == row.time
            busy.add(row.unit)
        elif row.kind == Kind.INSPECTION_ENDED:
            busy.remove(row.unit)
            done_at[row.unit] = row.time
        elif row.kind == Kind.NOT_INSPECTED:
            assert on_duty <= busy
    assert not busy


# --- the status check -----------------------------------------------------------------------------------------------


def _asked_by_policy(policy: str, vehicle: Vehicle) -> list[int]:
    seats = {
        "nobody": [],
        "drivers_unsettled": [0] if vehicle.people[0].licence != IN_STATE else [],
        "drivers": [0],
        "occupants": list(range(len(vehicle.people))),
    }
    return seats[policy]


@law
def those_whom_the_policy_names_are_asked_and_those_in_doubt_among_them_are_referred(told: Told) -> None:
    check = told.scenario.status_check
    for name, stop in told.stops.items():
        vehicle = told.drawn[name]
        named = _asked_by_policy(check.asked, vehicle)
        asking_ends = vehicle.arrives + vehicle.asking
        if check.limit is not None and asking_ends > stop[Kind.TASK_ENDED][0].time + check.limit:
            named = []
        known = [seat for seat in named if vehicle.people[seat].identified]
        assert [row.seat for row in stop[Kind.ASKED]] == named
        assert [row.seat for row in stop[Kind.NOT_IDENTIFIED]] == [seat for seat in named if seat not in known]
        assert [row.seat for row in stop[Kind.REFERRED]] == [
            seat for seat in known if vehicle.people[seat].doubt > check.threshold
        ]
        assert {row.time for row in stop[Kind.ASKED] + stop[Kind.REFERRED]} <= {asking_ends}


@law
def everybody_referred_and_nobody_else_ends_in_exactly_one_way(told: Told) -> None:
    ends = Counter(row.person for kind in ENDINGS for row in told.of_kind[kind])
    assert ends == Counter({row.person for row in told.of_kind[Kind.REFERRED]})


@law
def ice_detains_only_whom_it_matches_and_asks_for(told: Told) -> None:
    assert all(not told.person(row.person).matched for row in told.of_kind[Kind.NO_MATCH])
    assert all(told.person(row.person).matched and not told.person(row.person).go_ahead for row in told.of_kind[Kind.DECLINED])
    assert all(told.person(row.person).matched and told.person(row.person).go_ahead for row in told.of_kind[Kind.DETAINED])


@law
def people_are_kept_past_the_task_no_longer_than_the_check_or_the_limit(told: Told) -> None:
    limit = told.scenario.status_check.limit
    for name, stop in told.stops.items():
        vehicle = told.drawn[name]
        task, end = stop[Kind.TASK_ENDED][0].time, stop[Kind.STOP_ENDED][0].time
        asking = [vehicle.arrives + vehicle.asking] if _asked_by_policy(told.scenario.status_check.asked, vehicle) else []
        waited_for = asking + [row.time for kind in ENDINGS for row in stop[kind]]
        latest = math.inf if limit is None else task + limit
        assert end == max(task, min(latest, max(waited_for, default=task)))
        assert all(row.time == end == latest for row in stop[Kind.PAST_LIMIT])


@law
def no_answerer_is_on_two_questions_and_no_more_answer_than_there_are(told: Told) -> None:
    check = told.scenario.status_check
    servers = {"duty_officer": check.duty_officer.servers, "support_centre": check.support_centre.servers}
    servers["ice_on_scene"] = sum(shift.ice_agents for shift in told.scenario.operation.shifts.values())
    open_questions: dict[tuple[int, int], Name] = {}
    for row in told.rows:
        if row.kind == Kind.QUESTION_PUT:
            assert CHANNELS[row.detail] in check.channels
            assert 0 <= row.unit < servers[CHANNELS[row.detail]]
            assert (row.detail, row.unit) not in open_questions
            open_questions[row.detail, row.unit] = row.name
        elif row.kind in (Kind.ANSWERED, Kind.GAVE_UP):
            assert open_questions.pop((row.detail, row.unit)) == row.name
    assert not open_questions


@law
def nobody_waits_for_an_answerer_who_is_free(told: Told) -> None:
    """Whoever has to wait in a queue is served at the very moment when an answerer is done, or goes unserved."""
    done = {(row.time, row.detail) for kind in (Kind.ANSWERED, Kind.GAVE_UP) for row in told.of_kind[kind]}
    came = {(row.time, row.flow, row.vehicle) for row in told.of_kind[Kind.REFERRED]}
    came |= {(row.time, row.flow, row.vehicle) for row in told.of_kind[Kind.GAVE_UP]}
    began = {row.time for row in told.of_kind[Kind.ICE_ARRIVED]}
    for row in told.of_kind[Kind.QUESTION_PUT]:
        at_once = (row.time, row.flow, row.vehicle) in came
        assert at_once or (row.time, row.detail) in done or row.time in began


@law
def the_agency_detains_only_with_a_task_force_agreement_or_with_ice_on_the_scene(told: Told) -> None:
    """Otherwise ICE must come, which takes the time drawn for that person; who is let go before that is not detained."""
    held = {"task_force", "tribal_task_force"} & set(told.scenario.agency.agreements)
    for name, stop in told.stops.items():
        must_come = not held and not told.ice_was_there[name]
        called = {row.seat: row.time for row in stop[Kind.ICE_AWAITED]}
        came = {row.seat: row.time for row in stop[Kind.DETAINED]}
        assert len(called) == len(stop[Kind.ICE_AWAITED])
        if not must_come:
            assert not called
            continue
        people = told.drawn[name].people
        assert came.keys() <= called.keys()
        assert all(people[seat].matched and people[seat].go_ahead for seat in called)
        assert came == {seat: called[seat] + people[seat].ice_comes for seat in came}
        assert called.keys() - came.keys() == {row.seat for row in stop[Kind.PAST_LIMIT]} & called.keys()


# --- custody --------------------------------------------------------------------------------------------------------


@law
def the_way_to_custody_is_that_of_the_policy_and_of_whether_ice_was_there_when_the_stop_began(told: Told) -> None:
    for name, stop in told.stops.items():
        began = [PATHS[row.detail] for row in stop[Kind.CUSTODY_BEGAN]]
        assert began == [PATHS[row.detail] for row in stop[Kind.CUSTODY_ENDED]]
        assert began == ([_path(told, name)] if told.charges[name].taken_by_ice else [])


@law
def everybody_whom_ice_takes_and_nobody_else_goes_one_way_to_one_place(told: Told) -> None:
    ways = {
        "local_booking": [Kind.CAME_TO_JAIL],
        "agency_drives": [Kind.AT_FACILITY],
        "ice_vehicles": [Kind.BOARDED, Kind.AT_FACILITY],
        "ice_comes": [Kind.AT_FACILITY],
    }
    went: dict[Who, list[int]] = defaultdict(list)
    for kind in (Kind.BOARDED, Kind.CAME_TO_JAIL, Kind.AT_FACILITY):
        for row in told.of_kind[kind]:
            if row.flow < LOCAL:
                went[row.person].append(kind)
    expected: dict[Who, list[int]] = {}
    for name, charges in told.charges.items():
        expected |= {person: list(ways[_path(told, name)]) for person in charges.taken_by_ice}
        if charges.goes_to_jail:
            expected[*name, 0] = [Kind.CAME_TO_JAIL]
    for row in told.of_kind[Kind.TRANSFERRED]:
        if row.flow < LOCAL:
            expected[row.person].append(Kind.AT_FACILITY)
    assert went == expected


@law
def whoever_is_driven_from_the_roadside_to_ice_arrives_after_the_drive(told: Told) -> None:
    for name, charges in told.charges.items():
        path, vehicle, stop = _path(told, name), told.drawn[name], told.stops[name]
        if charges.taken_by_ice and path in ("agency_drives", "ice_comes"):
            (left,) = stop[Kind.CUSTODY_BEGAN] if path == "agency_drives" else stop[Kind.CUSTODY_ENDED]
            arrived = [told.of_person[person][Kind.AT_FACILITY][0].time for person in charges.taken_by_ice]
            assert set(arrived) == {left.time + vehicle.to_facility}


@law
def an_ice_vehicle_takes_no_more_than_its_seats_and_leaves_when_full_or_out_of_patience(told: Told) -> None:
    fleet = told.scenario.custody.ice_vehicles
    aboard: dict[int, list[Row]] = defaultdict(list)
    away: dict[int, list[Row]] = {}
    for row in told.rows:
        if row.kind == Kind.BOARDED:
            assert row.unit < fleet.count
            assert row.unit not in away
            aboard[row.unit].append(row)
        elif row.kind == Kind.ICE_VEHICLE_LEFT:
            load = away[row.unit] = aboard.pop(row.unit)
            assert len(load) == row.detail <= fleet.seats
            assert row.detail == fleet.seats or row.time == load[0].time + fleet.wait
        elif row.kind == Kind.ICE_VEHICLE_BACK:
            load = away.pop(row.unit)
            drive = told.drawn[load[0].name].to_facility
            arrived = {(*one.person, one.time) for one in told.of_kind[Kind.AT_FACILITY]}
            assert {(*one.person, row.time - drive) for one in load} <= arrived
    assert not aboard
    assert not away


# --- measures -------------------------------------------------------------------------------------------------------


@law
def the_mean_number_of_busy_units_is_the_rate_of_stops_times_the_mean_time_held(told: Told) -> None:
    """Little's law, as an identity of the sample path: both sides times the length of the run."""
    if told.stops:
        held = told.measures["stop_cycle_minutes_mean"] * told.measures["stops"] * MILLISECONDS["min"]
        assert held == pytest.approx(integral(told.number_over_time((Kind.STOP_BEGAN,), (Kind.UNIT_FREE,))), rel=1e-12)


@law
def the_mean_number_of_people_waiting_for_ice_is_the_rate_of_referrals_times_the_mean_wait(told: Told) -> None:
    if told.of_kind[Kind.REFERRED]:
        waited = told.measures["status_check_wait_mean"] * told.measures["referrals"] * MILLISECONDS["min"]
        assert waited == pytest.approx(integral(told.number_over_time((Kind.REFERRED,), ENDINGS)), rel=1e-12)


@law
def duty_is_the_time_on_shift_and_the_time_busy_after_it(told: Told) -> None:
    on_duty: set[int] = set()
    busy: set[int] = set()
    total = overtime = last = 0
    for row in told.rows:
        total += len(on_duty | busy) * (row.time - last)
        overtime += len(busy - on_duty) * (row.time - last)
        last = row.time
        if row.kind in (Kind.UNIT_ON_DUTY, Kind.STOP_BEGAN):
            (on_duty if row.kind == Kind.UNIT_ON_DUTY else busy).add(row.unit)
        elif row.kind in (Kind.UNIT_OFF_DUTY, Kind.UNIT_FREE):
            (on_duty if row.kind == Kind.UNIT_OFF_DUTY else busy).remove(row.unit)
    assert told.measures["officer_hours"] == pytest.approx(total / HOUR, rel=1e-12)
    assert told.measures["officer_overtime_hours"] == pytest.approx(overtime / HOUR, rel=1e-12)


@law
def utilisation_lies_between_zero_and_one(told: Told) -> None:
    utilisation = told.measures["officer_utilisation"]
    assert math.isnan(utilisation) == (told.measures["officer_hours"] == 0)
    assert math.isnan(utilisation) or 0 <= utilisation <= 1


@law
def no_measure_contradicts_another_of_which_it_is_a_part(told: Told) -> None:
    broken = [(part, whole) for part, whole in PART_OF if told.measures[part] > told.measures[whole]]
    assert not broken


@law
def every_referral_ends_in_custody_or_in_release(told: Told) -> None:
    assert told.measures["referrals"] == told.measures["detained"] + told.measures["referred_then_released"]
    assert told.measures["vehicles_seen"] == told.measures["stops"] + told.measures["vehicles_passed_unstopped"]


@law
def people_let_go_were_held_from_referral_to_the_end_of_the_stop_whatever_their_seat(told: Told) -> None:
    detained = {row.person for row in told.of_kind[Kind.DETAINED]}
    ended = {row.name: row.time for row in told.of_kind[Kind.STOP_ENDED]}
    held = sum(ended[row.name] - row.time for row in told.of_kind[Kind.REFERRED] if row.person not in detained)
    assert told.measures["held_then_released_hours"] == pytest.approx(held / HOUR, rel=1e-12)
