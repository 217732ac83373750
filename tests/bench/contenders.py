"""Who is measured, each in a process of its own: plain models of the corridor, stopflow's engines, and the floor under them.

A contender is compared with the plain SimPy model of the same work at the same size; where there is none, with the reference
corridor, and the table says that the work differs.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sim.engines import COMPILED
from sim.experiment.replications import CHUNKS
from tests.bench.sizes import BIG, SMALL, Counts, Size

ROOT = Path(__file__).resolve().parents[2]
CORRIDOR = Path(__file__).with_name("corridor.yaml")
CORRIDOR_BIG = Path(__file__).with_name("corridor_big.yaml")
SHIPPED = ROOT / "scenarios" / "operations" / "wyoming_safe_haul_2025.yaml"
#: Ciw's wheel installs a top-level package `tests`, so it has an environment of its own, which `make bench` makes.
CIW_PYTHON = ROOT / ".venv-ciw" / "bin" / "python"

#: Replications of a short scenario to a call of the compiled engine: as many as `run` hands over.
BLOCK = CHUNKS[COMPILED]

YEAR, MONTH, TEN_DAYS, DAY = BIG.hours, 720.0, 240.0, 24.0
FIRST_DAY = "2025-11-18"
#: What the staff of a size is called among the keys of a shift.
SHIFT_NAMES = {"patrol_units": "officers", "inspectors": "inspectors", "ice_agents": "ice_agents"}


@dataclass(frozen=True, slots=True)
class Contender:
    """One line of a table.

    `baseline` is the label of the contender by whose speed its own is divided. A plain model has a size, a model of stopflow
    a scenario with settings; `block` is how many replications make one call.
    """

    engine: str
    work: str
    model: str
    baseline: str
    size: Size | None = None
    scenario: Path = CORRIDOR
    settings: tuple[str, ...] = ()
    block: int = 1
    same_work: bool = True
    python: Path = Path(sys.executable)

    @property
    def label(self) -> str:
        """What nobody else in a table is called."""
        return f"{self.engine}, {self.work}"

    @property
    def description(self) -> str:
        """What the process is told."""
        size = self.size.plain() if self.size else None
        told = {"model": self.model, "size": size, "scenario": str(self.scenario), "settings": self.settings, "block": self.block}
        return json.dumps(told)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one contender did in one turn; seconds of the processor and by the clock, peak memory of its process so far."""

    counts: list[Counts]
    cpu: float
    wall: float
    peak_mb: float

    @property
    def vehicles(self) -> int:
        """All vehicles, those that passed included."""
        return sum(one.vehicles for one in self.counts)


class MissingError(Exception):
    """A contender that cannot be measured here, and why, in one line."""


class Worker:
    """The process of one contender."""

    def __init__(self, contender: Contender) -> None:
        if not contender.python.exists():
            raise MissingError(f"{contender.engine}: not measured, its environment is not there; `make bench` makes it.")
        if contender.size is None and not contender.scenario.is_file():
            raise MissingError(f"{contender.engine} on {contender.scenario.name}: not measured, there is no such file.")
        self.process = subprocess.Popen(
            [contender.python, "-m", "tests.bench.worker", contender.description],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        try:
            if missing := self._answer()["missing"]:
                raise MissingError(f"{contender.engine}: not measured, {missing}.")
        except BaseException:
            self.close()
            raise

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(map(str, self.process.args))}: ended without an answer")  # type: ignore[arg-type]
        answer: dict[str, Any] = json.loads(line)
        return answer

    def turn(self, first: int, seconds: float = 0.0, replications: int = 1) -> Turn:
        """Have it replicate, for so much time of the processor and so many replications at least."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"first": first, "seconds": seconds, "replications": replications}) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        return Turn([Counts(*one) for one in answer.pop("counts")], **answer)

    def close(self) -> None:
        """End the process."""
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()


@contextmanager
def started(found: list[Contender]) -> Iterator[tuple[dict[str, Worker], list[str]]]:
    """Yield the processes by label, and one line about each contender that cannot be measured here."""
    with ExitStack() as stack:
        workers, missing = {}, []
        for one in found:
            try:
                workers[one.label] = Worker(one)
            except MissingError as reason:
                missing.append(str(reason))
                continue
            stack.callback(workers[one.label].close)
        yield workers, missing


#: Far more seeds than one turn can use.
SEEDS_TO_A_TURN = 1_000_000


def fresh_seeds() -> Iterator[int]:
    """Yield first seeds that lie so far apart that no turn meets one used before."""
    return itertools.count(1, SEEDS_TO_A_TURN)


# --- The contenders ----------------------------------------------------------------------------------------------------

TWIN = "SimPy, idiomatic"


def of_the_corridor(sizes: dict[str, Size], scenario: Path, settings: dict[str, tuple[str, ...]], block: int) -> list[Contender]:
    """Return everybody who does the corridor's work; sizes and settings by model, as slow ones get a shorter time."""
    base = f"{TWIN}, {over('corridor', sizes['twin'].hours)}"

    def plain(engine: str, model: str, **other: Any) -> Contender:
        return Contender(engine, over("corridor", sizes[model].hours), model, base, sizes[model], **other)

    def own(engine: str, model: str, many: int) -> Contender:
        work = over("corridor", sizes[model].hours)
        return Contender(engine, work, model, base, None, scenario, settings[model], many)

    return [
        plain(TWIN, "twin"),
        plain("salabim", "salabim"),
        plain("Ciw", "ciw", python=CIW_PYTHON),
        own("stopflow, SimPy engine", "simpy_engine", 1),
        own("stopflow, compiled engine", "compiled", block),
        own("numpy, drawing alone", "drawing", block),
    ]


