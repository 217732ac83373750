"""The reference corridor, as a good SimPy user would write it: the yardstick for every engine of stopflow.

Vehicles that give ground for a stop arrive as a Poisson process. Each waits for an officer, in order of arrival, and
drives on if none comes in time. A stop may lead to an inspection (an inspector too, the officer still held), an
inspection to a referral (an ICE agent too), and a referral to detention: the officer is away driving, then the person
takes a bed, or is released if every bed is taken. Numbers are drawn where they are needed. No arrivals after the last
hour; what has begun is carried to its end.

Holds officers, inspectors, ICE agents and beds. Records a row per stop, and when each pool was held. Times in minutes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import simpy

PATIENCE = 2.0
TRAFFIC_TASK_MEAN, TRAFFIC_TASK_SD = 12.0, 5.0  # lognormal
INSPECTION_LOW, INSPECTION_MODE, INSPECTION_HIGH = 20.0, 30.0, 60.0  # triangular
REFERRAL_MEAN = 15.0  # exponential
AWAY_LOW, AWAY_HIGH = 45.0, 90.0  # uniform
BED_MEAN = 36.0 * 60.0  # exponential

INSPECTED = 0.68  # of stops
REFERRED = 0.30  # of inspections
DETAINED = 0.34  # of referrals

OUTCOMES = ("drove_on", "stopped", "inspected", "referred", "detained", "no_bed")
"""How far a vehicle got: `no_bed` was to be detained, but every bed was taken."""

Process = Generator[simpy.Event, Any, None]


@dataclass(slots=True)
class Stop:
    """One vehicle: when it came, when an officer took it (None: never), when it or the officer left, how far it got."""

    arrival: float
    start: float | None = None
    end: float = math.nan
    outcome: str = "drove_on"


@dataclass(slots=True)
class Pool:
    """Interchangeable officers, inspectors, agents or beds, with what was waited for them and when they were held."""

    resource: simpy.Resource
    waits: list[float] = field(default_factory=list)
    held: list[tuple[float, float]] = field(default_factory=list)

    def utilisation(self, minutes: float) -> float:
        """Share of the pool's time in the first `minutes` during which it was held."""
        busy = math.fsum(min(end, minutes) - start for start, end in self.held if start < minutes)
        return busy / (self.resource.capacity * minutes)

    def greatest_occupancy(self, minutes: float) -> int:
        """The most of the pool held at once in the first `minutes`."""
        taken = np.array([start for start, _ in self.held if start < minutes])
        freed = np.sort(np.array([end for _, end in self.held]))
        # Just after the k-th taking, k are taken less those freed by then.
        at_once = np.arange(1, taken.size + 1) - np.searchsorted(freed, np.sort(taken), side="right")
        return int(at_once.max(initial=0))


@dataclass(frozen=True, slots=True)
class CorridorResult:
    """One replication. Waits in minutes, over those who were served; utilisation and occupancy over the hours run."""

    stops: tuple[Stop, ...]
    outcomes: dict[str, int]
    mean_wait: dict[str, float]
    utilisation: dict[str, float]
    mean_occupancy: dict[str, float]
    greatest_occupancy: dict[str, int]

    @property
    def arrivals(self) -> int:
        """Vehicles that gave ground for a stop, driven on or not."""
        return len(self.stops)

    @property
    def served(self) -> int:
        """Vehicles that an officer took."""
        return self.arrivals - self.outcomes["drove_on"]


class Corridor:
    """What the processes share: the clock, the luck, the pools and the record."""

    def __init__(self, seed: int, capacities: dict[str, int], patience: float) -> None:
        self.env = simpy.Environment()
        self.rng = np.random.default_rng(seed)
        self.patience = patience
        self.pools = {name: Pool(simpy.Resource(self.env, capacity)) for name, capacity in capacities.items()}
        self.stops: list[Stop] = []


def traffic(corridor: Corridor, minutes: float, mean_gap: float) -> Process:
    """Let vehicles arrive until `minutes` have passed."""
    env, rng = corridor.env, corridor.rng
    while True:
        yield env.timeout(rng.exponential(mean_gap))
        if env.now >= minutes:
            return
        stop = Stop(arrival=env.now)
        corridor.stops.append(stop)
        env.process(vehicle(corridor, stop))


