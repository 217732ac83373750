"""A Dask cluster of two worker processes gives the rows of one process, also when one of them is killed midway."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.experiment.store import FILE, open_store
from sim.experiment.studies import load_study
from sim.experiment.sweep import run_study
from sim.report.sweeps import Results, write_replications
from tests.conftest import Command
from tests.study_files import ROOT, finished, stopflow, write_study

pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Yield the address of a scheduler, and its two worker processes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5"}
    log = tmp_path / "scheduler.log"
    options = {"env": environment, "cwd": tmp_path, "stdout": subprocess.DEVNULL}
    with log.open("wb") as stream:
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1"]
        scheduler = subprocess.Popen(command, stderr=stream, **options)  # type: ignore[call-overload]
    address = None
    for _ in range(300):
        found = re.search(r"Scheduler at:\s+(tcp://\S+)", log.read_text())
        if found:
            address = found[1]
            break
        time.sleep(0.1)
    assert address, log.read_text()
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    workers = [subprocess.Popen(worker, stderr=subprocess.DEVNULL, **options) for _ in range(2)]  # type: ignore[call-overload]
    try:
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def rows(folder: Path) -> bytes:
    with open_store(folder, write=False) as store:
        write_replications(Results(store), folder / "rows.csv")
    return (folder / "rows.csv").read_bytes()


def wait_for_workers(address: str) -> None:
    import distributed

    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)


def test_a_worker_killed_midway_changes_no_byte(tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]) -> None:
    address, workers = cluster
    path = write_study(tmp_path, replications=80)
    run_study(load_study(path), tmp_path / "whole", workers=2)
    wait_for_workers(address)
    sweep = stopflow("sweep", path, "--out", tmp_path / "out", "--dask", address, "--chunk", 1, "-q")
    deadline = time.monotonic() + 120
    while not (tmp_path / "out" / FILE).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)
    assert sweep.poll() is None  # it is at work
    workers[0].kill()
    assert sweep.wait(timeout=300) == 0
    assert rows(tmp_path / "out") == rows(tmp_path / "whole")


def test_a_cluster_without_workers_or_without_a_scheduler_is_told_in_words(tmp_path: Path, command: Command) -> None:
    path = write_study(tmp_path, replications=1)
    status, _, error = command("sweep", path, "--out", tmp_path / "out", "--dask", "tcp://127.0.0.1:9")
    assert status == 2
    assert "no scheduler answers there" in error
    assert "Traceback" not in error


def test_workers_of_another_version_are_refused(tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]) -> None:
    """Workers that would give other numbers: here the client counts other files as the model."""
    address, _ = cluster
    wait_for_workers(address)
    path = write_study(tmp_path, replications=1)
    code = "from sim.experiment import store; store._NOT_THE_MODEL = (); from sim.cli import main; main()"
    line = [sys.executable, "-c", code, "sweep", str(path), "--out", str(tmp_path / "out"), "--dask", address, "-q"]
    done = subprocess.run(
        line, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 2
    assert "runs another version of stopflow" in done.stderr
    assert finished("sweep", path, "--out", tmp_path / "out", "--dask", address, "-q").returncode == 0
