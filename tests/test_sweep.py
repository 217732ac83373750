"""Sweeps: the same rows whoever does the work and however often it is killed, and nothing lost when a point fails."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import UsageError
from sim.experiment import sweep
from sim.experiment.replications import Block, run
from sim.experiment.store import FILE, open_store
from sim.experiment.studies import load_study
from sim.experiment.sweep import forecast, prepare, run_study
from sim.report.sweeps import Results, write_points, write_replications
from tests.study_files import STUDY, finished, stopflow, write_study


def exported(folder: Path) -> bytes:
    with open_store(folder, write=False) as store:
        write_replications(Results(store), folder / "rows.csv")
    return (folder / "rows.csv").read_bytes()


def swept(folder: Path, path: Path | None = None, **options: Any) -> bytes:
    study = load_study(path or write_study(folder.parent))
    run_study(study, folder, **options)
    return exported(folder)


@cache
def uninterrupted() -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return swept(Path(folder) / "whole")


# --- however the work is divided ------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_the_size_of_tasks_changes_no_byte(tmp_path: Path, chunk: int) -> None:
    assert swept(tmp_path / "out", chunk=chunk) == uninterrupted()


@pytest.mark.parametrize("workers", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_the_number_of_workers_changes_no_byte(tmp_path: Path, workers: int) -> None:
    assert swept(tmp_path / "out", workers=workers) == uninterrupted()


def test_the_size_of_blocks_changes_no_byte(tmp_path: Path) -> None:
    assert swept(tmp_path / "out", write_study(tmp_path, block=3)) == uninterrupted()


def test_any_executor_of_the_standard_library_may_do_the_work(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert swept(tmp_path / "out", executor=pool, chunk=1) == uninterrupted()


def test_the_rows_are_those_of_plain_runs_in_the_order_of_the_grid(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path))
    rows = [line.split(",") for line in uninterrupted().decode().splitlines()]
    assert rows[0][:4] == ["point", "replication", "operation.shifts.detail.patrol_units", "status_check.limit"]
    assert [row[2:4] for row in rows[1::12]] == [[str(units), limit] for units in (1, 2) for limit in ("0", "10", "none")]
    for number, point in enumerate(study.points()):
        alone = run(study.scenario(point), replications=12, seed=3)
        told = [[float(cell or "nan") for cell in row[4:]] for row in rows[1 + 12 * number : 13 + 12 * number]]
        np.testing.assert_array_equal(told, alone.values)


# --- killed and taken up again --------------------------------------------------------------------------------------


def killed_and_resumed(tmp_path: Path, kills: int, workers: int, chunk: int, seed: int) -> tuple[int, bytes]:
    """Kill a sweep at random moments, then let it end; return how many kills met it at work, and its rows."""
    path, folder = write_study(tmp_path), tmp_path / "out"
    moment = random.Random(seed)
    met = 0
    for _ in range(kills):
        process = stopflow("sweep", path, "--out", folder, "--workers", workers, "--chunk", chunk, "-q")
        deadline = time.monotonic() + 60
        while not (folder / FILE).exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(moment.uniform(0.0, 1.5))
        met += process.poll() is None
        process.kill()
        process.wait()
    done = finished("sweep", path, "--out", folder, "--workers", workers, "-q")
    assert done.returncode == 0, done.stderr
    return met, exported(folder)


def test_a_sweep_that_was_killed_and_taken_up_again_ends_with_the_same_rows(tmp_path: Path) -> None:
    met, rows = killed_and_resumed(tmp_path, kills=3, workers=1, chunk=1, seed=1)
    assert met > 0
    assert rows == uninterrupted()


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "chunk"), [(1, 1), (2, 3), (3, 10)])
def test_killed_at_25_random_moments_it_ends_with_the_same_rows(tmp_path: Path, workers: int, chunk: int) -> None:
    path = write_study(tmp_path, replications=150)
    whole = swept(tmp_path / "whole", path, workers=2)
    folder, moment, met = tmp_path / "out", random.Random(workers), 0
    for _ in range(25):
        process = stopflow("sweep", path, "--out", folder, "--workers", workers, "--chunk", chunk, "-q")
        time.sleep(moment.uniform(0.2, 3.0))
        met += process.poll() is None
        process.kill()
        process.wait()
    done = finished("sweep", path, "--out", folder, "--workers", workers, "-q")
    assert done.returncode == 0, done.stderr
    assert met >= 20
    assert exported(folder) == whole


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_no_more_than_its_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "simulate", killed_once)
    monkeypatch.setenv("STOPFLOW_TEST_MARK", str(tmp_path / "killed"))
    assert swept(tmp_path / "out", workers=2, chunk=1) == uninterrupted()
    assert (tmp_path / "killed").exists()


def killed_once(task: sweep.Task) -> sweep.Answer:
    """Simulate a task, but end the first worker that comes to the third point as the system would for want of memory."""
    mark = Path(os.environ["STOPFLOW_TEST_MARK"])
    if task.pieces[0][1].point == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return ORIGINAL(task)


def killed_always(task: sweep.Task) -> sweep.Answer:
    if task.pieces[0][1].point == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return ORIGINAL(task)


ORIGINAL: Callable[[sweep.Task], sweep.Answer] = sweep.simulate


@pytest.mark.slow
def test_a_point_that_kills_every_worker_fails_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "simulate", killed_always)
    outcome = run_study(load_study(write_study(tmp_path)), tmp_path / "out", workers=2, chunk=1)
    assert (outcome.points, outcome.failed) == (6, 1)
    assert exported(tmp_path / "out") == without_point(uninterrupted(), 2)


def without_point(rows: bytes, point: int) -> bytes:
    return b"".join(line for line in rows.splitlines(keepends=True) if not line.startswith(f"{point},".encode()))


# --- failed points --------------------------------------------------------------------------------------------------

IMPOSSIBLE = STUDY.replace("  operation.shifts.detail.patrol_units: {values: [1, 2]}\n", "").replace(
    "  status_check.limit: {values: [0 min, 10 min, none]}", "  custody.path: {values: [local_booking, ice_vehicles]}"
)


def test_a_point_whose_values_make_no_scenario_is_written_down_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    outcome = run_study(load_study(write_study(tmp_path, IMPOSSIBLE)), folder)
    assert (outcome.points, outcome.failed, outcome.simulated) == (2, 1, 12)
    with open_store(folder, write=False) as store:
        write_points(Results(store), folder / "points.csv")
    good, bad = (folder / "points.csv").read_text().splitlines()[1:]
    assert good.startswith("0,local_booking,12,yes,")
    assert bad.startswith("1,ice_vehicles,0,,,")
    assert "path is ice_vehicles, but there are none" in bad


def test_a_replication_that_fails_costs_its_point_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = sweep.run_block

    def fails_with_two_units(scenario: Any, seed: int, first: int, count: int) -> Block:
        if scenario.operation.shifts["detail"].patrol_units == 2 and scenario.status_check.limit == 0 and first >= 5:
            raise ZeroDivisionError("no such luck")
        return original(scenario, seed, first, count)

    monkeypatch.setattr(sweep, "run_block", fails_with_two_units)
    folder = tmp_path / "out"
    assert run_study(load_study(write_study(tmp_path)), folder).failed == 1
    assert exported(folder) == without_point(uninterrupted(), 3)
    monkeypatch.setattr(sweep, "run_block", original)
    assert run_study(load_study(write_study(tmp_path)), folder).failed == 0  # the failed point gets another chance
    assert exported(folder) == uninterrupted()


# --- extending ------------------------------------------------------------------------------------------------------


def test_more_replications_reuse_those_that_are_there(tmp_path: Path) -> None:
    folder, path = tmp_path / "out", write_study(tmp_path)
    run_study(load_study(path, replications=7), folder)
    assert run_study(load_study(path), folder).simulated == 6 * (12 - 7)
    assert exported(folder) == uninterrupted()
    assert run_study(load_study(path), folder).simulated == 0


def test_fewer_replications_are_the_first_of_those_that_are_there(tmp_path: Path) -> None:
    folder, path = tmp_path / "out", write_study(tmp_path, replications=6)
    run_study(load_study(path), folder)
    assert run_study(load_study(path, replications=2), folder).simulated == 0
    assert exported(folder) == swept(tmp_path / "two", write_study(tmp_path, replications=2))


def test_a_changed_lever_keeps_what_it_has_in_common(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run_study(load_study(write_study(tmp_path, replications=3)), folder)
    changed = STUDY.replace("[1, 2]", "[2, 3]")
    assert run_study(load_study(write_study(tmp_path, changed, replications=3)), folder).simulated == 3 * 3


def test_another_seed_or_another_base_reuses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run_study(load_study(write_study(tmp_path, replications=2)), folder)
    assert run_study(load_study(write_study(tmp_path, replications=2, seed=4)), folder).simulated == 12
    other_people = load_study(write_study(tmp_path, replications=2), ["people.car.crew_effect=0.1"])
    assert run_study(other_people, folder).simulated == 12


def test_precision_stops_each_point_where_a_run_of_its_own_would(tmp_path: Path) -> None:
    path = write_study(tmp_path, precision="{stops: 25%}", replications=60)
    study, folder = load_study(path), tmp_path / "out"
    outcome = run_study(study, folder)
    with open_store(folder, write=False) as store:
        used = [row.used for row in store.points()]
    alone = [run(study.scenario(point), replications=60, precision=study.precision, seed=3) for point in study.points()]
    assert used == [len(result.values) for result in alone]
    assert len(set(used)) > 1
    assert outcome.imprecise == 0


def test_a_point_that_cannot_be_precise_enough_is_said_to_be_imprecise(tmp_path: Path) -> None:
    path = write_study(tmp_path, precision="{stops: 0.1%}", replications=12)
    assert run_study(load_study(path), tmp_path / "out").imprecise == 6


# --- one writer -----------------------------------------------------------------------------------------------------


def test_a_second_process_on_one_store_is_refused(tmp_path: Path) -> None:
    path, folder = write_study(tmp_path), tmp_path / "out"
    folder.mkdir()
    with open_store(folder, write=True):
        for command in (["sweep", path, "--out", folder, "-q"], ["export", folder, "--csv", tmp_path / "rows.csv"]):
            second = finished(*command)
            assert second.returncode == 2
            assert "another process is at work on this study" in second.stderr
            assert "Traceback" not in second.stderr
    assert not (tmp_path / "rows.csv").exists()


def test_a_folder_of_another_study_is_refused(tmp_path: Path) -> None:
    run_study(load_study(write_study(tmp_path, replications=1)), tmp_path / "out")
    other = load_study(write_study(tmp_path, name="other"))
    with pytest.raises(UsageError, match="holds the study 'hour', not 'other'"):
        run_study(other, tmp_path / "out")


def test_an_unfinished_study_is_not_exported(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path))
    with open_store(tmp_path, write=True) as store:
        prepare(study, store)
    with pytest.raises(UsageError, match="is not finished"):
        exported(tmp_path)


def test_a_damaged_store_is_refused_in_words(tmp_path: Path) -> None:
    run_study(load_study(write_study(tmp_path, replications=6)), tmp_path / "out")
    with sqlite3.connect(tmp_path / "out" / FILE) as connection:
        connection.execute("UPDATE blocks SET content = substr(content, 1, 20) WHERE first = 5")
    connection.close()
    with pytest.raises(UsageError, match="a block is damaged"):
        exported(tmp_path / "out")
    (tmp_path / "out" / FILE).write_bytes(b"no database at all, but long enough to be looked at as one" * 50)
    with pytest.raises(UsageError, match="is no store that I can read"):
        exported(tmp_path / "out")


# --- what it takes --------------------------------------------------------------------------------------------------


def test_a_forecast_counts_what_is_there(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    run_study(load_study(path, replications=3), tmp_path / "out")
    with open_store(tmp_path / "out", write=True) as store:
        study = load_study(path)
        prepare(study, store)
        told = forecast(study, store, workers=2)
    assert (told.points, told.replications, told.present) == (6, 72, 18)
    assert told.seconds > 0
    assert (tmp_path / "out" / FILE).stat().st_size < 3 * told.bytes


class Clock:
    """Counts the time that a pretended simulation takes."""

    def __init__(self, milliseconds: float, measures: int) -> None:
        self.seconds, self.measures, self.spent = milliseconds / 1000, measures, 0.0

    def __call__(self, scenario: Any, seed: int, first: int, count: int) -> Block:
        began = time.process_time()
        row = [float(seed)] * self.measures
        while time.process_time() - began < self.seconds * count:
            pass
        self.spent += time.process_time() - began
        return [row] * count, ["0" * 64] * count


def test_the_bookkeeping_of_a_sweep_costs_less_than_a_tenth_of_the_simulation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a millisecond a replication, a hundred of them to a point; fails if scenarios are read from files at every point."""
    path = write_study(tmp_path, STUDY.replace("[1, 2]", "[1, 2, 3, 4, 5]"), replications=100, block=10)
    study = load_study(path)
    clock = Clock(1.0, len(study.measures))
    monkeypatch.setattr(sweep, "run_block", clock)
    began = time.process_time()
    run_study(study, tmp_path / "out")
    whole = time.process_time() - began
    assert clock.spent >= 1.5
    assert whole - clock.spent < 0.1 * clock.spent
