"""Compile the engine, once for this version: ``python -m sim.engines.compiled``."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from sim.engines import kept
from sim.engines.compiled import run as operations
from sim.engines.compiled.programme import run as programmes
from sim.reported import load

#: A scenario of each kind, with what makes its engine.
KINDS: dict[str, tuple[str, Callable[..., Any]]] = {
    "operation": ("laramie_shift_2026", operations.Engine),
    "programme": ("national_arrests", programmes.Engine),
}


def main() -> None:
    """Compile what is missing, both kinds at the same time."""
    missing = [kind for kind in KINDS if not kept.is_compiled(kind)]
    if not missing:
        return
    print("compiling the engine, once for this version; this takes a minute or two.", file=sys.stderr)
    began = time.perf_counter()
    processes = [subprocess.Popen([sys.executable, "-m", "sim.engines.compiled", kind]) for kind in missing]
    ended = [process.wait() for process in processes]
    if any(ended):
        sys.exit("the engine could not be compiled; what went wrong stands above.")
    print(f"compiled in {time.perf_counter() - began:.0f} s; kept in {kept.folder()}.", file=sys.stderr)


def compile_one(kind: str) -> None:
    """Compile everything for one kind of scenario by running a replication with and without a trace."""
    scenario, engine_of = KINDS[kind]
    engine = engine_of(load(scenario), seed=1)
    engine.block(0, 1)
    engine.trace(0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m sim.engines.compiled", description=__doc__)
    parser.add_argument("kind", nargs="?", choices=KINDS, help="compile this kind only, and in this process")
    chosen = parser.parse_args().kind
    if chosen:
        compile_one(chosen)
    else:
        main()
