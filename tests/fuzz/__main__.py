"""``python -m tests.fuzz``: what anybody might give to the program, many times over; writes docs/verification/fuzz.md.

Fails at the first input that is neither done nor refused in words, takes too long,
or writes where nobody said. Memory is bounded by the
system: this process may not have more than 3 GB of addresses, whatever it reads.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import resource
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from sim import loading
from tests.any_world import Run, runs
from tests.fuzz import flags, scenarios
from tests.fuzz.tally import Tally
from tests.fuzz.watched import without_drawing

PAGE = Path(__file__).resolve().parents[2] / "docs" / "verification" / "fuzz.md"
#: How many inputs of each kind.
BYTES, FILES, WORLDS, LINES = 10_000, 300, 100, 200
ADDRESSES = 3_000_000_000
QUIETLY = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the inputs that are tried: 0.01 for a first look")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write")
    share = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, most))
    read, read_once, shipped = loading.read_file, cache(loading.read_file), loading.shipped_folder()
    loading.read_file = lambda path: (read_once if shipped in path.parents else read)(path)
    began, page = time.perf_counter(), share.page.absolute()
    with tempfile.TemporaryDirectory(prefix="stopflow-fuzz-") as scratch, without_drawing():
        os.chdir(scratch)
        tallies = {}
        for what, many, trial in (
            ("Bytes as a scenario file", BYTES, bytes_tried),
            ("Scenario files with one to three mistakes", FILES, files_tried),
            ("Valid scenarios, run", WORLDS, worlds_tried),
            ("Command lines", LINES, lines_tried),
        ):
            tallies[what] = trial(max(1, round(many * share.share)), Path(scratch))
            print(f"{what}: {tallies[what].inputs:,} inputs, longest {tallies[what].longest:.1f} s", flush=True)
        os.chdir("/")
    page.write_text(words(tallies, time.perf_counter() - began), encoding="utf-8")
    print(f"{page}: written; {time.perf_counter() - began:.0f} s in all.")
    return 0


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


HEAD = """# Fuzz: what anybody might give to the program

Written by `python -m tests.fuzz`. Each input is done, or refused in words: one message that names the file and says what to
do, no traceback, no control character, nothing written but where it was told. A deadline ends an input that takes longer
than {read:.0f} s to read, or {run:.0f} s to run as a command; the first that fails ends the run.

{inputs:,} inputs in {minutes:.0f} min on Python {python}; none hung, none failed. Peak memory of the whole process, with
everything that it imports and compiles: {peak:,.0f} MB.
"""
SECTION = """
## {what}

{inputs:,} inputs; the longest took {longest:.2f} s.

| outcome | inputs |
| --- | ---: |
"""
FOOT = """
How inputs are drawn stands in `tests/fuzz/`: random bytes, sentences made of YAML's marks, shipped scenarios with bytes
changed, cut out and doubled, pieces repeated up to the largest file that is read; scenarios with keys dropped, renamed and
misspelt, values of another kind, unit or script; every command with every flag that it declares, sound and odd values mixed.
`calibrate` is left to the tests of faults, and so is a cluster's address. A short version is in the fast tests
(`tests/test_fuzz.py`).
"""


def words(tallies: dict[str, Tally], seconds: float) -> str:
    """Return the page."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    inputs = sum(one.inputs for one in tallies.values())
    parts = [
        HEAD.format(
            read=scenarios.SECONDS, run=flags.SECONDS, inputs=inputs, minutes=seconds / 60, python=platform.python_version(),
            peak=peak / 1e6,
        )
    ]  # fmt: skip
    for what, tally in tallies.items():
        parts.append(SECTION.format(what=what, inputs=tally.inputs, longest=tally.longest))
        parts += [f"| {kind} | {count:,} |\n" for kind, count in sorted(tally.kinds.items(), key=lambda one: (-one[1], one[0]))]
    return "".join([*parts, FOOT])


if __name__ == "__main__":
    sys.exit(main())
