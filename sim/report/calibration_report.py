"""The report of a calibration, made from its folder: what the reports told, and what they cannot tell.

The folder may come from a stranger: texts are escaped, and pictures are shown as images, which cannot run anything.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.csv_reader import csv_rows
from sim.errors import UsageError
from sim.report.files import own_file
from sim.report.numbers import in_words, name_in_words
from sim.report.page import Facts, render

CONTENTS = {
    "answer": "Answer",
    "pictures": "Pictures",
    "parameters": "Parameters",
    "predicted": "Reported and predicted",
    "limits": "What the reports cannot tell",
    "reproduce": "How to reproduce",
}
VERDICTS = ("informed", "partly", "uninformed")
LARGEST_PICTURE = 1_500_000
MOST_TOLD = 3
PICTURES = {
    "parameters": ("What was learned of each parameter", "Shaded: 90% of the prior; bar: 90% of the posterior; dot: its median."),
    "pairs": ("Parameters against each other", "Draws of the posterior; a slanted cloud is a ridge: known together, not apart."),
    "predicted": ("Reported figures against what the fitted model gives", "Chance and ignorance together; ring: not a target."),
}

Rows = list[dict[str, str]]


def calibration_report(folder: Path, manifest: Mapping[str, Any], facts: Facts) -> str:
    """Return the report of a calibration as the text of an HTML file.

    Parameters
    ----------
    folder
        What ``stopflow calibrate`` wrote.
    manifest
        Its manifest, as far as it is written.
    facts
        What only the caller knows.

    Raises
    ------
    UsageError
        If a file is missing or damaged.
    """
    parameters = rows_of(folder, "calibration.csv")
    predicted = rows_of(folder, "predictive.csv")
    try:
        learned = [_learned(row) for row in parameters]
        told = [_predicted(row) for row in predicted]
    except (KeyError, ValueError) as problem:
        raise UsageError(f"{folder}: calibration.csv or predictive.csv is damaged ({problem}); calibrate again.") from None
    groups = {verdict: [row for row in learned if row["verdict"] == verdict] for verdict in VERDICTS}
    targets = [row for row in told if row["use"] == "target"]
    held_out = [row for row in told if row["use"] != "target"]
    operations = [str(name) for name in manifest.get("operations", [])]
    return render(
        "calibration.html.j2",
        facts,
        CONTENTS,
        operations=operations,
        manifest=manifest,
        answer=_answer(groups, targets, held_out, len(learned)),
        groups={verdict: rows for verdict, rows in groups.items() if rows},
        targets=targets,
        held_out=held_out,
        ridges=_optional(folder, "ridges.csv"),
        stages=_optional(folder, "stages.csv"),
        ask_next=_optional(folder, "ask_next.csv"),
        rivals=_optional(folder, "rivals.csv"),
        left_out=[_predicted(row) for row in _optional(folder, "left_out.csv")],
        pictures=[
            (heading, caption, _image(path), name)
            for name, (heading, caption) in PICTURES.items()
            if (path := own_file(folder, f"figures/{name}.svg"))
        ],
    )


def rows_of(folder: Path, name: str, largest: int = LARGEST_PICTURE) -> Rows:
    """Return the rows of a CSV file of ours.

    Raises
    ------
    UsageError
        If it is missing, or too large to be one.
    """
    path = own_file(folder, name)
    if path is None or path.stat().st_size > largest:
        raise UsageError(f"{folder / name}: is missing, or not a file that stopflow wrote; make the result again.")
    rows = csv_rows(path)
    _, header = next(rows, (1, []))
    found = []
    for line, cells in rows:
        if len(cells) != len(header):
            raise UsageError(f"{path}:{line}: {len(cells)} cells instead of {len(header)}; make the result again.")
        found.append(dict(zip(header, cells, strict=True)))
    return found


def _optional(folder: Path, name: str) -> Rows:
    if own_file(folder, name) is None:
        return []
    return [{key: _short(value) for key, value in row.items()} for row in rows_of(folder, name)]


def _short(text: str) -> str:
    """Return a number of a file as people read it, or the text as it is."""
    try:
        return f"{float(text):.3g}"
    except ValueError:
        return text


def _learned(row: Mapping[str, str]) -> dict[str, Any]:
    numbers = {name: f"{float(row[name]):.3g}" for name in ("prior_low", "prior_high", "low", "median", "high")}
    return {**row, **numbers, "contraction": f"{max(0.0, float(row['contraction'])):.0%}"}


def _predicted(row: Mapping[str, str]) -> dict[str, Any]:
    low, high, reported = float(row["low"]), float(row["high"]), float(row["reported"])
    inside = low <= reported <= high or (row["qualifier"] == "at_least" and reported <= high)
    inside = inside or (row["qualifier"] == "under" and reported >= low)
    words = {name: in_words(float(row[name]), "people") for name in ("reported", "low", "median", "high")}
    return {
        **row, **words, "name": name_in_words(row["measure"]), "tail": f"{float(row['tail']):.2f}",
        "verdict": "inside" if inside else "outside",
    }  # fmt: skip


def _answer(groups: Mapping[str, list[dict[str, Any]]], targets: Rows, held_out: Rows, count: int) -> list[str]:
    informed, partly, uninformed = (len(groups[verdict]) for verdict in VERDICTS)
    first = (
        f"Of {count} parameters that were fitted, the reports inform {informed}, {partly} partly, and {uninformed} not at all: "
        "these stay where the prior put them, whatever a fit may print."
    )
    inside = sum(row["verdict"] == "inside" for row in targets)
    second = f"Of {len(targets)} figures that were fitted, {inside} lie inside the 90% range of what the fitted model gives"
    if held_out:
        outside = sum(row["verdict"] == "inside" for row in held_out)
        second += f"; of {len(held_out)} that were not, {outside}"
    else:
        second += "; no figure was held out, so nothing tests the fit from outside"
    known = [_known(row) for verdict in VERDICTS[:2] for row in groups[verdict]][:MOST_TOLD]
    best = [f"Best known: {'; '.join(known)}."] if known else []
    return [
        first,
        *best,
        f"{second}.",
        "Ranges here hold chance and ignorance of the parameters together, within this one model.",
    ]


def _known(row: Mapping[str, Any]) -> str:
    return (
        f"{row['name']}, {row['low']} to {row['high']} {row['unit']} for 90% of the posterior, where the prior had "
        f"{row['prior_low']} to {row['prior_high']}"
    )


def _image(path: Path) -> str:
    if path.stat().st_size > LARGEST_PICTURE:
        raise UsageError(f"{path}: is too large for a report; calibrate again.")
    return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode()
