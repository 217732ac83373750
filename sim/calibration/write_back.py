"""A fitted scenario as YAML: the file that was fitted, with its comments, and the values that the reports informed.

What no report informed stays as it was written. The files that it extends are written beside it, so that the folder can
be carried elsewhere.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.calibration.diagnostics import Learned
from sim.calibration.priors import Prior
from sim.calibration.simulate import scaled
from sim.distributions import Distribution
from sim.errors import Place, ScenarioError
from sim.leaves import value_at
from sim.loading import base_of, find
from sim.scenario_file import ScenarioFile
from sim.units import format_duration

_EVIDENCE = ("low", "high", "source", "grade", "note")


def write_fitted(scenario: ScenarioFile, informed: Sequence[tuple[Prior, Learned]], folder: Path) -> Path:
    """Write a fitted scenario, with the files that it extends, into a folder.

    Parameters
    ----------
    scenario
        The scenario that was fitted; what was set with ``--set`` is written too.
    informed
        Priors and what was learned, for the parameters to change.
    folder
        Where to; made if it does not exist.

    Returns
    -------
    Path
        The file of the fitted scenario.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = find(scenario.file)
    document = with_comments(scenario)
    if "extends" in document:
        document["extends"] = _copy_base(source, folder)
    for path, evidence in scenario.evidence.items():
        if evidence.place.file.startswith("--set"):
            _lay(document, path, _plain(evidence.written))
    for prior, one in informed:
        _lay(document, prior.path, _entry(scenario, prior, one))
    stream = io.StringIO()
    _round_trip().dump(document, stream)
    target = folder / f"{source.stem}_fitted.yaml"
    text = re.sub(r"\$schema=\S+", "$schema=scenario.schema.json", stream.getvalue(), count=1)
    target.write_text(text, encoding="utf-8")
    return target


def with_comments(scenario: ScenarioFile) -> Any:
    """Return what a scenario's own file says, with its comments.

    Raises
    ------
    ScenarioError
        If its parser, which is another than that of :mod:`sim.yaml_reader`, cannot read it: to be asked before a long fit.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    source = find(scenario.file)
    try:
        return _round_trip().load(source.read_text(encoding="utf-8-sig"))
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = Place(str(source), mark.line + 1, mark.column + 1) if mark else Place(str(source))
        raise ScenarioError.at(place, "", "cannot be written back with its comments; write it more simply here.") from None
    except (YAMLError, ValueError, LookupError, OverflowError, RecursionError) as problem:  # such as a date that is none
        reason = f"cannot be written back with its comments ({problem}); quote texts that look like dates or numbers."
        raise ScenarioError.at(Place(str(source)), "", reason) from None


def _round_trip() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.version = None
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.allow_unicode = True
    return yaml


def _copy_base(source: Path, folder: Path) -> str:
    """Write the file that another extends into the folder, under its own name, and return that name."""
    base = base_of(source)
    if base is None:
        raise AssertionError("a file that extends nothing has no base")
    text = base.read_text(encoding="utf-8-sig")
    if base_of(base) is not None:
        name = _copy_base(base, folder)
        text = re.sub(r"(?m)^extends:.*$", f"extends: {name}", text, count=1)
    (folder / base.name).write_text(text, encoding="utf-8")
    return base.name


def _lay(document: Any, path: str, value: Any) -> None:
    """Set what stands at a dotted path, the sections above it made where they are missing."""
    from ruamel.yaml.comments import CommentedMap

    *sections, key = path.split(".")
    place = document
    for section in sections:
        if section not in place:
            place[section] = CommentedMap()
        place = place[section]
    place[key] = value


def _entry(scenario: ScenarioFile, prior: Prior, one: Learned) -> Any:
    """Return a parameter's new entry: the posterior's median and 90% range, and that it was fitted."""
    from ruamel.yaml.comments import CommentedMap

    entry = CommentedMap()
    now = value_at(scenario, prior.path)
    if isinstance(now, Distribution):
        longer = scaled(now, one.median * 60_000 / now.mean)
        entry.update(_distribution(longer))
    else:
        entry["value"] = _quantity(prior.unit, one.median)
    entry["low"], entry["high"] = _quantity(prior.unit, one.low), _quantity(prior.unit, one.high)
    entry["source"], entry["grade"] = "fitted", "assumed"
    entry["note"] = f"posterior median and 90% range; contraction {one.contraction:.2f}, {one.verdict}"
    entry.fa.set_flow_style()
    return entry


def _distribution(distribution: Distribution) -> dict[str, Any]:
    """Return a distribution as it is written in YAML."""
    from sim.distributions import Empirical, Fixed, Lognormal

    def time(milliseconds: float) -> str:
        return format_duration(round(milliseconds))

    inside: Any
    if isinstance(distribution, Fixed):
        inside = time(distribution.value)
    elif isinstance(distribution, Empirical):
        inside = [time(value) for value in distribution.values]
    elif isinstance(distribution, Lognormal):
        inside = {"median": time(distribution.median), "sigma": float(distribution.sigma)}
    else:
        inside = {
            name.removesuffix("_value"): value if name in ("shape",) else time(value)
            for name in distribution.__dataclass_fields__  # type: ignore[attr-defined]
            for value in [float(getattr(distribution, name))]
        }
    return {distribution.name: inside}


def _quantity(unit: str, value: float) -> Any:
    """Return a number as it is written in YAML, to four digits."""
    if unit == "count":
        return round(value)
    if unit == "USD":
        return f"{value:.2f} USD"
    number = float(f"{value:.4g}")
    if unit == "minutes":
        return f"{number:.10g} min"
    return f"{number:.10g} per h" if unit == "per hour" else number


def _plain(written: Any) -> Any:
    if isinstance(written, dict):
        return {key: _plain(value) for key, value in written.items()}
    return [_plain(one) for one in written] if isinstance(written, tuple) else written
