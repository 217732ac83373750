"""Laws of custody: which way people go from the roadside, and where they arrive."""

from __future__ import annotations

from collections import defaultdict

from sim.audit.law import Laws, must
from sim.audit.told import Name, Row, Told, Who
from sim.trace import LOCAL, PATHS, Kind

CUSTODY = Laws()


def way_of(told: Told, name: Name) -> str:
    """Return the way to custody.

    ICE on the scene opens its way; else an agency with a task force agreement goes its own, and any other waits for ICE.
    """
    if told.ice_was_there[name]:
        return told.scenario.custody.path
    held = {"task_force", "tribal_task_force"} & set(told.scenario.agency.agreements)
    return told.scenario.custody.path_without_ice if held else "ice_comes"


@CUSTODY.law
def the_way_to_custody_is_that_of_the_policy_and_of_whether_ice_was_there_when_the_stop_began(told: Told) -> None:
    for name, stop in told.each_stop():
        began = [PATHS[row.detail] for row in stop[Kind.CUSTODY_BEGAN]]
        must(began == [PATHS[row.detail] for row in stop[Kind.CUSTODY_ENDED]])
        must(began == ([way_of(told, name)] if told.charges[name].taken_by_ice else []))


@CUSTODY.law
def everybody_whom_ice_takes_and_nobody_else_goes_one_way_to_one_place(told: Told) -> None:
    ways = {
        "local_booking": [Kind.CAME_TO_JAIL],
        "agency_drives": [Kind.AT_FACILITY],
        "ice_vehicles": [Kind.BOARDED, Kind.AT_FACILITY],
        "ice_comes": [Kind.AT_FACILITY],
    }
    went: dict[Who, list[int]] = defaultdict(list)
    for kind in (Kind.BOARDED, Kind.CAME_TO_JAIL, Kind.AT_FACILITY):
        for row in told.along(told.of_kind[kind]):
            if row.flow < LOCAL:
                went[row.person].append(kind)
    expected: dict[Who, list[int]] = {}
    for name, charges in told.charges.items():
        expected |= {person: list(ways[way_of(told, name)]) for person in charges.taken_by_ice}
        if charges.goes_to_jail:
            expected[*name, 0] = [Kind.CAME_TO_JAIL]
    for row in told.along(told.of_kind[Kind.TRANSFERRED]):
        if row.flow < LOCAL:
            expected[row.person].append(Kind.AT_FACILITY)
    told.must_agree(went, expected)


@CUSTODY.law
def whoever_is_driven_from_the_roadside_to_ice_arrives_after_the_drive(told: Told) -> None:
    for name, stop in told.each_stop():
        charges, path, vehicle = told.charges[name], way_of(told, name), told.drawn[name]
        if charges.taken_by_ice and path in ("agency_drives", "ice_comes"):
            (left,) = stop[Kind.CUSTODY_BEGAN] if path == "agency_drives" else stop[Kind.CUSTODY_ENDED]
            arrived = [told.of_person[person][Kind.AT_FACILITY][0].time for person in charges.taken_by_ice]
            must(set(arrived) == {left.time + vehicle.to_facility})


@CUSTODY.law
def an_ice_vehicle_takes_no_more_than_its_seats_and_leaves_when_full_or_out_of_patience(told: Told) -> None:
    fleet = told.scenario.custody.ice_vehicles
    aboard: dict[int, list[Row]] = defaultdict(list)
    away: dict[int, list[Row]] = {}
    arrived = {(*one.person, one.time) for one in told.of_kind[Kind.AT_FACILITY]}
    for row in told.along(told.rows):
        if row.kind == Kind.BOARDED:
            must(row.unit < fleet.count)
            must(row.unit not in away)
            aboard[row.unit].append(row)
        elif row.kind == Kind.ICE_VEHICLE_LEFT:
            load = away[row.unit] = aboard.pop(row.unit)
            must(len(load) == row.detail <= fleet.seats)
            must(row.detail == fleet.seats or row.time == load[0].time + fleet.wait)
        elif row.kind == Kind.ICE_VEHICLE_BACK:
            load = away.pop(row.unit)
            drive = told.drawn[load[0].name].to_facility
            must({(*one.person, row.time - drive) for one in load} <= arrived)
    must(not aboard)
    must(not away)
