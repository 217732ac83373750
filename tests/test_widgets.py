"""Levers in a notebook: every turn is a paired comparison, yield beside burden."""

from __future__ import annotations

import pytest

from sim.errors import UsageError
from sim.experiment.replications import run
from sim.report import widgets
from sim.reported import load

LEVER = "operation.shifts.detail.patrol_units"


def test_turning_a_lever_compares_with_the_base_and_turning_it_back_gives_the_base_again() -> None:
    box = widgets.explore("laramie_shift_2026", {LEVER: [2, 8]}, replications=4)
    slider, shown = box.children
    assert slider.options == ("base", "2", "8")
    before = shown.value
    assert "The base itself" in before
    assert "equal" in before
    slider.value = "2"
    assert f"Base with {LEVER}=2" in shown.value
    arm = run(load("laramie_shift_2026", [f"{LEVER}=2"]), replications=4)
    base = run(load("laramie_shift_2026"), replications=4)
    assert shown.value == widgets.table(base, arm, [f"{LEVER}=2"])
    assert "Burden and error" in shown.value
    slider.value = "base"
    assert shown.value == before


@pytest.mark.parametrize(
    ("levers", "words"),
    [
        ({"stop.traffic_tasc": [1]}, "did you mean 'stop.traffic_task'"),
        ({LEVER: []}, "give 1 to 200 values"),
        ({"stop": [1]}, "is no parameter of"),
    ],
)
def test_a_lever_that_is_none_is_refused(levers: dict[str, list[int]], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        widgets.explore("laramie_shift_2026", levers, replications=2)
