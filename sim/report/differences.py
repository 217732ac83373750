"""Paired differences in words: what a policy changes, how surely, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sim.experiment.comparison import Difference, difference
from sim.experiment.replications import Result
from sim.leaves import field_at, unit_of, value_at
from sim.measures import Measure
from sim.measures.registry import by_group
from sim.report.numbers import DASH, in_words, interval_decimals, name_in_words
from sim.report.parameters import value_in_words
from sim.scenario_file import ScenarioFile

#: What stands side by side at the top of a report: what came of it, and what it took from people.
AT_A_GLANCE = {
    "Yield": (
        "detained", "vehicles_with_detained", "detained_without_licence", "detained_out_of_state_licence",
        "detainers_lodged", "warrants_served", "at_facility",
    ),
    "Burden and error": (
        "referrals", "referred_then_released", "held_then_released_hours", "citizens_referred", "citizens_detained",
        "minutes_beyond_task_mean", "vehicles_passed_unstopped", "released_at_clock_hours", "citizens_held_in_jail",
    ),
}  # fmt: skip
#: The same for the programme in the country, which measures nobody at the roadside.
PROGRAMME_AT_A_GLANCE = {
    "What came of it": ("signed", "arrests"),
    "What it took, and what was undone": (
        "federal_usd_per_task_force_arrest", "paid_for_vehicles", "paid_for_equipment", "given_up", "ended_by_ban",
        "agencies_never_signed",
    ),
}  # fmt: skip
#: What the answer of a comparison tells in a sentence.
TOLD = (
    "detained", "at_facility", "referred_then_released", "held_then_released_hours", "citizens_referred",
    "minutes_beyond_task_mean", "vehicles_passed_unstopped", "released_at_clock_hours", "citizens_held_in_jail",
)  # fmt: skip
#: Groups that are always shown, whatever has changed.
ALWAYS = ("yield", "burden and error")

Finding = Literal["equal", "more", "less", "open", "undefined"]
FINDING_WORDS: dict[Finding, str] = {
    "equal": "equal in every replication",
    "more": "more",
    "less": "less",
    "open": "not told from chance",
    "undefined": "undefined",
}


@dataclass(frozen=True, slots=True)
class DifferenceInWords:
    """One measure of one arm held against the base."""

    measure: Measure
    name: str
    change: Difference
    finding: Finding
    base: str
    arm: str
    difference: str
    interval: str
    saved: str

    @property
    def verdict(self) -> str:
        """The finding for people."""
        return FINDING_WORDS[self.finding]


@dataclass(frozen=True, slots=True)
class ChangedParameter:
    """One parameter whose value is not the same in base and arm."""

    path: str
    unit: str
    base: str
    arm: str
    meaning: str


def at_a_glance(measures: Collection[str]) -> dict[str, list[str]]:
    """Return the measures that stand side by side at the top, by heading."""
    table = AT_A_GLANCE if "detained" in measures else PROGRAMME_AT_A_GLANCE
    return {title: [name for name in names if name in measures] for title, names in table.items()}


def finding(change: Difference) -> Finding:
    """Return what a difference lets one say: its 95% interval leaves zero out, or it does not."""
    if not change.pairs:
        return "undefined"
    if change.difference == 0 and change.ci_low == change.ci_high == 0:
        return "equal"
    if change.ci_low > 0:
        return "more"
    return "less" if change.ci_high < 0 else "open"


def differences_in_words(base: Result, arm: Result, arms: int = 1) -> dict[str, DifferenceInWords]:
    """Return every measure of an arm against the base, in the order of the registry; intervals hold for all ``arms`` at once."""
    return {name: in_words_of(measure, difference(base, arm, name, arms=arms)) for name, measure in base.measures.items()}


def in_words_of(measure: Measure, change: Difference) -> DifferenceInWords:
    """Return a difference as people write it: as many digits as its interval deserves."""
    unit = measure.unit
    interval_known = change.ci_low < change.ci_high
    decimals = interval_decimals(change.ci_low, change.ci_high, unit) if interval_known else None
    return DifferenceInWords(
        measure=measure,
        name=name_in_words(measure.name),
        change=change,
        finding=finding(change),
        base=in_words(change.base_mean, unit),
        arm=in_words(change.arm_mean, unit),
        difference=signed(change.difference, unit, decimals),
        interval=f"{signed(change.ci_low, unit, decimals)} to {signed(change.ci_high, unit, decimals)}"
        if interval_known
        else DASH,
        saved=_saved(change),
    )


def signed(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a number with its sign, such as ``+12``."""
    words = in_words(value, unit, decimals)
    return f"+{words}" if value > 0 and float(words.replace(",", "")) != 0 else words


