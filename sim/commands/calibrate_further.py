"""What may follow from a calibration: an answer, what to ask for next, rival stories, leaving a report out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.calibration.answers import Question
    from sim.calibration.study import Calibration
    from sim.report.calibration_files import More
    from sim.scenario_file import ScenarioFile

AS_WRITTEN = "as written"


@dataclass(frozen=True, slots=True)
class Further:
    """What the user asked for beside the fit; checked before any work is done."""

    scenarios: Sequence[str]
    settings: Sequence[str]
    wanted: str | None
    policy: Sequence[str]
    ask_next: bool
    rivals: Sequence[str]
    leave_one_out: bool

    def __post_init__(self) -> None:
        if self.wanted is None and (self.policy or self.ask_next or self.rivals):
            raise UsageError("--policy, --ask-next and --rival are about an answer; name it with --answer MEASURE.")
        if self.rivals and not self.policy:
            raise UsageError("--rival asks whether a policy's answer flips; name the policy with --policy KEY=VALUE.")
        if self.leave_one_out and len(self.scenarios) < 2:
            raise UsageError("--leave-one-out needs two operations or more.")
        self.stories()
        if self.wanted is not None:
            self._question([])

    def stories(self) -> dict[str, list[str]]:
        """Return the settings of each story by its name."""
        found = {AS_WRITTEN: list(self.settings)}
        for text in self.rivals:
            name, colon, changes = text.partition(":")
            settings = [change.strip() for change in changes.split(";") if change.strip()]
            if not colon or not name.strip() or not settings or name.strip() in found:
                raise UsageError(f"--rival {text}: write a name of its own and what differs: 'late: status_check.threshold=0.6'.")
            found[name.strip()] = [*self.settings, *settings]
        return found

    def check(self, chosen: dict[str, Any]) -> None:
        """Look for mistakes in the rival stories before any work is done."""
        from sim.calibration.study import space_to_fit
        from sim.reported import load

        for settings in list(self.stories().values())[1:]:
            space_to_fit([load(one, settings) for one in self.scenarios], **chosen)

    def find(self, calibration: Calibration, loaded: Sequence[ScenarioFile], work: Path, how: dict[str, Any]) -> More:
        """Do what was asked for."""
        from sim.calibration import leave_out, next_question, rivals
        from sim.calibration.answers import answer
        from sim.report.calibration_files import More
        from sim.reported import load

        workers = how["workers"]
        found = answer(calibration, self._question(self.settings), workers=workers) if self.wanted else None
        worth: list[next_question.Worth] = []
        if self.ask_next and found is not None:
            worth = next_question.rank(calibration, found.latent, found.values, noise=found.noise)
        told: list[rivals.Told] = []
        if self.rivals:
            stories = self.stories()
            scenarios = {
                name: loaded if name == AS_WRITTEN else [load(one, settings) for one in self.scenarios]
                for name, settings in stories.items()
            }
            questions = {name: self._question(settings) for name, settings in stories.items()}
            told = rivals.tell(scenarios, questions, fitted={AS_WRITTEN: calibration}, work=work, **how)
        left = (
            leave_out.predict_each(
                calibration.operations, calibration.space, seed=calibration.seed, particles=how["particles"], workers=workers
            )
            if self.leave_one_out
            else []
        )
        return More(found, worth, told, left)

    def _question(self, settings: Sequence[str]) -> Question:
        from sim.calibration.answers import Question
        from sim.models import model_of
        from sim.reported import load

        operation, colon, measure = (self.wanted or "").rpartition(":")
        names = {Path(one).stem: one for one in self.scenarios}
        chosen = operation if colon else next(iter(names))
        if chosen not in names:
            raise UsageError(f"--answer {self.wanted}: no scenario here is called '{chosen}'; name one of {', '.join(names)}.")
        policy = load(names[chosen], [*settings, *self.policy])
        known = model_of(policy).measures(policy)
        if measure not in known:
            from sim.errors import nearest

            raise UsageError(f"--answer {self.wanted}: '{measure}' is not a measure; {nearest(measure, known)}")
        return Question(chosen, measure, policy if self.policy else None, ", ".join(self.policy))
