"""The county jail, as in :mod:`sim.pathway.jail`: booking desks, beds, how people come to ICE's notice, holds, transfer."""

from __future__ import annotations

from sim.engines.compiled import memory
from sim.engines.compiled.agenda import event_after
from sim.engines.compiled.columns import Column
from sim.engines.compiled.compiler import compiled, inlined
from sim.engines.compiled.draws import duration, flag, is_matched_in_jail, who_is
from sim.engines.compiled.layout import (
    DESKS,
    DETAINER,
    ICE_ARREST,
    ICE_STORY,
    NO_CLOCK,
    NONE,
    OVERFLOW_STORY,
    SCREENERS,
    Job,
    World,
)  # fmt: skip
from sim.engines.compiled.world import (
    job_of,
    join,
    place_in,
    place_of,
    record,
    record_alone,
    release,
    start,
    take,
    wait,
    wake,
)
from sim.pathway.places import PICKUP, Order, Slot
from sim.trace import NOBODY, Kind


@compiled
def new_stay(world: World, flow: int, number: int, seat: int, who: int, story: int, clock: int, encounter: int) -> int:
    """Return the stay of one person in the jail."""
    place = world.free_stay
    stay = memory.stays(world)[place]
    world.free_stay = stay.next
    world.stays_left -= 1
    stay.refs, stay.flow, stay.number, stay.seat = 1, flow, number, seat
    stay.code = memory.arrivals(world)[flow].code
    stay.who = who_is(world, flow, number, 0) if who == NONE else who
    stay.story, stay.clock, stay.encounter = story, clock, encounter
    stay.left, stay.ended, stay.noticed = 0, 0, 0
    return int(place)


@inlined
def forget(world: World, place: int) -> None:
    """Refer to a stay no more."""
    stay = memory.stays(world)[place]
    stay.refs -= 1
    if stay.refs == 0:
        stay.next = world.free_stay
        world.free_stay = place
        world.stays_left += 1


@inlined
def record_stay(world: World, kind: int, place: int, unit: int) -> None:
    """Record that something happened to a person in the jail now."""
    stay = memory.stays(world)[place]
    record(world, kind, stay.code, stay.number, stay.seat, unit, stay.who)


@compiled
def goes_on(world: World, code: int, job: int, told: int) -> int:
    """Take the next step of a stay; return the encounter whose unit may go on booking, or NONE."""
    place = place_in(job)
    if code == Job.LOCAL_CUSTODY_BEGINS:
        admission_begins(world, place)
    elif code == Job.OVERFLOW_BEGINS:
        record_stay(world, Kind.BROUGHT_BY_ICE, place, NOBODY)
        admission_begins(world, place)
    elif code == Job.DESK_CAME:
        booking_begins(world, place, told)
    elif code == Job.BOOKING_DONE:
        return booking_done(world, place)
    elif code == Job.SCREENING_BEGINS:
        screening_begins(world, place)
    elif code == Job.SCREENER_CAME:
        screener_came(world, place, told)
    elif code == Job.QUESTIONED:
        questioned(world, place)
    elif code == Job.LOCAL_STAY_DONE:
        local_stay_done(world, place)
    elif code == Job.HOLD_BEGINS:
        hold_begins(world, place)
    elif code == Job.CLOCK_RAN_OUT:
        clock_ran_out(world, place)
    elif code == Job.HOLD_ENDED:
        hold_ended(world, place)
    elif code == Job.PICKUP_COMES:
        pick_up(world)
    elif code == Job.TRANSFER_BEGINS:
        stay = memory.stays(world)[place]
        drive = duration(world, Column.PICKUP_DRIVE, stay.flow, stay.number, stay.seat)
        wait(world, drive, stay.code, stay.number, Slot.PERSON + stay.seat, job_of(Job.TRANSFER_DONE, place, 0))
    else:
        transfer_done(world, place)
    return NONE


@compiled
def admission_begins(world: World, place: int) -> None:
    """Have one person booked at a desk, or wait for one."""
    record_stay(world, Kind.CAME_TO_JAIL, place, NOBODY)
    desk = take(world, DESKS)
    if desk == NOBODY:
        join(world, DESKS, job_of(Job.DESK_CAME, place, 0))
    else:
        booking_begins(world, place, desk)


@compiled
def booking_begins(world: World, place: int, desk: int) -> None:
    """Book one person."""
    stay = memory.stays(world)[place]
    stay.desk = desk
    record_stay(world, Kind.BOOKING_BEGAN, place, desk)
    lasts = duration(world, Column.BOOKING, stay.flow, stay.number, stay.seat)
    wait(world, lasts, stay.code, stay.number, Slot.PERSON + stay.seat, job_of(Job.BOOKING_DONE, place, 0))


