"""What a law is: a claim about one replication, named by the function that checks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Law = Callable[[Any], None]


class Broken(Exception):  # noqa: N818 - what happened to the law
    """A law does not hold; where, the record that was being told knows."""


def must(held: object) -> None:
    """Demand that something holds.

    Raises
    ------
    Broken
        If it does not.
    """
    if not held:
        raise Broken


class Laws(list[Law]):
    """The laws of one room, in the order in which they are declared."""

    def law(self, function: Law) -> Law:
        """Enter a law."""
        self.append(function)
        return function


def in_words(law: Law) -> str:
    """Return what a law claims, as a sentence without capital and full stop."""
    name: str = law.__name__
    return name.replace("_", " ")
