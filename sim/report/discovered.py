"""What 'stopflow discover' found in a sweep: computed from its store, written beside it, and shown in its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError, nearest
from sim.experiment.discovery import Box, Column, Regret, Threshold, boxes, parse_threshold, regrets
from sim.report.influence import limit_in_words, write_boxes, write_regrets
from sim.report.numbers import in_words, name_in_words
from sim.report.sweeps import Results, factor_columns, point_means

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BOXES, REGRET = "boxes.csv", "regret.csv"
MOST_POLICIES = 14


@dataclass(frozen=True, eq=False, slots=True)
class Failures:
    """Where a policy fails."""

    threshold: Threshold
    policy: Mapping[str, str]
    columns: Mapping[str, Column]
    means: NDArray[np.float64]
    boxes: list[Box]
    everywhere: float

    @property
    def points(self) -> int:
        """How many points were looked at."""
        return len(self.means)


def failures(results: Results, text: str, policy: Sequence[str]) -> Failures:
    """Return in which regions of the unknowns a policy fails.

    Parameters
    ----------
    results
        Of a finished sweep.
    text
        When a point fails, as ``released_at_clock>3``.
    policy
        Look under these values of levers only, as ``lever=value``.

    Raises
    ------
    UsageError
        If there is no such measure, lever or value.
    """
    threshold = parse_threshold(text, results.measure_names)
    wanted = dict(_setting(one, results) for one in policy)
    names = results.factor_names
    table = point_means(results, threshold.measure)
    kept = [row for row in table if all(_words(row.shown[names.index(key)]) == value for key, value in wanted.items())]
    if not kept:
        raise UsageError(f"--policy {', '.join(policy)}: no point of the study has these values; see its points.csv.")
    columns = {name: column for name, column in factor_columns(results, kept).items() if name not in wanted}
    means = np.asarray([row.mean for row in kept])
    found, everywhere = boxes(columns, threshold.fails(means))
    return Failures(threshold, wanted, columns, means, found, everywhere)


def regret_of(results: Results, text: str) -> tuple[str, str, list[Regret]]:
    """Return the measure, which of it is wanted, and what each policy loses against the best one in the same world.

    Raises
    ------
    UsageError
        If the text is not ``measure=most`` or ``measure=least``.
    """
    name, _, wanted = text.partition("=")
    if name not in results.measure_names:
        raise UsageError(f"--regret {text}: '{name}' is not a measure; {nearest(name, results.measure_names)}")
    if wanted not in ("most", "least"):
        raise UsageError(f"--regret {text}: say which is wanted: {name}=most, or {name}=least.")
    table = point_means(results, name)
    roles = [one["role"] for one in results.factors]

    def words(shown: list[float | str], role: str) -> str:
        told = zip(results.factor_names, shown, roles, strict=True)
        return ", ".join(f"{key}={_words(value)}" for key, value, one in told if one == role)

    policies, worlds = ([words(row.shown, role) for row in table] for role in ("lever", "uncertainty"))
    return name, wanted, regrets(policies, worlds, np.asarray([row.mean for row in table]), wanted)


def _setting(text: str, results: Results) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name not in results.factor_names:
        raise UsageError(f"--policy {text}: write LEVER=VALUE; {nearest(name, results.factor_names)}")
    return name, value.strip()


def _words(value: float | str) -> str:
    return f"{value:g}" if isinstance(value, float | int) else value


def write(results: Results, asked: Mapping[str, Any], folder: Path) -> None:
    """Write ``boxes.csv`` and ``regret.csv``, as far as they were asked for, into a folder.

    Parameters
    ----------
    results
        Of a finished sweep.
    asked
        ``fails`` with ``policy``, and ``regret``, as they were written on the command line.
    folder
        Where to write them.
    """
    if asked.get("fails"):
        write_boxes(failures(results, str(asked["fails"]), list(asked.get("policy", ()))).boxes, folder / BOXES)
    if asked.get("regret"):
        name, wanted, found = regret_of(results, str(asked["regret"]))
        write_regrets(found, name, wanted, folder / REGRET)


def asked_before(folder: Path) -> dict[str, Any]:
    """Return what was asked of a sweep before it was taken up again, as its manifest says; nothing if there is none."""
    from sim.report import files

    if not (folder / files.MANIFEST).is_file():
        return {}
    asked = files.read_manifest(folder).get("discovered")
    return asked if isinstance(asked, dict) else {}


def written_anew(results: Results, asked: Mapping[str, Any], folder: Path) -> bool:
    """Find once more, in more replications, what was asked before; whether the study still can answer it."""
    for name in (BOXES, REGRET):
        (folder / name).unlink(missing_ok=True)
    try:
        write(results, asked, folder)
    except UsageError:  # the study lost a lever, or a value of it
        for name in (BOXES, REGRET):
            (folder / name).unlink(missing_ok=True)
        return False
    return True


# --- for a report ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What a report shows of it."""

    answer: list[str]
    boxes: list[tuple[str, str, str, str]]
    regrets: list[tuple[str, str, str, str, str]]
    regret_head: str
    figures: list[tuple[str, str, str, str, Figure]]  # name, heading, caption, words, figure


