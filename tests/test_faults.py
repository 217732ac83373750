"""What can go wrong around a command: somebody stops it, the disk is full, a worker dies, the clock jumps,
nobody reads its output.

Each time there is one clear line and a status that says what happened; nothing is half-written, and nothing is lost.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sim import cli
from sim.calibration import simulate
from sim.errors import UsageError
from sim.experiment import arms, replications, sweep
from sim.experiment.executors import in_order, workers_of
from sim.report import bundle, files
from tests import deadly
from tests.conftest import Command
from tests.fuzz.watched import call, deadline
from tests.study_files import ROOT, write_study

pytestmark = pytest.mark.usefixtures("shipped_files_are_read_once", "pictures_are_left_empty")

#: The commands that take long, and what they say when they are stopped.
LONG = {
    "run": (["run", "tiny.yaml", "-n", "60", "--engine", "simpy", "-w", "1", "--out", "out"], "stopped; nothing was written."),
    "compare": (
        ["compare", "tiny.yaml", "--set", "status_check.limit=0 min", "-n", "60", "-w", "1", "--out", "out"],
        "stopped; nothing was written.",
    ),
    "sweep": (
        ["sweep", "hour.yaml", "-n", "30", "-w", "1", "--out", "out", "-q"],
        "stopped; what was finished is kept, and the same command goes on.",
    ),
    "sensitivity": (
        ["sensitivity", "hour.yaml", "-n", "30", "-w", "1", "--out", "out", "-q"],
        "stopped; what was finished is kept, and the same command goes on.",
    ),
    "calibrate": (
        ["calibrate", "laramie_shift_2026", "--simulations", "500", "-w", "1", "--out", "out"],
        "stopped.",
    ),
    "reproduce": (["reproduce", "laramie_shift_2026", "-n", "60", "--engine", "simpy", "-w", "1"],
    "stopped; nothing was written."),
}  # fmt: skip
KEEPS = ("sweep", "sensitivity")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path, replications=6)


def at_the_call(monkeypatch: pytest.MonkeyPatch, number: int, what: Callable[[], None]) -> None:
    """Do something in the midst of the simulating: at the so-many-th block."""
    whole, calls = replications.run_block, []

    def interrupted(*told: object) -> object:
        calls.append(told)
        if len(calls) == number:
            what()
        return whole(*told)  # type: ignore[arg-type]

    for module in (replications, sweep, arms, simulate):
        monkeypatch.setattr(module, "run_block", interrupted)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def digests(folder: Path, *without: str) -> dict[str, str]:
    """Return the digest of every file below a folder."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in without)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


