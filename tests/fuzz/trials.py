"""The trials of ``python -m tests.fuzz``: inputs of one kind, in a process of its own whose memory the system bounds."""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from sim import loading
from tests.any_world import Run, runs
from tests.fuzz import flags, scenarios
from tests.fuzz.tally import Tally
from tests.fuzz.watched import without_drawing

#: No process may have more addresses than this, whatever it reads.
ADDRESSES = 3_000_000_000
QUIETLY = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


def trial(what: str, count: int) -> tuple[Tally, float]:
    """Try inputs of one kind, in a process of its own; return what came of them, and the most memory that was used, in MB."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    read, read_once, shipped = loading.read_file, cache(loading.read_file), loading.shipped_folder()
    loading.read_file = lambda path: (read_once if shipped in path.parents else read)(path)
    with tempfile.TemporaryDirectory(prefix="stopflow-fuzz-") as scratch, without_drawing():
        os.chdir(scratch)
        tally = TRIALS[what][1](count, Path(scratch))
        os.chdir("/")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return tally, peak / 1e6


def bytes_tried(count: int, scratch: Path) -> Tally:
    tally, path = Tally(), scratch / "any.yaml"

    @settings(QUIETLY, max_examples=count)
    @given(content=scenarios.contents())
    def tried(content: bytes) -> None:
        path.write_bytes(content)
        with tally.one(content) as said:
            said.append(scenarios.outcome_of_file(path))

    tried()
    return tally


def files_tried(count: int, scratch: Path) -> Tally:
    tally, path = Tally(), scratch / "mistaken.yaml"

    @settings(QUIETLY, max_examples=count)
    @given(text=scenarios.mistaken())
    def tried(text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        with tally.one(text) as said:
            said.append(scenarios.outcome_of_file(path))

    tried()
    return tally


def worlds_tried(count: int, scratch: Path) -> Tally:
    tally = Tally()

    @settings(QUIETLY, max_examples=count)
    @given(run=runs())
    def tried(run: Run) -> None:
        with tally.one(run) as said:
            said.append(scenarios.outcome_of_run(run))

    tried()
    return tally


def lines_tried(count: int, scratch: Path) -> Tally:
    tally, folder = Tally(), scratch / "bench"
    folder.mkdir()
    os.chdir(folder)
    bench = flags.Bench.set_up(folder)
    for number in range(count):
        line = flags.line(random.Random(f"line {number}"), bench)
        with tally.one(" ".join(line)) as said:
            said.append(flags.outcome_of(line, bench))
    return tally


#: How many inputs of each kind, and how one is tried.
TRIALS = {
    "Bytes as a scenario file": (10_000, bytes_tried),
    "Scenario files with one to three mistakes": (300, files_tried),
    "Valid scenarios, run": (100, worlds_tried),
    "Command lines": (200, lines_tried),
}
