"""The commercial vehicle inspection, as in :mod:`sim.pathway.inspection`."""

from __future__ import annotations

from sim.engines.compiled import memory
from sim.engines.compiled.agenda import event_after
from sim.engines.compiled.columns import Column
from sim.engines.compiled.compiler import compiled, inlined
from sim.engines.compiled.draws import choice, duration, goes_out_of_service, inspection_duration
from sim.engines.compiled.layout import GONE, IN_QUEUE, INSPECTORS, Job, World
from sim.engines.compiled.world import (
    job_of,
    join,
    let_go,
    place_of,
    record_of,
    release,
    take,
    wait,
    wake,
)  # fmt: skip
from sim.pathway.places import Order, Slot
from sim.trace import NOBODY, Kind


@inlined
def inspection_begins(world: World, place: int) -> None:
    """Begin to inspect a truck, or wait for an inspector."""
    encounter = memory.encounters(world)[place]
    inspector = take(world, INSPECTORS)
    if inspector != NOBODY:
        inspect(world, place, inspector)
        return
    encounter.refs += 2  # the turn and the patience
    encounter.turn = IN_QUEUE
    join(world, INSPECTORS, job_of(Job.INSPECTOR_CAME, place, 0))
    patience = place_of(Order.LIMIT, encounter.flow, encounter.number, Slot.STOP)
    event_after(world, world.inspection_patience, patience, job_of(Job.PATIENCE_OVER, place, 0))


@compiled
def patience_over(world: World, place: int) -> None:
    """Let a truck that still waits go uninspected."""
    if memory.encounters(world)[place].turn == IN_QUEUE:
        memory.encounters(world)[place].turn = GONE
        wake(world, job_of(Job.INSPECTOR_CAME, place, 0), NOBODY)
    let_go(world, place)


@inlined
def inspector_came(world: World, place: int, inspector: int) -> bool:
    """Begin to inspect a truck that has waited; return whether it goes uninspected."""
    if inspector == NOBODY:
        encounter = memory.encounters(world)[place]
        record_of(world, Kind.NOT_INSPECTED, encounter.flow, encounter.number, NOBODY, 0)
        return True
    inspect(world, place, inspector)
    return False


@inlined
def inspect(world: World, place: int, inspector: int) -> None:
    """Inspect a truck."""
    encounter = memory.encounters(world)[place]
    flow, number = encounter.flow, encounter.number
    encounter.inspector = inspector
    encounter.level = choice(world, Column.LEVEL, flow, number, 0)
    record_of(world, Kind.INSPECTION_BEGAN, flow, number, inspector, encounter.level)
    lasts = inspection_duration(world, flow, number, encounter.level)
    wait(world, lasts, flow, number, Slot.STOP, job_of(Job.INSPECTION_DONE, place, 0))


@inlined
def inspection_ends(world: World, place: int) -> None:
    """Record what the inspection found, and let the inspector go."""
    encounter = memory.encounters(world)[place]
    flow, number, level = encounter.flow, encounter.number, encounter.level
    record_of(world, Kind.INSPECTION_ENDED, flow, number, encounter.inspector, level)
    vehicle = goes_out_of_service(world, Column.VEHICLE_OUT_OF_SERVICE, flow, number, level)
    driver = goes_out_of_service(world, Column.DRIVER_OUT_OF_SERVICE, flow, number, level)
    if vehicle:
        ground = choice(world, Column.VEHICLE_GROUND, flow, number, 0)
        record_of(world, Kind.VEHICLE_OUT_OF_SERVICE, flow, number, NOBODY, ground)
    if driver:
        ground = choice(world, Column.DRIVER_GROUND, flow, number, 0)
        record_of(world, Kind.DRIVER_OUT_OF_SERVICE, flow, number, NOBODY, ground)
    if vehicle or driver:
        record_of(world, Kind.TRUCK_DOWN, flow, number, NOBODY, duration(world, Column.REPAIR, flow, number, 0))
    release(world, INSPECTORS, encounter.inspector)
