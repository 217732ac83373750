"""What the processes of one replication share: the clock, the record, the pools of people who serve, the policy.

Time is whole milliseconds. Things at the same instant happen in the declared order of :class:`Order`, then by
entity, so that no result hangs on which line of code ran first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import simpy
from simpy.events import URGENT

from sim.chance import Draws
from sim.entities import Booking, Person, Vehicle
from sim.fields import CHANNELS
from sim.pathway.places import Order, Slot, priority
from sim.scenario import Scenario
from sim.trace import NOBODY, Kind, Trace, who

if TYPE_CHECKING:
    from sim.pathway.custody import Staging
    from sim.pathway.jail import Jail

Process = Generator[simpy.Event, Any, None]
#: A process that ends with a yes or a no.
Question = Generator[simpy.Event, Any, bool]


class Pool:
    """People or vehicles of one kind, each with a number, who serve one at a time; who waits is served in order.

    The lowest free number goes first. Somebody whose shift is over finishes what is at hand, and those already waiting.
    """

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.on_duty: set[int] = set()
        self._free: list[int] = []
        self._busy: set[int] = set()
        self._queue: deque[simpy.Event] = deque()

    def begin_duty(self, members: Iterable[int]) -> None:
        """Let members come on duty; one who is still busy from the last shift serves again when free."""
        for member in members:
            self.on_duty.add(member)
            if member not in self._busy:
                self._offer(member)

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
        turn = self.env.event()
        self._queue.append(turn)
        return turn

    def give_up(self, turn: simpy.Event) -> None:
        """Leave the queue unserved, if it is not too late; the event then brings NOBODY."""
        if not turn.triggered:
            self._queue.remove(turn)
            turn.succeed(NOBODY)

    def free(self, member: int) -> None:
        """Let a member go, to the next in the queue or to wait for one."""
        self._busy.remove(member)
        if member in self.on_duty or self._queue:
            self._offer(member)

    def _offer(self, member: int) -> None:
        if self._queue:
            self._busy.add(member)
            self._queue.popleft().succeed(member)
        else:
            heappush(self._free, member)


class Due(simpy.Event):
    """An event that comes after a duration, at its place among those of the same instant; simpy.Timeout knows no such place."""

    callbacks: list[Callable[[simpy.Event], None]]

    def __init__(self, env: simpy.Environment, duration: int, place: int) -> None:
        self.env = env
        self.callbacks = []
        self._ok, self._value = True, None
        env.schedule(self, place, duration)  # type: ignore[arg-type]


class Journey:
    """A process that nobody waits for. Unlike simpy.Process it leaves no event when it ends."""

    __slots__ = ("process",)

    def __init__(self, process: Process) -> None:
        self.process = process

    def go_on(self, event: simpy.Event) -> None:
        """Take the journey on to what it waits for next."""
        try:
            awaited = self.process.send(event._value)
            while awaited.processed:
                awaited = self.process.send(awaited._value)
        except StopIteration:
            return
        assert awaited.callbacks is not None
        awaited.callbacks.append(self.go_on)


class World:
    """One replication's world."""

    staging: Staging
    jail: Jail

    def __init__(self, scenario: Scenario, draws: Draws) -> None:
        self.scenario = scenario
        self.draws = draws
        self.calendar = scenario.operation.calendar
        self.env = simpy.Environment(initial_time=-scenario.jail.warm_up)
        self.patrol_units = Pool(self.env)
        self.inspectors = Pool(self.env)
        self.answerers = {name: Pool(self.env) for name in CHANNELS}
        self.shifts_with_ice = 0
        self._at_once = simpy.Event(self.env)
        self._at_once._value = None
        self._numbers: list[int] = []  # row after row: one long list costs less than many short ones

    @property
    def now(self) -> int:
        """The time in milliseconds."""
        return self.env.now  # type: ignore[return-value]  # whole from the start, and only whole delays are added

    @property
    def ice_is_here(self) -> bool:
        """Whether a shift is on with which ICE came, be it with agents who answer or only with vehicles."""
        return self.shifts_with_ice > 0

    @property
    def trace(self) -> Trace:
        """What has been recorded so far."""
        return Trace.of_numbers(self._numbers)

    def record(
        self,
        kind: Kind,
        vehicle: Vehicle | Booking | None = None,
        person: Person | None = None,
        unit: int = NOBODY,
        detail: int = 0,
    ) -> None:
        """Record that something happened now; about a person, ``detail`` is who that is."""
        flow, number, seat = NOBODY, NOBODY, NOBODY
        if vehicle is not None:
            flow, number = vehicle.flow, vehicle.number
        if person is not None:
            seat, detail = person.seat, who(person.standing, person.licence)
        now = self.env._now  # as env.now, which would take as long as all the rest
        self._numbers += (now, kind, flow, number, seat, unit, detail)  # type: ignore[arg-type]  # a whole number

    def start(self, process: Process) -> None:
        """Begin a journey beside this one, when the step under way is done."""
        begins = simpy.Event(self.env)
        begins._ok, begins._value, begins.callbacks = True, None, [Journey(process).go_on]
        self.env.schedule(begins, URGENT)

    def start_now(self, process: Process) -> None:
        """Begin a journey at once, as the last thing that the step under way does; that needs no event."""
        Journey(process).go_on(self._at_once)

    def wait(self, duration: int, vehicle: Vehicle | Booking, slot: int = Slot.STOP, order: Order = Order.RELEASE) -> simpy.Event:
        """Return the event that comes after a duration in the life of a vehicle or of a person in it."""
        return Due(self.env, duration, priority(order, vehicle.flow, vehicle.number, slot))

    def event_after(self, duration: int, place: int) -> simpy.Event:
        """Return the event that comes after a duration, at its place among those of the same instant."""
        return Due(self.env, duration, place)

    def call_after(self, duration: int, place: int, action: Callable[[], None]) -> None:
        """Let something happen after a duration that no process waits for."""
        Due(self.env, duration, place).callbacks.append(lambda _: action())
