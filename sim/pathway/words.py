"""The names of what happens, and of who goes first, as the plain numbers that they stand for.

To find a member of an enumeration takes Python 3.11 as long as to write a record. So the rooms of the pathway name them here;
for a type checker they are the enumerations themselves.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from sim import trace
from sim.pathway import places


class Plain:
    """Names and what they stand for. Python 3.11 finds them at once here, but not in an enumeration, a namespace or a model."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.__dict__.update(names)


if TYPE_CHECKING:
    from sim.pathway.places import Order, Slot
    from sim.trace import Kind
else:

    def _numbers(names: type[IntEnum]) -> Plain:
        return Plain({name.name: int(name) for name in names})

    Kind, Order, Slot = map(_numbers, (trace.Kind, places.Order, places.Slot))

__all__ = ["Kind", "Order", "Slot"]
