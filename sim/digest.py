"""What tells traces apart: a word for each row, their sum for a trace, and one digest for the traces of a run.

The compiled engine is built from the same words.
"""

from __future__ import annotations

import hashlib
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Word = TypeVar("Word", np.uint64, NDArray[np.uint64])


def word_of(  # noqa: PLR0913 - the columns of a row
    place: Word, time: Word, kind: Word, flow: Word, vehicle: Word, seat: Word, unit: Word, detail: Word
) -> Word:
    """Return the word for a row of a trace at a place: what the row says, each column times an odd number of its own, then mixed.

    The multiplications do not wait for one another, so the digest costs little beside the simulation.
    """
    here = (place + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    who = vehicle * np.uint64(0xBF58476D1CE4E5B9) + seat * np.uint64(0x94D049BB133111EB) + flow * np.uint64(0xC2B2AE3D27D4EB4F)
    what = kind * np.uint64(0xFF51AFD7ED558CCD) + unit * np.uint64(0xC4CEB9FE1A85EC53) + detail * np.uint64(0xA0761D6478BD642F)
    return mixed(mixed(here ^ (time * np.uint64(0xD6E8FEB86659FD93) + who + what)))


def mixed(word: Word) -> Word:
    """Mix a word: multiplication by an odd number and a shift let each bit reach every other."""
    product = word * np.uint64(0xE7037ED1A0B428DB)
    return product ^ (product >> np.uint64(32))


def digest_text(digest: int) -> str:
    """Return a digest as it is written down."""
    return f"{digest:016x}"


def digest_of(digests: list[str]) -> str:
    """Return one digest for the traces of a run, in the order of their replications: SHA-256 over theirs."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()
