"""How a measure is declared: one small function, with its name, unit and definition beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.measures.events import Events, Numbers

#: Groups of measures in the order in which they are shown: yield never without burden and error next to it.
GROUPS = (
    "yield",
    "burden and error",
    "stops and inspections",
    "officers",
    "jail and transfer",
    "money",
    "assumed around it",
)

Function = Callable[["Events"], "Numbers"]  # of an operation; a programme has its own


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: what it is called, what it means, and how it is computed."""

    name: str
    unit: str
    group: str
    definition: str
    function: Callable[[Any], float]


class Registry(dict[str, Measure]):
    """The measures of one room, by name, in the order in which they are declared."""

    def measure(self, name: str, unit: str, group: str) -> Callable[[Function], Function]:
        """Enter a function under its name; its docstring is the definition that users see.

        Raises
        ------
        ValueError
            If two functions claim one name, or the group is unknown.
        """

        def enter(function: Function) -> Function:
            if name in self:
                raise ValueError(f"two measures are called {name}")
            if group not in GROUPS:
                raise ValueError(f"{name}: there is no group '{group}'")
            definition = " ".join((function.__doc__ or "").split())
            self[name] = Measure(name, unit, group, definition, function)
            return function

        return enter


def by_group(measures: Mapping[str, Measure]) -> Iterator[tuple[str, list[Measure]]]:
    """Yield the groups in their order, others after them, each with its measures; groups without any are left out."""
    others = dict.fromkeys(one.group for one in measures.values() if one.group not in GROUPS)
    for group in (*GROUPS, *others):
        members = [one for one in measures.values() if one.group == group]
        if members:
            yield group, members


def ratio(total: Numbers, count: Numbers) -> Numbers:
    """Return a mean or a share; NaN where there is nothing to divide by."""
    import numpy as np  # late: the names of measures are asked for where nothing is measured

    there = np.asarray(count) != 0
    return np.where(there, total / np.where(there, count, 1), np.nan)
