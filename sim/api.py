"""stopflow from Python: load, run, compare and sweep, with results that carry their units and give pandas frames.

>>> import sim
>>> result = sim.run("laramie_shift_2026", replications=200)
>>> result.summary.loc["detained"]
>>> sim.compare("laramie_shift_2026", one_more={"operation.shifts.detail.patrol_units": 6}).differences
>>> sim.sweep("roadside_limit", out="results/limit").summary

Work is done in this process unless ``workers`` or an ``executor`` of :mod:`concurrent.futures` is given; a script that asks for
workers needs ``if __name__ == "__main__":`` around it, as for every pool of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import reported
from sim.errors import ScenarioError, UsageError, nearest
from sim.experiment.arms import Arms, run_arms, run_over_draws
from sim.experiment.comparison import difference
from sim.experiment.posterior import Posterior, read_posterior
from sim.experiment.ranking import ranking, wanted_of
from sim.experiment.replications import Precision, Result, parse_precision
from sim.experiment.replications import run as _run
from sim.experiment.store import open_store
from sim.experiment.studies import Study, load_study
from sim.experiment.sweep import Outcome, run_study
from sim.loading import Template
from sim.measures import Measure
from sim.models import model_of
from sim.report.comparisons import Spread, spreads
from sim.report.sweeps import Results
from sim.scenario_file import ScenarioFile

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load", "run", "compare", "sweep", "Run", "Comparison", "Sweep"]

Scenario = ScenarioFile | str | Path
Changes = Mapping[str, Any]
#: Columns of a summary, in the order of summary.csv.
_SUMMARY = ("mean", "sd", "p05", "median", "p95", "ci_low", "ci_high", "replications")


def load(scenario: str | Path, changes: Changes | None = None) -> ScenarioFile:
    """Load a scenario by the name of a shipped one, or from a file.

    Parameters
    ----------
    scenario
        Name or path.
    changes
        Values by dotted path, such as ``{"status_check.limit": "20 min"}``.

    Returns
    -------
    ScenarioFile
        Frozen, with the evidence for every parameter.

    Raises
    ------
    StopflowError
        If anything in it is wrong; the message names file, line, key and remedy.
    """
    return reported.load(scenario) if not changes else _changed(Template.read(scenario), changes)


@dataclass(frozen=True, eq=False)
class Run:
    """What one scenario gave.

    Attributes
    ----------
    result
        The replications themselves, with the digests of their traces.
    """

    result: Result

    @property
    def summary(self) -> pd.DataFrame:
        """A row for every measure: unit, mean, spread, and the 95% interval of the mean."""
        import pandas as pd

        rows = []
        for name, measure in self.result.measures.items():
            one = self.result.summary(name)
            figure = self.result.scenario.reported.get(name)
            numbers = {column: getattr(one, column) for column in _SUMMARY}
            rows.append({"measure": name, "unit": measure.unit, **numbers, "reported": figure.value if figure else None})
        return pd.DataFrame(rows).set_index("measure")

    @property
    def replications(self) -> pd.DataFrame:
        """A row for every replication, a column for every measure; units stand in ``attrs["units"]``."""
        import pandas as pd

        frame = pd.DataFrame(self.result.values, columns=list(self.result.measures))
        frame.index.name = "replication"
        frame.attrs["units"] = _units(self.result.measures)
        return frame

    def __repr__(self) -> str:
        return f"<{self.result.scenario.title}: {len(self.result.values)} replications, seed {self.result.seed}>"

    def _repr_html_(self) -> str:
        from sim.report.tables import summary_table

        return _html(summary_table(self.result), repr(self))


def run(
    scenario: Scenario,
    *,
    changes: Changes | None = None,
    replications: int | None = None,
    precision: Mapping[str, str | float] | None = None,
    seed: int = 1,
    workers: int = 1,
    executor: Executor | None = None,
) -> Run:
    """Replicate one scenario.

    Parameters
    ----------
    scenario
        What :func:`load` returned, or what it takes.
    changes
        Values by dotted path, laid over a scenario that is named.
    replications
        How many: 100 if not given; with ``precision`` the most that may be used.
    precision
        Half-width of the 95% interval wanted, by measure: ``{"detained": "5%"}``, or a number in the measure's unit.
    seed
        One seed, one answer.
    workers, executor
        Who does the work; results are the same.

    Raises
    ------
    StopflowError
        If anything given is wrong.
    """
    loaded = _loaded(scenario, changes)
    wishes = _wishes(precision or {}, model_of(loaded).measures(loaded))
    return Run(_run(loaded, replications=replications, precision=wishes, seed=seed, workers=workers, executor=executor))


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a base and its arms gave on the same draws."""

    arms: Arms

    @property
    def differences(self) -> pd.DataFrame:
        """A row for every arm and measure: the paired difference with its interval, which holds for all arms at once."""
        import pandas as pd

        (_, base), *others = self.arms.pairs.items()
        rows = []
        for arm, result in others:
            for name, measure in base.measures.items():
                one = difference(base, result, name, arms=len(others))
                numbers = {
                    key: getattr(one, key) for key in ("base_mean", "arm_mean", "difference", "ci_low", "ci_high", "pairs")
                }
                rows.append({"arm": arm, "measure": name, "unit": measure.unit, **numbers, "variance_saved": one.variance_saved})
        return pd.DataFrame(rows).set_index(["arm", "measure"])

    def ranking(self, measure: str, wanted: str | None = None) -> pd.DataFrame:
        """Return the arms from the first to the last in one measure, with the chance of being first.

        Parameters
        ----------
        measure
            Its name.
        wanted
            ``most`` or ``least``; by default the most of a yield, the least of anything else.
        """
        import pandas as pd

        base = next(iter(self.arms.results.values()))
        if measure not in base.measures:
            raise UsageError(f"'{measure}' is not a measure; {nearest(measure, base.measures)}")
        if wanted not in (None, "most", "least"):
            raise UsageError(f"'{wanted}' is neither most nor least.")
        one = base.measures[measure]
        ranks = ranking(one, self.arms.columns(measure), wanted or wanted_of(one), base.seed)
        columns = ("rank", "arm", "mean", "unit", "wanted", "probability_best")
        return pd.DataFrame([{name: getattr(rank, name) for name in columns} for rank in ranks], columns=list(columns))

    @property
    def over_posterior(self) -> pd.DataFrame:
        """A row for every arm and measure: how far the difference spreads over the draws of a posterior."""
        import pandas as pd

        if self.arms.draws is None:
            raise UsageError("this comparison has no posterior; give one: sim.compare(…, posterior='results/calibration').")
        measures = next(iter(self.arms.results.values())).measures.values()
        columns = list(Spread.__dataclass_fields__)
        rows = [{name: getattr(one, name) for name in columns} for one in spreads(self.arms, measures)]
        return pd.DataFrame(rows, columns=columns).set_index(["arm", "measure"])

    def __repr__(self) -> str:
        names = list(self.arms.results)
        return f"<{', '.join(names[1:])} against {names[0]}: {len(self.arms.results[names[0]].values)} pairs>"

    def _repr_html_(self) -> str:
        from sim.report.tables import comparison_table

        return _html(comparison_table(self.arms.pairs), repr(self))


