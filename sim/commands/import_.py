"""Import published or own figures: aggregates out, no person's row kept."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from sim.commands.shared import QuietOption, command_line, console_for_people
from sim.errors import UsageError, nearest


def import_(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="What file it is; 'stopflow import kinds' lists them.", show_default=False)
    ],
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A CSV file in UTF-8.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for scenario.yaml and aggregates.csv.")] = None,
    base: Annotated[str, typer.Option("--base", metavar="SCENARIO", help="The scenario that the figures are laid over.")] = "",
    publisher: Annotated[str, typer.Option("--publisher", help="Who published the file.")] = "not said",
    published: Annotated[str, typer.Option("--published", metavar="DATE", help="When: YYYY, YYYY-MM or YYYY-MM-DD.")] = "",
    source: Annotated[str, typer.Option("--source", help="The key of the source in the scenario.")] = "imported",
    first: Annotated[
        datetime | None, typer.Option("--from", metavar="DAY", formats=["%Y-%m-%d"], help="Only rows from this day on.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", metavar="DAY", formats=["%Y-%m-%d"], help="Only rows up to this day.")
    ] = None,
    place: Annotated[str, typer.Option("--place", help="Only rows of this place, state, county or facility.")] = "",
    agency: Annotated[str, typer.Option("--agency", help="Only rows of this agency.")] = "",
    model: Annotated[str, typer.Option("--model", help="Only rows of this agreement model.")] = "",
    flow: Annotated[str, typer.Option("--flow", help="The flow of traffic that an hourly profile is for.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result in that folder.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Turn a file of figures into a scenario: reported figures, durations, shares. People are counted, never kept."""
    from sim import loading
    from sim.importing import adapters, writing
    from sim.importing.reading import Table
    from sim.importing.wanted import Wanted
    from sim.leaves import NAME
    from sim.models import model_of
    from sim.report import files

    if kind == "kinds":
        for name, words in adapters.described():
            print(f"{name:18} {words}")
        return
    if kind not in adapters.KINDS:
        raise UsageError(f"import {kind}: no such kind; {nearest(kind, adapters.KINDS)}")
    if file is None:
        raise UsageError(f"import {kind}: name the CSV file.")
    if not NAME.fullmatch(source):
        raise UsageError(f"--source {source}: write small letters, digits and underscores, beginning with a letter.")
    chosen = adapters.KINDS[kind]
    base = base or chosen.base
    over = loading.load(base)
    known = getattr(over, "flow_names", ())
    if flow and flow not in known:
        raise UsageError(f"--flow {flow}: {base} has no such flow; {nearest(flow, known)}")
    folder = out or files.free_folder(f"import-{file.stem}")
    files.check_out(folder, force)
    wanted = Wanted(model_of(over).measures(over), source, _day(first), _day(last), place, agency, model, flow)
    table = Table(file)
    found = chosen.read(table, wanted)
    rows, left_out = writing.rows_told(table, chosen.of_people)
    if not (found.cells or found.parameters or found.reported):
        raise UsageError(f"{file}: nothing is left of {rows:,} rows: {_reasons(left_out, found.suppressed)}")
    grade = "reported" if kind == "tidy" else "published"
    title, when = f"{over.title}, with imported figures", published or "not said"
    labels = writing.Labels(kind, base, title, source, publisher, when, grade, chosen.of_people)
    with files.whole_folder(folder) as inside:
        writing.write(found, table, labels, inside, command_line())
        loading.load(inside / writing.SCENARIO)  # what was written is a sound scenario, or nothing is left
    if not quiet:
        _tell(folder, rows, left_out, table.layout, len(found.parameters), len(found.reported), found.suppressed)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _reasons(left_out: dict[str, int], suppressed: int) -> str:
    reasons = [*left_out, *(["small cells are suppressed"] if suppressed else [])]
    return "; ".join(reasons or ["the file holds none"]) + ". Look at --place, --from and --to."


def _tell(
    folder: Path, rows: int, left_out: dict[str, int], layout: str, parameters: int, reported: int, suppressed: int
) -> None:
    console = console_for_people()
    console.print(f"Read as: {layout}.", markup=False)
    console.print(f"{rows:,} rows read; {parameters} parameters and {reported} reported figures.", markup=False)
    for why, count in left_out.items():
        console.print(f"  {count:,} rows: {why}" if count else f"  under 5 rows: {why}", markup=False)
    if suppressed:
        cells = "1 cell was" if suppressed == 1 else f"{suppressed} cells were"
        console.print(f"{cells} suppressed: small, or suppressed at the source.", markup=False)
    console.print(f"Files in {folder}: scenario.yaml, aggregates.csv, manifest.json. Look at every line.", markup=False)
    console.print(f"\nNext:  stopflow run {folder}/scenario.yaml", markup=False)
