"""From a scenario's ranges to priors: what was believed of each parameter before any report was looked at.

Every parameter is written as a function of a standard normal number z, so that the prior of all of them together is a
standard normal vector, whatever their units. How a range becomes that function:

- ``low`` and ``high`` are the 5% and 95% points, on the logit scale for shares and on the log scale for everything else.
- ``value`` is the median. Where it does not lie midway on that scale the prior is skewed, smoothly: a shifted lognormal through
  the three points (Tukey's g distribution). Where ``source`` is ``fitted`` the value was tuned to the very reports that are now
  to be fitted, and would count them twice: then the median lies midway.
- A range that ends at the edge of what is possible (a share of 0 or 1, a rate of 0) has no such scale: anything in the range is
  equally likely.
- For a distribution of durations the parameter is its mean; its shape stays. A whole number is rounded last.

Shown units: shares as shares, rates per hour, durations in minutes, money in USD.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.distributions import WIDTH_90, Distribution
from sim.errors import UsageError, nearest
from sim.leaves import field_at, parser_of, unit_of, value_at
from sim.scenario_file import ScenarioFile
from sim.units import MILLISECONDS, parse_duration

Floats = NDArray[np.float64]
Coordinate = Literal["normal", "scale", "plain"]

#: A design sees hardly a normal number further out than this.
FURTHEST = 3.5

#: Fitted beside the parameters marked ``fitted``: factors known by their product only, and durations that no total tells.
ALSO_FITTED = (
    "status_check.threshold",
    "status_check.go_ahead",
    "status_check.match.no_status",
    "stop.traffic_task",
    "inspection.duration.level_1",
)
#: Share of a partly pooled parameter's prior variance that operations have in common, unless another is given.
POOLED = 0.5
_MINUTE, _CENTS = MILLISECONDS["min"], 100
#: How much of the model's own unit makes one of the unit shown, by the field's unit.
_SHOWN: dict[str, tuple[str, float]] = {
    "share": ("share", 1.0),
    "per hour": ("per hour", 1.0),
    "weight": ("weight", 1.0),
    "number": ("number", 1.0),
    "count": ("count", 1.0),
    "duration": ("minutes", _MINUTE),
    "USD": ("USD", _CENTS),
}


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of one parameter before any report; all numbers in the shown unit."""

    path: str
    unit: str
    low: float
    value: float
    high: float
    source: str
    grade: str
    uniform: bool  # anything between low and high is equally likely
    centred: bool  # the value is the median

    def values(self, z: Floats) -> Floats:
        """Return the parameter at standard normal numbers, of any shape."""
        found = self._before_rounding(z)
        return np.rint(found) if self.unit == "count" else found

    def _before_rounding(self, z: Floats) -> Floats:
        from scipy.special import ndtr

        if self.uniform:
            found = self.low + (self.high - self.low) * np.asarray(ndtr(z), dtype=np.float64)
        else:
            middle, slope, skew = self._shape()
            found = self._back(middle + slope * (np.expm1(skew * z) / skew if skew else z))
        return np.asarray(found, dtype=np.float64)

    def normal(self, values: Floats) -> Floats:
        """Return the standard normal numbers that make these values; the inverse of :meth:`values` but for rounding."""
        from scipy.special import ndtri

        if self.uniform:
            return np.asarray(ndtri((values - self.low) / (self.high - self.low)), dtype=np.float64)
        middle, slope, skew = self._shape()
        off = (self._scale(np.asarray(values, dtype=np.float64)) - middle) / slope
        return np.log1p(skew * off) / skew if skew else off

    def view(self, z: Floats, coordinate: Coordinate) -> Floats:
        """Return the parameter in a coordinate, of mean 0 and standard deviation 1 under the prior.

        Either its normal number, or its value on the logit or log scale, or its plain value. Beyond what a design sees
        (:data:`FURTHEST`) it stands still.
        """
        inside = np.clip(z, -FURTHEST, FURTHEST)
        if coordinate == "normal":
            return inside
        mean, sd = _mean_and_sd(self, coordinate)
        return (self.coordinate(inside, coordinate) - mean) / sd

    @property
    def is_plain(self) -> bool:
        """Whether it is normal on its scale already, so that no other coordinate is worth a trial."""
        return not self.uniform and abs(self._shape()[2]) < 0.05

    def coordinate(self, z: Floats, coordinate: Coordinate) -> Floats:
        """Return the value on the logit or log scale, or as it is."""
        values = self._before_rounding(z)
        return self._scale(values) if coordinate == "scale" else values

    @property
    def in_words(self) -> str:
        """The prior as a table says it."""
        if self.uniform:
            return "uniform"
        scale = "logit" if self.unit == "share" else "log"
        return f"normal in {scale}, median {'at the value' if self.centred else 'midway'}"

    def _shape(self) -> tuple[float, float, float]:
        """Return the median, the slope there and the skewness g on the scale: g = log(above / below) / z of the 95% point."""
        low, high = (float(self._scale(np.asarray(end))) for end in (self.low, self.high))
        middle = float(self._scale(np.asarray(self.value))) if self.centred else (low + high) / 2
        far = WIDTH_90 / 2
        skew = math.log((high - middle) / (middle - low)) / far
        if abs(skew) < 1e-6:
            return middle, (high - low) / (2 * far), 0.0
        return middle, (high - middle) * skew / math.expm1(skew * far), skew

    def _scale(self, values: Floats) -> Floats:
        return np.log(values / (1 - values)) if self.unit == "share" else np.log(values)

    def _back(self, scaled: Floats) -> Floats:
        return 1 / (1 + np.exp(-scaled)) if self.unit == "share" else np.exp(scaled)


