"""The corridor of ``corridor.yaml`` as a plain SimPy model, written as a good SimPy user would write it.

The same work as stopflow's pathway does on that file: vehicles pass when every officer is busy; a stop with an inspection after
the traffic task and a status check beside both; custody with a desk and a bed. One record is kept for each stop, and each
replication is measured as the reference corridor is: counts, mean waits, utilisation, mean and greatest occupancy.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

from tests.bench.corridor_simpy import Pool
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


@dataclass
class Replication:
    """What one replication comes to; waits in minutes, utilisation and occupancy over the hours of arrivals."""

    records: list[StopRecord]
    mean_wait: dict[str, float]
    utilisation: dict[str, float]
    mean_occupancy: dict[str, float]
    greatest_occupancy: dict[str, int]


class Corridor:
    """One replication under way."""

    def __init__(self, seed: int, size: Size) -> None:
        self.size = size
        self.rng = np.random.default_rng(seed)
        self.env = simpy.Environment()
        self.officers = Pool(simpy.Resource(self.env, size.officers))
        self.inspectors = Pool(simpy.Resource(self.env, size.inspectors))
        self.ice_agents = Pool(simpy.Resource(self.env, size.ice_agents))
        self.desks = Pool(simpy.Resource(self.env, size.desks))
        self.beds = Pool(simpy.Resource(self.env, size.beds))
        self.records: list[StopRecord] = []

    def traffic(self) -> Process:
        while True:
            yield self.env.timeout(self.rng.exponential(60 / self.size.rate_per_hour))
            if self.env.now >= self.size.hours * 60:
                return
            record = StopRecord(self.env.now)
            self.records.append(record)
            if self.officers.resource.count < self.size.officers:
                self.env.process(self.stop(record))

    def stop(self, record: StopRecord) -> Process:
        began = self.env.now
        with self.officers.resource.request() as officer:
            yield officer
            self.officers.waits.append(self.env.now - began)
            check = self.env.process(self.status_check(record))
            yield self.env.timeout(self.rng.lognormal(np.log(TASK_MEDIAN), TASK_SIGMA))
            record.outcome = "stopped"
            if self.rng.random() < 0.68:
                yield from self.inspection(record)
            yield check
            record.ended = self.env.now
            if check.value:
                yield from self.custody(record)
            self.officers.held.append((began, self.env.now))

    def inspection(self, record: StopRecord) -> Process:
        asked = self.env.now
        with self.inspectors.resource.request() as inspector:
            waited = yield inspector | self.env.timeout(60)
            if inspector in waited:
                began = self.env.now
                self.inspectors.waits.append(began - asked)
                yield self.env.timeout(self.rng.triangular(20, 30, 60))
                self.inspectors.held.append((began, self.env.now))
                record.outcome, record.inspected = "inspected", True

    def status_check(self, record: StopRecord) -> Generator[simpy.Event, Any, bool]:
        yield self.env.timeout(5)
        if self.rng.random() >= 0.204:
            return False
        asked = self.env.now
        with self.ice_agents.resource.request() as agent:
            yield agent
            began = self.env.now
            self.ice_agents.waits.append(began - asked)
            yield self.env.timeout(self.rng.exponential(15))
            self.ice_agents.held.append((began, self.env.now))
        return bool(self.rng.random() < 0.34)

    def custody(self, record: StopRecord) -> Process:
        record.outcome = "detained"
        drive = self.rng.uniform(10, 20)
        yield self.env.timeout(drive)
        came = self.env.now
        with self.desks.resource.request() as desk:
            yield desk
            began = self.env.now
            self.desks.waits.append(began - came)
            yield self.env.timeout(self.rng.uniform(25, 50))
            self.desks.held.append((began, self.env.now))
        if self.beds.resource.count < self.size.beds:
            self.env.process(self.hold())
        yield self.env.timeout(drive)

    def hold(self) -> Process:
        with self.beds.resource.request() as bed:
            yield bed
            began = self.env.now
            self.beds.waits.append(0.0)
            yield self.env.timeout(36 * 60)
            self.beds.held.append((began, self.env.now))


def run(seed: int, size: Size = SMALL) -> Replication:
    """Simulate one replication and measure it."""
    corridor = Corridor(seed, size)
    corridor.env.process(corridor.traffic())
    corridor.env.run()
    pools = {name: getattr(corridor, name) for name in ("officers", "inspectors", "ice_agents", "desks", "beds")}
    minutes = size.hours * 60
    utilisation = {name: pool.utilisation(minutes) for name, pool in pools.items()}
    return Replication(
        records=corridor.records,
        mean_wait={name: math.fsum(pool.waits) / max(len(pool.waits), 1) for name, pool in pools.items()},
        utilisation=utilisation,
        mean_occupancy={name: utilisation[name] * pool.resource.capacity for name, pool in pools.items()},
        greatest_occupancy={name: pool.greatest_occupancy(minutes) for name, pool in pools.items()},
    )


def counts(seed: int, size: Size = SMALL) -> Counts:
    """Simulate one replication and count its vehicles."""
    records = run(seed, size).records
    return Counts(
        vehicles=len(records),
        passed=sum(record.outcome == "passed" for record in records),
        inspected=sum(record.inspected for record in records),
        detained=sum(record.outcome == "detained" for record in records),
    )
