"""Designs: which combinations of values are run. A design is a list of points in an order that is part of it.

References
----------
McKay, Beckman and Conover (1979), "A comparison of three methods for selecting values of input variables", Technometrics 21,
239-245 (Latin hypercube). Owen (1998), "Scrambling Sobol' and Niederreiter-Xing points", Journal of Complexity 14, 466-489.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError

MOST_POINTS = 1_000_000
#: Dimensions for which scipy has direction numbers.
MOST_SOBOL_FACTORS = 21_201

Floats = NDArray[np.float64]


class FactorLike(Protocol):
    """What a design needs to know of a factor."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def role(self) -> str:
        """Lever or uncertainty."""

    def at(self, share: float) -> Any:
        """Return the value at a share of the way from the first to the last."""

    def steps(self) -> list[Any]:
        """Return the values to try in a grid."""


@dataclass(frozen=True, eq=False)
class Design:
    """Points, made when they are asked for.

    Attributes
    ----------
    shares
        For a spread design: where each point lies in every factor's range, shape (points, factors), between 0 and 1.
    """

    kind: str
    count: int
    _made: Any
    shares: Floats | None = None

    def points(self) -> Iterator[Mapping[str, Any]]:
        """Yield the points in their order."""
        yield from self._made()


def design_of(
    kind: str, factors: Sequence[FactorLike], listed: Sequence[Mapping[str, Any]], count: int | None, seed: int
) -> Design:
    """Return a design over some factors.

    Parameters
    ----------
    kind
        As a study names it.
    listed
        The points of a list.
    count
        How many points a spread design has.
    seed
        Of a spread design.

    Raises
    ------
    UsageError
        If it has no points, or too many, or a number of points that the kind cannot have.
    """
    if kind == "list":
        return Design(kind, len(listed), lambda: iter([dict(point) for point in listed]))
    if not factors:
        raise UsageError("there is nothing to change; name levers or uncertainties.")
    if kind == "grid":
        return _grid(kind, factors)
    if kind == "one_at_a_time":
        return _one_at_a_time(factors)
    if count is None:
        raise UsageError(f"'{kind}' needs to know how many points; write for example '{{kind: {kind}, points: 64}}'.")
    if kind == "crossed":
        return _crossed(factors, count, seed)
    spread = latin_hypercube if kind == "latin_hypercube" else sobol
    return spread_design(kind, factors, spread(len(factors), count, seed))


def latin_hypercube(factors: int, count: int, seed: int) -> Floats:
    """Return a Latin hypercube, shape (count, factors)."""
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(factors, seed=np.random.Generator(np.random.Philox(seed))).random(count))


def sobol(factors: int, count: int, seed: int) -> Floats:
    """Return scrambled Sobol' points, shape (count, factors); the count must be a power of two."""
    from scipy.stats import qmc

    if count & (count - 1):
        lower = 1 << (count.bit_length() - 1)
        raise UsageError(
            f"{count} is not a power of two, and Sobol' points lose their balance then; write {lower} or {2 * lower}."
        )
    if factors > MOST_SOBOL_FACTORS:
        raise UsageError(f"Sobol' points know at most {MOST_SOBOL_FACTORS:,} factors.")
    made = qmc.Sobol(factors, seed=np.random.Generator(np.random.Philox(seed))).random_base2(count.bit_length() - 1)
    return np.asarray(made)


def spread_design(kind: str, factors: Sequence[FactorLike], shares: Floats) -> Design:
    """Return the design whose points lie at these shares of the factors' ranges."""
    _bounded(len(shares))

    def made() -> Iterator[dict[str, Any]]:
        for row in shares.tolist():
            yield {factor.name: factor.at(share) for factor, share in zip(factors, row, strict=True)}

    return Design(kind, len(shares), made, shares)


def _grid(kind: str, factors: Sequence[FactorLike]) -> Design:
    steps = [factor.steps() for factor in factors]
    count = _bounded(math.prod(map(len, steps)))
    names = [factor.name for factor in factors]
    return Design(kind, count, lambda: (dict(zip(names, row, strict=True)) for row in itertools.product(*steps)))


def _one_at_a_time(factors: Sequence[FactorLike]) -> Design:
    points: list[dict[str, Any]] = [{}, *({factor.name: value} for factor in factors for value in factor.steps())]
    return Design("one_at_a_time", _bounded(len(points)), lambda: iter(points))


def _crossed(factors: Sequence[FactorLike], count: int, seed: int) -> Design:
    levers = [factor for factor in factors if factor.role == "lever"]
    unknown = [factor for factor in factors if factor.role != "lever"]
    if not levers or not unknown:
        raise UsageError("a crossed design needs levers and uncertainties; name some of each, or take another kind.")
    policies = _grid("grid", levers)
    worlds = spread_design("latin_hypercube", unknown, latin_hypercube(len(unknown), count, seed))
    total = _bounded(policies.count * worlds.count)

    def made() -> Iterator[dict[str, Any]]:
        for policy in policies.points():
            for world in worlds.points():
                yield {**policy, **world}

    return Design("crossed", total, made)


def _bounded(count: int) -> int:
    if count > MOST_POINTS:
        raise UsageError(f"{count:,} points are more than {MOST_POINTS:,}; take fewer values or another kind of design.")
    return count
