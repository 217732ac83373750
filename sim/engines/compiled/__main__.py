"""Compile the engine, once for this version: ``python -m sim.engines.compiled``."""

from __future__ import annotations

import sys
import time

from sim.engines import kept
from sim.engines.compiled import run as operations
from sim.engines.compiled.programme import run as programmes
from sim.programme.scenario import ProgrammeScenario
from sim.reported import load
from sim.scenario import Scenario


def main() -> None:
    """Compile everything by running one replication of each kind of scenario."""
    if kept.is_compiled("operation") and kept.is_compiled("programme"):
        return
    print("compiling the engine, once for this version; this takes a minute or two.", file=sys.stderr)
    began = time.perf_counter()
    operation, programme = load("laramie_shift_2026"), load("national_arrests")
    assert isinstance(operation, Scenario)
    assert isinstance(programme, ProgrammeScenario)
    for engine in (operations.Engine(operation, seed=1), programmes.Engine(programme, seed=1)):
        engine.block(0, 1)
        engine.trace(0)
    print(f"compiled in {time.perf_counter() - began:.0f} s; kept in {kept.folder()}.", file=sys.stderr)


if __name__ == "__main__":
    main()
