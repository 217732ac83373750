"""One contender in a process of its own: it is given seeds on a pipe and answers with vehicles, times and its peak of memory.

So no contender warms or fills the memory of another, and each may live in the environment that it needs. Nothing is imported
that the contender does not use.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.sizes import Counts, Size

#: Simulates one or several replications that belong to a seed and no other.
Replicate = Callable[[int], list[Counts]]

#: Hours that are simulated before the clock starts, so that imports and compilation are not timed.
WARM_UP = 72.0


# --- Plain models ------------------------------------------------------------------------------------------------------


def twin(size: Size) -> Replicate:
    """Return the plain SimPy model of the same work as corridor.yaml."""
    from tests.bench.corridor_twin import counts

    return lambda seed: [counts(seed, size)]


def reference(size: Size) -> Replicate:
    """Return the reference corridor in plain SimPy."""
    from tests.bench.corridor_simpy import run

    def replicate(seed: int) -> list[Counts]:
        staff = size.officers, size.inspectors, size.ice_agents, size.beds
        found = run(seed, size.hours, size.rate_per_hour, *staff)
        inspected = sum(found.outcomes[outcome] for outcome in ("inspected", "referred", "detained", "no_bed"))
        detained = found.outcomes["detained"] + found.outcomes["no_bed"]
        return [Counts(found.arrivals, found.outcomes["drove_on"], inspected, detained)]

    return replicate


def salabim(size: Size) -> Replicate:
    """Return the same work in salabim."""
    from tests.bench.corridor_salabim import counts

    return lambda seed: [counts(seed, size)]


def ciw(size: Size) -> Replicate:
    """Return the same work in Ciw."""
    from tests.bench.corridor_ciw import counts

    return lambda seed: [counts(seed, size)]


PLAIN: dict[str, Callable[[Size], Replicate]] = {"twin": twin, "reference": reference, "salabim": salabim, "ciw": ciw}


# --- stopflow, and the floor under it; reading the scenario is not timed ----------------------------------------------


def simpy_engine(scenario: Any, block: int) -> Replicate:
    """Return stopflow's SimPy engine: draw, then flow, with the whole trace."""
    from sim.chance import draw
    from sim.engines.simpy_engine import simulate
    from sim.trace import Kind

    def replicate(seed: int) -> list[Counts]:
        trace = simulate(scenario, draw(scenario, 1, seed))  # as a run does: one seed, and replications
        passed = int(trace.count(Kind.PASSED))
        seen = int(trace.count(Kind.STOP_BEGAN)) + passed
        return [Counts(seen, passed, int(trace.count(Kind.INSPECTION_ENDED)), int(trace.count(Kind.DETAINED)))]

    return replicate


def compiled(scenario: Any, block: int) -> Replicate:
    """Return stopflow's compiled engine: draw, flow, measure and digest."""
    from sim.engines.compiled.run import Engine
    from sim.measures.operation import measures_of
    from sim.trace import Kind

    engine = Engine(scenario, seed=1)
    kinds = (Kind.PASSED, Kind.INSPECTION_ENDED, Kind.DETAINED)

    def replicate(seed: int) -> list[Counts]:
        events, _ = engine.block(seed * block, block)
        measures_of(events)
        seen = events.count(Kind.STOP_BEGAN, Kind.PASSED).tolist()
        return [Counts(*map(int, row)) for row in zip(seen, *(events.count(kind).tolist() for kind in kinds), strict=True)]

    return replicate


def drawing(scenario: Any, block: int) -> Replicate:
    """Return numpy drawing alone what the compiled engine asks for: the floor under any engine."""
    from tests.bench.drawing import Floor

    floor = Floor(scenario, block)
    return lambda seed: [Counts(floor.draw(seed).vehicles, 0, 0, 0)]


STOPFLOW: dict[str, Callable[[Any, int], Replicate]] = {
    "simpy_engine": simpy_engine,
    "compiled": compiled,
    "drawing": drawing,
}


def warmed(model: str, size: dict[str, Any] | None, scenario: str, settings: list[str], block: int) -> Replicate:
    """Return a contender that has replicated once."""
    if size is not None:
        wanted = Size(**size)
        PLAIN[model](wanted.lasting(min(wanted.hours, WARM_UP)))(0)
        return PLAIN[model](wanted)
    from sim.loading import load

    made = STOPFLOW[model](load(Path(scenario), settings), block)
    made(0)
    return made


def turn(replicate: Replicate, first: int, seconds: float, replications: int) -> dict[str, Any]:
    """Replicate with the seeds from ``first`` on, for so much time of the processor and so many replications at least."""
    gc.collect()
    found: list[Counts] = []
    seed = first
    clock, began = time.perf_counter(), time.process_time()
    while time.process_time() - began < seconds or len(found) < replications:
        found += replicate(seed)
        seed += 1
    spent = {"cpu": time.process_time() - began, "wall": time.perf_counter() - clock}
    return {"counts": found, "peak_mb": peak_mb(), **spent}


def peak_mb() -> float:
    """Return the most memory that this process has held; where Linux tells, without what its parent held when it began."""
    status = Path("/proc/self/status")
    if status.exists():
        told = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        if "VmHWM" in told:
            return int(told["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Make the contender that the argument describes, say that it is ready, and take turns until the pipe is closed."""
    try:
        replicate = warmed(**json.loads(sys.argv[1]))
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        return
    print(json.dumps({"missing": ""}), flush=True)
    for line in sys.stdin:
        print(json.dumps(turn(replicate, **json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
