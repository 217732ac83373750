"""What comes next: the loop that takes one job after the other, in the declared order, until nothing is left."""

from __future__ import annotations

from typing import Any

from sim.engines.compiled import custody, jail, memory, stop
from sim.engines.compiled.agenda import begin_agenda, bring_near, next_event
from sim.engines.compiled.columns import Column
from sim.engines.compiled.compiler import compiled, compiled_with_new_arrays, inlined
from sim.engines.compiled.draws import found
from sim.engines.compiled.inspection import patience_over
from sim.engines.compiled.layout import (
    ANSWERERS,
    DESKS,
    FLEET,
    KEPT_GROUPS,
    LAST_BEFORE_JAIL,
    LAST_OF_STOP,
    NONE,
    POOLS,
    SCREENERS,
    Job,
    World,
)  # fmt: skip
from sim.engines.compiled.status_check import (
    answerer_came,
    asked,
    end_wait,
    ice_came,
    refer_begins,
    reply_due,
    tries_next_channel,
)  # fmt: skip
from sim.engines.compiled.tally import begin_tally, has_room, write_down
from sim.engines.compiled.traffic import NEVER, comes_by, next_arrival, next_edge
from sim.engines.compiled.world import begin_duty, code_of, let_go, place_in, place_of, seat_of
from sim.fields import CHANNELS
from sim.pathway.places import SHIFTS, Order, Slot
from sim.trace import Rows

#: Answers of :func:`advance`, and of those who call it.
DONE, ROWS_ARE_FULL, ROOM_IS_SHORT, DAYS_ARE_SHORT = 0, 1, 2, 3
#: More than one step can need of any kind of record.
SPARE = 32
COLUMNS = len(Column)
DUTY_OFFICERS = ANSWERERS + CHANNELS.index("duty_officer")
SUPPORT_CENTRE = ANSWERERS + CHANNELS.index("support_centre")

goes_on_at_the_stop = stop.goes_on
goes_on_in_jail = jail.goes_on
book_next, fleet_goes_on = custody.book_next, custody.fleet_goes_on
fleet_waited, ice_arrived, ice_drives = custody.fleet_waited, custody.ice_arrived, custody.ice_drives


@compiled
def open_world(record: World, replication: int, begins: int, beds: int) -> None:
    """Make everything ready for one replication."""
    world = record[0]
    world.replication = replication
    world.now, world.next_pickup_from, world.free_beds = begins, begins, beds
    begin_tally(world)
    begin_agenda(world)
    world.starts, world.starts_done, world.wakes, world.wakes_done = 0, 0, 0, 0
    world.next_edge, world.shifts_with_ice, world.pickup_is_coming, world.ready = 0, 0, 0, 0
    world.first_ready, world.last_ready, world.first_waiting, world.last_waiting = NONE, NONE, NONE, NONE
    world.loading, world.first_aboard, world.aboard, world.loads, world.finished = NONE, NONE, 0, 0, 0
    for pool in range(POOLS):
        one = memory.pools(world)[pool]
        one.lowest, one.free, one.on_duty, one.first, one.last = 0, 0, 0, NONE, NONE
    for row in range(world.many_members):
        memory.members(world)[row] = 0
    for pool in (DESKS, SCREENERS, FLEET, DUTY_OFFICERS, SUPPORT_CENTRE):
        begin_duty(world, pool, 0, memory.sizes(world)[pool])
    for day in range(world.many_days):
        pattern = memory.days(world)[day, 0]
        keys = memory.presence_keys(world)
        u = found(keys[pattern, 0], keys[pattern, 1], replication, 0, memory.days(world)[day, 3])
        memory.here(world)[day] = u < memory.presence(world)[pattern]
    for flow in range(world.many_arrivals):
        for column in range(COLUMNS):
            for slot in range(KEPT_GROUPS):
                memory.kept(world)[flow, column, slot] = NONE
        arrival = memory.arrivals(world)[flow]
        arrival.number, arrival.passed, arrival.step, arrival.shift = -1, 0, arrival.first_step, 0
        next_arrival(world, flow)
    look_ahead(world)


@compiled
def look_ahead(world: World) -> None:
    """Find what comes next from outside: the next one of a flow, or the next beginning or end of a shift."""
    time, flow, place = NEVER, NONE, 0
    for one in range(world.many_arrivals):
        if memory.arrivals(world)[one].time < time:
            time, flow = memory.arrivals(world)[one].time, one
    if world.next_edge < world.many_edges and memory.edges(world)[world.next_edge, 0] <= time:
        time, flow = memory.edges(world)[world.next_edge, 0], NONE
        place = place_of(Order.CAPACITY, SHIFTS, world.next_edge, Slot.STOP)
    elif flow != NONE:
        arrival = memory.arrivals(world)[flow]
        place = place_of(Order.ARRIVAL, arrival.code, arrival.number, Slot.STOP)
    world.next_time, world.next_flow, world.next_place = time, flow, place


