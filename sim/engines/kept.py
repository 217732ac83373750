"""Where the compiler's work is kept between runs.

It hangs on every file that the compiled engine is made of: a function compiled from several files would not notice that one of
them has changed. So it stands in a folder named after a digest of all of them, in the user's cache, where several processes
may share it and a read-only installation does no harm. ``STOPFLOW_CACHE_DIR`` names another place.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from functools import cache
from importlib import metadata
from pathlib import Path

_SIM = Path(__file__).resolve().parents[1]
_OTHERS = (
    "arrivals", "calendar", "chance", "columns", "digest", "distributions", "elementary", "entities", "fields", "scenario",
    "streams", "trace", "units",
)  # fmt: skip
_PROGRAMME = ("arrests", "counted", "draw", "pathway", "record", "scenario", "steps", "tally")
#: Made when everything has been compiled that a kind of scenario needs.
STAMP = "complete-{kind}"


def sources() -> list[Path]:
    """Return the files that the compiled engine is made of."""
    return [
        *sorted(set((_SIM / "engines" / "compiled").rglob("*.py")) - {_SIM / "engines" / "compiled" / "__main__.py"}),
        *(_SIM / f"{name}.py" for name in _OTHERS),
        _SIM / "pathway" / "places.py",
        _SIM / "measures" / "tally.py",
        *(_SIM / "programme" / f"{name}.py" for name in _PROGRAMME),
    ]


@cache
def folder() -> Path:
    """Return the folder for the compiled work of this very version; a fresh temporary one where nothing can be kept."""
    digest = hashlib.sha256()
    for source in sources():
        digest.update(source.read_bytes())
    digest.update(f"{_SIM}{sys.version}{metadata.version('numba')}{metadata.version('numpy')}".encode())
    home = os.environ.get("STOPFLOW_CACHE_DIR")
    base = Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "stopflow"
    kept = base / digest.hexdigest()[:16]
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=kept):
            return kept
    except OSError:
        return Path(tempfile.mkdtemp(prefix="stopflow-"))


def is_compiled(kind: str) -> bool:
    """Return whether the compiler's work for a kind of scenario is there."""
    return (folder() / STAMP.format(kind=kind)).exists()


def remember(kind: str) -> None:
    """Note that everything has been compiled for a kind of scenario."""
    (folder() / STAMP.format(kind=kind)).touch()
