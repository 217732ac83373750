"""What is drawn from which stream, and what the number becomes: said once for both engines, as columns.

A stream's name is the dotted path of its parameter, with the traffic flow that it belongs to.
"""

from __future__ import annotations

from sim.arrivals import from_elsewhere
from sim.fields import CHANNELS
from sim.scenario import LEVELS, Flow, Occupants, Scenario
from sim.streams import Column

#: Levels of inspection that can put a vehicle, and a driver, out of service.
VEHICLE_LEVELS = tuple(LEVELS.index(name) for name in ("level_1", "level_2", "level_5"))
DRIVER_LEVELS = tuple(LEVELS.index(name) for name in ("level_1", "level_2", "level_3"))


def vehicle_columns(scenario: Scenario, flow: Flow) -> dict[str, Column]:
    """Return what is drawn for each vehicle of a flow; the order of the names is the same in every scenario."""
    stop, inspection, custody = scenario.stop, scenario.inspection, scenario.custody
    ways, arrests = _ways_into_custody(scenario), _arrests(scenario)
    selected = inspection.selected if flow.vehicle == "truck" else 0.0
    inspected = selected > 0
    vehicles_down = inspected and inspection.vehicle_out_of_service > 0
    drivers_down = inspected and inspection.driver_out_of_service > 0
    return {
        "diverts": Column("traffic.diverted", used=flow.diverted > 0),
        "occupants": Column(f"people.{flow.vehicle}.number", occupants_of(scenario, flow).number),
        "common_standing": Column(f"people.{flow.vehicle}.standing", occupants_of(scenario, flow).standing.weights),
        "traffic_task": Column("stop.traffic_task", stop.traffic_task),
        "outcome": Column("stop.outcome", stop.outcome.weights),
        "criminal_arrest": Column("stop.criminal_arrest", stop.criminal_arrest, arrests),
        "selected": Column("inspection.selected", selected),
        "level": Column("inspection.levels", inspection.levels.weights, inspected),
        "inspection": Column("inspection.duration", used=inspected),
        "vehicle_out_of_service": Column("inspection.vehicle_out_of_service", inspection.vehicle_out_of_service, inspected),
        "driver_out_of_service": Column("inspection.driver_out_of_service", inspection.driver_out_of_service, inspected),
        "vehicle_ground": Column("inspection.vehicle_grounds", inspection.vehicle_grounds.weights, vehicles_down),
        "driver_ground": Column("inspection.driver_grounds", inspection.driver_grounds.weights, drivers_down),
        "asking": Column("status_check.asking", scenario.status_check.asking),
        "hand_over": Column("custody.hand_over", custody.hand_over, bool({"ice_vehicles", "ice_comes"} & ways)),
        "to_jail": Column("custody.to_jail", custody.to_jail, arrests or "local_booking" in ways),
        "to_facility": Column("custody.to_facility", custody.to_facility, ways != {"local_booking"}),
        "repair": Column("inspection.repair", inspection.repair, vehicles_down or drivers_down),
    }


def seat_columns(scenario: Scenario, flow: Flow) -> dict[str, Column]:
    """Return what is drawn for the person in each seat of each vehicle of a flow."""
    check, jail = scenario.status_check, scenario.jail
    arrests = _arrests(scenario)
    channels = {name: getattr(check, name) for name in CHANNELS}
    return {
        "own_standing": Column(f"people.{flow.vehicle}.standing.own", occupants_of(scenario, flow).standing.weights),
        "follows": Column(f"people.{flow.vehicle}.crew_effect", occupants_of(scenario, flow).crew_effect),
        "licence": Column("people.licence"),
        "identified": Column("status_check.identified"),
        "doubt": Column("people.doubt"),
        "match": Column("status_check.match"),  # one luck, at the roadside and in the jail
        "go_ahead": Column("status_check.go_ahead", check.go_ahead),
        **{
            f"{what}_{name}": Column(f"status_check.{name}.{what}", getattr(one, what), name in check.channels)
            for what in ("reply", "no_answer")
            for name, one in channels.items()
        },
        "ice_comes": Column("status_check.ice_comes", check.ice_comes, "ice_comes" in _ways_into_custody(scenario)),
        "booking": Column("jail.booking", jail.booking, arrests or "local_booking" in _ways_into_custody(scenario)),
        "local_stay": Column("jail.local.stay", jail.local.stay, arrests),
        "questioning": Column("jail.screening.questioning", jail.screening.questioning, arrests),
        "known_to_ice": Column("jail.screening.known_to_ice", jail.screening.known_to_ice, arrests),
        "pickup_drive": Column("jail.pickup.drive", jail.pickup.drive, jail.pickup.seats > 0),
    }


def _arrests(scenario: Scenario) -> bool:
    """Whether a driver can be arrested on local charges."""
    return scenario.stop.outcome.arrested > 0


def _ways_into_custody(scenario: Scenario) -> set[str]:
    """Return the ways that people detained at the roadside can take, by the names of :data:`sim.trace.PATHS`."""
    custody = scenario.custody
    return {custody.path, custody.path_without_ice if scenario.may_detain_at_the_roadside else "ice_comes"}


def booking_columns(scenario: Scenario, name: str) -> dict[str, Column]:
    """Return what is drawn for each person who comes to the jail from elsewhere; some of the columns of a seat."""
    jail = scenario.jail
    return {
        "own_standing": Column("people.standing", jail.local.standing.weights),
        "match": Column("status_check.match"),
        "go_ahead": Column("status_check.go_ahead", scenario.status_check.go_ahead),
        "booking": Column("jail.booking", jail.booking),
        "local_stay": Column("stay", from_elsewhere(scenario, name).stay),
        "questioning": Column("jail.screening.questioning", jail.screening.questioning),
        "known_to_ice": Column("jail.screening.known_to_ice", jail.screening.known_to_ice),
        "pickup_drive": Column("jail.pickup.drive", jail.pickup.drive),
    }


def occupants_of(scenario: Scenario, flow: Flow) -> Occupants:
    """Return what is known of the people in a flow's class of vehicle."""
    occupants: Occupants = getattr(scenario.people, flow.vehicle)
    return occupants
