"""The trial of one mutant: a fork of a process that has everything but the project loaded, in which the mutant is the module.

Nothing is written to disk: the changed text is handed to the import of its module, so that trials do not disturb one another, nor
whoever works in the tree. Quick tests come first; the first that fails ends the trial. Only who passes all claims is held against
the stored digests.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).resolve().parents[2]

Key = TypeVar("Key")
Tried = tuple[Key, str, str]

#: Loaded before the fork, since they take longer than most trials.
HEAVY = ("numpy", "scipy.stats", "scipy.special", "pydantic", "simpy", "yaml", "hypothesis.strategies", "pandas", "typer")
CPU_SECONDS, WALL_SECONDS, BYTES = 100, 7200, 4 << 30

STORIES = [f"tests/test_{name}.py" for name in ("pathway", "status_check", "custody", "jail")]
LAWS = ["tests/test_laws.py::test_a_law_holds_in_every_shipped_scenario", "tests/test_laws.py::test_every_law_holds_in_any_world"]
DRAWS = ["tests/test_chance.py", *STORIES, *LAWS, "tests/test_same_people.py", "tests/test_theory.py"]
#: What each part is held against, quick killers first.
CLAIMS = {
    "sim/pathway/": [*STORIES, *LAWS, "tests/test_theory.py"],
    "sim/measures/": ["tests/test_measures.py", *STORIES, *LAWS],
    **dict.fromkeys(("sim/arrivals.py", "sim/chance.py", "sim/columns.py"), DRAWS),
}
#: They start other processes, in which the mutant would not be.
ELSEWHERE = (
    "tests/test_chance.py::test_another_process_draws_the_same_whatever_its_hash_seed",
    "tests/test_measures.py::test_a_scenario_equal_to_its_base_differs_in_no_measure_of_any_replication",
)
KILLED = ("loading", "claims", "time")
#: By the claims, that is; a digest that differs says that something has changed, not that it is wrong.
SURVIVED = ("digests", "survived")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a trial ended: ``loading``, ``claims``, ``time``, ``digests`` or ``survived``; by which test, and for how long."""

    how: str
    by: str
    seconds: float


def claims_for(file: str) -> list[str]:
    """Return the tests that a file's mutants are held against."""
    return next(tests for start, tests in CLAIMS.items() if file.startswith(start))


def load_heavy() -> None:
    """Load what every trial needs and no mutant is in."""
    for name in HEAVY:
        importlib.import_module(name)
    for name in [name for name in sys.modules if name.split(".")[0] == "sim"]:
        raise RuntimeError(f"{name} is loaded already; no mutant could take its place")


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial under way."""

    child: int
    reader: int
    began: float

    def verdict(self) -> Verdict:
        """Wait for the end."""
        with os.fdopen(self.reader) as stream:
            told = stream.read()
        _, status = os.waitpid(self.child, 0)
        how, by = json.loads(told) if told else ("time", f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "ended")
        return Verdict(how, by, time.monotonic() - self.began)


def begin(file: str, source: str) -> Trial:
    """Begin the trial of a changed file; the unchanged one must survive."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(writer, file, source)
    os.close(writer)
    return Trial(child, reader, time.monotonic())


def trials(tried: Iterable[Tried], jobs: int) -> Iterator[tuple[Key, Verdict]]:
    """Yield verdicts as they come, of so many trials at a time; each begins with a key, a file, and its changed text."""
    under_way: dict[int, tuple[Key, Trial]] = {}
    waiting = iter(tried)
    while True:
        for key, file, source in islice(waiting, jobs - len(under_way)):
            one = begin(file, source)
            under_way[one.reader] = key, one
        if not under_way:
            return
        for reader in select.select(list(under_way), [], [])[0]:
            key, one = under_way.pop(reader)
            yield key, one.verdict()


def _child(writer: int, file: str, source: str) -> None:
    """Run the trial, tell the parent, and never return."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    signal.alarm(WALL_SECONDS)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    try:
        _put_in_place(file, source)
        result = _claims(file) or _digests() or ("survived", "")
    except BaseException as error:  # whatever a mutant does, the parent is told
        result = ("loading", repr(error)[:200])
    os.write(writer, json.dumps(result).encode())
    os._exit(0)


def _put_in_place(file: str, source: str) -> None:
    name = file.removesuffix(".py").replace("/", ".")

    class Mutated(importlib.abc.SourceLoader):
        def get_data(self, path: str) -> bytes:
            return source.encode()

        def get_filename(self, fullname: str) -> str:
            return str(ROOT / file)

    class Finder(importlib.abc.MetaPathFinder):
        def find_spec(self, fullname: str, path: object, target: object = None) -> object:
            return importlib.util.spec_from_loader(name, Mutated()) if fullname == name else None

    sys.meta_path.insert(0, Finder())  # type: ignore[arg-type]


class _First:
    """Remember the first failure."""

    def __init__(self) -> None:
        self.failed = ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = self.failed or f"{report.nodeid} does not load"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


def _claims(file: str) -> tuple[str, str] | None:
    first = _First()
    elsewhere = [f"--deselect={name}" for name in ELSEWHERE]
    plugins = [
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-p",
        "no:faulthandler",
    ]
    status = pytest.main(["-x", "-q", f"--rootdir={ROOT}", *plugins, *elsewhere, *claims_for(file)], plugins=[first])
    if status == pytest.ExitCode.OK:
        return None
    return ("loading" if first.failed.endswith("does not load") or not first.failed else "claims", first.failed)


def _digests() -> tuple[str, str] | None:
    """Return the first shipped operation whose stored digest the mutant does not meet, or whose measures it moves."""
    from sim.loading import shipped
    from tests.digests import FILE, digest

    stored = json.loads(FILE.read_text(encoding="utf-8"))
    for path in shipped():
        if path.parent.name != "programme" and digest(path) != stored[path.stem]:
            return "digests", path.stem
    return None
