"""The store of a study: one SQLite file that a kill at any moment leaves whole.

Results are kept by content: their key is the hash of the resolved scenario, the seed and the model's own code, and beside it
the replications of the block. So a study that is extended, or changed in part, finds again whatever it still needs; and results
of another version of the model are never mixed in. Which blocks a run happened to make does not matter: what is read back is
the replications in their order.

One process writes. It holds the file in SQLite's exclusive mode, so that a second one is refused; a lock ends with its process.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.digest import digest_of
from sim.errors import UsageError, printable

FILE = "study.sqlite"
FORMAT = 1
#: A transaction is ended when it is this old: at most so much work is lost to a kill, and the disk is not asked for more often.
COMMIT_SECONDS = 0.25
#: Rooms of the package in which a change cannot change a number.
_NOT_THE_MODEL = ("commands", "report", "experiment", "calibration", "importing", "scenarios")
_NOT_THE_MODEL_FILES = (
    "__init__.py",
    "start.py",
    "cli.py",
    "csv_reader.py",
    "api.py",
    "schema.py",
    "evidence.py",
    "reported.py",
    "errors.py",
)

Floats = NDArray[np.float64]

_TABLES = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS points (
    point INTEGER PRIMARY KEY, written TEXT NOT NULL, shown TEXT NOT NULL,
    scenario TEXT, error TEXT, used INTEGER, met INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS blocks (
    key BLOB NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (key, first)
) WITHOUT ROWID;
"""


_PARTS = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
#: What a stranger's store may hold: replications to a block, bytes to a digest.
MOST_IN_A_BLOCK, LONGEST_DIGEST = 1_000_000, 64


@dataclass(frozen=True, slots=True)
class PointRow:
    """One point as the store holds it."""

    point: int
    written: Mapping[str, Any]
    shown: list[float | str]
    scenario: str | None
    error: str | None
    used: int | None
    met: bool


