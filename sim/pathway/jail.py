"""The county jail: booking desks, beds, how people come to ICE's notice, holds and their clocks, transfer.

Holds a desk while a person is booked, and a bed from then until the person leaves. A hold for ICE begins when nothing else
holds the person any more, and ends with a pick-up or when its clock runs out. Records ``came_to_jail``, ``booked``,
``entered_jail`` or ``turned_away``, ``detainer_lodged`` or ``warrant_served``, ``hold_began`` and how the hold ended.
"""

from __future__ import annotations

from collections import deque

import simpy

from sim.entities import Booking, Person, Vehicle, bookings, place_of
from sim.fields import WEEKDAYS
from sim.pathway.places import PICKUP, priority
from sim.pathway.words import Kind, Order, Slot
from sim.pathway.world import Pool, Process, Question, World
from sim.trace import CLOCKS, LOCAL, OVERFLOW

Journey = Vehicle | Booking


class Stay:
    """One person's stay in the jail: whether ICE wants the person by a detainer or by an arrest, and how a hold ended."""

    __slots__ = ("clock", "hold_ended", "journey", "left", "person")

    def __init__(self, world: World, journey: Journey, person: Person, clock: str | None = None) -> None:
        self.journey = journey
        self.person = person
        self.clock = clock
        self.left = False
        self.hold_ended: simpy.Event = world.event()  # True: picked up; False: the clock ran out

    def has_left(self) -> bool:
        """Whether the person is out of the jail."""
        return self.left


class Jail:
    """Desks, beds, screening officers, and those who wait for a pick-up."""

    def __init__(self, world: World) -> None:
        terms = world.scenario.jail
        self.desks = Pool(world)
        self.desks.begin_duty(range(terms.desks))
        self.screeners = Pool(world)
        self.screeners.begin_duty(range(terms.screening.officers))
        self.free_beds = terms.beds
        self.ready: deque[Stay] = deque()
        self.pickup_is_coming = False
        self.next_pickup_from = -terms.warm_up  # there is one at a time


def local_arrests(world: World) -> Process:
    """Let everybody else in the county bring people on local charges."""
    for booking in bookings(world.draws.local, LOCAL):
        yield world.event_at(booking.arrives, priority(Order.ARRIVAL, booking.place))
        world.start(local_custody(world, Stay(world, booking, booking.person)))


def overflow(world: World) -> Process:
    """Let ICE bring people for whom its own facility has no bed, and take them back."""
    for booking in bookings(world.draws.overflow, OVERFLOW):
        yield world.event_at(booking.arrives, priority(Order.ARRIVAL, booking.place))
        world.start(overflow_stay(world, Stay(world, booking, booking.person)))


def overflow_stay(world: World, stay: Stay) -> Process:
    """Keep one person for ICE's facility until ICE takes the person back."""
    world.record_person(Kind.BROUGHT_BY_ICE, stay.journey, stay.person)
    if not (yield from admit(world, stay)):
        return
    yield world.wait(stay.person.local_stay, stay.journey, Slot.PERSON)
    world.record_person(Kind.TAKEN_BACK_BY_ICE, stay.journey, stay.person)
    leave(world, stay)


def local_custody(world: World, stay: Stay) -> Process:
    """Keep one person on local charges, and for ICE afterwards if ICE has asked for that."""
    if not (yield from admit(world, stay)):
        return
    if stay.clock is None:
        world.start(screening(world, stay))
    yield world.wait(stay.person.local_stay, stay.journey, Slot.PERSON + stay.person.seat)
    if stay.clock:
        yield from hold_for_ice(world, stay)
    leave(world, stay)


def ice_custody(world: World, stay: Stay) -> Process:
    """Keep one person who was arrested on ICE's behalf."""
    if (yield from admit(world, stay)):
        world.start(held_until_transfer(world, stay))


def held_until_transfer(world: World, stay: Stay) -> Process:
    """Hold one person for ICE, and let the person leave the jail."""
    yield from hold_for_ice(world, stay)
    leave(world, stay)


