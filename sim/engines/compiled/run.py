"""Replications by the compiled engine."""

from __future__ import annotations

import numpy as np

from sim.engines.compiled.engine import DAYS_ARE_SHORT, DONE, ROOM_IS_SHORT, advance, open_world
from sim.engines.compiled.tables import Memory, calendar_of
from sim.scenario import Scenario
from sim.trace import COLUMNS, Trace

#: More rows than one step can leave besides those of the staff of a shift and of the people in a jail.
SPARE_ROWS = 64


class Engine:
    """One scenario and seed, made ready for any number of replications."""

    def __init__(self, scenario: Scenario, seed: int, grid: int = 1) -> None:
        self.scenario = scenario
        self.begins = -scenario.jail.warm_up
        self.more_days = 0
        self.memory = Memory(scenario, seed, grid)
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

    def trace(self, replication: int) -> Trace:
        """Return the whole trace of one replication."""
        self.open(replication)
        while not self.advance():
            rows = self.memory.arrays["rows"]
            longer = np.empty((2 * len(rows), len(COLUMNS)), dtype=np.int64)
            longer[: len(rows)] = rows
            self.memory.put(rows=longer)
        return Trace(self.memory.arrays["rows"][: self.memory.record["rows"][0]].copy())
