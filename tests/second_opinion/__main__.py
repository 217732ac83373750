"""``python -m tests.second_opinion``: both programs at length, written to docs/verification/second_opinion.md.

Exit status 1 if they do not agree.
"""

from __future__ import annotations

import argparse
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.report import drawing
from sim.report.files import versions
from tests.verification.acceptance import holm

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tests.second_opinion.agreement import Agreement

REPLICATIONS = 2000
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "verification"
COLUMNS = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    if find_spec("salabim") is None:
        print("salabim is not installed; 'make setup' installs it, or: pip install salabim")
        return 1
    from tests.second_opinion.agreement import both, refused

    found = both(arguments.replications, arguments.workers)
    broken = refused(found)
    arguments.out.mkdir(parents=True, exist_ok=True)
    with drawing.style():
        drawing.save_svg(picture(found), arguments.out / "second_opinion.svg")
    page_file = arguments.out / "second_opinion.md"
    page_file.write_text(page(found, broken, arguments.replications), encoding="utf-8", newline="\n")
    print(f"{len(found)} measures over {arguments.replications} replications of each; {len(broken)} do not agree.")
    print("\n".join(broken))
    return 1 if broken else 0


def picture(found: list[Agreement]) -> Figure:
    """Draw the cumulative distributions of each measure in both programs, one over the other."""
    rows = -(-len(found) // COLUMNS)
    height = 0.95 * rows + 0.5
    figure = drawing.new_figure(height)
    for at, one in enumerate(found):
        row, column = divmod(at, COLUMNS)
        axes = figure.add_axes(
            (0.05 + 0.32 * column, 1 - (0.95 * (row + 1) + 0.1) / height, 0.27, 0.55 / height)
        )  # fmt: skip
        shares = np.linspace(0, 1, 101)
        for values, color, line in ((one.ours, drawing.BLUE, "-"), (one.theirs, drawing.VERMILION, ":")):
            known = values[np.isfinite(values)]
            axes.plot(np.quantile(known, shares, method="inverted_cdf"), shares, color=color, linestyle=line, linewidth=1.2)
        axes.set_title(one.measure, fontsize=5.5, pad=2)
        axes.tick_params(labelsize=4.5, length=2)
        axes.set_yticks([0, 0.5, 1])
    figure.text(0.05, 0.08 / height, "cumulative share of replications: stopflow (line), salabim (dots)", fontsize=6)
    return figure


def page(found: list[Agreement], broken: list[str], replications: int) -> str:
    from importlib.metadata import version

    from tests.second_opinion.agreement import FAMILY_WISE_ERROR

    adjusted = holm([one.p_value for one in found])
    lines = [
        "# A second opinion",
        "",
        "Written by `python -m tests.second_opinion`. The roadside and the jail of one scenario "
        "(`tests/second_opinion/shift_with_jail.yaml`: the shift of May 2026, with a small jail that others use as well) were "
        f"written once more for another simulation library, salabim {version('salabim')}, with its own random numbers and "
        "way of drawing. Of stopflow it uses the text of the scenario's values. Its author had read the pathway, so that a "
        "misunderstanding of the roadside could be common to both; a slip in one program could not.",
        "",
        f"{replications:,} replications of each. Counts: chi-square test; means of durations: Cramér-von Mises test; both "
        "with tests of means (Welch) and spreads (Brown and Forsythe). "
        f"{len(found)} measures, corrected together by Holm's method: two programs that agree fail with a chance of at most "
        f"{FAMILY_WISE_ERROR:g}. Versions: {', '.join(f'{name} {number}' for name, number in versions().items())}.",
        "",
        f"Result: {len(found) - len(broken)} of {len(found)} measures agree over {replications:,} replications of each; "
        f"the smallest corrected p-value is {min(adjusted):.2g}.",
        *(["", *(f"- {line}" for line in broken)] if broken else []),
        "",
        "![Distributions of every measure in both programs](second_opinion.svg)",
        "",
        "| measure | stopflow: mean (sd) | salabim: mean (sd) | test | p | corrected |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one, p in zip(found, adjusted, strict=True):
        told = [f"{np.nanmean(values):.4g} ({np.nanstd(values, ddof=1):.3g})" for values in (one.ours, one.theirs)]
        lines.append(f"| {one.measure} | {told[0]} | {told[1]} | {one.test} | {one.p_value:.3f} | {p:.2f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