def admit(world: World, stay: Stay) -> Question:
    """Book one person at a desk and find a bed; tell whether there was one."""
    jail, journey, person = world.jail, stay.journey, stay.person
    world.record_person(Kind.CAME_TO_JAIL, journey, person)
    desk = jail.desks.take()
    if desk is None:
        desk = yield jail.desks.join()
    world.record_person(Kind.BOOKING_BEGAN, journey, person, desk)
    yield world.wait(person.booking, journey, Slot.PERSON + person.seat)
    world.record_person(Kind.BOOKED, journey, person, desk)
    jail.desks.free(desk)
    if jail.free_beds == 0:
        world.record_person(Kind.TURNED_AWAY, journey, person)
        return False
    jail.free_beds -= 1
    world.record_person(Kind.ENTERED_JAIL, journey, person)
    return True


def leave(world: World, stay: Stay) -> None:
    """Let one person out of the jail."""
    stay.left = True
    world.jail.free_beds += 1
    world.record_person(Kind.LEFT_JAIL, stay.journey, stay.person)


def screening(world: World, stay: Stay) -> Process:
    """Bring one person to ICE's notice, as far as the agency's agreements allow: by questioning, or by fingerprints alone."""
    agreements, jail, person = world.scenario.agency.agreements, world.jail, stay.person
    noticed = person.known_to_ice
    if "jail_enforcement" in agreements and jail.screeners.on_duty:
        officer = jail.screeners.take()
        if officer is None:
            officer = yield jail.screeners.join()
        if not stay.has_left():
            yield world.wait(person.questioning, stay.journey, Slot.SCREENING + person.seat)
            world.record_person(Kind.QUESTIONED, stay.journey, person, officer)
            noticed = True
        jail.screeners.free(officer)
    if stay.has_left() or not (noticed and person.matched_in_jail and person.go_ahead):
        return
    if "warrant_service_officer" in agreements:
        stay.clock = "ice_arrest"
        world.record_person(Kind.WARRANT_SERVED, stay.journey, person)
    else:
        stay.clock = "detainer"
        world.record_person(Kind.DETAINER_LODGED, stay.journey, person)


def hold_for_ice(world: World, stay: Stay) -> Process:
    """Hold one person until a pick-up comes or the clock runs out."""
    assert stay.clock is not None
    journey, person, clocks = stay.journey, stay.person, world.scenario.jail.clock
    world.record_person(Kind.HOLD_BEGAN, journey, person, CLOCKS.index(stay.clock))
    length = getattr(clocks, stay.clock)
    without_weekends = stay.clock == "detainer" and clocks.rule == "without_weekends"
    end = world.calendar.end_of_clock(world.now, length, without_weekends=without_weekends)

    def run_out(_: simpy.Event) -> None:
        if not stay.hold_ended.triggered:
            world.jail.ready.remove(stay)
            stay.hold_ended.succeed(False)

    world.call_after(end - world.now, priority(Order.LIMIT, journey.place, Slot.PERSON + person.seat), run_out)
    world.jail.ready.append(stay)
    expect_pickup(world)
    picked_up = yield stay.hold_ended
    world.record_person(Kind.TRANSFERRED if picked_up else Kind.RELEASED_AT_CLOCK, journey, person)


def expect_pickup(world: World) -> None:
    """Have the next scheduled pick-up come, if somebody waits for one and none is under way."""
    terms = world.scenario.jail.pickup
    if world.jail.pickup_is_coming or not world.jail.ready or not terms.seats:
        return
    world.jail.pickup_is_coming = True
    weekdays = tuple(WEEKDAYS.index(day) for day in terms.weekdays)
    time = world.calendar.next_time(max(world.now, world.jail.next_pickup_from), weekdays, terms.at)
    world.call_after(time - world.now, priority(Order.QUEUE, place_of(PICKUP, 0)), lambda _: pick_up(world))


def pick_up(world: World) -> None:
    """Let ICE's transport take as many people as it has seats for, those who have waited longest first."""
    jail = world.jail
    jail.pickup_is_coming = False
    jail.next_pickup_from = world.now + 1
    taken = [jail.ready.popleft() for _ in range(min(world.scenario.jail.pickup.seats, len(jail.ready)))]
    if taken:
        world.record_staff(Kind.PICKUP_CAME, detail=len(taken))
        for stay in taken:
            stay.hold_ended.succeed(True)
        world.start(drive_from_jail(world, taken))
    expect_pickup(world)


def drive_from_jail(world: World, taken: list[Stay]) -> Process:
    """Carry people from the jail to ICE's facility; the drive is that drawn for the first of them."""
    first = taken[0]
    yield world.wait(first.person.pickup_drive, first.journey, Slot.PERSON + first.person.seat)
    for stay in taken:
        world.record_person(Kind.AT_FACILITY, stay.journey, stay.person)