@inlined
def is_short(world: World) -> bool:
    """Return whether any kind of record might run out in the next step."""
    return bool(
        world.encounters_left < SPARE
        or world.stays_left < SPARE
        or world.turns_left < SPARE
        or world.seats_left < SPARE
        or world.later_left < SPARE + world.events
        or world.starts - world.starts_done + SPARE > world.many_starts
        or world.wakes - world.wakes_done + SPARE + world.ready > world.many_wakes
    )


@compiled
def advance(record: World) -> int:
    """Let the replication run on, until it is done or something is short."""
    world = record[0]
    last_day = memory.midnights(world)[world.many_midnights - 1] - 3 * (world.detainer + 30 * 86_400_000)
    while True:
        if world.rows > world.rows_until and not has_room(world):
            return ROWS_ARE_FULL
        if is_short(world):
            return ROOM_IS_SHORT
        if world.starts_done < world.starts:
            job = memory.starts(world)[world.starts_done & (world.many_starts - 1)]
            world.starts_done += 1
            does(world, job, 0)
            continue
        if world.wakes_done < world.wakes:
            place = world.wakes_done & (world.many_wakes - 1)
            job, told = memory.wakes(world)[place, 0], memory.wakes(world)[place, 1]
            world.wakes_done += 1
            does(world, job, told)
            continue
        if world.events == 0 and world.later_left < world.many_later:
            bring_near(world)
        time, event = world.next_time, memory.events(world)[0]
        if world.events and (event[0] < time or (event[0] == time and event[1] < world.next_place)):
            if event[0] > last_day:
                return DAYS_ARE_SHORT
            does(world, next_event(world), 0)
        elif time == NEVER:
            world.finished = 1
            return DONE
        else:
            world.now = time
            if world.next_flow != NONE:
                comes_by(world, world.next_flow)
            else:
                next_edge(world)
            look_ahead(world)


@compiled_with_new_arrays
def simulate(
    record: World,
    first: int,
    begins: int,
    beds: int,
    added: Rows,
    holds: Rows,
    kinds: Rows,
    sums: Rows,
    lengths: Any,
    digests: Rows,
) -> int:
    """Simulate the replications from ``first`` on, one after the other, until all are written down or something is short."""
    world = record[0]
    while world.written < len(digests):
        if world.finished:
            open_world(record, first + world.written, begins, beds)
        answer = advance(record)
        if answer != DONE:
            return int(answer)
        write_down(world, world.written, added, holds, kinds, sums, lengths, digests)
        world.written += 1
    return DONE


@inlined
def does(world: World, job: int, told: int) -> None:
    """Do one job."""
    code = code_of(job)
    if code <= LAST_OF_STOP:
        goes_on_at_the_stop(world, code, job, told)
    elif code <= LAST_BEFORE_JAIL:
        goes_on_beside_the_stop(world, code, job, told)
    else:
        encounter = goes_on_in_jail(world, code, job, told)
        if encounter != NONE:
            book_next(world, encounter)


@inlined
def goes_on_beside_the_stop(world: World, code: int, job: int, told: int) -> None:
    """Do a job of the status check, of a limit, or of ICE's vehicles."""
    place, seat = place_in(job), seat_of(job)
    if code == Job.PATIENCE_OVER:
        patience_over(world, place)
    elif code == Job.LIMIT_OVER:
        end_wait(world, place)
        let_go(world, place)
    elif code == Job.ASKED:
        asked(world, place)
    elif code == Job.REFER_BEGINS:
        refer_begins(world, place, seat)
    elif code == Job.ANSWERER_CAME:
        answerer_came(world, place, seat, told)
    elif code == Job.REPLY_DUE:
        if reply_due(world, place, seat):
            tries_next_channel(world, place, seat)
    elif code == Job.ICE_CAME:
        ice_came(world, place, seat)
    elif code == Job.ICE_DRIVES:
        ice_drives(world, place)
    elif code == Job.ICE_ARRIVED:
        ice_arrived(world, place)
    elif code == Job.FLEET_WAITED:
        fleet_waited(world, place)
    else:
        fleet_goes_on(world, code, place)
