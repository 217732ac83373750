"""A study: a base scenario, what is changed in it and over which range, the design, and what is looked at; read from YAML.

Levers (what a policy sets) and uncertainties (what nobody knows) are both *factors* here: named by the dotted path of a
parameter, or by a name of their own with the paths that they set. The factor ``scenario`` chooses among scenario files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NoReturn

from pydantic import ConfigDict, Field, ValidationError

from sim.errors import Place, ScenarioError, UsageError, mistake, nearest
from sim.experiment.designs import MOST_POINTS, Design, design_of
from sim.experiment.quantities import Quantity, between, known_path, quantity, text_of
from sim.experiment.replications import MOST, Precision, parse_precision
from sim.fields import Parameters
from sim.leaves import field_at, parser_of
from sim.loading import STUDIES, Template, leads_out, shipped_folder, to_plain
from sim.measures import Measure
from sim.models import model_of
from sim.reported import contradictions
from sim.scenario_file import ScenarioFile
from sim.units import shown
from sim.yaml_reader import Node, is_there, read_file

#: The factor that chooses among scenario files.
SCENARIO = "scenario"
MOST_FACTORS = 60
#: Replications of a point of the design unless the study says otherwise.
REPLICATIONS = 50
Role = Literal["lever", "uncertainty"]


class FactorFile(Parameters):
    """What a study says of one lever or uncertainty; nothing at all: the range that stands in the scenario."""

    sets: list[str] | None = Field(
        default=None, description="dotted paths that all take its value; not given: its name is the path"
    )
    values: list[Any] | None = Field(
        default=None, min_length=1, description="the values to try, as they are written in a scenario"
    )
    low: Any = Field(default=None, description="the low end of its range")
    high: Any = Field(default=None, description="the high end of its range")
    scale: Literal["linear", "log"] = Field(default="linear", description="log: equal ratios are equally far apart")
    levels: int = Field(default=3, ge=2, le=1000, description="values to try between low and high in a grid or one at a time")


class DesignFile(Parameters):
    """Which combinations are run."""

    kind: Literal["grid", "one_at_a_time", "list", "latin_hypercube", "sobol", "crossed"] = Field(
        description="grid: every combination; one_at_a_time: each factor alone, the others as in the base; list: those under "
        "points; latin_hypercube, sobol: spread over the ranges; crossed: every combination of levers, each with the same Latin "
        "hypercube of uncertainties"
    )
    points: int | None = Field(default=None, ge=1, le=MOST_POINTS, description="how many points; a power of two for sobol")
    seed: int = Field(default=1, ge=0, le=2**63 - 1, description="of the design; that of the runs is the study's own")


class StudyFile(Parameters):
    """The keys of a study."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(description="a short title", max_length=2000)
    question: str = Field(description="the question that it answers", max_length=2000)
    notes: str | None = Field(default=None, description="what a reader should know", max_length=2000)
    base: str = Field(description="the scenario that is changed: a shipped one by name, or a file beside this one")
    settings: dict[str, Any] = Field(default_factory=dict, description="changes to the base at every point, by dotted path")
    levers: dict[str, FactorFile | None] = Field(default_factory=dict, description="what a policy sets")
    uncertainties: dict[str, FactorFile | None] = Field(default_factory=dict, description="what nobody knows well")
    design: DesignFile | Literal["grid", "one_at_a_time", "list"] = Field(
        default="grid", description="which combinations are run"
    )
    points: list[dict[str, Any]] | None = Field(
        default=None, description="the points of a list: values by factor; others as in the base"
    )
    measures: list[str] = Field(default_factory=list, description="what is shown first; all measures are kept")
    replications: int = Field(default=REPLICATIONS, ge=1, le=MOST, description="of each point; with precision the most allowed")
    precision: dict[str, str | float] = Field(
        default_factory=dict, description="half-width of the 95% interval wanted at every point, by measure: 5%, or in its unit"
    )
    seed: int = Field(default=1, ge=0, le=2**63 - 1, description="of all runs: the same people at every point")
    block: int = Field(default=10, ge=1, le=10_000, description="replications that are simulated and stored together")


