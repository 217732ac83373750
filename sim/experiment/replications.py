"""Replications of one scenario: how many, on how many workers, and how surely they settle each measure.

Results do not hang on the number of workers or the size of chunks: every replication finds its numbers by its own number, and
sums are exact (``math.fsum``) and in order of replication.

References
----------
Hoad, Robinson and Davies (2010), "Automated selection of the number of replications for a discrete-event simulation",
Journal of the Operational Research Society 61, 1632-1644 (the rule with look-ahead).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from sim.digest import digest_of
from sim.engines import AUTO, COMPILED, SIMPY, chosen, kept
from sim.errors import UsageError, nearest
from sim.experiment.executors import in_order, workers_of
from sim.measures import MEASURES, Measure
from sim.models import model_of
from sim.scenario_file import ScenarioFile
from sim.trace import Trace
from sim.units import MILLISECONDS

CONFIDENCE = 0.95
#: Once the wanted precision is reached it must hold for this many further replications, since it may be reached by luck.
LOOK_AHEAD = 5
FEWEST = 10
MOST = 10_000_000
#: What a wish for precision usually takes; only the choice of the engine looks at it.
USUAL = 500
#: Replications to a task, by engine: a task should take much longer than handing it over.
CHUNKS = {SIMPY: 10, COMPILED: 200}

_IN_MINUTES = {unit: size / MILLISECONDS["min"] for unit, size in MILLISECONDS.items()}


@dataclass(frozen=True, slots=True)
class Precision:
    """A wish: the half-width of the 95% interval of a measure's mean, relative to the mean or in the measure's unit."""

    measure: str
    half_width: float
    relative: bool

    def met(self, mean: float, half_width: float) -> bool:
        """Whether a mean is known well enough; a relative wish about a mean of zero is met by certainty only."""
        return half_width <= self.half_width * (abs(mean) if self.relative else 1.0)


@dataclass(frozen=True, slots=True)
class Summary:
    """One measure over all replications in which it is defined; NaN where there are too few."""

    mean: float
    sd: float
    p05: float
    median: float
    p95: float
    ci_low: float
    ci_high: float
    replications: int


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """What a run gave.

    Attributes
    ----------
    values
        Every measure of every replication, shape (replications, measures), in the order of the registry.
    digests
        The digest of each replication's trace.
    unmet
        Wishes for precision that the largest allowed number of replications did not fulfil.
    """

    scenario: ScenarioFile
    seed: int
    engine: str
    values: NDArray[np.float64]
    digests: tuple[str, ...]
    unmet: tuple[Precision, ...] = ()

    @property
    def digest(self) -> str:
        """One digest over the traces of all replications."""
        return digest_of(list(self.digests))

    @property
    def measures(self) -> Mapping[str, Measure]:
        """The measures by name, in the order of the columns of ``values``."""
        return model_of(self.scenario).measures(self.scenario)

    def column(self, measure: str) -> NDArray[np.float64]:
        """Return one measure, shape (replications,)."""
        column: NDArray[np.float64] = self.values[:, list(self.measures).index(measure)]
        return column

    def summary(self, measure: str) -> Summary:
        """Return one measure's summary over the replications."""
        return summarise(self.column(measure))


Block = tuple[list[list[float]], list[str]]


def replicate(scenario: ScenarioFile, seed: int, replication: int) -> Trace:
    """Return the trace of one replication."""
    model = model_of(scenario)
    return model.simulate(scenario, model.draw(scenario, seed, replication))


def run_block(scenario: ScenarioFile, seed: int, first: int, count: int, engine: str = SIMPY) -> Block:
    """Return measures and digests of the replications ``first`` to ``first + count - 1``; the task of one worker."""
    model = model_of(scenario)
    if engine == COMPILED:
        block: Block = import_module(model.compiled).measured(scenario, seed, first, count)
        return block
    values, digests = [], []
    for replication in range(first, first + count):
        trace = replicate(scenario, seed, replication)
        values.append(model.measure_all(trace, scenario))
        digests.append(trace.digest)
    return values, digests


