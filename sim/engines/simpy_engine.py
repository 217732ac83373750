"""The reference engine: SimPy runs the processes of :mod:`sim.pathway`."""

from __future__ import annotations

from sim.chance import Draws
from sim.pathway.custody import Staging
from sim.pathway.jail import Jail, local_arrests, overflow
from sim.pathway.traffic import shifts, traffic
from sim.pathway.world import World
from sim.scenario import Scenario
from sim.trace import Trace


def simulate(scenario: Scenario, draws: Draws) -> Trace:
    """Let one replication run until the last person has arrived where the pathway ends.

    Parameters
    ----------
    scenario
        What is simulated.
    draws
        Every random number of the replication, from :func:`sim.chance.draw`.

    Returns
    -------
    Trace
        What happened, in order.
    """
    world = World(scenario, draws)
    world.staging = Staging(world)
    world.jail = Jail(world)
    check = scenario.status_check
    world.answerers["duty_officer"].begin_duty(range(check.duty_officer.servers))
    world.answerers["support_centre"].begin_duty(range(check.support_centre.servers))
    world.start(shifts(world))
    world.start(traffic(world))
    world.start(local_arrests(world))
    world.start(overflow(world))
    world.run_to_the_end()
    return world.end()
