"""Replications by the compiled engine."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from sim.digest import digest_text
from sim.engines.compiled.engine import DAYS_ARE_SHORT, DONE, ROOM_IS_SHORT, ROWS_ARE_FULL, advance, open_world, simulate
from sim.engines.compiled.tables import Memory, calendar_of
from sim.engines.kept import remember
from sim.measures.events import Events
from sim.measures.operation import measures_of
from sim.measures.tally import KINDS, Of, Sum
from sim.scenario import Scenario
from sim.trace import Trace


class Engine:
    """One scenario and seed, made ready for any number of replications."""

    def __init__(self, scenario: Scenario, seed: int, grid: int = 1) -> None:
        self.scenario = scenario
        self.seed = seed
        self.begins = -scenario.jail.warm_up
        self.more_days = 0
        self.memory = Memory(scenario, seed, grid)

    def help(self, answer: int) -> None:
        """Make more of what is short."""
        if answer == ROOM_IS_SHORT:
            self.memory.make_room(2 * len(self.memory.arrays["stays"]))
        elif answer == ROWS_ARE_FULL:
            self.memory.make_room_for_rows()
        elif answer == DAYS_ARE_SHORT:
            self.more_days = 2 * self.more_days + 365
            self.memory.put_days(calendar_of(self.scenario, self.more_days))

    def block(self, first: int, count: int) -> tuple[Events, list[str]]:
        """Return the tallies and digests of the replications ``first`` to ``first + count - 1``; no trace is kept."""
        kinds = np.empty((count, KINDS, len(Of)), dtype=np.int64)
        sums = np.empty((count, len(Sum)), dtype=np.int64)
        lengths = np.empty((count, 2))
        digests = np.empty(count, dtype=np.int64)
        record, arrays, beds = self.memory.record, self.memory.arrays, self.scenario.jail.beds
        record["keeps_rows"], record["written"], record["finished"] = 0, 0, 1
        while (
            answer := simulate(record, first, self.begins, beds, arrays["added"], arrays["holds"], kinds, sums, lengths, digests)
        ) != DONE:
            self.help(answer)
        remember("operation")
        return Events(self.scenario, kinds, sums, lengths), list(map(digest_text, digests.view(np.uint64).tolist()))

    def trace(self, replication: int) -> Trace:
        """Return the whole trace of one replication."""
        record = self.memory.record
        record["keeps_rows"] = 1
        open_world(record, replication, self.begins, self.scenario.jail.beds)
        while (answer := advance(record)) != DONE:
            self.help(answer)
        return Trace(self.memory.arrays["rows"][: record["rows"][0]].copy())


class _Last(threading.local):
    """The engine made last in each thread: blocks of one scenario follow each other."""

    engine: Engine | None = None


_last = _Last()


def measured(scenario: Scenario, seed: int, first: int, count: int) -> tuple[list[list[float]], list[str]]:
    """Return measures and digests of the replications ``first`` to ``first + count - 1``."""
    engine = _last.engine
    if engine is None or engine.scenario is not scenario or engine.seed != seed:
        engine = Engine(scenario, seed)
    _last.engine = None  # whoever is broken off in a replication still has events to come, and is not used again
    events, digests = engine.block(first, count)
    _last.engine = engine
    return measures_of(events).tolist(), digests


def traces(scenario: Scenario, seed: int) -> Callable[[int], Trace]:
    """Return what makes the whole trace of a replication by its number."""
    return Engine(scenario, seed).trace
