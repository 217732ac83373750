"""Custody: how people get from the roadside to the county jail or to ICE's facility.

Three ways were reported: the unit drives them to the county jail and is away meanwhile; the agency drives them to ICE's
facility the same day; ICE vehicles on the scene carry them in batches. Holds the patrol unit until it is back, or until
the people are handed over. Records ``custody_began`` and ``custody_ended``, ``booked``, ``boarded`` and ``at_facility``.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

from sim.entities import Person, Vehicle
from sim.pathway.status_check import Encounter
from sim.pathway.world import ICE_FLEET, Order, Process, World, priority
from sim.trace import Kind

PATHS = ("ice_vehicles", "local_booking", "agency_drives")


def custody(world: World, encounter: Encounter) -> Process:
    """Take the people detained in one stop along the path that the policy names."""
    ways = world.scenario.custody
    path = ways.path if encounter.ice_is_here else ways.path_without_ice
    vehicle, unit, detail = encounter.vehicle, encounter.unit, PATHS.index(path)
    world.record(Kind.CUSTODY_BEGAN, vehicle, unit=unit, detail=detail)
    if path == "ice_vehicles":
        yield from hand_over(world, encounter)
    elif path == "local_booking":
        yield from local_booking(world, encounter)
    else:
        yield from agency_drives(world, encounter)
    world.record(Kind.CUSTODY_ENDED, vehicle, unit=unit, detail=detail)


def hand_over(world: World, encounter: Encounter) -> Process:
    """Hand people over to ICE on the scene, who let them board."""
    yield world.wait(encounter.vehicle.hand_over, encounter.vehicle)
    for person in encounter.detained:
        world.staging.send(encounter.vehicle, person)


def local_booking(world: World, encounter: Encounter) -> Process:
    """Drive people to the county jail, have them booked one after the other, and drive back."""
    vehicle = encounter.vehicle
    yield world.wait(vehicle.to_jail, vehicle)
    for person in encounter.detained:
        yield world.wait(person.booking, vehicle)
        world.record(Kind.BOOKED, vehicle, person)
    yield world.wait(vehicle.to_jail, vehicle)


def agency_drives(world: World, encounter: Encounter) -> Process:
    """Drive people to ICE's facility the same day, and drive back."""
    vehicle = encounter.vehicle
    yield world.wait(vehicle.to_facility, vehicle)
    for person in encounter.detained:
        world.record(Kind.AT_FACILITY, vehicle, person)
    yield world.wait(vehicle.to_facility, vehicle)


def criminal_arrest(world: World, vehicle: Vehicle, unit: int) -> Process:
    """Be away with a driver arrested for a crime; one whom ICE takes goes with ICE instead."""
    world.record(Kind.ARREST_BEGAN, vehicle, unit=unit)
    yield world.wait(vehicle.criminal_arrest, vehicle)
    world.record(Kind.ARREST_ENDED, vehicle, unit=unit)


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
            self.world.record(Kind.BOARDED, vehicle, person, unit=number)
            if len(aboard) == self.seats:
                self.leave()

    def leave(self) -> None:
        """Send the loading vehicle off."""
        assert self.loading is not None
        number, aboard = self.loading
        self.loading = None
        self.world.start(drive_to_facility(self.world, number, aboard))

    def _leave_in_time(self, load: tuple[int, list[tuple[Vehicle, Person]]]) -> None:
        def leave_unless_gone() -> None:
            if self.loading is load:
                self.leave()

        self.world.call_after(self.patience, priority(Order.QUEUE, ICE_FLEET, load[0]), leave_unless_gone)


def drive_to_facility(world: World, number: int, aboard: list[tuple[Vehicle, Person]]) -> Process:
    """Carry one load to ICE's facility and come back; the drive is that drawn for the first on board."""
    world.record(Kind.ICE_VEHICLE_LEFT, unit=number, detail=len(aboard))
    drive = aboard[0][0].to_facility
    place = priority(Order.RELEASE, ICE_FLEET, number)
    yield world.event_after(drive, place)
    for vehicle, person in aboard:
        world.record(Kind.AT_FACILITY, vehicle, person)
    yield world.event_after(drive, place)
    world.record(Kind.ICE_VEHICLE_BACK, unit=number)
    heappush(world.staging.idle, number)
    world.staging.load()
