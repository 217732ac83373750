"""The command line run here and watched: what it says, how it ends, which files it opens to write, how long it takes.

Python tells of every file that is opened, made, renamed or removed (audit events). So a file that is written outside the folder
given to a command is seen wherever it lies, and no snapshot of the disk is needed.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

_EVENTS = {
    "os.mkdir": 1, "os.rename": 2, "os.remove": 1, "os.rmdir": 1, "os.link": 2, "os.symlink": 2, "os.truncate": 1,
    "shutil.rmtree": 1,
    "sqlite3.connect": 1,
}  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Hang(BaseException):
    """A command took longer than it may; no ``except Exception`` of a command can hold it up."""


@dataclass
class _Watch:
    """Whether anybody is looking, and what was seen; an audit hook cannot be taken away again."""

    on: bool = False
    hooked: bool = False
    touched: set[str] = field(default_factory=set)


_watch = _Watch()


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _watch.on:
        return
    if event == "open":
        path, _, flags = arguments
        if not isinstance(path, str | bytes) or not isinstance(flags, int) or not flags & _WRITES:
            return
        names: tuple[object, ...] = (path,)
    elif event in _EVENTS:
        names = arguments[: _EVENTS[event]]
    else:
        return
    for name in names:
        if isinstance(name, str | bytes | os.PathLike):
            _watch.touched.add(os.path.abspath(os.fsdecode(name)))  # noqa: PTH100 - links are not to be followed


@contextmanager
def watching() -> Iterator[set[str]]:
    """Yield the set of paths that are written, made, renamed or removed meanwhile; absolute, links not followed."""
    if not _watch.hooked:
        sys.addaudithook(_hook)
        _watch.hooked = True
    _watch.touched = set()
    _watch.on = True
    try:
        # A module that is imported only now would be kept compiled beside its text: by Python, not by the command.
        with mock.patch.object(sys, "dont_write_bytecode", True):
            yield _watch.touched
    finally:
        _watch.on = False


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise :class:`Hang` if what is inside takes longer."""

    def late(*_: object) -> None:
        raise Hang(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True)
class Told:
    """What came of one command: how it ended (None: not as a command may end), what it said, what it wrote, how long it took."""

    status: int | None
    out: str
    err: str
    touched: frozenset[str]
    seconds: float
    crash: str = ""


def call(arguments: Sequence[str], seconds: float = 60.0) -> Told:
    """Run ``stopflow`` with these arguments in this process, and look at everything it does."""
    from sim import cli

    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    status: int | None = None
    crash = ""
    terminated = signal.getsignal(signal.SIGTERM)
    began = time.perf_counter()
    with (
        mock.patch.object(sys, "argv", ["stopflow", *arguments]),
        mock.patch.object(sys, "stdout", streams[0]),
        mock.patch.object(sys, "stderr", streams[1]),
        watching() as touched,
    ):
        try:
            with deadline(seconds):
                cli.main()
            crash = "ended without an exit status"
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        except (Exception, Hang):
            crash = traceback.format_exc()
        finally:
            signal.signal(signal.SIGTERM, terminated)
    took = time.perf_counter() - began
    out, err = (_text(stream) for stream in streams)
    return Told(status, out, err, frozenset(touched), took, crash)


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8", "replace")


@contextmanager
def without_drawing() -> Iterator[None]:
    """Leave every picture empty: drawing takes most of a command's time, and has tests of its own."""
    from sim.report import drawing

    empty = '<svg viewBox="0 0 1 1"></svg>'
    with mock.patch.object(drawing, "svg_text", lambda figure: empty):
        yield


def allowed_caches() -> tuple[str, ...]:
    """Return the folders that any command may write to beside its own: temporary ones, and caches of libraries."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return (tempfile.gettempdir(), home, f"{config}/matplotlib", "/dev/null")
