"""Turns and ratios. Everybody has a turn in each round, in rotating order, with random numbers never used before: a repeated seed
flatters a fast engine, whose caches learn it. Rates drift with the machine, so the ratio is taken within a round, and the
median over rounds is reported. What counts is the time of the processor that a contender's process has used, which others
on the machine disturb least; the ratio by the clock stands beside it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from sim.engines import COMPILED
from sim.experiment.executors import Processes
from sim.experiment.replications import made_ready, run
from sim.scenario_file import ScenarioFile
from tests.bench.contenders import Contender, Turn


class TakesTurns(Protocol):
    """Whoever can be measured."""

    def turn(self, first: int, seconds: float = 0.0, replications: int = 1) -> Turn:
        """Replicate, for so much time of the processor and so many replications at least."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One contender's medians over the rounds, and the peak memory of its process in MB.

    The rate is in stops per second of the processor; the ratios are to the contender's baseline, if it has one, and the spread
    is the smallest and the largest ratio of any round.
    """

    contender: Contender
    rate: float
    ratio: float | None
    ratio_by_clock: float | None
    peak_mb: float
    spread: tuple[float, float] | None = None


def measure(
    found: Sequence[Contender], workers: Mapping[str, TakesTurns], rounds: int, seconds: float, seeds: Iterator[int]
) -> list[Row]:
    """Give everybody a turn in each round."""
    labels = list(workers)
    turns: dict[str, list[Turn]] = {label: [] for label in labels}
    for number in range(rounds):
        first = number % len(labels)
        for label in labels[first:] + labels[:first]:
            turns[label].append(workers[label].turn(next(seeds), seconds))
    return [row(one, turns[one.label], turns.get(one.baseline)) for one in found if one.label in turns]


def row(contender: Contender, own: list[Turn], baseline: list[Turn] | None) -> Row:
    """Return one contender's medians."""

    def by_cpu(turn: Turn) -> float:
        return turn.vehicles / turn.cpu

    def by_clock(turn: Turn) -> float:
        return turn.vehicles / turn.wall

    def ratios(rate: Callable[[Turn], float]) -> list[float]:
        return [rate(one) / rate(other) for one, other in zip(own, baseline or (), strict=bool(baseline))]

    rate, peak, found = statistics.median(map(by_cpu, own)), max(turn.peak_mb for turn in own), ratios(by_cpu)
    if not found:
        return Row(contender, rate, None, None, peak)
    return Row(contender, rate, statistics.median(found), statistics.median(ratios(by_clock)), peak, (min(found), max(found)))


def two_cores(scenario: ScenarioFile, replications: int, rounds: int, seeds: Iterator[int]) -> list[float]:
    """Return by rounds how much faster two processes are than one, by the clock: the same tasks, processes that are warm."""
    made_ready(scenario, 1, COMPILED)
    one, two = Processes(1), Processes(2)
    try:
        for pool in (one, two):
            timed(scenario, pool, replications, next(seeds))
        ratios = []
        for number in range(rounds):
            order = (one, two) if number % 2 == 0 else (two, one)
            spent = {pool: timed(scenario, pool, replications, next(seeds)) for pool in order}
            ratios.append(spent[one] / spent[two])
        return ratios
    finally:
        one.shutdown()
        two.shutdown()


def timed(scenario: ScenarioFile, pool: Executor, replications: int, seed: int) -> float:
    """Return the seconds by the clock that an executor takes for a run of the compiled engine."""
    began = time.perf_counter()
    run(scenario, replications=replications, seed=seed, executor=pool, engine=COMPILED)
    return time.perf_counter() - began
