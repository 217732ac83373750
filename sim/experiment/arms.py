"""Several scenarios on the same draws: a base and its arms, for as many replications as their differences need.

Over a posterior every draw of the unknown parameters makes its own version of base and arms, each with replications of its own;
so what nobody knows and what chance does stay apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.engines import AUTO
from sim.errors import UsageError
from sim.experiment.comparison import simultaneous
from sim.experiment.executors import in_order, workers_of
from sim.experiment.replications import CHUNKS, FEWEST, USUAL, Precision, Result, Rule, engine_for, made_ready, run, run_block
from sim.models import model_of
from sim.scenario_file import ScenarioFile

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

#: Rounds of replications that every arm is given before the next look at the differences, in tasks of the engine's usual size.
ROUND = 2


@dataclass(frozen=True, slots=True)
class Arms:
    """What a comparison gave.

    Attributes
    ----------
    results
        By name, the base first; all of one seed and as many replications.
    draws
        How many draws of a posterior stand behind them; the replications of a draw follow one another. None: no posterior.
    unmet
        Wishes for the precision of a difference that were not fulfilled, by arm and measure.
    """

    results: Mapping[str, Result]
    draws: int | None = None
    unmet: tuple[tuple[str, str], ...] = ()

    def columns(self, measure: str) -> dict[str, Floats]:
        """Return one measure of every arm, base included, shape (draws, replications of a draw)."""
        return {name: result.column(measure).reshape(self.draws or 1, -1) for name, result in self.results.items()}

    @property
    def pairs(self) -> Mapping[str, Result]:
        """The results whose rows are independent: replications, or over a posterior the means of each draw's replications."""
        if self.draws is None:
            return self.results
        return {name: replace(result, values=_means(result.values, self.draws)) for name, result in self.results.items()}

    def means_of_draws(self, measure: str) -> dict[str, Floats]:
        """Return each arm's difference from the base by draw of the posterior, shape (draws,); NaN where undefined."""
        base, *arms = self.columns(measure).items()
        return {name: _means((values - base[1]).reshape(-1, 1), len(values))[:, 0] for name, values in arms}


