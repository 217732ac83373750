"""Levers to turn in a notebook: every turn is a paired comparison with the base, yield beside burden.

Needs ipywidgets (``pip install 'stopflow[notebooks]'``); nothing else of the package does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import UsageError, nearest
from sim.experiment.replications import Result, run
from sim.report.differences import DifferenceInWords, at_a_glance, differences_in_words
from sim.report.page import fragment
from sim.reported import load

if TYPE_CHECKING:
    from ipywidgets import VBox

MOST_CHOICES = 200


def explore(scenario: str | Path, levers: Mapping[str, Sequence[Any]], *, replications: int = 20, seed: int = 1) -> VBox:
    """Return sliders over some levers of a scenario, and a table that follows them.

    Parameters
    ----------
    scenario
        Name of a shipped scenario, or a file.
    levers
        The values to try, as they stand in YAML, by dotted path. A slider begins at the scenario's own value, as ``base``.
    replications
        How many for each setting; every one is paired with the base.
    seed
        One seed, one answer.

    Raises
    ------
    UsageError
        If ipywidgets is not installed, or a lever is no parameter or has no values.
    """
    try:
        from ipywidgets import HTML, SelectionSlider, VBox
    except ImportError:
        raise UsageError("explore needs ipywidgets; install it with: pip install 'stopflow[notebooks]'") from None
    base_scenario = load(scenario)
    for path, values in levers.items():
        if path not in base_scenario.evidence:
            raise UsageError(f"{path}: is no parameter of {scenario}; {nearest(path, base_scenario.evidence)}")
        if not 0 < len(values) <= MOST_CHOICES:
            raise UsageError(f"{path}: give 1 to {MOST_CHOICES} values to try.")
    base = run(base_scenario, replications=replications, seed=seed)
    known: dict[tuple[str, ...], Result] = {(): base}
    sliders = {
        path: SelectionSlider(
            options=["base", *map(str, values)], value="base", description=path.split(".")[-1], tooltip=path,
            continuous_update=False, style={"description_width": "12em"}, layout={"width": "36em"},
        )
        for path, values in levers.items()
    }  # fmt: skip
    shown = HTML()

    def follow(_: object = None) -> None:
        settings = tuple(f"{path}={slider.value}" for path, slider in sliders.items() if slider.value != "base")
        if settings not in known:
            known[settings] = run(load(scenario, settings), replications=replications, seed=seed)
        shown.value = table(base, known[settings], settings)

    for slider in sliders.values():
        slider.observe(follow, names="value")
    follow()
    return VBox([*sliders.values(), shown])


def table(base: Result, arm: Result, settings: Sequence[str]) -> str:
    """Return yield beside burden as HTML: the base, the arm, and the paired difference with its 95% interval."""
    rows: dict[str, DifferenceInWords] = differences_in_words(base, arm)
    groups = {title: [rows[name] for name in names] for title, names in at_a_glance(base.measures).items()}
    return fragment("explore.html.j2", groups=groups, settings=list(settings), replications=len(base.values))
