"""Pictures of a calibration: what the reports told of each parameter, what only of pairs, and what is predicted.

What nobody learned is drawn as plainly as what somebody did.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.calibration.diagnostics import Learned
from sim.calibration.priors import Space
from sim.calibration.study import Calibration, Predicted, thinned
from sim.calibration.uncertainty import Carried
from sim.report.drawing import (
    BLACK,
    BLUE,
    COLUMN_WIDTH,
    GREY,
    ORANGE,
    PALE,
    SKY,
    axes_at,
    drawable,
    foot_note,
    message,
    new_figure,
    style,
    without_left_side,
)
from sim.report.numbers import in_words, name_in_words, range_in_words

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

MOST_IN_PAIRS = 6
POINTS = 400
#: What is drawn of a run under a posterior: burden and error beside yield.
CARRIED = (
    "stops", "inspections", "referrals", "detained", "referred_then_released", "citizens_referred",
    "minutes_beyond_task_mean", "vehicles_passed_unstopped", "officer_hours",
)  # fmt: skip
ROW = 0.24
_Z = np.linspace(-3, 3, 121)
_BINS = np.linspace(-3, 3, 31).tolist()


def all_of(calibration: Calibration, rows: Sequence[Learned]) -> dict[str, Figure]:
    """Return every picture of a calibration by the name of its file."""
    return {
        "parameters": parameters(rows, calibration.space, calibration.draws.latent),
        "pairs": pairs(calibration.space, calibration.draws.latent, rows),
        "predicted": predicted(calibration.predicted),
    }


def parameters(rows: Sequence[Learned], space: Space, latent: Floats) -> Figure:
    """Draw each parameter's posterior against its prior, on the scale on which the prior is standard normal."""
    normal = space.normal(latent)
    order = sorted(range(len(rows)), key=lambda at: -rows[at].contraction)
    with style():
        height = 0.85 + ROW * len(rows)
        figure = new_figure(height)
        left = 2.15
        axes = axes_at(figure, left, 0.72, COLUMN_WIDTH - left - 0.75, ROW * len(rows))
        axes.axvspan(-1.6449, 1.6449, color=PALE, linewidth=0)
        for place, at in enumerate(order):
            low, middle, high = np.quantile(normal[:, at], (0.05, 0.5, 0.95))
            colour = {"informed": BLUE, "partly": SKY, "uninformed": GREY}[rows[at].verdict]
            axes.plot([low, high], [-place, -place], color=colour, linewidth=3.2, solid_capstyle="butt")
            axes.plot([middle], [-place], "o", color=BLACK, ms=2.6)
            axes.text(3.15, -place, rows[at].verdict, fontsize=7.5, va="center", color=BLACK if colour != GREY else GREY)
        axes.set_yticks([-place for place in range(len(order))], [_short(rows[at].name) for at in order], fontsize=7)
        axes.set_xlim(-3, 3)
        axes.set_ylim(-len(order) + 0.4, 0.6)
        axes.set_xlabel("prior standard deviations from the prior's median", fontsize=8)
        without_left_side(axes)
        foot_note(figure, "Shaded: 90% of the prior; bar: 90% of the posterior; dot: its median.")
    return figure