def found_in(results: Results, asked: Mapping[str, Any]) -> Found:
    """Return what was discovered in a sweep, for its report."""
    answer: list[str] = []
    figures: list[tuple[str, str, str, str, Figure]] = []
    box_rows: list[tuple[str, str, str, str]] = []
    regret_rows: list[tuple[str, str, str, str, str]] = []
    head = ""
    if asked.get("fails"):
        found = failures(results, str(asked["fails"]), list(asked.get("policy", ())))
        units = {one["name"]: one["unit"] for one in results.factors}
        box_rows = _box_rows(found, units)
        answer.append(_failures_in_words(found, units))
        caption = "Each mark is one point of the design, by its mean; crosses fail. Shaded: the regions that were found."
        figures.append(("failures", "Where it fails", caption, answer[-1], failures_picture(found, units)))
    if asked.get("regret"):
        name, wanted, losses = regret_of(results, str(asked["regret"]))
        unit = results.unit(name)
        head = f"{name_in_words(name)}, {unit}: the {wanted} is wanted"
        regret_rows = [
            (one.policy, in_words(one.mean, unit), in_words(one.p90, unit), in_words(one.largest, unit), f"{one.best_in:.0%}")
            for one in losses
        ]
        answer.append(_regret_in_words(losses, name, unit, wanted))
        caption = "What each policy loses against the best policy in the same world: on average, and at most."
        figures.append(("regret", "What each policy may regret", caption, answer[-1], regret_picture(losses, name, unit, wanted)))
    return Found(answer, box_rows, regret_rows, head, figures)


def _failures_in_words(found: Failures, units: Mapping[str, str]) -> str:
    under = f" under {', '.join(f'{key}={value}' for key, value in found.policy.items())}" if found.policy else ""
    fails = f"{name_in_words(found.threshold.measure)} {found.threshold.sign} {found.threshold.number:g}"
    count = round(found.everywhere * found.points)
    first = f"{count:,} of {found.points:,} points fail{under}: there the mean of {fails}"
    if not found.boxes:
        return f"{first}. No region of the unknowns fails more than the rest."
    box = found.boxes[0]
    where = " and ".join(f"{limit.factor} is {limit_in_words(limit, units)}" for limit in box.limits)
    return (
        f"{first}. They gather where {where}: {box.density:.0%} of the {box.points} points there fail, and they are "
        f"{box.coverage:.0%} of all that fail. A point's mean is known within chance only: points near the edge may change sides."
    )


def _box_rows(found: Failures, units: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    rows = []
    for number, box in enumerate(found.boxes, start=1):
        for at, limit in enumerate(box.limits):
            told = f"{box.density:.0%} of {box.points} points; {box.coverage:.0%} of all failures" if at == 0 else ""
            rows.append((str(number), limit.factor, limit_in_words(limit, units), told))
    return rows


def _regret_in_words(found: Sequence[Regret], measure: str, unit: str, wanted: str) -> str:
    best = found[0]
    others = f"; the next, {found[1].policy}, {in_words(found[1].largest, unit)}" if len(found) > 1 else ""
    return (
        f"If the {wanted} of {name_in_words(measure)} is wanted, the policy with the smallest largest regret is {best.policy}: "
        f"over {best.worlds} worlds it loses {in_words(best.largest, unit)} {unit} at most against the best policy in the same "
        f"world, and {in_words(best.mean, unit)} on average{others}. This weighs one measure only; the others stand below."
    )


def failures_picture(found: Failures, units: Mapping[str, str]) -> Figure:
    """Draw which points fail, over the one or two factors that tell most.

    Parameters
    ----------
    found
        What :func:`failures` returns.
    units
        The factors' units by name.

    Returns
    -------
    matplotlib.figure.Figure
        Over two factors, or over one factor and the measure itself; the regions that were found are shaded.
    """
    from sim.report.drawing import COLUMN_WIDTH, GREY, VERMILION, axes_at, drawable, foot_note, message, new_figure, style

    names = [limit.factor for box in found.boxes[:1] for limit in sorted(box.limits, key=lambda one: one.p_value)][:2]
    names = names or [name for name, column in found.columns.items() if len(set(column.tolist())) > 1][:1]
    if not names:
        return message("The points differ in nothing that could tell them apart.")
    fails = found.threshold.fails(found.means)
    with style():
        figure = new_figure(3.6)
        axes = axes_at(figure, 0.75, 0.95, COLUMN_WIDTH - 0.95, 2.4)
        across = _places(axes, found.columns[names[0]], "x")
        two = len(names) > 1
        up = _places(axes, found.columns[names[1]], "y") if two else found.means
        _shade(axes, found, names)
        axes.plot(across[~fails], up[~fails], "o", ms=4, mfc="white", mec=GREY, mew=0.9, label="does not fail")
        axes.plot(across[fails], up[fails], "x", ms=5, color=VERMILION, mew=1.5, label="fails")
        if not two:
            axes.axhline(found.threshold.number, color=VERMILION, linewidth=0.9)
        axes.set_xlabel(drawable(_axis(names[0], units)), fontsize=8)
        axes.set_ylabel(drawable(_axis(names[1], units) if two else name_in_words(found.threshold.measure)), fontsize=8)
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.1, handletextpad=0.2)
        words = f"{name_in_words(found.threshold.measure)} {found.threshold.sign} {found.threshold.number:g}"
        foot_note(figure, drawable(f"Fails: mean of {words}. Shaded: regions found."))
    return figure


