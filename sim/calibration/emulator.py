"""The mean and the spread of the counts, learned once over the parameters from runs of the real model.

Simulating inside every fit would be too dear, so the model is run once at each point of a quasi-random design over the prior, and
what it counted is learned by regression; the fits then ask the regression. For each target, in an order in which a whole
comes before its parts:

- **mean**: a generalised linear model in Hermite polynomials of the parameters (total degree three over those that matter).
  A parameter enters by its normal number, by its logit or log, or by its plain value, whichever fits best. A part of a whole
  is a share of it on the logit scale; things counted for each stop, and counts by themselves, are on the log scale. Terms
  whose coefficient is no larger than its error are dropped, so that what no count depends on is not learned from noise.
- **what hangs together**: the standardised residuals of the targets before it are covariates, so that the
  covariance of the counts is learned as well, one conditional at a time.
- **spread**: the ratio of the residuals' variance to the binomial or Poisson one, on the log scale, in the same way.

The likelihood of a report is the chance, under a normal distribution on the variance-stabilising scale (arcsine or square root),
of all the counts that the report allows. That holds for exact figures, rounded ones, ranges, and those with one end alike.

Held-back simulations check it: their standardised residuals must have mean 0 and variance 1.

References
----------
Wood (2010), "Statistical inference for noisy nonlinear ecological dynamic systems", Nature 466, 1102-1104 (synthetic likelihood).
Xiu and Karniadakis (2002), SIAM Journal on Scientific Computing 24, 619-644 (Hermite polynomials under a normal prior).
Freeman and Tukey (1950), Annals of Mathematical Statistics 21, 607-611 (square root and arcsine).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.calibration.priors import Coordinate, Prior
from sim.calibration.targets import Kind, Target

Floats = NDArray[np.float64]
Term = tuple[tuple[int, int], ...]  # pairs of (parameter, degree); () is the constant

#: A term stays if its coefficient is this many standard errors from zero.
WORTH_KEEPING = 3.0
#: At most this many parameters are taken to matter for one target beyond straight lines and squares.
MOST_ACTIVE = 9
HELD_BACK = 0.15
_LARGEST = 30.0  # of a linear predictor, so that no exponential overflows
_ROUNDS = 25


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """A polynomial over the normal numbers, with what is not known of its coefficients."""

    terms: tuple[Term, ...]
    coefficients: Floats
    root: Floats  # a square root of the coefficients' covariance, shape (terms, terms)

    @property
    def parameters(self) -> frozenset[int]:
        """Positions of the parameters that it hangs on."""
        return frozenset(parameter for term in self.terms for parameter, _ in term)

    def at(self, normal: Floats) -> Floats:
        """Return the surface, shape (rows,)."""
        return features(normal, self.terms) @ self.coefficients

    def with_error(self, normal: Floats) -> tuple[Floats, Floats]:
        """Return the surface and the variance of what is known of it."""
        x = features(normal, self.terms)
        return x @ self.coefficients, ((x @ self.root) ** 2).sum(axis=1)


@dataclass(frozen=True, eq=False, slots=True)
class Stage:
    """What was learned of one target.

    Attributes
    ----------
    coordinates
        In which each parameter enters.
    beside
        Coefficients of the standardised residuals of the targets before it, by position.
    tells_nothing
        The count is a fixed combination of earlier ones in every simulation, so it adds nothing to them.
    """

    measure: str
    kind: Kind
    whole: int | None
    coordinates: tuple[Coordinate, ...]
    mean: Surface
    spread: Surface
    beside: Floats
    tells_nothing: bool = False

    def at(self, priors: Sequence[Prior], normal: Floats) -> At:
        """Return what was learned at some parameters, before it is known what the targets before this one were."""
        seen = view(priors, normal, self.coordinates, self.mean.parameters | self.spread.parameters)
        eta, error = self.mean.with_error(seen)
        return At(eta, error, np.exp(np.clip(self.spread.at(seen), -8, 8)))

    def normal_of(self, at: At, residuals: Floats, of: float) -> tuple[Floats, Floats]:
        """Return mean and standard deviation on the stabilising scale, given the targets before this one."""
        together = residuals[:, : len(self.beside)] @ self.beside if self.beside.any() else 0.0
        eta = np.clip(at.eta + together, -_LARGEST, _LARGEST)
        centre, slope = stabilised_mean(self.kind, eta, np.full(len(eta), of))
        return centre, np.sqrt(at.variance + slope**2 * at.error)


@dataclass(frozen=True, eq=False, slots=True)
class At:
    """What was learned of one target at some parameters: linear predictor, variance of what is known of it, spread."""

    eta: Floats
    error: Floats
    variance: Floats


@dataclass(frozen=True, slots=True)
class Check:
    """How one target's held-back simulations came out: standardised residuals, and how often 90% intervals held."""

    measure: str
    mean: float
    sd: float
    covered_90: float
    explained: float  # share of the variance over the prior that the mean explains, on the stabilising scale
    terms: int
    held_back: int


