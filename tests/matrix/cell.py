"""One environment of the matrix: every shipped scenario, both engines, one to three workers and three sizes of chunks, as JSON.

Run by the interpreter of that environment, and so with no library but the ones that a run needs.
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.metadata import version
from itertools import product

from sim.digest import digest_of
from sim.experiment.executors import Processes
from sim.experiment.replications import run
from sim.loading import shipped
from sim.models import model_of
from sim.report.files import versions
from sim.reported import load
from tests.digests import REPLICATIONS as STORED
from tests.digests import SEED

REPLICATIONS = 3
#: Each number of workers once with each engine, and each size of chunks.
WAYS = {"simpy": ((1, 2), (2, 1), (3, 3)), "compiled": ((1, 3), (2, 2), (3, 1))}


def ways_of(scenario: object) -> list[tuple[str, int, int]]:
    """Return engine, workers and chunk of every run of a scenario; the compiled engine covers operations only."""
    engines = WAYS if model_of(scenario).compiled else {"simpy": WAYS["simpy"]}  # type: ignore[arg-type]
    return [(engine, workers, chunk) for engine, ways in engines.items() for workers, chunk in ways]


def main() -> None:
    pools = {1: None, 2: Processes(2), 3: Processes(3)}
    rows = []
    scenarios = [(path.stem, load(path)) for path in shipped()]
    for workers, (name, scenario) in product(pools, scenarios):
        for engine, _, chunk in (way for way in ways_of(scenario) if way[1] == workers):
            result = run(scenario, replications=REPLICATIONS, seed=SEED, engine=engine, chunk=chunk, executor=pools[workers])
            assert result.engine == engine, f"{name} was run by {result.engine}, not by {engine}"
            rows.append(
                {
                    "scenario": name, "engine": engine, "workers": workers, "chunk": chunk, "digest": result.digest,
                    "first": digest_of(list(result.digests[:STORED])),
                    "measures": hashlib.sha256(result.values.tobytes()).hexdigest(),
                }
            )  # fmt: skip
    for pool in pools.values():
        if pool is not None:
            pool.shutdown()
    told = {"versions": versions() | {"numba": version("numba")}, "rows": rows}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
