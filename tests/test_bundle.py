"""A research compendium holds all that its numbers need, says what each file is, and gives the same numbers in a clean place."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.errors import UsageError
from sim.report import bundle, files
from tests.small_results import make
from tests.test_verify import comparison, folder, original  # noqa: F401 - fixtures

AUTHOR = bundle.Author("A. Author", "A study")


@pytest.fixture(scope="module")
def packed(comparison: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    path = tmp_path_factory.mktemp("packed") / "both.zip"
    bundle.write_bundle(comparison, path, AUTHOR)
    return path


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def test_the_compendium_holds_result_program_lock_file_citation_and_licence(packed: Path, comparison: Path) -> None:  # noqa: F811
    inside = contents(packed)
    for name in ("uv.lock", "pyproject.toml", "LICENSE", "CITATION.cff", "REPRODUCE.md", "reproduce.sh", "sim/cli.py"):
        assert inside[name]
    for path in comparison.rglob("*"):
        if path.is_file():
            assert inside[f"result/{path.relative_to(comparison).as_posix()}"] == path.read_bytes()
    assert any(name.startswith("scenarios/operations/") for name in inside)
    assert any(name.endswith(".html.j2") for name in inside)
    assert not any("__pycache__" in name or ".venv" in name or name.endswith(".pyc") for name in inside)


def test_the_metadata_describe_every_file_with_its_true_size_and_hash(packed: Path) -> None:
    inside = contents(packed)
    graph = {one["@id"]: one for one in json.loads(inside["ro-crate-metadata.json"])["@graph"]}
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    root = graph["./"]
    assert (root["name"], graph["#author"]["name"], root["license"]) == ("A study", "A. Author", {"@id": "LICENSE"})
    described = {name for name, one in graph.items() if one["@type"] == "File"}
    assert described == {name for name in inside if not name.startswith("sim/")} - {"ro-crate-metadata.json"}
    for name in described:
        assert graph[name]["sha256"] == hashlib.sha256(inside[name]).hexdigest()
        assert graph[name]["contentSize"] == str(len(inside[name]))
    for part in (*root["hasPart"], *graph["#run"]["result"], root["mainEntity"]):
        assert part["@id"] in graph


def test_the_same_result_makes_the_same_archive(packed: Path, comparison: Path, tmp_path: Path) -> None:  # noqa: F811
    bundle.write_bundle(comparison, tmp_path / "again.zip", AUTHOR)
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_a_changed_result_is_not_packed(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    (folder / "summary.csv").write_text("x")
    with pytest.raises(UsageError, match="has been changed since it was written"):
        bundle.write_bundle(folder, tmp_path / "x.zip", AUTHOR)
    assert not (tmp_path / "x.zip").exists()


def test_unpacked_in_an_empty_folder_it_gives_its_own_numbers_with_its_one_command(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")  # what points elsewhere is not handed on
    lines: list[str] = []
    assert bundle.try_out(packed, lines.append), "\n".join(lines)
    assert any("4 of 4 replications, run again here, leave the same trace and numbers" in line for line in lines)
    assert lines[-1].startswith("result: verified")


@pytest.mark.parametrize("kind", ["sweep", "calibration"])
def test_that_of_a_study_gives_its_own_numbers_too(kind: str, tmp_path: Path) -> None:
    """It fails if the compendium lacks anything that made the study: its points, its scenarios, its priors, its sizes."""
    path = tmp_path / f"{kind}.zip"
    bundle.write_bundle(make(kind, tmp_path), path, AUTHOR)
    lines: list[str] = []
    assert bundle.try_out(path, lines.append), "\n".join(lines)
    again = {"sweep": "36 of 36 replications, run again here", "calibration": "posterior.csv, fitted again here"}
    assert any(line.startswith("ok") and again[kind] in line for line in lines)
    assert lines[-1].startswith("result: verified")
    graph = json.loads(contents(path)["ro-crate-metadata.json"])["@graph"]
    assert next(one for one in graph if one["@id"] == "./")["datePublished"]


def test_what_cannot_be_run_again_is_not_packed(tmp_path: Path) -> None:
    files.write_record({"kind": files.IMPORT, "stopflow": "0"}, tmp_path)
    with pytest.raises(UsageError, match="cannot be run again from its folder"):
        bundle.write_bundle(tmp_path, tmp_path / "x.zip", AUTHOR)


def test_a_compendium_with_another_number_fails_its_own_command(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    table = folder / "replications.csv"
    head, first, *rest = table.read_text().splitlines()
    cells = first.split(",")
    cells[1] = str(int(float(cells[1] or 0)) + 1)
    table.write_text("\n".join([head, ",".join(cells), *rest]) + "\n")
    from sim.report.record import read_record, read_results

    (result,) = read_results(read_record(folder)).values()
    files.write_summary(result, folder / "summary.csv")
    manifest = json.loads((folder / files.MANIFEST).read_text())
    del manifest["files"], manifest[files.SEAL]
    files.write_record(manifest, folder)
    bundle.write_bundle(folder, tmp_path / "forged.zip", AUTHOR)
    lines: list[str] = []
    assert not bundle.try_out(tmp_path / "forged.zip", lines.append)
    assert any(line.startswith("NO") and "run again here" in line for line in lines)


def test_the_command_says_what_is_missing_and_refuses_what_is_there(comparison: Path, tmp_path: Path) -> None:  # noqa: F811
    runner, path = CliRunner(), tmp_path / "x.zip"
    done = runner.invoke(app(), ["bundle", str(comparison), "--no-try", "--out", str(path)])
    assert (done.exit_code, path.is_file()) == (0, True)
    assert "--author is empty" in done.output
    assert runner.invoke(app(), ["bundle", str(comparison), "--no-try", "--out", str(path)]).exit_code != 0
    assert runner.invoke(app(), ["bundle", str(path), "--no-try"]).exit_code != 0