@dataclass(frozen=True, slots=True)
class Factor:
    """One lever or uncertainty.

    Attributes
    ----------
    sets
        The dotted paths that take its value.
    values
        The values to try, as written; None: any number between ``low`` and ``high``, in the unit shown.
    quantity
        The parameter as a number; None: it is a choice.
    """

    name: str
    role: Role
    sets: tuple[str, ...]
    values: tuple[Any, ...] | None
    low: float
    high: float
    log: bool
    levels: int
    quantity: Quantity | None

    @property
    def unit(self) -> str:
        """The unit of its numbers; ``choice`` if it has none."""
        return self.quantity.unit if self.quantity else "choice"

    def at(self, share: float) -> Any:
        """Return the value at a share of the way from the first to the last: a written value, or a number in the unit shown."""
        if self.values is not None:
            return self.values[min(len(self.values) - 1, int(share * len(self.values)))]
        return between(self.low, self.high, [share], whole=self._whole, log=self.log)[0]

    def steps(self) -> list[Any]:
        """Return the values to try in a grid."""
        if self.values is not None:
            return list(self.values)
        ends = [step / (self.levels - 1) for step in range(self.levels)]
        plain = between(self.low, self.high, ends, whole=False, log=self.log)
        return list(dict.fromkeys(float(round(value)) for value in plain)) if self._whole else plain

    def written(self, value: Any) -> Any:
        """Return a value of the design as it is written in a scenario."""
        return self.quantity.written(value) if self.values is None and self.quantity else value

    def shown(self, value: Any) -> float | str:
        """Return a value of the design for a table: a number in the unit shown where it is one, words otherwise."""
        return float(value) if self.values is None else self.shown_as_written(value)

    def shown_as_written(self, value: Any) -> float | str:
        """Return a value that is written in a scenario for a table."""
        try:
            return self.quantity.number(value) if self.quantity else text_of(value)
        except ValueError:
            return text_of(value)

    @property
    def _whole(self) -> bool:
        return self.quantity is not None and self.quantity.whole


