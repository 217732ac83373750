"""Traffic, as in :mod:`sim.pathway.traffic`: vehicles come by, officers come on and go off duty; and people come to the jail."""

from __future__ import annotations

import math

from sim.arrivals import GAP_UNITS
from sim.engines.compiled import memory
from sim.engines.compiled.columns import Column
from sim.engines.compiled.compiler import compiled, inlined
from sim.engines.compiled.draws import choice, diverts, remember_gaps
from sim.engines.compiled.jail import new_stay
from sim.engines.compiled.layout import (
    ANSWERERS,
    INSPECTORS,
    KEPT_NUMBERS,
    LOCAL_STORY,
    NO_CLOCK,
    NONE,
    OVERFLOW_STORY,
    PATROL_UNITS,
    Job,
    World,
)  # fmt: skip
from sim.engines.compiled.status_check import new_encounter_with
from sim.engines.compiled.stop import stop_begins
from sim.engines.compiled.world import begin_duty, end_duty, job_of, record_alone, record_of, start, take
from sim.fields import CHANNELS
from sim.trace import LOCAL, NOBODY, Kind
from sim.units import HOUR

NEVER = 2**62
ICE_AGENTS = ANSWERERS + CHANNELS.index("ice_on_scene")


@compiled
def next_arrival(world: World, flow: int) -> None:
    """Find when the next one of a flow comes who is seen; vehicles that come outside shifts keep their numbers."""
    arrival = memory.arrivals(world)[flow]
    while True:
        arrival.number += 1
        place = arrival.number & (KEPT_NUMBERS - 1)
        if place == 0:
            find_arrivals(world, flow, arrival.number)
        arrival.untied = memory.gaps(world)[flow, place]
        if arrival.untied == NEVER:
            arrival.time = NEVER
            return
        arrival.time = arrival.untied if world.grid == 1 else arrival.untied // world.grid * world.grid
        if not arrival.is_traffic or is_within_a_shift(world, flow):
            return


@compiled
def find_arrivals(world: World, flow: int, first: int) -> None:
    """Find when some of a flow come who follow one another; their times take the places of their gaps."""
    remember_gaps(world, flow, first)
    arrival, times = memory.arrivals(world)[flow], memory.gaps(world)[flow]
    edges, passed_at, rates = memory.step_edges(world), memory.step_passed(world), memory.step_rates(world)
    gone, step, last = arrival.passed, arrival.step, arrival.last_step
    for place in range(KEPT_NUMBERS):
        gone += times[place]
        passed = gone / GAP_UNITS
        if passed >= passed_at[last]:
            times[place] = NEVER
            continue
        while step < last and passed_at[step + 1] <= passed:
            step += 1
        times[place] = edges[step] + math.floor((passed - passed_at[step]) / rates[step] * HOUR)
    arrival.passed, arrival.step = gone, step


@inlined
def is_within_a_shift(world: World, flow: int) -> bool:
    """Return whether a flow's next vehicle comes while a shift is on, its first moment included and its last not."""
    arrival, open_ = memory.arrivals(world)[flow], memory.open(world)
    while arrival.shift < world.many_open and open_[arrival.shift, 1] <= arrival.untied:
        arrival.shift += 1
    return bool(arrival.shift < world.many_open and open_[arrival.shift, 0] <= arrival.untied)


@inlined
def comes_by(world: World, flow: int) -> None:
    """Let the next one of a flow come, and find the one after."""
    arrival = memory.arrivals(world)[flow]
    number, untied = arrival.number, arrival.untied
    if arrival.is_traffic:
        vehicle_comes_by(world, flow, number, untied)
    else:
        story, begins = (
            (LOCAL_STORY, Job.LOCAL_CUSTODY_BEGINS) if arrival.code == LOCAL else (OVERFLOW_STORY, Job.OVERFLOW_BEGINS)
        )
        start(world, job_of(begins, new_stay(world, flow, number, 0, NONE, story, NO_CLOCK, NONE), 0))
    next_arrival(world, flow)


@inlined
def vehicle_comes_by(world: World, flow: int, number: int, time: int) -> None:
    """Let a vehicle take another road, be stopped by a free unit, or pass."""
    if diverts(world, flow, number, time):
        record_of(world, Kind.DIVERTED, flow, number, NOBODY, 0)
        return
    people = choice(world, Column.OCCUPANTS, flow, number, 0) + 1
    record_of(world, Kind.SEEN, flow, number, NOBODY, people)
    unit = take(world, PATROL_UNITS)
    if unit == NOBODY:
        record_of(world, Kind.PASSED, flow, number, NOBODY, 0)
    else:
        stop_begins(world, new_encounter_with(world, flow, number, unit, people))


@compiled
def next_edge(world: World) -> None:
    """Let the next shift begin or end."""
    edge = memory.edges(world)[world.next_edge]
    world.next_edge += 1
    if edge[1]:
        begin_shift(world, edge[2])
    else:
        end_shift(world, edge[2])


@compiled
def begin_shift(world: World, day: int) -> None:
    """Let the people of a shift come on duty."""
    staff = memory.staff(world)[memory.days(world)[day, 0]]
    first_unit, last_unit, first, last, first_agent, last_agent = staff[0], staff[1], staff[2], staff[3], staff[4], staff[5]
    for unit in range(first_unit, last_unit):
        record_alone(world, Kind.UNIT_ON_DUTY, unit, 0)
    for inspector in range(first, last):
        record_alone(world, Kind.INSPECTOR_ON_DUTY, inspector, 0)
    begin_duty(world, PATROL_UNITS, first_unit, last_unit)
    begin_duty(world, INSPECTORS, first, last)
    if memory.here(world)[day]:
        record_alone(world, Kind.ICE_ARRIVED, NOBODY, last_agent - first_agent)
        begin_duty(world, ICE_AGENTS, first_agent, last_agent)
        world.shifts_with_ice += 1


@compiled
def end_shift(world: World, day: int) -> None:
    """Let the people of a shift go off duty."""
    staff = memory.staff(world)[memory.days(world)[day, 0]]
    first_unit, last_unit, first, last, first_agent, last_agent = staff[0], staff[1], staff[2], staff[3], staff[4], staff[5]
    for unit in range(first_unit, last_unit):
        record_alone(world, Kind.UNIT_OFF_DUTY, unit, 0)
    for inspector in range(first, last):
        record_alone(world, Kind.INSPECTOR_OFF_DUTY, inspector, 0)
    end_duty(world, PATROL_UNITS, first_unit, last_unit)
    end_duty(world, INSPECTORS, first, last)
    if memory.here(world)[day]:
        record_alone(world, Kind.ICE_LEFT, NOBODY, last_agent - first_agent)
        end_duty(world, ICE_AGENTS, first_agent, last_agent)
        world.shifts_with_ice -= 1
