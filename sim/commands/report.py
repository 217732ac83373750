"""Make the report of a result folder once more, with checklists if wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.commands.shared import QuietOption
from sim.errors import UsageError


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that a command of stopflow wrote.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The HTML file; DIR.html beside the folder if not given.", show_default=False),
    ] = None,
    stress: Annotated[
        bool, typer.Option("--stress", help="Add the checklists STRESS-DES (24 items) and TRACE, filled as far as can be.")
    ] = False,
    authors: Annotated[
        Path | None,
        typer.Option("--authors", metavar="FILE", help="YAML with what only the authors can say, by item.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an HTML file that is there.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Write the report of a result as one HTML file that needs no network; the result folder stays untouched."""
    from sim.report import checklists, files, reports

    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; name one that 'stopflow run --out' wrote.")
    if authors and not stress:
        raise UsageError("--authors: belongs to the checklists; add --stress.")
    path = out or folder.absolute().with_name(f"{folder.absolute().name}.html")
    files.check_file(path, force)
    page = reports.page_of_folder(folder)
    if page is not None:
        if stress:
            raise UsageError(f"--stress: {folder} is no run or comparison; the checklists are filled from these.")
        files.write_whole(path, page)
        if not quiet:
            print(f"Report in {path}")
        return
    written = checklists.read_authors(authors) if authors else {}
    study = reports.study_of(folder, written)
    files.write_whole(path, reports.html_of(study, stress))
    missing = (
        [filled.item for filled in (*checklists.stress(study), *checklists.trace(study)) if filled.missing] if stress else []
    )
    if not quiet:
        print(f"Report in {path}")
        if missing:
            print(f"{len(missing)} items wait for the authors: {', '.join(item.key for item in missing)}.")
            print("Write them into a YAML file (such as 'purpose: …') and give it with --authors FILE.")
