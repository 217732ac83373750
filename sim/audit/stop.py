"""Laws of the stop and of the commercial vehicle inspection."""

from __future__ import annotations

from sim.audit.custody import way_of
from sim.audit.law import Laws, must
from sim.audit.told import Told, Who
from sim.entities import OUTCOMES, Vehicle
from sim.trace import Kind

STOP = Laws()


@STOP.law
def a_stop_begins_ends_its_task_ends_and_frees_its_one_unit_once_in_this_order(told: Told) -> None:
    marks = (Kind.STOP_BEGAN, Kind.TASK_ENDED, Kind.STOP_ENDED, Kind.UNIT_FREE)
    for name, _ in told.each_stop():
        happened = [row for row in told.of_vehicle[name] if row.kind in marks]
        must(tuple(row.kind for row in happened) == marks)
        must(len({row.unit for row in happened}) == 1)


@STOP.law
def the_outcome_is_the_drawn_one_at_the_end_of_the_traffic_task(told: Told) -> None:
    for name, stop in told.each_stop():
        vehicle = told.drawn[name]
        (outcome,) = stop[Kind.WARNED] + stop[Kind.CITED] + stop[Kind.ARRESTED]
        must(Kind(outcome.kind).name.lower() == OUTCOMES[vehicle.outcome])
        must(outcome.time == vehicle.arrives + vehicle.traffic_task)


@STOP.law
def a_unit_is_held_until_everything_about_its_stop_is_done(told: Told) -> None:
    for name, stop in told.each_stop():
        charges = told.charges[name]
        free = stop[Kind.STOP_ENDED][0].time
        if charges.taken_by_ice:
            free = _end_of_custody(told, told.drawn[name], free, charges.taken_by_ice)
            must(stop[Kind.CUSTODY_ENDED][0].time == free)
        if charges.goes_to_jail:
            must(stop[Kind.ARREST_BEGAN][0].time == free)
            free += told.drawn[name].criminal_arrest
            must(stop[Kind.ARREST_ENDED][0].time == free)
        must(stop[Kind.UNIT_FREE][0].time == free)


def _end_of_custody(told: Told, vehicle: Vehicle, begins: int, people: list[Who]) -> int:
    path = way_of(told, (vehicle.flow, vehicle.number))
    if path == "agency_drives":
        return begins + 2 * vehicle.to_facility
    if path != "local_booking":
        return begins + vehicle.hand_over
    at_jail = begins + vehicle.to_jail
    for person in people:  # one after the other; how long each waits for a desk is a law of the jail
        must([row.time for row in told.of_person[person][Kind.CAME_TO_JAIL]] == [at_jail])
        (booked,) = told.of_person[person][Kind.BOOKED]
        at_jail = booked.time
    return at_jail + vehicle.to_jail


@STOP.law
def a_driver_arrested_for_a_crime_is_driven_to_jail_unless_ice_takes_the_driver_instead(told: Told) -> None:
    for name, stop in told.each_stop():
        vehicle, charges = told.drawn[name], told.charges[name]
        must(len(stop[Kind.ARREST_BEGAN]) == len(stop[Kind.ARREST_ENDED]) == charges.goes_to_jail)
        if charges.goes_to_jail:
            driver = told.of_person[*name, 0]
            at_jail = stop[Kind.ARREST_BEGAN][0].time + min(vehicle.to_jail, vehicle.criminal_arrest)
            must([row.time for row in driver[Kind.CAME_TO_JAIL]] == [at_jail])


# --- inspection -----------------------------------------------------------------------------------------------------


@STOP.law
def a_selected_vehicle_is_inspected_or_let_go_uninspected_when_its_patience_ends(told: Told) -> None:
    patience = told.scenario.inspection.patience
    for name, stop in told.each_stop():
        vehicle = told.drawn[name]
        ready = vehicle.arrives + vehicle.traffic_task
        done = stop[Kind.INSPECTION_BEGAN] + stop[Kind.NOT_INSPECTED]
        must(len(done) == vehicle.selected)
        must(all(ready <= row.time <= ready + patience for row in stop[Kind.INSPECTION_BEGAN]))
        must(all(row.time == ready + patience for row in stop[Kind.NOT_INSPECTED]))
        begun = [(row.time + vehicle.inspection, row.unit, row.detail) for row in stop[Kind.INSPECTION_BEGAN]]
        must(begun == [(row.time, row.unit, row.detail) for row in stop[Kind.INSPECTION_ENDED]])
        end = max([ready] + [row.time for row in stop[Kind.INSPECTION_ENDED] + stop[Kind.NOT_INSPECTED]])
        must(stop[Kind.TASK_ENDED][0].time == end)
        inspected = bool(stop[Kind.INSPECTION_BEGAN])
        must(len(stop[Kind.VEHICLE_OUT_OF_SERVICE]) == (inspected and vehicle.vehicle_out_of_service))
        must(len(stop[Kind.DRIVER_OUT_OF_SERVICE]) == (inspected and vehicle.driver_out_of_service))
        down = inspected and (vehicle.vehicle_out_of_service or vehicle.driver_out_of_service)
        must([row.detail for row in stop[Kind.TRUCK_DOWN]] == [vehicle.repair] * down)


@STOP.law
def no_inspector_is_in_two_inspections_and_only_one_on_duty_or_just_done_begins_one(told: Told) -> None:
    on_duty: set[int] = set()
    busy: set[int] = set()
    done_at: dict[int, int] = {}
    for row in told.along(told.rows):
        if row.kind == Kind.INSPECTOR_ON_DUTY:
            must(row.unit not in on_duty)
            on_duty.add(row.unit)
        elif row.kind == Kind.INSPECTOR_OFF_DUTY:
            on_duty.remove(row.unit)
        elif row.kind == Kind.INSPECTION_BEGAN:
            must(row.unit not in busy)
            must(row.unit in on_duty or done_at.get(row.unit) == row.time)
            busy.add(row.unit)
        elif row.kind == Kind.INSPECTION_ENDED:
            busy.remove(row.unit)
            done_at[row.unit] = row.time
        elif row.kind == Kind.NOT_INSPECTED:
            must(on_duty <= busy)
    must(not busy)
