"""Replications by the compiled engine."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from sim.chance import end_of_watch
from sim.engines.compiled.engine import DAYS_ARE_SHORT, DONE, ROOM_IS_SHORT, advance, open_world
from sim.engines.compiled.tables import Memory, calendar_of
from sim.engines.compiled.tally import Kept, add_to_digest, lengths_of
from sim.engines.kept import remember
from sim.measures.events import Events
from sim.measures.operation import measures_of
from sim.measures.tally import KINDS, Of, Sum
from sim.scenario import Scenario
from sim.trace import COLUMNS, Trace, digest_text

#: More rows than one step can leave besides those of the staff of a shift and of the people in a jail.
SPARE_ROWS = 64


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

    def open(self, replication: int) -> None:
        """Begin a replication."""
        open_world(self.memory.record, replication, self.begins, self.scenario.jail.beds)

    def advance(self) -> bool:
        """Run on until the rows are full or the replication is done; return whether it is done."""
        while True:
            arrays = self.memory.arrays
            spare = SPARE_ROWS + self.staff + len(arrays["stays"])
            answer = advance(self.memory.record, len(arrays["rows"]) - spare)
            if answer == ROOM_IS_SHORT:
                self.memory.make_room(2 * len(arrays["stays"]))
            elif answer == DAYS_ARE_SHORT:
                self.more_days = 2 * self.more_days + 365
                self.memory.put_days(calendar_of(self.scenario, self.more_days))
            else:
                return bool(answer == DONE)

    def block(self, first: int, count: int) -> tuple[Events, list[str]]:
        """Return the tallies and digests of the replications ``first`` to ``first + count - 1``; no trace is kept."""
        kinds = np.empty((count, KINDS, len(Of)), dtype=np.int64)
        sums = np.empty((count, len(Sum)), dtype=np.int64)
        lengths = np.empty((count, 2))
        digests = []
        for number in range(count):
            self.open(first + number)
            self.kept.forget()
            self.digest[0] = 0
            before, done = 0, False
            while not done:
                done = self.advance()
                rows, end = self.memory.arrays["rows"], int(self.memory.record["rows"][0])
                self.kept.add(rows, end, self.watch)
                add_to_digest(rows, 0, end, before, self.digest)
                before += end
                self.memory.record["rows"] = 0
            kinds[number], sums[number] = self.kept.kinds, self.kept.sums
            lengths_of(self.kept.added, self.kept.holds, self.kept.sums, lengths[number])
            digests.append(digest_text(int(self.digest[0])))
        remember()
        return Events(self.scenario, kinds, sums, lengths), digests

    def trace(self, replication: int) -> Trace:
        """Return the whole trace of one replication."""
        self.open(replication)
        while not self.advance():
            rows = self.memory.arrays["rows"]
            longer = np.empty((2 * len(rows), len(COLUMNS)), dtype=np.int64)
            longer[: len(rows)] = rows
            self.memory.put(rows=longer)
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