def over(work: str, hours: float) -> str:
    """Return a model's work with its time in words."""
    return f"{work}, a year" if hours == YEAR else f"{work}, {hours / DAY:g} day{'' if hours == DAY else 's'}"


MODELS = ("twin", "salabim", "ciw", "simpy_engine", "compiled", "drawing")


def small(shipped: Path = SHIPPED) -> list[Contender]:
    """Return everybody at the small size, with the reference corridor and a shipped scenario, which are other work."""
    same = of_the_corridor(dict.fromkeys(MODELS, SMALL), CORRIDOR, dict.fromkeys(MODELS, ()), BLOCK)
    other = Contender(TWIN, over("reference corridor", SMALL.hours), "reference", "", SMALL)
    ours = [
        Contender(f"stopflow, {name} engine", shipped.stem, model, other.label, None, shipped, (), block, same_work=False)
        for name, model, block in (("SimPy", "simpy_engine", 1), ("compiled", "compiled", BLOCK))
    ]
    return [*same, Contender(other.engine, other.work, other.model, other.label, SMALL), *ours]


def big(*, quick: bool = False) -> list[Contender]:
    """Return everybody at the big size; whoever is slow gets fewer days of it, at the same rates."""
    hours = dict.fromkeys(MODELS, YEAR) | {"simpy_engine": MONTH, "salabim": TEN_DAYS, "ciw": TEN_DAYS}
    if quick:
        hours = {model: TEN_DAYS if model in ("compiled", "drawing") else DAY for model in MODELS}
    sizes = {model: BIG.lasting(hours[model]) for model in MODELS}
    return of_the_corridor(sizes, CORRIDOR_BIG, {model: lasting(hours[model]) for model in MODELS}, 1)


def lasting(hours: float) -> tuple[str, ...]:
    """Return the settings by which corridor_big.yaml lasts so many hours: whole days, or part of one."""
    last = date.fromisoformat(FIRST_DAY) + timedelta(days=max(int(hours / DAY), 1) - 1)
    length = f"operation.shifts.clock.length={min(hours, DAY):g} h"
    return f"operation.shifts.clock.last={last.isoformat()}", length


#: The corridor of corridor_big.yaml with ten times the traffic and the staff once more.
TENFOLD = (
    "traffic.flows.corridor.rate=1300 per h",
    *(f"operation.shifts.clock.{name}={10 * getattr(BIG, size)}" for name, size in SHIFT_NAMES.items()),
    *(f"jail.{name}={10 * getattr(BIG, name)}" for name in ("desks", "beds")),
)


def growing(*, quick: bool = False) -> list[Contender]:
    """Return the compiled engine on replications of 10^3 to 10^7 stops each: the big corridor over more and more days.

    A scenario may span 1,100 days, so 10^7 stops are ten replications of 10^6; and, as a step of another kind, one replication
    with ten times the traffic and the staff. Short replications are handed over as many at a time as `run` would.
    """
    steps: tuple[tuple[str, float, tuple[str, ...], int], ...] = (
        ("10^3", 8, (), BLOCK),
        ("10^4", 72, (), BLOCK // 10),
        ("10^5", 768, (), 1),
        ("10^6", 7_704, (), 1),
        ("10^7 (ten replications)", 7_704, (), 10),
        ("10^7 (ten times the traffic)", 7_704, TENFOLD, 1),
    )
    return [
        Contender("stopflow, compiled engine", work, "compiled", "", None, CORRIDOR_BIG, (*lasting(hours), *more), block)
        for work, hours, more, block in steps[: 4 if quick else 6]
    ]
