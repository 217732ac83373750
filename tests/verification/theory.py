"""``python -m tests.verification.theory``: every case of theory at length, written to docs/verification/theory.md.

Exit status 1 if a comparison does not hold. The pictures are the same byte for byte each time.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from sim.engines import COMPILED
from sim.report import drawing
from sim.report.files import versions
from tests.verification.acceptance import FAMILY_WISE_ERROR, Comparison, holm, p_values, refused, together
from tests.verification.cases import CASES
from tests.verification.reduced import Size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEEDS, REPLICATIONS = 40, 24
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "verification"
#: A bias that is known must not reach this share of what chance leaves open (the half-width of the interval).
MOST_BIAS = 0.1


def run_case(name: str, size: Size) -> list[Comparison]:
    """Run one case by its name; the task of one worker."""
    (case,) = (case for case in CASES if case.__name__ == name)
    found = case(size)
    return [*found, *together(found)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--engine", default=COMPILED)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    size = Size(arguments.seeds, arguments.replications, arguments.engine)
    found: dict[str, list[Comparison]] = {}
    with ProcessPoolExecutor(arguments.workers, mp_context=get_context("spawn")) as pool:
        tasks = {case.__name__: pool.submit(run_case, case.__name__, size) for case in CASES}
        for name, task in tasks.items():
            found[name] = task.result()
            print(f"{name}: {len(found[name])} comparisons", flush=True)
    every = [one for mine in found.values() for one in mine]
    broken = refused(every)
    arguments.out.mkdir(parents=True, exist_ok=True)
    with drawing.style():
        drawing.save_svg(picture(every), arguments.out / "theory.svg")
    (arguments.out / "theory.md").write_text(page(found, broken, size), encoding="utf-8", newline="\n")
    print(f"{len(p_values(every))} p-values of {len(every)} comparisons; {len(broken)} refused.")
    print("\n".join(broken + biased(every)))
    return 1 if broken or biased(every) else 0


def biased(every: list[Comparison]) -> list[str]:
    """Return which comparisons have a known bias that chance does not hide."""
    return [
        f"{one.name}: bias up to {one.bias:.2g}" for one in every if one.bias and one.bias > MOST_BIAS * (one.high - one.low) / 2
    ]


def picture(every: list[Comparison]) -> Figure:
    """Draw every comparison as its distance from theory in half-widths, and beside it how many intervals cover."""
    height = 0.15 * len(every) + 0.9
    figure = drawing.new_figure(height)
    bottom, top = 0.5 / height, 1 - 0.25 / height
    left = figure.add_axes((0.56, bottom, 0.2, top - bottom))
    right = figure.add_axes((0.79, bottom, 0.19, top - bottom))
    places = np.arange(len(every))
    for place, one in zip(places, every, strict=True):
        half = (one.high - one.low) / 2
        if half:
            z = (one.simulated - one.theory) / half
            left.plot([z - 1, z + 1], [place, place], color=drawing.SKY, linewidth=1)
            left.plot([z], [place], marker="o", markersize=2.5, color=drawing.BLUE)
        if one.p_cover is not None:
            low, high = (stats.binom.ppf(tail, one.seeds, one.expected_cover) / one.seeds for tail in (0.005, 0.995))
            right.plot([low, high], [place, place], color=drawing.PALE, linewidth=4, solid_capstyle="butt")
            right.plot([one.covered / one.seeds], [place], marker="D", markersize=2.5, color=drawing.GREEN)
    left.axvline(0, color=drawing.INK, linewidth=0.6)
    right.axvline(0.95, color=drawing.INK, linewidth=0.6)
    left.set_yticks(places, [one.name for one in every], fontsize=4.2)
    right.set_yticks([])
    under = ("from theory, in half-widths\nof the 95% interval", "share of 95% intervals\nthat cover theory")
    for axes, label in zip((left, right), under, strict=True):
        axes.set_ylim(len(every) - 0.5, -0.5)
        axes.tick_params(axis="x", labelsize=6)
        axes.set_xlabel(label, fontsize=6)
    left.set_xlim(-3, 3)
    right.set_xlim(0.8, 1.0)
    return figure


def page(found: dict[str, list[Comparison]], broken: list[str], size: Size) -> str:
    every = [one for mine in found.values() for one in mine]
    told = p_values(every)
    smallest = min(holm([p for _, _, p in told]))
    covered = sum(one.covered for one in every if one.p_cover is not None)
    intervals = sum(one.seeds for one in every if one.p_cover is not None)
    lines = [
        "# Theory",
        "",
        "Written by `python -m tests.verification.theory`. Scenarios are reduced until only a known queue is left of them, and "
        f"what is counted in them is held against its formula: {len(every)} comparisons, each over {size.seeds} seeds of "
        f"{size.replications} replications ({size.seeds * size.replications:,} in all) by the {size.engine} engine. "
        f"Versions: {', '.join(f'{name} {version}' for name, version in versions().items())}.",
        "",
        "A comparison holds if the mean over all replications is compatible with theory, and if of the 95% intervals of single "
        f"seeds as many cover theory as such intervals should. These are {len(told)} p-values; they are corrected for their "
        f"number by Holm's method, so that a right program fails the whole family with a chance of at most "
        f"{FAMILY_WISE_ERROR:g} (the family-wise error). Nothing is accepted because it is near.",
        "",
        f"Result: {len(broken)} of {len(told)} p-values refused. The smallest corrected p-value is {smallest:.2g}."
        + (f" Of {intervals:,} intervals {covered / intervals:.2%} cover." if intervals else ""),
        *(["", *(f"- {line}" for line in broken)] if broken else []),
        "",
        "What theory leaves out is bounded, not hoped for. Times are whole milliseconds, and queues begin empty: *bias* is the "
        "most by which both together can move the number (coupling for the loss formula, Kolmogorov's equations for M/M/c, the "
        "part of the mean stay beyond the warm-up for people held). A dash: no bound in closed form is known for that shape of "
        "service; there one half of the counted time is held against the other, or the warm-up is 40 mean services or more.",
        "",
        "![Every comparison](theory.svg)",
    ]
    p_of = {(id(one), what): p for one, what, p in told}
    for case in CASES:
        lines += ["", f"## {case.__name__.replace('_', ' ').capitalize()}", "", " ".join((case.__doc__ or "").split()), ""]
        lines += [
            "| number | theory | simulated | 95% interval | p | covers | p | bias |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for one in found[case.__name__]:
            covers = "" if one.p_cover is None else f"{one.covered} of {one.seeds}"
            p_cover = "" if one.p_cover is None else f"{p_of[id(one), 'coverage']:.2f}"
            bias = "–" if one.bias is None else f"{one.bias:.1g}" if one.bias else "0"
            lines.append(
                f"| {one.name} | {one.theory:.6g} | {one.simulated:.6g} | {one.low:.6g} to {one.high:.6g} "
                f"| {p_of[id(one), 'mean']:.2f} | {covers} | {p_cover} | {bias} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
