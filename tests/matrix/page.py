"""What the matrix found, as a page; one row for each scenario, one column for each environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Environment:
    """One Python with its libraries, and what its runs gave."""

    python: str
    libraries: str
    told: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def name(self) -> str:
        return f"{self.python} {self.libraries}"

    def of(self, scenario: str, what: str) -> set[str]:
        """Return the different digests of a scenario over all ways of running it; one is right."""
        return {row[what] for row in self.told.get("rows", ()) if row["scenario"] == scenario}

    def one(self, scenario: str, what: str) -> str:
        """Return the digest on which all ways agree; a word if they do not."""
        found = self.of(scenario, what)
        return next(iter(found)) if len(found) == 1 else "they differ" if found else "not run"

    def agrees(self, first: Environment, stored: Mapping[str, str]) -> bool:
        """Whether every scenario has the digest of the first environment in every way, and the stored one."""
        return all(
            self.one(name, "first") == digest
            and all(self.one(name, what) == first.one(name, what) and first.of(name, what) for what in ("digest", "measures"))
            for name, digest in stored.items()
        )


def text(environments: Sequence[Environment], stored: Mapping[str, str]) -> str:
    """Return the page."""
    ran = [one for one in environments if not one.problem]
    agree = [one for one in ran if one.agrees(ran[0], stored)]
    runs = sum(len(one.told["rows"]) for one in ran)
    libraries = list(ran[0].told["versions"]) if ran else []
    lines = [
        "# Determinism matrix",
        "",
        "Written by `make matrix`.",
        "",
        f"Result: {len(agree)} of {len(environments)} environments give the same digest for every one of {len(stored)} "
        f"scenarios in "
        f"every way of running, {runs} runs in all. Traces agree row for row, measures to the last bit.",
        "",
        "In each environment each scenario is run by both engines (the compiled one covers operations, not the programme), by "
        "one, two and three "
        "workers, in tasks of one, two and three replications: three replications each, the first two of which must have the "
        "digest in "
        "`tests/digests.json`. *Oldest* and *newest* are what `pyproject.toml` allows and a wheel exists for.",
        "",
        "What would fail here: a number that hangs on a library's own logarithm, on the order of a dictionary or a set, on "
        "which worker was first, "
        "on how often a stream was asked before, or on an engine.",
        "",
        "| environment | " + " | ".join(libraries) + " | runs | all agree |",
        "| --- |" + " --- |" * (len(libraries) + 2),
    ]
    for one in environments:
        if one.problem:
            lines.append(f"| {one.name} | " + " | ".join([""] * len(libraries)) + f" | 0 | not run: {one.problem} |")
        else:
            cells = [*one.told["versions"].values(), str(len(one.told["rows"])), "yes" if one in agree else "**no**"]
            lines.append(f"| {one.name} | " + " | ".join(cells) + " |")
    lines += ["", "First 16 digits of the digest over three replications:", ""]
    lines += ["| scenario | " + " | ".join(one.name for one in ran) + " |", "| --- |" + " --- |" * len(ran)]
    for name in stored:
        lines.append(f"| {name} | " + " | ".join(one.one(name, "digest")[:16] for one in ran) + " |")
    return "\n".join(lines) + "\n"
