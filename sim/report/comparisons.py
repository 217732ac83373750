"""What a comparison of several arms writes and shows beside its differences: the ranking, and what a posterior leaves open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from rich.markup import escape
from rich.table import Table

from sim.experiment.arms import Arms
from sim.experiment.ranking import Rank
from sim.measures import Measure
from sim.report.files import number_text
from sim.report.numbers import in_words
from sim.report.text_files import rows_to

RANKING_COLUMNS = ("measure", "unit", "wanted", "rank", "arm", "mean", "probability_best")


@dataclass(frozen=True, slots=True)
class Spread:
    """How far one difference spreads over the draws of a posterior: of its mean over each draw's replications."""

    arm: str
    measure: str
    unit: str
    mean: float
    p05: float
    median: float
    p95: float
    probability_above_zero: float
    draws: int


def spreads(arms: Arms, measures: Iterable[Measure]) -> list[Spread]:
    """Return the spread of every difference over the draws."""
    found = []
    for measure in measures:
        for arm, means in arms.means_of_draws(measure.name).items():
            known = means[np.isfinite(means)]
            if len(known):
                low, middle, high = (float(value) for value in np.quantile(known, [0.05, 0.5, 0.95]))
                above = float((known > 0).mean() + (known == 0).mean() / 2)
                found.append(Spread(arm, measure.name, measure.unit, float(known.mean()), low, middle, high, above, len(known)))
    return found


def write_ranking(ranks: Iterable[Rank], path: Path) -> None:
    """Write ``ranking.csv``: a row per measure and arm, base included, from the first to the last."""
    with rows_to(path) as writer:
        writer.writerow(RANKING_COLUMNS)
        for one in ranks:
            numbers = number_text(one.mean), number_text(one.probability_best)
            writer.writerow([one.measure, one.unit, one.wanted, one.rank, one.arm, *numbers])


def write_spreads(found: Iterable[Spread], path: Path) -> None:
    """Write ``comparison_over_posterior.csv``: a row per arm and measure."""
    with rows_to(path) as writer:
        writer.writerow([field.name for field in fields(Spread)])
        for one in found:
            row = astuple(one)
            writer.writerow([*row[:3], *map(number_text, row[3:])])


def ranking_table(ranks: Iterable[Rank]) -> Table:
    """Return the table of rankings: for each measure the arms from the first to the last, with the chance of being first."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("measure", "first is", "arm"):
        table.add_column(name, overflow="fold")
    for name in ("mean", "chance of being first"):
        table.add_column(name, justify="right")
    last = ""
    for one in ranks:
        head = ("", "") if one.measure == last else (one.measure, f"the {one.wanted}")
        last = one.measure
        table.add_row(*head, f"{one.rank}. {escape(one.arm)}", in_words(one.mean, one.unit), share_in_words(one.probability_best))
    return table


def spread_table(found: Iterable[Spread], measures: Iterable[str]) -> Table:
    """Return the table of what a posterior leaves open about the differences of some measures."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("measure", "arm"):
        table.add_column(name, overflow="fold")
    for name in ("median difference", "90% range over draws", "chance of more than the base"):
        table.add_column(name, justify="right")
    wanted = set(measures)
    for one in found:
        if one.measure in wanted:
            middle, low, high = (in_words(value, one.unit) for value in (one.median, one.p05, one.p95))
            table.add_row(one.measure, escape(one.arm), middle, f"{low} to {high}", share_in_words(one.probability_above_zero))
    return table


def share_in_words(share: float) -> str:
    """Return a chance as a percentage that never claims certainty."""
    if share > 0.99:
        return "above 99%"
    return "below 1%" if share < 0.01 else f"{100 * share:.0f}%"
