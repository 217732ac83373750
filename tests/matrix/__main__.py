"""``python -m tests.matrix``: one digest for each scenario on every Python, with the oldest and the newest libraries.

Environments are built below ``.venv-matrix``, from the interpreters found on this machine; none is downloaded. Writes
``docs/verification/determinism.md``. Exit status 1 if anything differs, or an environment could not be run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

from tests.digests import FILE as STORED
from tests.matrix.page import Environment, text

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "verification" / "determinism.md"
ENVIRONMENTS = ROOT / ".venv-matrix"
PYTHONS = ("3.11", "3.12", "3.13")
#: How uv chooses among the versions that pyproject.toml allows.
LIBRARIES = {"oldest": "lowest-direct", "newest": "highest"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", nargs="*", default=PYTHONS)
    parser.add_argument("--libraries", nargs="*", default=list(LIBRARIES), choices=LIBRARIES)
    parser.add_argument("--jobs", type=int, default=1, help="environments at a time")
    arguments = parser.parse_args()
    with ThreadPoolExecutor(arguments.jobs) as jobs:
        found = list(jobs.map(lambda one: environment(*one), product(arguments.python, arguments.libraries)))
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    PAGE.write_text(text(found, stored), encoding="utf-8")
    return 0 if all(one.problem == "" and one.agrees(found[0], stored) for one in found) else 1


def environment(python: str, libraries: str) -> Environment:
    """Build one environment and run every scenario in it; what goes wrong is told on the page."""
    interpreter = interpreter_of(python)
    if interpreter is None:
        return Environment(python, libraries, problem="no such interpreter on this machine")
    print(f"Python {python}, {libraries} libraries", file=sys.stderr, flush=True)
    try:
        return Environment(
            python, libraries, told=json.loads(_called(_built(interpreter, python, libraries), "-m", "tests.matrix.cell"))
        )
    except subprocess.CalledProcessError as error:
        print(error.stderr, file=sys.stderr)
        last = (error.stderr or "").strip().splitlines()[-1:]
        return Environment(python, libraries, problem="".join(last) or f"exit status {error.returncode}")


def interpreter_of(python: str) -> str | None:
    """Return an interpreter that runs, from the path or from pyenv's versions."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [*map(str, sorted(pyenv.glob(f"{python}.*/bin/python"))), shutil.which(f"python{python}")]
    for candidate in filter(None, candidates):
        done = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.startswith(f"Python {python}."):
            return candidate
    return None


def _built(interpreter: str, python: str, libraries: str) -> str:
    """Return the Python of an environment with what a run needs, wheels only: an old numpy is not built for a new Python."""
    home = ENVIRONMENTS / f"{python}-{libraries}"
    own = str(home / "bin" / "python")
    uv = str(ROOT / ".uv" / "bin" / "uv")
    if not Path(own).exists():
        _called(uv, "venv", "--quiet", "--python", interpreter, str(home))
    wanted = [
        "--only-binary",
        ":all:",
        "--resolution",
        LIBRARIES[libraries],
        "--requirements",
        "pyproject.toml",
        "--extra",
        "fast",
    ]
    _called(uv, "pip", "install", "--quiet", "--python", own, *wanted)
    return own


def _called(*command: Any) -> str:
    # One thread each: workers are what is varied, and the machine may be busy.
    surroundings = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    raise SystemExit(main())