def compare(  # noqa: PLR0913 - all but the scenarios are optional and by name
    base: Scenario,
    *others: Scenario,
    replications: int | None = None,
    precision: Mapping[str, str | float] | None = None,
    posterior: Posterior | str | Path | None = None,
    draws: int = 50,
    seed: int = 1,
    workers: int = 1,
    executor: Executor | None = None,
    **arms: Changes,
) -> Comparison:
    """Compare scenarios on the same people with the same luck.

    Parameters
    ----------
    base
        What the others are held against.
    others
        Further scenarios.
    replications
        Of each: 100 if not given; with ``precision`` the most that may be used; with a posterior for each draw, 10.
    precision
        Half-width wanted of the interval of each *difference*, by measure.
    posterior
        Draws of unknown parameters to be carried through: a calibration's folder, or a CSV file.
    draws
        How many draws.
    seed, workers, executor
        As for :func:`run`.
    **arms
        Arms in place, by name: the base with these changes.

    Raises
    ------
    StopflowError
        If anything given is wrong.
    """
    names = _names([base, *others])
    if posterior is not None:
        if precision:
            raise UsageError("precision and posterior: choose one.")
        read = posterior if isinstance(posterior, Posterior) else read_posterior(Path(posterior))
        versions = _versions(read, dict(zip(names, [base, *others], strict=True)), arms, draws, seed)
        count = replications or 10
        return Comparison(run_over_draws(versions, replications=count, seed=seed, workers=workers, executor=executor))
    scenarios = {name: _loaded(one) for name, one in zip(names, [base, *others], strict=True)}
    for name, changes in arms.items():
        scenarios[name] = _loaded(base, changes)
    if len(scenarios) < 2:
        raise UsageError(
            "nothing to compare with; name another scenario, or make an arm: limit={'status_check.limit': '10 min'}."
        )
    first = scenarios[names[0]]
    wishes = _wishes(precision or {}, model_of(first).measures(first))
    found = run_arms(scenarios, replications=replications, precision=wishes, seed=seed, workers=workers, executor=executor)
    return Comparison(found)


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a study gave; frames are read from its store when they are asked for."""

    study: Study
    folder: Path
    outcome: Outcome = field(repr=False)

    @property
    def points(self) -> pd.DataFrame:
        """A row for every point: its factors, how many replications it has, and why it failed if it did."""
        import pandas as pd

        with self._results() as results:
            rows = [[row.point, *row.shown, row.used or 0, row.error] for row in results.points()]
            columns = ["point", *results.factor_names, "replications", "error"]
            frame = pd.DataFrame(rows, columns=columns).set_index("point")
            frame.attrs["units"] = {one["name"]: one["unit"] for one in results.factors}
        return frame

    @property
    def summary(self) -> pd.DataFrame:
        """A row for every point and measure: its factors, mean, spread, and the 95% interval of the mean."""
        import pandas as pd

        from sim.experiment.replications import summarise

        rows = []
        with self._results() as results:
            for row, values, _ in results.finished():
                for column, name in enumerate(results.measure_names):
                    one = summarise(values[:, column])
                    rows.append([row.point, *row.shown, name, results.unit(name), *(getattr(one, key) for key in _SUMMARY)])
            columns = ["point", *results.factor_names, "measure", "unit", *_SUMMARY]
        return pd.DataFrame(rows, columns=columns)

    @property
    def means(self) -> pd.DataFrame:
        """A row for every point: its factors, and the mean of every measure; units stand in ``attrs["units"]``."""
        wide = self.replications.groupby("point", sort=True)
        frame = wide.mean(numeric_only=True).drop(columns="replication")
        points = self.points.drop(columns=["replications", "error"])
        measures = [name for name in frame.columns if name not in points.columns]
        found = points.join(frame[measures], how="inner")
        found.attrs["units"] = self.replications.attrs["units"]
        return found

    @property
    def replications(self) -> pd.DataFrame:
        """A row for every replication of every point, as ``stopflow export`` writes it."""
        import pandas as pd

        frames = []
        with self._results() as results:
            for row, values, _ in results.finished():
                frame = pd.DataFrame(values, columns=results.measure_names)
                for number, (name, value) in enumerate(zip(results.factor_names, row.shown, strict=True)):
                    frame.insert(number, name, value)
                frame.insert(0, "replication", range(len(values)))
                frame.insert(0, "point", row.point)
                frames.append(frame)
            units = {one["name"]: one["unit"] for one in [*results.factors, *results.measures]}
        if not frames:
            raise UsageError(f"{self.folder}: no point of the study has results; see sweep.points for the reasons.")
        whole = pd.concat(frames, ignore_index=True)
        whole.attrs["units"] = units
        return whole

    @contextmanager
    def _results(self) -> Iterator[Results]:
        with open_store(self.folder, write=False) as store:
            yield Results(store)

    def __repr__(self) -> str:
        failed = f", {self.outcome.failed} failed" if self.outcome.failed else ""
        return f"<{self.study.written.title}: {self.outcome.points} points{failed}, in {self.folder}>"

    def _repr_html_(self) -> str:
        from sim.report.sweeps import sweep_table

        with self._results() as results:
            return _html(sweep_table(results, self.study.shown_measures), repr(self))


def sweep(
    study: Study | str | Path,
    *,
    out: str | Path,
    replications: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Sweep:
    """Run a study into a folder, or go on with it.

    Parameters
    ----------
    study
        What :func:`sim.experiment.studies.load_study` returned, a file, or the name of a shipped study.
    out
        The folder of its store.
    replications
        Of each point, in place of the study's own.
    workers, executor
        Who does the work: processes of our own, or any executor of ``concurrent.futures``; results are the same.
    progress
        Called with the number of replications done and the number wanted.

    Raises
    ------
    StopflowError
        If anything given is wrong.
    """
    loaded = study if isinstance(study, Study) else load_study(study, replications=replications)
    folder = Path(out)
    outcome = run_study(loaded, folder, workers=workers, executor=executor, progress=progress)
    return Sweep(loaded, folder, outcome)


# --- what they have in common ---------------------------------------------------------------------------------------


def _changed(template: Template, changes: Changes) -> ScenarioFile:
    scenario = template.with_changes(changes, "changes").build_whole().model_copy(update={"file": template.name})
    mistakes = reported.contradictions(scenario)
    if mistakes:
        raise ScenarioError("\n".join(mistakes))
    return scenario


def _loaded(scenario: Scenario, changes: Changes | None = None) -> ScenarioFile:
    if not isinstance(scenario, ScenarioFile):
        return load(scenario, changes)
    return _changed(Template.of(scenario), changes) if changes else scenario


def _names(scenarios: Sequence[Scenario]) -> list[str]:
    names: list[str] = []
    for one in scenarios:
        name = Path(one.file).stem if isinstance(one, ScenarioFile) else Path(one).stem
        again = sum(known.split(" (")[0] == name for known in names)
        names.append(f"{name} ({again + 1})" if again else name)
    return names


def _versions(
    read: Posterior, scenarios: Mapping[str, Scenario], arms: Mapping[str, Changes], draws: int, seed: int
) -> list[dict[str, ScenarioFile]]:
    base = next(iter(scenarios))
    templates = {
        name: (Template.of(one) if isinstance(one, ScenarioFile) else Template.read(one), dict[str, Any]())
        for name, one in scenarios.items()
    }
    templates |= {name: (templates[base][0], dict(changes)) for name, changes in arms.items()}
    found = []
    for number, row in enumerate(read.pick(draws, seed)):
        # What an arm sets stays as the arm sets it.
        found.append(
            {
                name: template.with_changes({**read.changes(template, row), **own}, f"{name}, draw {number}").build()
                for name, (template, own) in templates.items()
            }
        )
    return found


def _wishes(precision: Mapping[str, str | float], known: Mapping[str, Measure]) -> list[Precision]:
    return [wish for name, width in precision.items() for wish in parse_precision(f"{name}={width}", [], known)]


def _units(measures: Mapping[str, Measure]) -> dict[str, str]:
    return {name: measure.unit for name, measure in measures.items()}


def _html(table: Any, caption: str) -> str:
    """Return a table of the terminal as HTML for a notebook."""
    import io
    from html import escape

    from rich.console import Console

    console = Console(record=True, width=160, file=io.StringIO(), force_jupyter=False)
    console.print(table)
    text = console.export_html(inline_styles=True, code_format="<pre style='line-height:1.25'>{code}</pre>")
    return f"<div><div><b>{escape(caption)}</b></div>{text}</div>"
