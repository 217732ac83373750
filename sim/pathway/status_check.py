"""The status check: whom the officer asks, whom the officer refers, and what ICE answers.

Runs beside the stop and holds one answerer of a channel for each question. Everyone referred ends in exactly one of
``no_match``, ``declined``, ``detained``, ``no_answer`` and ``past_limit``. Also records ``asked``, ``not_identified``,
``referred`` and how each question fared.
"""

from __future__ import annotations

import simpy

from sim.entities import DRIVER, IN_STATE, Person, Vehicle
from sim.fields import CHANNELS
from sim.pathway.places import priority
from sim.pathway.words import Kind, Order, Slot
from sim.pathway.world import Process, World


class Encounter:
    """What one stop still waits for, and whom it has detained."""

    __slots__ = ("detained", "ice_is_here", "open", "over", "settled", "unit", "vehicle", "waiting")

    def __init__(self, world: World, vehicle: Vehicle, unit: int) -> None:
        self.vehicle = vehicle
        self.unit = unit
        self.ice_is_here = world.ice_is_here
        self.open: dict[int, Person | None] = {}  # by slot: people without an answer; None while people are being asked
        self.detained: list[Person] = []
        self.over = False
        self.settled = False
        self.waiting: simpy.Event | None = None  # what the stop waits for, once it does

    def is_over(self) -> bool:
        """Whether everyone not detained has been let go."""
        return self.over

    def close(self, slot: int) -> None:
        """Close one open matter; the last one lets the stop go on."""
        del self.open[slot]
        if not self.open:
            self.end_wait()

    def end_wait(self, _: simpy.Event | None = None) -> None:
        """Let the stop go on, with or without answers."""
        if not self.settled:
            self.settled = True
            if self.waiting:
                self.waiting.succeed()


def asks(world: World, person: Person) -> bool:
    """Whether the policy has the officer ask this person; the driver is asked if anybody is."""
    asked = world.status_check.asked
    if asked == "occupants":
        return True
    if asked == "drivers":
        return person.seat == DRIVER
    return asked == "drivers_unsettled" and person.seat == DRIVER and person.licence != IN_STATE


def ask(world: World, encounter: Encounter) -> None:
    """Begin to ask the people in a vehicle, beside what else goes on."""
    vehicle = encounter.vehicle
    encounter.open[Slot.ASKING] = None
    world.wait(vehicle.asking, vehicle, Slot.ASKING).callbacks.append(lambda _: asked(world, encounter))


def asked(world: World, encounter: Encounter) -> None:
    """Refer those about whom too much doubt is left."""
    vehicle = encounter.vehicle
    if encounter.is_over():
        return
    for person in vehicle.people:
        if not asks(world, person):
            continue
        world.record_person(Kind.ASKED, vehicle, person, encounter.unit)
        if not person.identified:
            world.record_person(Kind.NOT_IDENTIFIED, vehicle, person, encounter.unit)
        elif person.doubt > world.status_check.threshold:
            world.record_person(Kind.REFERRED, vehicle, person, encounter.unit)
            encounter.open[Slot.PERSON + person.seat] = person
            world.start(refer(world, encounter, person))
    encounter.close(Slot.ASKING)


def refer(world: World, encounter: Encounter, person: Person) -> Process:
    """Put one person's case to ICE, channel after channel until one answers, and act on the answer."""
    vehicle, slot = encounter.vehicle, Slot.PERSON + person.seat
    for name in world.status_check.channels:
        answerers, number = world.answerers[name], CHANNELS.index(name)
        if not answerers.on_duty:
            continue
        answerer = answerers.take()
        if answerer is None:
            answerer = yield answerers.join()
        if encounter.is_over():
            answerers.free(answerer)
            return
        world.record(Kind.QUESTION_PUT, vehicle, answerer, number)
        patience = getattr(world.status_check, name).gives_up_after
        answered = person.replies[number] <= patience and not person.no_answers[number]
        yield world.wait(person.replies[number] if answered else patience, vehicle, slot)
        world.record(Kind.ANSWERED if answered else Kind.GAVE_UP, vehicle, answerer, number)
        answerers.free(answerer)
        if encounter.is_over():
            return
        if answered:
            yield from act_on_answer(world, encounter, person)
            return
    world.record_person(Kind.NO_ANSWER, vehicle, person, encounter.unit)
    encounter.close(slot)


def act_on_answer(world: World, encounter: Encounter, person: Person) -> Process:
    """Detain the person if ICE reports a match and asks for custody; without authority to detain, ICE must come for that."""
    vehicle, slot = encounter.vehicle, Slot.PERSON + person.seat
    if not person.matched:
        world.record_person(Kind.NO_MATCH, vehicle, person, encounter.unit)
    elif not person.go_ahead:
        world.record_person(Kind.DECLINED, vehicle, person, encounter.unit)
    else:
        if not (encounter.ice_is_here or world.scenario.may_detain_at_the_roadside):
            world.record_person(Kind.ICE_AWAITED, vehicle, person, encounter.unit)
            yield world.wait(person.ice_comes, vehicle, slot)
            if encounter.is_over():
                return
        world.record_person(Kind.DETAINED, vehicle, person, encounter.unit)
        encounter.detained.append(person)
    encounter.close(slot)


def answers_or_limit(world: World, encounter: Encounter) -> simpy.Event:
    """Return the event that comes when every answer is in, or when the limit on added time has run out."""
    limit = world.status_check.limit
    if limit is not None:
        world.call_after(limit, priority(Order.LIMIT, encounter.vehicle.place), encounter.end_wait)
    encounter.waiting = world.event()
    return encounter.waiting


def let_people_go(world: World, encounter: Encounter) -> None:
    """Let go whoever is not detained; those who still had no answer have been kept up to the limit."""
    vehicle = encounter.vehicle
    for person in encounter.open.values():
        if person:
            world.record_person(Kind.PAST_LIMIT, vehicle, person, encounter.unit)
        else:
            world.record(Kind.NOT_ASKED, vehicle, encounter.unit)
    encounter.over = True
