"""The audit: every replication of a result made once more, and held against every law.

The trace that is looked at is the one whose digest stands in the result, or the audit says that it is not. The engine that
made the result makes the trace here; the draws are always those of :mod:`sim.chance`, so that an engine is judged by what it
should have read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

import numpy as np

from sim.audit import programme, told
from sim.audit.custody import CUSTODY
from sim.audit.holds import HOLDS
from sim.audit.jail import JAIL
from sim.audit.law import Broken, Law, in_words
from sim.audit.measured import MEASURED
from sim.audit.money import MONEY
from sim.audit.programme import PROGRAMME
from sim.audit.stations import STATIONS
from sim.audit.status_check import STATUS_CHECK
from sim.audit.stop import STOP
from sim.audit.traffic import TRAFFIC
from sim.engines import COMPILED
from sim.experiment.executors import in_order, workers_of
from sim.experiment.replications import Result
from sim.models import OPERATION, model_of
from sim.scenario_file import ScenarioFile
from sim.streams import Floats
from sim.trace import LOCAL, NOBODY, OVERFLOW, Trace

#: The laws of an operation on the road, and of the programme in the country.
ROAD: tuple[Law, ...] = (
    *TRAFFIC, *STATIONS, *STOP, *STATUS_CHECK, *CUSTODY, *JAIL, *HOLDS, *MONEY, *MEASURED
)  # fmt: skip
COUNTRY: tuple[Law, ...] = tuple(PROGRAMME)
#: Beside the laws: what the result says of a replication is what this machine finds.
SAME_TRACE = "the trace is the one whose digest stands in the result"
SAME_MEASURES = "the measures in the result are those of the trace"
#: Breaches that are shown; the manifest has all.
MOST_SHOWN = 20
#: Replications to a task.
CHUNK = 10


@dataclass(frozen=True, slots=True)
class Breach:
    """A law that a replication breaks.

    Attributes
    ----------
    law
        What the law claims.
    time
        Milliseconds from the first day's midnight to the record at which it showed; None if it is about the whole.
    where
        The vehicle, person, unit or agency of that record, by its number; empty if there is none.
    """

    replication: int
    law: str
    time: int | None
    where: str

    def __str__(self) -> str:
        when = "" if self.time is None else f" at {self.time} ms"
        return f"replication {self.replication} breaks a law{when}{f', {self.where}' if self.where else ''}: {self.law}."


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found: how many laws, over how many replications, and what broke them."""

    laws: int
    replications: int
    broken: tuple[Breach, ...] = ()

    def __str__(self) -> str:
        if not self.broken:
            return f"Audit: {self.laws} laws hold in each of {self.replications} replications."
        count = len({breach.replication for breach in self.broken})
        return f"Audit: {count} of {self.replications} replications break laws, of {self.laws} that were checked."

    def in_words(self) -> list[str]:
        """Return what was found as lines: the whole first, then what was broken, the first of it if there is much."""
        more = len(self.broken) - MOST_SHOWN
        return [str(self), *map(str, self.broken[:MOST_SHOWN]), *([f"and {more} more."] if more > 0 else [])]

    @property
    def as_plain(self) -> dict[str, Any]:
        """The audit as it is written into a manifest."""
        return asdict(self) | {"broken": [asdict(breach) for breach in self.broken]}

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Audit:
        """Read an audit back from a manifest."""
        return cls(int(plain["laws"]), int(plain["replications"]), tuple(Breach(**one) for one in plain["broken"]))


def laws_of(scenario: ScenarioFile) -> tuple[Law, ...]:
    """Return the laws that a scenario's replications must keep."""
    return ROAD if model_of(scenario) is OPERATION else COUNTRY


def tell(scenario: Any, draws: Any, trace: Trace, values: Iterable[float] | None = None) -> Any:
    """Return one replication told as its laws need it; its measures are found from the trace unless they are given."""
    model = model_of(scenario)
    found = model.measure_all(trace, scenario) if values is None else values
    teller = told.Told if model is OPERATION else programme.Told
    return teller(scenario, draws, trace, dict(zip(model.measures(scenario), found, strict=True)))


def broken_by(story: Any, laws: Iterable[Law], replication: int = 0) -> list[Breach]:
    """Return the laws that a replication breaks, each at the first place where it shows.

    Parameters
    ----------
    story
        The replication, from :func:`tell`.
    laws
        The laws to check. One that cannot even be looked at, since a record is missing or too much, is broken as well.
    replication
        Its number, for the message.
    """
    found = []
    for law in laws:
        story.here = None
        try:
            law(story)
        except (Broken, LookupError, ValueError):
            found.append(_breach(story, in_words(law), replication))
    return found


def _breach(story: Any, law: str, replication: int) -> Breach:
    row = story.here
    return Breach(replication, law, None, "") if row is None else Breach(replication, law, row.time, _where(story, row))


def _where(story: Any, row: Any) -> str:
    if isinstance(row, programme.Row):
        return f"agency {row.agency}"
    if row.flow == NOBODY:
        return f"number {row.unit}" if row.unit != NOBODY else ""
    names = dict(enumerate(story.scenario.flow_names)) | {LOCAL: "local_arrest", OVERFLOW: "ice_overflow"}
    seat = f", seat {row.seat}" if row.seat > 0 else ""
    return f"vehicle {row.vehicle} of {names.get(row.flow, row.flow)}{seat}"


def audit(
    result: Result,
    *,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Audit:
    """Hold every replication of a result against every law.

    Parameters
    ----------
    result
        A run.
    workers
        Processes to use; what is found is the same with any number.
    executor
        Use this executor instead of processes of our own.
    progress
        Called with the number of replications done and their number.

    Returns
    -------
    Audit
        What broke which law, in order of replications.
    """
    total = len(result.values)
    broken: list[Breach] = []
    tasks = []
    for first in range(0, total, CHUNK):
        some = slice(first, first + CHUNK)
        tasks.append((result.scenario, result.seed, result.engine, first, result.values[some], result.digests[some]))
    with workers_of(executor, min(workers, len(tasks))) as pool:
        for number, found in enumerate(in_order(pool, audit_block, tasks)):
            broken += found
            progress(min(total, (number + 1) * CHUNK), total)
    return Audit(len(laws_of(result.scenario)) + 2, total, tuple(broken))


def audit_block(
    scenario: ScenarioFile, seed: int, engine: str, first: int, values: Floats, digests: tuple[str, ...]
) -> list[Breach]:
    """Return what the replications from ``first`` on break; the task of one worker."""
    found = []
    laws, model = laws_of(scenario), model_of(scenario)
    maker = import_module(model.compiled).traces(scenario, seed) if engine == COMPILED else None
    for replication, (row, digest) in enumerate(zip(values, digests, strict=True), first):
        draws = model.draw(scenario, seed, replication)
        trace = maker(replication) if maker else model.simulate(scenario, draws)
        if trace.digest != digest:
            found.append(Breach(replication, SAME_TRACE, None, ""))
        if not np.array_equal(np.asarray(model.measure_all(trace, scenario)), row, equal_nan=True):
            found.append(Breach(replication, SAME_MEASURES, None, ""))
        found += broken_by(tell(scenario, draws, trace, row.tolist()), laws, replication)
    return found