@dataclass(frozen=True, eq=False, slots=True)
class Emulator:
    """What was learned of one operation's targets."""

    priors: tuple[Prior, ...]
    targets: tuple[Target, ...]
    stages: tuple[Stage, ...]
    checks: tuple[Check, ...]

    def log_likelihood(self, normal: Floats, targets: Sequence[Target] | None = None) -> Floats:
        """Return the log likelihood of what was reported.

        Parameters
        ----------
        normal
            The parameters' standard normal numbers, shape (rows, parameters).
        targets
            Other figures for the same measures, in the same order, such as simulated ones.

        Returns
        -------
        numpy.ndarray of float64, shape (rows,)
        """
        told = tuple(targets or self.targets)
        worlds = _known_wholes(told, self.stages)
        learned = [None if stage.tells_nothing else stage.at(self.priors, normal) for stage in self.stages]
        each = np.column_stack([self._of_world(learned, len(normal), told, world) for world in worlds])
        largest = each.max(axis=1)
        total: Floats = largest + np.log(np.exp(each - largest[:, None]).sum(axis=1)) - math.log(len(worlds))
        return total

    def _of_world(self, learned: Sequence[At | None], rows: int, told: tuple[Target, ...], known: Floats) -> Floats:
        """Return the log likelihood if the wholes were exactly as given."""
        total = np.zeros(rows)
        residuals = np.zeros((rows, len(told)))
        wholes = {stage.whole for stage in self.stages}
        for at, (stage, target, one) in enumerate(zip(self.stages, told, learned, strict=True)):
            of = known[stage.whole] if stage.whole is not None else 1.0
            if one is None or (stage.whole is not None and of == 0):
                continue  # it tells nothing new, or is a part of nothing and was certain
            centre, sd = stage.normal_of(one, residuals, of)
            low, high = (known[at], known[at]) if at in wholes else (target.low, target.high)
            ends = [(_edge(stage.kind, end, of) - centre) / sd for end in _edges(stage.kind, low, high, of)]
            total += log_between(ends[0], ends[1])
            if target.is_firm:
                residuals[:, at] = (stabilised(stage.kind, np.asarray(known[at]), of) - centre) / sd
        return total

    def sample(self, normal: Floats, stage: int, told: Sequence[Target], rng: np.random.Generator) -> Floats:
        """Draw one target's count at each row, given the counts told for the targets before it."""
        residuals = np.zeros((len(normal), len(self.stages)))
        known = np.array([one.value for one in told[:stage]])
        for at in range(stage):
            one = self.stages[at]
            of = known[one.whole] if one.whole is not None else 1.0
            if one.tells_nothing or not told[at].is_firm or (one.whole is not None and of == 0):
                continue
            centre, sd = one.normal_of(one.at(self.priors, normal), residuals, of)
            residuals[:, at] = (stabilised(one.kind, np.asarray(known[at]), of) - centre) / sd
        one = self.stages[stage]
        of = known[one.whole] if one.whole is not None else 1.0
        centre, sd = one.normal_of(one.at(self.priors, normal), residuals, of)
        return unstabilised(one.kind, centre + sd * rng.standard_normal(len(normal)), of)