def vehicle(corridor: Corridor, stop: Stop) -> Process:
    """Wait for an officer, or drive on; be stopped; and be brought to a bed where it comes to that."""
    env, rng = corridor.env, corridor.rng
    officers = corridor.pools["officers"]
    with officers.resource.request() as officer:
        granted = yield officer | env.timeout(corridor.patience)
        if officer not in granted:
            stop.end = env.now
            return
        stop.start = env.now
        officers.waits.append(env.now - stop.arrival)
        stop.outcome = "stopped"
        yield env.timeout(rng.lognormal(*TRAFFIC_TASK))
        if rng.random() < INSPECTED:
            yield from inspection(corridor, stop)
        if stop.outcome == "referred":
            yield from referral(corridor)
            if rng.random() < DETAINED:
                stop.outcome = "detained"
                yield env.timeout(rng.uniform(AWAY_LOW, AWAY_HIGH))
        officers.held.append((stop.start, env.now))
    stop.end = env.now
    if stop.outcome == "detained":
        yield from detention(corridor, stop)


def inspection(corridor: Corridor, stop: Stop) -> Process:
    """Inspect the vehicle while its officer waits, and settle whether it is referred."""
    env, rng = corridor.env, corridor.rng
    inspectors = corridor.pools["inspectors"]
    asked = env.now
    with inspectors.resource.request() as inspector:
        yield inspector
        began = env.now
        inspectors.waits.append(began - asked)
        yield env.timeout(rng.triangular(INSPECTION_LOW, INSPECTION_MODE, INSPECTION_HIGH))
        inspectors.held.append((began, env.now))
    stop.outcome = "referred" if rng.random() < REFERRED else "inspected"


def referral(corridor: Corridor) -> Process:
    """Have an ICE agent look at the case while the officer waits."""
    env, rng = corridor.env, corridor.rng
    agents = corridor.pools["ice_agents"]
    asked = env.now
    with agents.resource.request() as agent:
        yield agent
        began = env.now
        agents.waits.append(began - asked)
        yield env.timeout(rng.exponential(REFERRAL_MEAN))
        agents.held.append((began, env.now))


def detention(corridor: Corridor, stop: Stop) -> Process:
    """Take a bed if one is free; nobody waits for a bed."""
    env, rng = corridor.env, corridor.rng
    beds = corridor.pools["beds"]
    if beds.resource.count == beds.resource.capacity:
        stop.outcome = "no_bed"
        return
    with beds.resource.request() as bed:
        yield bed
        began = env.now
        beds.waits.append(0.0)
        yield env.timeout(rng.exponential(BED_MEAN))
        beds.held.append((began, env.now))


def lognormal_parameters(mean: float, sd: float) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm, from those of the variable itself."""
    variance = math.log1p((sd / mean) ** 2)
    return math.log(mean) - variance / 2, math.sqrt(variance)


TRAFFIC_TASK = lognormal_parameters(TRAFFIC_TASK_MEAN, TRAFFIC_TASK_SD)


def run(
    seed: int,
    hours: float,
    rate_per_hour: float,
    officers: int = 6,
    inspectors: int = 4,
    ice_agents: int = 2,
    beds: int = 40,
    *,
    patience: float = PATIENCE,
) -> CorridorResult:
    """Simulate the corridor once: `hours` of arrivals at `rate_per_hour`, then whatever is still under way."""
    minutes = hours * 60.0
    capacities = {"officers": officers, "inspectors": inspectors, "ice_agents": ice_agents, "beds": beds}
    corridor = Corridor(seed, capacities, patience)
    corridor.env.process(traffic(corridor, minutes, 60.0 / rate_per_hour))
    corridor.env.run()

    outcomes = Counter(stop.outcome for stop in corridor.stops)
    pools = corridor.pools
    utilisation = {name: pool.utilisation(minutes) for name, pool in pools.items()}
    return CorridorResult(
        stops=tuple(corridor.stops),
        outcomes={outcome: outcomes[outcome] for outcome in OUTCOMES},
        mean_wait={name: math.fsum(pool.waits) / max(len(pool.waits), 1) for name, pool in pools.items()},
        utilisation=utilisation,
        mean_occupancy={name: utilisation[name] * capacities[name] for name in pools},
        greatest_occupancy={name: pool.greatest_occupancy(minutes) for name, pool in pools.items()},
    )