def _means(values: Floats, draws: int) -> Floats:
    """Return means over each draw's replications of what is defined, shape (draws, measures); NaN where nothing is."""
    by_draw = values.reshape(draws, -1, values.shape[1])
    defined = np.isfinite(by_draw)
    count = defined.sum(axis=1)
    total = np.where(defined, by_draw, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def of_one_kind(scenarios: Mapping[str, ScenarioFile]) -> None:
    """Refuse to compare what has nothing in common.

    Raises
    ------
    UsageError
        If the scenarios are of different models, or have different measures.
    """
    (first, base), *others = scenarios.items()
    for name, scenario in others:
        if model_of(base) is not model_of(scenario):
            kinds = model_of(base).kind, model_of(scenario).kind
            raise UsageError(f"{first} is of the {kinds[0]} and {name} of the {kinds[1]}: they have no measure in common.")
        if list(model_of(base).measures(base)) != list(model_of(scenario).measures(scenario)):
            raise UsageError(f"{first} and {name} count on different days; give them one calendar to compare them.")


def run_arms(  # noqa: PLR0913 - all but the scenarios are optional and by name
    scenarios: Mapping[str, ScenarioFile],
    *,
    replications: int | None = None,
    precision: Sequence[Precision] = (),
    seed: int = 1,
    workers: int = 1,
    engine: str = AUTO,
    executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
) -> Arms:
    """Run every scenario on the same draws; the first is the base.

    Parameters
    ----------
    scenarios
        By name.
    replications
        How many of each; with ``precision`` the most that may be used. 100 and 10,000 when not given.
    precision
        Wishes for the half-width of the simultaneous interval of a *difference*; a relative one is relative to the difference.
        Replications go on until the wishes are met in every arm, and stay met for some more.
    seed, workers, engine, executor
        As for :func:`sim.experiment.replications.run`; results hang on the seed only.
    progress
        Called with the number of replications done, of all arms together, and the number wanted.
    """
    if replications is not None and replications < 2:
        raise UsageError(f"{replications} replications make no interval; compare over 2 or more.")
    of_one_kind(scenarios)
    most = replications or (10_000 if precision else 100)
    first = min(most, FEWEST) if precision else most
    # Chosen once for all arms; a wish for precision may well be met after far fewer than the most that are allowed.
    expected = len(scenarios) * (min(most, USUAL) if precision else most)
    used, _ = engine_for(next(iter(scenarios.values())), engine, expected)
    made_ready(next(iter(scenarios.values())), seed, used)
    with workers_of(executor, workers) as pool:
        results = {}
        for number, (name, scenario) in enumerate(scenarios.items()):
            told = _told(progress, before=number * first, total=most * len(scenarios))
            results[name] = run(scenario, replications=first, seed=seed, engine=used, executor=pool, progress=told)
        if not precision:
            return Arms(results)
        return _until_precise(results, precision, most, pool, progress)


def _told(progress: Progress, before: int, total: int) -> Progress:
    return lambda done, _: progress(before + done, total)


def _until_precise(
    results: dict[str, Result], precision: Sequence[Precision], most: int, pool: Executor | None, progress: Progress
) -> Arms:
    """Add replications to every arm until the differences are known well enough."""
    base, *arms = results
    pairs = [(arm, wish) for arm in arms for wish in precision]
    names = [f"{arm} {wish.measure} {number}" for number, (arm, wish) in enumerate(pairs)]
    wishes = [Precision(name, wish.half_width, wish.relative) for name, (_, wish) in zip(names, pairs, strict=True)]
    rule = Rule(wishes, names, simultaneous(len(arms)))
    while True:
        apart = [results[arm].column(wish.measure) - results[base].column(wish.measure) for arm, wish in pairs]
        stop_at = rule.enough(np.stack(apart, axis=1))
        done = len(results[base].values)
        if stop_at is not None:
            return Arms({name: _first(result, stop_at) for name, result in results.items()})
        if done >= most:
            unmet = [pairs[names.index(wish.measure)] for wish in rule.unmet]
            return Arms(results, unmet=tuple((arm, wish.measure) for arm, wish in unmet))
        results = _extended(results, min(most, done + ROUND * CHUNKS[results[base].engine]), pool)
        progress(len(results) * len(results[base].values), len(results) * most)


def _first(result: Result, count: int) -> Result:
    return replace(result, values=result.values[:count], digests=result.digests[:count])


def _extended(results: Mapping[str, Result], until: int, pool: Executor | None) -> dict[str, Result]:
    size = CHUNKS[next(iter(results.values())).engine]
    tasks = [
        (result.scenario, result.seed, first, min(size, until - first), result.engine)
        for result in results.values()
        for first in range(len(result.values), until, size)
    ]
    blocks = in_order(pool, run_block, tasks)
    longer = {}
    for name, result in results.items():
        values, digests = [result.values], list(result.digests)
        for _ in range(len(result.values), until, size):
            block_values, block_digests = next(blocks)
            values.append(np.asarray(block_values))
            digests += block_digests
        longer[name] = replace(result, values=np.concatenate(values), digests=tuple(digests))
    return longer


def run_over_draws(
    versions: Sequence[Mapping[str, ScenarioFile]],
    *,
    replications: int,
    seed: int = 1,
    workers: int = 1,
    engine: str = AUTO,
    executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
) -> Arms:
    """Run base and arms under every draw of a posterior.

    Parameters
    ----------
    versions
        For each draw the scenarios by name, the base first. Draw j has the replications j·n to (j + 1)·n − 1.
    replications
        For each draw.
    seed, workers, engine, executor, progress
        As for :func:`run_arms`.
    """
    if replications < 2:
        raise UsageError(f"{replications} replications of a draw cannot tell chance from ignorance; give each 2 or more.")
    of_one_kind(versions[0])
    used, _ = engine_for(versions[0][next(iter(versions[0]))], engine, len(versions) * len(versions[0]) * replications)
    tasks = [
        (version[name], seed, draw * replications, replications, used)
        for draw, version in enumerate(versions)
        for name in versions[0]
    ]
    made_ready(versions[0][next(iter(versions[0]))], seed, used)
    values: dict[str, list[Floats]] = {name: [] for name in versions[0]}
    digests: dict[str, list[str]] = {name: [] for name in versions[0]}
    with workers_of(executor, workers) as pool:
        for number, (block_values, block_digests) in enumerate(in_order(pool, run_block, tasks)):
            name = list(values)[number % len(values)]
            values[name].append(np.asarray(block_values))
            digests[name] += block_digests
            progress((number + 1) * replications, len(tasks) * replications)
    return Arms(
        {name: Result(versions[0][name], seed, used, np.concatenate(values[name]), tuple(digests[name])) for name in versions[0]},
        draws=len(versions),
    )
