"""Parameters as numbers: how a value that is written in a scenario becomes a number for a design, and back.

Numbers are in the unit that is shown: shares as shares, rates per hour, durations in minutes, money in USD. The number of a
distribution of durations is its mean; when it is changed the shape stays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sim.distributions import Distribution, parse_distribution
from sim.errors import nearest
from sim.leaves import field_at, parser_of, unit_of
from sim.loading import Template
from sim.scenario_file import ScenarioFile
from sim.units import MILLISECONDS, parse_duration

#: The field's unit: the unit shown, how much of the model's own unit makes one of it, and how such a number is written.
_UNITS = {
    "share": ("share", 1.0, "{:.6g}"),
    "per hour": ("per hour", 1.0, "{:.6g} per h"),
    "weight": ("weight", 1.0, "{:.6g}"),
    "number": ("number", 1.0, "{:.6g}"),
    "count": ("count", 1.0, "{:.0f}"),
    "duration": ("minutes", float(MILLISECONDS["min"]), "{:.6g} min"),
    "duration or none": ("minutes", float(MILLISECONDS["min"]), "{:.6g} min"),
    "USD": ("USD", 100.0, "{:.2f} USD"),
}
_BARE = ("share", "weight", "number", "count")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One parameter that is a number.

    Attributes
    ----------
    path
        Its dotted path.
    unit
        The unit shown.
    shape
        For a distribution of durations: as it is written in the base, to be stretched to another mean.
    """

    path: str
    unit: str
    root: type[ScenarioFile]
    shape: Any = None

    @property
    def whole(self) -> bool:
        """Whether it is a count."""
        return self.unit == "count"

    def number(self, written: object) -> float:
        """Return the number of a value as it is written in a scenario.

        Raises
        ------
        ValueError
            If it is no value of this parameter, or has no number (a limit of ``none``).
        """
        field = field_at(self.path, self.root)
        if self.shape is not None:
            value: Any = parse_distribution(written).mean
        else:
            value = parser_of(field)(written)
        if value is None:
            raise ValueError("'none' is not a number; write a duration.")
        return float(value) / _UNITS[unit_of(field)][1]

    def written(self, number: float) -> Any:
        """Return the value with a number, as it is written in a scenario."""
        kind = unit_of(field_at(self.path, self.root))
        if self.shape is not None:
            return _stretched(self.shape, number * MILLISECONDS["min"] / parse_distribution(self.shape).mean)
        text = _UNITS[kind][2].format(number)
        if kind == "count":
            return int(text)
        return float(text) if kind in _BARE else text


def quantity(template: Template, path: str) -> Quantity | None:
    """Return a parameter of a scenario as a quantity; None if it is a choice, a date, a list.

    Raises
    ------
    KeyError
        If the scenario has no value at this path.
    """
    leaf = template.leaves[path]
    field = field_at(path, template.root)
    if field.annotation is Distribution:
        return Quantity(path, "minutes", template.root, leaf.value)
    unit = _UNITS.get(unit_of(field))
    return Quantity(path, unit[0], template.root) if unit else None


def known_path(template: Template, path: str) -> str | None:
    """Return what is wrong with a path: None, or that the scenario has no such parameter, and the nearest one."""
    leaves = template.leaves
    if path in leaves:
        return None
    return f"the scenario '{template.name}' has no parameter '{path}'; {nearest(path, leaves)}"


def text_of(value: Any) -> str:
    """Return a value that is no number, for a table: words as they are, lists joined, anything else as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return "none"
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return "+".join(value) or "nothing"
    return json.dumps(value, sort_keys=True)


def between(low: float, high: float, shares: Iterable[float], *, whole: bool, log: bool) -> list[float]:
    """Return the numbers at shares of the way from low to high; whole numbers are equally likely, both ends included."""
    if whole:
        steps = round(high) - round(low) + 1
        return [float(round(low) + min(steps - 1, math.floor(share * steps))) for share in shares]
    if log:
        return [_short(math.exp(math.log(low) + share * (math.log(high) - math.log(low)))) for share in shares]
    return [_short(low + share * (high - low)) for share in shares]


def _short(number: float) -> float:
    """Return six digits of a number: what a report can show, and more than any machine's last bit."""
    return float(f"{number:.6g}")


def _stretched(written: Any, factor: float) -> Any:
    """Return a written distribution with every duration in it multiplied; shapes and sigmas are plain numbers and stay."""
    if isinstance(written, dict):
        return {key: _stretched(item, factor) for key, item in written.items()}
    if isinstance(written, list):
        return [_stretched(item, factor) for item in written]
    if isinstance(written, str):
        return f"{max(0, round(parse_duration(written) * factor))} ms"
    return written
