"""The commands sweep and export: files, exit statuses, messages."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.study_files import STUDY, write_study

SMALL = STUDY.replace("  status_check.limit: {values: [0 min, 10 min, none]}\n", "")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_sweep_says_what_it_takes_leaves_its_files_and_is_taken_up_again(tmp_path: Path, command: Command) -> None:
    path, out = write_study(tmp_path, SMALL, replications=3), tmp_path / "out"
    status, told, error = command("sweep", path, "--out", out, "--workers", 1)
    assert status == 0, error
    assert "hour: 2 points × 3 replications = 6 runs: about" in error
    assert "on disk" in error
    assert "6 replications in" in told
    assert {file.name for file in out.iterdir()} == {"study.sqlite", "points.csv", "summary.csv", "manifest.json", "report.html"}
    first = rows(out / "summary.csv")[0]
    assert list(first)[:4] == ["point", "operation.shifts.detail.patrol_units", "measure", "unit"]
    assert {row["measure"] for row in rows(out / "summary.csv")} == {
        "stops", "detained", "referred_then_released", "minutes_beyond_task_mean",
    }  # fmt: skip
    assert [(row["point"], row["replications"], row["precise"], row["error"]) for row in rows(out / "points.csv")] == [
        ("0", "3", "yes", ""), ("1", "3", "yes", ""),
    ]  # fmt: skip
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["points"] == 2
    assert manifest["replications"] == 3
    assert "people" in manifest["scenarios"]["tiny.yaml"]
    before = (out / "points.csv").read_bytes()
    status, told, error = command("sweep", path, "--out", out, "--workers", 1)
    assert status == 0
    assert "6 are there already" in error
    assert "0 replications in" in told
    assert (out / "points.csv").read_bytes() == before


def test_a_dry_run_writes_nothing(tmp_path: Path, command: Command) -> None:
    status, told, error = command("sweep", write_study(tmp_path, SMALL), "--out", tmp_path / "out", "--dry-run", "--workers", 3)
    assert status == 0, error
    assert "2 points × 12 replications = 24 runs: about" in told
    assert "on 3 workers" in told
    assert not (tmp_path / "out").exists()


def test_a_failed_point_ends_with_status_1_and_its_reason_in_the_files(tmp_path: Path, command: Command) -> None:
    text = SMALL.replace(
        "  operation.shifts.detail.patrol_units: {values: [1, 2]}", "  custody.path: {values: [local_booking, ice_vehicles]}"
    )
    status, told, error = command("sweep", write_study(tmp_path, text, replications=2), "--out", tmp_path / "out", "--workers", 1)
    assert status == 1
    assert "1 of 2 points failed" in error
    assert "failed" in told
    good, bad = rows(tmp_path / "out" / "points.csv")
    assert good["error"] == ""
    assert "path is ice_vehicles, but there are none" in bad["error"]


def test_export_writes_csv_and_parquet_with_the_same_rows(tmp_path: Path, command: Command) -> None:
    import duckdb

    path, out = write_study(tmp_path, replications=2), tmp_path / "out"
    assert command("sweep", path, "--out", out, "-q", "--workers", 1)[0] == 0
    status, told, error = command("export", out, "--csv", "rows.csv", "--parquet", "rows.parquet")
    assert status == 0, error
    assert told.splitlines() == ["rows.csv: 12 rows", "rows.parquet: 12 rows"]
    table = rows(Path("rows.csv"))
    with duckdb.connect() as connection:
        found = connection.read_parquet("rows.parquet")
        assert found.columns == list(table[0])
        lines = found.fetchall()
    assert len(lines) == 12
    for line, row in zip(lines, table, strict=True):
        for value, text in zip(line, row.values(), strict=True):
            if isinstance(value, str):
                assert value == text
            else:
                assert (value is None and text == "") or float(value) == float(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep", "roadside_limits"], "did you mean 'roadside_limit'"),
        (["sweep", "nothing.yaml"], "there is no such file"),
        (["sweep", "hour.yaml", "--out", "file"], "is a file; name a folder"),
        (["sweep", "hour.yaml", "--out", "full"], "holds files, but no study"),
        (["sweep", "hour.yaml", "--out", "new", "--set", "stop.limt=3"], "no such key"),
        (["sweep", "absolute.yaml", "--out", "new"], "is not allowed; name a .yaml file beside this one"),
        (["export", "full", "--csv", "x.csv"], "holds no study.sqlite"),
        (["export", "full"], "nothing to write"),
        (["discover", "full", "--fails", "stops>3"], "holds no study.sqlite"),
        (["sensitivity", "hour.yaml", "--measure", "stop"], "did you mean 'stops'"),
        (["sensitivity", "hour.yaml", "--method", "sobol", "--points", "12", "--out", "new"], "12 is not a power of two"),
        (["sensitivity", "hour.yaml", "--method", "morris", "--points", "2", "--out", "new"], "are too few for 'morris'"),
    ],
)
def test_a_mistake_ends_in_one_message_and_nothing_half_written(
    tmp_path: Path, command: Command, arguments: list[str], message: str
) -> None:
    write_study(tmp_path, SMALL)
    write_study(tmp_path, SMALL, name="absolute", base="/etc/secret.yaml")
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    status, _, error = command(*arguments)
    assert status == 2
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "new").exists()
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == ["mine.txt"]