def made_ready(scenario: ScenarioFile, seed: int, engine: str) -> None:
    """Let the compiled engine be made here, once, so that workers find it on disk and do not make it at the same time."""
    if engine == COMPILED and not kept.is_compiled(model_of(scenario).kind):
        run_block(scenario, seed, 0, 1, engine)


def engine_for(scenario: ScenarioFile, engine: str, replications: int) -> tuple[str, str]:
    """Return the engine that :func:`run` will use, and one line on why it is not the one that was wished for."""
    model = model_of(scenario)
    return chosen(engine, bool(model.compiled), replications, model.kind)


def run(  # noqa: PLR0913 - all but the scenario are optional and by name
    scenario: ScenarioFile,
    *,
    replications: int | None = None,
    precision: Sequence[Precision] = (),
    seed: int = 1,
    workers: int = 1,
    chunk: int | None = None,
    executor: Executor | None = None,
    engine: str = AUTO,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Result:
    """Replicate one scenario.

    Parameters
    ----------
    scenario
        What is simulated.
    replications
        How many; with ``precision`` the most that may be used. 100 and 10,000 when not given.
    precision
        Wishes on named measures. Replications go on until all are met and stay met for :data:`LOOK_AHEAD` more.
    seed
        The seed of the run.
    workers
        Processes to use; results are the same with any number.
    chunk
        Replications to a task; results are the same with any size.
    executor
        Use this executor instead of processes of our own.
    engine
        ``simpy``, ``compiled``, or ``auto``: the compiled engine where it is installed, covers the scenario and repays its
        loading. Results are the same.
    progress
        Called with the number of replications done and the number wanted.

    Returns
    -------
    Result
        Values in the order of replications.
    """
    if replications is not None and replications < 1:
        raise UsageError(f"{replications} replications show nothing; run 1 or more.")
    most = replications or (10_000 if precision else 100)
    values: list[list[float]] = []
    digests: list[str] = []
    used, _ = engine_for(scenario, engine, min(most, USUAL) if precision else most)
    made_ready(scenario, seed, used)
    size = chunk or CHUNKS[used]
    rule = Rule(precision, model_of(scenario).measures(scenario)) if precision else None
    with workers_of(executor, min(workers, math.ceil(most / size))) as pool:
        for block_values, block_digests in _blocks_in_order(pool, scenario, seed, most, size, used):
            values += block_values
            digests += block_digests
            progress(len(values), most)
            stop_at = rule.enough(np.asarray(values)) if rule else None
            if stop_at is not None:
                values, digests = values[:stop_at], digests[:stop_at]
                break
        else:
            return Result(scenario, seed, used, np.asarray(values), tuple(digests), tuple(rule.unmet) if rule else ())
    progress(len(values), len(values))
    return Result(scenario, seed, used, np.asarray(values), tuple(digests))


def _blocks_in_order(
    pool: Executor | None, scenario: ScenarioFile, seed: int, most: int, chunk: int, engine: str
) -> Iterator[Block]:
    """Yield the blocks in order of replication, with no more tasks under way than are needed to keep workers busy."""
    tasks = [(scenario, seed, first, min(chunk, most - first), engine) for first in range(0, most, chunk)]
    yield from in_order(pool, run_block, tasks)


class Rule:
    """When there are enough replications: looked at after each one, in order, so that chunks cannot matter.

    Means and variances are carried along (Welford's recurrence), so that a look costs the same after ten replications and after
    ten thousand.
    """

    def __init__(self, wishes: Sequence[Precision], measures: Iterable[str], confidence: float | None = None) -> None:
        names = list(measures)
        self.wishes = list(wishes)
        self.columns = [names.index(wish.measure) for wish in wishes]
        self.confidence = CONFIDENCE if confidence is None else confidence
        self.running = [_Running() for _ in wishes]
        self.looked = 0
        self.held = 0
        self.unmet: list[Precision] = list(wishes)

    def enough(self, values: NDArray[np.float64]) -> int | None:
        """Return the number of replications at which to stop, or None if more are needed.

        Parameters
        ----------
        values
            All replications so far, shape (replications, measures); those seen before are not looked at again.
        """
        for row in values[self.looked :, self.columns].tolist():
            self.looked += 1
            for one, value in zip(self.running, row, strict=True):
                one.add(value)
            if self.looked < FEWEST:
                continue
            halves = [one.half_width(self.confidence) for one in self.running]
            told = zip(self.wishes, self.running, halves, strict=True)
            self.unmet = [wish for wish, one, half in told if not wish.met(one.mean, half)]
            self.held = 0 if self.unmet else self.held + 1
            if self.held > LOOK_AHEAD:
                return self.looked
        return None


class _Running:
    """Mean and variance of the finite values so far."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0

    def add(self, value: float) -> None:
        if math.isfinite(value):
            self.count += 1
            apart = value - self.mean
            self.mean += apart / self.count
            self.squares += apart * (value - self.mean)

    def half_width(self, confidence: float) -> float:
        """Return the half-width of the interval of the mean; infinite below two values."""
        if self.count < 2:
            return math.inf
        return student(self.count - 1, confidence) * math.sqrt(self.squares / (self.count - 1) / self.count)


def summarise(column: NDArray[np.float64], confidence: float = CONFIDENCE) -> Summary:
    """Return mean, spread and the interval of the mean (Student's t) of the finite values.

    Parameters
    ----------
    column
        One measure, shape (replications,); NaN where it is undefined.
    confidence
        Of the interval; 95% unless told.
    """
    values = column[np.isfinite(column)]
    count = len(values)
    if count == 0:
        return Summary(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, replications=0)
    mean = math.fsum(values) / count
    p05, median, p95 = (float(value) for value in np.quantile(values, [0.05, 0.5, 0.95]))
    if count == 1:
        return Summary(mean, math.nan, p05, median, p95, math.nan, math.nan, 1)
    sd = math.sqrt(math.fsum((values - mean) ** 2) / (count - 1))
    half = student(count - 1, confidence) * sd / math.sqrt(count)
    return Summary(mean, sd, p05, median, p95, mean - half, mean + half, count)


def student(freedom: int, confidence: float = CONFIDENCE) -> float:
    """Return the point of Student's t distribution that leaves half of what lies outside the confidence above it."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + confidence / 2))


def parse_precision(text: str, default_measures: Sequence[str], known: Mapping[str, Measure] = MEASURES) -> list[Precision]:
    """Return wishes from ``5%``, ``detained=5%`` or ``minutes_beyond_task_mean=0.5 min``.

    Parameters
    ----------
    text
        What the user wrote after ``--precision``; a bare share is wished for every default measure.
    default_measures
        The measures meant when none is named.
    known
        The measures that may be named; those of an operation if not given.

    Raises
    ------
    UsageError
        If the measure is unknown, or the width is not a share or a positive number in the measure's unit.
    """
    name, equals, width = text.rpartition("=")
    name, width = name.strip(), width.strip()
    if equals and name not in known:
        raise UsageError(f"--precision {text}: '{name}' is not a measure; {nearest(name, known)}")
    if not equals and not width.endswith("%"):
        raise UsageError(f"--precision {text}: write 5% for a relative half-width, or MEASURE=WIDTH, such as stops=2.")
    number, unit = _number_and_unit(text, width)
    measures = [name] if equals else list(default_measures)
    if unit == "%":
        return [Precision(one, number / 100, relative=True) for one in measures]
    return [Precision(name, _in_unit_of(text, known[name], number, unit), relative=False)]


def _number_and_unit(text: str, width: str) -> tuple[float, str]:
    digits = width.rstrip("abcdefghijklmnopqrstuvwxyz% ")
    try:
        number = float(digits)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise UsageError(f"--precision {text}: '{width}' is not a width above 0; write 5%, 2 or 0.5 min.")
    return number, width[len(digits) :].strip()


def _in_unit_of(text: str, measure: Measure, number: float, unit: str) -> float:
    own = measure.unit
    if unit in ("", own):
        return number
    minutes_each = {"minutes": 1.0, "hours": 60.0}.get(own)
    if minutes_each is None or unit not in _IN_MINUTES:
        raise UsageError(f"--precision {text}: '{unit}' is not a unit for {measure.name}, which is counted in {own}.")
    return number * _IN_MINUTES[unit] / minutes_each
