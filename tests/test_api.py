"""stopflow from Python: the same numbers as the command line, with units, in frames."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.api import Comparison, Run, Sweep
from sim.calibration import calibrate
from sim.errors import StopflowError
from tests.study_files import write_study

SHORT = {"operation.shifts.detail.length": "1 h", "jail.warm_up": "0 d", "jail.follow_up": "1 h"}
UNITS = "operation.shifts.detail.patrol_units"


@cache
def short_run() -> Run:
    return sim.run("laramie_shift_2026", changes=SHORT, replications=12, seed=2)


@cache
def short_comparison() -> Comparison:
    return sim.compare(sim.load("laramie_shift_2026", SHORT), fewer={UNITS: 1}, more={UNITS: 8}, replications=12, seed=2)


def test_importing_sim_imports_nothing_heavy() -> None:
    code = "import sys, sim; print([name for name in ('scipy', 'pandas', 'matplotlib', 'sim.api') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert {"load", "run", "compare", "sweep", "calibrate"} <= set(dir(sim))
    assert sim.calibrate is calibrate
    with pytest.raises(AttributeError, match="no attribute 'sweeep'"):
        sim.sweeep  # noqa: B018 - that it cannot be had is the point


def test_a_run_gives_frames_with_units() -> None:
    found = short_run()
    assert found.summary.loc["stops", "unit"] == "stops"
    assert found.summary.loc["stops", "mean"] == found.result.summary("stops").mean
    assert found.replications.attrs["units"]["overtime_usd"] == "USD"
    np.testing.assert_array_equal(found.replications["detained"], found.result.column("detained"))
    assert found.replications.index.name == "replication"
    assert "detained" in found._repr_html_()
    assert "12 replications" in repr(found)


def test_changes_may_be_made_by_name_or_on_what_is_loaded() -> None:
    loaded = sim.load("laramie_shift_2026", SHORT)
    assert loaded.digest == short_run().result.scenario.digest
    again = sim.run(loaded, changes={UNITS: 2}, replications=1).result.scenario
    assert again.digest == sim.load("laramie_shift_2026", {**SHORT, UNITS: 2}).digest


def test_a_comparison_gives_differences_and_a_ranking() -> None:
    found = short_comparison()
    frame = found.differences
    assert list(frame.index.unique("arm")) == ["fewer", "more"]
    one = frame.loc[("fewer", "vehicles_passed_unstopped")]
    assert one["difference"] > 0
    assert one["pairs"] == 12
    assert one["unit"] == "vehicles"
    assert list(found.ranking("vehicles_passed_unstopped")["arm"])[-1] == "fewer"
    assert found.ranking("stops", "most")["probability_best"].sum() == pytest.approx(1)
    assert "vehicles_passed_unstopped" in found._repr_html_()


def test_an_arm_starts_from_the_scenario_as_it_was_loaded() -> None:
    """Fails if the changes made on loading are lost for the arms, which would then not be pairs of the base."""
    scenarios = {name: result.scenario for name, result in short_comparison().arms.results.items()}
    base, fewer = scenarios["laramie_shift_2026"], scenarios["fewer"]
    words = [one.model_dump(mode="json") for one in (base, fewer)]
    for one in words:
        one["operation"]["shifts"]["detail"].pop("patrol_units")
    assert words[0] == words[1]


def test_a_sweep_gives_frames(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = write_study(tmp_path, replications=3)
    found = sim.sweep(path, out=tmp_path / "out", progress=lambda done, total: told.append((done, total)))
    assert isinstance(found, Sweep)
    assert told[-1] == (18, 18)
    assert len(found.points) == 6
    assert len(found.replications) == 18
    assert found.replications.attrs["units"]["status_check.limit"] == "minutes"
    means = found.replications.groupby("point")["stops"].mean()
    rows = found.summary.set_index(["measure", "point"]).loc["stops"]
    np.testing.assert_allclose(rows["mean"], means)
    pd.testing.assert_series_equal(found.means["stops"], means, check_names=False)
    assert list(found.means["status_check.limit"]) == [0.0, 10.0, "none"] * 2
    assert "6 points" in repr(found)
    assert "stops" in found._repr_html_()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sim.load("wyomin"), "no such file and no such shipped scenario"),
        (lambda: sim.load("laramie_shift_2026", {"stop.limt": 1}), "no such key"),
        (lambda: sim.run("laramie_shift_2026", replications=0), "run 1 or more"),
        (lambda: sim.run("laramie_shift_2026", precision={"stop": "5%"}), "is not a measure; did you mean 'stops'"),
        (lambda: sim.compare("laramie_shift_2026"), "nothing to compare with"),
        (lambda: sim.compare("laramie_shift_2026", "payments"), "no measure in common"),
        (lambda: sim.compare("laramie_shift_2026", "small_agency", replications=1), "compare over 2 or more"),
        (lambda: short_comparison().ranking("stop"), "is not a measure; did you mean 'stops'"),
        (lambda: short_comparison().ranking("stops", "best"), "neither most nor least"),
        (lambda: short_comparison().over_posterior, "has no posterior"),
        (lambda: sim.sweep("roadside_limits", out="x"), "did you mean 'roadside_limit'"),
    ],
)
def test_a_mistake_is_told_in_words(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StopflowError, match=message):
        call()
