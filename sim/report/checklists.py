"""Checklists that journals ask for, filled from scenario, code and run: STRESS-DES, and the headings of TRACE.

What only the authors of a study can say is left to them (a YAML file of theirs), and flagged while it is empty. Figures
that the parameters were tuned to and figures that were held out are listed apart.

References
----------
Monks, Currie, Onggo, Robinson, Kunc and Taylor (2019), "Strengthening the reporting of empirical simulation studies:
introducing the STRESS guidelines", Journal of Simulation 13(1), 55-67.
Grimm et al. (2014), "Towards better modelling and decision support: documenting model development, testing, and analysis
using TRACE", Ecological Modelling 280, 129-139.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sim import __version__
from sim.errors import ScenarioError, mistake, nearest
from sim.experiment.replications import Result
from sim.report.differences import changed_parameters
from sim.report.numbers import QUALIFIER_WORDS, in_words, name_in_words, range_in_words, verdict
from sim.report.parameters import grade_counts, parameters_in_words
from sim.report.record import Record
from sim.report.stages import stages
from sim.scenario import Scenario
from sim.units import format_duration
from sim.yaml_reader import read_file

LONGEST_TEXT = 5_000


@dataclass(frozen=True, slots=True)
class Study:
    """What the checklists are filled from: a record read back, its results, and what the authors wrote."""

    record: Record
    results: Mapping[str, Result]
    authors: Mapping[str, str]

    @property
    def base(self) -> Result:
        """The one result of a run, or the base of a comparison."""
        return next(iter(self.results.values()))

    @property
    def operation(self) -> Scenario | None:
        """The scenario if it is one of an operation on the road."""
        return self.base.scenario if isinstance(self.base.scenario, Scenario) else None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist: what it asks, and how it is filled; ``required`` if only the authors can do so."""

    key: str
    number: str
    section: str
    title: str
    fill: Callable[[Study], list[str]]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """One item with its texts; ``missing`` if the authors owe one."""

    item: Item
    texts: list[str]
    author: str

    @property
    def missing(self) -> bool:
        """Whether a required text of the authors is empty."""
        return self.item.required and not self.author


@dataclass(frozen=True, slots=True)
class Held:
    """One reported figure and where it lies against the simulated range."""

    name: str
    value: str
    simulated: str
    verdict: str


def stress(study: Study) -> list[Filled]:
    """Return the 24 items of STRESS-DES, filled as far as scenario, code and run can."""
    return [Filled(item, item.fill(study), study.authors.get(item.key, "")) for item in STRESS]


def trace(study: Study) -> list[Filled]:
    """Return the eight headings of TRACE, filled as far as scenario, code and run can."""
    return [Filled(item, item.fill(study), study.authors.get(item.key, "")) for item in TRACE]


def read_authors(path: Path) -> dict[str, str]:
    """Return what the authors wrote: a YAML file with the keys of the items.

    Raises
    ------
    ScenarioError
        If a key is no item, or a value no text.
    """
    known = [item.key for item in (*STRESS, *TRACE)]
    wrong, texts = [], {}
    for key, node in read_file(path).value.items():
        if key not in known:
            wrong.append(mistake(node.place, key, f"no item is called so; {nearest(key, known)}"))
        elif node.value is not None and (not isinstance(node.value, str) or len(node.value) > LONGEST_TEXT):
            wrong.append(mistake(node.place, key, f"must be a text of at most {LONGEST_TEXT:,} letters."))
        else:
            texts[key] = (node.value or "").strip()
    if wrong:
        raise ScenarioError("\n".join(wrong))
    return texts


def held_against(study: Study, targets: bool) -> list[Held]:
    """Return the reported figures that the parameters were tuned to, or those that were held out."""
    rows = []
    for name, figure in study.base.scenario.reported.items():
        if (figure.use == "target") == targets:
            one, unit = study.base.summary(name), study.base.measures[name].unit
            told = f"{QUALIFIER_WORDS[figure.qualifier]}{in_words(figure.value, unit)} {unit}"
            where = verdict(figure, one, unit)
            rows.append(Held(name_in_words(name), told, range_in_words(one.p05, one.p95, unit), where))
    return rows


