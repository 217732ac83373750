"""Two engines, one trace: the compiled engine leaves what the SimPy processes leave, event for event."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from sim.chance import draw
from sim.engines.compiled.run import Engine
from sim.engines.simpy_engine import simulate
from sim.loading import shipped
from sim.reported import load
from sim.scenario import Scenario
from sim.trace import COLUMNS, Kind
from tests.any_world import GRID, Run, runs

OPERATIONS = [path for path in shipped() if isinstance(load(str(path)), Scenario)]


def assert_same(reference, compiled):
    """Compare two traces, and show the first events that differ."""
    ours, theirs = compiled.rows, reference.rows
    both = min(len(ours), len(theirs))
    apart = np.flatnonzero((ours[:both] != theirs[:both]).any(axis=1))
    first = int(apart[0]) if len(apart) else both
    shown = [
        f"{name}: " + "; ".join(f"{Kind(row[1]).name} {dict(zip(COLUMNS, row, strict=True))}" for row in rows[first : first + 2].tolist())
        for name, rows in (("simpy", theirs), ("compiled", ours))
    ]
    assert len(ours) == len(theirs) and not len(apart), f"event {first}\n" + "\n".join(shown)


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_every_shipped_operation_has_the_same_trace_in_both_engines(path):
    scenario = load(str(path))
    engine = Engine(scenario, seed=7)
    for replication in (0, 3, 1):
        assert_same(simulate(scenario, draw(scenario, 7, replication)), engine.trace(replication))


@given(run=runs())
def test_any_world_has_the_same_trace_in_both_engines(run: Run):
    assert_same(run.trace, Engine(run.scenario, run.seed, GRID if run.together else 1).trace(0))


@pytest.mark.slow
@settings(max_examples=3000)
@given(run=runs())
def test_thousands_of_worlds_have_the_same_trace_in_both_engines(run: Run):
    assert_same(run.trace, Engine(run.scenario, run.seed, GRID if run.together else 1).trace(0))
