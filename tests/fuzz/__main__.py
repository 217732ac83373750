"""``python -m tests.fuzz``: what anybody might give to the program, many times over; writes docs/verification/fuzz.md.

Fails at the first input that is neither done nor refused in words, takes too long,
or writes where nobody said. Memory is bounded by the
system: this process may not have more than 3 GB of addresses, whatever it reads.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.fuzz import flags, scenarios
from tests.fuzz.tally import Tally
from tests.fuzz.trials import TRIALS, trial

PAGE = Path(__file__).resolve().parents[2] / "docs" / "verification" / "fuzz.md"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the inputs that are tried: 0.01 for a first look")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write")
    asked = parser.parse_args()
    began, tried = time.perf_counter(), {}
    with ProcessPoolExecutor(len(TRIALS), mp_context=multiprocessing.get_context("spawn")) as pool:
        running = {what: pool.submit(trial, what, max(1, round(many * asked.share))) for what, (many, _) in TRIALS.items()}
        for what, future in running.items():
            tried[what] = future.result()
            print(f"{what}: {tried[what][0].inputs:,} inputs, longest {tried[what][0].longest:.1f} s", flush=True)
    asked.page.write_text(words(tried, time.perf_counter() - began), encoding="utf-8")
    print(f"{asked.page}: written; {time.perf_counter() - began:.0f} s in all.")
    return 0


HEAD = """# Fuzz: what anybody might give to the program

Written by `python -m tests.fuzz`. Each input is done, or refused in words: one message that names the file and says what to
do, no traceback, no control character, nothing written but where it was told. A deadline ends an input that takes longer
than {read:.0f} s to read, or {run:.0f} s to run as a command; the first that fails ends the run.

Result: {inputs:,} inputs in {minutes:.0f} min on Python {python}; none hung, none failed.

Each kind has a process of its own; peak memory is that of the process, with everything that it imports.
"""
SECTION = """
## {what}

{inputs:,} inputs; the longest took {longest:.2f} s; peak memory {peak:,.0f} MB.

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


def words(tried: dict[str, tuple[Tally, float]], seconds: float) -> str:
    """Return the page."""
    inputs = sum(one.inputs for one, _ in tried.values())
    told = {"inputs": inputs, "minutes": seconds / 60, "python": platform.python_version()}
    parts = [HEAD.format(read=scenarios.SECONDS, run=flags.SECONDS, **told)]
    for what, (tally, peak) in tried.items():
        parts.append(SECTION.format(what=what, inputs=tally.inputs, longest=tally.longest, peak=peak))
        parts += [f"| {kind} | {count:,} |\n" for kind, count in sorted(tally.kinds.items(), key=lambda one: (-one[1], one[0]))]
    return "".join([*parts, FOOT])


if __name__ == "__main__":
    sys.exit(main())
