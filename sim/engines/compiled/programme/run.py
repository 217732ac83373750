"""Replications of a programme by the compiled engine."""

from __future__ import annotations

import numpy as np

from sim.engines.compiled.programme.pathway import DONE, ROOM_IS_SHORT, advance, open_world
from sim.engines.compiled.programme.tables import Memory
from sim.programme.scenario import ProgrammeScenario
from sim.trace import Trace


class Engine:
    """One scenario and seed, made ready for any number of replications."""

    def __init__(self, scenario: ProgrammeScenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self.memory = Memory(scenario, seed)

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

    def take_rows(self) -> np.ndarray:
        """Return the rows left since they were taken last; they stand until the replication runs on."""
        rows = self.memory.arrays["rows"][: int(self.memory.record["rows"][0])]
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
