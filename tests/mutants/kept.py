"""What trials have found, in ``docs/verification/mutants.csv``: the page is made from it, and a run that is stopped goes on "
"from it."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "verification"
FILE = FOLDER / "mutants.csv"


@dataclass(frozen=True, slots=True)
class Found:
    """One trial: where the mutant is, what it changes, and how it ended."""

    file: str
    text: str  # digest of the file that was changed
    line: int
    operator: str
    occurrence: int
    before: str
    after: str
    how: str
    by: str

    @property
    def name(self) -> tuple[str, str, str, int]:
        return self.file, self.text, self.operator, self.occurrence

    @property
    def change(self) -> str:
        """What is explained; it outlives a change of line numbers."""
        return f"{self.before} -> {self.after}"


def read() -> list[Found]:
    """Return what was found so far, in the order of the trials."""
    if not FILE.is_file():
        return []
    with FILE.open(newline="", encoding="utf-8") as stream:
        return [Found(**row | {"line": int(row["line"]), "occurrence": int(row["occurrence"])}) for row in csv.DictReader(stream)]


def write(found: list[Found]) -> None:
    """Write everything anew; the file is whole or the old one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    part = FILE.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(Found)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(one) for one in found)
    part.replace(FILE)
