"""Replications of a programme by the compiled engine."""

from __future__ import annotations

import threading

import numpy as np

from sim.digest import digest_text
from sim.engines.compiled.programme.engine import DONE, ROOM_IS_SHORT, advance, open_world
from sim.engines.compiled.programme.tables import Memory
from sim.engines.compiled.programme.tally import add_rows, add_to_digest
from sim.engines.kept import remember
from sim.programme.counted import IN_WEEK, Counted, Questions, finished
from sim.programme.measures import measures_of
from sim.programme.scenario import ProgrammeScenario
from sim.trace import Rows, Trace


class Engine:
    """One scenario and seed, made ready for any number of replications."""

    def __init__(self, scenario: ProgrammeScenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self.memory = Memory(scenario, seed)
        self.asked = Questions(scenario.programme)
        self.moments = np.asarray(self.asked.moments, dtype=np.int64)
        self.week_places = np.asarray(self.asked.week_places, dtype=np.int64)
        self.tables = self.asked.tables()
        self.fresh = tuple(table.copy() for table in self.tables)
        self.digest = np.zeros(1, dtype=np.uint64)

    def open(self, replication: int) -> None:
        """Begin a replication."""
        open_world(self.memory.record, replication)

    def advance(self) -> bool:
        """Run on until the rows are full or the replication is done; return whether it is done."""
        while True:
            answer = advance(self.memory.record, self.memory.most_rows)
            if answer != ROOM_IS_SHORT:
                return bool(answer == DONE)
            self.memory.make_room()

    def block(self, first: int, count: int) -> tuple[Counted, list[str]]:
        """Return the sums and digests of the replications ``first`` to ``first + count - 1``; no trace is kept."""
        kept = np.empty((count, len(self.moments) + 1, self.asked.width), dtype=np.int64)
        weeks = np.empty((count, len(self.asked.weeks), len(IN_WEEK)), dtype=np.int64)
        to_credential = np.empty(count)
        digests = []
        for number in range(count):
            self.open(first + number)
            for table, fresh in zip(self.tables, self.fresh, strict=True):
                table[:] = fresh
            self.digest[0] = 0
            before, done = 0, False
            while not done:
                done = self.advance()
                rows = self.take_rows()
                add_rows(rows, 0, len(rows), self.moments, self.asked.payments_begin, self.week_places, *self.tables)
                add_to_digest(rows, len(rows), before, self.digest)
                before += len(rows)
            kept[number], weeks[number], to_credential[number] = finished(self.asked, *self.tables)
            digests.append(digest_text(int(self.digest[0])))
        remember("programme")
        return Counted(self.scenario, self.asked, kept, weeks, to_credential), digests

    def take_rows(self) -> Rows:
        """Return the rows left since they were taken last; they stand until the replication runs on."""
        rows: Rows = self.memory.arrays["rows"][: int(self.memory.record["rows"][0])]
        self.memory.record["rows"] = 0
        return rows

    def trace(self, replication: int) -> Trace:
        """Return the whole trace of one replication."""
        self.open(replication)
        parts, done = [], False
        while not done:
            done = self.advance()
            parts.append(self.take_rows().copy())
        return Trace(np.concatenate(parts))


class _Last(threading.local):
    """The engine made last in each thread: blocks of one scenario follow each other."""

    engine: Engine | None = None


_last = _Last()


def measured(scenario: ProgrammeScenario, seed: int, first: int, count: int) -> tuple[list[list[float]], list[str]]:
    """Return measures and digests of the replications ``first`` to ``first + count - 1``."""
    engine = _last.engine
    if engine is None or engine.scenario is not scenario or engine.seed != seed:
        engine = _last.engine = Engine(scenario, seed)
    counted, digests = engine.block(first, count)
    return measures_of(counted, scenario).tolist(), digests
