"""Custody: how people get from the roadside to the county jail or to ICE's facility.

Three ways were reported: the unit drives them to the county jail and is away meanwhile; the agency drives them to ICE's
facility the same day; ICE vehicles on the scene carry them in batches. Holds the patrol unit until it is back, or until
the people are handed over. Without authority to detain, ICE's officer who has come takes them. Records ``custody_began`` and
``custody_ended``, ``boarded`` and ``at_facility``; what happens at the jail stands in :mod:`sim.pathway.jail`.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

import simpy

from sim.entities import Person, Vehicle, place_of
from sim.pathway.jail import Stay, ice_custody, local_custody
from sim.pathway.places import ICE_FLEET, priority
from sim.pathway.status_check import Encounter
from sim.pathway.words import Kind, Order, Slot
from sim.pathway.world import Process, World
from sim.trace import PATHS


def path_of(world: World, encounter: Encounter) -> str:
    """Return the path that people detained in a stop take: the policy's, by whether ICE was on the scene."""
    if encounter.ice_is_here:
        return world.scenario.custody.path
    return world.scenario.custody.path_without_ice if world.scenario.may_detain_at_the_roadside else "ice_comes"


def custody(world: World, encounter: Encounter, people: list[Person]) -> Process:
    """Take the people detained in one stop along their path."""
    path = path_of(world, encounter)
    vehicle, unit, detail = encounter.vehicle, encounter.unit, PATHS.index(path)
    world.record(Kind.CUSTODY_BEGAN, vehicle, unit, detail)
    if path == "ice_vehicles":
        yield from hand_over(world, vehicle, people)
    elif path == "local_booking":
        yield from local_booking(world, vehicle, people)
    elif path == "agency_drives":
        yield from agency_drives(world, vehicle, people)
    else:
        yield from ice_takes(world, vehicle, people)
    world.record(Kind.CUSTODY_ENDED, vehicle, unit, detail)


def hand_over(world: World, vehicle: Vehicle, people: list[Person]) -> Process:
    """Hand people over to ICE on the scene, who let them board."""
    yield world.wait(vehicle.hand_over, vehicle)
    for person in people:
        world.staging.send(vehicle, person)


def local_booking(world: World, vehicle: Vehicle, people: list[Person]) -> Process:
    """Drive people to the county jail, wait until all are booked, and drive back."""
    yield world.wait(vehicle.to_jail, vehicle)
    for person in people:
        yield from ice_custody(world, Stay(world, vehicle, person, clock="ice_arrest"))
    yield world.wait(vehicle.to_jail, vehicle)


def agency_drives(world: World, vehicle: Vehicle, people: list[Person]) -> Process:
    """Drive people to ICE's facility the same day, and drive back."""
    yield world.wait(vehicle.to_facility, vehicle)
    for person in people:
        world.record_person(Kind.AT_FACILITY, vehicle, person)
    yield world.wait(vehicle.to_facility, vehicle)


def ice_takes(world: World, vehicle: Vehicle, people: list[Person]) -> Process:
    """Hand people over to the ICE officer who has come, and who drives them to ICE's facility."""
    yield world.wait(vehicle.hand_over, vehicle)
    world.start(ice_drives(world, vehicle, people))


def ice_drives(world: World, vehicle: Vehicle, people: list[Person]) -> Process:
    """Bring people to ICE's facility in the car of the officer who has come."""
    yield world.wait(vehicle.to_facility, vehicle, Slot.PERSON)
    for person in people:
        world.record_person(Kind.AT_FACILITY, vehicle, person)


def criminal_arrest(world: World, vehicle: Vehicle, unit: int, is_wanted: bool) -> Process:
    """Be away with a driver arrested for a crime, who goes to the county jail; on a detainer if ICE wants the driver too."""
    world.record(Kind.ARREST_BEGAN, vehicle, unit)
    to_jail = min(vehicle.to_jail, vehicle.criminal_arrest)
    yield world.wait(to_jail, vehicle)
    driver = vehicle.people[0]
    if is_wanted:
        world.record_person(Kind.DETAINER_LODGED, vehicle, driver)
    world.start(local_custody(world, Stay(world, vehicle, driver, clock="detainer" if is_wanted else None)))
    yield world.wait(vehicle.criminal_arrest - to_jail, vehicle)
    world.record(Kind.ARREST_ENDED, vehicle, unit)


class Staging:
    """Where people wait for ICE vehicles, which load one after the other.

    A vehicle leaves when it is full, or when the first on board has waited long enough.
    """

    def __init__(self, world: World) -> None:
        fleet = world.scenario.custody.ice_vehicles
        self.world = world
        self.idle = list(range(fleet.count))
        self.seats = fleet.seats
        self.patience = fleet.wait
        self.waiting: deque[tuple[Vehicle, Person]] = deque()
        self.loading: tuple[int, list[tuple[Vehicle, Person]]] | None = None

    def send(self, vehicle: Vehicle, person: Person) -> None:
        """Let one person wait for a place."""
        self.waiting.append((vehicle, person))
        self.load()

    def load(self) -> None:
        """Let people board as long as there are people and places."""
        while self.waiting and (self.loading or self.idle):
            if self.loading is None:
                self.loading = (heappop(self.idle), [])
                self._leave_in_time(self.loading)
            number, aboard = self.loading
            vehicle, person = self.waiting.popleft()
            aboard.append((vehicle, person))
            self.world.record_person(Kind.BOARDED, vehicle, person, number)
            if len(aboard) == self.seats:
                self.leave()

    def leave(self) -> None:
        """Send the loading vehicle off."""
        assert self.loading is not None
        number, aboard = self.loading
        self.loading = None
        self.world.start(drive_to_facility(self.world, number, aboard))

    def _leave_in_time(self, load: tuple[int, list[tuple[Vehicle, Person]]]) -> None:
        def leave_unless_gone(_: simpy.Event) -> None:
            if self.loading is load:
                self.leave()

        self.world.call_after(self.patience, priority(Order.QUEUE, place_of(ICE_FLEET, load[0])), leave_unless_gone)


def drive_to_facility(world: World, number: int, aboard: list[tuple[Vehicle, Person]]) -> Process:
    """Carry one load to ICE's facility and come back; the drive is that drawn for the first on board."""
    world.record_staff(Kind.ICE_VEHICLE_LEFT, unit=number, detail=len(aboard))
    drive = aboard[0][0].to_facility
    place = priority(Order.RELEASE, place_of(ICE_FLEET, number))
    yield world.event_after(drive, place)
    for vehicle, person in aboard:
        world.record_person(Kind.AT_FACILITY, vehicle, person)
    yield world.event_after(drive, place)
    world.record_staff(Kind.ICE_VEHICLE_BACK, unit=number)
    heappush(world.staging.idle, number)
    world.staging.load()
