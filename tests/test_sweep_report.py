"""The report of a sweep: yield beside burden whatever was asked, and interpolation whose error is measured."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.report import files
from sim.report.grid import Grid, corners, interpolation_errors, read_grid
from sim.report.page import Facts
from sim.report.sweep_report import sweep_report
from sim.report.verification import verify
from tests.test_report import Page

STUDY = """\
title: Units and <b>limits</b>
question: What do more units bring?
base: laramie_shift_2026
levers:
  operation.shifts.detail.patrol_units: {values: [3, 4, 6]}
  status_check.asked: {values: [drivers, occupants]}
design: grid
measures: [stops]
replications: 3
"""


def make_sweep(folder: Path, text: str = STUDY) -> Path:
    (folder / "units.yaml").write_text(text)
    done = CliRunner().invoke(app(), ["sweep", str(folder / "units.yaml"), "--out", str(folder / "out"), "-w", "1", "--quiet"])
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    return folder / "out"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sweep(tmp_path_factory.mktemp("sweep"))


def grid_of(function, *factors: list[float]) -> Grid:
    """Return a grid whose one measure is a function of the factors."""
    places = np.stack(np.meshgrid(*[np.arange(len(one)) for one in factors], indexing="ij"), -1).reshape(-1, len(factors))
    means = np.array([[function(*(factors[at][place] for at, place in enumerate(row)))] for row in places])
    named = [(f"f{at}", "count", list(one)) for at, one in enumerate(factors)]
    return Grid(named, [("stops", "stops")], places, means, means * 0, [1] * len(means), 0)


def test_interpolation_of_a_plane_is_exact_and_of_a_parabola_off_by_what_theory_says() -> None:
    (plane,) = interpolation_errors(grid_of(lambda x, y: 3 * x - 2 * y + 1, [1.0, 2.0, 5.0], [0.0, 10.0]))
    assert plane == pytest.approx((0.0, 0.0), abs=1e-12)
    # Between x-1 and x+1 the chord of x² lies 1 above the parabola, whatever x.
    (parabola,) = interpolation_errors(grid_of(lambda x: x * x, [1.0, 2.0, 3.0, 4.0]))
    assert parabola == pytest.approx((1.0, 1.0))


def test_two_values_of_a_factor_cannot_tell_how_far_interpolation_is_off() -> None:
    assert interpolation_errors(grid_of(lambda x: x, [1.0, 2.0])) == [None]


def test_the_corners_of_a_place_have_weights_that_add_up_and_meet_the_place() -> None:
    found = dict(corners([1.25, 3.0]))
    assert found == {(1, 3): 0.75, (2, 3): 0.25}
    assert sum(dict(corners([0.3, 1.6, 2.5])).values()) == pytest.approx(1)


def test_the_page_holds_the_means_of_the_files_and_yield_beside_burden(swept: Path) -> None:
    grid, _ = read_grid(swept)
    assert grid.full
    assert {"detained", "referred_then_released", "stops"} <= {name for name, _ in grid.measures}
    with (swept / "summary.csv").open() as stream:
        told = {row["point"]: float(row["mean"]) for row in csv.DictReader(stream) if row["measure"] == "stops"}
    column = [name for name, _ in grid.measures].index("stops")
    assert grid.means[:, column].tolist() == pytest.approx(list(told.values()))
    text = (swept / "report.html").read_text()
    (data,) = re.findall(r'<script type="application/json" id="sweep-data">(.*?)</script>', text)
    assert [row[column] for row in json.loads(data)["means"]] == pytest.approx(list(told.values()), rel=1e-5)


def test_the_only_script_is_the_one_that_the_page_allows(swept: Path) -> None:
    text = (swept / "report.html").read_text()
    (allowed,) = re.findall(r"script-src 'sha256-([^']+)'", text)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() == allowed
    assert not {"fetch(", "XMLHttpRequest", "eval(", "innerHTML", "import("} & set(re.findall(r"[\w.]+\(?", script))


def test_the_report_is_the_same_each_time_small_and_escapes_what_strangers_wrote(swept: Path, tmp_path: Path) -> None:
    page = tmp_path / "again.html"
    assert CliRunner().invoke(app(), ["report", str(swept), "--out", str(page)]).exit_code == 0
    text = page.read_text()
    assert text == (swept / "report.html").read_text()
    assert len(text.encode()) < 2_000_000
    assert "Units and &lt;b&gt;limits&lt;/b&gt;" in text
    hostile = sweep_report(swept, {"study": {"title": "</script><script>alert(1)</script>"}}, Facts("x", {}))
    assert "<script>alert" not in hostile
    assert len(Page(text).ids) == len(set(Page(text).ids))


def test_a_sweep_is_verified_and_a_changed_byte_of_it_is_found(swept: Path, tmp_path: Path) -> None:
    assert all(check.held for check in verify(swept))
    copy = Path(shutil.copytree(swept, tmp_path / "copy"))
    table = copy / "points.csv"
    table.write_text(table.read_text().replace(",3,yes", ",4,yes", 1))
    assert {check.question for check in verify(copy) if not check.held} == {
        "all 4 files are as they were written", "points.csv follows from study.sqlite, byte for byte"
    }  # fmt: skip
    manifest = json.loads((copy / files.MANIFEST).read_text())
    hashed = manifest.pop("files") | {"points.csv": files.sha256(table)}
    del manifest[files.SEAL]
    (copy / files.MANIFEST).write_text(files.sealed(manifest, hashed))
    assert [check.question for check in verify(copy) if not check.held] == ["points.csv follows from study.sqlite, byte for byte"]


def test_a_design_that_is_no_grid_is_shown_point_by_point(tmp_path: Path) -> None:
    text = STUDY.replace("design: grid", "design: one_at_a_time")
    out = make_sweep(tmp_path, text)
    grid, _ = read_grid(out)
    assert not grid.full
    page = (out / "report.html").read_text()
    assert "nothing is interpolated" in page
    assert "The design is no grid over numbers" in page or "no grid" in page
