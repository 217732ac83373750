"""The corridor of ``corridor.yaml`` in salabim: the same work as ``corridor_twin.py``, in salabim's own words.

Components are processes, pools are resources, and an inspector who does not come is a request that fails. Monitors stay as
salabim sets them, on; it keeps them for every pool.
"""

from __future__ import annotations

import math
import random
from collections.abc import Generator
from typing import Any

import salabim

from tests.bench.sizes import Counts, Size

salabim.yieldless(False)  # processes are generators, as in SimPy, and need no other package

TASK_SIGMA = math.sqrt(math.log1p((5 / 12) ** 2))
TASK_MU = math.log(12) - TASK_SIGMA**2 / 2

Process = Generator[Any, None, None]


class Corridor(salabim.Environment):
    """One replication: the pools, the distributions, and what is counted. Times in minutes."""

    def setup(self, size: Size) -> None:
        self.size = size
        self.officers = self.pool("officers", size.officers)
        self.inspectors = self.pool("inspectors", size.inspectors)
        self.ice_agents = self.pool("ice agents", size.ice_agents)
        self.desks = self.pool("desks", size.desks)
        self.beds = self.pool("beds", size.beds)
        self.gap = salabim.Exponential(60 / size.rate_per_hour, env=self)
        self.task = salabim.External(random.lognormvariate, TASK_MU, TASK_SIGMA, env=self)  # salabim seeds that module
        self.inspection = salabim.Triangular(20, 60, 30, env=self)
        self.reply = salabim.Exponential(15, env=self)
        self.drive = salabim.Uniform(10, 20, env=self)
        self.booking = salabim.Uniform(25, 50, env=self)
        self.share = salabim.Uniform(0, 1, env=self)
        self.vehicles = self.passed = self.inspected = self.detained = 0

    def pool(self, name: str, capacity: int) -> Any:
        """Make a pool of people or places."""
        return salabim.Resource(name, capacity=capacity, env=self)


class Traffic(salabim.Component):
    """Vehicles come by and pass when every officer is busy."""

    def process(self) -> Process:
        env = self.env
        while True:
            yield self.hold(env.gap.sample())
            if env.now() >= env.size.hours * 60:
                return
            env.vehicles += 1
            if env.officers.claimed_quantity() < env.size.officers:
                Stop(env=env)
            else:
                env.passed += 1


class Stop(salabim.Component):
    """One stop: the traffic task, perhaps an inspection, the answer of the status check beside both, perhaps custody."""

    def process(self) -> Process:
        env = self.env
        yield self.request(env.officers)
        check = StatusCheck(env=env, stop=self)
        yield self.hold(env.task.sample())
        if env.share.sample() < 0.68:
            yield self.request(env.inspectors, fail_delay=60)
            if not self.failed():
                yield self.hold(env.inspection.sample())
                env.inspected += 1
                self.release(env.inspectors)
        if not check.done:
            yield self.passivate()
        if check.is_match:
            yield from self.custody()
        self.release(env.officers)

    def custody(self) -> Process:
        """Drive the person to the jail, see the booking through, and drive back."""
        env = self.env
        env.detained += 1
        drive = env.drive.sample()
        yield self.hold(drive)
        yield self.request(env.desks)
        yield self.hold(env.booking.sample())
        self.release(env.desks)
        if env.beds.claimed_quantity() < env.size.beds:
            Hold(env=env)
        yield self.hold(drive)


class StatusCheck(salabim.Component):
    """The officer asks, and puts some cases to an ICE agent; a stop that has come to its end waits for the answer."""

    def setup(self, stop: Stop) -> None:
        self.stop = stop
        self.done = self.is_match = False

    def process(self) -> Process:
        env = self.env
        yield self.hold(5)
        if env.share.sample() < 0.204:
            yield self.request(env.ice_agents)
            yield self.hold(env.reply.sample())
            self.release(env.ice_agents)
            self.is_match = env.share.sample() < 0.34
        self.done = True
        if self.stop.ispassive():
            self.stop.activate()


class Hold(salabim.Component):
    """A person is held for 36 hours."""

    def process(self) -> Process:
        yield self.request(self.env.beds)
        yield self.hold(36 * 60)


def counts(seed: int, size: Size) -> Counts:
    """Simulate one replication and count its vehicles."""
    env = Corridor(random_seed=seed, trace=False, size=size)
    Traffic(env=env)
    env.run()
    return Counts(env.vehicles, env.passed, env.inspected, env.detained)
