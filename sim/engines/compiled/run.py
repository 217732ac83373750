"""Replications by the compiled engine."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from sim.chance import end_of_watch
from sim.engines.compiled.engine import DAYS_ARE_SHORT, DONE, ROOM_IS_SHORT, ROWS_ARE_FULL, advance, open_world
from sim.engines.compiled.tables import Memory, calendar_of
from sim.engines.compiled.tally import Kept, advance_and_count, lengths_of
from sim.engines.kept import remember
from sim.measures.events import Events
from sim.measures.operation import measures_of
from sim.measures.tally import KINDS, Of, Sum
from sim.scenario import Scenario
from sim.trace import Trace, digest_text

#: More rows than one step can leave besides those of the staff of a shift and of the people in a jail.
SPARE_ROWS = 64
#: So many rows are added up at a time: few enough to lie in the processor's nearest memory.
PIECE = 256


class Engine:
    """One scenario and seed, made ready for any number of replications."""

    def __init__(self, scenario: Scenario, seed: int, grid: int = 1) -> None:
        self.scenario = scenario
        self.seed = seed
        self.begins = -scenario.jail.warm_up
        self.more_days = 0
        self.memory = Memory(scenario, seed, grid)
        self.kept = Kept(sum(shift.patrol_units for shift in scenario.operation.shifts.values()))
        self.digest = np.zeros(1, dtype=np.uint64)
        self.watch = end_of_watch(scenario)
        self.staff = 2 * int(self.memory.record["most_members"][0])
        self.make_room_for_rows()

    def open(self, replication: int) -> None:
        """Begin a replication."""
        open_world(self.memory.record, replication, self.begins, self.scenario.jail.beds)

    @property
    def most_rows(self) -> int:
        """After how many rows a step must end, so that the next one has room."""
        arrays = self.memory.arrays
        return len(arrays["rows"]) - SPARE_ROWS - self.staff - len(arrays["stays"])

    def make_room_for_rows(self) -> None:
        """Make so much room that a piece fits beside what one step may leave; without room no step would ever be taken."""
        while self.most_rows < PIECE:
            self.memory.put_rows(2 * len(self.memory.arrays["rows"]))

    def help(self, answer: int) -> None:
        """Make more of what is short."""
        if answer == ROOM_IS_SHORT:
            stays = 2 * len(self.memory.arrays["stays"])
            self.memory.make_room(stays)
            self.make_room_for_rows()
        elif answer == DAYS_ARE_SHORT:
            self.more_days = 2 * self.more_days + 365
            self.memory.put_days(calendar_of(self.scenario, self.more_days))
        elif answer == ROWS_ARE_FULL:
            self.memory.put_rows(2 * len(self.memory.arrays["rows"]))
        else:
            self.kept.make_room(2 * len(self.memory.arrays["rows"]))

    def block(self, first: int, count: int) -> tuple[Events, list[str]]:
        """Return the tallies and digests of the replications ``first`` to ``first + count - 1``; no trace is kept."""
        kinds = np.empty((count, KINDS, len(Of)), dtype=np.int64)
        sums = np.empty((count, len(Sum)), dtype=np.int64)
        lengths = np.empty((count, 2))
        digests = []
        for number in range(count):
            self.open(first + number)
            while (
                answer := advance_and_count(
                    self.memory.record, min(PIECE, self.most_rows), self.watch, self.digest, *self.kept.tables
                )
            ) != DONE:
                self.help(answer)
            kinds[number], sums[number] = self.kept.kinds, self.kept.sums
            lengths_of(self.kept.added, self.kept.holds, self.kept.sums, lengths[number])
            digests.append(digest_text(int(self.digest[0])))
        remember("operation")
        return Events(self.scenario, kinds, sums, lengths), digests

    def trace(self, replication: int) -> Trace:
        """Return the whole trace of one replication."""
        self.open(replication)
        while (answer := advance(self.memory.record, self.most_rows)) != DONE:
            self.help(answer)
        return Trace(self.memory.arrays["rows"][: self.memory.record["rows"][0]].copy())


class _Last(threading.local):
    """The engine made last in each thread: blocks of one scenario follow each other."""

    engine: Engine | None = None


_last = _Last()


def measured(scenario: Scenario, seed: int, first: int, count: int) -> tuple[list[list[float]], list[str]]:
    """Return measures and digests of the replications ``first`` to ``first + count - 1``."""
    engine = _last.engine
    if engine is None or engine.scenario is not scenario or engine.seed != seed:
        engine = _last.engine = Engine(scenario, seed)
    events, digests = engine.block(first, count)
    return measures_of(events).tolist(), digests


def traces(scenario: Scenario, seed: int) -> Callable[[int], Trace]:
    """Return what makes the whole trace of a replication by its number."""
    return Engine(scenario, seed).trace