# --- STRESS-DES -----------------------------------------------------------------------------------------------------


def _purpose(study: Study) -> list[str]:
    return [f"{study.base.scenario.title}. The question: {study.base.scenario.question}"]


def _outputs(study: Study) -> list[str]:
    groups: dict[str, list[str]] = {}
    for measure in study.base.measures.values():
        groups.setdefault(measure.group, []).append(f"{measure.name} ({measure.unit})")
    return [f"{group.capitalize()}: {', '.join(names)}." for group, names in groups.items()]


def _aims(study: Study) -> list[str]:
    count = len(study.base.values)
    if len(study.results) == 1:
        return [f"One scenario, {count:,} replications, held against {len(study.base.scenario.reported)} reported figures."]
    return [
        f"{len(study.results) - 1} arms are compared with the base in {count:,} pairs of replications on common random numbers."
    ]


def _diagram(study: Study) -> list[str]:
    return ["The picture 'How the operation runs', drawn from the scenario; 'stopflow explain' prints it."]


def _logic(study: Study) -> list[str]:
    if study.operation is None:
        return ["docs/programme.md: inquiry, evaluation, agreement, training, credentials, payment."]
    return [
        f"{stage.title}: {'; '.join(f'{line.what}: {line.value}' for line in stage.lines)}." for stage in stages(study.operation)
    ]


def _scenario_logic(study: Study) -> list[str]:
    if len(study.results) == 1:
        return ["There is one scenario; no arm is compared with it."]
    (_, base), *arms = study.results.items()
    texts = []
    for name, arm in arms:
        changes = [f"{one.path} {one.base} → {one.arm}" for one in changed_parameters(base.scenario, arm.scenario)]
        shown = "; ".join(changes[:20]) + (f"; and {len(changes) - 20} more" if len(changes) > 20 else "")
        texts.append(f"{name}: {shown or 'nothing is changed'}.")
    return texts


def _algorithms(study: Study) -> list[str]:
    if study.operation is None:
        return ["docs/programme.md describes how agencies ask, sign, train and end."]
    return [
        "Arrivals: a unit-rate Poisson process for each flow, carried through the inverse of the cumulative rate by hour of day.",
        "Referral: an officer's questions leave a doubt; above a threshold the person is referred. People in one vehicle share "
        "a draw of standing with the chance of the crew effect.",
        "Things at the same instant happen in a declared order: releases, limits, capacity changes, departures, arrivals.",
        "Detainer clocks run in local time, with or without weekends and federal holidays, by a lever.",
    ]


def _entities(study: Study) -> list[str]:
    if study.operation is None:
        return ["Agencies, with agreements of several models and officers in training."]
    kinds = ", ".join(sorted({flow.vehicle for flow in study.operation.traffic.flows.values()}))
    flows = len(study.operation.traffic.flows)
    return [f"Vehicles ({kinds.replace('_', ' ')}) of {flows} flows, and the people in them; people in the jail."]


def _activities(study: Study) -> list[str]:
    rows = [row for row in parameters_in_words(study.base.scenario) if row.unit.startswith("duration distribution")]
    rows = rows or [row for row in parameters_in_words(study.base.scenario) if "median" in row.value]
    return [f"{row.path}: {row.value} ({row.meaning})" for row in rows] or ["No activity has a duration of its own."]


def _resources(study: Study) -> list[str]:
    if study.operation is None:
        return ["Seats in courses."]
    shifts = [
        f"{name}: {shift.patrol_units} patrol units, {shift.inspectors} inspectors, {shift.ice_agents} ICE agents"
        for name, shift in sorted(study.operation.operation.shifts.items())
    ]
    jail, fleet = study.operation.jail, study.operation.custody.ice_vehicles
    return [*shifts, f"Jail: {jail.desks} booking desks, {jail.beds} beds; {fleet.count} ICE vehicles of {fleet.seats} seats."]


