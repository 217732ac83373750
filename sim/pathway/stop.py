"""The roadside stop, from the officer's signal to the moment when the unit is free again.

Holds one patrol unit throughout. The status check runs beside the traffic task and the inspection; what it adds to them is
waited for afterwards. Records ``stop_began``, the outcome, ``task_ended``, ``stop_ended`` and ``unit_free``.
"""

from __future__ import annotations

from sim.entities import ARRESTED, DRIVER, Person, Vehicle
from sim.pathway.custody import criminal_arrest, custody
from sim.pathway.inspection import inspection
from sim.pathway.status_check import Encounter, answers_or_limit, ask, asks, let_people_go
from sim.pathway.words import Kind
from sim.pathway.world import Process, World

OUTCOME_KINDS = (Kind.WARNED, Kind.CITED, Kind.ARRESTED)  # in the order of OUTCOMES


def stop(world: World, vehicle: Vehicle, unit: int) -> Process:
    """Stop one vehicle, inspect it if selected, check whom the policy asks about, take into custody, free the unit."""
    encounter = Encounter(world, vehicle, unit)
    world.record(Kind.STOP_BEGAN, vehicle, unit)
    if asks(world, vehicle.people[DRIVER]):
        ask(world, encounter)
    yield world.wait(vehicle.traffic_task, vehicle)
    world.record(OUTCOME_KINDS[vehicle.outcome], vehicle)
    if vehicle.selected:
        yield from inspection(world, vehicle)
    world.record(Kind.TASK_ENDED, vehicle, unit)
    if encounter.open:
        yield answers_or_limit(world, encounter)
    let_people_go(world, encounter)
    world.record(Kind.STOP_ENDED, vehicle, unit)
    taken_by_ice, goes_to_jail, is_wanted = settle_charges(world, encounter)
    if taken_by_ice:
        yield from custody(world, encounter, taken_by_ice)
    if goes_to_jail:
        yield from criminal_arrest(world, vehicle, unit, is_wanted)
    world.record(Kind.UNIT_FREE, vehicle, unit)
    world.patrol_units.free(unit)


def settle_charges(world: World, encounter: Encounter) -> tuple[list[Person], bool, bool]:
    """Return whom ICE takes now, whether the driver goes to jail on local charges, and whether ICE wants that driver.

    A driver arrested for a crime whom ICE wants goes with ICE if the policy drops local charges, and to jail first if not.
    """
    driver, detained = encounter.vehicle.people[0], encounter.detained
    if encounter.vehicle.outcome != ARRESTED:
        return detained, False, False
    if driver not in detained:
        return detained, True, False
    if world.scenario.custody.local_charges == "dropped":
        return detained, False, False
    return [person for person in detained if person is not driver], True, True
