"""A result folder is verified without a network: one changed byte anywhere is found, and so is a forged number."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.experiment.replications import run
from sim.report import files
from sim.report.record import read_record, read_results
from sim.report.verification import sample, verify
from sim.reported import load

SHORT = ["operation.shifts.detail.length=2 h", "operation.shifts.detail.last=2025-11-18"]
REPLICATIONS = 6
TOLD = files.Told("stopflow run --out x", "stopflow run", seconds=1.0, started="2026-01-01T00:00:00+00:00")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a result folder with one more file, as a report would be."""
    folder = tmp_path_factory.mktemp("run") / "wyoming"
    result = run(load("wyoming_safe_haul_2025", SHORT), replications=REPLICATIONS, seed=7)
    with files.whole_folder(folder) as inside:
        files.write_summary(result, inside / "summary.csv")
        files.write_replications(result, inside / "replications.csv")
        (inside / "report.html").write_text("<p>a report")
        files.write_manifest(result, inside, TOLD)
    return folder


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare") / "both"
    arms = {"base": SHORT, "=fewer": [*SHORT, "operation.shifts.detail.patrol_units=2"]}
    results = {name: run(load("wyoming_safe_haul_2025", settings), replications=4, seed=7) for name, settings in arms.items()}
    with files.whole_folder(folder) as inside:
        files.write_comparison(results, inside / "comparison.csv")
        files.write_arms(results, inside / "replications.csv")
        files.write_comparison_manifest(results, inside, TOLD)
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "elsewhere"))


def failing(folder: Path, replay: int = 0) -> list[str]:
    return [check.question for check in verify(folder, replay) if not check.held]


def reseal(folder: Path) -> None:
    """Write the hashes anew, as a forger would."""
    manifest = json.loads((folder / files.MANIFEST).read_text())
    del manifest["files"], manifest[files.SEAL]
    files.write_record(manifest, folder)


def test_an_untouched_folder_is_verified_wherever_it_lies(folder: Path) -> None:
    checks = list(verify(folder, replay=3))
    assert len(checks) == 8
    assert all(check.held for check in checks)


def test_an_untouched_comparison_is_verified_too(comparison: Path) -> None:
    assert failing(comparison, replay=2) == []
    assert [arm.name for arm in read_record(comparison).arms] == ["base", "=fewer"]


def test_what_is_read_back_is_what_was_written(original: Path) -> None:
    (again,) = read_results(read_record(original)).values()
    first = run(load("wyoming_safe_haul_2025", SHORT), replications=REPLICATIONS, seed=7)
    assert again.digests == first.digests
    assert again.values.tobytes() == first.values.tobytes()
    assert again.scenario.digest == first.scenario.digest


@pytest.mark.parametrize("name", ["summary.csv", "replications.csv", "report.html", "manifest.json"])
@pytest.mark.parametrize("share", [0.0, 0.21, 0.5, 0.83, 0.97, 1.0])
def test_one_changed_byte_is_found(folder: Path, name: str, share: float) -> None:
    content = bytearray((folder / name).read_bytes())
    content[int(share * (len(content) - 1))] ^= 1
    (folder / name).write_bytes(content)
    assert failing(folder)


def test_a_changed_space_in_the_manifest_is_found(folder: Path) -> None:
    path = folder / files.MANIFEST
    path.write_text(path.read_text().replace('"seed": 7', '"seed":  7'))
    assert failing(folder) == ["manifest.json is as it was written"]


def test_a_missing_an_added_and_a_linked_file_are_found(folder: Path, tmp_path: Path) -> None:
    (folder / "report.html").unlink()
    (folder / "note.txt").write_text("x")
    assert failing(folder) == ["no file is missing", "no file was added"]
    (folder / "note.txt").unlink()
    (tmp_path / "report.html").write_text("<p>a report")
    (folder / "report.html").symlink_to(tmp_path / "report.html")
    assert failing(folder) == ["no file was added"]


