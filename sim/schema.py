"""The JSON Schema of a scenario file, with which an editor completes keys, shows their meaning and marks slips.

``python -m sim.schema`` writes ``scenario.schema.json`` and ``programme.schema.json`` beside the shipped scenarios, one for
each kind of scenario. Everything in them comes from :mod:`sim.scenario` and :mod:`sim.programme.scenario`; what is added here
is how a *file* may say it: a parameter plainly or beside its range, source and grade, an entry of a table removed with
null, and almost anything left out, since it may be inherited.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from sim.building import GRADES, SOURCE_WORDS
from sim.distributions import Distribution
from sim.fields import Duration
from sim.leaves import EVIDENCE_KEYS, NAME, PARAMETER_SECTIONS, field_at, unit_of
from sim.loading import NOT_INHERITED, ROOTS, shipped_folder
from sim.scenario import Scenario
from sim.scenario_file import Evidence, ScenarioFile

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: What pydantic writes beside a type, and what is said here in other words.
ANNOTATIONS = ("title", "description", "default", "role")

EXTENDS: Schema = {
    "type": "string",
    "description": "what this file changes: a .yaml file beside it, one folder up or below, or a shipped scenario",
}
#: A scenario says what is not inherited, and then needs a title and a question; a base that others extend says neither.
SCENARIO_OR_BASE: Schema = {
    "if": {"anyOf": [{"required": [key]} for key in NOT_INHERITED]},
    "then": {"required": ["title", "question"]},
}
GRADED_BY_A_SOURCE: Schema = {
    "if": {"required": ["grade"], "properties": {"grade": {"enum": [grade for grade in GRADES if grade != "assumed"]}}},
    "then": {"required": ["source"], "properties": {"source": {"not": {"enum": [*SOURCE_WORDS, None]}}}},
}


def file_schema(root: type[ScenarioFile] = Scenario) -> Schema:
    """Return the JSON Schema of a file of one kind of scenario as the loader accepts it.

    Parameters
    ----------
    root
        The kind: the class of the scenarios.

    Returns
    -------
    dict
        A schema in the dialect of 2020-12. Mistakes that need more than one key to be seen (a range that excludes the
        value, a source that is not listed, a loop of ``extends``) are left to the loader.
    """
    builder = _Builder(root)
    file = builder.section(builder.model, "")
    file["properties"] = {"extends": EXTENDS, **file["properties"]}
    header = {"$schema": DIALECT, "title": "stopflow scenario"}
    return {**header, **file, **SCENARIO_OR_BASE, "$defs": builder.definitions}


def file_text(root: type[ScenarioFile] = Scenario) -> str:
    """Return the text of the schema file of one kind of scenario."""
    return json.dumps(file_schema(root), indent=2, ensure_ascii=False) + "\n"


def schema_file(root: type[ScenarioFile] = Scenario) -> Path:
    """Return the path of the schema file of one kind of scenario."""
    kind = next((key for key, one in ROOTS.items() if one is root), "scenario")
    return shipped_folder() / f"{kind}.schema.json"


class _Builder:
    """Turns the model's schema into that of a file, by section; paths are dotted, and ``*`` stands for any entry."""

    def __init__(self, root: type[ScenarioFile]) -> None:
        self.root = root
        self.model: Schema = root.model_json_schema()
        self.definitions: Schema = {}

    def section(self, model: Schema, path: str) -> Schema:
        made: Schema = {"type": "object", "description": model["description"], "additionalProperties": False}
        made["properties"] = {}
        for key, inside in model["properties"].items():
            here = f"{path}.{key}" if path else key
            if not field_at(here, self.root).exclude:
                made["properties"][key] = self.entry(inside, here)
        if _top(path) in NOT_INHERITED:  # what cannot be inherited must stand here
            made["required"] = model["required"]
        return made

    def entry(self, model: Schema, path: str) -> Schema:
        field = field_at(path, self.root)
        if "$ref" in model:
            return {"description": field.description, **self.section_named(model["$ref"], path)}
        if isinstance(model.get("additionalProperties"), dict):
            return {"description": field.description, **self.table(model["additionalProperties"]["$ref"], path)}
        plain = {key: value for key, value in model.items() if key not in ANNOTATIONS}
        if _top(path) in PARAMETER_SECTIONS:
            plain = self.parameter(plain, field)
        return {"description": _meaning(field), **plain}

    def section_named(self, reference: str, path: str) -> Schema:
        name = reference.rpartition("/")[2]
        if name not in self.definitions:
            self.definitions[name] = self.section(self.model["$defs"][name], path)
        return {"$ref": reference}

    def table(self, reference: str, path: str) -> Schema:
        entry = self.section_named(reference, f"{path}.*")
        if _top(path) not in NOT_INHERITED:
            entry = {"anyOf": [entry, {"type": "null", "description": "removes the inherited entry"}]}
        return {"type": "object", "propertyNames": {"pattern": f"^{NAME.pattern}$"}, "additionalProperties": entry}

    def parameter(self, plain: Schema, field: FieldInfo) -> Schema:
        if unit_of(field) == "choice":  # each has its own words
            return _with_evidence(plain, field)
        name = "distribution" if field.annotation is Distribution else unit_of(field).replace(" ", "_")
        made = _with_evidence(plain, field)
        if self.definitions.setdefault(name, made) != made:
            raise ValueError(f"two kinds of parameter are called '{name}'; give one of them another unit.")
        return {"$ref": f"#/$defs/{name}"}


def _top(path: str) -> str:
    return path.partition(".")[0]


def _meaning(field: FieldInfo) -> str:
    """Return what a field means, with its role and its unit."""
    extra = field.json_schema_extra
    role = extra.get("role") if isinstance(extra, dict) else None
    words = ", ".join(str(word) for word in (role, unit_of(field)) if word and word != "choice")
    return f"{field.description} ({words})" if words else str(field.description)


def _with_evidence(plain: Schema, field: FieldInfo) -> Schema:
    """Return the ways to write a parameter: plainly, or its distribution or ``value`` with the evidence beside it."""
    evidence = _evidence(plain, field)
    distributions = [way["properties"] for way in plain.get("anyOf", []) if way.get("type") == "object"]
    return {"anyOf": [plain, *(_beside(way, evidence) for way in [*distributions, {"value": plain}])]}


def _beside(content: Schema, evidence: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(content),
        "properties": {**content, **evidence},
        "additionalProperties": False,
        **GRADED_BY_A_SOURCE,
    }


def _evidence(plain: Schema, field: FieldInfo) -> Schema:
    """Return the keys that may stand beside a value; only a quantity has a range."""
    model = Evidence.model_json_schema()["properties"]
    keys = {key: {word: x for word, x in model[key].items() if word not in ANNOTATIONS} for key in EVIDENCE_KEYS}
    if field.annotation in (int, float):
        return {**keys, "low": plain, "high": plain}
    if field.annotation in (int | None, Distribution):
        limit = TypeAdapter(Duration).json_schema()
        return {**keys, "low": limit, "high": limit}
    return {key: value for key, value in keys.items() if key not in ("low", "high")}


def study_text() -> str:
    """Return the text of the schema file of a study."""
    from sim.experiment.studies import StudyFile

    made = StudyFile.model_json_schema()
    return json.dumps({"$schema": DIALECT, **made, "title": "stopflow study"}, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema file of every kind of scenario, and of a study."""
    roots: list[type[ScenarioFile]] = [Scenario, *ROOTS.values()]
    for root in roots:
        schema_file(root).write_text(file_text(root), encoding="utf-8")
    (shipped_folder() / "study.schema.json").write_text(study_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
