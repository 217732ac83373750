"""The roadside stop, as in :mod:`sim.pathway.stop`, with inspection and custody as steps of it."""

from __future__ import annotations

from sim.engines.compiled import memory
from sim.engines.compiled.columns import Column
from sim.engines.compiled.compiler import compiled, inlined
from sim.engines.compiled.custody import arrest_begins, arrested_at_jail, custody_begins, custody_goes_on
from sim.engines.compiled.draws import choice, duration, flag
from sim.engines.compiled.inspection import inspection_begins, inspection_ends, inspector_came
from sim.engines.compiled.layout import PATROL_UNITS, Job, World
from sim.engines.compiled.status_check import ask, asks, keeps_waiting, let_people_go
from sim.engines.compiled.world import job_of, let_go, place_in, record_of, release, wait
from sim.entities import ARRESTED, DRIVER
from sim.pathway.places import Slot
from sim.trace import Kind

DRIVER_IN_LIST = DRIVER + 1  # in a list of seats, four bits a seat, a seat stands as its number plus one
SEAT_IN_LIST = 0b1111


@inlined
def goes_on(world: World, code: int, job: int, told: int) -> None:
    """Take the next step of a stop."""
    place = place_in(job)
    if code == Job.TASK_DONE:
        task_done(world, place)
    elif code == Job.INSPECTOR_CAME:
        if inspector_came(world, place, told):
            task_and_inspection_done(world, place)
    elif code == Job.INSPECTION_DONE:
        inspection_ends(world, place)
        task_and_inspection_done(world, place)
    elif code == Job.ANSWERS_IN:
        stop_ends(world, place)
    elif code == Job.ARRESTED_AT_JAIL:
        arrested_at_jail(world, place)
    elif code == Job.ARREST_DONE:
        encounter = memory.encounters(world)[place]
        record_of(world, Kind.ARREST_ENDED, encounter.flow, encounter.number, encounter.unit, 0)
        unit_is_free(world, place)
    elif custody_goes_on(world, code, place):
        taken_into_custody(world, place)


@inlined
def stop_begins(world: World, place: int) -> None:
    """Begin the traffic task, and the status check beside it."""
    encounter = memory.encounters(world)[place]
    flow, number = encounter.flow, encounter.number
    encounter.ice_is_here = world.shifts_with_ice > 0
    record_of(world, Kind.STOP_BEGAN, flow, number, encounter.unit, 0)
    if asks(world, place, DRIVER):
        ask(world, place)
    task = duration(world, Column.TRAFFIC_TASK, flow, number, 0)
    wait(world, task, flow, number, Slot.STOP, job_of(Job.TASK_DONE, place, 0))


@inlined
def task_done(world: World, place: int) -> None:
    """Record the outcome, and inspect the truck if it is selected."""
    encounter = memory.encounters(world)[place]
    flow, number = encounter.flow, encounter.number
    encounter.outcome = choice(world, Column.OUTCOME, flow, number, 0)
    record_of(world, Kind.WARNED + encounter.outcome, flow, number, -1, 0)
    if flag(world, Column.SELECTED, flow, number, 0):
        inspection_begins(world, place)
    else:
        task_and_inspection_done(world, place)


@inlined
def task_and_inspection_done(world: World, place: int) -> None:
    """Wait for answers that are still out."""
    encounter = memory.encounters(world)[place]
    record_of(world, Kind.TASK_ENDED, encounter.flow, encounter.number, encounter.unit, 0)
    if not keeps_waiting(world, place):
        stop_ends(world, place)


@compiled
def stop_ends(world: World, place: int) -> None:
    """Let go whoever is not in custody."""
    encounter = memory.encounters(world)[place]
    let_people_go(world, place)
    record_of(world, Kind.STOP_ENDED, encounter.flow, encounter.number, encounter.unit, 0)
    settle_charges(world, place)
    if encounter.taken:
        custody_begins(world, place)
    else:
        taken_into_custody(world, place)


@inlined
def settle_charges(world: World, place: int) -> None:
    """Settle whom ICE takes now, whether the driver goes to jail on local charges, and whether ICE wants that driver."""
    encounter = memory.encounters(world)[place]
    encounter.taken, encounter.goes_to_jail, encounter.is_wanted = encounter.detained, 0, 0
    if encounter.outcome != ARRESTED:
        return
    taken, is_wanted, shift = 0, 0, 0
    rest = encounter.detained
    while rest:
        if rest & SEAT_IN_LIST == DRIVER_IN_LIST:
            is_wanted = 1
        else:
            taken |= (rest & SEAT_IN_LIST) << shift
            shift += 4
        rest >>= 4
    if is_wanted and world.drops_charges:
        return
    encounter.taken, encounter.goes_to_jail, encounter.is_wanted = taken, 1, is_wanted


@compiled
def taken_into_custody(world: World, place: int) -> None:
    """Bring an arrested driver to jail, or let the unit go."""
    if memory.encounters(world)[place].goes_to_jail:
        arrest_begins(world, place)
    else:
        unit_is_free(world, place)


@inlined
def unit_is_free(world: World, place: int) -> None:
    """Let the unit go."""
    encounter = memory.encounters(world)[place]
    record_of(world, Kind.UNIT_FREE, encounter.flow, encounter.number, encounter.unit, 0)
    release(world, PATROL_UNITS, encounter.unit)
    let_go(world, place)