def test_a_number_that_was_forged_with_its_hashes_is_found_by_the_replay(folder: Path) -> None:
    path = folder / "replications.csv"
    with path.open(newline="") as stream:
        rows = list(csv.reader(stream))
    rows[1][rows[0].index("stops")] = "9999"
    with path.open("w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    reseal(folder)
    assert failing(folder) == ["summary.csv follows from replications.csv, byte for byte"]
    (result,) = read_results(read_record(folder)).values()
    files.write_summary(result, folder / "summary.csv")
    reseal(folder)
    assert failing(folder, replay=0) == []
    assert any("run again here" in question for question in failing(folder, replay=2))


def test_a_forged_scenario_is_found(folder: Path) -> None:
    manifest = json.loads((folder / files.MANIFEST).read_text())
    manifest["scenario"]["inspection"]["patience"]["value"] = "1 min"
    del manifest["files"], manifest[files.SEAL]
    files.write_record(manifest, folder)
    found = failing(folder, replay=2)
    assert any("scenario has the digest" in question for question in found)
    assert any("run again here" in question for question in found)


def test_the_sample_has_first_and_last_and_never_more_than_there_are(original: Path) -> None:
    record = read_record(original)
    assert sample(record, 2) == [0, REPLICATIONS - 1]
    assert {0, REPLICATIONS - 1} < set(sample(record, 4))
    assert len(sample(record, 4)) == 4
    assert sample(record, 10**9) == list(range(REPLICATIONS))
    assert sample(record, 0) == []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("1,2,3\n", "replications.csv:1: the columns are not those"),
        ("{header}\n0,x\n", "replications.csv:2: 2 cells instead of"),
        ("{header}\n", "holds not 6 replications"),
        ("{header}\n1{row}\n", "replications.csv:2: the replications are not in order"),
        ("{header}\n0{row}\n", "replications.csv:2: '1e3' is not a number as stopflow writes it"),
    ],
)
def test_damaged_replications_are_refused_with_their_line(folder: Path, damage: str, words: str) -> None:
    header = (folder / "replications.csv").read_text().splitlines()[0]
    row = ",1e3" * (header.count(",") - 1) + ",digest"
    (folder / "replications.csv").write_text(damage.format(header=header, row=row))
    with pytest.raises(ValueError, match="replications"):
        read_results(read_record(folder))
    told = [check.detail for check in verify(folder, replay=0) if not check.held]
    assert any(words in detail for detail in told), told


def test_the_command_says_yes_with_status_0_and_no_with_status_1(folder: Path) -> None:
    runner = CliRunner()
    good = runner.invoke(app(), ["verify", str(folder), "--replay", "1"])
    assert (good.exit_code, "verified, 8 checks held" in good.output) == (0, True)
    assert runner.invoke(app(), ["verify", str(folder), "--replay", "0", "--quiet"]).output == ""
    (folder / "summary.csv").write_text("measure\n")
    bad = runner.invoke(app(), ["verify", str(folder), "--replay", "0"])
    assert bad.exit_code == 1
    assert "NO   all 3 files are as they were written: summary.csv" in bad.output


def test_a_result_over_a_posterior_is_hashed_but_not_run_again(folder: Path) -> None:
    manifest = json.loads((folder / files.MANIFEST).read_text()) | {"kind": files.POSTERIOR_COMPARISON}
    del manifest["files"], manifest[files.SEAL]
    files.write_record(manifest, folder)
    assert failing(folder) == []
    assert "Only hashes were checked" in CliRunner().invoke(app(), ["verify", str(folder)]).output
    (folder / "summary.csv").write_text("x")
    assert failing(folder) == ["all 3 files are as they were written"]


def test_a_record_of_another_kind_or_none_is_refused(folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / files.MANIFEST).read_text()) | {"kind": "tea"}
    (folder / files.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="'tea' is not one that this version"):
        read_record(folder)
    with pytest.raises(ValueError, match="holds no manifest"):
        list(verify(tmp_path))
