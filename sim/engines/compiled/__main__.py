"""Compile the engine, once for this version: ``python -m sim.engines.compiled``."""

from __future__ import annotations

import sys
import time

from sim.engines import kept
from sim.engines.compiled.run import Engine
from sim.reported import load
from sim.scenario import Scenario


def main() -> None:
    """Compile everything by running one replication."""
    if kept.is_compiled():
        return
    print("compiling the engine, once for this version; this takes about a minute.", file=sys.stderr)
    began = time.perf_counter()
    scenario = load("laramie_shift_2026")
    assert isinstance(scenario, Scenario)
    engine = Engine(scenario, seed=1)
    engine.block(0, 1)
    engine.trace(0)
    print(f"compiled in {time.perf_counter() - began:.0f} s; kept in {kept.folder()}.", file=sys.stderr)


if __name__ == "__main__":
    main()
