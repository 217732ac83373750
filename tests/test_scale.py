"""Sweeps at scale: memory does not grow with them, and a second worker pays."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.experiment.executors import Processes, as_done
from tests.study_files import ROOT, STUDY, write_study

pytestmark = pytest.mark.slow

MILLION = """
import resource, sys
from pathlib import Path
import numpy as np
from sim.experiment import sweep
from sim.experiment.store import open_store
from sim.experiment.studies import load_study
from sim.report.sweeps import Results, write_points, write_summary

def made_up(scenario, seed, first, count, engine):
    random = np.random.Generator(np.random.Philox(first))
    return random.normal(size=(count, 80))[:, :measures].tolist(), ["ab" * 32] * count

sweep.run_block = made_up
study = load_study(sys.argv[1])
measures = len(study.measures)
folder = Path(sys.argv[2])
outcome = sweep.run_study(study, folder)
with open_store(folder, write=False) as store:
    results = Results(store)
    write_points(results, folder / "points.csv")
    write_summary(results, folder / "summary.csv")
print(outcome.points, outcome.simulated, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_a_million_replications_stay_below_500_megabytes(tmp_path: Path) -> None:
    """2,000 points of 500 replications with all their measures, summarised; fails if results or tasks were gathered in memory."""
    text = STUDY.replace("{values: [1, 2]}", "{low: 1, high: 40, levels: 40}").replace(
        "{values: [0 min, 10 min, none]}", "{low: 1 min, high: 50 min, levels: 50}"
    )
    path = write_study(tmp_path, text, replications=500, block=100)
    line = [sys.executable, "-c", MILLION, str(path), str(tmp_path / "out")]
    done = subprocess.run(line, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    points, simulated, megabytes = map(int, done.stdout.split())
    assert (points, simulated) == (2000, 1_000_000)
    assert megabytes < 500


def busy(loops: int) -> int:
    total = 0
    for number in range(loops):
        total += number * number
    return total


def test_two_workers_give_at_least_1_8_times_the_throughput_of_one() -> None:
    """Tasks of about 120 ms, one and two workers in turn, the best of three each; needs two cores that are free."""
    began = time.process_time()
    busy(1_000_000)
    loops = int(1_000_000 * 0.12 / (time.process_time() - began))
    best = {1: float("inf"), 2: float("inf")}
    for _ in range(3):
        for workers in (1, 2):
            pool = Processes(workers)
            try:
                list(as_done(pool, busy, [10] * 8))  # every worker has started
                began = time.perf_counter()
                list(as_done(pool, busy, [loops] * 40))
                best[workers] = min(best[workers], time.perf_counter() - began)
            finally:
                pool.shutdown()
    assert best[1] / best[2] >= 1.8
