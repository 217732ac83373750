"""Rival stories: the same figures fitted under other structures, and whether a policy's answer hangs on which one is true.

A story is the same operations with some settings changed: people referred early or only when unresolved, independent people or
crews, a report read one way or another. No report here can tell such stories apart for sure, so the answer is given under each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sim.calibration.answers import Answer, Question, answer
from sim.calibration.study import Calibration, calibrate
from sim.errors import UsageError
from sim.scenario_file import ScenarioFile

#: The direction of an answer is settled when so much of its posterior lies on one side of nought.
SETTLED = 0.9

Direction = Literal["more", "less", "open"]


@dataclass(frozen=True, eq=False, slots=True)
class Told:
    """One story: its calibration, and its answer.

    Attributes
    ----------
    log_evidence
        Log of the chance of the reports under this story's prior and model. A difference of 3 between stories is a hint; it
        hangs on the width of the priors as much as on the structure.
    """

    story: str
    calibration: Calibration
    answer: Answer

    @property
    def log_evidence(self) -> float:
        """Log of the chance of the reports under this story."""
        return self.calibration.draws.log_evidence

    @property
    def direction(self) -> Direction:
        """Whether the answer is surely more or less than nought."""
        above = self.answer.above_zero
        return "more" if above >= SETTLED else "less" if above <= 1 - SETTLED else "open"


def tell(
    stories: Mapping[str, Sequence[ScenarioFile]],
    questions: Mapping[str, Question],
    *,
    fitted: Mapping[str, Calibration] | None = None,
    workers: int = 1,
    work: Path | None = None,
    **how: Any,
) -> list[Told]:
    """Fit every story, and answer the question under each.

    Parameters
    ----------
    stories
        Scenarios by the name of the story; the same operations in each.
    questions
        The question as it reads under each story.
    fitted
        Stories that have been fitted already.
    work
        Folder for what is done so far.
    how
        Handed on to :func:`sim.calibration.study.calibrate`.

    Raises
    ------
    UsageError
        If there are fewer than two stories.
    """
    if len(stories) < 2:
        raise UsageError("one story has no rival; name another with --rival.")
    told = []
    for number, (name, scenarios) in enumerate(stories.items()):
        one = (fitted or {}).get(name)
        if one is None:
            own = work / f"story-{number}" if work else None
            if own is not None:
                own.mkdir(exist_ok=True)
            one = calibrate(scenarios, workers=workers, work=own, **how)
        told.append(Told(name, one, answer(one, questions[name], workers=workers)))
    return told


def verdict(told: Sequence[Told]) -> str:
    """Return whether the answer flips between stories, in one sentence."""
    directions = {one.story: one.direction for one in told}
    if {"more", "less"} <= set(directions.values()):
        up = ", ".join(name for name, way in directions.items() if way == "more")
        down = ", ".join(name for name, way in directions.items() if way == "less")
        return f"The answer flips: more under {up}; less under {down}."
    if len(set(directions.values())) == 1 and "open" not in directions.values():
        return f"The answer does not flip: {next(iter(directions.values()))} under every story."
    unsettled = ", ".join(name for name, way in directions.items() if way == "open")
    return f"The answer is open: its direction is not settled under {unsettled}."
