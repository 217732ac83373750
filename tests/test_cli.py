"""The command line: exit statuses, files, messages, and that a mistake leaves nothing behind."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from sim import cli
from sim.measures import MEASURES
from tests.conftest import Command

WYOMING = "wyoming_safe_haul_2025"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run."""
    folder = tmp_path_factory.mktemp("run") / "wyoming"
    arguments = ["run", WYOMING, "-n", "12", "--seed", "7", "--out", str(folder), "--quiet"]
    subprocess.run([sys.executable, "-c", "from sim.cli import main; main()", *arguments], check=True)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_run_leaves_the_promised_files_with_the_promised_columns(result: Path) -> None:
    files = {path.name for path in result.iterdir()}
    assert files == {"summary.csv", "replications.csv", "manifest.json", "report.html", "figures"}
    header = (result / "summary.csv").read_text().splitlines()[0]
    assert header == "measure,unit,mean,sd,p05,median,p95,ci_low,ci_high,replications,reported"
    assert [row["measure"] for row in rows(result / "summary.csv")] == list(MEASURES)
    replications = rows(result / "replications.csv")
    assert [row["replication"] for row in replications] == [str(number) for number in range(12)]
    assert list(replications[0]) == ["replication", *MEASURES, "trace_digest"]


def test_the_summary_is_that_of_the_replications(result: Path) -> None:
    values = [float(row["stops"]) for row in rows(result / "replications.csv")]
    summary = {row["measure"]: row for row in rows(result / "summary.csv")}["stops"]
    assert float(summary["mean"]) == pytest.approx(sum(values) / len(values))
    assert float(summary["ci_low"]) < float(summary["mean"]) < float(summary["ci_high"])
    assert (summary["replications"], summary["reported"]) == ("12", "195")


def test_the_manifest_holds_the_hash_of_every_file_and_what_repeats_the_run(result: Path) -> None:
    manifest = json.loads((result / "manifest.json").read_text())
    written = {path.relative_to(result).as_posix(): path for path in result.rglob("*") if path.is_file()}
    del written["manifest.json"]
    assert manifest["files"] == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in written.items()}
    digests = "".join(row["trace_digest"] for row in rows(result / "replications.csv"))
    assert manifest["trace_digest"] == hashlib.sha256(digests.encode()).hexdigest()
    assert (manifest["seed"], manifest["replications"], manifest["engine"]) == (7, 12, "simpy")
    assert {"python", "numpy", "scipy", "simpy"} <= set(manifest["versions"])


def test_the_same_run_on_two_workers_leaves_the_same_bytes(command: Command, result: Path) -> None:
    status, *_ = command("run", WYOMING, "-n", "12", "--seed", "7", "--workers", "2", "--out", "again", "--quiet")
    assert status == 0
    names = sorted(path.relative_to(result) for path in result.rglob("*") if path.is_file() and path.name != "manifest.json")
    assert len(names) > 6
    for name in names:  # the report and the pictures too: when and where the run was made stands in the manifest alone
        assert Path("again", name).read_bytes() == (result / name).read_bytes(), name


def test_the_report_made_again_from_the_folder_is_the_same_byte_for_byte(command: Command, result: Path) -> None:
    assert command("report", str(result), "--out", "again.html")[0] == 0
    assert Path("again.html").read_bytes() == (result / "report.html").read_bytes()


# --- what is printed ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("without_pictures")
def test_a_run_prints_yield_and_burden_where_the_files_are_and_what_to_try_next(command: Command) -> None:
    status, out, _ = command("run", WYOMING, "-n", "2", "--out", "here")
    assert status == 0
    for words in ("detained", "referred_then_released", "citizens_detained", "vehicles_passed_unstopped", "95% interval"):
        assert words in out
    assert "Files in here: report.html, summary.csv" in out
    assert "stopflow replay here --replication" in out


@pytest.mark.usefixtures("without_pictures")
def test_without_out_each_run_gets_a_folder_of_its_own(command: Command) -> None:
    for folder in ("results/small_agency", "results/small_agency-2"):
        status, out, _ = command("run", "small_agency", "-n", "2", "--set", "operation.shifts.day.last=2026-01-07")
        assert (status, Path(folder, "manifest.json").is_file()) == (0, True)
        assert f"Files in {folder}:" in out


def test_a_replay_tells_the_same_story_and_says_so(command: Command, result: Path) -> None:
    status, out, err = command("replay", str(result), "--replication", "11")
    assert status == 0
    assert "as recorded in the run" in err
    assert len(out.splitlines()) == int(err.split(" events")[0])
    status, one, _ = command("replay", str(result), "-k", "11", "--vehicle", vehicle_in(out))
    assert status == 0
    assert set(one.splitlines()) < set(out.splitlines())


