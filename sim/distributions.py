"""The distributions that a scenario may name for a duration, each with its inverse distribution function.

A number between 0 and 1 goes in, whole milliseconds come out. The formulas use :mod:`sim.elementary`, so that every machine
and every engine makes the same numbers. The compiled engine has them for one number at a time, in
:mod:`sim.engines.compiled.draws`; whoever changes one changes the other, and a test holds them together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from sim.errors import nearest
from sim.units import LONGEST, format_duration, parse_duration, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Twice the 95% point of a standard normal distribution: p95 minus p05 in standard deviations.
WIDTH_90 = 2 * 1.6448536269514722
MOST_VALUES = 10_000
#: The table of a gamma distribution reaches so far on either side of the normal distribution, with so many steps to one.
NORMAL_REACH = 9
STEPS_TO_ONE = 512
#: From this shape on the cube root of a gamma number is normal to all figures that count.
NEARLY_NORMAL = 1e8
#: The largest standard deviation of a gamma distribution, in means.
MOST_SPREAD = 10
#: The parameters that are plain numbers, and the largest allowed; with a sigma of 38 the mean of a lognormal overflows.
LARGEST = {"shape": 100, "sigma": 10}


class Distribution:
    """A distribution of durations. Parameters are milliseconds, save for shapes and sigmas, which are plain numbers."""

    name: ClassVar[str]
    example: ClassVar[str]

    def inverse(self, u: Floats) -> NDArray[np.int64]:
        """Return the duration below which a share ``u`` of all durations lies.

        Parameters
        ----------
        u
            Numbers strictly between 0 and 1, of any shape.

        Returns
        -------
        numpy.ndarray of int64
            Whole milliseconds, of the same shape, between 0 and ten years.
        """
        return _whole(self._inverse(u))

    @property
    def mean(self) -> float:
        """The mean in milliseconds, before rounding."""
        raise NotImplementedError

    @property
    def figures(self) -> tuple[float, ...]:
        """Up to three numbers from which the inverse follows."""
        raise NotImplementedError

    @property
    def table(self) -> Floats | None:
        """A table from which the inverse follows, for distributions that need one."""
        return None

    @classmethod
    def parse(cls, inside: object) -> Distribution:
        """Read the parameters that stand under the distribution's name.

        Raises
        ------
        ValueError
            If one of them is unknown, missing or out of range.
        """
        raise NotImplementedError

    def _inverse(self, u: Floats) -> Floats:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Fixed(Distribution):
    """Always the same duration."""

    value: float
    name: ClassVar[str] = "fixed"
    example: ClassVar[str] = "9 min"

    @classmethod
    def parse(cls, inside: object) -> Fixed:
        return cls(float(parse_duration(inside)))

    @property
    def mean(self) -> float:
        return self.value

    @property
    def figures(self) -> tuple[float, ...]:
        return (self.value,)

    def _inverse(self, u: Floats) -> Floats:
        import numpy as np

        return np.full_like(u, self.value)

    def __str__(self) -> str:
        return format_duration(round(self.value))


@dataclass(frozen=True, slots=True)
class Exponential(Distribution):
    """Without memory; named by its mean."""

    mean_value: float
    name: ClassVar[str] = "exponential"
    example: ClassVar[str] = "{mean: 9 min}"

    @classmethod
    def parse(cls, inside: object) -> Exponential:
        (mean,) = _read(cls, inside, "mean")
        return cls(mean)

    @property
    def mean(self) -> float:
        return self.mean_value

    @property
    def figures(self) -> tuple[float, ...]:
        return (self.mean_value,)

    def _inverse(self, u: Floats) -> Floats:
        from sim.elementary import log

        return -self.mean_value * log(1.0 - u)

    def __str__(self) -> str:
        return f"exponential, mean {_about(self.mean_value)}"


@dataclass(frozen=True, slots=True)
class Lognormal(Distribution):
    """Skewed to the right; named by median and p05 to p95, by median and sigma, or by mean and sd."""

    median: float
    sigma: float
    name: ClassVar[str] = "lognormal"
    example: ClassVar[str] = "{median: 9 min, p05: 4 min, p95: 20 min}"

    @classmethod
    def parse(cls, inside: object) -> Lognormal:
        from sim.elementary import exp_of, log_of

        keys = set(inside) if isinstance(inside, Mapping) else set()
        if keys & {"mean", "sd"}:
            mean, sd = _read(cls, inside, "mean", "sd")
            _above_zero(cls, mean=mean)
            variance = log_of(1.0 + (sd / mean) * (sd / mean))
            return cls(mean * exp_of(-variance / 2), math.sqrt(variance))
        if "sigma" in keys:
            median, sigma = _read(cls, inside, "median", "sigma")
            _above_zero(cls, median=median)
            return cls(median, sigma)
        # The median fixes the place and the two percentiles the spread, so that three numbers which do not lie
        # symmetrically on the log scale (reported ones seldom do) still make one distribution.
        p05, median, p95 = _read(cls, inside, "p05", "median", "p95")
        _above_zero(cls, p05=p05)
        _ordered(cls, p05=p05, median=median, p95=p95)
        return cls(median, log_of(p95 / p05) / WIDTH_90)

    @property
    def mean(self) -> float:
        return self.median * math.exp(self.sigma**2 / 2)

    @property
    def figures(self) -> tuple[float, ...]:
        return (self.median, self.sigma)

    def _inverse(self, u: Floats) -> Floats:
        from sim.elementary import exp, normal_quantile

        return self.median * exp(self.sigma * normal_quantile(u))

    def __str__(self) -> str:
        reach = math.exp(self.sigma * WIDTH_90 / 2)
        low, high = _about(self.median / reach), _about(self.median * reach)
        return f"lognormal, median {_about(self.median)}, 90% {low} to {high}"


@dataclass(frozen=True, slots=True)
class Gamma(Distribution):
    """Skewed to the right, with a lighter tail than the lognormal; named by mean and sd."""

    mean_value: float
    sd: float
    name: ClassVar[str] = "gamma"
    example: ClassVar[str] = "{mean: 9 min, sd: 4 min}"

    @classmethod
    def parse(cls, inside: object) -> Gamma:
        mean, sd = _read(cls, inside, "mean", "sd")
        _above_zero(cls, mean=mean, sd=sd)
        if sd > MOST_SPREAD * mean:
            raise ValueError(f"{cls.name}.sd: is more than {MOST_SPREAD} times the mean; a lognormal can be spread so wide.")
        return cls(mean, sd)

    @property
    def mean(self) -> float:
        return self.mean_value

    @property
    def figures(self) -> tuple[float, ...]:
        return (self.mean_value,)

    @property
    def table(self) -> Floats:
        return _cube_roots_of_gamma((self.mean_value / self.sd) ** 2)

    def _inverse(self, u: Floats) -> Floats:
        import numpy as np

        from sim.elementary import normal_quantile

        table = self.table
        place = (normal_quantile(u) + NORMAL_REACH) * STEPS_TO_ONE
        row = np.clip(place.astype(np.int64), 0, len(table) - 2)
        part = np.clip(place - row, 0.0, 1.0)
        root = table[row] * (1.0 - part) + table[row + 1] * part
        return self.mean_value * (root * root * root)

    def __str__(self) -> str:
        return f"gamma, mean {_about(self.mean_value)}, sd {_about(self.sd)}"


@dataclass(frozen=True, slots=True)
class Triangular(Distribution):
    """Lowest, likeliest and highest: for durations that somebody estimated."""

    low: float
    mode: float
    high: float
    name: ClassVar[str] = "triangular"
    example: ClassVar[str] = "{low: 4 min, mode: 9 min, high: 20 min}"

    @classmethod
    def parse(cls, inside: object) -> Triangular:
        low, mode, high = _read(cls, inside, "low", "mode", "high")
        _ordered(cls, low=low, mode=mode, high=high)
        return cls(low, mode, high)

    @property
    def mean(self) -> float:
        return (self.low + self.mode + self.high) / 3

    @property
    def figures(self) -> tuple[float, ...]:
        return (self.low, self.mode, self.high)

    def _inverse(self, u: Floats) -> Floats:
        import numpy as np

        width = self.high - self.low
        if width == 0:
            return np.full_like(u, self.low)
        rising = self.low + np.sqrt(u * width * (self.mode - self.low))
        falling = self.high - np.sqrt((1 - u) * width * (self.high - self.mode))
        return np.where(u * width < self.mode - self.low, rising, falling)

    def __str__(self) -> str:
        return f"triangular, {_about(self.low)}, {_about(self.mode)}, {_about(self.high)}"


@dataclass(frozen=True, slots=True)
class Uniform(Distribution):
    """Anything between two durations, equally likely."""

    low: float
    high: float
    name: ClassVar[str] = "uniform"
    example: ClassVar[str] = "{low: 4 min, high: 20 min}"

    @classmethod
    def parse(cls, inside: object) -> Uniform:
        low, high = _read(cls, inside, "low", "high")
        _ordered(cls, low=low, high=high)
        return cls(low, high)

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2

    @property
    def figures(self) -> tuple[float, ...]:
        return (self.low, self.high)

    def _inverse(self, u: Floats) -> Floats:
        return self.low + u * (self.high - self.low)

    def __str__(self) -> str:
        return f"uniform, {_about(self.low)} to {_about(self.high)}"


@dataclass(frozen=True, slots=True)
class Weibull(Distribution):
    """Named by scale and shape; a shape above 1 means that the end comes likelier the longer it lasts."""

    scale: float
    shape: float
    name: ClassVar[str] = "weibull"
    example: ClassVar[str] = "{scale: 9 min, shape: 1.5}"

    @classmethod
    def parse(cls, inside: object) -> Weibull:
        scale, shape = _read(cls, inside, "scale", "shape")
        return cls(scale, shape)

    @property
    def mean(self) -> float:
        return self.scale * math.gamma(1 + 1 / self.shape)

    @property
    def figures(self) -> tuple[float, ...]:
        return (self.scale, 1 / self.shape)

    def _inverse(self, u: Floats) -> Floats:
        from sim.elementary import exp, log

        return self.scale * exp(log(0.0 - log(1.0 - u)) * (1 / self.shape))  # a minus would make -0 of 0

    def __str__(self) -> str:
        return f"weibull, scale {_about(self.scale)}, shape {self.shape:g}"


@dataclass(frozen=True, slots=True)
class Empirical(Distribution):
    """A list of observed durations, each as likely as the others."""

    values: tuple[float, ...]
    name: ClassVar[str] = "empirical"
    example: ClassVar[str] = "[5 min, 9 min, 20 min]"

    @classmethod
    def parse(cls, inside: object) -> Empirical:
        if not isinstance(inside, list | tuple) or not 0 < len(inside) <= MOST_VALUES:
            raise ValueError(f"empirical takes a list of 1 to {MOST_VALUES} durations, for example {cls.example}.")
        return cls(tuple(sorted(float(parse_duration(value)) for value in inside)))

    @property
    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values)

    @property
    def figures(self) -> tuple[float, ...]:
        return ()

    @property
    def table(self) -> Floats:
        import numpy as np

        return np.asarray(self.values, dtype=np.float64)

    def _inverse(self, u: Floats) -> Floats:
        import numpy as np

        rows = np.minimum((u * len(self.values)).astype(np.int64), len(self.values) - 1)
        values: Floats = self.table[rows]
        return values

    def __str__(self) -> str:
        return f"empirical, {len(self.values)} values, mean {_about(self.mean)}"


@lru_cache(maxsize=64)
def _cube_roots_of_gamma(shape: float) -> Floats:
    """Return the cube roots of the quantiles of a gamma distribution with mean 1, at the normal quantiles of the table.

    The cube root of a gamma number is nearly normal (Wilson and Hilferty, 1931), so straight lines between the nodes are
    close: within 1e-4 of the mean or the value, whichever is larger, at any shape that can be written, and within 1e-6 from a
    shape of 0.3 on (a test looks). Straight lines also keep the order.
    The nodes are rounded to 40 binary places, which hides in what bits of them libraries differ.
    """
    import numpy as np
    from scipy.special import gammainccinv, gammaincinv, ndtr

    nodes = np.arange(-NORMAL_REACH * STEPS_TO_ONE, NORMAL_REACH * STEPS_TO_ONE + 1) / STEPS_TO_ONE
    if shape > NEARLY_NORMAL:
        roots = 1 - 1 / (9 * shape) + nodes / (3 * np.sqrt(shape))
    else:
        quantiles = np.where(nodes < 0, gammaincinv(shape, ndtr(nodes)), gammainccinv(shape, ndtr(-nodes)))
        roots = np.cbrt(quantiles / shape)
    table: Floats = np.rint(roots * 2.0**40) / 2.0**40
    return table


DISTRIBUTIONS: dict[str, type[Distribution]] = {
    kind.name: kind for kind in (Fixed, Exponential, Lognormal, Gamma, Triangular, Uniform, Weibull, Empirical)
}


def inverses(pairs: Sequence[tuple[Distribution, Floats]]) -> list[NDArray[np.int64]]:
    """Return the inverse of several distributions, each at its own numbers: the same numbers as one by one, but sooner.

    Parameters
    ----------
    pairs
        Distributions, and numbers strictly between 0 and 1, of shape (n,).
    """
    import numpy as np

    from sim.elementary import exp, normal_quantile

    found: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)] * len(pairs)
    together = [place for place, (one, _) in enumerate(pairs) if isinstance(one, Lognormal)]
    if together:  # most are; short arrays cost as much as long ones
        lognormals = [pairs[place][0] for place in together]
        lengths = [len(pairs[place][1]) for place in together]
        median, sigma = (np.repeat([one.figures[which] for one in lognormals], lengths) for which in (0, 1))
        values = median * exp(sigma * normal_quantile(np.concatenate([pairs[place][1] for place in together])))
        parts = np.split(_whole(values), np.cumsum(lengths)[:-1])
        for place, part in zip(together, parts, strict=True):
            found[place] = part
    for place, (one, u) in enumerate(pairs):
        if not isinstance(one, Lognormal):
            found[place] = one.inverse(u)
    return found


def _whole(values: Floats) -> NDArray[np.int64]:
    """Return durations as whole milliseconds between 0 and ten years."""
    import numpy as np

    return np.rint(np.clip(values, 0, LONGEST)).astype(np.int64)


def parse_distribution(value: object) -> Distribution:
    """Return a distribution from ``9 min`` or from a mapping such as ``{exponential: {mean: 9 min}}``.

    Raises
    ------
    ValueError
        If the name or a parameter is unknown, missing or out of range.
    """
    if isinstance(value, Distribution):
        return value
    if not isinstance(value, Mapping):
        return Fixed.parse(value)
    if len(value) != 1:
        found = ", ".join(map(str, value)) or "none"
        raise ValueError(f"expected one distribution, found {found}; write for example {{lognormal: {Lognormal.example}}}.")
    ((name, inside),) = value.items()
    if name not in DISTRIBUTIONS:
        raise ValueError(f"'{name}' is not a distribution; {nearest(str(name), DISTRIBUTIONS)}")
    return DISTRIBUTIONS[name].parse(inside)


def _read(kind: type[Distribution], inside: object, *keys: str) -> list[float]:
    """Return the parameters of one distribution; ``shape`` and ``sigma`` are plain numbers, the rest durations."""
    example = f"for example {{{kind.name}: {kind.example}}}."
    if not isinstance(inside, Mapping):
        raise ValueError(f"{kind.name} takes {', '.join(keys)}, {example}")
    for key in inside:
        if key not in keys:
            raise ValueError(f"{kind.name}: no such key '{key}'; {nearest(str(key), keys)}")
    read = []
    for key in keys:
        if key not in inside:
            raise ValueError(f"{kind.name}: '{key}' is missing, {example}")
        try:
            largest = LARGEST.get(key)
            read.append(_plain_number(inside[key], largest) if largest else float(parse_duration(inside[key])))
        except ValueError as problem:
            raise ValueError(f"{kind.name}.{key}: {problem}") from None
    return read


def _plain_number(value: object, largest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.01 <= value <= largest:
        raise ValueError(f"{shown(value)} is not a number from 0.01 to {largest}.")
    return float(value)


def _above_zero(kind: type[Distribution], **values: float) -> None:
    for key, value in values.items():
        if value <= 0:
            raise ValueError(f"{kind.name}.{key}: must be above 0.")


def _ordered(kind: type[Distribution], **values: float) -> None:
    pairs = list(values.items())
    for (first, small), (second, large) in pairwise(pairs):
        if small > large:
            raise ValueError(f"{kind.name}: {first} is above {second}; give them in rising order.")


def _about(milliseconds: float) -> str:
    """Return a duration to three figures, for people."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds >= size:
            return f"{milliseconds / size:.3g} {unit}"
    return f"{milliseconds:.3g} ms" if milliseconds else "0 min"