#: One point of a design: the value of each factor that it names; the others stay as in the base.
Point = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Study:
    """A study that has been read, with its design.

    Attributes
    ----------
    templates
        The scenarios by the name under which the factor ``scenario`` chooses them; the base first.
    base
        The base with its evidence.
    """

    file: str
    name: str
    written: StudyFile
    base: ScenarioFile
    templates: Mapping[str, Template]
    factors: Mapping[str, Factor]
    design: Design
    measures: Mapping[str, Measure]
    precision: tuple[Precision, ...] = ()
    replications: int = REPLICATIONS
    seed: int = 1
    block: int = 10

    @property
    def shown_measures(self) -> tuple[str, ...]:
        """The measures that are shown first: those the study names, yield, burden and error beside them."""
        named = self.written.measures
        always = [name for name in ("detained", "referred_then_released", "minutes_beyond_task_mean") if name in self.measures]
        return tuple(dict.fromkeys([*named, *always])) if named else tuple(self.measures)[:12]

    def points(self) -> Iterator[Point]:
        """Yield the points of the design in their order."""
        yield from self.design.points()

    def scenario(self, point: Point) -> ScenarioFile:
        """Build the scenario of one point.

        Raises
        ------
        ScenarioError
            If its values do not make a scenario together.
        """
        template = self.templates[str(point.get(SCENARIO, self.written.base))]
        changes = {
            path: self.factors[name].written(value)
            for name, value in point.items()
            if name != SCENARIO
            for path in self.factors[name].sets
        }
        return template.with_changes(changes, f"{self.name}, {self.in_words(point)}").build()

    def row(self, point: Point) -> dict[str, float | str]:
        """Return every factor's value at a point as a table shows it; one that the point does not name as it is in the base."""
        template = self.templates[str(point.get(SCENARIO, self.written.base))]
        shown_values = {}
        for name, factor in self.factors.items():
            if name in point:
                shown_values[name] = factor.shown(point[name])
            elif name == SCENARIO:
                shown_values[name] = self.written.base
            else:
                shown_values[name] = factor.shown_as_written(template.leaves[factor.sets[0]].value)
        return shown_values

    def in_words(self, point: Point) -> str:
        """Return a point for people: its factors with their values and units."""
        words = []
        for name, value in point.items():
            factor = self.factors[name]
            one = factor.shown(value)
            unit = f" {factor.unit}" if isinstance(one, float) and factor.unit in ("minutes", "per hour", "USD") else ""
            words.append(f"{name}={one:g}{unit}" if isinstance(one, float) else f"{name}={one}")
        return ", ".join(words) or "the base"

    def resolved(self) -> dict[str, Any]:
        """Return everything that sets the study's results, as plain values."""
        return {
            "replications": self.replications,
            "study": json.loads(self.written.model_dump_json()),
            "scenarios": {name: to_plain(template.build_whole()) for name, template in self.templates.items()},
        }

    @property
    def design_digest(self) -> str:
        """SHA-256 over what makes the points: the resolved scenarios, the factors and the design."""
        words = self.written.model_dump(
            mode="json", exclude={"title", "question", "notes", "measures", "replications", "precision"}
        )
        words["kind"], words["count"] = self.design.kind, self.design.count
        if self.design.shares is not None:
            words["shares"] = hashlib.sha256(self.design.shares.astype("<f8").tobytes()).hexdigest()
        words["scenarios"] = {name: template.build().digest for name, template in self.templates.items()}
        return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()

    def columns(self) -> dict[str, Any]:
        """Return what stands in the columns of an export: factors and measures with unit and meaning."""
        return {
            "factors": [{"name": factor.name, "unit": factor.unit, "role": factor.role} for factor in self.factors.values()],
            "measures": [
                {"name": one.name, "unit": one.unit, "group": one.group, "definition": one.definition}
                for one in self.measures.values()
            ],
            "shown": list(self.shown_measures),
        }


def shipped_studies() -> list[Path]:
    """Return the files of the shipped studies in alphabetical order."""
    return sorted((shipped_folder() / STUDIES).glob("*.yaml"))