# --- learning -------------------------------------------------------------------------------------------------------


def learn(priors: Sequence[Prior], targets: Sequence[Target], normal: Floats, counts: Floats) -> Emulator:
    """Learn the targets of one operation from simulations.

    Parameters
    ----------
    priors
        Of the parameters.
    targets
        In an order in which a whole comes before its parts.
    normal
        The parameters' standard normal numbers, shape (simulations, parameters).
    counts
        What was counted, shape (simulations, targets); rows in which an amount is undefined are left out.

    Returns
    -------
    Emulator
        With the checks of the last part of the simulations, which nothing was learned from.
    """
    kept = np.isfinite(counts).all(axis=1)
    normal, counts = normal[kept], counts[kept]
    split = len(normal) - round(HELD_BACK * len(normal))
    residuals = np.zeros((len(normal), len(targets)))
    stages: list[Stage] = []
    checks: list[Check] = []
    measures = [target.measure for target in targets]
    for at, target in enumerate(targets):
        whole = measures.index(target.whole) if target.whole is not None else None
        of = counts[:, whole] if whole is not None else np.ones(len(counts))
        if _tells_nothing(counts, at):
            nothing = Surface(((),), np.zeros(1), np.zeros((1, 1)))
            plain: tuple[Coordinate, ...] = tuple("normal" for _ in priors)
            stages.append(Stage(target.measure, target.kind, whole, plain, nothing, nothing, np.zeros(0), tells_nothing=True))
            continue
        used = (of > 0) & (np.arange(len(normal)) < split)
        firm = [before for before in range(at) if targets[before].is_firm and not stages[before].tells_nothing]
        before = residuals[:, :at] * np.isin(range(at), firm)
        coordinates = _coordinates(priors, target.kind, normal[used], counts[used, at], of[used], before[used])
        seen = view(priors, normal, coordinates)
        stage, eta, error = _learn_one(target, whole, coordinates, seen, counts[:, at], of, before, used)
        centre, slope = stabilised_mean(target.kind, eta, of)
        sd = np.sqrt(np.exp(np.clip(stage.spread.at(seen), -8, 8)) + slope**2 * error)
        residuals[:, at] = np.where(of > 0, (stabilised(target.kind, counts[:, at], of) - centre) / sd, 0.0)
        stages.append(stage)
        fresh = (of > 0) & ~(np.arange(len(normal)) < split)
        held = stabilised(target.kind, counts[fresh, at], of[fresh])
        checks.append(_check(target, stage, residuals[fresh, at], held, centre[fresh]))
    return Emulator(tuple(priors), tuple(targets), tuple(stages), tuple(checks))


def _learn_one(  # noqa: PLR0913 - one target's columns, all of the same length
    target: Target,
    whole: int | None,
    coordinates: tuple[Coordinate, ...],
    seen: Floats,
    count: Floats,
    of: Floats,
    residuals: Floats,
    used: NDArray[np.bool_],
) -> tuple[Stage, Floats, Floats]:
    z, x, n, r = seen[used], count[used], of[used], residuals[used]
    terms = _alone(seen.shape[1], 2)
    first = _fit_mean(target.kind, z, x, n, r, terms)
    active = _most_active(terms, *first, seen.shape[1])
    wide = list(dict.fromkeys(terms + _all_terms(active, 3)))
    terms, coefficients, covariance = _prune(target.kind, z, x, n, r, wide)
    size = len(terms)
    mean = Surface(tuple(terms), coefficients[:size], _root(covariance[:size, :size]))
    beside = coefficients[size:]
    eta, error = mean.with_error(seen)
    eta = np.clip(eta + residuals @ beside, -_LARGEST, _LARGEST)
    centre, _ = stabilised_mean(target.kind, eta[used], n)
    squares = (stabilised(target.kind, x, n) - centre) ** 2
    spread = _fit_spread(z, squares, active)
    return Stage(target.measure, target.kind, whole, coordinates, mean, spread, beside), eta, error


