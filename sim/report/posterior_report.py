"""The report of a run under a posterior: what came of the operation when nobody knows its parameters well.

Chance and ignorance are shown apart: how far a measure would spread if the parameters were known, and how far its expected
value moves since they are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calibration.uncertainty import Carried, Split
from sim.experiment.replications import Result
from sim.measures.registry import by_group
from sim.report import figures as draw
from sim.report.answer import what_came
from sim.report.calibration_pictures import CARRIED, chance_and_ignorance
from sim.report.drawing import inline_svg
from sim.report.html import contents_of, values_of
from sim.report.numbers import DASH, in_words, name_in_words, range_in_words
from sim.report.page import Facts, render
from sim.report.pictures import CHANCE, WORDS, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOGETHER = "The ranges are those of 90% of all replications at all draws: chance and ignorance of the parameters together."
SPLIT = "chance_and_ignorance"


@dataclass(frozen=True, slots=True)
class SplitInWords:
    """One measure under a posterior."""

    measure: Any
    name: str
    mean: str
    range: str
    chance: str
    ignorance: str
    share: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One parameter that was drawn."""

    name: str
    unit: str
    low: str
    median: str
    high: str


def result_of(carried: Carried) -> Result:
    """Return all replications at all draws as one run, whose ranges are of chance and ignorance together."""
    return Result(carried.scenario, carried.seed, "", carried.values.reshape(-1, carried.values.shape[2]), ())


def figures_of(carried: Carried) -> dict[str, Figure]:
    """Return the pictures of a run under a posterior by the name of their file, in the order of the report."""
    result = result_of(carried)
    note = f"90% ranges over {len(carried.drawn)} draws: chance and ignorance together"
    pictures = {SPLIT: chance_and_ignorance(carried)}
    if "vehicles_seen" in result.measures:
        pictures["funnel"] = draw.funnel(result, note)
    if 0 < len(result.scenario.reported) <= draw.MOST_ROWS:
        pictures["reported_against_simulated"] = draw.reported_against_simulated(result, note)
    if "vehicles_seen" in result.measures:
        pictures["distributions"] = draw.distributions(result, note)
    return pictures


def posterior_report(
    carried: Carried, manifest: Mapping[str, Any], facts: Facts, figures: Mapping[str, Figure] | None = None
) -> str:
    """Return the report of a run under a posterior as the text of an HTML file.

    Parameters
    ----------
    carried
        A scenario under a posterior.
    manifest
        Of its folder, as far as it is written: which posterior it was.
    facts
        What only the caller knows.
    figures
        The pictures if they are drawn already, as :func:`figures_of` returns them.
    """
    result = result_of(carried)
    splits = {name: carried.split(name) for name in result.measures}
    shares = {name: _share(one) for name, one in splits.items()}
    posterior = manifest.get("posterior")
    return render(
        "posterior.html.j2",
        facts,
        {**contents_of(result), "limits": "What is not known"},
        **values_of(result, shares),
        answer=answer(result, splits, len(carried.drawn), len(carried.parameters)),
        pictures=_pictures(carried, result, splits, figures_of(carried) if figures is None else figures),
        splits={group: [_in_words(splits[one.name], one) for one in members] for group, members in by_group(result.measures)},
        drawn=_drawn(carried),
        draws=len(carried.drawn),
        each=carried.values.shape[1],
        posterior=posterior if isinstance(posterior, dict) else {},
        digest=carried.digest,
        carried=carried,
        checklists=None,
    )


def answer(result: Result, splits: Mapping[str, Split], draws: int, parameters: int) -> list[str]:
    """Return the answer as paragraphs of plain text: yield with burden and error, then what chance and what ignorance do."""
    first, *told = what_came(result)
    names = [name for name in CARRIED if name in splits]
    unsure = sorted((name for name in names if splits[name].sd > 0), key=lambda name: -splits[name].from_ignorance)
    if unsure:
        most, least = unsure[0], unsure[-1]
        words = f"Ignorance of the parameters makes {splits[most].from_ignorance:.0%} of the variance of {name_in_words(most)}"
        if least != most:
            words += f", and {splits[least].from_ignorance:.0%} of that of {name_in_words(least)}"
        main = "detained" if "detained" in unsure else most
        one, unit = splits[main], result.measures[main].unit
        words += (
            f"; chance makes the rest. If the parameters were known, {name_in_words(main)} would spread by "
            f"{in_words(one.sd_chance, unit)} {unit} (standard deviation); since they are not, its expected value is unsure by "
            f"{in_words(one.sd_ignorance, unit)}."
        )
        told.insert(0, words)
    told.append(
        f"Each range holds by itself, and holds chance and ignorance together: {draws} draws of {parameters} parameters from "
        "what a calibration left open. Parameters that were not drawn stand at their value, and the model is one model: both are "
        "further ignorance, which no range here shows."
    )
    return [first, *told]


def _share(one: Split) -> str:
    return f"{one.from_ignorance:.0%} ignorance" if one.sd > 0 else ""


def _in_words(one: Split, measure: Any) -> SplitInWords:
    unit = measure.unit
    return SplitInWords(
        measure,
        name_in_words(one.measure),
        in_words(one.mean, unit),
        range_in_words(one.low, one.high, unit),
        in_words(one.sd_chance, unit),
        in_words(one.sd_ignorance, unit),
        f"{one.from_ignorance:.0%}" if one.sd > 0 else DASH,
    )


def _drawn(carried: Carried) -> list[Drawn]:
    rows = []
    for name, prior, column in zip(carried.parameters, carried.priors, carried.drawn.T, strict=True):
        low, middle, high = (f"{value:.3g}" for value in np.quantile(column, (0.05, 0.5, 0.95)).tolist())
        rows.append(Drawn(name, prior.unit, low, middle, high))
    return rows


def _pictures(carried: Carried, result: Result, splits: Mapping[str, Split], figures: Mapping[str, Figure]) -> list[Picture]:
    made = []
    for name, figure in figures.items():
        if name == SPLIT:
            heading = "Chance and ignorance"
            caption = "How far each measure spreads since nobody knows the parameters, how far by chance, and how far by both."
            words = "; ".join(
                f"{name_in_words(one)}: {range_in_words(splits[one].low, splits[one].high, result.measures[one].unit)}, "
                f"{splits[one].from_ignorance:.0%} of the variance ignorance"
                for one in CARRIED
                if one in splits and splits[one].sd > 0
            )
        else:
            heading, caption, describe = WORDS[name]
            caption, words = caption.replace(CHANCE, TOGETHER), describe(result)
        made.append(Picture(name, heading, caption, inline_svg(figure, name.replace("_", "-"), heading, words)))
    return made


def report_of_folder(folder: Path, manifest: Mapping[str, Any], facts: Facts) -> str:
    """Return the report of a folder that ``stopflow run --posterior`` wrote.

    Raises
    ------
    UsageError
        If it is damaged.
    """
    from sim.report.carried import read_carried

    return posterior_report(read_carried(folder, manifest), manifest, facts)
