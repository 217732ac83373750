"""What is to come, by time, by its place in the declared order, and by when it was entered.

A heap holds what is near. In an operation much is far off, such as the end of a stay in jail, and would make the heap deep; so
time is cut into spans, the heap has the spans up to the one under way, and each later one has a list in no order. Beyond
those of a window there is one list for all. A programme has the heap alone.
"""

from __future__ import annotations

from sim.engines.compiled import memory
from sim.engines.compiled.compiler import compiled, inlined
from sim.engines.compiled.layout import BEYOND, NONE, SPAN_BITS, SPANS, Ints, World

# --- the heap -----------------------------------------------------------------------------------------------------------


@inlined
def move(events: Ints, source: int, target: int) -> None:
    """Move an event to another place in the heap."""
    for column in range(4):
        events[target, column] = events[source, column]


@inlined
def comes_before(events: Ints, one: int, other: int) -> bool:
    """Return whether one event in the heap comes before another."""
    for column in range(3):
        if events[one, column] != events[other, column]:
            return bool(events[one, column] < events[other, column])
    return False


@compiled
def enter(world: World, time: int, place: int, order: int, job: int) -> None:
    """Put an event into the heap."""
    events, at = memory.events(world), world.events
    world.events += 1
    while at > 0:
        above = (at - 1) >> 1
        if events[above, 0] < time or (
            events[above, 0] == time and (events[above, 1] < place or (events[above, 1] == place and events[above, 2] < order))
        ):
            break
        move(events, above, at)
        at = above
    events[at, 0] = time
    events[at, 1] = place
    events[at, 2] = order
    events[at, 3] = job


@compiled
def next_event(world: World) -> int:
    """Take the first event from the heap, set the clock, and return its job."""
    events = memory.events(world)
    world.now = events[0, 0]
    job = events[0, 3]
    world.events -= 1
    last = world.events
    at = 0
    while True:
        below = 2 * at + 1
        if below >= last:
            break
        if below + 1 < last and comes_before(events, below + 1, below):
            below += 1
        if comes_before(events, last, below):
            break
        move(events, below, at)
        at = below
    move(events, last, at)
    return int(job)


# --- what is not near ---------------------------------------------------------------------------------------------------


@inlined
def event_after(world: World, duration: int, place: int, job: int) -> None:
    """Let a job go on after a duration, at its place among those of the same instant."""
    time, order = world.now + duration, world.order
    world.order += 1
    if time >> SPAN_BITS <= world.span:
        enter(world, time, place, order, job)
    else:
        put_off(world, time, place, order, job)


@compiled
def put_off(world: World, time: int, place: int, order: int, job: int) -> None:
    """Keep an event until its span is near."""
    node = world.free_later
    event = memory.later(world)[node]
    world.free_later = event.next
    world.later_left -= 1
    event.time, event.place, event.order, event.job = time, place, order, job
    put_into_list(world, node)


@inlined
def put_into_list(world: World, node: int) -> None:
    """Put an event into the list of its span."""
    event, first = memory.later(world)[node], memory.first_of_span(world)
    span = event.time >> SPAN_BITS
    slot = span & (SPANS - 1) if span < world.end_of_window else BEYOND
    event.next = first[slot]
    first[slot] = node


@compiled
def bring_near(world: World) -> None:
    """Put the next events into the heap, which is empty."""
    while world.events == 0:
        world.span += 1
        if world.span >= world.end_of_window:
            move_window(world)
        slot = world.span & (SPANS - 1)
        node = memory.first_of_span(world)[slot]
        memory.first_of_span(world)[slot] = NONE
        while node != NONE:
            event = memory.later(world)[node]
            following = event.next
            enter(world, event.time, event.place, event.order, event.job)
            event.next = world.free_later
            world.free_later = node
            world.later_left += 1
            node = following


@compiled
def move_window(world: World) -> None:
    """Let the window begin where the first of the events beyond it is, and put those that it covers into their lists."""
    last = memory.first_of_span(world)[BEYOND]
    memory.first_of_span(world)[BEYOND] = NONE
    node = last
    world.span = memory.later(world)[node].time >> SPAN_BITS
    while node != NONE:
        world.span = min(world.span, memory.later(world)[node].time >> SPAN_BITS)
        node = memory.later(world)[node].next
    world.end_of_window = world.span + SPANS
    node = last
    while node != NONE:
        following = memory.later(world)[node].next
        put_into_list(world, node)
        node = following


@compiled
def begin_agenda(world: World) -> None:
    """Begin with nothing to come."""
    world.order, world.events = 0, 0
    world.span = world.now >> SPAN_BITS
    world.end_of_window = world.span + SPANS
