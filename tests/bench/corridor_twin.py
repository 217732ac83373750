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

from tests.bench.sizes import SMALL, Counts, Size

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
    inspected: bool = False


class Corridor:
    """One replication."""

    def __init__(self, seed: int, size: Size) -> None:
        self.size = size
        self.rng = np.random.default_rng(seed)
        self.env = simpy.Environment()
        self.officers = simpy.Resource(self.env, size.officers)
        self.inspectors = simpy.Resource(self.env, size.inspectors)
        self.ice_agents = simpy.Resource(self.env, size.ice_agents)
        self.desks = simpy.Resource(self.env, size.desks)
        self.beds = simpy.Resource(self.env, size.beds)
        self.records: list[StopRecord] = []

    def traffic(self) -> Process:
        while True:
            yield self.env.timeout(self.rng.exponential(60 / self.size.rate_per_hour))
            if self.env.now >= self.size.hours * 60:
                return
            record = StopRecord(self.env.now)
            self.records.append(record)
            if self.officers.count < self.size.officers:
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
                record.outcome, record.inspected = "inspected", True

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
        if self.beds.count < self.size.beds:
            self.env.process(self.hold())
        yield self.env.timeout(drive)

    def hold(self) -> Process:
        with self.beds.request() as bed:
            yield bed
            yield self.env.timeout(36 * 60)


def run(seed: int, size: Size = SMALL) -> list[StopRecord]:
    """Simulate one replication and return a record for each vehicle."""
    corridor = Corridor(seed, size)
    corridor.env.process(corridor.traffic())
    corridor.env.run()
    return corridor.records


def counts(seed: int, size: Size = SMALL) -> Counts:
    """Simulate one replication and count its vehicles."""
    records = run(seed, size)
    return Counts(
        vehicles=len(records),
        passed=sum(record.outcome == "passed" for record in records),
        inspected=sum(record.inspected for record in records),
        detained=sum(record.outcome == "detained" for record in records),
    )
