"""Who is measured: plain SimPy models, and stopflow's engines on scenario files.

A contender simulates one replication from a seed and says how many vehicles it handled, those that drove on included.
A scenario of stopflow is compared with the plain SimPy model of the same work; where there is none, with the reference
corridor, and the table says that the work differs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.bench import corridor_simpy, corridor_twin

ROOT = Path(__file__).resolve().parents[2]
CORRIDOR = Path(__file__).with_name("corridor.yaml")
SHIPPED = ROOT / "scenarios" / "operations" / "wyoming_safe_haul_2025.yaml"

SMALL_HOURS, SMALL_RATE_PER_HOUR = 72.0, 13.0

Replicate = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Contender:
    """One line of the table; `baseline` is the model whose speed it is divided by."""

    engine: str
    model: str
    replicate: Replicate
    baseline: Replicate
    same_work: bool = True


class NotYetError(Exception):
    """A contender that cannot be measured here, and why, in one line."""


# --- Plain SimPy ------------------------------------------------------------------------------------------------------


def reference_corridor(seed: int) -> int:
    """Simulate the reference corridor at the small size."""
    return corridor_simpy.run(seed, SMALL_HOURS, SMALL_RATE_PER_HOUR).arrivals


# The plain SimPy model that does the same work as corridor.yaml.
same_work_as_corridor: Replicate = corridor_twin.vehicles


# --- stopflow ---------------------------------------------------------------------------------------------------------


def stopflow(scenario: Path) -> Replicate:
    """Return stopflow's SimPy engine on one scenario: draw, then flow. Reading the file is not timed."""
    if not scenario.is_file():
        raise NotYetError(f"stopflow on {scenario.name}: not measured, there is no such file.")
    try:
        load = importlib.import_module("sim.loading").load
        draw = importlib.import_module("sim.chance").draw
        simulate = importlib.import_module("sim.engines.simpy_engine").simulate
        kind = importlib.import_module("sim.trace").Kind
    except ImportError as error:
        raise NotYetError(f"stopflow on {scenario.name}: not measured, {error}.") from error
    loaded = load(scenario)

    def replicate(seed: int) -> int:
        trace = simulate(loaded, draw(loaded, seed, 0))
        return int(trace.count(kind.STOP_BEGAN, kind.PASSED))

    return replicate


#: Replications to a call of the compiled engine: numbers never used before, with measures and digests, as `run` makes them.
BLOCK = 20


def compiled(scenario: Path) -> Replicate:
    """Return stopflow's compiled engine on one scenario: draw, flow, measure and digest. Reading the file is not timed."""
    if not scenario.is_file():
        raise NotYetError(f"stopflow on {scenario.name}: not measured, there is no such file.")
    try:
        engine_of = importlib.import_module("sim.engines.compiled.run").Engine
    except ImportError as error:
        raise NotYetError(f"stopflow's compiled engine: not measured, {error}.") from error
    load = importlib.import_module("sim.loading").load
    measures_of = importlib.import_module("sim.measures.operation").measures_of
    kind = importlib.import_module("sim.trace").Kind
    engine = engine_of(load(scenario), seed=1)

    def replicate(seed: int) -> int:
        events, _ = engine.block(seed * BLOCK, BLOCK)
        measures_of(events)
        return int(events.count(kind.STOP_BEGAN, kind.PASSED).sum())

    return replicate


def only_drawing(seed: int) -> int:
    """Draw with numpy what one replication of corridor.yaml needs, and do nothing with it: the floor under any engine."""
    rng = np.random.default_rng(seed)
    vehicles = rng.poisson(SMALL_HOURS * SMALL_RATE_PER_HOUR)
    rng.exponential(size=vehicles)
    stops = int(0.55 * vehicles)  # the rest finds every unit busy
    rng.lognormal(size=stops)
    for _ in ("selected", "licence", "doubt"):
        rng.random(stops)
    rng.triangular(20, 30, 60, int(0.68 * stops))
    referred = int(0.204 * stops)
    rng.exponential(size=referred)
    rng.random(referred)  # a match or not
    rng.uniform(size=3 * int(0.34 * referred))  # drives and booking
    return int(vehicles)


def contenders(shipped: Path = SHIPPED) -> tuple[list[Contender], list[str]]:
    """Return everybody who can be measured here, and one line about each who cannot."""
    found = [Contender("SimPy, idiomatic", "reference corridor, small", reference_corridor, reference_corridor)]
    missing = []
    for scenario, baseline, same_work in (
        (CORRIDOR, same_work_as_corridor, True),
        (shipped, reference_corridor, False),
    ):
        try:
            replicate = stopflow(scenario)
        except NotYetError as reason:
            missing.append(str(reason))
            continue
        if baseline is not reference_corridor:
            found.append(Contender("SimPy, idiomatic", f"same work as {scenario.stem}", baseline, baseline))
        found.append(Contender("stopflow, SimPy engine", scenario.stem, replicate, baseline, same_work))
        try:
            found.append(Contender("stopflow, compiled engine", scenario.stem, compiled(scenario), baseline, same_work))
        except NotYetError as reason:
            missing.append(str(reason))
    found.append(Contender("numpy, drawing alone", "corridor", only_drawing, same_work_as_corridor))
    return found, missing
