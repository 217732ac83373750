"""The yardstick is a sane model: laws that any corridor obeys, and the one formula that it must reproduce."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench import corridor_simpy as corridor
from tests.bench.corridor_simpy import CorridorResult, run

RATE_PER_HOUR = 13.0
DAY = 24.0
MANY = 10_000


@st.composite
def replications(draw: st.DrawFn) -> CorridorResult:
    return run(
        seed=draw(st.integers(0, 2**32)),
        hours=draw(st.floats(0.5, 12.0)),
        rate_per_hour=draw(st.floats(0.5, 60.0)),
        officers=draw(st.integers(1, 8)),
        inspectors=draw(st.integers(1, 5)),
        ice_agents=draw(st.integers(1, 3)),
        beds=draw(st.integers(1, 5)),
        patience=draw(st.sampled_from([0.0, 2.0, 30.0])),
    )


@settings(max_examples=40, deadline=None)
@given(replications())
def test_whatever_the_size_the_books_balance(result: CorridorResult) -> None:
    assert sum(result.outcomes.values()) == result.arrivals
    assert result.arrivals == result.served + result.outcomes["drove_on"]
    assert result.served == sum(stop.start is not None for stop in result.stops)
    assert all(0.0 <= share <= 1.0 for share in result.utilisation.values())
    assert all(result.mean_occupancy[pool] <= result.greatest_occupancy[pool] for pool in result.utilisation)


@settings(max_examples=40, deadline=None)
@given(replications())
def test_officers_take_vehicles_in_order_of_arrival(result: CorridorResult) -> None:
    starts = [stop.start for stop in result.stops if stop.start is not None]
    assert starts == sorted(starts)


def test_no_pool_holds_more_than_it_has() -> None:
    result = run(seed=3, hours=200.0, rate_per_hour=60.0, officers=20, beds=3)
    assert result.greatest_occupancy == {"officers": 20, "inspectors": 4, "ice_agents": 2, "beds": 3}
    assert result.outcomes["no_bed"] > 0


def test_a_vehicle_drives_on_exactly_when_its_patience_is_over() -> None:
    result = run(5, DAY, RATE_PER_HOUR, officers=2)
    waited = [stop.end - stop.arrival for stop in result.stops if stop.outcome == "drove_on"]
    assert waited == pytest.approx([corridor.PATIENCE] * len(waited))
    assert len(waited) > 0
    assert all(stop.start - stop.arrival <= corridor.PATIENCE for stop in result.stops if stop.start is not None)


def test_the_same_seed_gives_the_same_result_and_another_seed_another() -> None:
    assert run(11, DAY, RATE_PER_HOUR) == run(11, DAY, RATE_PER_HOUR)
    assert run(11, DAY, RATE_PER_HOUR) != run(12, DAY, RATE_PER_HOUR)


def test_with_officers_and_patience_without_end_nobody_drives_on() -> None:
    result = run(7, DAY, RATE_PER_HOUR, officers=MANY, patience=1e9)
    assert result.outcomes["drove_on"] == 0
    assert result.mean_wait["officers"] == 0.0


def test_with_patience_without_end_the_few_officers_serve_everybody() -> None:
    result = run(7, DAY, RATE_PER_HOUR, officers=1, patience=1e9)
    assert result.served == result.arrivals
    assert result.utilisation["officers"] > 0.9


def test_without_patience_vehicles_are_lost_as_erlang_says() -> None:
    """With no waiting anywhere, officers are a loss system: the share lost is Erlang's B, whatever the distribution."""
    inspection = (corridor.INSPECTION_LOW + corridor.INSPECTION_MODE + corridor.INSPECTION_HIGH) / 3
    away = (corridor.AWAY_LOW + corridor.AWAY_HIGH) / 2
    referral = corridor.REFERRAL_MEAN + corridor.DETAINED * away
    held = corridor.TRAFFIC_TASK_MEAN + corridor.INSPECTED * (inspection + corridor.REFERRED * referral)
    offered = RATE_PER_HOUR / 60.0 * held
    expected = offered**6 / math.factorial(6) / sum(offered**k / math.factorial(k) for k in range(7))

    lost = []
    for seed in range(12):
        result = run(seed, 400.0, RATE_PER_HOUR, inspectors=MANY, ice_agents=MANY, beds=MANY, patience=0.0)
        lost.append(result.outcomes["drove_on"] / result.arrivals)
    error = statistics.stdev(lost) / math.sqrt(len(lost))
    starting_empty = 0.002  # the first hour of 400 loses nobody
    assert abs(statistics.fmean(lost) - expected) < 4 * error + starting_empty
