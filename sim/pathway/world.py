"""What the processes of one replication share: the clock, the record, the pools of people who serve, the policy.

Time is whole milliseconds. Things at the same instant happen in the declared order of :class:`Order`, then by
entity, so that no result hangs on which line of code ran first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, TypeVar, cast

import simpy
from simpy.events import URGENT

from sim.chance import Draws
from sim.entities import Booking, Person, Vehicle
from sim.fields import CHANNELS, Parameters
from sim.pathway.places import priority
from sim.pathway.words import Order, Plain, Slot
from sim.scenario import Scenario
from sim.trace import NOBODY, Trace, row

if TYPE_CHECKING:
    from sim.pathway.custody import Staging
    from sim.pathway.jail import Jail

Process = Generator[simpy.Event, Any, None]
#: A process that ends with a yes or a no.
Question = Generator[simpy.Event, Any, bool]
RELEASE = priority(Order.RELEASE, 0)
Section = TypeVar("Section", bound=Parameters)


class Pool:
    """People or vehicles of one kind, each with a number, who serve one at a time; who waits is served in order.

    The lowest free number goes first. Somebody whose shift is over finishes what is at hand, and those already waiting.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.on_duty: set[int] = set()
        self._free: list[int] = []
        self._busy: set[int] = set()
        self._queue: deque[simpy.Event] = deque()

    def begin_duty(self, members: Iterable[int]) -> None:
        """Let members come on duty; one who is still busy from the last shift serves again when free."""
        for member in members:
            self.on_duty.add(member)
            if member not in self._busy:
                self._busy.add(member)
                self.free(member)

    def end_duty(self, members: Iterable[int]) -> None:
        """Let members go off duty, the busy ones as soon as they are free."""
        self.on_duty.difference_update(members)
        self._free = sorted(member for member in self._free if member in self.on_duty)

    def take(self) -> int | None:
        """Return a free member's number and keep that member busy, or None if there is none."""
        if not self._free:
            return None
        member = heappop(self._free)
        self._busy.add(member)
        return member

    def join(self) -> simpy.Event:
        """Stand in the queue; the event brings a member's number."""
        turn = simpy.Event(self.world)
        self._queue.append(turn)
        return turn

    def give_up(self, turn: simpy.Event) -> None:
        """Leave the queue unserved, if it is not too late; the event then brings NOBODY."""
        if not turn.triggered:
            self._queue.remove(turn)
            turn.succeed(NOBODY)

    def free(self, member: int) -> None:
        """Let a member go, to the next in the queue or to wait for one."""
        if self._queue:
            self._queue.popleft().succeed(member)
            return
        self._busy.remove(member)
        if member in self.on_duty:
            heappush(self._free, member)


class Due(simpy.Event):
    """An event that comes at a time, at its place among those of the same instant; simpy.Timeout knows no such place.

    The world makes and fills it, since Python calls a function sooner than it makes an object with arguments. It does not know
    its world, so ``|`` and ``&`` cannot join it with others: let :meth:`World.call_after` wake what a process waits for.
    """

    callbacks: list[Callable[[simpy.Event], None]]
    _ok = True
    __init__ = object.__init__


def plain(section: Section) -> Section:
    """Return a section of the scenario as a plain object, for what is asked at every stop: pydantic's models are slow to read."""
    return cast(Section, Plain(dict(section)))


class Journey:
    """A process that nobody waits for. Unlike simpy.Process it leaves no event when it ends."""

    __slots__ = ("process", "resume")

    def __init__(self, process: Process) -> None:
        self.process = process
        self.resume: Callable[[simpy.Event], None] | None = self.go_on  # made once, not at every step

    def go_on(self, event: simpy.Event) -> None:
        """Take the journey on to what it waits for next."""
        try:
            awaited: Any = self.process.send(event._value)
            while awaited.callbacks is None:  # it has come already, which SimPy's types do not tell
                awaited = self.process.send(awaited._value)
        except StopIteration:
            self.resume = None  # so that nothing is left that only the collector of garbage can free
            return
        awaited.callbacks.append(self.resume)