@lru_cache(maxsize=10_000)
def _mean_and_sd(prior: Prior, coordinate: Coordinate) -> tuple[float, float]:
    """Return mean and standard deviation of a coordinate under the prior, by a sum over its normal number."""
    grid = np.linspace(-FURTHEST, FURTHEST, 701)
    weights = np.exp(-(grid**2) / 2)
    weights /= weights.sum()
    values = prior.coordinate(grid, coordinate)
    mean = float(weights @ values)
    return mean, math.sqrt(float(weights @ (values - mean) ** 2))


@dataclass(frozen=True, slots=True)
class Parameter:
    """One fitted parameter: of one operation, or of several that share it."""

    name: str
    prior: Prior
    operations: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Space:
    """All fitted parameters, and how they hang on independent standard normal numbers.

    Attributes
    ----------
    names
        The operations, by the stems of their files.
    weights
        Shape (parameters, latents); rows have length one, so that each parameter's z is standard normal too.
    """

    names: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    weights: Floats

    @property
    def latents(self) -> int:
        """How many independent numbers there are."""
        return int(self.weights.shape[1])

    def normal(self, latent: Floats) -> Floats:
        """Return each parameter's standard normal number; shapes (rows, latents) and (rows, parameters)."""
        # A sum of two products at most, not a matrix product: its bits must not hang on the number of rows or threads.
        columns = [
            sum((latent[:, at] * self.weights[row, at] for at in np.flatnonzero(self.weights[row])), np.zeros(len(latent)))
            for row in range(len(self.parameters))
        ]
        return np.column_stack(columns) if columns else np.zeros((len(latent), 0))

    def values(self, latent: Floats) -> Floats:
        """Return every parameter in its shown unit; shape (rows, parameters)."""
        normal = self.normal(latent)
        return np.column_stack([one.prior.values(normal[:, at]) for at, one in enumerate(self.parameters)])

    def of(self, operation: int) -> list[int]:
        """Return the positions of the parameters that one operation has."""
        return [at for at, one in enumerate(self.parameters) if operation in one.operations]

    def labels(self) -> list[str]:
        """Return the parameters' names."""
        return [one.name for one in self.parameters]


def prior_of(scenario: ScenarioFile, path: str, *, uniform: bool = False) -> Prior:
    """Return the prior that a scenario's range makes for one parameter.

    Raises
    ------
    UsageError
        If there is no such parameter, or it has no range or none that can be fitted.
    """
    evidence = scenario.evidence.get(path)
    if evidence is None:
        raise UsageError(f"{path}: no such parameter in {scenario.file}; {nearest(path, scenario.evidence)}")
    if evidence.low is None or evidence.high is None:
        raise UsageError(f"{evidence.place}: {path}: has no range to fit in; give it 'low' and 'high', and a source.")
    field, value = field_at(path, type(scenario)), value_at(scenario, path)
    kind, unit = unit_of(field), unit_of(field)
    if kind not in _SHOWN:
        raise UsageError(f"{evidence.place}: {path}: is no number ({kind}) and cannot be fitted.")
    unit, size = _SHOWN[kind]
    parse = parse_duration if isinstance(value, Distribution) else parser_of(field)
    low, high = (float(parse(end)) / size for end in (evidence.low, evidence.high))
    middle = float(value.mean if isinstance(value, Distribution) else value) / size
    if not low < high:
        raise UsageError(f"{evidence.place}: {path}: its range has no width; widen it, or leave the parameter out.")
    at_edge = low <= 0 or (unit == "share" and high >= 1)
    centred = evidence.source != "fitted" and low < middle < high
    return Prior(path, unit, low, middle, high, evidence.source or "", evidence.grade, at_edge or uniform, centred)