@compiled
def booking_done(world: World, place: int) -> int:
    """Find a bed for one person; return the encounter whose unit has waited for the booking, or NONE."""
    stay = memory.stays(world)[place]
    record_stay(world, Kind.BOOKED, place, stay.desk)
    release(world, DESKS, stay.desk)
    encounter, is_ices = stay.encounter, stay.story == ICE_STORY
    if world.free_beds == 0:
        record_stay(world, Kind.TURNED_AWAY, place, NOBODY)
        forget(world, place)
        return int(encounter) if is_ices else NONE
    world.free_beds -= 1
    record_stay(world, Kind.ENTERED_JAIL, place, NOBODY)
    if is_ices:
        start(world, job_of(Job.HOLD_BEGINS, place, 0))
        return int(encounter)
    stays_on_local_charges(world, place)
    return NONE


@compiled
def stays_on_local_charges(world: World, place: int) -> None:
    """Keep one person until local charges are dealt with, or until ICE takes the person back."""
    stay = memory.stays(world)[place]
    if stay.story != OVERFLOW_STORY and stay.clock == NO_CLOCK:
        stay.refs += 1
        start(world, job_of(Job.SCREENING_BEGINS, place, 0))
    lasts = duration(world, Column.LOCAL_STAY, stay.flow, stay.number, stay.seat)
    wait(world, lasts, stay.code, stay.number, Slot.PERSON + stay.seat, job_of(Job.LOCAL_STAY_DONE, place, 0))


@compiled
def local_stay_done(world: World, place: int) -> None:
    """Let one person out, or hold the person for ICE if ICE has asked for that."""
    stay = memory.stays(world)[place]
    if stay.story == OVERFLOW_STORY:
        record_stay(world, Kind.TAKEN_BACK_BY_ICE, place, NOBODY)
        leave(world, place)
    elif stay.clock != NO_CLOCK:
        hold_begins(world, place)
    else:
        leave(world, place)


@compiled
def leave(world: World, place: int) -> None:
    """Let one person out of the jail."""
    memory.stays(world)[place].left = 1
    world.free_beds += 1
    record_stay(world, Kind.LEFT_JAIL, place, NOBODY)
    forget(world, place)


@compiled
def screening_begins(world: World, place: int) -> None:
    """Bring one person to ICE's notice: by questioning, or by fingerprints alone."""
    stay = memory.stays(world)[place]
    stay.noticed = flag(world, Column.KNOWN_TO_ICE, stay.flow, stay.number, stay.seat)
    if world.screens and memory.pools(world)[SCREENERS].on_duty:
        officer = take(world, SCREENERS)
        if officer == NOBODY:
            join(world, SCREENERS, job_of(Job.SCREENER_CAME, place, 0))
        else:
            screener_came(world, place, officer)
    else:
        screened(world, place)


@compiled
def screener_came(world: World, place: int, officer: int) -> None:
    """Question one person who is still there."""
    stay = memory.stays(world)[place]
    stay.screener = officer
    if stay.left:
        release(world, SCREENERS, officer)
        screened(world, place)
        return
    lasts = duration(world, Column.QUESTIONING, stay.flow, stay.number, stay.seat)
    wait(world, lasts, stay.code, stay.number, Slot.SCREENING + stay.seat, job_of(Job.QUESTIONED, place, 0))


@compiled
def questioned(world: World, place: int) -> None:
    """Let the officer go."""
    stay = memory.stays(world)[place]
    record_stay(world, Kind.QUESTIONED, place, stay.screener)
    stay.noticed = 1
    release(world, SCREENERS, stay.screener)
    screened(world, place)


@compiled
def screened(world: World, place: int) -> None:
    """Have ICE ask for a person whom it has noticed, would match and wants."""
    stay = memory.stays(world)[place]
    flow, number, seat = stay.flow, stay.number, stay.seat
    if (
        not stay.left
        and stay.noticed
        and is_matched_in_jail(world, flow, number, seat, stay.who)
        and flag(world, Column.GO_AHEAD, flow, number, seat)
    ):
        if world.serves_warrants:
            stay.clock = ICE_ARREST
            record_stay(world, Kind.WARRANT_SERVED, place, NOBODY)
        else:
            stay.clock = DETAINER
            record_stay(world, Kind.DETAINER_LODGED, place, NOBODY)
    forget(world, place)


