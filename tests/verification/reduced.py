"""Scenarios reduced until only a known queue is left of them, and their traces by either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.chance import draw
from sim.engines import COMPILED
from sim.engines.simpy_engine import simulate
from sim.fields import WEEKDAYS
from sim.loading import from_plain
from sim.scenario import STANDINGS, Scenario
from sim.trace import Kind, Rows, Trace
from tests.worlds import base, lay


@dataclass(frozen=True)
class Size:
    """How much is simulated: every case for each of some seeds, with as many replications."""

    seeds: int
    replications: int
    engine: str = "simpy"
    first_seed: int = 17


def world(rate: str, settings: dict[str, Any], *, days: int = 4, vehicle: str = "car", **staff: int) -> Scenario:
    """Return a scenario around the clock with one flow at a constant rate, in which every stop ends in a warning."""
    plain = base() | {"title": "theory", "question": "Is it true?"}
    around_the_clock = {
        "first": "2025-06-01",
        "last": f"2025-06-{days:02}",
        "weekdays": list(WEEKDAYS),
        "begins": "00:00",
        "length": "24 h",
        "traffic": 1,
        "ice_presence": 0,
    }
    plain["operation"] |= {"shifts": {"all": around_the_clock | {"patrol_units": 0, "inspectors": 0, "ice_agents": 0} | staff}}
    plain["traffic"]["flows"] = {"road": {"vehicle": vehicle, "road": "road", "rate": rate, "by_hour": [1] * 24, "diverted": 0}}
    usual = {
        "stop.outcome.cited": 0,
        "stop.outcome.arrested": 0,
        "status_check.asked": "nobody",
        "inspection.selected": 0,
        "jail.warm_up": "0 d",
        "jail.follow_up": "0 d",
    }
    for path, value in {**usual, **settings}.items():
        lay(plain, path, value)
    return from_plain(plain, "theory")


def only_the_duty_officer(servers: int, rate: str, reply: Any, days: int) -> Scenario:
    """Return a world in which every driver is referred the moment the stop begins, and only one office answers."""
    settings = {
        "people.car.number": [1],
        **{f"people.doubt.{name}": 0 for name in STANDINGS},
        "stop.traffic_task": "0 min",
        "status_check.asked": "drivers",
        "status_check.asking": "0 min",
        "status_check.channels": ["duty_officer"],
        "status_check.duty_officer": {"servers": servers, "reply": reply, "no_answer": 0, "gives_up_after": "300 d"},
        "status_check.go_ahead": 0,
    }
    return world(rate, settings, days=days, patrol_units=200)


def only_the_jail(rate: str, *, days: int, warm_up: str, **jail: Any) -> Scenario:
    """Return a world without traffic, in which others bring people to the jail, of whom ICE wants nobody."""
    settings = {
        **{f"jail.screening.match.{name}": 0 for name in STANDINGS},
        "jail.local.rate": rate,
        "jail.warm_up": warm_up,
        **{f"jail.{name.replace('__', '.')}": value for name, value in jail.items()},
    }
    return world("0 per h", settings, days=days)


def traces(scenario: Scenario, seed: int, size: Size) -> Iterator[Trace]:
    """Yield the traces of one seed's replications."""
    if size.engine == COMPILED:
        from sim.engines.compiled.run import traces as compiled

        yield from map(compiled(scenario, seed), range(size.replications))
        return
    for replication in range(size.replications):
        yield simulate(scenario, draw(scenario, seed, replication))


def found_in(scenario: Scenario, size: Size, look: Callable[[Trace], Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return what is found in each trace, shape (numbers found, seeds, replications)."""
    found = [[look(trace) for trace in traces(scenario, size.first_seed + seed, size)] for seed in range(size.seeds)]
    return np.moveaxis(np.asarray(found, dtype=float), -1, 0)


def after(trace: Trace, moment: int, *kinds: Kind) -> int:
    """Return how often something happened from a moment on."""
    return int((trace.of_kind(*kinds)[:, 0] >= moment).sum())


def waits(trace: Trace, came: Kind, served: Kind, moment: int) -> Rows:
    """Return the milliseconds that each who came from a moment on waited to be served."""
    one, other = (rows[np.argsort(rows[:, 3], kind="stable")] for rows in (trace.of_kind(came), trace.of_kind(served)))
    assert np.array_equal(one[:, 2:4], other[:, 2:4])
    waited: Rows = (other[:, 0] - one[:, 0])[one[:, 0] >= moment]
    return waited
