"""The story of one replication, told line by line from its trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sim.arrivals import clock
from sim.fields import CHANNELS
from sim.scenario import DRIVER_GROUNDS, LICENCES, STANDINGS, VEHICLE_GROUNDS, Scenario
from sim.trace import CLOCKS, LOCAL, NOBODY, OVERFLOW, PATHS, Kind, Trace, licence_of, standing_of

_WAYS = {
    "ice_vehicles": "to ICE vehicles on the scene",
    "local_booking": "to the county jail",
    "agency_drives": "to ICE's facility",
    "ice_comes": "over to the ICE officer who has come",
}

_CLOCKS = dict(enumerate(CLOCKS))
_TOLD = {
    Kind.UNIT_ON_DUTY: "unit {unit} comes on duty",
    Kind.UNIT_OFF_DUTY: "unit {unit}: end of shift",
    Kind.INSPECTOR_ON_DUTY: "inspector {unit} comes on duty",
    Kind.INSPECTOR_OFF_DUTY: "inspector {unit}: end of shift",
    Kind.ICE_ARRIVED: "ICE arrives with {detail} agents",
    Kind.ICE_LEFT: "ICE's {detail} agents end their shift",
    Kind.SEEN: "{vehicle} comes by with {detail} on board",
    Kind.DIVERTED: "{vehicle} takes another road",
    Kind.PASSED: "{vehicle} passes: every unit is busy",
    Kind.STOP_BEGAN: "unit {unit} stops {vehicle}",
    Kind.WARNED: "{vehicle}: the driver is warned",
    Kind.CITED: "{vehicle}: the driver is cited",
    Kind.ARRESTED: "{vehicle}: the driver is arrested for a crime",
    Kind.INSPECTION_BEGAN: "inspector {unit} begins a level {level} inspection of {vehicle}",
    Kind.INSPECTION_ENDED: "inspector {unit} has inspected {vehicle}",
    Kind.NOT_INSPECTED: "{vehicle} goes uninspected: no inspector in time",
    Kind.VEHICLE_OUT_OF_SERVICE: "{vehicle} is put out of service ({vehicle_ground})",
    Kind.DRIVER_OUT_OF_SERVICE: "the driver of {vehicle} is put out of service ({driver_ground})",
    Kind.TASK_ENDED: "{vehicle}: traffic task and inspection are over",
    Kind.NOT_ASKED: "{vehicle}: the limit runs out before anybody was asked",
    Kind.ASKED: "{person} is asked",
    Kind.NOT_IDENTIFIED: "{person} cannot be identified",
    Kind.REFERRED: "{person} is referred to ICE ({who})",
    Kind.QUESTION_PUT: "the question about {vehicle} is put to {channel}",
    Kind.ANSWERED: "{channel} answers about {vehicle}",
    Kind.GAVE_UP: "{channel} does not answer about {vehicle} in time",
    Kind.NO_MATCH: "{person}: no match",
    Kind.DECLINED: "{person}: a match, but ICE declines custody",
    Kind.DETAINED: "{person} is detained ({who})",
    Kind.NO_ANSWER: "{person}: no channel answered",
    Kind.PAST_LIMIT: "{person} is let go: the limit has run out",
    Kind.STOP_ENDED: "{vehicle}: the stop ends; who is not detained may go",
    Kind.CUSTODY_BEGAN: "unit {unit} takes people of {vehicle} {path}",
    Kind.CUSTODY_ENDED: "unit {unit} has done so",
    Kind.ARREST_BEGAN: "unit {unit} leaves with the arrested driver of {vehicle}",
    Kind.ARREST_ENDED: "unit {unit} is back from the arrest",
    Kind.UNIT_FREE: "unit {unit} is free",
    Kind.TRUCK_DOWN: "{vehicle} may not go on for now",
    Kind.ICE_AWAITED: "{person}: ICE asks for custody and must come",
    Kind.CAME_TO_JAIL: "{person} comes to the county jail",
    Kind.BOOKING_BEGAN: "{person} is being booked at desk {unit}",
    Kind.BOOKED: "{person} is booked",
    Kind.ENTERED_JAIL: "{person} has a bed in the county jail",
    Kind.TURNED_AWAY: "{person}: the jail has no bed",
    Kind.QUESTIONED: "{person} was questioned about standing in jail",
    Kind.DETAINER_LODGED: "{person}: ICE lodges a detainer",
    Kind.WARRANT_SERVED: "{person}: ICE's warrant is served",
    Kind.HOLD_BEGAN: "{person} is now held for ICE alone ({clock})",
    Kind.RELEASED_AT_CLOCK: "{person} is released: the clock has run out",
    Kind.TRANSFERRED: "{person} leaves with ICE's transport",
    Kind.LEFT_JAIL: "{person} leaves the county jail",
    Kind.PICKUP_CAME: "ICE's transport comes to the jail and takes {detail}",
    Kind.BROUGHT_BY_ICE: "ICE brings {person} for want of beds",
    Kind.TAKEN_BACK_BY_ICE: "ICE takes {person} back",
    Kind.BOARDED: "{person} boards ICE vehicle {unit}",
    Kind.ICE_VEHICLE_LEFT: "ICE vehicle {unit} leaves with {detail} on board",
    Kind.ICE_VEHICLE_BACK: "ICE vehicle {unit} is back",
    Kind.AT_FACILITY: "{person} arrives at ICE's facility",
}

#: What each number of ``detail`` means depends on the kind; only the word that its sentence names is looked up.
_WORDS: dict[str, Callable[[int], object]] = {
    "channel": lambda detail: CHANNELS[detail].replace("_", " ").replace("ice", "ICE"),
    "path": lambda detail: _WAYS[PATHS[detail]],
    "vehicle_ground": lambda detail: VEHICLE_GROUNDS[detail],
    "driver_ground": lambda detail: DRIVER_GROUNDS[detail],
    "level": lambda detail: detail + 1,
    "who": lambda detail: f"{STANDINGS[standing_of(detail)]}, licence {LICENCES[licence_of(detail)]}".replace("_", " "),
}


def tell(scenario: Scenario, trace: Trace, vehicle: tuple[str, int] | None = None) -> Iterator[str]:
    """Yield one line for each thing that happened.

    Parameters
    ----------
    scenario
        The scenario of the trace, for names and the calendar.
    trace
        What happened.
    vehicle
        Flow and number of one vehicle, to be told about that one only.
    """
    names = dict(enumerate(scenario.flow_names)) | {LOCAL: "local_arrest", OVERFLOW: "ice_overflow"}
    for time, kind, flow, number, seat, unit, detail in trace.rows.tolist():
        if vehicle and (flow == NOBODY or (names[flow], number) != vehicle):
            continue
        sentence = _TOLD[Kind(kind)]
        label = f"{names[flow]} {number}" if flow != NOBODY else ""
        role = "person" if flow in (LOCAL, OVERFLOW) else "the driver" if seat == 0 else f"passenger {seat}"
        words = {name: say(detail) for name, say in _WORDS.items() if f"{{{name}}}" in sentence}
        people = {"person": f"{role} of {label}", "clock": _CLOCKS.get(unit)}
        text = sentence.format(vehicle=label, unit=unit, detail=detail, **people, **words)
        yield f"{clock(scenario, time):%a %d %b %H:%M:%S}  {text}"
