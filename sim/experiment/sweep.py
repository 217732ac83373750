"""Running a study into its store: what is missing is simulated, a point that fails is written down, and the rest goes on.

A task of a worker is a few pieces of a few points, so that it lasts long enough to be worth sending. How pieces are gathered,
who simulates them and when they come back does not matter: a replication hangs on scenario, seed and its number only.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError, UsageError
from sim.experiment.executors import Lost, as_done, workers_of
from sim.experiment.replications import FEWEST, LOOK_AHEAD, Rule, run_block
from sim.experiment.store import Store, missing, model_digest, open_store, run_key
from sim.experiment.studies import Point, Study
from sim.fields import FrozenDict
from sim.scenario_file import ScenarioFile

#: What a task should take at least, so that sending it costs little; and after how many seconds progress is told again.
TASK_SECONDS = 0.15
MOST_PIECES = 2_000
#: While precision is not reached, a point is given this share of what it has on top.
GROWTH = 0.5
#: What a replication takes in the store beside its measures: the digest of its trace, and its share of the block.
OVERHEAD_BYTES = 48

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some replications of one point."""

    point: int
    key: bytes
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Task:
    """What one worker does at a time: pieces, each with the position of its scenario."""

    model: str
    seed: int
    scenarios: tuple[ScenarioFile, ...]
    pieces: tuple[tuple[int, Piece], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a task: for each piece its values and the digests of its traces, or why it failed."""

    pieces: tuple[tuple[Floats, bytes] | str, ...]
    seconds: float


def simulate(task: Task) -> Answer:
    """Simulate the pieces of a task; the work of one worker.

    Raises
    ------
    UsageError
        If this worker runs another version of the model.
    """
    if task.model != model_digest():
        raise UsageError("a worker runs another version of stopflow; install the same on every machine.")
    began = time.perf_counter()
    found: list[tuple[Floats, bytes] | str] = []
    for position, piece in task.pieces:
        try:
            values, digests = run_block(task.scenarios[position], task.seed, piece.first, piece.count)
        except Exception as problem:  # whatever it is, it is written down beside its point
            found.append(f"replications {piece.first} to {piece.first + piece.count - 1}: {type(problem).__name__}: {problem}")
        else:
            found.append((np.asarray(values, dtype=np.float64), b"".join(map(bytes.fromhex, digests))))
    return Answer(tuple(found), time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a sweep will take, told before it starts.

    Attributes
    ----------
    replications
        In all; with a wish for precision the most that may be needed, and ``fewest`` what is needed at least.
    present
        How many of them are in the store already.
    seconds
        About how long the rest takes, from a timed pilot replication; the least if precision decides.
    bytes
        About how much the store will take on disk.
    """

    points: int
    replications: int
    fewest: int
    present: int
    seconds: float
    bytes: int


@dataclass(slots=True)
class Outcome:
    """What came of a sweep."""

    points: int = 0
    failed: int = 0
    imprecise: int = 0
    simulated: int = 0
    seconds: float = 0.0
    simulation_seconds: float = 0.0


@dataclass(slots=True)
class _State:
    """What is known while a sweep runs."""

    study: Study
    store: Store
    outcome: Outcome
    progress: Progress
    total: int
    chunk: int | None
    failed: set[int] = field(default_factory=set)
    done: int = 0
    seconds_each: float = 0.0


def prepare(study: Study, store: Store) -> None:
    """Write the study's points into its store, unless they are there.

    Raises
    ------
    UsageError
        If the store is of a study of another name.
    """
    name = store.about("study")
    if name not in (None, study.name):
        raise UsageError(f"the folder holds the study '{name}', not '{study.name}'; name another folder with --out.")
    if store.about("design") != study.design_digest:
        about = {"study": study.name, "design": study.design_digest}
        store.set_points(((point, list(study.row(point).values())) for point in study.points()), about)
    store.tell("columns", json.dumps(study.columns()))
    store.tell("seed", str(study.seed))
    store.look_again()


def forecast(study: Study, store: Store, workers: int) -> Forecast:
    """Time a pilot replication at a few points and say what the whole will take."""
    count, _ = store.count_points()
    most = study.replications
    fewest = min(most, FEWEST + LOOK_AHEAD) if study.precision else most
    present = 0
    pilot_points = []
    for row in store.points():
        if row.scenario is not None:
            present += sum(size for first, size in store.ranges(run_key(row.scenario, study.seed)) if first < most)
        if row.point in (0, count // 2, count - 1):
            pilot_points.append(row.written)
    pilots = [_pilot(study, point) for point in pilot_points] if present < count * fewest else []
    timed = [seconds for seconds in pilots if seconds is not None]
    seconds = sum(timed) / len(timed) if timed else 0.0
    rest = max(0, count * fewest - present)
    size = count * fewest * (8 * len(study.measures) + OVERHEAD_BYTES)
    return Forecast(count, count * most, count * fewest, min(present, count * most), rest * seconds / workers, size)


def _pilot(study: Study, point: Point) -> float | None:
    """Return the seconds that one replication takes; None if the point fails."""
    try:
        scenario = study.scenario(point)
        run_block(scenario, study.seed, 0, 1)  # the first pays for imports and compilation
        began = time.perf_counter()
        run_block(scenario, study.seed, 0, 1)
        return time.perf_counter() - began
    except Exception:  # it will fail again when it is run, and be written down then
        return None


def run_study(
    study: Study,
    folder: Path,
    *,
    workers: int = 1,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = lambda done, total: None,
    announce: Callable[[Forecast], None] | None = None,
) -> Outcome:
    """Run what a study still lacks, into the store in a folder.

    Parameters
    ----------
    study
        What to run.
    folder
        Where the store is, or is made.
    workers
        Processes of our own; results are the same with any number.
    executor
        Use this executor of ``concurrent.futures`` instead.
    chunk
        Pieces to a task; by default as many as make a task worth sending. Results are the same with any.
    progress
        Called with the number of replications done and the number wanted (with a wish for precision: points).
    announce
        Called before the work starts with what it will take.

    Returns
    -------
    Outcome
        How many points there are, and how many failed or are not precise enough.
    """
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with open_store(folder, write=True) as store:
        prepare(study, store)
        if announce:
            announce(forecast(study, store, workers))
        total, _ = store.count_points()
        state = _State(study, store, Outcome(points=total), progress, total * study.replications, chunk)
        with workers_of(executor, workers) as pool:
            if study.precision:
                _until_precise(state, pool)
            else:
                _simulate_missing(state, pool, lambda point: study.replications)
                _all_used(state)
        store.commit()
        state.outcome.failed = store.count_points()[1]
        state.outcome.imprecise = sum(not row.met for row in store.points() if row.error is None)
    state.outcome.seconds = time.perf_counter() - began
    return state.outcome


def _all_used(state: _State) -> None:
    """Write down that every point is made of all its replications, and which are not all there."""
    study, store = state.study, state.store
    for row in store.points():
        if row.error is not None:
            continue
        lacking = missing(store.ranges(run_key(str(row.scenario), study.seed)), study.replications, study.block)
        if lacking:
            store.set_error(row.point, "failed at another point, which is the same scenario")
        else:
            store.set_used(row.point, study.replications, met=True)


def _simulate_missing(state: _State, pool: Executor | None, wanted: Callable[[int], int]) -> None:
    """Simulate what is missing of every point, up to the number of replications wanted at it."""
    state.done = 0
    for task, answer in as_done(pool, simulate, _tasks(state, wanted)):
        if isinstance(answer, Lost):
            for _, piece in task.pieces:
                state.store.set_error(piece.point, answer.reason)
                state.failed.add(piece.point)
            continue
        for (_, piece), found in zip(task.pieces, answer.pieces, strict=True):
            if isinstance(found, str):
                state.store.set_error(piece.point, found)
                state.failed.add(piece.point)
            else:
                state.store.add_block(piece.key, piece.first, *found)
                state.outcome.simulated += piece.count
            state.done += piece.count
        state.outcome.simulation_seconds += answer.seconds
        each = answer.seconds / max(1, sum(piece.count for _, piece in task.pieces))
        state.seconds_each = each if state.seconds_each == 0 else 0.8 * state.seconds_each + 0.2 * each
        state.store.commit(if_old=True)
        state.progress(state.done, state.total)
    state.store.commit()


def _tasks(state: _State, wanted: Callable[[int], int]) -> Iterator[Task]:
    """Yield tasks of what is missing; scenarios are built only when a worker is about to be free."""
    scenarios: list[ScenarioFile] = []
    pieces: list[tuple[int, Piece]] = []
    for point, scenario, key, missing_pieces in _points_to_do(state, wanted):
        if missing_pieces:
            scenarios.append(scenario)
        for first, count in missing_pieces:
            pieces.append((len(scenarios) - 1, Piece(point, key, first, count)))
            if _enough(state, pieces):
                yield Task(model_digest(), state.study.seed, tuple(scenarios), tuple(pieces))
                scenarios, pieces = [scenario], []
        if not pieces:
            scenarios = []
    if pieces:
        yield Task(model_digest(), state.study.seed, tuple(scenarios), tuple(pieces))


def _enough(state: _State, pieces: list[tuple[int, Piece]]) -> bool:
    if state.chunk is not None:
        return len(pieces) >= state.chunk
    count = sum(piece.count for _, piece in pieces)
    return count * state.seconds_each >= TASK_SECONDS or len(pieces) >= MOST_PIECES or state.seconds_each == 0


def _points_to_do(
    state: _State, wanted: Callable[[int], int]
) -> Iterator[tuple[int, ScenarioFile, bytes, list[tuple[int, int]]]]:
    study, store = state.study, state.store
    under_way: set[bytes] = set()
    for row in store.points():
        until = wanted(row.point)
        if row.error is not None or not until:
            continue
        try:
            if row.scenario is not None and not missing(store.ranges(run_key(row.scenario, study.seed)), until, study.block):
                state.done += until
                continue
            scenario = _bare(study.scenario(row.written))
        except ScenarioError as problem:
            store.set_error(row.point, str(problem))
            state.done += until
            continue
        digest = scenario.digest
        if digest != row.scenario:
            store.set_scenario(row.point, digest)
        key = run_key(digest, study.seed)
        pieces = missing(store.ranges(key), until, study.block) if key not in under_way else []
        under_way.add(key)
        state.done += until - sum(count for _, count in pieces)
        yield row.point, scenario, key, pieces


def _bare(scenario: ScenarioFile) -> ScenarioFile:
    """Return the scenario without what only people need: it is sent to workers."""
    empty = {"evidence": FrozenDict(), "places": FrozenDict(), "reported": FrozenDict(), "sources": FrozenDict()}
    return scenario.model_copy(update=empty)


def _until_precise(state: _State, pool: Executor | None) -> None:
    """Go over the points again and again, until each is precise enough or has had the most replications allowed."""
    study, store = state.study, state.store
    wanted: dict[int, int] = {}
    first = min(study.replications, max(study.block, FEWEST + LOOK_AHEAD))
    state.total = state.outcome.points * first
    while True:
        _simulate_missing(state, pool, partial(_wanted_of, wanted, first))
        wanted = {}
        for row in store.points():
            if row.error is None and row.used is None:
                more = _look(state, row.point, run_key(str(row.scenario), study.seed))
                if more:
                    wanted[row.point] = more
        store.commit()
        state.total = sum(wanted.values())
        if not wanted:
            return


def _wanted_of(wanted: dict[int, int], first: int, point: int) -> int:
    """Return up to which replication a point is wanted: in the first round all of them, later those not precise enough."""
    return wanted.get(point, 0) if wanted else first


def _look(state: _State, point: int, key: bytes) -> int:
    """Return how many replications a point needs next; 0 if it has enough, which is then written down."""
    study = state.study
    values, _ = state.store.read(key, study.replications, len(study.measures))
    if not len(values):
        state.store.set_error(point, "failed at another point, which is the same scenario")
        return 0
    rule = Rule(study.precision, study.measures)
    stop_at = rule.enough(values)
    if stop_at is None and len(values) < study.replications:
        return min(study.replications, math.ceil(len(values) * (1 + GROWTH)))
    state.store.set_used(point, stop_at or len(values), met=stop_at is not None)
    return 0
