"""Results of sweeps, of calibrations and under a posterior are verified like runs: by every byte, and by running them again."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.experiment.store import open_store
from sim.report import files
from sim.report.calibration_files import write_predicted, write_uncertainty
from sim.report.carried import read_carried
from sim.report.replays import Calibrated, apart, sample
from sim.report.verification import EVERY, verify
from tests.conftest import Command
from tests.small_results import KINDS, make, reseal


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module", params=KINDS)
def original(request: pytest.FixtureRequest, place: Path) -> Path:
    return make(request.param, place)


@pytest.fixture
def copied(place: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that makes a copy of a result of a kind, to be changed."""
    return lambda kind: Path(shutil.copytree(make(kind, place), tmp_path / kind))


def failing(folder: Path, replay: int = 0) -> list[str]:
    return [check.question for check in verify(folder, replay) if not check.held]


def test_an_untouched_folder_passes_elsewhere_where_nobody_may_write_and_stays_as_it_was(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails if anything of the place where the result was made enters: a path, a folder beside it, a journal of the store."""
    elsewhere = Path(shutil.copytree(original, tmp_path / "other place" / "renamed"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("TZ", "Pacific/Chatham")
    for path in (*elsewhere.rglob("*"), elsewhere):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = files.hashes(elsewhere)
    try:
        checks = list(verify(elsewhere, replay=3))
        assert [check for check in checks if not check.held] == []
        assert any("run again here" in check.question for check in checks)
        assert files.hashes(elsewhere) == before
    finally:
        for path in (elsewhere, *elsewhere.rglob("*")):
            path.chmod(0o755)


def test_one_changed_byte_anywhere_is_found(original: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(original, tmp_path / "copy"))
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        for place in {0, len(content) // 3, len(content) - 1}:
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            assert failing(folder), f"{path.name}, byte {place}"
        path.write_bytes(content)
    assert failing(folder) == []


def test_no_file_may_be_added_or_missing(original: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(original, tmp_path / "copy"))
    (folder / "note.txt").write_text("x")
    assert failing(folder) == ["no file was added"]
    (folder / "note.txt").unlink()
    (folder / "report.html").unlink()
    assert failing(folder) == ["no file is missing"]


def test_a_forged_number_in_the_store_of_a_sweep_is_found_by_running_it_again(copied: Callable[[str], Path]) -> None:
    """The forger writes tables, digests of results and hashes anew; the traces of the replications tell."""
    from sim.report import sweeps

    folder = copied("sweep")
    with open_store(folder, write=True) as store:
        results = sweeps.Results(store)
        row = next(iter(results.points()))
        values, digests = results.values(row)
        values[0, results.measure_names.index("stops")] += 1
        from sim.experiment.store import run_key

        store.add_block(run_key(str(row.scenario), results.seed), 0, values, b"".join(map(bytes.fromhex, digests)))
        store.commit()
        sweeps.write_summary(results, folder / sweeps.SUMMARY)
    reseal(folder, discovered={})
    assert failing(folder, replay=0) == []
    assert failing(folder, replay=1) == ["the points: 1 of 36 replications, run again here, leave the same numbers"]


def test_a_forged_scenario_of_a_sweep_is_found(copied: Callable[[str], Path]) -> None:
    folder = copied("sweep")
    manifest = json.loads((folder / files.MANIFEST).read_text())
    manifest["scenarios"]["small.yaml"]["inspection"]["patience"]["value"] = "1 min"
    reseal(folder, scenarios=manifest["scenarios"])
    found = [check for check in verify(folder, 2) if not check.held]
    assert "another scenario" in found[0].detail


def change(path: Path, line: int, column: str, by: int) -> None:
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    place = rows[0].index(column)
    rows[line][place] = str(int(float(rows[line][place])) + by)
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def test_a_forged_number_under_a_posterior_is_found_by_running_it_again(copied: Callable[[str], Path]) -> None:
    folder = copied("posterior")
    change(folder / "replications.csv", 1, "stops", 1)
    forged = read_carried(folder, files.read_manifest(folder))
    write_uncertainty(forged, folder / "uncertainty.csv")
    reseal(folder, values_digest=forged.digest)
    assert failing(folder, replay=0) == []
    assert failing(folder, replay=1) == ["the draws: 1 of 40 replications, run again here, leave the same numbers"]


def test_a_forged_prediction_is_found_by_running_it_again(copied: Callable[[str], Path]) -> None:
    folder = copied("calibration")
    change(folder / "predictions.csv", 1, "value", 1_000)
    reseal(folder)
    assert "predictive.csv follows from predictions.csv, byte for byte" in failing(folder)
    write_predicted(Calibrated(folder, files.read_manifest(folder)).predicted(), folder / "predictive.csv")
    reseal(folder)
    assert failing(folder, replay=0) == []
    assert failing(folder, replay=1) == ["what was predicted: 1 of 20 replications, run again here, leave the same numbers"]


def test_all_of_a_calibration_is_fitted_again(place: Path) -> None:
    """It fails if the fit hangs on anything but scenarios, seed and sizes."""
    again = {check.question: check.held for check in verify(make("calibration", place), EVERY)}
    assert sum("fitted again here" in question for question in again) == 6
    assert all(again.values())


def test_a_fit_is_the_same_up_to_rounding_and_no_further(tmp_path: Path) -> None:
    """A last digit may differ between processors; a draw that is off by a thousandth, another word or a row fewer may not."""
    there, here = tmp_path / "there.csv", tmp_path / "here.csv"
    there.write_text("name,rate\na,0.1\n")
    for text, same in (
        ("name,rate\na,0.1\n", True),
        ("name,rate\na,0.10000000000000002\n", True),
        ("name,rate\na,0.1001\n", False),
        ("name,rate\nb,0.1\n", False),
        ("name,rate\na,\n", False),
        ("name,rate\n", False),
    ):
        here.write_text(text)
        assert (apart(there, here) == "") is same, text
    assert apart(tmp_path / "none.csv", here) == "is missing"


def test_damaged_or_older_folders_are_told_and_no_traceback(copied: Callable[[str], Path], command: Command) -> None:
    for kind, key in (("sweep", "factors"), ("posterior", "priors"), ("calibration", "asked")):
        folder = copied(kind)
        reseal(folder, **{key: None})
        status, out, err = command("verify", folder)
        assert status == 1
        assert "what it says can be read" in out
        assert "Traceback" not in err


def test_the_command_says_what_it_did_not_do(place: Path, command: Command) -> None:
    status, out, _ = command("verify", make("calibration", place), "--replay", 1)
    assert status == 0
    assert "The fit itself was not made again" in out


def test_a_sample_has_first_and_last_and_is_the_same_each_time() -> None:
    assert sample(10, 3, "x") == sample(10, 3, "x")
    assert {0, 9} < set(sample(10, 3, "x"))
    assert sample(10, EVERY, "x") == list(range(10))
    assert sample(1, 5, "x") == [0]