def find_study(name: str | Path) -> Path:
    """Return the file of a study given by path, or by the name of a shipped one.

    Raises
    ------
    UsageError
        If there is none.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or is_there(path):
        return path
    known = {file.stem: file for file in shipped_studies()}
    if str(name) not in known:
        raise UsageError(f"{name}: no such file and no such shipped study; {nearest(str(name), known)}")
    return known[str(name)]


def load_study(name: str | Path, settings: Sequence[str] = (), replications: int | None = None) -> Study:
    """Load a study from a file, or by the name of a shipped one.

    Parameters
    ----------
    name
        Path of a YAML file, or the name of a shipped study.
    settings
        Changes to the base at every point, as ``--set`` writes them.
    replications
        Of each point, in place of those of the file.

    Raises
    ------
    StopflowError
        If anything in it is wrong; the message names file, line, key and remedy.
    """
    path = find_study(name)
    node = read_file(path)
    study = _Reader(path, node, settings).study()
    return study if replications is None else replace(study, replications=replications)


class _Reader:
    """Reads one study file; every mistake is told with its line."""

    def __init__(self, path: Path, node: Node, settings: Sequence[str]) -> None:
        self.path, self.node, self.settings = path, node, list(settings)
        try:
            self.written = StudyFile.model_validate(node.plain())
        except ValidationError as problem:
            raise ScenarioError("\n".join(dict.fromkeys(self._explain(error) for error in problem.errors()[:10]))) from None

    def _explain(self, error: Any) -> str:
        parts = [
            str(part) for part in error["loc"] if str(part) not in ("FactorFile", "DesignFile") and "literal" not in str(part)
        ]
        key = ".".join(parts)
        place = self._place(*parts)
        if error["type"] == "extra_forbidden":
            models: dict[str, type[Parameters]] = {"levers": FactorFile, "uncertainties": FactorFile, "design": DesignFile}
            known = models.get(parts[0], StudyFile).model_fields
            return mistake(place, key, f"no such key; {nearest(parts[-1], known)}")
        if error["type"] == "missing":
            meaning = StudyFile.model_fields[key].description if key in StudyFile.model_fields else "needed here"
            return mistake(place, key, f"is missing; write '{parts[-1]}: …' ({meaning}).")
        return mistake(place, key, f"{shown(error.get('input'))}: {error['msg'].lower()}.")

    def _place(self, *parts: str) -> Place:
        """Return where a key was written, or the nearest one above it."""
        node = self.node
        for part in parts:
            inside = node.value.get(part) if isinstance(node.value, dict) else None
            if isinstance(node.value, list) and part.isdigit() and int(part) < len(node.value):
                inside = node.value[int(part)]
            if inside is None:
                break
            node = inside
        return node.place

    def wrong(self, problem: str, *parts: str) -> NoReturn:
        raise ScenarioError.at(self._place(*parts), ".".join(parts), problem)

    def study(self) -> Study:
        written = self.written
        templates = self._templates()
        base_template = templates[written.base]
        base = base_template.build()
        measures = model_of(base).measures(base)
        for number, name in enumerate(written.measures):
            if name not in measures:
                self.wrong(f"'{name}' is not a measure; {nearest(name, measures)}", "measures", str(number))
        roles: tuple[tuple[Role, dict[str, FactorFile | None]], ...]
        roles = (("lever", written.levers), ("uncertainty", written.uncertainties))
        factors = {
            name: self._factor(name, role, told or FactorFile(), templates)
            for role, told_by_name in roles
            for name, told in told_by_name.items()
        }
        self._once(factors)
        return Study(
            file=str(self.path),
            name=self.path.stem,
            written=written,
            base=base,
            templates=templates,
            factors=factors,
            design=self._design(factors),
            measures=measures,
            precision=self._precision(measures),
            replications=written.replications,
            seed=written.seed,
            block=written.block,
        )

    def _templates(self) -> dict[str, Template]:
        """Return the scenarios that the study may use, by the name it gives them; the base first."""
        chosen = self.written.levers.get(SCENARIO)
        names = [self.written.base, *(chosen.values if chosen and chosen.values else [])]
        templates = {}
        for name in dict.fromkeys(map(str, names)):
            where = ("base",) if name == self.written.base else ("levers", SCENARIO)
            written = Path(name)
            scenario = written
            if written.suffix in (".yaml", ".yml"):
                if written.is_absolute() or written.parts.count("..") > 1:
                    self.wrong(
                        f"{shown(name)} is not allowed; name a .yaml file beside this one, one folder up or below.", *where
                    )
                scenario = self.path.parent / written
                if is_there(scenario) and leads_out(self.path, scenario):
                    self.wrong(f"{shown(name)} is a link that leads further than one folder up; copy the file.", *where)
            try:
                template = Template.read(scenario, self.settings)
                mistakes = contradictions(template.build_whole())
                if mistakes:
                    raise ScenarioError(mistakes[0])
            except ScenarioError as problem:
                self.wrong(f"{problem}", *where)
            templates[name] = template.with_changes(self.written.settings, f"{self.path}: settings")
            templates[name].build()
        return {name: Template(one.root, one.laid, str(name)) for name, one in templates.items()}

    def _factor(self, name: str, role: Role, told: FactorFile, templates: Mapping[str, Template]) -> Factor:
        where = ("levers" if role == "lever" else "uncertainties", name)
        if name == SCENARIO:
            if not told.values:
                self.wrong("is the choice of a scenario file; write 'values: [one, another]'.", *where)
            return Factor(name, role, (), tuple(map(str, told.values)), 0.0, 0.0, log=False, levels=2, quantity=None)
        sets = tuple(told.sets or [name])
        for path in sets:
            for template in templates.values():
                problem = known_path(template, path)
                if problem:
                    self.wrong(problem, *where, *(["sets"] if told.sets else []))
        one = quantity(templates[self.written.base], sets[0])
        if told.values is not None:
            for number, value in enumerate(told.values):
                self._check_value(value, sets, templates[self.written.base], *where, "values", str(number))
            return Factor(name, role, sets, tuple(told.values), 0.0, 0.0, log=False, levels=2, quantity=one)
        low, high = self._range(told, sets[0], one, templates[self.written.base], *where)
        return Factor(name, role, sets, None, low, high, told.scale == "log", told.levels, one)

    def _check_value(self, value: Any, sets: Sequence[str], template: Template, *where: str) -> None:
        """Refuse a value that can never stand there; values that only do not fit others make a failed point."""
        for path in sets:
            try:
                parser_of(field_at(path, template.root))(value)
                template.with_changes({path: value}, "value")
            except ValueError as problem:
                self.wrong(str(problem).removeprefix(f"value: {path}: "), *where)

    def _range(self, told: FactorFile, path: str, one: Quantity | None, template: Template, *where: str) -> tuple[float, float]:
        """Return the ends of a factor's range in the unit shown."""
        if one is None:
            self.wrong("is a choice, so it has no range; list its values: 'values: […]'.", *where)
        evidence = template.leaves[path].evidence
        ends = []
        for key, given in (("low", told.low), ("high", told.high)):
            value = given if given is not None else (evidence[key].plain() if key in evidence else None)
            if value is None:
                self.wrong(f"has no range in the scenario; write '{key}: …' here, or list 'values: […]'.", *where)
            try:
                ends.append(one.number(value))
            except ValueError as problem:
                self.wrong(str(problem), *where, key)
        if not ends[0] < ends[1]:
            self.wrong(f"low ({ends[0]:g}) must lie below high ({ends[1]:g}); correct one of them.", *where)
        if told.scale == "log" and ends[0] <= 0:
            self.wrong("a log scale needs a low end above 0; raise it, or write 'scale: linear'.", *where)
        return ends[0], ends[1]

    def _once(self, factors: Mapping[str, Factor]) -> None:
        if len(factors) > MOST_FACTORS:
            self.wrong(f"{len(factors)} factors are more than {MOST_FACTORS}; leave some out.", "levers")
        setting: dict[str, str] = {}
        for name, factor in factors.items():
            for path in factor.sets:
                if path in setting:
                    self.wrong(f"'{path}' is set by '{setting[path]}' too; one factor can set it.", "levers", name)
                setting[path] = name
        both = set(self.written.levers) & set(self.written.uncertainties)
        if both:
            self.wrong(f"'{min(both)}' stands under uncertainties too; keep one.", "levers", min(both))

    def _design(self, factors: Mapping[str, Factor]) -> Design:
        told = self.written.design
        kind = told if isinstance(told, str) else told.kind
        points = self.written.points
        if (kind == "list") != (points is not None):
            self.wrong("a design 'list' and a list under 'points:' belong together; write both or none.", "design")
        for number, point in enumerate(points or []):
            for name, value in point.items():
                if name not in factors:
                    known = nearest(name, factors)
                    self.wrong(f"'{name}' is no lever and no uncertainty of this study; {known}", "points", str(number), name)
                factor = factors[name]
                if factor.values is None or value not in factor.values:
                    options = ", ".join(map(str, factor.values or []))
                    self.wrong(f"{shown(value)} is not among its values ({options}); add it there.", "points", str(number), name)
        count, seed = (None, 1) if isinstance(told, str) else (told.points, told.seed)
        try:
            return design_of(kind, list(factors.values()), points or [], count, seed)
        except UsageError as problem:
            self.wrong(str(problem), "design")

    def _precision(self, measures: Mapping[str, Measure]) -> tuple[Precision, ...]:
        wishes = []
        for name, width in self.written.precision.items():
            try:
                wishes += parse_precision(f"{name}={width}", [], measures)
            except UsageError as problem:
                self.wrong(str(problem), "precision", name)
        return tuple(wishes)
