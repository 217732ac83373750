"""The one family of errors that a user can cause, and how such a message reads.

A message names the place (file, line, column, key), what is wrong with the value, and what to write instead.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

#: What could steer a terminal or turn a line around instead of standing in it: control characters, marks of direction,
#: other ends of lines, and halves of characters; a line end and a tab are none of these.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: Mistakes in one message; the others are counted.
MOST_MISTAKES_SHOWN = 10


def printable(text: str) -> str:
    r"""Return text that a terminal shows and does not obey: ``\x1b[2J`` instead of a cleared screen."""
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a file (or a command line flag), a line and a column, both counted from 1."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class StopflowError(ValueError):
    """Something that the user can put right; the command line prints it and ends with exit status 2."""


class ScenarioError(StopflowError):
    """A scenario that cannot be used; the text has one line per mistake, each with its place."""

    @classmethod
    def at(cls, place: Place, key: str, problem: str) -> ScenarioError:
        """Build the message for one mistake."""
        return cls(mistake(place, key, problem))


class UsageError(StopflowError):
    """A flag or an argument that cannot be used."""


class BelowError(ValueError):
    """What a check of a whole section finds wrong.

    ``keys`` are dotted paths in that section; the one that was written last is to blame.
    """

    def __init__(self, problem: str, *keys: str) -> None:
        super().__init__(problem)
        self.keys = keys


def mistake(place: Place, key: str, problem: str) -> str:
    """Return one line: place, key, what is wrong and what to do about it."""
    return f"{place}: {key}: {problem}" if key else f"{place}: {problem}"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``"did you mean 'x'?"`` for the closest known word, or a list of the known words.

    Parameters
    ----------
    word
        What was written.
    known
        What could have been written.
    """
    options = sorted(known)
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if not options:
        return "nothing may stand here."
    shown = ", ".join(options[:12])
    return f"known here: {shown}{', …' if len(options) > 12 else ''}."


def refuse(mistakes: list[str], unexplained: int = 0) -> None:
    """Raise one error for all mistakes, if there are any: the first few, and how many more.

    Raises
    ------
    ScenarioError
        With one line for each mistake.
    """
    if mistakes:
        lines = list(dict.fromkeys(mistakes))
        more = len(lines) - MOST_MISTAKES_SHOWN + unexplained
        shown_lines = lines[:MOST_MISTAKES_SHOWN] + ([f"… and {more} more mistakes."] if more > 0 else [])
        raise ScenarioError("\n".join(shown_lines))
