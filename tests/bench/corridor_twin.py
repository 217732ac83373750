"""The corridor of ``corridor.yaml`` as a plain SimPy model, written as a good SimPy user would write it.

The same work as stopflow's pathway does on that file: vehicles pass when every officer is busy; a stop with an inspection after
the traffic task and a status check beside both; custody with a desk and a bed. One record is kept for each stop.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

HOURS, RATE_PER_HOUR = 72.0, 13.0
OFFICERS, INSPECTORS, ICE_AGENTS, DESKS, BEDS = 6, 4, 2, 40, 40
#: A lognormal with mean 12 and standard deviation 5 minutes.
TASK_SIGMA = float(np.sqrt(np.log1p((5 / 12) ** 2)))
TASK_MEDIAN = 12 * float(np.exp(-(TASK_SIGMA**2) / 2))

Process = Generator[simpy.Event, Any, None]


@dataclass
class StopRecord:
    """What is kept of one vehicle, times in minutes."""

    arrived: float
    ended: float = 0.0
    outcome: str = "passed"


class Corridor:
    """One replication."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.env = simpy.Environment()
        self.officers = simpy.Resource(self.env, OFFICERS)
        self.inspectors = simpy.Resource(self.env, INSPECTORS)
        self.ice_agents = simpy.Resource(self.env, ICE_AGENTS)
        self.desks = simpy.Resource(self.env, DESKS)
        self.beds = simpy.Resource(self.env, BEDS)
        self.records: list[StopRecord] = []

    def traffic(self) -> Process:
        while True:
            yield self.env.timeout(self.rng.exponential(60 / RATE_PER_HOUR))
            if self.env.now >= HOURS * 60:
                return
            record = StopRecord(self.env.now)
            self.records.append(record)
            if self.officers.count < OFFICERS:
                self.env.process(self.stop(record))

    def stop(self, record: StopRecord) -> Process:
        with self.officers.request() as officer:
            yield officer
            check = self.env.process(self.status_check(record))
            yield self.env.timeout(self.rng.lognormal(np.log(TASK_MEDIAN), TASK_SIGMA))
            record.outcome = "stopped"
            if self.rng.random() < 0.68:
                yield from self.inspection(record)
            yield check
            record.ended = self.env.now
            if check.value:
                yield from self.custody(record)

    def inspection(self, record: StopRecord) -> Process:
        with self.inspectors.request() as inspector:
            waited = yield inspector | self.env.timeout(60)
            if inspector in waited:
                yield self.env.timeout(self.rng.triangular(20, 30, 60))
                record.outcome = "inspected"

    def status_check(self, record: StopRecord) -> Generator[simpy.Event, Any, bool]:
        yield self.env.timeout(5)
        if self.rng.random() >= 0.204:
            return False
        with self.ice_agents.request() as agent:
            yield agent
            yield self.env.timeout(self.rng.exponential(15))
        return bool(self.rng.random() < 0.34)

    def custody(self, record: StopRecord) -> Process:
        record.outcome = "detained"
        drive = self.rng.uniform(10, 20)
        yield self.env.timeout(drive)
        with self.desks.request() as desk:
            yield desk
            yield self.env.timeout(self.rng.uniform(25, 50))
        if self.beds.count < BEDS:
            self.env.process(self.hold())
        yield self.env.timeout(drive)

    def hold(self) -> Process:
        with self.beds.request() as bed:
            yield bed
            yield self.env.timeout(36 * 60)


def run(seed: int) -> list[StopRecord]:
    """Simulate one replication and return a record for each vehicle."""
    corridor = Corridor(seed)
    corridor.env.process(corridor.traffic())
    corridor.env.run()
    return corridor.records


def vehicles(seed: int) -> int:
    """Simulate one replication and return how many vehicles came by."""
    return len(run(seed))
