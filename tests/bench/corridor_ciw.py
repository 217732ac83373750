"""The corridor of ``corridor.yaml`` in Ciw: the same work as ``corridor_twin.py``, as a network of nodes.

A customer of Ciw is served at one node at a time, so three things are said in its own way, by what its manual offers:

- The officer who stays held: the officers are no servers. A vehicle baulks at the first node when as many vehicles as there
  are officers stand at the nodes of a stop, custody and the drive back included.
- The status check beside the traffic task: a custom node sends a second customer through the nodes of the check, and the stop
  waits for it at a node of its own.
- The hold in a bed: the person goes on alone when the officer is back, and is held for 36 hours less that drive. So whether a bed
  is free is looked up at most 20 minutes later than in the twin; all else is the same in law.

Ciw is installed in an environment of its own (``make bench`` makes it).
"""

from __future__ import annotations

import math
from functools import partial
from random import random
from typing import Any

import ciw

from tests.bench.sizes import Counts, Size

TASK_SIGMA = math.sqrt(math.log1p((5 / 12) ** 2))
TASK_MU = math.log(12) - TASK_SIGMA**2 / 2

#: The nodes by number, as Ciw counts them.
TASK, ASKING, ICE_AGENTS, INSPECTION, ANSWER, TO_JAIL, DESKS, BACK, BEDS = range(1, 10)
EXIT = -1
#: Where a vehicle keeps its officer.
STOP = (TASK, INSPECTION, ANSWER, TO_JAIL, DESKS, BACK)


# --- Who comes, and how long things last (minutes) --------------------------------------------------------------------


class Customer(ciw.Individual):
    """A vehicle, or the status check of one."""

    stop: Customer | None = None
    answered = False
    is_match = False
    drive = 0.0


class Traffic(ciw.dists.Exponential):
    """Gaps between vehicles until the end of the operation."""

    def __init__(self, rate: float, end: float) -> None:
        super().__init__(rate)
        self.end = end

    def sample(self, t: float = 0.0, ind: Customer | None = None) -> float:
        gap: float = super().sample(t, ind)
        return gap if t + gap < self.end else math.inf


class UntilAnswered(ciw.dists.Distribution):
    """No time at all if the answer is there, else until the check says so."""

    def sample(self, t: float, ind: Customer) -> float:
        return 0.0 if ind.answered else math.inf


class Drive(ciw.dists.Uniform):
    """The drive to the jail, remembered for the way back."""

    def sample(self, t: float, ind: Customer) -> float:
        ind.drive = super().sample(t, ind)
        return ind.drive


class SameDrive(ciw.dists.Distribution):
    """The way back."""

    def sample(self, t: float, ind: Customer) -> float:
        return ind.drive


class RestOfHold(ciw.dists.Distribution):
    """The hold from the officer's return on."""

    def sample(self, t: float, ind: Customer) -> float:
        return 36 * 60 - ind.drive


# --- Where they go ----------------------------------------------------------------------------------------------------


class AfterAnswer(ciw.routing.NodeRouting):
    """To jail if ICE reports a match."""

    def next_node(self, ind: Customer) -> Any:
        return self.simulation.nodes[TO_JAIL if ind.is_match else EXIT]


class AfterInspection(ciw.routing.NodeRouting):
    """On to the answer, inspected or not."""

    def next_node(self, ind: Customer) -> Any:
        return self.simulation.nodes[ANSWER]

    next_node_for_jockeying = next_node  # a vehicle for which no inspector came


class AfterBooking(ciw.routing.NodeRouting):
    """Into a bed if one is free: nobody waits for one."""

    def next_node(self, ind: Customer) -> Any:
        beds = self.simulation.nodes[BEDS]
        return beds if beds.number_of_individuals < beds.c else self.simulation.nodes[EXIT]


class TrafficTask(ciw.Node):
    """A stop begins, and its status check with it."""

    def accept(self, next_individual: Customer, completed: bool = False) -> None:
        check = Customer(-next_individual.id_number, simulation=self.simulation)
        check.stop = next_individual
        self.simulation.nodes[ASKING].accept(check)
        super().accept(next_individual, completed)


class Check(ciw.Node):
    """Asking, or putting the case to an ICE agent; when that is over, the stop has its answer."""

    def release(self, next_individual: Customer, next_node: Any, reroute: bool = False) -> None:
        super().release(next_individual, next_node, reroute)
        if next_node.id_number != EXIT:
            return
        stop = next_individual.stop
        assert stop is not None
        stop.answered = True
        stop.is_match = self.id_number == ICE_AGENTS and random() < 0.34
        if stop.node == ANSWER:
            stop.service_end_date = self.now


def passes(officers: int, _: int, Q: Any, **other: Any) -> float:  # noqa: N803 - Ciw hands the simulation over by that name
    """Return 1 if every officer is busy."""
    return float(sum(Q.nodes[node].number_of_individuals for node in STOP) >= officers)


def network(size: Size) -> Any:
    """Return the nodes of the corridor, in the order of their numbers."""
    others = 8
    # As many servers as customers where nobody waits; else the pools.
    servers = dict.fromkeys(range(TASK, BEDS + 1), math.inf) | {
        ICE_AGENTS: size.ice_agents,
        INSPECTION: size.inspectors,
        DESKS: size.desks,
        BEDS: size.beds,
    }
    return ciw.create_network(
        arrival_distributions=[Traffic(size.rate_per_hour / 60, size.hours * 60), *[None] * others],
        baulking_functions=[partial(passes, size.officers), *[None] * others],
        service_distributions=[
            ciw.dists.Lognormal(TASK_MU, TASK_SIGMA),
            ciw.dists.Deterministic(5),
            ciw.dists.Exponential(1 / 15),
            ciw.dists.Triangular(20, 30, 60),
            UntilAnswered(),
            Drive(10, 20),
            ciw.dists.Uniform(25, 50),
            SameDrive(),
            RestOfHold(),
        ],
        number_of_servers=list(servers.values()),
        reneging_time_distributions=[None, None, None, ciw.dists.Deterministic(60), *[None] * 5],
        routing=ciw.routing.NetworkRouting(
            [
                ciw.routing.Probabilistic([INSPECTION, ANSWER], [0.68, 0.32]),
                ciw.routing.Probabilistic([ICE_AGENTS], [0.204]),
                ciw.routing.Leave(),
                AfterInspection(),
                AfterAnswer(),
                ciw.routing.Direct(DESKS),
                ciw.routing.Direct(BACK),
                AfterBooking(),
                ciw.routing.Leave(),
            ]
        ),
    )


def counts(seed: int, size: Size) -> Counts:
    """Simulate one replication and count its vehicles by Ciw's own records."""
    ciw.seed(seed)
    nodes = [TrafficTask, Check, Check, *[ciw.Node] * 6]
    simulation = ciw.Simulation(network(size), node_class=nodes, individual_class=Customer)
    simulation.simulate_until_max_time(math.inf)
    records = simulation.get_all_records()
    served = [record.node for record in records if record.record_type == "service"]
    return Counts(
        vehicles=simulation.nodes[0].number_of_individuals,
        passed=sum(record.record_type == "baulk" for record in records),
        inspected=served.count(INSPECTION),
        detained=served.count(TO_JAIL),
    )
