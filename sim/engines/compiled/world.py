"""What the rooms share, as in :mod:`sim.pathway.world`: the clock, the record, the pools, what comes next.

What follows at once goes through two queues, as in SimPy: jobs that begin go before jobs that go on. What comes later is in
:mod:`sim.engines.compiled.agenda`.
"""

from __future__ import annotations

from sim.engines.compiled import memory
from sim.engines.compiled.agenda import event_after
from sim.engines.compiled.compiler import compiled, inlined
from sim.engines.compiled.layout import BUSY, FREE, GONE, INSPECTORS, NONE, NOT_IN_QUEUE, ON_DUTY, World
from sim.engines.compiled.tally import add
from sim.pathway.places import Order
from sim.trace import NOBODY

SEAT_BITS, CODE_BITS = 8, 8


@inlined
def place_of(order: int, flow: int, number: int, slot: int) -> int:
    """Return the place of an event among those of its instant, as :func:`sim.pathway.places.priority` does."""
    return (((order << 8 | flow) << 32) | number) << 5 | slot


@inlined
def job_of(code: int, place: int, seat: int) -> int:
    """Return a job with whom it is about: a place among the records, and a seat."""
    return (place << SEAT_BITS | seat) << CODE_BITS | code


@inlined
def record(world: World, kind: int, flow: int, number: int, seat: int, unit: int, detail: int) -> None:
    """Record that something happened now: add it up, and keep it if a trace is asked for."""
    add(world, world.now, kind, flow, number, seat, unit, detail)
    if world.keeps_rows:
        keep_row(world, kind, flow, number, seat, unit, detail)
    world.rows += 1


@compiled
def keep_row(world: World, kind: int, flow: int, number: int, seat: int, unit: int, detail: int) -> None:
    """Keep one row of the trace."""
    row = memory.rows(world)[world.rows]
    row[0] = world.now
    row[1] = kind
    row[2] = flow
    row[3] = number
    row[4] = seat
    row[5] = unit
    row[6] = detail


@inlined
def record_of(world: World, kind: int, flow: int, number: int, unit: int, detail: int) -> None:
    """Record that something happened to a vehicle now."""
    record(world, kind, flow, number, NOBODY, unit, detail)


@inlined
def record_alone(world: World, kind: int, unit: int, detail: int) -> None:
    """Record that something happened now that is about no vehicle."""
    record(world, kind, NOBODY, NOBODY, NOBODY, unit, detail)


@inlined
def start(world: World, job: int) -> None:
    """Begin a journey beside this one."""
    memory.starts(world)[world.starts & (world.many_starts - 1)] = job  # its length is a power of two
    world.starts += 1


@inlined
def wake(world: World, job: int, told: int) -> None:
    """Let a journey go on that has waited for somebody, and tell it what it waited for."""
    row = memory.wakes(world)[world.wakes & (world.many_wakes - 1)]
    row[0] = job
    row[1] = told
    world.wakes += 1


@inlined
def wait(world: World, duration: int, flow: int, number: int, slot: int, job: int) -> None:
    """Let a job go on after a duration in the life of a vehicle or of a person in it."""
    event_after(world, duration, place_of(Order.RELEASE, flow, number, slot), job)


# --- records that are freed when nobody refers to them any more -----------------------------------------------------


@inlined
def new_turn(world: World, job: int) -> int:
    """Return a turn in a queue."""
    turn = world.free_turn
    world.free_turn = memory.turns(world)[turn].next
    world.turns_left -= 1
    memory.turns(world)[turn].next = NONE
    memory.turns(world)[turn].job = job
    return int(turn)


@inlined
def free_turn(world: World, turn: int) -> None:
    """Give a turn back."""
    memory.turns(world)[turn].next = world.free_turn
    world.free_turn = turn
    world.turns_left += 1


@inlined
def new_encounter(world: World) -> int:
    """Return an encounter with one who refers to it."""
    place = world.free_encounter
    world.free_encounter = memory.encounters(world)[place].next
    world.encounters_left -= 1
    memory.encounters(world)[place].refs = 1
    return int(place)


@inlined
def let_go(world: World, place: int) -> None:
    """Refer to an encounter no more."""
    encounter = memory.encounters(world)[place]
    encounter.refs -= 1
    if encounter.refs == 0:
        encounter.next = world.free_encounter
        world.free_encounter = place
        world.encounters_left += 1