def pairs(space: Space, latent: Floats, rows: Sequence[Learned]) -> Figure:
    """Draw the parameters of which most was learned, alone or together, against each other; ridges show as slanted clouds."""
    chosen = _worth_a_pair(space, latent, rows)
    if len(chosen) < 2:
        return message("Fewer than two parameters to set against each other.")
    normal, few = space.normal(latent), space.normal(thinned(latent, POINTS))
    side = (COLUMN_WIDTH - 0.75) / len(chosen)
    with style():
        figure = new_figure(side * len(chosen) + 1.0)
        for row, down in enumerate(chosen):
            for column, across in enumerate(chosen[: row + 1]):
                bottom = 0.85 + side * (len(chosen) - 1 - row)
                axes = axes_at(figure, 0.65 + side * column, bottom, side - 0.06, side - 0.06)
                if row == column:
                    axes.hist(normal[:, across], bins=_BINS, density=True, color=SKY, linewidth=0)
                    axes.plot(_Z, np.exp(-(_Z**2) / 2) / np.sqrt(2 * np.pi), color=GREY, linewidth=0.9)
                    axes.set_yticks([])
                else:
                    axes.plot(few[:, across], few[:, down], ".", ms=1.6, color=BLUE, alpha=0.6, mew=0)
                    axes.set_ylim(-3, 3)
                    _values_at(axes.yaxis, space, down, shown=column == 0)
                axes.set_xlim(-3, 3)
                _values_at(axes.xaxis, space, across, shown=row == len(chosen) - 1)
                if row == len(chosen) - 1:
                    axes.set_xlabel(_lines(rows[across].name), fontsize=5.5, labelpad=1)
                if column == 0 and row:
                    axes.set_ylabel(_lines(rows[down].name), fontsize=5.5, labelpad=1)
                    axes.yaxis.set_label_coords(-0.42, 0.5)
        foot_note(figure, f"{len(few)} draws of the posterior on the prior's scale; marks: its 5%, 50%, 95%.\nLine: the prior.")
    return figure


def predicted(rows: Sequence[Predicted]) -> Figure:
    """Draw every reported figure against the range that the fitted model gives, in units of that range."""
    if not rows:
        return message("Nothing was reported.")
    several = len({row.operation for row in rows}) > 1
    with style():
        figure = new_figure(0.75 + ROW * len(rows))
        left = 2.3
        axes = axes_at(figure, left, 0.62, COLUMN_WIDTH - left - 1.35, ROW * len(rows))
        for place, row in enumerate(rows):
            half = max((row.high - row.low) / 2, 1e-9)
            middle = (row.high + row.low) / 2
            axes.plot([-1, 1], [-place, -place], color=SKY, linewidth=3.2, solid_capstyle="butt")
            axes.plot([(row.median - middle) / half], [-place], "|", color=BLUE, ms=7)
            off = float(np.clip((row.reported - middle) / half, -2.2, 2.2))
            axes.plot([off], [-place], "o", mfc="white" if row.use != "target" else BLACK, mec=BLACK, ms=4)
            told = f"{in_words(row.reported, 'people')} in {row.low:,.0f} to {row.high:,.0f}"
            axes.text(2.5, -place, told, fontsize=7.5, va="center")
        names = [f"{row.operation[:12]}… " * several + name_in_words(row.measure) for row in rows]
        axes.set_yticks([-place for place in range(len(rows))], [drawable(name) for name in names], fontsize=7)
        axes.set_xticks([-1, 1], ["5%", "95%"])
        axes.set_xlim(-2.4, 2.4)
        axes.set_ylim(-len(rows) + 0.4, 0.6)
        without_left_side(axes)
        foot_note(figure, "Bar: 90% of what the fitted model gives; dot: reported (ring: not a target).")
    return figure


