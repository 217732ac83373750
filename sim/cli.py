"""The command line: which commands there are, and how a mistake ends. The commands stand in :mod:`sim.commands`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

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
from sim.errors import StopflowError

app = typer.Typer(
    name="stopflow",
    help="Simulate roadside enforcement operations run with ICE under 287(g) agreements: traffic stops, inspections, status "
    "checks, custody; set beside what was reported.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; a mistake of the user ends in one message and exit status 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a request to end cleans up as Ctrl-C does
    try:
        app(standalone_mode=True)
    except StopflowError as problem:
        print(problem, file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:  # the reader of our output has gone, as with '| head'
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"stopflow {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


for _command in (
    run, check, explain, replay, compare, reproduce, sweep, export, sensitivity, discover, calibrate,
    report, verify, bundle,
):  # fmt: skip
    app.command()(_command)
app.command("list")(list_)
app.command("import")(import_)
