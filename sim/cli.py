"""The command line: which commands there are, and how a mistake ends. The commands stand in :mod:`sim.commands`."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from sim import __version__
from sim.commands.bundle import bundle
from sim.commands.calibrate import calibrate
from sim.commands.compare import compare, reproduce
from sim.commands.explain import check, explain, list_
from sim.commands.import_ import import_
from sim.commands.replay import replay
from sim.commands.report import report
from sim.commands.run import run
from sim.commands.sensitivity import discover, sensitivity
from sim.commands.sweep import export, sweep
from sim.commands.verify import verify
from sim.errors import StopflowError, printable

COMMANDS: dict[str, Callable[..., None]] = {
    "run": run, "check": check, "explain": explain, "replay": replay, "compare": compare, "reproduce": reproduce, "sweep": sweep,
    "export": export, "sensitivity": sensitivity, "discover": discover, "calibrate": calibrate, "report": report,
    "verify": verify, "bundle": bundle, "list": list_, "import": import_,
}  # fmt: skip


#: How a command ends that was stopped: by Ctrl-C, by a request to end (SIGTERM), or since nobody reads its output any more; as
#: shells number them, 128 and the signal.
INTERRUPTED, TERMINATED, UNREAD = 130, 143, 141


class Stopped(Exception):  # noqa: N818 - no error
    """Somebody has stopped a command; the text says what became of its work."""


def main() -> None:
    """Run the command line; a mistake of the user ends in one message and exit status 2."""
    _have_streams()
    asked: list[int] = []

    def end(number: int, _: object) -> None:
        asked.append(number)
        raise KeyboardInterrupt  # so that a request to end cleans up as Ctrl-C does

    signal.signal(signal.SIGTERM, end)
    try:
        app(*sys.argv[1:2])(standalone_mode=True)
    except StopflowError as problem:
        status = _refused(str(problem))
    except OSError as problem:
        what = os.fsdecode(problem.filename) if isinstance(problem.filename, str | bytes) else "the output"
        status = _refused(f"{what}: cannot be used ({problem.strerror or problem}); name another, or free some room.")
    except MemoryError:
        status = _refused("stopflow: this is more than the memory of this machine holds; ask for less, or use fewer workers.")
    except (Stopped, KeyboardInterrupt) as stopped:
        status = _stopped(str(stopped), asked)
    except SystemExit as leaving:
        if leaving.code != INTERRUPTED:
            raise
        status = _stopped("", asked)
    raise SystemExit(status) from None


def _stopped(message: str, asked: list[int]) -> int:
    with suppress(OSError):
        print(printable(message or "stopped."), file=sys.stderr)
    return TERMINATED if asked else INTERRUPTED


def _have_streams() -> None:
    """Let whatever is printed be printed: as an escape where the output's encoding lacks a letter, nowhere if there is none."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us; taken up, so that no file of ours gets its number
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as the program
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _refused(message: str) -> int:
    with suppress(OSError):
        print(printable(message), file=sys.stderr)
    return 2


def _told(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that ends in words when it is stopped, and not with status 0 when nobody reads what it tells."""

    @wraps(command)
    def telling(*arguments: Any, **options: Any) -> None:
        try:
            try:
                command(*arguments, **options)
            except typer.Exit:
                sys.stdout.flush()
                raise
            sys.stdout.flush()
        except KeyboardInterrupt as stopped:
            raise Stopped(str(stopped)) from None  # Typer would end the program without a word
        except BrokenPipeError:  # as with '| head'
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(UNREAD) from None
        except OSError as problem:
            if problem.filename is None and problem.errno == errno.ENOSPC:  # the output itself; the rest is not tried again
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise

    return telling


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"stopflow {__version__}")
        raise typer.Exit


def app(asked: str = "") -> typer.Typer:
    """Return the command line: with the one command that is asked for, or with all, to help or to correct a name.

    Making the options of every command ready takes longer than reading a scenario.
    """
    made = typer.Typer(
        name="stopflow",
        help="Simulate roadside enforcement operations run with ICE under 287(g) agreements: traffic stops, inspections, status "
        "checks, custody; set beside what was reported.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    made.callback()(_options)
    for name in [asked] if asked in COMMANDS else COMMANDS:
        made.command(name)(_told(COMMANDS[name]))
    return made


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass
