"""The report of a sweep: every point of its design, sliders over a grid, policies over the worlds that nobody knows.

Between the points of a grid the sliders interpolate; how far that is off is measured, by leaving points out that lie between two
others and predicting them from these, and said beside every number. What 'stopflow discover' found stands first.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.differences import at_a_glance
from sim.report.drawing import inline_svg
from sim.report.grid import Errors, Floats, Grid, interpolation_errors, policies_of, read_grid, shown
from sim.report.numbers import CONTINUOUS, in_words, name_in_words
from sim.report.page import TEMPLATES, Facts, render
from sim.report.pictures import Picture
from sim.report.sweep_figures import numbers_in, policies, policy_in_words, responses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.report.discovered import Found

#: What the answer tells in a sentence.
TOLD = ("detained", "referred_then_released", "vehicles_passed_unstopped", "minutes_beyond_task_mean")


def sweep_report(folder: Path, manifest: Mapping[str, Any], facts: Facts) -> str:
    """Return the report of a sweep as the text of an HTML file.

    Parameters
    ----------
    folder
        What ``stopflow sweep`` wrote.
    manifest
        Its manifest, as far as it is written.
    facts
        What only the caller knows.
    """
    grid, about = read_grid(folder)
    said = manifest.get("study")
    study = said if isinstance(said, dict) else {}
    by_policy = policies_of(grid)
    sliding = by_policy or grid
    errors: Errors = interpolation_errors(sliding) if sliding.full else [None] * len(grid.measures)
    found = _discovered(folder, manifest)
    script = (TEMPLATES / "sliders.js").read_text(encoding="utf-8")
    pictures = _pictures(grid, by_policy, found)
    return render(
        "sweep.html.j2",
        facts,
        _contents(found, bool(pictures)),
        title=str(study.get("title") or about["name"]),
        question=str(study.get("question") or ""),
        notes=str(study.get("notes") or ""),
        about=about,
        grid=grid,
        sliding=sliding,
        manifest=manifest,
        found=found,
        asked=manifest.get("discovered"),
        answer=[*(found.answer if found else []), *_answer(grid, by_policy, errors)],
        groups=_groups(sliding),
        glance=_glance(grid),
        rows=list(_rows(grid)),
        names=[name_in_words(name) for name, _ in grid.measures],
        pictures=pictures,
        data=_data(sliding, errors),
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _contents(found: Found | None, pictures: bool) -> dict[str, str]:
    return {
        "answer": "Answer",
        **({"discovered": "Where it fails, and regret"} if found else {}),
        **({"pictures": "Pictures"} if pictures else {}),
        "sliders": "Try it",
        "points": "All points",
        "reproduce": "How to reproduce",
    }


def _discovered(folder: Path, manifest: Mapping[str, Any]) -> Found | None:
    asked = manifest.get("discovered")
    if not isinstance(asked, dict) or not asked:
        return None
    from sim.experiment.store import open_store
    from sim.report.discovered import found_in
    from sim.report.sweeps import Results

    with open_store(folder, write=False) as store:
        return found_in(Results(store), asked)


def _pictures(grid: Grid, by_policy: Grid | None, found: Found | None) -> list[Picture]:
    made = [
        Picture(name, heading, caption, inline_svg(figure, name, heading, words))
        for name, heading, caption, words, figure in (found.figures if found else [])
    ]
    if by_policy:
        made.append(
            _picture(
                "policies",
                "Each policy over what nobody knows",
                "Yield in blue, burden and error and the rest in orange. The bars are ignorance: the same policy in other "
                "worlds. Chance is averaged over replications.",
                policies(by_policy),
                _policies_in_words(by_policy),
            )
        )
    elif grid.full and numbers_in(grid):
        made.append(
            _picture(
                "responses",
                "How measures answer",
                "Means over replications; chance moves each a little. Yield and burden stand side by side.",
                responses(grid),
                f"Lines of means over the points of the design. {_reaches(grid)}.",
            )
        )
    return made


def _picture(name: str, heading: str, caption: str, figure: Figure, words: str) -> Picture:
    return Picture(name, heading, caption, inline_svg(figure, name, heading, words))


def _policies_in_words(grid: Grid) -> str:
    columns = [at for at, (name, _) in enumerate(grid.measures) if name in TOLD] or list(range(min(4, len(grid.measures))))
    parts = []
    for row in range(min(len(grid.points), 12)):
        told = "; ".join(f"{name_in_words(grid.measures[at][0])} {_mean_over_worlds(grid, row, at)}" for at in columns)
        parts.append(f"{policy_in_words(grid, row)}: {told}.")
    return f"Means over {grid.worlds} worlds, in brackets 90% of them. {' '.join(parts)}"


def _mean_over_worlds(grid: Grid, row: int, column: int) -> str:
    assert grid.spread is not None
    unit = grid.measures[column][1]
    low, high = (in_words(float(end[row, column]), unit) for end in grid.spread)
    return f"{in_words(float(grid.means[row, column]), unit)} ({low} to {high})"


def _answer(grid: Grid, by_policy: Grid | None, errors: Errors) -> list[str]:
    if not len(grid.points):
        return ["No point of the design could be run; points.csv says why."]
    few, many = min(grid.replications), max(grid.replications)
    each = f"{few:,} to {many:,}" if few < many else f"{many:,}"
    if by_policy:
        texts = [_policies_answer(by_policy)]
        texts.append(
            f"Each of {len(by_policy.points):,} policies was tried in the same {by_policy.worlds} worlds, with "
            f"{_replications(each)} each and the same people and luck. The ranges over worlds are ignorance, for all worlds "
            "taken as equally likely; chance comes on top, and stands beside every point."
        )
    else:
        known = " In brackets how far chance may move the mean of a point, at most." if np.isfinite(grid.halves).any() else ""
        texts = [f"Over all points on average: {_reaches(grid, how_sure=True)}.{known}"]
        factors = "; ".join(_factor(name, unit, values) for name, unit, values in grid.factors)
        texts.append(f"{len(grid.points):,} points, {_replications(each)} each, all with the same people and luck: {factors}.")
        texts.append("Intervals show chance alone, with every other parameter held at its value.")
    if any(errors):
        texts.append(
            "Between points the sliders interpolate. At points that were left out this was off by what stands beside each "
            "number; chance is in it too."
        )
    else:
        texts[-1] += "" if grid.full or by_policy else " The design is no grid, so nothing is interpolated."
    if grid.left_out:
        texts.append(f"{grid.left_out:,} further points stand in summary.csv.")
    return texts


def _policies_answer(grid: Grid) -> str:
    """Return yield and burden in one sentence: under which policy each is least and most, with ranges over worlds."""
    parts = []
    for name in TOLD:
        column = next((at for at, (one, _) in enumerate(grid.measures) if one == name), None)
        if column is None or not np.isfinite(grid.means[:, column]).all():
            continue
        low, high = int(np.argmin(grid.means[:, column])), int(np.argmax(grid.means[:, column]))
        words = f"{name_in_words(name)} {_mean_over_worlds(grid, low, column)}"
        if grid.means[low, column] == grid.means[high, column]:
            parts.append(f"{words} under every policy")
            continue
        parts.append(
            f"{words} under {policy_in_words(grid, low)}, {_mean_over_worlds(grid, high, column)} under "
            f"{policy_in_words(grid, high)}"
        )
    if not parts:
        return f"Over all policies and worlds: {_reaches(grid)}."
    text = "; ".join(parts)
    return f"On average over worlds, and in brackets for 90% of them, from the least to the most: {text}."


def _factor(name: str, unit: str, values: list[float | str]) -> str:
    if isinstance(values[0], str):
        return f"{name} is {', '.join(map(str, values[:8]))}{' …' if len(values) > 8 else ''}"
    unit = "" if unit in ("choice", "count", "share", "number") else f" {unit}"
    return f"{name} from {shown(values[0])} to {shown(values[-1])}{unit}"


def _replications(count: str) -> str:
    return f"{count} {'replication' if count == '1' else 'replications'}"


def _reaches(grid: Grid, *, how_sure: bool = False) -> str:
    chosen = [at for at, (name, _) in enumerate(grid.measures) if name in TOLD] or list(range(min(4, len(grid.measures))))
    return "; ".join(
        f"{name_in_words(grid.measures[at][0])} {_reach(grid, at)}{_within(grid, at) if how_sure else ''}" for at in chosen
    )


def _within(grid: Grid, column: int) -> str:
    """Return the widest half of a 95% interval over the points, if there is any."""
    halves = grid.halves[:, column]
    halves = halves[np.isfinite(halves)]
    return f" (± {in_words(float(halves.max()), grid.measures[column][1])})" if len(halves) and halves.max() > 0 else ""


def _reach(grid: Grid, column: int) -> str:
    _, unit = grid.measures[column]
    values = grid.means[:, column]
    values = values[np.isfinite(values)]
    if not len(values):
        return "undefined"
    low, high = in_words(float(values.min()), unit), in_words(float(values.max()), unit)
    return f"{low} {unit} at every point" if low == high else f"{low} to {high} {unit}"


def _groups(grid: Grid) -> dict[str, list[int]]:
    """Return the columns of the measures by the heading under which the sliders' numbers stand."""
    names = [name for name, _ in grid.measures]
    found = {title: [names.index(name) for name in group] for title, group in at_a_glance(names).items()}
    taken = {at for columns in found.values() for at in columns}
    rest = [at for at in range(len(names)) if at not in taken]
    return {title: columns for title, columns in {**found, "What the study asks about": rest}.items() if columns}


