"""Measure the contenders, print the tables, and write them with a picture into docs/performance.md."""

from __future__ import annotations

import argparse
import operator
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from sim.loading import load
from tests.bench.contenders import CORRIDOR, ROOT, SHIPPED, Contender, big, fresh_seeds, growing, small, started
from tests.bench.measuring import Row, measure, two_cores
from tests.bench.page import NOTE, as_markdown, as_text, escaped, growth_of, table_of, with_section
from tests.bench.picture import alternative, picture

PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "pictures" / "speed.svg"

#: Said where the others are that cannot be measured here.
NO_SIMMER = "simmer: not measured; it needs R, which is not among what `make bench` installs."


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: rounds and seconds of the processor for a turn, at the small size and at the others."""

    rounds: int
    seconds: float
    long_rounds: int
    replications: int  # of corridor.yaml, for one and two cores
    quick: bool = False


FULL = Effort(rounds=15, seconds=1.0, long_rounds=3, replications=24_000)
QUICK = Effort(rounds=2, seconds=0.2, long_rounds=2, replications=2_000, quick=True)


@dataclass(slots=True)
class Found:
    """What was measured."""

    small: list[Row]
    big: list[Row]
    growth: list[Row]
    missing: list[str] = field(default_factory=lambda: [NO_SIMMER])
    lines: list[str] = field(default_factory=list)

    @property
    def corridor(self) -> list[Row]:
        """The rows of the same work at the small size."""
        return [row for row in self.small if row.contender.work.startswith("corridor")]


def rows_of(found: list[Contender], rounds: int, seconds: float, seeds: Iterator[int], missing: list[str]) -> list[Row]:
    """Start everybody, measure, and end them."""
    with started(found) as (workers, not_there):
        missing += [line for line in not_there if line not in missing]
        return measure(found, workers, rounds, seconds, seeds)


def measured(effort: Effort, shipped: Path) -> Found:
    """Measure everything."""
    seeds = fresh_seeds()
    done = Found([], [], [])
    done.small = rows_of(small(shipped), effort.rounds, effort.seconds, seeds, done.missing)
    done.big = rows_of(big(quick=effort.quick), effort.long_rounds, effort.seconds, seeds, done.missing)
    done.growth = rows_of(growing(quick=effort.quick), effort.long_rounds, effort.seconds, seeds, done.missing)
    many = f"{effort.replications:,} replications of corridor.yaml"
    ratios = two_cores(load(CORRIDOR), effort.replications, effort.long_rounds, seeds)
    rounds = f"{min(ratios):.2f} to {max(ratios):.2f} in any round"
    done.lines = [
        circumstances(effort),
        f"Two cores: {statistics.median(ratios):.2f} times one, by the clock ({rounds}; compiled engine, {many}).",
        country(),
        start_up(effort.rounds),
    ]
    return done


def circumstances(effort: Effort) -> str:
    """Say where and how the numbers were made."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("simpy", "salabim", "numpy", "numba"))
    system = f"{platform.system()} {platform.machine()}"
    rounds = f"{effort.rounds} rounds (small) and {effort.long_rounds} rounds (all else) of {effort.seconds:g} s or one call each"
    return f"{python}, {packages}, {system}; medians of {rounds}."


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


#: What is started by turns: the program, and what any program with numpy waits for.
STARTED = {
    "help": ("from sim.start import main; main()", "--help"),
    "check": ("from sim.start import main; main()", "check", SHIPPED.stem),
    "numpy": ("import numpy",),
}


def start_up(rounds: int) -> str:
    """Measure how long the program takes to start, against Python importing numpy; one line."""
    spent: dict[str, list[float]] = {name: [] for name in STARTED}
    for number in range(rounds + 1):
        for name, line in STARTED.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", *line], capture_output=True, check=True, cwd=ROOT)
            if number:  # the first turn may have to compile the modules
                spent[name].append(time.perf_counter() - began)
    middle = {name: statistics.median(values) for name, values in spent.items()}
    times = {name: statistics.median(map(operator.truediv, spent[name], spent["numpy"])) for name in ("help", "check")}
    rounds_of_check = f"{min(spent['check']):.2f} to {max(spent['check']):.2f} in any round"
    return (
        f"Start-up, by the clock: `stopflow --help` {middle['help']:.2f} s, `stopflow check {SHIPPED.stem}` "
        f"{middle['check']:.2f} s ({rounds_of_check}); Python with `import numpy`, in the same rounds, {middle['numpy']:.2f} s. "
        f"So {times['help']:.1f} and {times['check']:.1f} times that."
    )


def section_of(found: Found) -> str:
    """Return what stands between the marks of the page."""
    words = alternative(found.corridor, found.big, found.growth)
    parts = [
        f"![{words}]({PICTURE.relative_to(PAGE.parent).as_posix()})",
        "Small:",
        as_markdown(table_of(found.small)),
        escaped(NOTE),
        "Big:",
        as_markdown(table_of(found.big)),
        "Growth of the compiled engine:",
        as_markdown(growth_of(found.growth)),
        *found.lines,
        *found.missing,
    ]
    return "\n\n".join(parts)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure stops simulated per second.")
    parser.add_argument("--quick", action="store_true", help="a trial of under two minutes; the page stays as it is")
    parser.add_argument("--scenario", type=Path, default=SHIPPED, help="the shipped scenario to measure")
    parser.add_argument("--no-page", action="store_true", help=f"leave {PAGE.relative_to(ROOT)} and its picture as they are")
    wanted = parser.parse_args()

    found = measured(QUICK if wanted.quick else FULL, wanted.scenario)
    for table in (table_of(found.small), table_of(found.big), growth_of(found.growth)):
        print(as_text(table), end="\n\n")
    print(NOTE, *found.lines, *found.missing, sep="\n")
    drawn = picture(found.corridor, found.big, found.growth)
    if not (wanted.no_page or wanted.quick):
        try:
            text = with_section(PAGE.read_text(encoding="utf-8"), section_of(found))
        except (OSError, ValueError) as error:
            sys.exit(f"{PAGE.relative_to(ROOT)}: {error}")
        PICTURE.write_text(drawn, encoding="utf-8", newline="\n")
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
