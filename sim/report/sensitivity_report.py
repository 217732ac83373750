"""The report of a sensitivity analysis: which unknown moves which measure, how surely, and which cannot be told from none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.experiment.sensitivity import Index
from sim.report.differences import at_a_glance
from sim.report.drawing import inline_svg
from sim.report.grid import Grid, read_grid
from sim.report.influence import MAIN, read_influence, strongest_first, tornado
from sim.report.numbers import DASH, in_words, name_in_words
from sim.report.page import Facts, render
from sim.report.pictures import Picture

CONTENTS = {
    "answer": "Answer",
    "pictures": "Pictures",
    "indices": "All indices",
    "limits": "What this cannot tell",
    "reproduce": "How to reproduce",
}
#: What each method asks, for the page.
METHODS = {
    "tornado": "Each factor alone goes from the low to the high end of its range, all else as in the base; the change is paired: "
    "the same people with the same luck.",
    "sobol": "All factors vary together and independently over their ranges. The first index is the share of the variance that "
    "a factor explains alone, the total index the share with everything that it takes part in.",
    "morris": "Steps from many places: mu star is the mean size of a step's effect, sigma how much it differs between places.",
    "pawn": "How far the whole distribution of a measure moves when a factor is known, from 0 to 1. It asks nothing of how "
    "factors hang together.",
}
MOST_TOLD = 3
#: A share of variance whose interval is wider than this is known badly.
MOST_WIDE = 0.5
_LIMITS = {
    "posterior": "The points are draws of a posterior, whose parameters hang together: what one explains is explained by its "
    "companions too.",
    "ranges": "Factors vary over the ranges that the scenario or the study gives them, independently of one another; a wider "
    "range gives a larger influence. Real ignorance may hang together.",
}


def sensitivity_report(folder: Path, manifest: Mapping[str, Any], facts: Facts) -> str:
    """Return the report of a sensitivity analysis as the text of an HTML file.

    Parameters
    ----------
    folder
        What ``stopflow sensitivity`` wrote.
    manifest
        Its manifest, as far as it is written.
    facts
        What only the caller knows.

    Raises
    ------
    UsageError
        If a file is missing or damaged.
    """
    grid, about = read_grid(folder)
    said, told = manifest.get("study"), manifest.get("sensitivity")
    study, asked = (one if isinstance(one, dict) else {} for one in (said, told))
    found = read_influence(folder / "sensitivity.csv")
    units = dict(grid.measures) | {one["name"]: one["unit"] for one in manifest["columns"]["measures"]}
    factor_units = {name: unit for name, unit, _ in grid.factors}
    method = str(asked.get("method", ""))
    return render(
        "sensitivity.html.j2",
        facts,
        CONTENTS,
        title=str(study.get("title") or about["name"]),
        question=str(study.get("question") or ""),
        notes=str(study.get("notes") or ""),
        about=about,
        method=method,
        method_words=METHODS.get(method, ""),
        manifest=manifest,
        points=len(grid.points) + grid.left_out,
        replications=max(grid.replications, default=0),
        answer=_answer(found, units, method, grid),
        glance=_glance(grid, found, method),
        pictures=[_picture(name, units.get(name, ""), indices, method) for name, indices in found.items()],
        rows={name: _rows(indices, units.get(name, ""), factor_units) for name, indices in found.items()},
        chance=_chance(asked),
        limits=_LIMITS["posterior" if asked.get("posterior") else "ranges"],
        name_in_words=name_in_words,
    )


def _answer(found: Mapping[str, Sequence[Index]], units: Mapping[str, str], method: str, grid: Grid) -> list[str]:
    known = [name for names in at_a_glance(found).values() for name in names]
    chosen = [*known, *(name for name in found if name not in known)]
    texts = [_in_words(name, units.get(name, ""), found[name]) for name in chosen[:MOST_TOLD] if found[name]]
    if not texts:
        return ["Nothing can be said: no measure varies over the points, or all are undefined at too many of them."]
    factors = {one.factor for indices in found.values() for one in indices}
    sure = {one.factor for indices in found.values() for one in indices if one.index in MAIN and not one.within_error}
    idle = sorted(factors - sure)
    first = " ".join(texts)
    second = f"Of {len(factors)} factors {len(sure)} {'moves' if len(sure) == 1 else 'move'} some measure for sure."
    if idle:
        second += f" Those that cannot be told from none, in any measure: {', '.join(idle[:8])}{' …' if len(idle) > 8 else ''}."
    intervals = {
        "tornado": "Intervals are 95% intervals of the paired change, and show chance alone.",
        "pawn": "Intervals are bootstrap intervals over the points; an idle factor gets some PAWN by chance, and below that it "
        "counts as none.",
    }.get(method, "Intervals are 95% bootstrap intervals over the points.")
    wide = any(one.ci_high - one.ci_low > MOST_WIDE for indices in found.values() for one in indices if one.index == "total")
    if method == "sobol" and wide:
        second += " Some shares are known badly: their intervals are wider than a half. More points narrow them (--points)."
    return [first, second, f"{len(grid.points) + grid.left_out:,} points were run. {intervals}"]


def _in_words(measure: str, unit: str, indices: Sequence[Index]) -> str:
    main = [one for one in strongest_first(indices) if one.index in MAIN]
    sure = [one for one in main if not one.within_error][:2]
    name = name_in_words(measure)
    name = name[:1].upper() + name[1:]
    if not sure:
        return f"{name}: no factor can be told from none."
    told = []
    for one in sure:
        value, interval = _value(one, unit), _interval(one, unit)
        if one.index == "low_to_high":
            way = "+" if one.value > 0 else ""
            told.append(f"{one.factor} ({way}{value} {unit} from its low to its high end, 95% interval {interval})")
        elif one.index == "total":
            share = f"{min(1.0, one.shown):.0%} of the variance with all interactions"
            told.append(
                f"{one.factor} ({share}, 95% interval {min(1.0, max(0.0, one.ci_low)):.0%} to {min(1.0, one.ci_high):.0%})"
            )
        else:
            told.append(f"{one.factor} ({one.index} {value}, 95% interval {interval})")
    return f"{name} hangs most on {told[0]}{f', then on {told[1]}' if len(told) > 1 else ', and on nothing else for sure'}."


def _value(one: Index, unit: str) -> str:
    return in_words(one.shown, unit) if one.index == "low_to_high" else f"{one.shown:.2g}"


def _interval(one: Index, unit: str) -> str:
    if not (math.isfinite(one.ci_low) and math.isfinite(one.ci_high)):
        return DASH
    if one.index == "low_to_high":
        return f"{in_words(one.ci_low, unit)} to {in_words(one.ci_high, unit)}"
    return f"{one.ci_low:.2g} to {one.ci_high:.2g}".replace("-", "\N{MINUS SIGN}")


def _glance(grid: Grid, found: Mapping[str, Sequence[Index]], method: str) -> dict[str, list[tuple[str, str, str, str]]]:
    """Return yield and burden side by side: how far their means reach over the points, and what moves them most."""
    names = [name for name, _ in grid.measures]
    glance = {}
    for title, group in at_a_glance(names).items():
        rows = []
        for name in group:
            column = grid.means[:, names.index(name)]
            known, unit = column[np.isfinite(column)], grid.measures[names.index(name)][1]
            ends = (float(known.min()), float(known.max())) if len(known) else (math.nan, math.nan)
            if len(known) and ends[0] == ends[1]:
                reach = in_words(ends[0], unit)
            else:
                reach = f"{in_words(ends[0], unit)} to {in_words(ends[1], unit)}" if len(known) else DASH
            rows.append((name_in_words(name), unit, reach, _strongest(found.get(name, ()))))
        glance[title] = rows
    return glance


def _strongest(indices: Sequence[Index]) -> str:
    if not indices:
        return ""
    sure = [one for one in strongest_first(indices) if one.index in MAIN and not one.within_error]
    return " ".join(sure[0].factor.split(".")[-2:]).replace("_", " ") if sure else "nothing for sure"


def _picture(measure: str, unit: str, indices: Sequence[Index], method: str) -> Picture:
    heading = f"What {name_in_words(measure)} hangs on"
    told = "; ".join(
        f"{one.factor} {one.index.replace('_', ' ')} {_value(one, unit)} ({_interval(one, unit)}"
        f"{', zero within error' if one.within_error else ''})"
        for one in strongest_first(indices)
    )
    words = f"A row for each factor, the strongest first, in brackets 95% intervals: {told}." if told else "Nothing can be said."
    svg = inline_svg(tornado(measure, unit, indices), f"{method}-{measure}".replace("_", "-"), heading, words)
    return Picture(measure, heading, "", svg)


def _rows(indices: Sequence[Index], unit: str, factor_units: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {
            "factor": one.factor,
            "unit": factor_units.get(one.factor, "").replace("choice", ""),
            "index": one.index.replace("_", " "),
            "value": _value(one, unit),
            "interval": _interval(one, unit),
            "finding": "zero within error" if one.within_error else "",
        }
        for one in strongest_first(indices)
    ]


def _chance(asked: Mapping[str, Any]) -> dict[str, str]:
    left = asked.get("chance_left")
    shares = left if isinstance(left, dict) else {}
    return {str(name): f"{share:.0%}" for name, share in shares.items() if isinstance(share, float | int)}
