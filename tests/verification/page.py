"""``docs/verification.md`` from what stands below ``docs/verification/``: nothing is measured here, and nothing is made up."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.verification.sections import SECTIONS, Section

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "verification.md"
FOLDER = DOCS / "verification"
RAN = FOLDER / "ran.json"
#: How a section's page begins the line that is shown on the page of all.
RESULT = "Result: "

HEAD = """# Verification

What is claimed of this program, how each claim can be made to fail, and what was found. Every figure here was written by a
command that anybody can run again: `make verify` runs all of them (a day on two cores), `make verify SECTIONS="mutants sbc"`
some. This page is joined from the pages of the sections, and a test refuses it if it is not.

What none of this shows: that the model is a true picture of any operation. A program can be right about a model that is wrong.
What the reports can and cannot tell of the model stands under *Ablations* and in [calibration.md](calibration.md).

"""


def ran() -> dict[str, Any]:
    """Return when and with what each section was last run by ``make verify``."""
    found: dict[str, Any] = json.loads(RAN.read_text(encoding="utf-8")) if RAN.is_file() else {}
    return found


def is_there(section: Section) -> bool:
    """Whether the module of a section exists."""
    try:
        return find_spec(section.module) is not None
    except ModuleNotFoundError:
        return False


def result(section: Section) -> str:
    """Return what a section found in its own words."""
    if not section.module:
        return "run with every change, by `make test`"
    file = FOLDER / section.page
    if not file.is_file():
        return "**not run**: " + ("its page is missing" if is_there(section) else "it is not written yet")
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(RESULT)]
    return lines[0].removeprefix(RESULT) if lines else "see its page"


def when(section: Section, stamps: dict[str, Any]) -> str:
    """Return when a section was run: commit, day, versions."""
    if not section.module:
        return "Every change."
    if section.name not in stamps:
        return (
            "Not run by `make verify` yet; its page says with what it was made."
            if (FOLDER / section.page).is_file()
            else "Never."
        )
    stamp = stamps[section.name]
    versions = ", ".join(f"{name} {version}" for name, version in stamp["versions"].items())
    return f"{stamp['day']}, commit {stamp['commit']}, {stamp['minutes']:.0f} minutes; {versions}."


def text() -> str:
    """Return the page."""
    stamps = ran()
    lines = ["| proof | found |", "| --- | --- |"]
    for one in SECTIONS:
        lines.append(f"| [{one.title}](#{one.title.lower().replace(',', '').replace(' ', '-')}) | {result(one)} |")
    for one in SECTIONS:
        lines += ["", f"## {one.title}", "", one.claim, "", f"- *Would fail through*: {one.fails}"]
        if one.module:
            page = f"[verification/{one.page}](verification/{one.page})" if (FOLDER / one.page).is_file() else "none yet"
            lines += [f"- *Found*: {result(one)}", f"- *Page*: {page}", f"- *Again*: `make verify SECTIONS={one.name}`"]
        lines.append(f"- *Ran*: {when(one, stamps)}")
        if one.tests:
            lines += ["- *In the fast suite*:", *(f"  - `{test}`" for test in one.tests)]
    return HEAD + "\n".join(lines) + "\n"