# --- pools ------------------------------------------------------------------------------------------------------------


@inlined
def row_of(world: World, pool: int, member: int) -> int:
    """Return where a member of a pool stands among the members of all."""
    return int(pool * world.most_members + member)


@compiled
def begin_duty(world: World, pool: int, first: int, end: int) -> None:
    """Let members come on duty; one who is still busy from the last shift serves again when free."""
    for member in range(first, end):
        memory.members(world)[row_of(world, pool, member)] |= ON_DUTY
        memory.pools(world)[pool].on_duty += 1
        if not memory.members(world)[row_of(world, pool, member)] & BUSY:
            offer(world, pool, member)


@compiled
def end_duty(world: World, pool: int, first: int, end: int) -> None:
    """Let members go off duty, the busy ones as soon as they are free."""
    for member in range(first, end):
        memory.members(world)[row_of(world, pool, member)] &= ~ON_DUTY
        memory.pools(world)[pool].on_duty -= 1
        if memory.members(world)[row_of(world, pool, member)] & FREE:
            memory.members(world)[row_of(world, pool, member)] &= ~FREE
            memory.pools(world)[pool].free -= 1


@compiled
def take(world: World, pool: int) -> int:
    """Return the lowest free member and keep that member busy, or NOBODY if there is none."""
    one = memory.pools(world)[pool]
    if one.free == 0:
        return NOBODY
    member = one.lowest
    while not memory.members(world)[row_of(world, pool, member)] & FREE:
        member += 1
    memory.members(world)[row_of(world, pool, member)] = (memory.members(world)[row_of(world, pool, member)] & ~FREE) | BUSY
    one.lowest = member + 1
    one.free -= 1
    return int(member)


@compiled
def join(world: World, pool: int, job: int) -> None:
    """Stand in the queue; the job will be told a member's number."""
    one, turn = memory.pools(world)[pool], new_turn(world, job)
    if one.first == NONE:
        one.first = turn
    else:
        memory.turns(world)[one.last].next = turn
    one.last = turn


@compiled
def somebody_waits(world: World, pool: int) -> bool:
    """Return whether anybody stands in the queue, after those who gave up have been taken out of its front."""
    one = memory.pools(world)[pool]
    while pool == INSPECTORS and one.first != NONE:
        turn = one.first
        if memory.encounters(world)[place_in(memory.turns(world)[turn].job)].turn != GONE:
            break
        one.first = memory.turns(world)[turn].next
        let_go(world, place_in(memory.turns(world)[turn].job))
        free_turn(world, turn)
    return bool(one.first != NONE)


@inlined
def place_in(job: int) -> int:
    """Return the place of the record that a job is about."""
    return job >> (SEAT_BITS + CODE_BITS)


@inlined
def seat_of(job: int) -> int:
    """Return the seat that a job is about."""
    return (job >> CODE_BITS) & ((1 << SEAT_BITS) - 1)


@inlined
def code_of(job: int) -> int:
    """Return what a job is."""
    return job & ((1 << CODE_BITS) - 1)


@compiled
def release(world: World, pool: int, member: int) -> None:
    """Let a member go, to the next in the queue or to wait for one."""
    memory.members(world)[row_of(world, pool, member)] &= ~BUSY
    if memory.members(world)[row_of(world, pool, member)] & ON_DUTY or somebody_waits(world, pool):
        offer(world, pool, member)


@compiled
def offer(world: World, pool: int, member: int) -> None:
    """Give a member to the first in the queue, or let the member wait for one."""
    one = memory.pools(world)[pool]
    if somebody_waits(world, pool):
        memory.members(world)[row_of(world, pool, member)] |= BUSY
        turn = one.first
        one.first = memory.turns(world)[turn].next
        job = memory.turns(world)[turn].job
        if pool == INSPECTORS:  # its turn referred to the encounter, which lives on as the stop does
            memory.encounters(world)[place_in(job)].turn = NOT_IN_QUEUE
            let_go(world, place_in(job))
        wake(world, job, member)
        free_turn(world, turn)
    else:
        memory.members(world)[row_of(world, pool, member)] |= FREE
        one.free += 1
        one.lowest = min(one.lowest, member)
