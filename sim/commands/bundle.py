"""Pack a result as a research compendium, and try it out in a clean place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.commands.shared import QuietOption
from sim.errors import UsageError


def bundle(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A folder that 'run', 'compare', 'sweep', 'sensitivity' or 'calibrate' wrote.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The zip archive; DIR.zip beside the folder if not given.", show_default=False),
    ] = None,
    author: Annotated[str, typer.Option("--author", help="Who made the study, for its metadata.")] = "",
    title: Annotated[str, typer.Option("--title", help="What the study is called, for its metadata.")] = "",
    try_out: Annotated[
        bool,
        typer.Option(
            "--try/--no-try",
            help="Unpack it in an empty folder, install it there from its lock file, and run its one command. Needs the "
            "packages of the lock file: from the network, or from uv's cache.",
        ),
    ] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace an archive that is there.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Pack a result with scenario, program and lock file; by default see in a clean place that it gives the same numbers."""
    from sim.report import bundle as packing
    from sim.report import files

    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name one that 'stopflow run --out' wrote.")
    path = out or folder.absolute().with_name(f"{folder.absolute().name}.zip")
    files.check_file(path, force)
    names = packing.write_bundle(folder, path, packing.Author(author, title))
    if not quiet:
        print(f"{path}: {len(names)} files, {path.stat().st_size / 1e6:.1f} MB.")
        for want, flag in ((author, "--author"), (title, "--title")):
            if not want:
                print(f"{flag} is empty: whoever cites this will miss it.")
    if try_out:
        if not quiet:
            print("Unpacked in an empty folder:")
        held = packing.try_out(path, lambda line: None if quiet else print(f"  {line}"))
        if not held:
            print(f"{path}: does not give its own numbers in a clean place; see the lines above.")
            raise typer.Exit(1)