def _axis(name: str, units: Mapping[str, str]) -> str:
    unit = units.get(name, "")
    return f"{'.'.join(name.split('.')[-2:])}" + (f" ({unit})" if unit and unit != "choice" else "")


def _places(axes: Axes, column: Column, side: str) -> NDArray[np.float64]:
    """Return where the values of a factor lie on an axis; words get places in order, numbers first."""
    if column.dtype != object:
        return np.asarray(column, dtype=np.float64)
    words = _in_order(column)
    (axes.set_xticks if side == "x" else axes.set_yticks)(range(len(words)), words)
    return np.asarray([words.index(word) for word in column.tolist()], dtype=np.float64)


def _in_order(column: Column) -> list[str]:
    """Return the words of a factor in order: numbers by size, then the others."""

    def order(word: str) -> tuple[bool, float, str]:
        number = word.replace(".", "", 1).isdigit()
        return not number, float(word) if number else 0.0, word

    return sorted(set(column.tolist()), key=order)


def _shade(axes: Axes, found: Failures, names: Sequence[str]) -> None:
    """Shade the regions that were found, as far as they limit the factors of the picture."""
    from sim.report.drawing import ORANGE

    for box in found.boxes:
        ends = []
        for name in names:
            limit = next((one for one in box.limits if one.factor == name), None)
            column = found.columns[name]
            if column.dtype == object:
                words = _in_order(column)
                inside = [words.index(word) for word in (limit.among if limit else words)]
                ends.append((min(inside) - 0.3, max(inside) + 0.3))
            else:
                numbers = np.asarray(column, dtype=np.float64)
                reach = 0.03 * float(np.ptp(numbers))
                low = limit.low if limit and limit.low is not None else float(numbers.min()) - reach
                high = limit.high if limit and limit.high is not None else float(numbers.max()) + reach
                ends.append((low, high))
        if len(ends) == 1:
            axes.axvspan(*ends[0], color=ORANGE, alpha=0.25, linewidth=0)
        else:
            (left, right), (low, high) = ends
            axes.fill([left, right, right, left], [low, low, high, high], color=ORANGE, alpha=0.25, linewidth=0)


def regret_picture(found: Sequence[Regret], measure: str, unit: str, wanted: str) -> Figure:
    """Draw what each policy loses against the best policy in the same world, a row for every policy.

    Parameters
    ----------
    found
        The smallest largest regret first.
    measure, unit, wanted
        Of what, and whether the most or the least of it is wanted.

    Returns
    -------
    matplotlib.figure.Figure
        Bars to the mean regret, lines to that of 90% of worlds and to the largest.
    """
    import textwrap

    from sim.report.drawing import BLACK, COLUMN_WIDTH, SKY, axes_at, drawable, foot_note, new_figure, style, without_left_side

    rows = list(found[:MOST_POLICIES])
    labels = [textwrap.fill(drawable(_short(one.policy)), 30) for one in rows]
    tall = 0.17 * max(label.count("\n") + 1 for label in labels) + 0.1
    left = 0.25 + min(2.0, 0.062 * max(len(line) for label in labels for line in label.split("\n")))
    with style():
        figure = new_figure(tall * len(rows) + 0.95)
        axes = axes_at(figure, left, 0.8, COLUMN_WIDTH - left - 0.2, tall * len(rows))
        for place, one in enumerate(rows):
            axes.barh(-place, one.mean, height=0.55, color=SKY)
            axes.plot([one.mean, one.largest], [-place, -place], color=BLACK, linewidth=0.9)
            axes.plot([one.p90], [-place], "|", color=BLACK, ms=8)
            axes.plot([one.largest], [-place], "o", color=BLACK, ms=3.5)
        axes.set_yticks([-place for place in range(len(rows))], labels, fontsize=7.5)
        axes.set_ylim(-len(rows) + 0.4, 0.6)
        axes.set_xlim(left=0)
        axes.set_xlabel(f"regret in {name_in_words(measure)} ({unit}); the {wanted} is wanted", fontsize=8)
        without_left_side(axes)
        more = f" The first {len(rows)} of {len(found)} policies." if len(found) > len(rows) else ""
        foot_note(figure, f"Bar: mean over {rows[0].worlds} worlds; tick: 90% of worlds below; dot: the largest.{more}")
    return figure


def _short(policy: str) -> str:
    """Return a policy with the last word of each lever's name."""
    return ", ".join(
        f"{one.partition('=')[0].split('.')[-1].replace('_', ' ')} {one.partition('=')[2]}" for one in policy.split(", ")
    )
