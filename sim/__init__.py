"""stopflow: a discrete-event simulator of roadside enforcement operations run with ICE under 287(g) agreements.

In Python: ``sim.load``, ``sim.run``, ``sim.compare`` and ``sim.sweep`` (:mod:`sim.api`), which are imported when they are
first asked for, so that the command line starts at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.api import compare as compare
    from sim.api import load as load
    from sim.api import run as run
    from sim.api import sweep as sweep

__version__ = "0.1.0"

_FROM_API = ("load", "run", "compare", "sweep")


def __getattr__(name: str) -> Any:
    if name in _FROM_API:
        from sim import api

        return getattr(api, name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_FROM_API])