def _coordinates(priors: Sequence[Prior], kind: Kind, normal: Floats, x: Floats, n: Floats, r: Floats) -> tuple[Coordinate, ...]:
    """Choose for each parameter the coordinate in which lines, squares and cubes fit best, one after the other."""
    chosen: list[Coordinate] = ["normal" if prior.is_plain else "scale" for prior in priors]
    terms = _alone(len(priors), 3)

    def misfit() -> float:
        seen = view(priors, normal, chosen)
        coefficients, _ = _fit_mean(kind, seen, x, n, r, terms)
        eta = np.clip(np.hstack([features(seen, terms), r]) @ coefficients, -_LARGEST, _LARGEST)
        return float(((stabilised(kind, x, n) - stabilised_mean(kind, eta, n)[0]) ** 2).sum())

    matter = _most_active(terms, *_fit_mean(kind, view(priors, normal, chosen), x, n, r, terms), len(priors))
    others: tuple[Coordinate, ...] = ("normal", "plain")
    best = misfit()
    for at, other in itertools.product(matter, others):
        if not priors[at].is_plain:
            before, chosen[at] = chosen[at], other
            if (size := misfit()) < best:
                best = size
            else:
                chosen[at] = before
    return tuple(chosen)


def view(
    priors: Sequence[Prior], normal: Floats, coordinates: Sequence[Coordinate], needed: frozenset[int] | None = None
) -> Floats:
    """Return the parameters in their coordinates, shape (rows, parameters); only those needed are looked up."""
    columns = np.empty(normal.shape, order="F")
    for at, (prior, which) in enumerate(zip(priors, coordinates, strict=True)):
        if needed is None or at in needed:
            columns[:, at] = prior.view(normal[:, at], which)
    return columns


def _fit_mean(kind: Kind, z: Floats, x: Floats, n: Floats, r: Floats, terms: Sequence[Term]) -> tuple[Floats, Floats]:
    """Return coefficients and their covariance, by iteratively reweighted least squares."""
    design = np.hstack([features(z, terms), r])
    if kind == "amount":
        return _least_squares(design, stabilised(kind, x, n), np.ones(len(x)))
    eta = _start(kind, x, n)
    coefficients = covariance = np.zeros(0)
    for _ in range(_ROUNDS):
        mean, variance = _moments(kind, eta, n)
        weight = np.maximum(variance, 1e-9)  # for these links the mean's slope is the variance
        coefficients, covariance = _least_squares(design, eta + (x - mean) / weight, weight)
        new = np.clip(design @ coefficients, -_LARGEST, _LARGEST)
        if np.abs(new - eta).max() < 1e-6:
            break
        eta = np.clip(new, eta - 3, eta + 3)
    return coefficients, covariance


