"""Sensitivity and discovery for people: tables, files, and pictures of what a measure hangs on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from sim.csv_reader import csv_rows
from sim.errors import UsageError
from sim.experiment.discovery import Box, Limit, Regret, Threshold
from sim.experiment.sensitivity import Index
from sim.report.drawing import (
    BLACK,
    BLUE,
    COLUMN_WIDTH,
    GREY,
    INK,
    SKY,
    axes_at,
    drawable,
    foot_note,
    message,
    new_figure,
    style,
)
from sim.report.files import number_text
from sim.report.numbers import DASH, in_words, name_in_words, with_unit
from sim.report.sweeps import whole_file
from sim.report.text_files import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INFLUENCE_COLUMNS = ("measure", "factor", "factor_unit", "method", "index", "value", "ci_low", "ci_high", "within_error", "shown")
BOX_COLUMNS = ("box", "factor", "low", "high", "among", "p_value", "coverage", "density", "points", "failures")
REGRET_COLUMNS = ("measure", "wanted", "policy", "mean", "p90", "largest", "best_in", "worlds")
#: Which index a picture ranks the factors by, and what it says.
MAIN = {
    "low_to_high": "Change of the mean from the low to the high end of the factor's range",
    "total": "Sobol' indices: shares of the variance; wide: with all interactions, dark: alone",
    "mu_star": "Morris: mean size of a step's effect; ring: how much it differs (sigma)",
    "pawn": "PAWN: how far the distribution moves when the factor is known (0 to 1)",
}
#: The index that stands in the bar of the main one.
BESIDE = ("first", "sigma")
_PALE_IS_NONE = "Line: 95% interval. Pale: zero within error."
NOTES = dict.fromkeys(MAIN, _PALE_IS_NONE) | {"pawn": "Line: 95% interval. Pale: no more than an idle factor gets by chance."}
PALE_BLUE = "#CFE6F5"
MOST_BARS = 20


def write_influence(found: Mapping[str, Sequence[Index]], units: Mapping[str, str], method: str, path: Path) -> None:
    """Write ``sensitivity.csv``: a row for every measure, factor and index."""
    with whole_file(path) as stream:
        writer = Rows(stream)
        writer.writerow(INFLUENCE_COLUMNS)
        for measure, indices in found.items():
            for one in indices:
                numbers = map(number_text, (one.value, one.ci_low, one.ci_high))
                within = "yes" if one.within_error else "no"
                head = [measure, one.factor, units.get(one.factor, ""), method, one.index]
                writer.writerow([*head, *numbers, within, number_text(one.shown)])


def read_influence(path: Path) -> dict[str, list[Index]]:
    """Return what stands in ``sensitivity.csv`` by measure.

    Raises
    ------
    UsageError
        If the file is missing or damaged.
    """
    found: dict[str, list[Index]] = {}
    try:
        rows = csv_rows(path)
        if tuple(next(rows, (1, []))[1]) != INFLUENCE_COLUMNS:
            raise ValueError("its columns are others")
        for _, cells in rows:
            row = dict(zip(INFLUENCE_COLUMNS, cells, strict=True))
            value, low, high = (float(row[name]) if row[name] else math.nan for name in ("value", "ci_low", "ci_high"))
            factor = row["factor"].removeprefix("'")
            index = Index(factor, row["index"], value, low, high, within_error=row["within_error"] == "yes")
            found.setdefault(row["measure"], []).append(index)
    except ValueError as problem:
        raise UsageError(f"{path}: is missing or damaged ({problem}); run 'stopflow sensitivity' again.") from None
    return found


def influence_table(found: Mapping[str, Sequence[Index]], units: Mapping[str, str], chance: Mapping[str, float]) -> Table:
    """Return the table of indices: by measure, the strongest factor first."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("measure", "factor", "index"):
        table.add_column(name, overflow="fold")
    table.add_column("value [95% interval]", justify="right")
    for measure, indices in found.items():
        share = chance.get(measure, float("nan"))
        left = f" [dim](chance left in the means: {share:.0%})[/dim]" if math.isfinite(share) else ""
        table.add_row(f"[bold]{measure}[/bold]{left}")
        if not indices:
            table.add_row("", "[dim]does not vary, or is undefined at too many points[/dim]")
        for one in strongest_first(indices):
            table.add_row("", escape(one.factor), one.index, _value_text(one, units.get(measure, "")))
    return table


def _value_text(one: Index, unit: str) -> str:
    def text(value: float) -> str:
        return in_words(value, unit) if one.index == "low_to_high" else (f"{value:.2g}" if math.isfinite(value) else DASH)

    interval = f" [dim]\\[{text(one.ci_low)} to {text(one.ci_high)}][/dim]" if math.isfinite(one.ci_low) else ""
    zero = " [dim]zero within error[/dim]" if one.within_error else ""
    return f"{text(one.shown)}{interval}{zero}"


def strongest_first(indices: Sequence[Index]) -> list[Index]:
    """Return indices by factor, the factor with the largest main index first, and of each factor the main one first."""
    main = {one.factor: abs(one.value) for one in indices if one.index in MAIN}
    return sorted(indices, key=lambda one: (-main.get(one.factor, 0.0), one.factor, one.index not in MAIN))


