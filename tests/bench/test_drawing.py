"""The floor draws what the engine draws: the columns that it asks for, and as many variates."""

from __future__ import annotations

import statistics

import pytest

from sim.engines.compiled.columns import Column
from sim.engines.compiled.run import Engine
from sim.loading import load
from sim.trace import Kind
from tests.bench.contenders import CORRIDOR
from tests.bench.drawing import COLUMNS, Floor, variates


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load(CORRIDOR), seed=1)


def test_other_numbers_in_a_column_change_the_trace_exactly_where_the_floor_draws_it(engine: Engine) -> None:
    """A column left out of the count, or one that the engine never asks for, would show here."""
    keys = engine.memory.arrays["keys"]
    before = engine.trace(0).digest
    changing = set()
    for column in Column:
        keys[:, column, 0] ^= 1
        if engine.trace(0).digest != before:
            changing.add(column)
        keys[:, column, 0] ^= 1
    assert engine.trace(0).digest == before
    assert changing == set(COLUMNS)


def test_the_floor_draws_as_many_variates_as_the_records_of_the_engine_tell(engine: Engine) -> None:
    """Variates for each vehicle, means over different replications, within four standard errors.

    It fails when a column is forgotten in the drawing: the smallest ones, one variate a detention, are a hundredth of all, and
    four standard errors of 500 replications half of that.
    """
    floor = Floor(engine.scenario, 500)
    drawn = [floor.draw(seed) for seed in range(200)]
    needed = []
    for replication in range(1_000, 1_500):
        trace = engine.trace(replication)
        needed.append(variates(trace.count, floor.days) / trace.count(Kind.SEEN))
    own = [one.variates / one.vehicles for one in drawn]
    error = (statistics.variance(needed) / len(needed) + statistics.variance(own) / len(own)) ** 0.5
    assert abs(statistics.fmean(needed) - statistics.fmean(own)) < 4 * error
