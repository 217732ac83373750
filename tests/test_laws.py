"""Every law of the audit in any world, and in every shipped scenario."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings

from sim import loading
from sim.audit.audit import ROAD, broken_by, tell
from sim.audit.law import Law, in_words
from sim.chance import draw
from sim.engines.simpy_engine import simulate
from sim.loading import to_plain
from sim.scenario import Scenario
from sim.trace import Kind
from tests.any_world import Run, run, runs

EXAMPLES = 150
OPERATIONS = [file for file in loading.shipped() if file.parent.name != "programme"]
PROGRAMMES = [file for file in loading.shipped() if file.parent.name == "programme" or "programme" in file.stem]
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
    told = tell(run.scenario, run.draws, run.trace)
    assert broken_by(told, ROAD) == []
    reached.update(told.of_kind)


def test_the_worlds_tried_reach_every_kind_of_record() -> None:
    if not reached:
        test_every_law_holds_in_any_world()
    for name in ("wyoming_safe_haul_2025", "alabama_strike_force_2025"):  # and every law holds in shipped scenarios
        scenario = loading.load(name)
        assert isinstance(scenario, Scenario)
        reached.update(simulate(scenario, draw(scenario, seed=1, replication=0)).column("kind").tolist())
    assert {kind.name for kind in Kind if kind not in reached} == set()


def fortnight(file: Path) -> Any:
    """Return a shipped scenario, with patterns of shifts that last longer cut to their first two weeks."""
    whole = loading.load(file)
    if not isinstance(whole, Scenario):
        return whole
    cut = [
        f"operation.shifts.{name}.last={(shift.first + timedelta(days=MOST_DAYS - 1)).isoformat()}"
        for name, shift in whole.operation.shifts.items()
        if (shift.last - shift.first).days >= MOST_DAYS
    ]
    return loading.load(file, cut) if cut else whole


@cache
def told_of(file: Path, together: bool) -> Any:
    made = run(fortnight(file), seed=1, together=together)
    return tell(made.scenario, made.draws, made.trace)


@pytest.mark.parametrize("law", ROAD, ids=in_words)
@pytest.mark.parametrize("file", OPERATIONS, ids=lambda file: str(file.stem))
def test_a_law_holds_in_every_shipped_scenario(file: Path, law: Law) -> None:
    for together in (False, True):
        assert broken_by(told_of(file, together), [law]) == []
