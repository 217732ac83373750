"""Every law in any world, and in every shipped scenario."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings

from sim import loading
from sim.loading import to_plain
from sim.scenario import Scenario
from sim.trace import Kind
from tests import jail_laws, laws, money_laws
from tests.any_world import Run, run, runs
from tests.told import LAWS, Law, Told

assert laws  # importing a module brings its laws
assert jail_laws
assert money_laws

EXAMPLES = 150
OPERATIONS = [file for file in loading.shipped() if file.parent.name != "programme"]
MOST_DAYS = 14
reached: set[int] = set()


class Written:
    """A scenario as one would write it, made out only when it is shown."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def __repr__(self) -> str:
        return repr(to_plain(self.scenario))


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(runs())
def test_every_law_holds_in_any_world(run: Run) -> None:
    note(Written(run.scenario))  # type: ignore[arg-type]  # anything with a repr will do
    told = Told(run)
    for law in LAWS:
        law(told)
    reached.update(told.of_kind)


def test_the_worlds_tried_reach_every_kind_of_record() -> None:
    if not reached:
        test_every_law_holds_in_any_world()
    assert {kind.name for kind in Kind if kind not in reached} == set()


def fortnight(file: Path) -> Scenario:
    """Return a shipped scenario, with patterns of shifts that last longer cut to their first two weeks."""
    whole = loading.load(file)
    cut = [
        f"operation.shifts.{name}.last={(shift.first + timedelta(days=MOST_DAYS - 1)).isoformat()}"
        for name, shift in whole.operation.shifts.items()
        if (shift.last - shift.first).days >= MOST_DAYS
    ]
    return loading.load(file, cut) if cut else whole


@cache
def told_of(file: Path, together: bool) -> Told:
    return Told(run(fortnight(file), seed=1, together=together))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: str(law.__name__))
@pytest.mark.parametrize("file", OPERATIONS, ids=lambda file: str(file.stem))
def test_a_law_holds_in_every_shipped_scenario(file: Path, law: Law) -> None:
    for together in (False, True):
        law(told_of(file, together))