def chance_and_ignorance(carried: Carried, measures: Sequence[str] = ()) -> Figure:
    """Draw how far measures spread by chance, how far by ignorance of the parameters, and how far by both.

    Parameters
    ----------
    carried
        A scenario under a posterior.
    measures
        Which measures; yield, burden and error if none is named.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each measure that varies, in parts of its whole 90% range; the numbers beside it are the real ones.
    """
    from sim.calibration.uncertainty import taken_apart
    from sim.models import model_of

    known = model_of(carried.scenario).measures(carried.scenario)
    splits = [taken_apart(name, carried.values[:, :, list(known).index(name)]) for name in measures or CARRIED if name in known]
    splits = [one for one in splits if np.isfinite(one.sd) and one.sd > 0]
    if not splits:
        return message("No measure varies.")
    tall = 0.42
    with style():
        figure = new_figure(1.1 + tall * len(splits))
        axes = axes_at(figure, 1.62, 0.9, 2.0, tall * len(splits))
        for place, one in enumerate(splits):
            bars = ((GREY, one.sd, 0.24, 0.13), (ORANGE, one.sd_ignorance, 0.0, 0.2), (SKY, one.sd_chance, -0.22, 0.2))
            for colour, sd, up, height in bars:
                half = sd / one.sd
                axes.barh(up - place, 2 * half, left=-half, height=height, color=colour, linewidth=0)
            unit = known[one.measure].unit
            told = f"{range_in_words(one.low, one.high, unit)}\n{one.from_ignorance:.0%} ignorance"
            axes.text(1.12, -place, told, fontsize=7.5, va="center", linespacing=1.3)
        names = [textwrap.fill(name_in_words(one.measure), 22) for one in splits]
        axes.set_yticks([-place for place in range(len(splits))], names, fontsize=7.5)
        axes.set_xlim(-1.05, 1.05)
        axes.set_ylim(-len(splits) + 0.45, 0.55)
        axes.set_xticks([-1, 0, 1], ["\N{MINUS SIGN}1", "0", "1"])
        axes.set_xlabel("standard deviations of the whole", fontsize=8)
        without_left_side(axes)
        foot_note(
            figure,
            "Orange: nobody knows the parameters. Blue: chance. Grey: both.\n"
            "Numbers: 90% range of both; ignorance's share of the variance.",
        )
    return figure


def ranks(found: Mapping[str, Floats], bins: int = 10) -> Figure:
    """Draw rank histograms of simulation-based calibration, with the band of 99% of even histograms."""
    from scipy.stats import binom

    names = list(found)
    across, width, tall = 3, (COLUMN_WIDTH - 0.2) / 3, 0.95
    rows = -(-len(names) // across)
    with style():
        figure = new_figure(rows * tall + 0.4)
        for place, name in enumerate(names):
            row, column = divmod(place, across)
            axes = axes_at(figure, 0.12 + column * width, 0.4 + (rows - row - 1) * tall + 0.1, width - 0.12, tall - 0.35)
            number = len(found[name])
            low, high = (float(binom.ppf(end, number, 1 / bins)) for end in (0.005, 0.995))
            axes.axhspan(low, high, color=PALE, linewidth=0)
            axes.hist(found[name], bins=np.linspace(0, 1, bins + 1).tolist(), color=SKY, edgecolor=BLUE, linewidth=0.5)
            axes.set_title(_short(name), fontsize=6, loc="left", pad=2)
            axes.set_xticks([])
            axes.set_yticks([])
        foot_note(figure, "Even histograms are right; shaded: where 99% of their bars lie.")
    return figure


def _worth_a_pair(space: Space, latent: Floats, rows: Sequence[Learned]) -> list[int]:
    normal = space.normal(latent)
    together = np.abs(np.atleast_2d(np.corrcoef(normal.T)))
    np.fill_diagonal(together, 0)
    score = [row.contraction + float(together[at].max()) for at, row in enumerate(rows)]
    return sorted(sorted(range(len(rows)), key=lambda at: -score[at])[:MOST_IN_PAIRS])


def _values_at(axis: Axis, space: Space, parameter: int, *, shown: bool) -> None:
    """Mark the prior's 5%, 50% and 95% points by the parameter's value there."""
    marks = np.array([-1.6448536, 0.0, 1.6448536])
    values = space.parameters[parameter].prior.values(marks)
    axis.set_ticks(marks.tolist(), [f"{value:.2g}" for value in values] if shown else ["", "", ""])
    axis.set_tick_params(labelsize=5.5, length=2, pad=1)


def _short(name: str) -> str:
    """Return a parameter's name with its operation cut short, to stand beside a bar."""
    operation, colon, path = name.rpartition(":")
    parts = path.split(".")
    words = ".".join(parts[-2:]) if len(parts) > 2 else path
    return drawable(f"{operation[:3]}: {words}" if colon else words)


def _lines(name: str) -> str:
    return _short(name).replace(".", "\n").replace(": ", "\n")