def _queues(study: Study) -> list[str]:
    if study.operation is None:
        return ["For seats in courses, first come first served."]
    patience = format_duration(study.operation.inspection.patience)
    return [
        "No queue for patrol units: a vehicle that meets none free passes, and is counted.",
        f"First come first served: for an inspector (given up after {patience}), for an answerer of each channel "
        "(given up by the channel's own patience), for a booking desk, for ICE's pick-up (longest wait first). None for beds.",
    ]


def _entry_exit(study: Study) -> list[str]:
    if study.operation is None:
        return ["In: inquiries, by an own pace or a mandate. Out: declined, given up, ended by a ban."]
    exits = [way for stage in stages(study.operation) for way in stage.exits]
    return ["In: vehicles that give ground for a stop, by flow; people booked locally. Out:", *exits]


def _sources(study: Study) -> list[str]:
    told = [
        f"{source.publisher}, {source.date}{f': {source.title}' if source.title else ''}"
        for _, source in sorted(study.base.scenario.sources.items())
    ]
    return told or ["The scenario names no source."]


def _pre_processing(study: Study) -> list[str]:
    return ["Figures stand in the scenario as they were published; the notes on single parameters say what was derived."]


def _inputs(study: Study) -> list[str]:
    grades = grade_counts(list(parameters_in_words(study.base.scenario)))
    return [
        f"{grades['all']} parameters, each with unit, range, source and grade in the section 'Parameters': {grades['reported']} "
        f"reported, {grades['published']} published, {grades['assumed']} assumed ({grades['fitted']} of them fitted)."
    ]


def _assumptions(study: Study) -> list[str]:
    kinds = [row.path for row in parameters_in_words(study.base.scenario) if row.grade == "assumed" and not row.fitted]
    return [
        f"{len(kinds)} parameters are assumed; they are listed under 'What the reports cannot tell'.",
        "Simplifications of the logic: docs/decisions.md, 'Simplifications of the roadside', and docs/model.md.",
    ]


def _initialisation(study: Study) -> list[str]:
    if study.operation is None:
        return ["Starts from the agreements that stood on the published list on the first day."]
    return [
        "The road begins empty, as an operation does. The jail is filled by a warm-up of "
        f"{format_duration(study.operation.jail.warm_up)} (jail.warm_up), which counts in no measure."
    ]


def _run_length(study: Study) -> list[str]:
    if study.operation is None:
        return ["The days of the programme's calendar."]
    shifts = study.operation.operation.shifts
    days = len({day for shift in shifts.values() for day in shift.days()})
    follow_up = format_duration(study.operation.jail.follow_up)
    return [f"A terminating simulation of {days} days on duty; the jail is watched {follow_up} longer."]


def _estimation(study: Study) -> list[str]:
    how = "Means with 95% intervals by Student's t; 90% ranges are quantiles over replications."
    paired = " Arms share their random numbers; differences and their intervals are over pairs." if len(study.results) > 1 else ""
    return [f"{len(study.base.values):,} independent replications. {how}{paired}"]


def _software(study: Study) -> list[str]:
    versions = study.record.manifest.get("versions")
    told = ", ".join(f"{name} {number}" for name, number in versions.items()) if isinstance(versions, dict) else "not recorded"
    return [f"stopflow {study.record.manifest.get('stopflow', __version__)} in Python with SimPy; versions at the run: {told}."]


def _sampling(study: Study) -> list[str]:
    return [
        f"Seed {study.record.seed}. Every number is found by seed, replication, stream name and entity with the counter-based "
        "generator Philox (numpy), and the inverse distribution function; a changed parameter moves only what it touches."
    ]


def _execution(study: Study) -> list[str]:
    return [
        f"Engine {study.base.engine}; next-event time advance in whole milliseconds. Results are the same for any number of "
        f"workers. Trace digest {study.base.digest}."
    ]


def _system(study: Study) -> list[str]:
    seconds = study.record.manifest.get("run_seconds")
    return [f"The run took {seconds} seconds." if seconds is not None else "The time that the run took was not recorded."]