def vehicle_in(story: str) -> str:
    words = next(line for line in story.splitlines() if " stops " in line).split()
    return f"{words[-2]}:{words[-1]}"


def test_a_replay_of_a_changed_run_is_noticed(command: Command, result: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    changed.mkdir()
    text = (result / "manifest.json").read_text()
    assert '"seed": 7' in text
    (changed / "manifest.json").write_text(text.replace('"seed": 7', '"seed": 8'))
    (changed / "replications.csv").write_bytes((result / "replications.csv").read_bytes())
    status, _, err = command("replay", str(changed), "-k", "3")
    assert status == 1
    assert "differs from the recorded digest" in err


def test_check_says_of_each_file_whether_it_is_sound(command: Command, tmp_path: Path) -> None:
    status, out, _ = command("check", WYOMING, "nashville_2025")
    assert status == 0
    assert f"{WYOMING}: sound" in out
    assert "1300 is shown but is not a target" in out
    Path("wrong.yaml").write_text("extends: wyoming_safe_haul_2025\ntitle: t\nquestion: q\nstop: {traffic_tsk: 9 min}\n")
    status, out, err = command("check", WYOMING, "wrong.yaml")
    assert status == 2
    assert f"{WYOMING}: sound" in out
    assert "wrong.yaml:4:" in err
    assert "did you mean 'traffic_task'?" in err


@pytest.mark.parametrize("what", ["scenarios", "measures", "distributions"])
def test_list_lists(command: Command, what: str) -> None:
    status, out, _ = command("list", what)
    assert status == 0
    assert {"scenarios": WYOMING, "measures": "held_then_released_hours", "distributions": "lognormal"}[what] in out


def test_explain_shows_every_parameter_with_source_and_grade(command: Command) -> None:
    status, out, _ = command("explain", WYOMING, "--only", "status_check")
    assert status == 0
    assert "status_check.ice_on_scene.reply" in out
    assert "assumed" in out
    status, out, _ = command("explain", WYOMING)
    assert "custody.ice_vehicles.seats" in out
    assert "Overdrive, 2025-11" in out


@pytest.mark.usefixtures("without_pictures")
def test_a_wish_for_precision_that_is_not_met_ends_with_status_1_and_keeps_the_files(command: Command) -> None:
    status, _, err = command("run", WYOMING, "--precision", "stops=0.01%", "-n", "12", "--out", "unmet", "--quiet")
    assert status == 1
    assert "not precise enough after 12 replications: stops" in err
    assert Path("unmet", "summary.csv").is_file()


# --- mistakes -------------------------------------------------------------------------------------------------------

MISTAKES = {
    "no such scenario": (("run", "wyoming_safe_hall_2025"), "did you mean 'wyoming_safe_haul_2025'?"),
    "no such file": (("run", "mine.yaml"), "there is no such file"),
    "a folder": (("run", "."), "is a folder"),
    "no such key": (("run", WYOMING, "--set", "stop.limt=3"), "no such key"),
    "no unit": (("run", WYOMING, "--set", "status_check.limit=3"), "has no unit"),
    "no value": (("run", WYOMING, "--set", "status_check.limit"), "write --set KEY=VALUE"),
    "zero replications": (("run", WYOMING, "-n", "0"), "greater than or equal to 1"),
    "words for a number": (("run", WYOMING, "-n", "many"), "a valid integer"),
    "a negative seed": (("run", WYOMING, "--seed", "-1"), "greater than or equal to 0"),
    "an unknown flag": (("run", WYOMING, "--sed", "1"), "No such option"),
    "an unknown command": (("rum", WYOMING), "No such command 'rum'"),
    "an unknown measure": (("run", WYOMING, "--precision", "stop=5%"), "did you mean 'stops'?"),
    "a width of nothing": (("run", WYOMING, "--precision", "stops=0"), "is not a width above 0"),
    "replay of nothing": (("replay", "results"), "no such file and no such shipped scenario"),
    "a vehicle of no flow": (("replay", WYOMING, "--vehicle", "bus:1"), "no flow 'bus'"),
    "a vehicle that never came": (("replay", WYOMING, "--vehicle", "interstate_truck:99999"), "no such vehicle came by"),
    "an unknown list": (("list", "scenario"), "did you mean 'scenarios'?"),
    "nothing to compare": (("compare", WYOMING), "nothing to compare with"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_one_message_status_2_and_leaves_no_folder(command: Command, name: str, tmp_path: Path) -> None:
    arguments, words = MISTAKES[name]
    status, out, err = command(*arguments)
    assert status == 2
    assert words in err
    assert "Traceback" not in err + out
    assert list(tmp_path.iterdir()) == []


BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))


@pytest.mark.parametrize("path", BROKEN[:: len(BROKEN) // 12], ids=lambda path: path.stem)
def test_a_broken_scenario_is_refused_by_run_and_no_folder_is_left(command: Command, path: Path, tmp_path: Path) -> None:
    status, _, err = command("run", str(path), "--out", "out")
    assert (status, "Traceback" in err) == (2, False)
    assert str(path) in err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_kept(command: Command, result: Path) -> None:
    Path("mine").mkdir()
    Path("mine", "thesis.txt").write_text("years of work")
    for flags in ((), ("--force",)):
        status, _, err = command("run", WYOMING, "-n", "2", "--out", "mine", *flags)
        assert status == 2
        assert "name another" in err
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.txt"]


@pytest.mark.usefixtures("without_pictures")
def test_force_replaces_an_earlier_result_whole(command: Command) -> None:
    for seed in ("1", "2"):
        flags = ("-n", "2", "--seed", seed, "--out", "twice", "--force", "--quiet")
        assert command("run", WYOMING, *flags)[0] == 0
    assert json.loads(Path("twice", "manifest.json").read_text())["seed"] == 2
    assert [path.name for path in Path().iterdir()] == ["twice"]


def test_a_report_that_cannot_be_written_leaves_nothing(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from sim.report import files

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_replications", full)
    status, _, err = command("run", WYOMING, "-n", "2", "--out", "out")
    assert status == 2
    assert "No space left on device" in err
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_nothing(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from sim.experiment import replications

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(replications, "run_block", interrupted)
    status, _, err = command("run", WYOMING, "-n", "2", "--out", "out")
    assert (status, err.strip()) == (130, "stopped; nothing was written.")
    assert list(tmp_path.iterdir()) == []


# --- compare and reproduce ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("without_pictures")
def test_compare_writes_a_row_for_each_arm_and_measure(command: Command) -> None:
    status, out, _ = command("compare", WYOMING, "--set", "operation.shifts.detail.patrol_units=5", "-n", "3", "--out", "cmp")
    assert status == 0
    table = rows(Path("cmp", "comparison.csv"))
    assert [row["measure"] for row in table] == list(MEASURES)
    columns = "arm measure unit base_mean arm_mean difference ci_low ci_high pairs variance_saved"
    assert list(table[0]) == columns.split()
    stops = {row["measure"]: row for row in table}["stops"]
    assert float(stops["difference"]) < 0
    assert float(stops["arm_mean"]) - float(stops["base_mean"]) == pytest.approx(float(stops["difference"]))
    assert "vehicles_passed_unstopped" in out


def test_reproduce_says_whether_the_reported_figures_lie_inside(command: Command) -> None:
    Path("far.yaml").write_text(
        "extends: wyoming_safe_haul_2025\ntitle: t\nquestion: q\nreported: {stops: {value: 900, source: overdrive_2025_11}}\n"
    )
    status, out, _ = command("reproduce", "far.yaml", "-n", "10")
    assert status == 1
    assert "1 target outside the 90% range" in out


# --- start-up -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_command_alone_is_the_command_among_all(name: str) -> None:
    alone, among = (CliRunner().invoke(made, [name, "--help"]) for made in (cli.app(name), cli.app()))
    assert alone.exit_code == among.exit_code == 0
    assert alone.stdout == among.stdout
    assert alone.stdout.count("Options:") == 1
    assert list(get_command(cli.app(name)).commands) == [name]  # the others would be made ready for nothing


HEAVY = {"numpy", "scipy", "pandas", "matplotlib", "simpy", "numba", "ruamel"}


@pytest.mark.parametrize(
    ("line", "status", "not_awaited"),
    [
        (["--help"], 0, HEAVY | {"pydantic", "yaml"}),
        (["check", WYOMING, "national_arrests"], 0, HEAVY),
        (["check", "there_is_none"], 2, HEAVY),
    ],
)
def test_help_and_check_do_not_wait_for_the_libraries_that_simulate(line: list[str], status: int, not_awaited: set[str]) -> None:
    """Fails if a module on the way imports one of them at its top: half of the time that a check takes."""
    code = (
        f"import sys; sys.argv = {['stopflow', *line]!r}\nfrom sim.start import main\ntry: main()\nfinally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert not_awaited & set(done.stdout.splitlines()[-1].split()) == set()
