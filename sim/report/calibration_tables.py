"""Tables of a calibration for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.markup import escape
from rich.table import Table

from sim.calibration import exact, rivals
from sim.calibration.diagnostics import learned, ridges
from sim.calibration.fit import MOST_MOVES
from sim.calibration.study import Calibration, Predicted
from sim.calibration.uncertainty import Carried
from sim.measures.registry import by_group
from sim.models import model_of
from sim.report.calibration_files import More
from sim.report.numbers import DASH, in_words, range_in_words
from sim.scenario import Scenario

_STYLES = {"informed": "green", "partly": "yellow", "uninformed": "red"}
#: Held-back standardised residuals of a sound emulator have mean 0 and standard deviation 1 within this.
SOUND_MEAN, SOUND_SD = 0.25, (0.85, 1.15)
#: A tail probability beyond this on either side says that the fitted model hardly makes the reported figure.
FAR_OUT = 0.05


def learned_table(calibration: Calibration) -> Table:
    """Return what was learned of each parameter."""
    table = _table("parameter", "unit")
    for name in ("prior 90%", "posterior median", "90% range", "contraction"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    table.add_column("hangs together with", overflow="fold")
    for row in learned(calibration.space, calibration.draws.latent):
        table.add_row(
            escape(row.name),
            row.unit,
            f"{row.prior_low:.3g} to {row.prior_high:.3g}",
            f"{row.median:.3g}",
            f"{row.low:.3g} to {row.high:.3g}",
            f"{row.contraction:.2f}",
            f"[{_STYLES[row.verdict]}]{row.verdict}[/]",
            escape(row.together_with),
        )
    return table


def ridge_lines(calibration: Calibration) -> list[str]:
    """Return a line for each combination that is known better than its members."""
    found = ridges(calibration.space, calibration.draws.latent)
    return [
        f"known only together: {one.in_words} (contraction {one.contraction:.2f}; its best member alone {one.best_member:.2f})"
        for one in found
    ]


def closed_table(calibration: Calibration) -> Table:
    """Return the closed posteriors of the stages that reports tell by themselves."""
    table = _table("stage (closed, uniform prior)", "posterior")
    for name in ("median", "90% range"):
        table.add_column(name, justify="right")
    for operation in calibration.operations:
        if not isinstance(operation.scenario, Scenario):
            continue
        for one in exact.stages(operation.scenario, operation.targets):
            table.add_row(
                escape(f"{operation.name}: {one.what}"), one.distribution, f"{one.median:.3g}", f"{one.low:.3g} to {one.high:.3g}"
            )
    return table


def predicted_table(rows: Sequence[Predicted]) -> Table:
    """Return the reported figures beside what the fitted model gives."""
    table = _table("operation", "reported figure")
    for name in ("reported", "simulated median", "90% range", "tail probability"):
        table.add_column(name, justify="right")
    table.add_column("use")
    for row in rows:
        far = min(row.tail, 1 - row.tail) < FAR_OUT
        table.add_row(
            escape(row.operation),
            row.measure,
            f"{row.reported:,g}",
            in_words(row.median, "people"),
            range_in_words(row.low, row.high, "people"),
            f"[red]{row.tail:.3f}[/]" if far else f"{row.tail:.3f}",
            row.use.replace("_", " "),
        )
    return table


def warnings(calibration: Calibration) -> list[str]:
    """Return what casts doubt on a calibration, one line each."""
    lines = []
    for operation in calibration.operations:
        for check in operation.emulator.checks:
            if abs(check.mean) > SOUND_MEAN or not SOUND_SD[0] < check.sd < SOUND_SD[1]:
                lines.append(
                    f"{operation.name}: {check.measure} was not learned well (held-back residuals: mean {check.mean:.2f}, "
                    f"sd {check.sd:.2f}); raise --simulations."
                )
        for target in operation.targets:
            seen = operation.column(target.measure)
            seen = seen[np.isfinite(seen)]
            if len(seen) and not seen.min() <= target.value <= seen.max():
                lines.append(
                    f"{operation.name}: no draw of the prior comes near {target.value:g} {target.measure} "
                    f"({seen.min():g} to {seen.max():g} simulated); widen the ranges."
                )
    if calibration.draws.moves >= MOST_MOVES:
        lines.append("the last generation may not have settled; raise --particles.")
    lines += [
        f"{row.operation}: the fitted model hardly makes {row.reported:g} {row.measure} (tail probability {row.tail:.3f})."
        for row in calibration.predicted
        if row.use == "target" and row.qualifier in ("exact", "approximate") and min(row.tail, 1 - row.tail) < FAR_OUT
    ]
    return lines


def more_tables(more: More) -> Iterator[Table | str]:
    """Yield what else was asked for: the answer, what to ask for next, rival stories, predictions of what was left out."""
    if more.answer is not None and not more.told:
        low, middle, high = more.answer.range
        yield f"[bold]{escape(more.answer.question.in_words)}[/bold]: {middle:.3g}, 90% range {low:.3g} to {high:.3g}"
    if more.worth:
        table = _table("what to ask for next", "operation", "unit")
        for name in ("answer's sd now", "expected after", "narrower by"):
            table.add_column(name, justify="right")
        for one in more.worth[:10]:
            spreads = (f"{one.answer_sd:.3g}", f"{one.expected_sd:.3g}", f"{one.narrower:.0%}")
            table.add_row(one.count, escape(one.operation), one.unit, *spreads)
        yield table
    if more.told:
        table = _table("story")
        for name in ("answer", "90% range", "share above 0", "log evidence"):
            table.add_column(name, justify="right")
        table.add_column("direction")
        for story in more.told:
            low, middle, high = story.answer.range
            table.add_row(
                escape(story.story), f"{middle:.3g}", f"{low:.3g} to {high:.3g}", f"{story.answer.above_zero:.2f}",
                f"{story.log_evidence:.1f}", story.direction,
            )  # fmt: skip
        yield f"[bold]{escape(more.told[0].answer.question.in_words)}[/bold]"
        yield table
        yield escape(rivals.verdict(more.told))
    if more.left_out:
        yield "[bold]each operation predicted from the others alone[/bold]"
        yield predicted_table(more.left_out)


def uncertainty_table(carried: Carried) -> Table:
    """Return every measure under a posterior, its spread taken apart."""
    table = _table("measure", "unit")
    for name in ("mean", "90% range", "sd", "by chance", "by ignorance", "share of variance from ignorance", "reported"):
        table.add_column(name, justify="right")
    for group, members in by_group(model_of(carried.scenario).measures(carried.scenario)):
        table.add_row(f"[bold]{group}[/bold]")
        for measure in members:
            one, unit = carried.split(measure.name), measure.unit
            figure = carried.scenario.reported.get(measure.name)
            table.add_row(
                f"  {measure.name}",
                unit,
                in_words(one.mean, unit),
                range_in_words(one.low, one.high, unit),
                *(in_words(value, "minutes") for value in (one.sd, one.sd_chance, one.sd_ignorance)),
                f"{one.from_ignorance:.0%}" if one.sd > 0 else DASH,
                f"{figure.value:,g}" if figure else "",
            )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for column in columns:
        table.add_column(column)
    return table
