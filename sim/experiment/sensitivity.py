"""What the answer hangs on: how much of a measure's variation each lever or uncertainty explains, and how surely.

- ``tornado``: each factor alone from one end of its range to the other, paired with the base: what most people ask first.
- ``sobol``: shares of variance, by each factor alone (first) and with all that it takes part in (total). Factors are independent.
- ``morris``: mean size of elementary effects, for many factors and few runs.
- ``pawn``: how far the whole distribution of the measure moves when a factor is known. It asks nothing of how factors hang
  together, and so is the one for draws of a posterior: there, what one parameter explains is explained by its companions too, and
  shares of variance no longer add up to anything.

What is analysed is the mean over a point's replications. All points see the same people, so chance does not pass for influence;
how much chance is left in the means is told beside the indices.

References
----------
Saltelli et al. (2010), "Variance based sensitivity analysis of model output", Computer Physics Communications 181, 259-270.
Campolongo, Cariboni and Saltelli (2007), "An effective screening design for sensitivity analysis of large models",
Environmental Modelling and Software 22, 1509-1518. Pianosi and Wagener (2018), "Distribution-based sensitivity analysis from a
generic input-output sample", Environmental Modelling and Software 108, 197-207.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError
from sim.experiment.comparison import paired
from sim.experiment.designs import Design, latin_hypercube, sobol, spread_design
from sim.experiment.posterior import Posterior
from sim.experiment.quantities import known_path, quantity
from sim.experiment.studies import Factor, Study

Floats = NDArray[np.float64]
Method = Literal["tornado", "sobol", "morris", "pawn"]

RESAMPLES = 1_000
PAWN_RESAMPLES = 200
PAWN_SLICES = 10
MORRIS_LEVELS = 4
#: Points that a method needs at least to say anything, and takes if it is not told.
FEWEST_POINTS = {"tornado": 1, "sobol": 8, "morris": 4, "pawn": 50}
USUAL_POINTS = {"tornado": 1, "sobol": 64, "morris": 10, "pawn": 200}


@dataclass(frozen=True, slots=True)
class Index:
    """One index of one factor.

    Attributes
    ----------
    index
        Which: ``low_to_high`` (in the measure's unit), ``first``, ``total``, ``mu_star``, ``sigma``, ``pawn``.
    value
        As it was estimated; it may be negative by chance.
    ci_low, ci_high
        The 95% interval.
    within_error
        Whether it cannot be told from none.
    """

    factor: str
    index: str
    value: float
    ci_low: float
    ci_high: float
    within_error: bool

    @property
    def shown(self) -> float:
        """The value as it is shown: a share that came out negative by chance is zero within error."""
        return 0.0 if self.within_error and self.value < 0 and self.index != "low_to_high" else self.value


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """A study whose design is that of a method, and how its points are to be read.

    Attributes
    ----------
    shares
        Where each point lies in the factors' ranges, shape (points, factors); for a posterior the drawn values.
    points
        The size that was asked for.
    """

    method: Method
    study: Study
    factors: tuple[Factor, ...]
    shares: Floats
    points: int
    seed: int


def plan(study: Study, method: Method, points: int | None = None, posterior: Posterior | None = None, seed: int = 1) -> Plan:
    """Return a study's plan for a method.

    Parameters
    ----------
    study
        Its uncertainties are the factors; its levers too if it has no uncertainties.
    points
        Size: rows of the two base samples (sobol), trajectories (morris), points (pawn).
    posterior
        Draws to take in place of the study's ranges; for ``pawn`` only.
    seed
        Of the design.

    Raises
    ------
    UsageError
        If the method cannot do it.
    """
    size = points or USUAL_POINTS[method]
    if size < FEWEST_POINTS[method]:
        raise UsageError(f"{size} points are too few for '{method}'; take {FEWEST_POINTS[method]} or more.")
    if posterior is not None:
        if method != "pawn":
            raise UsageError(f"'{method}' takes factors as independent, and draws of a posterior are not; use --method pawn.")
        return _posterior_plan(study, posterior, size, seed)
    factors = tuple(one for one in study.factors.values() if one.role == "uncertainty") or tuple(study.factors.values())
    if not factors:
        raise UsageError(f"{study.file}: names no levers and no uncertainties; there is nothing to vary.")
    if method == "tornado":
        # Ends of the ranges, and the values of the base in between, which belong to no share.
        rows: list[dict[str, Any]] = [{}]
        for factor in factors:
            rows += [{factor.name: factor.at(0.0)}, {factor.name: factor.at(1.0)}]
        design = Design("tornado", len(rows), lambda: iter(rows))
        return Plan(method, _with(study, design, method), factors, np.empty((0, 0)), size, seed)
    makers: dict[str, Callable[[], Floats]] = {
        "sobol": lambda: _saltelli(len(factors), size, seed),
        "morris": lambda: _morris_sample(len(factors), size, seed),
        "pawn": lambda: latin_hypercube(len(factors), size, seed),
    }
    shares = makers[method]()
    design = spread_design(method, factors, shares)
    return Plan(method, _with(study, design, method), factors, shares, size, seed)


def _with(study: Study, design: Design, method: str) -> Study:
    return replace(study, design=design, name=f"{study.name}-{method}")


def _posterior_plan(study: Study, posterior: Posterior, size: int, seed: int) -> Plan:
    template = study.templates[study.written.base]
    values = posterior.pick(size, seed)
    factors = []
    for path, column in zip(posterior.paths, values.T, strict=True):
        problem = known_path(template, path)
        one = None if problem else quantity(template, path)
        if one is None:
            raise UsageError(f"{posterior.file}: {problem or f'{path!r} is not a number; remove the column.'}")
        low, high = float(column.min()), float(column.max())
        factors.append(Factor(path, "uncertainty", (path,), None, low, high, log=False, levels=2, quantity=one))
    rows = [dict(zip(posterior.paths, map(float, row), strict=True)) for row in values]
    design = Design("posterior", len(rows), lambda: iter(rows), shares=values)
    changed = replace(_with(study, design, "pawn"), factors={factor.name: factor for factor in factors})
    return Plan("pawn", changed, tuple(factors), values, size, seed)


def analyse(plan: Plan, means: Floats, columns: Sequence[Floats]) -> list[Index]:
    """Return the indices of one measure.

    Parameters
    ----------
    plan
        As it was run.
    means
        The mean over replications at every point, shape (points,); NaN where the point failed or the measure is undefined.
    columns
        The values themselves at every point, for paired differences; needed by ``tornado``.

    Returns
    -------
    list of Index
        By factor in the order of the plan; empty where nothing can be said.
    """
    if plan.method == "tornado":
        return _swings(plan, columns)
    names = [factor.name for factor in plan.factors]
    if plan.method == "sobol":
        return sobol_indices(names, *_saltelli_parts(means, len(names)), seed=plan.seed)
    if plan.method == "morris":
        return _morris(names, plan.shares, means, plan.seed)
    return _pawn(names, plan.shares, means, plan.seed)


def chance_left(columns: Sequence[Floats]) -> float:
    """Return which share of the variance between the points' means is chance that the points do not have in common.

    All points see the same draws, so what a replication does to every point alike moves no index. What is left after points and
    replications (the interaction of a two-way layout) does; it shrinks with the number of replications.
    """
    whole = [column for column in columns if len(column) == max(map(len, columns)) and np.isfinite(column).any()]
    if len(whole) < 2:
        return math.nan
    table = np.stack(whole)
    table = table[:, np.isfinite(table).all(axis=0)]
    points, replications = table.shape
    if replications < 2:
        return math.nan
    means = table.mean(axis=1)
    rest = table - means[:, None] - table.mean(axis=0)[None, :] + table.mean()
    chance = float((rest**2).sum()) / ((points - 1) * (replications - 1)) / replications
    between = float(np.var(means, ddof=1))
    return min(1.0, chance / between) if between > 0 else math.nan


# --- tornado --------------------------------------------------------------------------------------------------------


def _swings(plan: Plan, columns: Sequence[Floats]) -> list[Index]:
    found = []
    for number, factor in enumerate(plan.factors):
        low, high = columns[1 + 2 * number], columns[2 + 2 * number]
        if len(low) != len(high) or not len(low):  # one of the two points failed
            continue
        change = paired(factor.name, low, high)
        if change.pairs:
            unsure = not (change.ci_low > 0 or change.ci_high < 0)
            found.append(Index(factor.name, "low_to_high", change.difference, change.ci_low, change.ci_high, unsure))
    return found


# --- Sobol' ---------------------------------------------------------------------------------------------------------


def _saltelli(factors: int, size: int, seed: int) -> Floats:
    """Return the points A, B and, for each factor, A with that factor's column from B; shape (size * (factors + 2), factors)."""
    both = sobol(2 * factors, size, seed)
    first, second = both[:, :factors], both[:, factors:]
    crossed = []
    for factor in range(factors):
        one = first.copy()
        one[:, factor] = second[:, factor]
        crossed.append(one)
    return np.concatenate([first, second, *crossed])


def _saltelli_parts(means: Floats, factors: int) -> tuple[Floats, Floats, Floats]:
    """Return f(A), f(B), shape (size,), and f(AB), shape (factors, size); rows with anything undefined are left out."""
    parts = means.reshape(factors + 2, -1)
    known = parts[:, np.isfinite(parts).all(axis=0)]
    return known[0], known[1], known[2:]


def sobol_indices(names: Sequence[str], f_a: Floats, f_b: Floats, f_ab: Floats, *, seed: int = 1) -> list[Index]:
    """Return first and total Sobol' indices with bootstrap intervals.

    Parameters
    ----------
    names
        The factors.
    f_a, f_b
        The model at the two base samples, shape (n,).
    f_ab
        The model at A with one factor from B, shape (factors, n).
    seed
        Of the bootstrap, which draws rows of the samples again (percentile intervals).
    """
    size = len(f_a)
    if size < 2 or float(np.var(np.concatenate([f_a, f_b]))) == 0:
        return []
    from scipy.stats import sobol_indices as estimate

    given: Any = {"f_A": f_a[None, :], "f_B": f_b[None, :], "f_AB": f_ab[:, None, :]}
    if size & (size - 1):  # rows were left out; scipy takes powers of two only, so its estimator is applied here
        first, total = _shares(f_a, f_b, f_ab)
    else:
        found = estimate(func=given, n=size)
        first, total = np.ravel(found.first_order), np.ravel(found.total_order)
    random = np.random.Generator(np.random.Philox(seed))
    rows = (random.random((RESAMPLES, size)) * size).astype(np.int64)
    again = [_shares(f_a[row], f_b[row], f_ab[:, row]) for row in rows]
    indices = []
    for which, values, drawn in (("first", first, [one for one, _ in again]), ("total", total, [other for _, other in again])):
        lows, highs = np.nanquantile(np.stack(drawn), [0.025, 0.975], axis=0)
        for name, value, low, high in zip(names, values.tolist(), lows.tolist(), highs.tolist(), strict=True):
            indices.append(Index(name, which, value, low, high, low <= 0))
    return sorted(indices, key=lambda one: list(names).index(one.factor))


def _shares(f_a: Floats, f_b: Floats, f_ab: Floats) -> tuple[Floats, Floats]:
    """Return first and total indices by the estimators of Saltelli et al. (2010), on centred values."""
    together = np.concatenate([f_a, f_b])
    middle, variance = together.mean(), float(np.var(together))
    if variance == 0:
        nothing = np.full(len(f_ab), np.nan)
        return nothing, nothing
    first = np.mean((f_b - middle) * (f_ab - f_a), axis=1) / variance
    total = 0.5 * np.mean((f_a - f_ab) ** 2, axis=1) / variance
    return first, total


# --- Morris and PAWN ------------------------------------------------------------------------------------------------


def _salib(module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(f"SALib.{module}")
    except ImportError:
        raise UsageError("Morris needs SALib; install it with: pip install 'stopflow[sensitivity]'") from None


def _problem(names: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def _morris_sample(factors: int, trajectories: int, seed: int) -> Floats:
    names = [str(number) for number in range(factors)]
    small = seed % 2**32 or 1  # what SALib takes; it leaves a seed of 0 unused
    sample = _salib("sample.morris").sample(_problem(names), trajectories, num_levels=MORRIS_LEVELS, seed=small)
    return np.asarray(sample, dtype=np.float64)


def _morris(names: Sequence[str], shares: Floats, means: Floats, seed: int) -> list[Index]:
    length = len(names) + 1
    whole = np.isfinite(means.reshape(-1, length)).all(axis=1)  # a trajectory with a hole tells nothing
    known = np.repeat(whole, length)
    if whole.sum() < 2:
        return []
    found = _salib("analyze.morris").analyze(
        _problem(names), shares[known], means[known], num_levels=MORRIS_LEVELS, num_resamples=RESAMPLES, seed=seed % 2**32 or 1
    )
    indices = []
    for name, star, half, sigma in zip(names, found["mu_star"], found["mu_star_conf"], found["sigma"], strict=True):
        low, high = float(star) - float(half), float(star) + float(half)
        indices.append(Index(name, "mu_star", float(star), low, high, low <= 0))
        indices.append(Index(name, "sigma", float(sigma), math.nan, math.nan, within_error=False))
    return indices


def _pawn(names: Sequence[str], values: Floats, means: Floats, seed: int) -> list[Index]:
    """Return PAWN's median index; what a factor without any influence would get by chance tells what is within error."""
    known = np.isfinite(means)
    values, means = values[known], means[known]
    if len(means) < FEWEST_POINTS["pawn"] // 2:
        return []
    random = np.random.Generator(np.random.Philox(seed))
    slices = max(2, min(PAWN_SLICES, len(means) // 15))
    # A factor that was drawn again and again from the same values without regard to the measure has no influence.
    idle = [_pawn_values(means, random.permuted(values, axis=0), slices) for _ in range(PAWN_RESAMPLES)]
    floor = np.quantile(np.stack(idle), 0.95, axis=0)
    rows = (random.random((PAWN_RESAMPLES, len(means))) * len(means)).astype(np.int64)
    again = np.stack([_pawn_values(means[row], values[row], slices) for row in rows])
    found = _pawn_values(means, values, slices)
    # Drawn again, a sample has ties, which part its distributions further: the interval is moved back by that much.
    lows, highs = np.quantile(again, [0.025, 0.975], axis=0) + (found - again.mean(axis=0))
    return [
        Index(name, "pawn", float(value), float(low), float(high), bool(value <= idle_value))
        for name, value, low, high, idle_value in zip(names, found, lows, highs, floor, strict=True)
    ]


def _pawn_values(means: Floats, values: Floats, slices: int) -> Floats:
    """Return PAWN's median over slices of the distance between the measure's distribution in the slice and everywhere.

    SALib's own leaves the largest value of a factor out, which is half of a factor with two values, and computes a p-value for
    every slice, which is forty times slower; on continuous factors the two agree.
    """
    order = np.sort(means)
    everywhere = np.searchsorted(order, order, side="right") / len(order)
    found = []
    for column in values.T:
        known = np.unique(column)
        if len(known) > slices:
            edges = np.quantile(column, np.arange(1, slices) / slices)
            where = np.searchsorted(edges, column, side="right")
        else:
            where = np.searchsorted(known, column)
        distances = []
        for number in np.unique(where):
            inside = np.sort(means[where == number])
            below = np.searchsorted(inside, order, side="right") / len(inside)
            distances.append(float(np.abs(below - everywhere).max()))
        found.append(float(np.median(distances)))
    return np.asarray(found)
