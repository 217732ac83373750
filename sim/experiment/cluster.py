"""A Dask cluster as an executor: the same tasks, the same store, on many machines.

The scheduler and the workers are started by whoever has the machines (docs/cluster.md); this process is their client and the
only one that writes. A worker that dies has its tasks done by another.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from sim.errors import UsageError
from sim.experiment.store import model_digest

CONNECT_SECONDS = 10
#: How often a task is given to another worker after one has died with it.
RETRIES = 3


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """Yield an executor that works on the Dask cluster at an address.

    Raises
    ------
    UsageError
        If Dask is not installed, nobody answers, there are no workers, or they run another version of the model.
    """
    try:
        import distributed
    except ImportError:
        raise UsageError("--dask needs Dask; install it with: pip install 'stopflow[cluster]'") from None
    client: Any
    connect: Any = distributed.Client  # its functions carry no types
    try:
        client = connect(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as problem:
        raise UsageError(f"--dask {address}: no scheduler answers there ({problem}); start one with 'dask scheduler'.") from None
    try:
        _check_workers(client, address)
        executor: Any = client.get_executor(pure=False, retries=RETRIES)
        # How many tasks to keep under way is reckoned from the number of workers, as with processes of our own.
        executor._max_workers = max(1, sum(client.nthreads().values()))
        yield executor
    finally:
        client.close()


def _check_workers(client: Any, address: str) -> None:
    """Refuse workers that would give other numbers."""
    try:
        found = client.run(model_digest)
    except Exception as problem:  # whatever a worker without our code answers
        raise UsageError(f"--dask {address}: the workers cannot load stopflow ({problem}); install it there too.") from None
    if not found:
        raise UsageError(f"--dask {address}: the scheduler has no workers; start some with 'dask worker {address}'.")
    others = [worker for worker, digest in found.items() if digest != model_digest()]
    if others:
        raise UsageError(f"--dask {address}: {others[0]} runs another version of stopflow; install the same everywhere.")
