"""Reports of runs under a posterior, of sensitivity and of discovery: what they say first, and that it is what the files say."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from sim.experiment.discovery import Regret
from sim.experiment.sensitivity import Index
from sim.experiment.store import open_store
from sim.report import files, influence
from sim.report.carried import read_carried
from sim.report.discovered import failures, failures_picture, found_in, regret_of, regret_picture
from sim.report.drawing import svg_text
from sim.report.grid import Grid, policies_of, read_grid
from sim.report.posterior_report import figures_of
from sim.report.sweep_figures import policies
from sim.report.sweeps import Results
from tests.conftest import Command
from tests.small_results import make
from tests.test_report import Page, words_of

KINDS = ("sweep", "sensitivity", "posterior")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("kind", [*KINDS, "calibration"])
def test_it_is_made_again_from_its_folder_byte_for_byte_and_is_one_small_file(kind: str, place: Path, command: Command) -> None:
    """It fails if a report holds anything that its folder does not: a clock, a path, an order of dictionaries."""
    folder = make(kind, place)
    status, _, err = command("report", folder, "--out", "again.html")
    assert (status, err) == (0, "")
    text = Path("again.html").read_text(encoding="utf-8")
    assert text == (folder / "report.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    started = str(files.read_manifest(folder)["started"])
    assert started not in text
    assert str(place) not in text


@pytest.mark.parametrize("kind", KINDS)
def test_yield_stands_beside_burden_and_every_picture_has_words(kind: str, place: Path) -> None:
    shown = page(make(kind, place))
    headings = [shown.text(number) for number in shown.having("h3")]
    assert headings.index("Yield") < headings.index("Burden and error")
    described = shown.having("desc")
    assert len(described) == len(shown.having("figure")) > 0
    assert all(len(shown.text(number)) > 60 for number in described)
    assert len(shown.ids) == len(set(shown.ids))


# --- under a posterior ------------------------------------------------------------------------------------------------


def test_chance_and_ignorance_stand_apart_and_are_those_of_the_file(place: Path) -> None:
    folder = make("posterior", place)
    text = page(folder).text(page(folder).having("main")[0])
    assert "Ranges hold chance and ignorance of the parameters together" in text
    assert "chance alone" not in text
    told = {row["measure"]: row for row in rows(folder / "uncertainty.csv")}
    share = float(told["referrals"]["from_ignorance"])
    assert 0 <= share < 1
    assert re.search(rf"referrals people [^a-z]*\([^)]*\) {share:.0%} ignorance", text, re.IGNORECASE)
    carried = read_carried(folder, files.read_manifest(folder))
    assert [row["sd_chance"] for row in told.values()] == [files.number_text(carried.split(name).sd_chance) for name in told]


def test_no_picture_under_a_posterior_says_chance_alone(place: Path) -> None:
    folder = make("posterior", place)
    drawn = figures_of(read_carried(folder, files.read_manifest(folder)))
    assert {"chance_and_ignorance", "funnel", "reported_against_simulated", "distributions"} == set(drawn)
    assert not [name for name, figure in drawn.items() if "chance alone" in words_of(figure)]


# --- sensitivity ------------------------------------------------------------------------------------------------------


def test_the_answer_names_the_strongest_factor_and_its_interval(place: Path) -> None:
    folder = make("sensitivity", place)
    told = rows(folder / "sensitivity.csv")
    strongest = max((row for row in told if row["measure"] == "stops"), key=lambda row: abs(float(row["value"])))
    shown = page(folder)
    answer = shown.text(shown.having("div", **{"class": "answer"})[0])
    assert f"Stops hangs most on {strongest['factor']}" in answer
    assert "95% interval" in answer
    for row in told:
        assert row["factor"] in shown.text(shown.having("main")[0]).replace("\u200b", "")


@pytest.mark.parametrize("name", ["low_to_high", "total", "mu_star", "pawn"])
def test_every_method_has_a_picture_that_marks_what_cannot_be_told_from_none(name: str) -> None:
    beside = {"total": "first", "mu_star": "sigma"}.get(name)
    sure, unsure = Index("a.b", name, 0.6, 0.5, 0.7, within_error=False), Index("c.d", name, 0.1, -0.1, 0.2, within_error=True)
    more = [Index("a.b", beside, 0.3, 0.2, 0.4, within_error=False)] if beside else []
    figure = influence.tornado("stops", "stops", [unsure, sure, *more])
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a.b", "c.d"]
    bars = [bar for bar in axes.patches if bar.get_height() > 0.5]
    assert [bar.get_width() for bar in bars] == pytest.approx([0.6, 0.1])
    assert bars[0].get_facecolor() != bars[1].get_facecolor()
    assert svg_text(figure) == svg_text(influence.tornado("stops", "stops", [sure, *more, unsure]))


def test_sensitivity_reads_back_what_it_wrote_and_refuses_what_it_did_not(tmp_path: Path) -> None:
    written = {"stops": [Index("=a", "total", 0.25, float("nan"), 0.5, within_error=True)]}
    path = tmp_path / "sensitivity.csv"
    influence.write_influence(written, {"=a": "share"}, "sobol", path)
    assert str(influence.read_influence(path)) == str(written)
    path.write_text("measure,factor\nx,y\n")
    with pytest.raises(ValueError, match="missing or damaged"):
        influence.read_influence(path)


# --- policies, failures, regret ---------------------------------------------------------------------------------------


def test_a_policy_is_the_mean_over_its_worlds_and_its_bar_holds_what_nobody_knows(place: Path) -> None:
    grid, _ = read_grid(make("sweep", place))
    by_policy = policies_of(grid)
    assert by_policy is not None and by_policy.spread is not None
    assert (len(by_policy.points), by_policy.worlds) == (3, 6)
    column = [name for name, _ in grid.measures].index("stops")
    for row, place_of_policy in enumerate(by_policy.points[:, 0].tolist()):
        means = grid.means[grid.points[:, 0] == place_of_policy, column]
        assert by_policy.means[row, column] == pytest.approx(means.mean())
        assert [float(end[row, column]) for end in by_policy.spread] == pytest.approx(np.quantile(means, (0.05, 0.95)).tolist())
    assert "90% of 6 worlds" in words_of(policies(by_policy))


def test_policies_that_met_other_worlds_are_not_compared() -> None:
    points = np.array([[lever, world] for lever in range(2) for world in range(5)])
    values = [("l", "count", [1.0, 2.0]), ("u", "share", [float(one) for one in range(6)])]
    means = points.sum(axis=1, keepdims=True).astype(float)
    same = Grid(values, [("stops", "stops")], points, means, means * 0, [1] * 10, 0, (True, False))
    assert policies_of(same) is not None
    points[-1, 1] = 5
    assert policies_of(Grid(values, [("stops", "stops")], points, means, means * 0, [1] * 10, 0, (True, False))) is None
    assert policies_of(Grid(values, [("stops", "stops")], points, means, means * 0, [1] * 10, 0, (True, True))) is None


def test_failures_and_regrets_are_counted_from_the_points(place: Path) -> None:
    folder = make("sweep", place)
    with open_store(folder, write=False) as store:
        results = Results(store)
        found = failures(results, "stops<12", [])
        one = found_in(results, {"fails": "stops<12", "regret": "referred_then_released=least"})
        units = {factor["name"]: factor["unit"] for factor in results.factors}
        name, wanted, losses = regret_of(results, "referred_then_released=least")
    means = [float(row["mean"]) for row in rows(folder / "summary.csv") if row["measure"] == "stops"]
    assert found.means.tolist() == pytest.approx(means)
    few = sum(mean < 12 for mean in means)
    assert 0 < few < len(means)
    assert one.answer[0].startswith(f"{few} of {len(means)} points fail")
    assert len(rows(folder / "boxes.csv")) == sum(len(box.limits) for box in found.boxes)
    assert len(one.regrets) == len(rows(folder / "regret.csv")) == len(losses) == 3
    drawn = failures_picture(found, units)
    marks = {line.get_label(): len(line.get_xdata()) for line in drawn.axes[0].lines}
    assert (marks["fails"], marks["does not fail"]) == (few, len(means) - few)
    assert [bar.get_width() for bar in regret_picture(losses, name, "people", wanted).axes[0].patches] == pytest.approx(
        [loss.mean for loss in losses]
    )


def test_what_was_discovered_stands_first_and_is_verified(place: Path, command: Command) -> None:
    folder = make("sweep", place)
    shown = page(folder)
    answer = shown.text(shown.having("div", **{"class": "answer"})[0])
    assert re.match(r"\d+ of 18 points fail: there the mean of stops < 12", answer)
    assert "smallest largest regret" in shown.text(shown.having("main")[0])
    status, out, _ = command("verify", folder)
    assert status == 0
    assert "boxes.csv follows from study.sqlite" in out
    assert "regret.csv follows from study.sqlite" in out


def test_a_sweep_that_is_taken_up_again_finds_anew_what_was_asked(place: Path, tmp_path: Path, command: Command) -> None:
    import shutil

    folder = Path(shutil.copytree(make("sweep", place), tmp_path / "sweep"))
    for name in ("small.yaml", "units.yaml"):
        shutil.copy(place / name, tmp_path / name)
    before = (folder / "regret.csv").read_text()
    assert command("sweep", "units.yaml", "--out", folder, "--replications", 3, "-w", 1, "-q")[0] == 0
    assert (folder / "regret.csv").read_text() != before
    assert command("verify", folder, "--replay", 1)[0] == 0
    assert "smallest largest regret" in (folder / "report.html").read_text()


def test_many_policies_are_cut_short_and_it_is_said() -> None:
    many = [Regret(f"a.b={number}, c.d={number}", number / 2, number, number + 1.0, 0.1, 9) for number in range(20)]
    assert "The first 14 of 20 policies." in words_of(regret_picture(many, "stops", "stops", "most"))