def _least_squares(design: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return weighted least squares, with the covariance scaled to the residuals."""
    weighted = design * weight[:, None]
    gram = design.T @ weighted
    gram[np.diag_indices_from(gram)] += 1e-8 * max(float(np.trace(gram)) / len(gram), 1e-12)
    inverse = np.linalg.inv(gram)
    coefficients = inverse @ (weighted.T @ y)
    squares = weight * (y - design @ coefficients) ** 2
    scale = float(squares.sum()) / max(len(y) - design.shape[1], 1)
    return coefficients, inverse * scale


def _prune(kind: Kind, z: Floats, x: Floats, n: Floats, r: Floats, terms: list[Term]) -> tuple[list[Term], Floats, Floats]:
    """Drop the terms that are no larger than their errors, until all are; the constant stays."""
    while True:
        coefficients, covariance = _fit_mean(kind, z, x, n, r, terms)
        size = np.abs(coefficients[: len(terms)]) / np.sqrt(np.diag(covariance)[: len(terms)])
        kept = [term for term, one in zip(terms, size, strict=True) if term == () or one > WORTH_KEEPING]
        if len(kept) == len(terms):
            return terms, coefficients, covariance
        terms = kept


def _fit_spread(z: Floats, squares: Floats, active: Sequence[int]) -> Surface:
    """Learn the log of the variance by a gamma regression of squared residuals."""
    terms: list[Term] = [(), *_all_terms(active, 2)[1:]]
    while True:
        design = features(z, terms)
        eta = np.full(len(z), math.log(max(float(squares.mean()), 1e-6)))
        coefficients = covariance = np.zeros(0)
        for _ in range(_ROUNDS):
            mean = np.exp(np.clip(eta, -8, 8))
            coefficients, covariance = _least_squares(design, eta + (squares - mean) / mean, np.ones(len(z)))
            new = np.clip(design @ coefficients, eta - 1, eta + 1)
            if np.abs(new - eta).max() < 1e-6:
                break
            eta = new
        size = np.abs(coefficients) / np.sqrt(np.diag(covariance))
        kept = [term for term, one in zip(terms, size, strict=True) if term == () or one > WORTH_KEEPING]
        if len(kept) == len(terms):
            return Surface(tuple(terms), coefficients, np.zeros((len(terms), len(terms))))
        terms = kept


def _most_active(terms: Sequence[Term], coefficients: Floats, covariance: Floats, parameters: int) -> list[int]:
    """Return the parameters with a straight line or a square that stands out, the strongest first."""
    size = np.abs(coefficients[: len(terms)]) / np.sqrt(np.diag(covariance)[: len(terms)])
    best = np.zeros(parameters)
    for term, one in zip(terms, size, strict=True):
        for parameter, _ in term:
            best[parameter] = max(best[parameter], one)
    order = np.argsort(-best, kind="stable")
    return [int(one) for one in order[:MOST_ACTIVE] if best[one] > WORTH_KEEPING]


def _tells_nothing(counts: Floats, at: int) -> bool:
    """Whether a count is a fixed combination of those before it, in every simulation."""
    before = np.column_stack([np.ones(len(counts)), counts[:, :at]])
    solution, *_ = np.linalg.lstsq(before, counts[:, at], rcond=None)
    return bool(np.abs(counts[:, at] - before @ solution).max() < 1e-6 * max(1.0, float(np.abs(counts[:, at]).max())))


def _check(target: Target, stage: Stage, residuals: Floats, seen: Floats, centre: Floats) -> Check:
    variance = float(np.var(seen))
    return Check(
        target.measure,
        float(residuals.mean()),
        float(residuals.std()),
        float((np.abs(residuals) < 1.6448536).mean()),
        1 - float(np.mean((seen - centre) ** 2)) / variance if variance else math.nan,
        len(stage.mean.terms),
        len(residuals),
    )


# --- polynomials ----------------------------------------------------------------------------------------------------


def _all_terms(parameters: Sequence[int] | range, degree: int) -> list[Term]:
    """Return all products of Hermite polynomials up to a total degree, the constant first."""
    found: list[Term] = []
    for total in range(degree + 1):
        for chosen in itertools.combinations_with_replacement(sorted(parameters), total):
            found.append(tuple((one, chosen.count(one)) for one in sorted(set(chosen))))
    return found


def _alone(parameters: int, degree: int) -> list[Term]:
    """Return the constant and each parameter's own polynomials up to a degree."""
    return [(), *(((one, power),) for power in range(1, degree + 1) for one in range(parameters))]


def features(z: Floats, terms: Sequence[Term]) -> Floats:
    """Return the terms' values, shape (rows, terms); of normal numbers they have variance 1 and no correlation."""
    columns = np.ones((len(z), len(terms)), order="F")
    powers: dict[tuple[int, int], Floats] = {}
    for at, term in enumerate(terms):
        for factor in term:
            if factor not in powers:
                powers[factor] = _hermite(z[:, factor[0]], factor[1])
            columns[:, at] *= powers[factor]
    return columns


def _hermite(z: Floats, degree: int) -> Floats:
    """Return a Hermite polynomial, of variance 1 in a normal number."""
    if degree == 1:
        return z
    return (z**2 - 1) / math.sqrt(2) if degree == 2 else (z * z * z - 3 * z) / math.sqrt(6)


def _root(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


# --- counts and their scales ----------------------------------------------------------------------------------------


def stabilised(kind: Kind, count: Floats, of: Floats | float) -> Floats:
    """Return counts on the scale on which their variance hardly hangs on their mean (about 1 if binomial or Poisson)."""
    if kind == "amount":
        return np.log(np.maximum(count, 1e-9))
    if kind == "part":
        whole = np.asarray(of, dtype=np.float64)
        share = np.clip((count + 0.25) / (whole + 0.5), 0, 1)
        return 2 * np.sqrt(whole + 0.5) * np.arcsin(np.sqrt(share))
    return 2 * np.sqrt(np.maximum(count + 0.25, 0))


def unstabilised(kind: Kind, scaled: Floats, of: float) -> Floats:
    """Return the whole counts, or the amounts, that lie at places on the stabilising scale."""
    if kind == "amount":
        return np.exp(scaled)
    if kind == "part":
        angle = np.clip(scaled / (2 * math.sqrt(of + 0.5)), 0, math.pi / 2)
        return np.clip(np.rint(np.sin(angle) ** 2 * (of + 0.5) - 0.25), 0, of)
    return np.maximum(np.rint((np.maximum(scaled, 0) / 2) ** 2 - 0.25), 0)


def stabilised_mean(kind: Kind, eta: Floats, of: Floats) -> tuple[Floats, Floats]:
    """Return where a linear predictor lies on the stabilising scale, and the slope there."""
    if kind == "amount":
        return eta, np.ones_like(eta)
    if kind == "part":
        share = 1 / (1 + np.exp(-eta))
        root = np.sqrt(of + 0.5)
        return 2 * root * np.arcsin(np.sqrt(share)), root * np.sqrt(share * (1 - share))
    mean = np.exp(eta) * (of if kind == "for_each" else 1.0)
    return 2 * np.sqrt(mean), np.sqrt(mean)


def _moments(kind: Kind, eta: Floats, of: Floats) -> tuple[Floats, Floats]:
    if kind == "part":
        share = 1 / (1 + np.exp(-eta))
        return of * share, of * share * (1 - share)
    mean = np.exp(eta) * (of if kind == "for_each" else 1.0)
    return mean, mean


def _start(kind: Kind, x: Floats, n: Floats) -> Floats:
    if kind == "part":
        return np.log((x + 0.5) / (n - x + 0.5))
    return np.log((x + 0.5) / (n if kind == "for_each" else 1.0))


def _edges(kind: Kind, low: float, high: float, of: float) -> tuple[float, float]:
    """Return the edges of the counts allowed: half a count outside, or at infinity where nothing lies beyond."""
    if kind == "amount":
        width = 0.5 if low == high else 0.0
        return low - width, high + width
    below = low - 0.5 if low > 0 else -math.inf
    above = high + 0.5 if kind != "part" or high < of else math.inf
    return below, above


def _edge(kind: Kind, end: float, of: float) -> float:
    return float(stabilised(kind, np.asarray(end), of)) if math.isfinite(end) else end


def log_between(low: Floats, high: Floats) -> Floats:
    """Return the log of the normal probability between two ends, also far out in a tail."""
    from scipy.special import log_ndtr

    flip = low > 0
    first, second = np.where(flip, -high, low), np.where(flip, -low, high)
    above, below = log_ndtr(second), log_ndtr(first)
    with np.errstate(divide="ignore"):
        return np.asarray(above + np.log1p(-np.exp(np.minimum(below - above, -1e-300))), dtype=np.float64)


def _known_wholes(told: Sequence[Target], stages: Sequence[Stage]) -> list[Floats]:
    """Return the worlds over which is averaged: a rounded whole may be any of five counts that its report allows."""
    wholes = {stage.whole for stage in stages}
    choices = []
    for at, target in enumerate(told):
        if at in wholes and target.is_firm and target.high > target.low:
            choices.append(np.unique(np.rint(np.linspace(target.low, target.high, 5))).tolist())
        else:
            choices.append([target.value])
    return [np.array(world) for world in itertools.product(*choices)]
