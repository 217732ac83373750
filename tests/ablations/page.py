"""The page and the picture of the ablations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.report.drawing import BLUE, GREY, axes_at, foot_note, new_figure, style, without_left_side
from tests.ablations.parts import PARTS
from tests.ablations.score import BATCHES, FITTED, PARTICLES, REPLICATIONS, SEEDS, SIMULATIONS, Loss

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: A difference of logs from which reports tell two models apart: one is twenty times as likely to have made them.
TELLS = math.log(20)
#: And from which they lean to one of them: e times as likely.
HINTS = 1.0


def verdict(losses: Sequence[Loss]) -> str:
    """Return what the reports say of one part, over all scenarios."""
    if not any(one.touched for one in losses):
        return "no report informs it"
    fitted = [one for one in losses if math.isfinite(one.fitted)]
    sure = [one for one in fitted if abs(one.fitted) - 2 * one.fitted_se > TELLS]
    hints = [one for one in fitted if one not in sure and abs(one.fitted) > max(HINTS, 2 * one.fitted_se)]
    kinds = (("missed", sure, 1), ("better without", sure, -1), ("a hint for it", hints, 1), ("a hint against it", hints, -1))
    named = [(word, [one.scenario for one in group if one.fitted * sign > 0]) for word, group, sign in kinds]
    said = [f"{word} in {', '.join(names)}" for word, names in named if names]
    return "; ".join(said) or "no report tells it from what others make up for"


def text(losses: Sequence[Loss]) -> str:
    """Return the page."""
    verdicts = {part.name: verdict([one for one in losses if one.part == part.name]) for part in PARTS}
    missed, hinted, uninformed = (
        [name for name, said in verdicts.items() if said.startswith(word)]
        for word in ("missed", "a hint for", "no report informs")
    )
    others = len(PARTS) - len(missed) - len(hinted) - len(uninformed)
    lines = [
        "# Ablations",
        "",
        "Written by `python -m tests.ablations` from `ablations.csv`.",
        "",
        f"Result: with everything else fitted anew, the reports miss {_named(missed)} and lean to {_named(hinted)}; no report "
        f"informs "
        f"{_named(uninformed)}; what the other {others} of {len(PARTS)} parts do, the remaining parameters make up for.",
        "",
        "One part of the model is taken out by settings that any scenario takes, and what was reported is held against what "
        "is left. Figures are differences of "
        f"logs of chances, with their standard errors: above nought the reports speak for the part; {TELLS:.0f} is twenty to "
        f"one.",
        "",
        f"- *At the shipped values*: the log of the share of {REPLICATIONS:,} replications that give the reported count, "
        f"added up over the counts of the "
        f"scenario, each by itself. Both arms see the same people; the error is the jackknife over {BATCHES} batches. The "
        f"shipped values were tuned with the "
        "part in place, which favours it.",
        f"- *Fitted anew*: the log of the chance of all reported counts together over the priors of everything that "
        f"calibration fits, {SIMULATIONS} "
        f"simulations and {PARTICLES:,} particles, {SEEDS} times with other seeds, both arms on the same design and the same "
        f"people. It is the fairer figure: "
        "other parameters may make up for the part. Like any evidence it hangs on the width of the priors too.",
        "",
        f"A part is *missed* if a difference is beyond {TELLS:.0f} by two standard errors; a *hint* is beyond {HINTS:.0f} and "
        f"two standard errors.",
        "",
        "Money is left out: it is hours times given rates. A part that no reported count of a scenario notices in any "
        "replication is not fitted anew.",
        "",
        "![What is lost without each part](ablations.svg)",
        "",
        "| part | without it | what the reports say |",
        "| --- | --- | --- |",
        *(f"| {part.name} | {part.without} | {verdicts[part.name]} |" for part in PARTS),
        "",
        "| part | scenario | lost at the shipped values | lost when fitted anew |",
        "| --- | --- | --- | --- |",
    ]
    for part in PARTS:
        for one in (one for one in losses if one.part == part.name):
            shipped = _number(one.shipped, one.shipped_se) if one.touched else "not noticed"
            fitted = _number(one.fitted, one.fitted_se) if math.isfinite(one.fitted) else "" if one.touched else "not noticed"
            lines.append(f"| {part.name} | {one.scenario} | {shipped} | {fitted} |")
    return "\n".join(lines) + "\n"


def picture(losses: Sequence[Loss]) -> Figure:
    """Draw what is lost without each part, scenario beside scenario."""
    ends = [end for one in losses if one.scenario in FITTED for end in (one.shipped, one.fitted) if math.isfinite(end)]
    lowest, highest = min(ends) - 2.5, max(ends) + 2.5
    height, width = 0.24 * len(PARTS), 0.98
    with style():
        figure = new_figure(height + 1.15)
        for place, scenario in enumerate(FITTED):
            axes = axes_at(figure, 1.6 + place * (width + 0.08), 0.75, width, height)
            axes.axvline(0, color=GREY, linewidth=0.8)
            for row, part in enumerate(reversed(PARTS)):
                for one in (one for one in losses if (one.part, one.scenario) == (part.name, scenario) and one.touched):
                    axes.errorbar(
                        one.shipped, row + 0.15, xerr=2 * one.shipped_se, fmt="o", ms=3, color=GREY, mfc="white", lw=0.8
                    )
                    axes.errorbar(one.fitted, row - 0.15, xerr=2 * one.fitted_se, fmt="o", ms=3, color=BLUE, lw=0.8)
            axes.set_xlim(lowest, highest)
            axes.set_xticks([0, 5, 10])
            axes.set_ylim(-0.6, len(PARTS) - 0.4)
            axes.set_yticks(range(len(PARTS)), [part.name for part in reversed(PARTS)] if place == 0 else [""] * len(PARTS))
            axes.set_title("_".join(scenario.split("_")[:2]).replace("_", " ").capitalize(), fontsize=8, loc="left")
            without_left_side(axes)
        foot_note(
            figure,
            "Log chance of the reports with the part, less that without it; two standard errors.\n"
            "Hollow: at the shipped values. Full: everything else fitted anew.\n"
            "No mark: no reported count notices the part.",
        )
    return figure


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _number(value: float, error: float) -> str:
    return f"{value:+.1f} ± {error:.1f}"