def _sharing(study: Study) -> list[str]:
    commit = study.record.manifest.get("commit") or "not recorded (an installed copy)"
    return [f"Licence MIT; commit {commit}. 'stopflow bundle' packs scenario, lock file, record and results."]


STRESS = (
    Item("purpose", "1.1", "Objectives", "Purpose of the model", _purpose, required=True),
    Item("outputs", "1.2", "Objectives", "Model outputs", _outputs),
    Item("aims", "1.3", "Objectives", "Experimentation aims", _aims, required=True),
    Item("diagram", "2.1", "Logic", "Base model overview diagram", _diagram),
    Item("logic", "2.2", "Logic", "Base model logic", _logic),
    Item("scenario_logic", "2.3", "Logic", "Scenario logic", _scenario_logic),
    Item("algorithms", "2.4", "Logic", "Algorithms", _algorithms),
    Item("entities", "2.5.1", "Logic", "Components: entities", _entities),
    Item("activities", "2.5.2", "Logic", "Components: activities", _activities),
    Item("resources", "2.5.3", "Logic", "Components: resources", _resources),
    Item("queues", "2.5.4", "Logic", "Components: queues", _queues),
    Item("entry_exit", "2.5.5", "Logic", "Components: entry and exit points", _entry_exit),
    Item("data_sources", "3.1", "Data", "Data sources", _sources),
    Item("pre_processing", "3.2", "Data", "Pre-processing", _pre_processing, required=True),
    Item("inputs", "3.3", "Data", "Input parameters", _inputs),
    Item("assumptions", "3.4", "Data", "Assumptions", _assumptions),
    Item("initialisation", "4.1", "Experimentation", "Initialisation", _initialisation),
    Item("run_length", "4.2", "Experimentation", "Run length", _run_length),
    Item("estimation", "4.3", "Experimentation", "Estimation approach", _estimation),
    Item("software", "5.1", "Implementation", "Software or programming language", _software),
    Item("sampling", "5.2", "Implementation", "Random sampling", _sampling),
    Item("execution", "5.3", "Implementation", "Model execution", _execution),
    Item("system", "5.4", "Implementation", "System specification", _system, required=True),
    Item("sharing", "6.1", "Code access", "Computer model sharing statement", _sharing, required=True),
)


# --- TRACE ----------------------------------------------------------------------------------------------------------


def _data_evaluation(study: Study) -> list[str]:
    return [*_inputs(study), "Contradictions between reports stand in the section of that name, where there are any."]


def _verification(study: Study) -> list[str]:
    return [
        "The test suite states laws of the model and holds them against random worlds and theory (docs/model.md).",
        "This folder was read back for this report; 'stopflow verify' re-hashes it and runs a sample of replications again.",
    ]


def _in_range(rows: list[Held], what: str) -> list[str]:
    if not rows:
        return [f"No figure was {what}."]
    inside = sum(row.verdict == "inside" for row in rows)
    return [f"{inside} of {len(rows)} figures that were {what} lie inside the simulated 90% range (chance alone); see below."]


def _analysis(study: Study) -> list[str]:
    return ["This report varies no uncertain parameter: its ranges are chance alone. 'stopflow explain' lists the ranges to try."]


TRACE = (
    Item("problem_formulation", "1", "TRACE", "Problem formulation", _purpose, required=True),
    Item("model_description", "2", "TRACE", "Model description", _diagram),
    Item("data_evaluation", "3", "TRACE", "Data evaluation", _data_evaluation),
    Item("conceptual_evaluation", "4", "TRACE", "Conceptual model evaluation", _assumptions, required=True),
    Item("verification", "5", "TRACE", "Implementation verification", _verification),
    Item(
        "output_verification", "6", "TRACE", "Model output verification (calibrated figures)",
        lambda study: _in_range(held_against(study, targets=True), "tuned to"),
    ),
    Item("analysis", "7", "TRACE", "Model analysis", _analysis, required=True),
    Item(
        "corroboration", "8", "TRACE", "Model output corroboration (held-out figures)",
        lambda study: _in_range(held_against(study, targets=False), "held out"), required=True,
    ),
)  # fmt: skip
