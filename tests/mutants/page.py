"""The page of the mutation run, from what trials have found and from what is known of the survivors."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from scipy.stats import binomtest

from tests.mutants.kept import Found

EXPLAINED = Path(__file__).with_name("explained.toml")
#: How a trial ended that is a kill by a claim: a law, theory, a story or a hand count failed, it did not load, or did not end.
BY_CLAIMS = ("claims", "loading", "time")
SURVIVED = ("digests", "survived")
WORDS = {
    "claims": "by a claim",
    "loading": "does not load",
    "time": "does not end",
    "digests": "by digests only",
    "survived": "survived",
}


def explained() -> dict[tuple[str, str], str]:
    """Return why a survivor is no error, by file and change."""
    with EXPLAINED.open("rb") as stream:
        return {(one["file"], one["change"]): one["why"] for one in tomllib.load(stream).get("survivor", [])}


def sharpened() -> dict[tuple[str, str], str]:
    """Return which test a mutant brought that had survived, by file and change."""
    with EXPLAINED.open("rb") as stream:
        return {(one["file"], one["change"]): one["test"] for one in tomllib.load(stream).get("sharpened", [])}


def unexplained(found: Sequence[Found]) -> list[Found]:
    """Return the survivors of which nobody has said why."""
    known = explained()
    return [one for one in found if one.how in SURVIVED and (one.file, one.change) not in known]


def text(found: Sequence[Found], places: int, mutants: int) -> str:
    """Return the page."""
    tried = [one for one in found if one.how != "none"]
    known = explained()
    equal = [one for one in tried if one.how in SURVIVED and known.get((one.file, one.change), "").startswith("Equivalent")]
    real = [one for one in tried if one not in equal]
    killed = [one for one in real if one.how in BY_CLAIMS]
    weakly = [one for one in real if one.how == "digests"]
    brought = sharpened()
    late = [one for one in killed if (one.file, one.change) in brought]
    low, high = binomtest(len(killed) - len(late), len(real)).proportion_ci() if real else (0.0, 1.0)
    lines = [
        "# Mutants",
        "",
        "Written by `python -m tests.mutants` from `mutants.csv`.",
        "",
        f"Result: {len(killed)} of {len(real)} mutants that are errors are killed by claims ({_share(len(killed), len(real))}), "
        f"{len(weakly)} by stored digests only, {len(real) - len(killed) - len(weakly)} survive; {len(equal)} more are "
        f"equivalent. "
        f"{len(late)} of those killed had survived at first and brought a test. Before that, claims killed "
        f"{len(killed) - len(late)}, by which of all {places:,} places they kill {low:.0%} to {high:.0%} (95%).",
        "",
        f"One token or one statement of `sim/pathway/`, of the draws and of `sim/measures/` is changed at a time: {mutants:,} "
        f"changes at {places:,} places, of "
        f"which {len(tried)} were tried, one to a place, in a seeded order. The operators are Cosmic Ray's, with two of our "
        f"own: a statement left out, and "
        "`+=` for `-=`. *Killed by a claim* means that a law, a queueing formula, a story or a count by hand failed; a mutant "
        "on which only the stored "
        "digests of the shipped scenarios differ counts as not killed, since a digest says that something changed, not that "
        "it is wrong. The compiled "
        "engine is not asked: part of what is mutated is its own text.",
        "",
        "| file | tried | by a claim | does not load | does not end | by digests only | survived | equivalent | killed by "
        "claims |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    by_file: dict[str, list[Found]] = defaultdict(list)
    for one in tried:
        by_file[one.file].append(one)
    for name, group in [*sorted(by_file.items()), ("all", tried)]:
        errors = [one for one in group if one not in equal]
        counts = [sum(one.how == how for one in errors) for how in WORDS]
        share = _share(sum(one.how in BY_CLAIMS for one in errors), len(errors))
        lines.append(f"| {name} | {len(group)} | " + " | ".join(map(str, counts)) + f" | {len(group) - len(errors)} | {share} |")
    survivors = [one for one in tried if one.how in SURVIVED]
    lines += ["", "## Survivors", "", "Those that no claim killed, and why." if survivors else "None of those tried.", ""]
    for one in survivors:
        why = known.get((one.file, one.change), "**Not explained yet.**")
        lines += [f"- `{one.file}:{one.line}` {WORDS[one.how]}: `{one.before}` became `{one.after}`. {why}"]
    lines += ["", "## Survivors of earlier runs", "", "And the test that each of them brought.", ""]
    lines += [f"- `{one.file}`: `{one.before}` became `{one.after}`. {brought[one.file, one.change]}" for one in late]
    lines += ["", "## What killed the most", "", "| test | mutants |", "| --- | --- |"]
    killers: dict[str, int] = defaultdict(int)
    for one in tried:
        if one.how == "claims":
            killers[one.by.split("[")[0]] += 1
    lines += [f"| {name} | {number} |" for name, number in sorted(killers.items(), key=lambda one: (-one[1], one[0]))[:25]]
    return "\n".join(lines) + "\n"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"
