"""Every law of :mod:`tests.laws` in any world, and in every shipped scenario."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from sim import loading
from sim.trace import Kind
from tests.any_world import Run, run, runs
from tests.laws import LAWS, Law, Told

EXAMPLES = 200
reached: set[int] = set()


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(runs())
def test_every_law_holds_in_any_world(run: Run) -> None:
    told = Told(run)
    for law in LAWS:
        law(told)
    reached.update(told.of_kind)


def test_the_worlds_tried_reach_every_kind_of_record() -> None:
    if not reached:
        test_every_law_holds_in_any_world()
    assert {kind.name for kind in Kind if kind not in reached} == set()


@cache
def told_of(file: Path, seed: int) -> Told:
    return Told(run(loading.load(file), seed, together=seed % 2 == 0))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: str(law.__name__))
@pytest.mark.parametrize("file", loading.shipped(), ids=lambda file: str(file.stem))
def test_a_law_holds_in_every_shipped_scenario(file: Path, law: Law) -> None:
    for seed in (1, 2, 3):
        law(told_of(file, seed))
