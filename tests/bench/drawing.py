"""What the compiled engine draws in one replication of the corridor, and the same number of variates drawn with numpy alone.

How it was counted: by reading ``sim/engines/compiled``. Every variate is asked for by ``gap``, ``uniform`` or ``found``
in ``draws.py``. On corridor.yaml most columns need none, since their law is fixed, their share is 0 or 1, or one alternative
has all the weight. What is left stands in `COLUMNS`, each with the kind of record that is left exactly once for each variate. A
number that is looked up twice (the drive, the licence) counts once. Besides those there is a gap before each vehicle and one
after the last, and one number a day for ICE's presence. ``test_drawing.py`` holds that against the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sim.engines.compiled.columns import Column
from sim.engines.compiled.run import Engine
from sim.trace import Kind

Draw = Callable[[np.random.Generator, int], object]


def _uniform(rng: np.random.Generator, size: int) -> object:
    return rng.random(size)


#: A column that is drawn, the kind of record that tells how often, and how numpy draws the like.
COLUMNS: dict[Column, tuple[Kind, Draw]] = {
    Column.TRAFFIC_TASK: (Kind.STOP_BEGAN, lambda rng, size: rng.lognormal(2.4, 0.4, size)),
    Column.SELECTED: (Kind.WARNED, _uniform),
    Column.INSPECTION: (Kind.INSPECTION_BEGAN, lambda rng, size: rng.triangular(20, 30, 60, size)),
    Column.LICENCE: (Kind.ASKED, _uniform),
    Column.DOUBT: (Kind.ASKED, _uniform),
    Column.REPLY_ICE_ON_SCENE: (Kind.QUESTION_PUT, lambda rng, size: rng.exponential(15, size)),
    Column.MATCH: (Kind.ANSWERED, _uniform),
    Column.TO_JAIL: (Kind.CUSTODY_BEGAN, lambda rng, size: rng.uniform(10, 20, size)),
    Column.BOOKING: (Kind.BOOKING_BEGAN, lambda rng, size: rng.uniform(25, 50, size)),
}
#: Vehicles whose variates are drawn in one go: few enough for the nearest memory, enough for numpy to be at its best.
PIECE = 1000


def variates(count: Callable[[Kind], float], days: int) -> float:
    """Return how many variates a replication needs, from how many records of each kind it leaves."""
    gaps = count(Kind.SEEN) + 1
    return gaps + days + sum(count(kind) for kind, _ in COLUMNS.values())


class Drawn(NamedTuple):
    """What was drawn for one replication."""

    vehicles: int
    variates: int


class Floor:
    """Numpy's draws for one scenario of the corridor: as many as the engine's own replications need on average."""

    def __init__(self, scenario: Any, replications: int) -> None:
        engine = Engine(scenario, seed=1)
        events, _ = engine.block(0, replications)
        self.days = int(engine.memory.record["many_days"][0])
        self.vehicles = float(events.count(Kind.SEEN).mean())
        self.shares = [(float(events.count(kind).mean()) / self.vehicles, draw) for kind, draw in COLUMNS.values()]

    def draw(self, seed: int) -> Drawn:
        """Draw what one replication needs, and do nothing with it."""
        rng = np.random.default_rng(seed)
        vehicles = int(rng.poisson(self.vehicles))
        done, drawn = 0, self.days + 1
        rng.random(self.days)
        rng.exponential()  # the gap after the last vehicle
        while done < vehicles:
            piece = min(PIECE, vehicles - done)
            rng.exponential(size=piece)
            drawn += piece
            for share, draw in self.shares:
                # Whole numbers that add up to the share of all vehicles, however many pieces there are.
                size = round(share * (done + piece)) - round(share * done)
                draw(rng, size)
                drawn += size
            done += piece
        return Drawn(vehicles, drawn)
