"""Measure the contenders, print the table, and write it into docs/performance.md.

Everybody has a turn in each round, in rotating order, with seeds never used before: a repeated seed flatters a fast
engine, whose caches learn it. Rates drift with the machine, so the ratio is taken within a round, and the median over
rounds is reported. Times in seconds.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tests.bench.contenders import ROOT, SHIPPED, Contender, Replicate, contenders

PAGE = ROOT / "docs" / "performance.md"
BEGIN = "<!-- bench: begin; `make bench` writes what stands between these marks -->"
END = "<!-- bench: end -->"

HEADINGS = ("engine", "model", "stops/s", "times idiomatic SimPy")
OTHER_WORK = "*"
NOTE = f"{OTHER_WORK} against the reference corridor, which is other and simpler work: an order of magnitude, no more."


@dataclass(frozen=True, slots=True)
class Row:
    """One contender's medians over the rounds."""

    contender: Contender
    stops_per_second: float
    ratio: float

    def cells(self) -> tuple[str, str, str, str]:
        """Return the row as text, in the order of `HEADINGS`."""
        mark = "" if self.contender.same_work else OTHER_WORK
        rate = f"{float(f'{self.stops_per_second:.2g}'):,.0f}"
        return self.contender.engine, self.contender.model, rate, f"{self.ratio:.2f}{mark}"


def turn(replicate: Replicate, seconds: float, seeds: Iterator[int]) -> float:
    """Replicate with fresh seeds for at least `seconds`; return stops per second."""
    gc.collect()
    stops = 0
    began = time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds:
        stops += replicate(next(seeds))
    return stops / elapsed


def measure(found: list[Contender], rounds: int, seconds: float) -> list[Row]:
    """Give everybody a turn in each round; return the medians of rates and of per-round ratios."""
    seeds = itertools.count(1)
    models = list(dict.fromkeys(replicate for one in found for replicate in (one.replicate, one.baseline)))
    for replicate in models:
        replicate(next(seeds))  # imports and compilation are not timed
    rates: dict[Replicate, list[float]] = {replicate: [] for replicate in models}
    for number in range(rounds):
        first = number % len(models)
        for replicate in models[first:] + models[:first]:
            rates[replicate].append(turn(replicate, seconds, seeds))
    return [
        Row(
            one,
            statistics.median(rates[one.replicate]),
            statistics.median(own / base for own, base in zip(rates[one.replicate], rates[one.baseline], strict=True)),
        )
        for one in found
    ]


def circumstances(rounds: int, seconds: float) -> str:
    """Say where and how the numbers were made."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("simpy", "numpy"))
    system = f"{platform.system()} {platform.machine()}"
    return f"One process; {python}, {packages}, {system}; medians of {rounds} rounds of {seconds:g} s each."


#: In turn, with fresh seeds: 40 replications by the compiled engine and 4 by the SimPy processes, drawing, measures and digests
#: included. The peak of memory is that of the compiled engine, before SimPy had its first turn.
COUNTRY = """
import resource, statistics, time
from sim.experiment.replications import run
from sim.reported import load

scenario = load("national_arrests")

def seconds(engine, count, seed):
    began = time.process_time()
    result = run(scenario, replications=count, seed=seed, engine=engine)
    return (time.process_time() - began) / count, result

_, result = seconds("compiled", 40, 1)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
seconds("simpy", 1, 2)
turns = [(seconds("compiled", 40, 2 * turn + 3)[0], seconds("simpy", 4, 2 * turn + 4)[0]) for turn in range(5)]
compiled, simpy = (statistics.median(one[place] for one in turns) for place in (0, 1))
times = statistics.median(slow / fast for fast, slow in turns)
agencies = [result.summary(name).median for name in result.measures if name.startswith("agencies_2")][-1]
print(f"{agencies:,.0f} agencies, {simpy:.2f} s a replication by the SimPy processes and {1000 * compiled:.1f} ms by the "
      f"compiled engine, {times:.0f} times as fast, on one core, with draws, measures and digests; "
      f"its peak memory {peak:,.0f} MB")
"""


def country() -> str:
    """Measure the programme in the country, in a process of its own so that the peak of memory is its own; one line."""
    done = subprocess.run([sys.executable, "-c", COUNTRY], capture_output=True, text=True, check=True, cwd=ROOT)
    return f"The country over 17 months, week by week (programme/national_arrests): {done.stdout.strip()}."


def as_text(rows: list[Row]) -> str:
    """Return the table for a terminal, in aligned columns."""
    table = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column < 2 else cell.rjust(width) for column, (cell, width) in cells).rstrip()
        for cells in (list(enumerate(zip(line, widths, strict=True))) for line in table)
    )


def as_markdown(rows: list[Row]) -> str:
    """Return the table for the documentation."""
    table = [HEADINGS, ("---", "---", "---:", "---:"), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in table).replace(OTHER_WORK, rf"\{OTHER_WORK}")


def with_section(page: str, section: str) -> str:
    """Return the page with the section between its marks replaced.

    Raises
    ------
    ValueError
        If the page does not hold each mark once, in order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in before or END in after:
        raise ValueError(f"the page must hold these two lines once each, in this order:\n{BEGIN}\n{END}")
    return f"{before}{BEGIN}\n\n{section}\n\n{END}{after}"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure stops simulated per second.")
    parser.add_argument("--rounds", type=int, default=9, help="turns for everybody (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a turn (default: %(default)s)")
    parser.add_argument("--scenario", type=Path, default=SHIPPED, help="the shipped scenario to measure")
    parser.add_argument("--no-page", action="store_true", help=f"leave {PAGE.relative_to(ROOT)} as it is")
    wanted = parser.parse_args()
    if wanted.rounds < 1 or wanted.seconds <= 0:
        parser.error("--rounds must be at least 1 and --seconds above 0")

    found, missing = contenders(wanted.scenario)
    rows = measure(found, wanted.rounds, wanted.seconds)
    notes = [circumstances(wanted.rounds, wanted.seconds), country()]
    if not all(one.same_work for one in found):
        notes.append(NOTE)
    print(as_text(rows), "", *notes, *missing, sep="\n")
    if not wanted.no_page:
        section = "\n\n".join([as_markdown(rows), *(note.replace(OTHER_WORK, rf"\{OTHER_WORK}") for note in notes)])
        try:
            page = with_section(PAGE.read_text(encoding="utf-8"), section)
        except (OSError, ValueError) as error:
            sys.exit(f"{PAGE.relative_to(ROOT)}: {error}")
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