def tornado(measure: str, unit: str, indices: Sequence[Index]) -> Figure:
    """Draw what one measure hangs on: a row for every factor, the strongest on top, with 95% intervals.

    Parameters
    ----------
    measure, unit
        Of which measure.
    indices
        What the method gave, in any order.

    Returns
    -------
    matplotlib.figure.Figure
        Bars of the main index (of Sobol' the total; the first order is the dark bar in it, of Morris a ring is sigma).
        Pale bars cannot be told from none.
    """
    ordered = strongest_first(indices)
    bars = [one for one in ordered if one.index in MAIN][:MOST_BARS]
    if not bars:
        return message("Nothing can be said: the measure does not vary, or is undefined at too many points.")
    beside = {one.factor: one for one in ordered if one.index in BESIDE}
    names = [drawable(_two_last(one.factor)) for one in bars]
    height = 1.15 + 0.26 * len(bars)
    with style():
        figure = new_figure(height)
        left = min(2.3, 0.3 + 0.062 * max(map(len, names)))
        axes = axes_at(figure, left, 0.9, COLUMN_WIDTH - left - 0.25, height - 1.0)
        for position, one in enumerate(bars):
            axes.barh(position, one.shown, height=0.66, color=PALE_BLUE if one.within_error else SKY)
            if one.factor in beside:
                _draw_beside(axes, position, beside[one.factor])
            if math.isfinite(one.ci_low):
                axes.plot([one.ci_low, one.ci_high], [position, position], color=INK, linewidth=1.1)
        axes.axvline(0, color=GREY, linewidth=0.7)
        if bars[0].index == "total":  # a share that few points put above one is one
            axes.set_xlim(min(0.0, axes.get_xlim()[0]), min(1.0, axes.get_xlim()[1]))
        axes.set_yticks(range(len(bars)), names)
        axes.set_ylim(len(bars) - 0.5, -0.5)
        axes.tick_params(axis="y", left=False, labelsize=7.5)
        words = name_in_words(measure)
        axes.set_xlabel(with_unit(words, unit) if bars[0].index == "low_to_high" else words, fontsize=8.5)
        foot_note(figure, f"{MAIN[bars[0].index]}.\n{NOTES[bars[0].index]}")
    return figure


def _draw_beside(axes: Axes, position: int, one: Index) -> None:
    """Draw the second index of a method in the bar of the first."""
    if one.index == "first":
        axes.barh(position, one.shown, height=0.3, color=BLUE)
    else:
        axes.plot([one.shown], [position], "o", ms=5, mfc="white", mec=BLACK, mew=1.0)


def _two_last(factor: str) -> str:
    """Return the last two words of a dotted path, which tell factors of one study apart."""
    return ".".join(factor.split(".")[-2:])


def write_boxes(boxes: Sequence[Box], path: Path) -> None:
    """Write ``boxes.csv``: a row for every box and limit."""
    with whole_file(path) as stream:
        writer = Rows(stream)
        writer.writerow(BOX_COLUMNS)
        for number, box in enumerate(boxes, start=1):
            for one in box.limits:
                ends = ["" if end is None else number_text(end) for end in (one.low, one.high)]
                shares = map(number_text, (one.p_value, box.coverage, box.density))
                writer.writerow([number, one.factor, *ends, "|".join(one.among), *shares, box.points, box.failures])


def box_table(boxes: Sequence[Box], units: Mapping[str, str], everywhere: float, threshold: Threshold) -> Table:
    """Return the table of boxes in which a threshold is missed."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("box", "where", "and there"):
        table.add_column(name, overflow="fold")
    table.add_column(f"{threshold}", justify="right")
    table.add_row("", "anywhere", "", f"{everywhere:.0%} of points")
    for number, box in enumerate(boxes, start=1):
        for position, limit in enumerate(box.limits):
            head = (str(number), f"{box.density:.0%} of {box.points} points; {box.coverage:.0%} of all failures")
            numbered, words = head if position == 0 else ("", "")
            table.add_row(numbered, escape(limit.factor), escape(limit_in_words(limit, units)), words)
    return table


def limit_in_words(limit: Limit, units: Mapping[str, str]) -> str:
    """Return one side of a box for people."""
    unit = units.get(limit.factor, "")
    unit = f" {unit}" if unit in ("minutes", "per hour", "USD") else ""
    sure = "" if limit.p_value < 0.05 else " (may be chance)"
    if limit.among:
        return f"{' or '.join(limit.among)}{sure}"
    if limit.low is None:
        return f"at most {limit.high:.4g}{unit}{sure}"
    if limit.high is None:
        return f"at least {limit.low:.4g}{unit}{sure}"
    return f"{limit.low:.4g} to {limit.high:.4g}{unit}{sure}"


def write_regrets(regrets: Sequence[Regret], measure: str, wanted: str, path: Path) -> None:
    """Write ``regret.csv``: a row for every policy, the smallest largest regret first."""
    with whole_file(path) as stream:
        writer = Rows(stream)
        writer.writerow(REGRET_COLUMNS)
        for one in regrets:
            numbers = map(number_text, (one.mean, one.p90, one.largest, one.best_in))
            writer.writerow([measure, wanted, one.policy, *numbers, one.worlds])


def regret_table(regrets: Sequence[Regret], measure: str, unit: str, wanted: str) -> Table:
    """Return the table of regrets: what each policy loses against the best one in the same world."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column(f"policy\n[dim]{measure}, {unit}: the {wanted}[/dim]", overflow="fold")
    for name in ("mean regret", "90% below", "largest", f"the {wanted} in"):
        table.add_column(name, justify="right")
    for one in regrets:
        numbers = (in_words(value, unit) for value in (one.mean, one.p90, one.largest))
        table.add_row(escape(one.policy), *numbers, f"{one.best_in:.0%} of {one.worlds} worlds")
    return table
