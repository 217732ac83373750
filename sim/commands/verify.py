"""Verify a result folder, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.commands.shared import QuietOption, progress_bar
from sim.errors import UsageError, printable


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that a command of stopflow wrote.", show_default=False)],
    replay: Annotated[
        int,
        typer.Option("--replay", metavar="N", min=0, help="How many replications to run again: of each arm, or over all points."),
    ] = 5,
    everything: Annotated[
        bool, typer.Option("--all", help="Run every replication again, and make the fit of a calibration again.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Check that a result is untouched and that this machine gets the same numbers; exit status 1 if not."""
    from sim.report import files, verification

    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name one that 'stopflow run --out' wrote.")
    checks = []
    with progress_bar("replications run again", quiet) as progress:
        for check in verification.verify(folder, verification.EVERY if everything else replay, progress):
            checks.append(check)
            if not quiet or not check.held:
                told = f"{check.question}{f': {check.detail}' if check.detail else ''}"
                print(f"{'ok  ' if check.held else 'NO  '} {printable(told)}")
    failed = sum(not check.held for check in checks)
    if failed:
        print(f"{folder}: {failed} of {len(checks)} checks did not hold.{_other_versions(folder, files.versions())}")
        raise typer.Exit(1)
    if not quiet:
        if not any("run again here" in check.question for check in checks):
            print("Only hashes were checked: the replications of such a result are not run again.")
        if any("what was predicted" in check.question for check in checks) and not everything:
            print("The fit itself was not made again; --all does that, and takes as long as the calibration did.")
        print(f"{folder}: verified, {len(checks)} checks held.{_other_versions(folder, files.versions())}")


def _other_versions(folder: Path, here: dict[str, str]) -> str:
    """Return in which versions this machine differs from the one that made the result."""
    from sim import __version__
    from sim.errors import StopflowError
    from sim.report.files import read_manifest

    try:
        manifest = read_manifest(folder)
        there = {"stopflow": manifest.get("stopflow"), **manifest.get("versions", {})}
    except (StopflowError, TypeError):
        return ""
    other = [
        f"{name} {there[name]} there, {number} here"
        for name, number in ({"stopflow": __version__} | here).items()
        if name in there and there[name] != number
    ]
    return f" Versions that differ: {'; '.join(other)}." if other else ""