@cache
def model_digest() -> str:
    """Return SHA-256 over the code that makes numbers: everything but commands, reports and the running of experiments."""
    package = Path(__file__).resolve().parents[1]
    whole = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).parts
        if parts[0] not in _NOT_THE_MODEL and path.name not in _NOT_THE_MODEL_FILES:
            whole.update("/".join(parts).encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return whole.hexdigest()


def run_key(scenario_digest: str, seed: int) -> bytes:
    """Return the key under which the replications of a scenario are kept."""
    return hashlib.sha256(f"{model_digest()}/{scenario_digest}/{seed}".encode()).digest()


@contextmanager
def open_store(folder: Path, *, write: bool) -> Iterator[Store]:
    """Open the store in a folder; to write, alone.

    Raises
    ------
    UsageError
        If another process holds it, or it is no store, or it cannot be read.
    """
    file = folder / FILE
    if not write and not file.is_file():
        raise UsageError(f"{folder}: holds no {FILE}; name the folder that 'stopflow sweep --out' wrote.")
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(_address(file, write), timeout=1.0, isolation_level=None, uri=True)
        yield _opened(connection, file, write)
        if connection.in_transaction:
            connection.execute("COMMIT")
        if write:  # a finished store is one plain file: it can be hashed, packed, and read from a folder that nobody may write to
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as problem:
        raise UsageError(_in_words(problem, file)) from None
    finally:
        if connection is not None:
            connection.close()


def _address(file: Path, write: bool) -> str:
    """Return where SQLite finds the file; where nobody can write, it is told so, since it would make a log beside the file."""
    address = file.absolute().as_uri()
    if write:
        return address
    alone = not file.with_name(f"{file.name}-wal").exists()
    return f"{address}?immutable=1" if alone and not os.access(file.parent, os.W_OK) else f"{address}?mode=rw"


def _opened(connection: sqlite3.Connection, file: Path, write: bool) -> Store:
    connection.execute("PRAGMA locking_mode=EXCLUSIVE" if write else "PRAGMA query_only=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    _check_tables(connection, file)
    if write:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN EXCLUSIVE")  # from here on nobody else gets in, until this process ends
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute("COMMIT")
    store = Store(connection)
    found = store.about("format")
    if found is None and write:
        store.tell("format", str(FORMAT))
    elif found != str(FORMAT):
        raise UsageError(f"{file}: was written by another version of stopflow (format {found}); name another folder.")
    return store


@cache
def _tables() -> list[tuple[str, str, str]]:
    """Return what a store is made of: kind, name and text of each of its parts."""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(_TABLES)
        return list(empty.execute(_PARTS))


def _check_tables(connection: sqlite3.Connection, file: Path) -> None:
    """Refuse what is no store of ours; a view or a trigger of a stranger's would be run by a look at it."""
    parts = list(connection.execute(_PARTS))
    if parts and parts != _tables():
        raise UsageError(f"{file}: is no store of this version of stopflow (its tables are others); name another folder.")


def _in_words(problem: sqlite3.DatabaseError, file: Path) -> str:
    words = str(problem)
    if "locked" in words or "busy" in words:
        return f"{file}: another process is at work on this study; wait until it has finished, or name another folder."
    if "full" in words or "disk" in words:
        return f"{file}: cannot be written ({words}); free some room. What was stored stays, and the same command goes on."
    return f"{file}: is no store that I can read ({words}); name another folder."


class Store:
    """An open store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.began = 0.0

    def about(self, key: str) -> str | None:
        """Return one thing that the store says of itself."""
        row = self.connection.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def tell(self, key: str, value: str) -> None:
        """Write down one thing about the store."""
        self._begin()
        self.connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (key, value))
        self.commit()

    def _begin(self) -> None:
        if not self.connection.in_transaction:
            self.connection.execute("BEGIN")
            self.began = time.monotonic()

    def commit(self, *, if_old: bool = False) -> None:
        """End the transaction, so that a kill cannot take it back."""
        if self.connection.in_transaction and not (if_old and time.monotonic() - self.began < COMMIT_SECONDS):
            self.connection.execute("COMMIT")

    # --- points ---------------------------------------------------------------------------------------------------

    def set_points(self, points: Iterable[tuple[Mapping[str, Any], list[float | str]]], about: Mapping[str, str]) -> None:
        """Write the points of the design, as written and as shown, in place of those that are there, and what they are of."""
        self._begin()
        self.connection.execute("DELETE FROM points")
        rows = ((number, json.dumps(dict(point)), json.dumps(shown)) for number, (point, shown) in enumerate(points))
        self.connection.executemany("INSERT INTO points (point, written, shown) VALUES (?, ?, ?)", rows)
        self.connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about.items())
        self.commit()

    def points(self) -> Iterator[PointRow]:
        """Yield the points in their order; the store may be written to meanwhile."""
        last = -1
        while True:
            query = (
                "SELECT point, written, shown, scenario, error, used, met FROM points WHERE point > ? ORDER BY point LIMIT 500"
            )
            rows = self.connection.execute(query, (last,)).fetchall()
            if not rows:
                return
            for row in rows:
                yield _point_row(*row)
            last = rows[-1][0]

    def count_points(self) -> tuple[int, int]:
        """Return how many points there are, and how many of them failed."""
        query = "SELECT COUNT(*), COUNT(error) FROM points"
        total, failed = self.connection.execute(query).fetchone()
        return int(total), int(failed)

    def set_scenario(self, point: int, digest: str) -> None:
        """Write down which scenario a point is."""
        self._begin()
        self.connection.execute("UPDATE points SET scenario = ? WHERE point = ?", (digest, point))

    def set_error(self, point: int, error: str) -> None:
        """Write down why a point failed."""
        self._begin()
        self.connection.execute("UPDATE points SET error = ?, used = NULL WHERE point = ?", (error, point))

    def set_used(self, point: int, used: int, met: bool) -> None:
        """Write down how many replications a point's results are made of, and whether they are precise enough."""
        self._begin()
        self.connection.execute("UPDATE points SET used = ?, met = ? WHERE point = ?", (used, int(met), point))

    def look_again(self) -> None:
        """Forget what failed and how many replications were enough, so that every point is looked at again."""
        self._begin()
        self.connection.execute("UPDATE points SET error = NULL, used = NULL, met = 1")
        self.commit()

    # --- blocks ---------------------------------------------------------------------------------------------------

    def ranges(self, key: bytes) -> list[tuple[int, int]]:
        """Return (first, count) of the blocks that are there, in order."""
        rows = self.connection.execute("SELECT first, count FROM blocks WHERE key = ? ORDER BY first", (key,)).fetchall()
        return [(int(first), int(count)) for first, count in rows]

    def add_block(self, key: bytes, first: int, values: Floats, digests: bytes) -> None:
        """Keep one block: values of shape (replications, measures), and the digests of the traces one after another."""
        content = zlib.compress(np.ascontiguousarray(values, dtype="<f8").tobytes() + digests, level=1)
        self._begin()
        row = (key, first, len(values), content)
        self.connection.execute("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?)", row)

    def read(self, key: bytes, until: int, measures: int) -> tuple[Floats, list[str]]:
        """Return values and digests of the replications before ``until``, as far as they follow one another.

        Raises
        ------
        UsageError
            If a block is damaged.
        """
        values: list[Floats] = [np.empty((0, measures))]
        digests: list[str] = []
        query = "SELECT first, count, content FROM blocks WHERE key = ? AND first < ? ORDER BY first"
        for first, count, content in self.connection.execute(query, (key, until)):
            if not isinstance(first, int) or first > len(digests):
                break
            block, names = _unpacked(content, count, measures)
            skip = len(digests) - first
            if skip < count:
                values.append(block[skip:])
                digests += names[skip:]
        return np.concatenate(values)[:until], digests[:until]

    def size(self) -> int:
        """Return how many replications are kept, of this study's points and of others."""
        return int(self.connection.execute("SELECT COALESCE(SUM(count), 0) FROM blocks").fetchone()[0])


def _point_row(point: int, written: str, shown: str, scenario: Any, error: Any, used: Any, met: Any) -> PointRow:
    try:
        values, row = json.loads(written), json.loads(shown)
        words = [one for one in (scenario, error) if one is not None]
        if not isinstance(values, dict) or not isinstance(row, list) or not all(isinstance(one, str) for one in words):
            raise ValueError("it is no point of a study")
        if not all(isinstance(one, str | int | float) for one in row) or (used is not None and not isinstance(used, int)):
            raise ValueError("a value is neither a number nor a word")
    except (ValueError, TypeError, RecursionError) as problem:
        raise UsageError(f"{FILE}: point {point} is damaged ({problem}); start the study anew in another folder.") from None
    shown_row = [printable(one) if isinstance(one, str) else one for one in row]
    return PointRow(point, values, shown_row, scenario, None if error is None else printable(error), used, bool(met))


def _unpacked(content: bytes, count: int, measures: int) -> tuple[Floats, list[str]]:
    numbers = 8 * count * measures
    try:
        if not 0 < count <= MOST_IN_A_BLOCK:
            raise ValueError(f"it says to have {count} replications")
        # Not more than there can be: a stranger's few bytes might unpack to any size.
        plain = zlib.decompressobj().decompress(content, numbers + LONGEST_DIGEST * count + 1)
        size, rest = divmod(len(plain) - numbers, count)
        if not 0 < size <= LONGEST_DIGEST or rest:
            raise ValueError("it has not the size it should have")
    except (zlib.error, ValueError, TypeError) as problem:
        raise UsageError(f"{FILE}: a block is damaged ({problem}); start the study anew in another folder.") from None
    values = np.frombuffer(plain[:numbers], dtype="<f8").astype(np.float64).reshape(count, measures)
    return values, [plain[at : at + size].hex() for at in range(numbers, len(plain), size)]


def missing(have: Iterable[tuple[int, int]], until: int, block: int) -> list[tuple[int, int]]:
    """Return (first, count) of what is still to be simulated: no piece longer than a block, or across a multiple of it."""
    pieces, at = [], 0
    for first, count in [*have, (until, 0)]:
        end = min(first, until)
        while at < end:
            size = min(end, (at // block + 1) * block) - at
            pieces.append((at, size))
            at += size
        at = max(at, first + count)
    return pieces


def digest_of_point(digests: list[str]) -> str:
    """Return one digest over the traces of a point."""
    return digest_of(digests)
