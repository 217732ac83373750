"""Two programs that were written apart agree on what comes of a shift. The long version is ``python -m tests.second_opinion``."""

from __future__ import annotations

import numpy as np
import pytest

from tests.second_opinion.agreement import both, compared, refused

pytest.importorskip("salabim", reason="needs salabim, which 'make setup' installs")


def test_both_programs_agree_on_a_few_shifts() -> None:
    """Fails if a mean is off by one and a half standard deviations of a replication, such as three units instead of four."""
    assert refused(both(24, engine="simpy")) == []


@pytest.mark.slow
def test_both_programs_agree_on_many_shifts() -> None:
    """Fails if a mean is off by a third of a standard deviation of a replication."""
    assert refused(both(300, engine="simpy")) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "seen_in"),
    [
        ("operation.shifts.detail.patrol_units=3", "vehicles_passed_unstopped"),
        ("status_check.limit=20 min", "people_past_limit"),
        ("jail.beds=18", "turned_away_no_bed"),
        ("jail.pickup.seats=3", "transferred"),
        ("jail.clock.ice_arrest=40 h", "hold_hours_mean"),
    ],
)
def test_an_error_of_one_parameter_is_seen_where_it_matters(error: str, seen_in: str) -> None:
    assert seen_in in {line.partition(":")[0] for line in refused(both(200, engine="simpy", ours_with=[error]))}


def test_counts_and_durations_that_differ_are_told_apart() -> None:
    random = np.random.Generator(np.random.PCG64(3))
    one, other = random.poisson(5, 400).astype(float), random.poisson(6, 400).astype(float)
    found = [compared("counts", one, other), compared("durations", random.normal(size=400), random.normal(1.5, 1, 400))]
    assert [one.test for one in found] == ["chi-square, mean, spread", "Cramér-von Mises, mean, spread"]
    assert len(refused(found)) == 2
    wider = compared("spread", random.normal(size=2_000), random.normal(0, 1.25, 2_000))
    assert len(refused([wider])) == 1
    assert refused([compared("the same", one, random.poisson(5, 400).astype(float))]) == []
