"""Aggregates -> a scenario file that loads, the tidy file, and a record of what was read and left out."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sim import __version__
from sim.importing.aggregates import Aggregates, Parameter, coarse
from sim.importing.reading import SMALLEST_CELL, Table
from sim.importing.tidy import COLUMNS
from sim.report.files import IMPORT, number_text, sha256, write_record
from sim.report.text_files import rows_to, write_text

SCENARIO, AGGREGATES = "scenario.yaml", "aggregates.csv"


@dataclass(frozen=True, slots=True)
class Labels:
    """What is said about an import beside its numbers."""

    kind: str
    base: str
    title: str
    source: str
    publisher: str
    date: str
    grade: str
    of_people: bool


def write(found: Aggregates, table: Table, labels: Labels, folder: Path, command: str) -> None:
    """Write ``scenario.yaml``, ``aggregates.csv`` and ``manifest.json`` into an empty folder.

    Parameters
    ----------
    found
        What the adapter found.
    table
        The file that was read.
    labels
        What is said about it.
    folder
        Where to write.
    command
        The command line.
    """
    write_text(folder / SCENARIO, scenario_text(found, labels))
    with rows_to(folder / AGGREGATES) as writer:
        writer.writerow(COLUMNS)
        for one in found.cells:
            words = asdict(one) | {"count": number_text(one.count)}
            writer.writerow([str(words[name]) for name in COLUMNS])
    write_record(_record(found, table, labels, command), folder)


def rows_told(table: Table, of_people: bool) -> tuple[int, dict[str, int]]:
    """Return how many rows were read and left out, to the nearest five where a row is somebody's.

    An exact number of rows, less the cells that are written, would give a suppressed cell away.
    """
    tell = coarse if of_people else int
    return tell(table.rows), {why: tell(count) for why, count in sorted(table.left_out.items())}


def _record(found: Aggregates, table: Table, labels: Labels, command: str) -> dict[str, Any]:
    rows, left_out = rows_told(table, labels.of_people)
    return {
        "kind": IMPORT,
        "stopflow": __version__,
        "command": command,
        "read": {"as": labels.kind, "layout": table.layout, "file": table.path.name, "sha256": sha256(table.path), "rows": rows},
        "columns_used": list(table.columns_kept),
        "columns_never_looked_at": list(table.columns_dropped),
        "rows_left_out": left_out,
        "counts_to_the_nearest": SMALLEST_CELL if labels.of_people else 1,
        "cells_suppressed": found.suppressed,
        "smallest_cell": SMALLEST_CELL,
    }


def scenario_text(found: Aggregates, labels: Labels) -> str:
    """Return a scenario with the imported parameters and reported figures, laid over its base."""
    question = f"What does {labels.base} give with the figures of {labels.publisher}?"
    lines = [
        f"# Made by 'stopflow import'. Counts below {SMALLEST_CELL} were suppressed; look at every line before you rely on it.",
        f"extends: {labels.base}",
        f"title: {_quoted(labels.title)}",
        f"question: {_quoted(question)}",
        *_tree(_nested(found.parameters), labels),
    ]
    if found.reported:
        lines.append("reported:")
        for figure in found.reported:
            note = f", note: {_quoted(figure.note)}" if figure.note else ""
            lines.append(
                f"  {figure.measure}: {{value: {number_text(figure.value)}, qualifier: {figure.qualifier}, use: {figure.use}, "
                f"source: {labels.source}{note}}}"
            )
    lines += ["sources:", f"  {labels.source}: {{publisher: {_quoted(labels.publisher)}, date: {_quoted(labels.date)}}}"]
    return "\n".join(lines) + "\n"


def _nested(parameters: list[Parameter]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for one in parameters:
        *sections, key = one.path.split(".")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = one
    return tree


def _tree(tree: Mapping[str, Any], labels: Labels, indent: str = "") -> list[str]:
    lines = []
    for key, value in tree.items():
        if isinstance(value, Parameter):
            note = f", note: {_quoted(value.note)}" if value.note else ""
            written = f"{{value: {value.written}, source: {labels.source}, grade: {labels.grade}{note}}}"
            lines.append(f"{indent}{key}: {written}")
        else:
            lines += [f"{indent}{key}:", *_tree(value, labels, indent + "  ")]
    return lines


def _quoted(text: str) -> str:
    """Return text as YAML reads it back, whatever it holds."""
    return json.dumps(textwrap.shorten(text, 300, placeholder=" …"), ensure_ascii=False)