def _saved(change: Difference) -> str:
    """Return how many times fewer replications pairing needs for the same precision."""
    if not change.pairs:
        return DASH
    if change.variance_saved == float("inf"):
        return "all"
    return f"{change.variance_saved:,.1f} times" if change.variance_saved < 100 else f"{change.variance_saved:,.0f} times"


def shown_by_group(rows: Mapping[str, DifferenceInWords], base: Result) -> dict[str, list[DifferenceInWords]]:
    """Return the rows worth showing: yield, burden and error always, of the rest what differs."""
    groups = {
        group: [rows[one.name] for one in members if group in ALWAYS or rows[one.name].finding not in ("equal", "undefined")]
        for group, members in by_group(base.measures)
    }
    return {group: members for group, members in groups.items() if members}


def changed_parameters(base: ScenarioFile, arm: ScenarioFile) -> Iterator[ChangedParameter]:
    """Yield the parameters whose values differ, in alphabetical order; one that only one of them has is a dash in the other."""
    for path in sorted({*base.evidence, *arm.evidence}):
        there = [scenario for scenario in (base, arm) if path in scenario.evidence]
        field = field_at(path, type(there[0]))
        unit = unit_of(field)
        words = [value_in_words(value_at(one, path), unit) if one in there else DASH for one in (base, arm)]
        if words[0] != words[1]:
            yield ChangedParameter(path, unit, words[0], words[1], field.description or "")


def answer(results: Mapping[str, Result], draws: int | None = None) -> list[str]:
    """Return the answer of a comparison in plain words: for each arm yield, burden and error in one paragraph.

    Parameters
    ----------
    results
        The base first, then the arms; pairs of each other.
    draws
        How many draws of a posterior the rows are the means of; None if they are replications.
    """
    (base_name, base), *arms = results.items()
    told = [_arm_answer(base_name, name, differences_in_words(base, arm, len(arms))) for name, arm in arms]
    return [*told, _how_sure(len(base.values), len(arms), draws)]


def _arm_answer(base_name: str, name: str, rows: Mapping[str, DifferenceInWords]) -> str:
    glance = [rows[one] for one in TOLD if one in rows]
    glance = glance or [row for row in rows.values() if row.finding not in ("equal", "undefined")][:6]
    changed = [row for row in glance if row.finding in ("more", "less")]
    open_ = [row for row in glance if row.finding == "open"]
    equal = [row for row in glance if row.finding == "equal"]
    parts = []
    if changed:
        parts.append("; ".join(_instead_of(row) for row in changed))
    if open_:
        parts.append(f"not told from chance: {', '.join(_with_interval(row) for row in open_)}")
    if equal:
        parts.append(f"equal in every replication: {', '.join(row.name for row in equal)}")
    if not parts:
        parts.append("nothing that is measured can be compared")
    return f"{name}, against {base_name}: {'. '.join(part[0].upper() + part[1:] for part in parts)}."


def _instead_of(row: DifferenceInWords) -> str:
    return f"{row.name} {row.arm} instead of {row.base} {row.measure.unit} ({row.difference}; {row.interval})"


def _with_interval(row: DifferenceInWords) -> str:
    return f"{row.name} ({row.difference}; {row.interval})" if row.interval != DASH else f"{row.name} ({row.difference})"


def _how_sure(pairs: int, arms: int, draws: int | None) -> str:
    together = "each measure by itself" if arms == 1 else f"for all {arms} arms of a measure at once (Bonferroni)"
    brackets = f"In brackets the mean difference and its 95% interval, {together}; among many intervals one in twenty misses."
    if draws is not None:
        return (
            f"Means over {draws:,} draws of a posterior, {pairs:,} pairs: every arm meets the same people with the same luck. "
            f"{brackets} The interval is that of the mean over the draws; how far single draws lie apart, which is what nobody "
            "knows, stands in comparison_over_posterior.csv."
        )
    return (
        f"Means over {pairs:,} pairs of replications: every arm meets the same people with the same luck. {brackets} They show "
        "chance alone: every parameter is held at its value in all arms, and what nobody knows about it comes on top."
    )
