"""Custody, as in :mod:`sim.pathway.custody`: how people get from the roadside to the county jail or to ICE's facility."""

from __future__ import annotations

from sim.engines.compiled import memory
from sim.engines.compiled.agenda import event_after
from sim.engines.compiled.columns import Column
from sim.engines.compiled.compiler import compiled
from sim.engines.compiled.draws import duration, who_is
from sim.engines.compiled.jail import admission_begins, new_stay
from sim.engines.compiled.layout import (
    AGENCY_DRIVES,
    DETAINER,
    FLEET,
    ICE_ARREST,
    ICE_COMES,
    ICE_STORY,
    ICE_VEHICLES,
    LOCAL_BOOKING,
    LOCAL_STORY,
    NO_CLOCK,
    NONE,
    Job,
    World,
)  # fmt: skip
from sim.engines.compiled.world import (
    job_of,
    let_go,
    place_of,
    record,
    record_alone,
    record_of,
    release,
    row_of,
    start,
    take,
    wait,
)  # fmt: skip
from sim.pathway.places import ICE_FLEET, Order, Slot
from sim.trace import NOBODY, Kind

SEAT_IN_LIST = 0b1111


@compiled
def path_of(world: World, place: int) -> int:
    """Return the path that people detained in a stop take: the policy's, by whether ICE was on the scene."""
    if memory.encounters(world)[place].ice_is_here:
        return world.path
    return world.path_without_ice if world.may_detain else ICE_COMES


@compiled
def custody_begins(world: World, place: int) -> None:
    """Take the people detained in one stop along their path."""
    encounter = memory.encounters(world)[place]
    flow, number = encounter.flow, encounter.number
    encounter.path, encounter.rest = path_of(world, place), encounter.taken
    record_of(world, Kind.CUSTODY_BEGAN, flow, number, encounter.unit, encounter.path)
    if encounter.path == LOCAL_BOOKING:
        column, then = Column.TO_JAIL, Job.AT_JAIL
    elif encounter.path == AGENCY_DRIVES:
        column, then = Column.TO_FACILITY, Job.AT_FACILITY
    else:
        column, then = Column.HAND_OVER, Job.HANDED_OVER if encounter.path == ICE_VEHICLES else Job.HANDED_TO_ICE
    wait(world, duration(world, column, flow, number, 0), flow, number, Slot.STOP, job_of(then, place, 0))


@compiled
def custody_goes_on(world: World, code: int, place: int) -> bool:
    """Take the next step on the path; return whether it is done and the unit is back."""
    encounter = memory.encounters(world)[place]
    if code == Job.HANDED_OVER:
        let_board(world, place)
    elif code == Job.HANDED_TO_ICE:
        encounter.refs += 1
        start(world, job_of(Job.ICE_DRIVES, place, 0))
    elif code == Job.AT_JAIL:
        book_next(world, place)
        return False
    elif code == Job.AT_FACILITY:
        arrive_at_facility(world, place)
        go_back(world, place, Column.TO_FACILITY, Job.BACK_FROM_FACILITY)
        return False
    record_of(world, Kind.CUSTODY_ENDED, encounter.flow, encounter.number, encounter.unit, encounter.path)
    return True


@compiled
def go_back(world: World, place: int, column: int, then: int) -> None:
    """Drive back to the road."""
    encounter = memory.encounters(world)[place]
    flow, number = encounter.flow, encounter.number
    wait(world, duration(world, column, flow, number, 0), flow, number, Slot.STOP, job_of(then, place, 0))


@compiled
def book_next(world: World, place: int) -> None:
    """Have the next person booked, or drive back when all are."""
    encounter = memory.encounters(world)[place]
    if encounter.rest == 0:
        go_back(world, place, Column.TO_JAIL, Job.BACK_FROM_JAIL)
        return
    seat = (encounter.rest & SEAT_IN_LIST) - 1
    encounter.rest >>= 4
    who = who_is(world, encounter.flow, encounter.number, seat)
    admission_begins(world, new_stay(world, encounter.flow, encounter.number, seat, who, ICE_STORY, ICE_ARREST, place))


@compiled
def arrive_at_facility(world: World, place: int) -> None:
    """Record that everyone taken in a stop has come to ICE's facility."""
    encounter = memory.encounters(world)[place]
    flow, number = encounter.flow, encounter.number
    rest = encounter.taken
    while rest:
        seat = (rest & SEAT_IN_LIST) - 1
        record(world, Kind.AT_FACILITY, flow, number, seat, NOBODY, who_is(world, flow, number, seat))
        rest >>= 4


@compiled
def ice_drives(world: World, place: int) -> None:
    """Bring people to ICE's facility in the car of the officer who has come."""
    encounter = memory.encounters(world)[place]
    flow, number = encounter.flow, encounter.number
    drive = duration(world, Column.TO_FACILITY, flow, number, 0)
    wait(world, drive, flow, number, Slot.PERSON, job_of(Job.ICE_ARRIVED, place, 0))


@compiled
def ice_arrived(world: World, place: int) -> None:
    """Record that the people in the officer's car have come to ICE's facility."""
    arrive_at_facility(world, place)
    let_go(world, place)


@compiled
def arrest_begins(world: World, place: int) -> None:
    """Drive a driver arrested for a crime to the county jail."""
    encounter = memory.encounters(world)[place]
    flow, number = encounter.flow, encounter.number
    record_of(world, Kind.ARREST_BEGAN, flow, number, encounter.unit, 0)
    wait(world, drive_to_jail(world, flow, number), flow, number, Slot.STOP, job_of(Job.ARRESTED_AT_JAIL, place, 0))