def _glance(grid: Grid) -> dict[str, list[tuple[str, str, str]]]:
    """Return how far the means of yield and burden reach over the points, side by side."""
    names = [name for name, _ in grid.measures]
    return {
        title: [
            (name_in_words(name), grid.measures[names.index(name)][1], _bare_reach(grid, names.index(name))) for name in group
        ]
        for title, group in at_a_glance(names).items()
    }


def _bare_reach(grid: Grid, column: int) -> str:
    return _reach(grid, column).replace(f" {grid.measures[column][1]}", "").replace(" at every point", "")


def _rows(grid: Grid) -> Iterator[tuple[list[str], list[str]]]:
    for places, means, halves in zip(grid.points.tolist(), grid.means.tolist(), grid.halves.tolist(), strict=True):
        where = [shown(values[place]) for place, (*_, values) in zip(places, grid.factors, strict=True)]
        what = [
            in_words(mean, unit) + (f" ± {in_words(half, unit)}" if half > 0 else "")
            for mean, half, (_, unit) in zip(means, halves, grid.measures, strict=True)
        ]
        yield where, what


def _data(grid: Grid, errors: Errors) -> str:
    """Return what the sliders need as JSON that may stand in a page."""

    def plain(values: Floats) -> list[list[float | None]]:
        return [[float(f"{value:.6g}") if np.isfinite(value) else None for value in row] for row in values.tolist()]

    data: dict[str, Any] = {
        "full": grid.full,
        "worlds": grid.worlds,
        "factors": [{"name": name, "unit": unit, "values": values} for name, unit, values in grid.factors],
        "measures": [
            {"whole": unit not in CONTINUOUS, "error": None if error is None else [float(f"{one:.3g}") for one in error]}
            for (_, unit), error in zip(grid.measures, errors, strict=True)
        ],
        "points": grid.points.tolist(),
        "means": plain(grid.means),
    }
    data |= (
        {"halves": plain(grid.halves)} if grid.spread is None else {"low": plain(grid.spread[0]), "high": plain(grid.spread[1])}
    )
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("&", "\\u0026")