def default_paths(scenario: ScenarioFile) -> list[str]:
    """Return what is fitted if nothing is named: what is marked ``fitted``, and :data:`ALSO_FITTED`."""
    ranged = [path for path, one in scenario.evidence.items() if one.low is not None and one.high is not None]
    chosen = [path for path in ranged if scenario.evidence[path].source == "fitted" or path in ALSO_FITTED]
    return [path for path in chosen if _is_number(scenario, path)]


def _is_number(scenario: ScenarioFile, path: str) -> bool:
    return unit_of(field_at(path, type(scenario))) in _SHOWN


def space_of(
    scenarios: Sequence[ScenarioFile],
    paths: Iterable[str] = (),
    *,
    shared: Iterable[str] = (),
    pooled: dict[str, float] | None = None,
    uniform: Iterable[str] = (),
) -> Space:
    """Return the space of the parameters to be fitted.

    Parameters
    ----------
    scenarios
        The operations.
    paths
        Parameters to fit, wherever an operation has them; the default ones if none is named.
    shared
        Parameters that are the same in all operations.
    pooled
        Parameters of which operations have a share of the prior variance in common, with that share.
    uniform
        Parameters that are equally likely anywhere in their range.

    Raises
    ------
    UsageError
        If a name is unknown, or a shared parameter has two ranges.
    """
    shared, pooled, uniform, paths = set(shared), dict(pooled or {}), set(uniform), list(dict.fromkeys(paths))
    names = tuple(_stems(scenarios))
    chosen = [_chosen(scenario, paths, shared | pooled.keys() | uniform) for scenario in scenarios]
    for path in (*paths, *shared, *pooled, *uniform):
        if not any(path in scenario.evidence for scenario in scenarios):
            known = sorted({key for scenario in scenarios for key in scenario.evidence})
            raise UsageError(f"{path}: none of these scenarios has such a parameter; {nearest(path, known)}")
    parameters: list[Parameter] = []
    rows: list[dict[str, float]] = []
    for number, scenario in enumerate(scenarios):
        for path in chosen[number]:
            holders = tuple(at for at, one in enumerate(chosen) if path in one)
            own = path if len(scenarios) == 1 else f"{names[number]}:{path}"
            prior = prior_of(scenario, path, uniform=path in uniform)
            if path in shared:
                if number == holders[0]:
                    _same_range(scenarios, holders, path, uniform)
                    parameters.append(Parameter(path, prior, holders))
                    rows.append({path: 1.0})
            else:
                together = pooled.get(path, 0.0) if len(holders) > 1 else 0.0
                parameters.append(Parameter(own, prior, (number,)))
                rows.append({own: math.sqrt(1 - together)} | ({path: math.sqrt(together)} if together else {}))
    if not parameters:
        raise UsageError("nothing to fit: no parameter has a range; name one with --parameter.")
    latents = list(dict.fromkeys(name for row in rows for name in row))
    weights = np.array([[row.get(name, 0.0) for name in latents] for row in rows])
    return Space(names, tuple(parameters), weights)


def _chosen(scenario: ScenarioFile, paths: list[str], also: set[str]) -> list[str]:
    wanted = [*(paths or default_paths(scenario)), *sorted(also)]
    return [path for path in dict.fromkeys(wanted) if path in scenario.evidence and not _is_fixed(scenario, path)]


def _is_fixed(scenario: ScenarioFile, path: str) -> bool:
    """Whether somebody set it with ``--set`` and gave it no range: then it is known, or a story that is told."""
    evidence = scenario.evidence[path]
    return evidence.place.file.startswith("--set") and evidence.low is None and evidence.high is None


def _same_range(scenarios: Sequence[ScenarioFile], holders: tuple[int, ...], path: str, uniform: set[str]) -> None:
    def key(number: int) -> Any:
        one = prior_of(scenarios[number], path, uniform=path in uniform)
        return (one.low, one.high, one.value if one.centred else None)

    first = key(holders[0])
    for other in holders[1:]:
        if key(other) != first:
            raise UsageError(
                f"{path}: has another range in {scenarios[other].file} than in {scenarios[holders[0]].file}, so it cannot be "
                "shared; give both the same range, or pool it with --pool."
            )


def _stems(scenarios: Sequence[ScenarioFile]) -> list[str]:
    stems = [Path(scenario.file).stem for scenario in scenarios]
    for stem in stems:
        if stems.count(stem) > 1:
            raise UsageError(f"'{stem}' is named twice; each operation is fitted once.")
    return stems
