"""Where random numbers come from: a stream by its name, an entity by its place in the stream.

The name and the seed make the key of a Philox counter-based generator; replication and seat make the upper words of its
counter; the entity is the position. So adding a stream moves no other, and no number hangs on the order of calls.

References
----------
Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC11.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.distributions import Distribution, Fixed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LARGEST_SEED = 2**63 - 1
#: Of the 64 bits of a raw number; the others make the step.
UNUSED_BITS = np.uint64(12)


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that is drawn for every entity: from which stream, and what the number becomes.

    Attributes
    ----------
    stream
        The stream's name, without the flow that it belongs to.
    law
        A distribution gives a duration; a share, yes or no; weights, a choice among alternatives; None, the number itself.
    used
        Whether anything in the scenario can come to hang on it; what cannot is not drawn.
    """

    stream: str
    law: Distribution | float | tuple[float, ...] | None = None
    used: bool = True

    @property
    def certain(self) -> float | None:
        """What every number becomes, where it is the same for all; None where it is not."""
        if isinstance(self.law, float):
            share = self.law if self.used else 0.0
            return share >= 1 if share <= 0 or share >= 1 else None
        if not self.used:
            return 0.5 if self.law is None else 0
        if isinstance(self.law, Fixed):
            return int(self.law.inverse(np.asarray(0.5)))
        if isinstance(self.law, tuple) and sum(weight > 0 for weight in self.law) == 1:
            return _last_above_zero(self.law)
        return None


def uniforms(seed: int, replication: int, stream: str, count: int, seat: int = 0) -> Floats:
    """Return the numbers of one stream for the entities 0 to ``count`` - 1.

    Parameters
    ----------
    seed
        The seed of the run, 0 to 2**63 - 1.
    replication
        The number of the replication, from 0.
    stream
        The stream's name.
    count
        How many entities.
    seat
        The seat in the vehicle; 0 for what belongs to the vehicle itself.

    Returns
    -------
    numpy.ndarray of float64, shape (count,)
        Numbers strictly between 0 and 1, in steps of 2**-52.
    """
    generator = _generators.philox
    generator.state = {
        "bit_generator": "Philox",
        "state": {"counter": np.array([0, seat, replication, 0], dtype=np.uint64), "key": key(seed, stream)},
        "buffer": _EMPTY,
        "buffer_pos": len(_EMPTY),
        "has_uint32": 0,
        "uinteger": 0,
    }
    # Only the raw stream is used: it is fixed by the algorithm, where numpy's distributions may change with its version.
    numbers: Floats = (np.asarray(generator.random_raw(count)) >> UNUSED_BITS).astype(np.float64)
    numbers += 0.5
    numbers *= 2.0**-52
    return numbers


class _Generators(threading.local):
    """One generator for each thread; it is set anew for every stream, since making one costs more than most streams."""

    def __init__(self) -> None:
        self.philox = np.random.Philox(key=0)


_generators = _Generators()
_EMPTY = np.zeros(4, dtype=np.uint64)


@lru_cache(maxsize=4096)
def key(seed: int, stream: str) -> NDArray[np.uint64]:
    """Return the generator's key for a stream: the first 128 bits of SHA-256 over seed and name."""
    return np.frombuffer(hashlib.sha256(f"{seed}/{stream}".encode()).digest()[:16], dtype="<u8").astype(np.uint64)


def choose(weights: Sequence[float], u: Floats) -> Ints:
    """Return for each number the alternative whose share of the weights, laid end to end, covers it.

    Parameters
    ----------
    weights
        Relative weights, not all zero.
    u
        Numbers strictly between 0 and 1.

    Returns
    -------
    numpy.ndarray of int64
        Positions in ``weights``; one with weight zero is never chosen.
    """
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    chosen: Ints = np.searchsorted(edges, u * edges[-1], side="right").astype(np.int64)
    return np.minimum(chosen, _last_above_zero(weights))


def _last_above_zero(weights: Sequence[float]) -> int:
    return max(position for position, weight in enumerate(weights) if weight > 0)
