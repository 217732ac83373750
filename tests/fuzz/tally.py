"""What came of many inputs: how many of each kind of outcome, the longest time, the input that took it."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

#: Kinds of messages, by words that stand in them; the first that fits.
KINDS = (
    ("no UTF-8 text, or a control character", r"is not UTF-8|control character|character that is no plain text"),
    ("no YAML", r"is not YAML|a tab stands|a second document"),
    ("an anchor, an alias, a tag or a merge key", r"anchors \(&\)|the tag |merge keys"),
    (
        "too large, too deep or too many",
        r"larger than|nested deeper|more than [\d,]+ (values|files)|longer than|too large a number",
    ),
    ("no mapping at its top", r"the file (holds|is empty)"),
    ("no file", r"there is no|no such file|is a folder"),
    ("an unknown key or name", r"no such|cannot be a key|is not a name|second time|beside 'value'|did you mean"),
    ("a key that is missing", r"is missing|has no value"),
    ("a value of the wrong kind, unit or size", r"write |is not |lies |out of range|must |at most|at least|belongs|use "),
)


def kind_of(message: str) -> str:
    """Return in a few words why something was refused."""
    return next((f"refused: {kind}" for kind, words in KINDS if re.search(words, message)), "refused: other")


@dataclass
class Tally:
    """The outcomes of one kind of input."""

    inputs: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    slowest: str = ""

    @contextmanager
    def one(self, shown: object) -> Iterator[list[str]]:
        """Time one input; what is put into the list is its outcome."""
        said: list[str] = []
        began = time.perf_counter()
        yield said
        took = time.perf_counter() - began
        self.inputs += 1
        self.kinds[said[0]] += 1
        if took > self.longest:
            self.longest, self.slowest = took, repr(shown)[:80]
