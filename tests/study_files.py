"""Small studies for tests, as files: an hour of one or two officers, in which a replication takes milliseconds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

TINY = """
extends: laramie_shift_2026
title: One hour of one officer
question: Does a study of very little run?
operation:
  shifts:
    detail: {length: 1 h, patrol_units: 1}
jail: {warm_up: 0 d, follow_up: 1 h}
"""

STUDY = """
title: One hour
question: What do officers and a limit change?
base: tiny.yaml
levers:
  operation.shifts.detail.patrol_units: {values: [1, 2]}
  status_check.limit: {values: [0 min, 10 min, none]}
design: grid
measures: [stops, detained]
replications: 12
block: 5
seed: 3
"""


def write_study(folder: Path, text: str = STUDY, name: str = "hour", **changes: Any) -> Path:
    """Write a study with its base into a folder; ``changes`` replace whole top-level lines."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    lines = [line for line in text.splitlines() if line.split(":")[0] not in changes]
    lines += [f"{key}: {value}" for key, value in changes.items()]
    path = folder / f"{name}.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def stopflow(*arguments: object) -> subprocess.Popen[bytes]:
    """Start the command line in a process of its own, unheard."""
    return subprocess.Popen(_line(arguments), env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def finished(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(_line(arguments), env=_environment(), capture_output=True, text=True, timeout=300, check=False)


def _line(arguments: Sequence[object]) -> list[str]:
    return [sys.executable, "-c", "from sim.cli import main; main()", *map(str, arguments)]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
