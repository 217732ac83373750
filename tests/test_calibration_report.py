"""The report of a calibration: what was learned, what was not, and figures that were fitted apart from those held out."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import UsageError
from sim.report.calibration_report import calibration_report
from sim.report.page import Facts
from tests.test_report import Page

FACTS = Facts("stopflow calibrate x", {"python": "3.x"})
MANIFEST = {"operations": ["<i>x</i>"], "particles": 200, "seed": 1, "stopflow": "0"}
HEAD = "name,unit,source,grade,prior,prior_low,prior_median,prior_high,low,median,high,contraction,shift,verdict,together_with"
PICTURE = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        "a.rate,per hour,fitted,assumed,normal in log,1,2,4,1.5,2,2.5,0.6,0,informed,b.rate (+0.7)",
        "b.rate,per hour,fitted,assumed,normal in log,1,2,4,1.2,2,3.1,0.2,0,partly,a.rate (+0.7)",
        "c.<b>,share,assumed,assumed,uniform,0,0.5,1,0.02,0.51,0.98,-0.01,0,uninformed,",
    ]
    (tmp_path / "calibration.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    told = [
        "x,stops,target,exact,195,180,196,215,0.5", "x,detained,target,exact,90,30,38,48,0.01",
        "x,citations,check,exact,49,42,50,64,0.5", "x,referrals,not_a_target,at_least,20,30,40,50,0.9",
    ]  # fmt: skip
    (tmp_path / "predictive.csv").write_text(
        "operation,measure,use,qualifier,reported,low,median,high,tail\n" + "\n".join(told) + "\n"
    )
    (tmp_path / "ridges.csv").write_text("combination,contraction,contraction_of_best_member\na^+0.7 × b^+0.7,0.81234,0.6\n")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "parameters.svg").write_text(PICTURE)
    return tmp_path


def test_the_answer_says_first_what_the_reports_do_not_inform(folder: Path) -> None:
    text = calibration_report(folder, MANIFEST, FACTS)
    assert "the reports inform 1, 1 partly, and 1 not at all" in text
    assert "Of 2 figures that were fitted, 1 lie inside" in text
    assert "of 2 that were not, 2." in text
    groups = [Page(text).text(number) for number in Page(text).having("th", scope="rowgroup")]
    assert groups == ["Informed", "Partly informed", "Uninformed: the prior, unchanged"]


def test_fitted_and_held_out_figures_stand_in_tables_of_their_own(folder: Path) -> None:
    page = Page(calibration_report(folder, MANIFEST, FACTS))
    tables = [page.text(number) for number in page.having("table")]
    (fitted,) = (one for one in tables if one.startswith("Figures that were fitted"))
    (held_out,) = (one for one in tables if one.startswith("Figures that were held out"))
    assert "Detained" in fitted.title()
    assert "outside" in fitted
    assert "Citations" in held_out.title()
    assert "outside" not in held_out


def test_what_a_stranger_put_into_the_folder_cannot_run(folder: Path) -> None:
    text = calibration_report(folder, MANIFEST, FACTS)
    page = Page(text)
    assert not page.having("script")
    assert "c.<wbr>&lt;b&gt;" in text
    assert page.text(page.having("h1")[0]) == "Calibration of <i>x</i>"
    (picture,) = page.having("img")
    assert page.tags[picture][1]["src"].startswith("data:image/svg+xml;base64,")
    assert len(page.tags[picture][1]["alt"]) > 40


def test_two_reports_of_one_folder_are_the_same_and_a_damaged_folder_is_refused(folder: Path) -> None:
    assert calibration_report(folder, MANIFEST, FACTS) == calibration_report(folder, MANIFEST, FACTS)
    (folder / "predictive.csv").write_text("operation,measure\nx,y\n")
    with pytest.raises(UsageError, match="is damaged"):
        calibration_report(folder, MANIFEST, FACTS)
    (folder / "calibration.csv").unlink()
    with pytest.raises(UsageError, match="is missing"):
        calibration_report(folder, MANIFEST, FACTS)
