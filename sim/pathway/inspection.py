"""The commercial vehicle inspection.

Holds an inspector, and the truck's patrol unit as well. A truck that has waited its time for an inspector goes uninspected.
Records ``inspection_began`` and ``inspection_ended`` with the level, orders out of service, or ``not_inspected``.
"""

from __future__ import annotations

from sim.entities import Vehicle
from sim.pathway.places import priority
from sim.pathway.words import Kind, Order
from sim.pathway.world import Process, World
from sim.trace import NOBODY


def inspection(world: World, vehicle: Vehicle) -> Process:
    """Inspect one truck if an inspector is free in time."""
    inspector = world.inspectors.take()
    if inspector is None:
        turn = world.inspectors.join()
        patience = priority(Order.LIMIT, vehicle.place)
        world.call_after(world.scenario.inspection.patience, patience, lambda _: world.inspectors.give_up(turn))
        inspector = yield turn
        if inspector == NOBODY:
            world.record(Kind.NOT_INSPECTED, vehicle)
            return
    world.record(Kind.INSPECTION_BEGAN, vehicle, inspector, vehicle.level)
    yield world.wait(vehicle.inspection, vehicle)
    world.record(Kind.INSPECTION_ENDED, vehicle, inspector, vehicle.level)
    if vehicle.vehicle_out_of_service:
        world.record(Kind.VEHICLE_OUT_OF_SERVICE, vehicle, detail=vehicle.vehicle_ground)
    if vehicle.driver_out_of_service:
        world.record(Kind.DRIVER_OUT_OF_SERVICE, vehicle, detail=vehicle.driver_ground)
    if vehicle.vehicle_out_of_service or vehicle.driver_out_of_service:
        world.record(Kind.TRUCK_DOWN, vehicle, detail=vehicle.repair)
    world.inspectors.free(inspector)
