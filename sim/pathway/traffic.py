"""Traffic: vehicles that give ground for a stop come by, and officers come on and go off duty.

A vehicle meets a free unit and is stopped, or passes when every unit is busy. Records who is on duty, and ``seen``, ``diverted``
and ``passed``.
"""

from __future__ import annotations

from itertools import accumulate

from sim.arrivals import ShiftDay
from sim.entities import place_of, vehicles
from sim.pathway.places import SHIFTS, priority
from sim.pathway.stop import stop
from sim.pathway.words import Kind, Order
from sim.pathway.world import Process, World
from sim.scenario import Shift
from sim.trace import NOBODY

ARRIVAL = priority(Order.ARRIVAL, 0)


def traffic(world: World) -> Process:
    """Let the vehicles of all flows come by, each at its own time."""
    for vehicle in vehicles(world.draws):
        yield world.event_at(vehicle.arrives, ARRIVAL | vehicle.place)
        if vehicle.diverts:
            world.record(Kind.DIVERTED, vehicle)
            continue
        world.record(Kind.SEEN, vehicle, NOBODY, len(vehicle.people))
        unit = world.patrol_units.take()
        if unit is None:
            world.record(Kind.PASSED, vehicle)
        else:
            world.start_now(stop(world, vehicle, unit))


def shifts(world: World) -> Process:
    """Let officers come on duty at the beginning of their shifts, and go off duty at the end."""
    days = world.draws.shifts
    ends = [(day.ends, False, number) for number, day in enumerate(days)]
    begins = [(day.begins, True, number) for number, day in enumerate(days)]
    for edge, (time, is_begin, number) in enumerate(sorted(ends + begins)):
        yield world.event_at(time, priority(Order.CAPACITY, place_of(SHIFTS, edge)))
        if is_begin:
            _begin_shift(world, days[number])
        else:
            _end_shift(world, days[number])


def _begin_shift(world: World, day: ShiftDay) -> None:
    units, inspectors, agents = _staff(world, day)
    for unit in units:
        world.record_staff(Kind.UNIT_ON_DUTY, unit=unit)
    for inspector in inspectors:
        world.record_staff(Kind.INSPECTOR_ON_DUTY, unit=inspector)
    world.patrol_units.begin_duty(units)
    world.inspectors.begin_duty(inspectors)
    if day.ice_present:
        world.record_staff(Kind.ICE_ARRIVED, detail=len(agents))
        world.answerers["ice_on_scene"].begin_duty(agents)
        world.count_ice(1)


def _end_shift(world: World, day: ShiftDay) -> None:
    units, inspectors, agents = _staff(world, day)
    for unit in units:
        world.record_staff(Kind.UNIT_OFF_DUTY, unit=unit)
    for inspector in inspectors:
        world.record_staff(Kind.INSPECTOR_OFF_DUTY, unit=inspector)
    world.patrol_units.end_duty(units)
    world.inspectors.end_duty(inspectors)
    if day.ice_present:
        world.record_staff(Kind.ICE_LEFT, detail=len(agents))
        world.answerers["ice_on_scene"].end_duty(agents)
        world.count_ice(-1)


def _staff(world: World, day: ShiftDay) -> tuple[range, range, range]:
    """Return the numbers of the patrol units, inspectors and ICE agents of a shift; the same people work it every day."""
    patterns: list[Shift] = [world.scenario.operation.shifts[name] for name in sorted(world.scenario.operation.shifts)]
    return (
        _numbers([shift.patrol_units for shift in patterns], day.pattern),
        _numbers([shift.inspectors for shift in patterns], day.pattern),
        _numbers([shift.ice_agents for shift in patterns], day.pattern),
    )


def _numbers(counts: list[int], pattern: int) -> range:
    first = [0, *accumulate(counts)][pattern]
    return range(first, first + counts[pattern])
