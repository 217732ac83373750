"""The shipped scenarios: each runs, gives the same trace everywhere, and reproduces what was reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.experiment.replications import Result, run
from sim.loading import shipped
from sim.report.numbers import verdict
from sim.reported import load
from tests import digests

SCENARIOS = {path.stem: path for path in shipped()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_gives_the_same_trace_on_every_machine(name: str) -> None:
    """Fails on any change of results; if it is meant, run ``make digests`` and flag it in the changelog."""
    assert digests.digest(SCENARIOS[name]) == json.loads(digests.FILE.read_text())[name]


def test_every_scenario_has_a_digest_and_no_other() -> None:
    assert set(json.loads(digests.FILE.read_text())) == set(SCENARIOS)


def outside(result: Result) -> list[str]:
    """Return the targets that lie outside the simulated 90% range."""
    return [
        name
        for name, figure in result.scenario.reported.items()
        if figure.use == "target" and verdict(figure, result.summary(name), result.measures[name].unit) != "inside"
    ]


def test_wyoming_reproduces_its_five_reported_figures() -> None:
    result = run(load("wyoming_safe_haul_2025"), replications=400, seed=7)
    targets = {name for name, figure in result.scenario.reported.items() if figure.use == "target"}
    assert targets == {"stops", "inspections", "vehicles_out_of_service", "drivers_out_of_service", "detained"}
    assert not outside(result)
    assert result.summary("stops").mean == pytest.approx(195, rel=0.05)


@pytest.mark.parametrize("name", ["alabama_strike_force_2025", "laramie_shift_2026", "small_agency"])
def test_an_operation_reproduces_its_reported_figures(name: str) -> None:
    result = run(load(name), replications=30, seed=7)
    assert [name for name in result.scenario.reported if result.scenario.reported[name].use == "target"]
    assert not outside(result)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_reproduces_its_reported_figures(name: str) -> None:
    assert not outside(run(load(name), replications=200, seed=7, workers=2))


def test_people_in_one_vehicle_are_taken_together_only_with_crews() -> None:
    """Seven people from three of 41 stops: without the crew effect as many people come from more vehicles.

    Fails if the crew effect is lost on the way from scenario to draw.
    """
    settings = [f"people.{vehicle}.crew_effect=0" for vehicle in ("car", "crew_van")]
    crews, strangers = (run(load("laramie_shift_2026", change), replications=60, seed=7) for change in ([], settings))

    def people_a_vehicle(result: Result) -> float:
        return result.summary("detained").mean / result.summary("vehicles_with_detained").mean

    assert people_a_vehicle(crews) > 1.15 * people_a_vehicle(strangers)


def test_the_tribal_task_force_gives_the_task_force_s_figures_to_the_last_digit() -> None:
    """Nothing is known that would set them apart (X-03), and the model must not invent it."""
    one, other = (run(load(name), replications=2, seed=3) for name in ("task_force", "tribal_task_force"))
    assert one.digests == other.digests


def test_scenarios_lie_where_an_installed_copy_finds_them() -> None:
    assert Path(SCENARIOS["wyoming_safe_haul_2025"]).parent.parent.name == "scenarios"