@compiled
def hold_begins(world: World, place: int) -> None:
    """Hold one person until a pick-up comes or the clock runs out."""
    stay = memory.stays(world)[place]
    record_stay(world, Kind.HOLD_BEGAN, place, stay.clock - 1)
    length = world.detainer if stay.clock == DETAINER else world.ice_arrest
    skips = world.skips_weekends and stay.clock == DETAINER
    end = end_of_clock(world, world.now, length, skips)
    stay.refs += 1
    runs_out = place_of(Order.LIMIT, stay.code, stay.number, Slot.PERSON + stay.seat)
    event_after(world, end - world.now, runs_out, job_of(Job.CLOCK_RAN_OUT, place, 0))
    stay.next, stay.previous = NONE, world.last_ready
    if world.last_ready == NONE:
        world.first_ready = place
    else:
        memory.stays(world)[world.last_ready].next = place
    world.last_ready = place
    world.ready += 1
    expect_pickup(world)


@compiled
def clock_ran_out(world: World, place: int) -> None:
    """Release a person whom nobody has fetched."""
    stay = memory.stays(world)[place]
    if not stay.ended:
        step_out_of_line(world, place)
        end_hold(world, place, 0)
    forget(world, place)


@compiled
def step_out_of_line(world: World, place: int) -> None:
    """Wait for a pick-up no more."""
    stay = memory.stays(world)[place]
    if stay.previous == NONE:
        world.first_ready = stay.next
    else:
        memory.stays(world)[stay.previous].next = stay.next
    if stay.next == NONE:
        world.last_ready = stay.previous
    else:
        memory.stays(world)[stay.next].previous = stay.previous
    world.ready -= 1


@compiled
def end_hold(world: World, place: int, picked_up: int) -> None:
    """Let a hold end, by a pick-up or by the clock."""
    memory.stays(world)[place].ended = 1
    memory.stays(world)[place].picked_up = picked_up
    wake(world, job_of(Job.HOLD_ENDED, place, 0), 0)


@compiled
def hold_ended(world: World, place: int) -> None:
    """Let the person out of the jail."""
    kind = Kind.TRANSFERRED if memory.stays(world)[place].picked_up else Kind.RELEASED_AT_CLOCK
    record_stay(world, kind, place, NOBODY)
    leave(world, place)


@compiled
def expect_pickup(world: World) -> None:
    """Have the next scheduled pick-up come, if somebody waits for one and none is under way."""
    if world.pickup_is_coming or world.first_ready == NONE or not world.pickup_seats:
        return
    world.pickup_is_coming = 1
    time = next_pickup(world, max(world.now, world.next_pickup_from))
    event_after(world, time - world.now, place_of(Order.QUEUE, PICKUP, 0, Slot.STOP), job_of(Job.PICKUP_COMES, 0, 0))


@compiled
def pick_up(world: World) -> None:
    """Let ICE's transport take as many people as it has seats for, those who have waited longest first."""
    world.pickup_is_coming = 0
    world.next_pickup_from = world.now + 1
    count = min(world.pickup_seats, world.ready)
    if count:
        record_alone(world, Kind.PICKUP_CAME, NOBODY, count)
        first = world.first_ready
        place = first
        last = NONE
        for _ in range(count):
            end_hold(world, place, 1)
            memory.stays(world)[place].refs += 1
            last = place
            place = memory.stays(world)[place].next
        world.first_ready = place
        if place == NONE:
            world.last_ready = NONE
        else:
            memory.stays(world)[place].previous = NONE
        world.ready -= count
        memory.stays(world)[last].next = NONE  # those taken stay a line of their own until they have arrived
        start(world, job_of(Job.TRANSFER_BEGINS, first, 0))
    expect_pickup(world)


@compiled
def transfer_done(world: World, first: int) -> None:
    """Record that people from the jail have come to ICE's facility."""
    place = first
    while place != NONE:
        following = memory.stays(world)[place].next
        record_stay(world, Kind.AT_FACILITY, place, NOBODY)
        forget(world, place)
        place = following


# --- the calendar, as in sim.calendar, from tables of days ----------------------------------------------------------


@compiled
def day_of(world: World, moment: int) -> int:
    """Return the local day on which a moment falls."""
    midnights, first, last = memory.midnights(world), 0, world.many_midnights
    while first < last:
        middle = (first + last) >> 1
        if midnights[middle] <= moment:
            first = middle + 1
        else:
            last = middle
    return first - 1


@compiled
def end_of_clock(world: World, begins: int, length: int, skips: bool) -> int:
    """Return when a clock runs out that may stand still on excluded days."""
    if not skips:
        return begins + length
    now, left, day = begins, length, day_of(world, begins)
    while left:
        midnight = memory.midnights(world)[day + 1]
        if not memory.excluded(world)[day]:
            if left <= midnight - now:
                return int(now + left)
            left -= midnight - now
        now = midnight
        day += 1
    return int(now)


@compiled
def next_pickup(world: World, moment: int) -> int:
    """Return the first moment from ``moment`` on at which transport is due."""
    day = day_of(world, moment)
    while memory.pickups(world)[day] < moment:
        day += 1
    return int(memory.pickups(world)[day])