@compiled
def drive_to_jail(world: World, flow: int, number: int) -> int:
    """Return the drive with an arrested driver, at most as long as the unit is away."""
    away = duration(world, Column.CRIMINAL_ARREST, flow, number, 0)
    return min(duration(world, Column.TO_JAIL, flow, number, 0), away)


@compiled
def arrested_at_jail(world: World, place: int) -> None:
    """Leave the driver at the jail; on a detainer if ICE wants the driver too."""
    encounter = memory.encounters(world)[place]
    flow, number = encounter.flow, encounter.number
    who = who_is(world, flow, number, 0)
    if encounter.is_wanted:
        record(world, Kind.DETAINER_LODGED, flow, number, 0, NOBODY, who)
    clock = DETAINER if encounter.is_wanted else NO_CLOCK
    start(world, job_of(Job.LOCAL_CUSTODY_BEGINS, new_stay(world, flow, number, 0, who, LOCAL_STORY, clock, NONE), 0))
    rest = duration(world, Column.CRIMINAL_ARREST, flow, number, 0) - drive_to_jail(world, flow, number)
    wait(world, rest, flow, number, Slot.STOP, job_of(Job.ARREST_DONE, place, 0))


# --- ICE vehicles on the scene --------------------------------------------------------------------------------------


@compiled
def let_board(world: World, place: int) -> None:
    """Let the people taken in a stop wait for a place in an ICE vehicle."""
    encounter = memory.encounters(world)[place]
    flow, number = encounter.flow, encounter.number
    rest = encounter.taken
    while rest:
        seat = (rest & SEAT_IN_LIST) - 1
        rest >>= 4
        one = world.free_seat
        passenger = memory.seats(world)[one]
        world.free_seat = passenger.next
        world.seats_left -= 1
        passenger.next, passenger.flow, passenger.number = NONE, flow, number
        passenger.seat, passenger.who = seat, who_is(world, flow, number, seat)
        if world.first_waiting == NONE:
            world.first_waiting = one
        else:
            memory.seats(world)[world.last_waiting].next = one
        world.last_waiting = one
        load(world)


@compiled
def load(world: World) -> None:
    """Let people board as long as there are people and places; vehicles load one after the other."""
    while world.first_waiting != NONE and (world.loading != NONE or memory.pools(world)[FLEET].free):
        if world.loading == NONE:
            world.loading = take(world, FLEET)
            world.loads += 1
            world.first_aboard, world.aboard = NONE, 0
            leaves = place_of(Order.QUEUE, ICE_FLEET, world.loading, Slot.STOP)
            event_after(world, world.fleet_patience, leaves, job_of(Job.FLEET_WAITED, world.loads, 0))
        one = world.first_waiting
        passenger = memory.seats(world)[one]
        world.first_waiting = passenger.next
        passenger.next = NONE
        if world.first_aboard == NONE:
            world.first_aboard = one
        else:
            memory.seats(world)[world.last_aboard].next = one
        world.last_aboard = one
        world.aboard += 1
        record(world, Kind.BOARDED, passenger.flow, passenger.number, passenger.seat, world.loading, passenger.who)
        if world.aboard == world.fleet_seats:
            leave(world)


@compiled
def leave(world: World) -> None:
    """Send the loading vehicle off."""
    memory.members(world)[row_of(world, FLEET, world.loading)] |= world.first_aboard << PASSENGERS_FROM
    start(world, job_of(Job.FLEET_LEAVES, world.loading, 0))
    world.loading = NONE


#: A vehicle's first passenger stands above the bits of its world.
PASSENGERS_FROM = 8


@compiled
def fleet_waited(world: World, load_number: int) -> None:
    """Send a vehicle off that has waited long enough, unless it has gone."""
    if world.loading != NONE and world.loads == load_number:
        leave(world)


@compiled
def fleet_goes_on(world: World, code: int, number: int) -> None:
    """Carry one load to ICE's facility and come back; the drive is that drawn for the first on board."""
    first = memory.members(world)[row_of(world, FLEET, number)] >> PASSENGERS_FROM
    if code == Job.FLEET_BACK:
        record_alone(world, Kind.ICE_VEHICLE_BACK, number, 0)
        while first != NONE:
            following = memory.seats(world)[first].next
            memory.seats(world)[first].next = world.free_seat
            world.free_seat = first
            world.seats_left += 1
            first = following
        memory.members(world)[row_of(world, FLEET, number)] &= (1 << PASSENGERS_FROM) - 1
        release(world, FLEET, number)
        load(world)
        return
    aboard = 0
    one = first
    while one != NONE:
        passenger = memory.seats(world)[one]
        if code == Job.FLEET_ARRIVED:
            record(world, Kind.AT_FACILITY, passenger.flow, passenger.number, passenger.seat, NOBODY, passenger.who)
        aboard += 1
        one = passenger.next
    if code == Job.FLEET_LEAVES:
        record_alone(world, Kind.ICE_VEHICLE_LEFT, number, aboard)
    drive = duration(world, Column.TO_FACILITY, memory.seats(world)[first].flow, memory.seats(world)[first].number, 0)
    then = Job.FLEET_ARRIVED if code == Job.FLEET_LEAVES else Job.FLEET_BACK
    event_after(world, drive, place_of(Order.RELEASE, ICE_FLEET, number, Slot.STOP), job_of(then, number, 0))
