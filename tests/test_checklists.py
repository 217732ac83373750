"""Checklists are filled from scenario, code and run; what only authors can say is flagged while it is empty."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.errors import ScenarioError
from sim.report import checklists, reports
from sim.report.checklists import STRESS, TRACE
from tests.test_report import Page
from tests.test_verify import comparison, folder, original  # noqa: F401 - fixtures


def test_stress_has_its_24_items_and_trace_its_8_headings() -> None:
    assert len(STRESS) == 24
    assert [item.number for item in STRESS] == sorted(item.number for item in STRESS)
    assert len(TRACE) == 8
    keys = [item.key for item in (*STRESS, *TRACE)]
    assert len(keys) == len(set(keys))


def test_every_item_is_filled_from_the_run(original: Path, comparison: Path) -> None:  # noqa: F811
    for place in (original, comparison):
        study = reports.study_of(place)
        for filled in (*checklists.stress(study), *checklists.trace(study)):
            assert filled.texts, filled.item.key
            assert all(len(text) > 10 for text in filled.texts)


def texts_of(place: Path) -> dict[str, str]:
    study = reports.study_of(place)
    return {filled.item.key: " ".join(filled.texts) for filled in (*checklists.stress(study), *checklists.trace(study))}


def test_the_texts_are_those_of_this_very_run(original: Path, comparison: Path) -> None:  # noqa: F811
    one, two = texts_of(original), texts_of(comparison)
    assert "6 patrol units" in one["resources"]
    assert "Seed 7" in one["sampling"]
    assert "6 independent replications" in one["estimation"]
    assert "no arm" in one["scenario_logic"]
    assert "patrol_units 6 → 2" in two["scenario_logic"]
    assert "over pairs" in two["estimation"]


def test_figures_tuned_to_and_figures_held_out_are_apart(original: Path) -> None:  # noqa: F811
    study = reports.study_of(original)
    tuned, held = (checklists.held_against(study, targets) for targets in (True, False))
    reported = study.base.scenario.reported
    assert len(tuned) == sum(figure.use == "target" for figure in reported.values())
    assert [row.name for row in held] == ["citations"]
    assert not {row.name for row in tuned} & {row.name for row in held}


@pytest.mark.usefixtures("without_pictures")
def test_an_empty_required_text_is_flagged_and_a_filled_one_shown(comparison: Path, tmp_path: Path) -> None:  # noqa: F811
    runner, page = CliRunner(), tmp_path / "page.html"
    empty = runner.invoke(app(), ["report", str(comparison), "--stress", "--out", str(page)])
    assert (empty.exit_code, "9 items wait for the authors: purpose, aims" in empty.output) == (0, True)
    assert page.read_text().count("required, empty") == 9
    mine = tmp_path / "authors.yaml"
    mine.write_text("purpose: To inform <b>the county</b>.\nsystem: A laptop with two cores.\n")
    filled = runner.invoke(app(), ["report", str(comparison), "--stress", "--authors", str(mine), "--out", str(page), "--force"])
    assert "7 items wait for the authors" in filled.output
    text = page.read_text()
    assert text.count("required, empty") == 7
    assert "To inform &lt;b&gt;the county&lt;/b&gt;." in text
    sections = [Page(text).text(number) for number in Page(text).having("th", scope="rowgroup")]
    assert sections[-6:] == ["Objectives", "Logic", "Data", "Experimentation", "Implementation", "Code access"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("purpos: x\n", "authors.yaml:1:9: purpos: no item is called so; did you mean 'purpose'?"),
        ("purpose: [a]\n", "authors.yaml:1:10: purpose: must be a text"),
        (f"purpose: {'x' * 6000}\n", "must be a text of at most 5,000 letters"),
    ],
)
def test_a_wrong_file_of_authors_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "authors.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as wrong:
        checklists.read_authors(path)
    assert words in str(wrong.value)


@pytest.mark.usefixtures("without_pictures")
def test_a_report_made_again_leaves_the_folder_alone_and_refuses_what_is_there(folder: Path) -> None:  # noqa: F811
    runner = CliRunner()
    before = sorted(path.name for path in folder.rglob("*"))
    assert runner.invoke(app(), ["report", str(folder), "--quiet"]).exit_code == 0
    assert sorted(path.name for path in folder.rglob("*")) == before
    page = folder.with_name("elsewhere.html")
    first = page.read_bytes()
    for arguments in ([str(folder)], [str(folder), "--out", str(folder)], [str(folder), "--authors", "x"], [str(page)]):
        refused = runner.invoke(app(), ["report", *arguments])
        assert refused.exit_code != 0
    assert runner.invoke(app(), ["report", str(folder), "--force"]).exit_code == 0
    assert page.read_bytes() == first