class World(simpy.Environment):
    """One replication's world: a SimPy environment with those who serve, the policy and the record."""

    staging: Staging
    jail: Jail
    _now: int  # milliseconds: whole from the start, and only whole durations are added

    def __init__(self, scenario: Scenario, draws: Draws) -> None:
        super().__init__(initial_time=-scenario.jail.warm_up)
        self.scenario = scenario
        self.status_check = plain(scenario.status_check)
        self.draws = draws
        self.calendar = scenario.operation.calendar
        self.patrol_units = Pool(self)
        self.inspectors = Pool(self)
        self.answerers = {name: Pool(self) for name in CHANNELS}
        self.ice_is_here = False  # whether a shift is on with which ICE came, be it with agents who answer or only with vehicles
        self._shifts_with_ice = 0
        self._at_once = simpy.Event(self)
        self._at_once._value = None
        self._rows = bytearray()

    @property
    def now(self) -> int:
        """The time in milliseconds."""
        return self._now

    def end(self) -> Trace:
        """Return what has been recorded, and forget everything: the world and its pools hold each other.

        Left alone, they would stay until Python looks for such circles.
        """
        trace = Trace.of_packed(self._rows)
        vars(self).clear()
        return trace

    def count_ice(self, change: int) -> None:
        """Take note that one more shift is on with which ICE came, or one less."""
        self._shifts_with_ice += change
        self.ice_is_here = self._shifts_with_ice > 0

    def record(self, kind: int, vehicle: Vehicle | Booking, unit: int = NOBODY, detail: int = 0) -> None:
        """Record what happened now to a vehicle, or to somebody who comes to the jail from elsewhere."""
        self._rows += row(self._now, kind, vehicle.flow, vehicle.number, NOBODY, unit, detail)

    def record_person(self, kind: int, vehicle: Vehicle | Booking, person: Person, unit: int = NOBODY) -> None:
        """Record what happened now to one person; the detail is who that is."""
        self._rows += row(self._now, kind, vehicle.flow, vehicle.number, person.seat, unit, person.who)

    def record_staff(self, kind: int, unit: int = NOBODY, detail: int = 0) -> None:
        """Record what happened now to those who serve."""
        self._rows += row(self._now, kind, NOBODY, NOBODY, NOBODY, unit, detail)

    def start(self, process: Process) -> None:
        """Begin a journey beside this one, when the step under way is done."""
        self.event_at(self._now, URGENT).callbacks.append(Journey(process).go_on)

    def start_now(self, process: Process) -> None:
        """Begin a journey at once, as the last thing that the step under way does; that needs no event."""
        Journey(process).go_on(self._at_once)

    def wait(self, duration: int, vehicle: Vehicle | Booking, slot: int = Slot.STOP) -> Due:
        """Return the event that comes after a duration in the life of a vehicle or of a person in it, and frees somebody."""
        due: Due = Due()  # as in event_at, without another call: this is what a stop waits for most
        due.callbacks = []
        due._value = None
        heappush(self._queue, (self._now + duration, RELEASE | vehicle.place | slot, next(self._eid), due))  # type: ignore[misc]
        return due

    def event_after(self, duration: int, place: int) -> Due:
        """Return the event that comes after a duration, at its place among those of the same instant."""
        return self.event_at(self._now + duration, place)

    def event_at(self, time: int, place: int) -> Due:
        """Return the event that comes at a time, at its place among those of the same instant."""
        due: Due = Due()
        due.callbacks = []
        due._value = None
        heappush(self._queue, (time, place, next(self._eid), due))  # type: ignore[misc]  # as self.schedule does, but sooner
        return due

    def call_after(self, duration: int, place: int, action: Callable[[simpy.Event], None]) -> None:
        """Let something happen after a duration that no process waits for."""
        self.event_at(self._now + duration, place).callbacks.append(action)

    def run_to_the_end(self) -> None:
        """Let everything happen that is due, in order: SimPy's own ``run`` without what nothing here asks of it.

        No event of the pathway fails, and none ends the run before its time.
        """
        queue = self._queue
        while queue:
            self._now, _, _, event = heappop(queue)  # type: ignore[assignment]
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