# --- somebody stops it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("name", LONG)
def test_a_command_that_is_stopped_says_so_in_one_line_and_leaves_nothing_half_written(
    name: str, number: signal.Signals, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, words = LONG[name]
    monkeypatch.chdir(tmp_path)
    before = names(tmp_path)
    at_the_call(monkeypatch, 3, lambda: signal.raise_signal(number))
    told = call(line)
    assert told.status == {signal.SIGINT: 130, signal.SIGTERM: 143}[number], told.crash
    assert (told.out, told.err) == ("", f"{words}\n")
    left = names(tmp_path) - before
    assert left == ({"out"} if name in KEEPS else set())
    if left:
        assert names(tmp_path / "out") == {"study.sqlite"}


def test_a_sweep_that_was_stopped_ends_with_the_bytes_of_one_that_was_not(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = ["sweep", "hour.yaml", "-n", "4", "-w", "1", "-q", "--out"]
    assert call([*line, "whole"]).status == 0
    with monkeypatch.context() as patch:
        at_the_call(patch, 3, lambda: signal.raise_signal(signal.SIGTERM))
        assert call([*line, "stopped"]).status == 143
    assert call([*line, "stopped"]).status == 0
    assert digests(tmp_path / "stopped", "study.sqlite", "manifest.json") == digests(
        tmp_path / "whole", "study.sqlite", "manifest.json"
    )


def test_an_earlier_result_stays_when_its_successor_is_stopped_at_the_last_moment(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = ["run", "tiny.yaml", "-n", "2", "--out", "out", "--force", "-q"]
    assert call(line).status == 0
    before, there = digests(tmp_path / "out"), names(tmp_path)
    rename = Path.rename

    def stopped(path: Path, target: Path) -> Path:
        if Path(target) == tmp_path / "out" and path.name != "old":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stopped)
    assert call([*line, "--seed", "2"]).status == 130
    assert (digests(tmp_path / "out"), names(tmp_path)) == (before, there)


def test_a_bundle_that_is_stopped_ends_what_it_has_started(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("x/reproduce.sh", "echo $$; sleep 300")
    said: list[int] = []

    def stop(line: str) -> None:
        said.append(int(line))
        raise KeyboardInterrupt

    with deadline(20), pytest.raises(KeyboardInterrupt):
        bundle.try_out(tmp_path / "x.zip", stop)
    with pytest.raises(ProcessLookupError):
        os.kill(said[0], 0)


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.05, 0.3, 1.0, 3.0, 5.0])
@pytest.mark.parametrize("name", LONG)
def test_a_stopped_command_with_workers_ends_soon_and_leaves_no_process(name: str, delay: float, tmp_path: Path) -> None:
    """Ctrl-C of a terminal goes to all processes, a request to end to one; at any moment the answer is the same."""
    write_study(tmp_path, replications=20_000)
    line = [word if word not in ("30", "60", "500") else "20000" for word in LONG[name][0]]
    line[line.index("-w") + 1] = "2"
    for number, everybody, status in ((signal.SIGINT, True, 130), (signal.SIGTERM, False, 143)):
        running = subprocess.Popen(
            [sys.executable, "-c", "from sim.start import main; main()", *line], cwd=tmp_path, start_new_session=True, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        time.sleep(delay)
        (os.killpg if everybody else os.kill)(running.pid, number)
        _, error = running.communicate(timeout=30)
        assert "Traceback" not in error or delay < 0.1  # before the first line of ours Python is alone
        assert running.returncode == status or delay < 0.4
        time.sleep(0.2)
        with pytest.raises(ProcessLookupError):
            os.killpg(running.pid, 0)


# --- a worker dies --------------------------------------------------------------------------------------------------


def test_what_a_dead_worker_was_at_is_done_again_in_its_place(tmp_path: Path) -> None:
    tasks = [((number, str(tmp_path / "mark")),) for number in range(8)]
    with workers_of(None, 2) as pool:
        assert list(in_order(pool, deadly.die_once_at_three, tasks)) == [2 * number for number in range(8)]


def test_work_that_ends_every_worker_is_given_up_in_words() -> None:
    with workers_of(None, 2) as pool, pytest.raises(UsageError, match=r"the worker died every time .* use fewer --workers"):
        list(in_order(pool, deadly.die_at_three, [(number,) for number in range(5)]))


def test_a_failure_in_a_worker_is_told_as_it_is() -> None:
    with pytest.raises(ArithmeticError, match="three"), workers_of(None, 2) as pool:
        list(in_order(pool, deadly.fail_at_three, [(number,) for number in range(5)]))


# --- the disk -------------------------------------------------------------------------------------------------------


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse every byte of a file beyond a size, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


WRITING = {
    "run": ["run", "tiny.yaml", "-n", "2", "--out", "out", "-q"],
    "compare": ["compare", "tiny.yaml", "--set", "status_check.limit=0 min", "-n", "2", "--out", "out", "-q"],
    "sweep": ["sweep", "hour.yaml", "-w", "1", "--out", "out", "-q"],
    "report": ["report", "done", "--out", "out"],
    "bundle": ["bundle", "done", "--out", "out", "--no-try", "-q"],
    "export": ["export", "swept", "--csv", "out", "-q"],
    "parquet": ["export", "swept", "--parquet", "out", "-q"],
    "replay": ["replay", "done", "--html", "out"],
    "import": ["import", "tidy", "rows.csv", "--out", "out", "-q"],
}


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run, a swept study and a table, for commands that take them."""
    folder = tmp_path_factory.mktemp("things")
    write_study(folder, replications=2)
    (folder / "rows.csv").write_text("week,place,agency,model,stage,count,unit,source\n2026-W21,a,b,c,stops,60,stops,y\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert call(["run", "tiny.yaml", "-n", "2", "--out", "done", "-q"]).status == 0
        assert call(["sweep", "hour.yaml", "-w", "1", "--out", "swept", "-q"]).status == 0
    return folder


@pytest.mark.parametrize("name", WRITING)
def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(name: str, things: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(things)
    before = digests(things)
    for size in (0, 200):
        with files_of_at_most(size):
            told = call(WRITING[name])
        assert (told.status, told.crash) == (2, ""), told.err
        assert told.err.count("\n") == 1
        assert any(words in told.err for words in ("File too large", "disk I/O error", "disk is full")), told.err
        if name == "sweep":  # its store may stay, as far as it came
            (things / "out" / "study.sqlite").unlink(missing_ok=True)
            (things / "out").rmdir()
        for log in ("-wal", "-shm"):  # SQLite's own, which it takes away when there is room again
            (things / "swept" / f"study.sqlite{log}").unlink(missing_ok=True)
        assert digests(things) == before
    assert not (things / "out").exists()


def test_a_sweep_goes_on_when_there_is_room_again(things: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(things)
    line = ["sweep", "hour.yaml", "-n", "4", "-w", "1", "-q", "--out"]
    assert call([*line, str(tmp_path / "whole")]).status == 0
    with files_of_at_most(20_000):
        assert call([*line, str(tmp_path / "full")]).status == 2
    assert call([*line, str(tmp_path / "full")]).status == 0
    without = ("study.sqlite", "manifest.json")
    assert digests(tmp_path / "full", *without) == digests(tmp_path / "whole", *without)


@pytest.mark.parametrize("place", ["/dev/null/x", "/proc/self/x", "/sys/x"])
@pytest.mark.parametrize("name", ["run", "sweep", "report", "import", "export"])
def test_a_place_where_nobody_can_write_is_refused_before_the_work(
    place: str, name: str, things: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(things)
    told = call([place if word == "out" else word for word in WRITING[name]])
    assert (told.status, told.crash) == (2, "")
    assert told.err.count("\n") == 1
    assert place in told.err


def test_the_output_itself_may_be_on_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        status = main_with(monkeypatch, full, "list", "measures")
    assert status == 2


def test_a_damaged_store_is_not_written_over(things: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(things)
    for content in (
        b"no database",
        b"SQLite format 3\x00" + bytes(4_000),
        (things / "swept" / "study.sqlite").read_bytes()[:5_000],
    ):
        (tmp_path / "study.sqlite").write_bytes(content)
        told = call(["sweep", "hour.yaml", "--out", str(tmp_path)])
        assert (told.status, told.err.count("\n")) == (2, 1), told.crash
        assert "study.sqlite" in told.err
        assert (tmp_path / "study.sqlite").read_bytes() == content
        assert names(tmp_path) == {"study.sqlite"}


def test_a_checkpoint_that_was_cut_is_made_again(tmp_path: Path) -> None:
    import numpy as np

    from sim.calibration import study as calibration

    kept, block = tmp_path / "block.npz", np.ones((500, 3))
    calibration._keep_block(kept, "key", block)
    assert np.array_equal(calibration._read_block(kept, "key", (500, 3)), block)
    whole = kept.read_bytes()
    for content in (
        b"",
        b"PK",
        whole[:40],
        whole[: len(whole) // 2],
        whole[:-1],
        b"x" + whole[1:],
        whole.replace(b"\x00", b"\x01"),
    ):
        kept.write_bytes(content)
        assert calibration._read_block(kept, "key", (500, 3)) is None


# --- who reads the output -------------------------------------------------------------------------------------------


def main_with(monkeypatch: pytest.MonkeyPatch, out: object, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["stopflow", *arguments])
    with monkeypatch.context() as patch, pytest.raises(SystemExit) as leaving:
        patch.setattr(sys, "stdout", out)
        patch.setattr(signal, "signal", lambda *_: None)
        try:
            cli.main()
        finally:
            if out is None:
                sys.stdout.close()  # what was taken in its place
    return leaving.value.code


@pytest.mark.parametrize("line", [["list", "measures"], ["explain", "laramie_shift_2026"], ["replay", "laramie_shift_2026"]])
def test_a_reader_who_leaves_early_gets_no_traceback_and_a_script_no_status_0(
    line: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        assert main_with(monkeypatch, pipe, *line) == 141
    assert "Traceback" not in capfd.readouterr().err


def test_a_reader_who_leaves_early_hides_no_check_that_did_not_hold(
    things: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(things / "done", tmp_path / "changed"))
    (folder / "summary.csv").write_text("x")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        assert main_with(monkeypatch, pipe, "verify", str(folder), "--replay", "0") == 141


def test_too_little_memory_is_told_in_one_line(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much() -> None:
        raise MemoryError

    monkeypatch.chdir(tmp_path)
    at_the_call(monkeypatch, 2, too_much)
    told = call(LONG["run"][0])
    assert (told.status, told.err.count("\n"), told.crash) == (2, 1, "")
    assert "more than the memory of this machine holds" in told.err
    assert not (tmp_path / "out").exists()


def test_nobody_need_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert main_with(monkeypatch, None, "list", "measures") == 0


def test_what_an_output_cannot_say_is_said_as_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    with io.TextIOWrapper(buffer, encoding="ascii", write_through=True) as narrow:
        assert main_with(monkeypatch, narrow, "explain", "laramie_shift_2026") == 0
        text = buffer.getvalue().decode("ascii")
    assert "\\u2500" in text


# --- clocks, places, machines ---------------------------------------------------------------------------------------


def test_a_clock_that_jumps_changes_no_byte(things: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(things)
    moments = iter(range(10**6))

    def jumping() -> float:
        return [2e9, -1e9, 0.0, 4e9][next(moments) % 4]

    for name in ("run", "sweep"):
        line = [word if word != "out" else str(tmp_path / name) for word in WRITING[name]]
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", jumping)
            patch.setattr(time, "perf_counter", jumping)
            assert call(line).status == 0
        without = ("study.sqlite", "manifest.json", "report.html")
        assert digests(tmp_path / name, *without) == digests(things / {"run": "done", "sweep": "swept"}[name], *without)
    manifest = json.loads((tmp_path / "run" / files.MANIFEST).read_text(encoding="utf-8"))
    assert manifest["trace_digest"] == json.loads((things / "done" / files.MANIFEST).read_text(encoding="utf-8"))["trace_digest"]


SURROUNDINGS = [
    {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu", "HOME": "/nowhere", "XDG_CACHE_HOME": "/dev/null/cache",
    "MPLBACKEND": "TkAgg"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "XYZ-14", "PYTHONHASHSEED": "7",
    "MPLCONFIGDIR": "/dev/null/x"},
]  # fmt: skip


def test_language_zone_and_home_change_no_byte_and_no_display_is_needed(tmp_path: Path) -> None:
    """Fonts come with matplotlib, so that those of the machine do not matter; nothing is kept where nothing can be."""
    write_study(tmp_path)
    plain = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "LC_ALL", "LANG", "TZ", "MPLBACKEND")}
    found = []
    for number, surroundings in enumerate(SURROUNDINGS):
        line = ["sweep", "hour.yaml", "-n", "2", "-w", "1", "--out", f"out{number}", "-q"]
        done = subprocess.run(
            [sys.executable, "-c", "from sim.start import main; main()", *line], cwd=tmp_path, capture_output=True, text=True,
            env={**plain, "PYTHONPATH": str(ROOT), **surroundings}, timeout=300, check=False,
        )  # fmt: skip
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
        found.append(digests(tmp_path / f"out{number}", "manifest.json", "study.sqlite"))
    assert "report.html" in found[0]
    assert "<svg" in (tmp_path / "out0" / "report.html").read_text(encoding="utf-8")
    assert found[0] == found[1]


def test_a_mistake_reads_alike_everywhere(command: Command) -> None:
    status, out, error = command("run", "nowhere.yaml", "--out", "out")
    assert (status, out, error) == (2, "", "nowhere.yaml: there is no such file; check the path, or see 'stopflow list'.\n")
