"""``stopflow run --posterior``: replicate one scenario at draws of a calibration's posterior."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from sim.commands.shared import command_line, console_for_people, progress_bar, reproducing_command, worker_count
from sim.errors import UsageError


def run_under_posterior(
    scenario: str,
    posterior: Path,
    posterior_of: str | None,
    replications: int | None,
    precision: list[str] | None,
    seed: int,
    settings: list[str] | None,
    out: Path | None,
    force: bool,
    workers: int | None,
    quiet: bool,
) -> None:
    """Replicate one scenario at draws of a calibration's posterior."""
    from sim.calibration.posterior import read
    from sim.calibration.uncertainty import carry, columns_of
    from sim.report import files
    from sim.report.calibration_files import write_carried
    from sim.report.calibration_tables import uncertainty_table
    from sim.reported import load

    if precision:
        raise UsageError("--precision is of chance alone and does not go with --posterior; give --replications.")
    loaded, held = load(scenario, settings or []), read(posterior)
    count = replications or 400
    columns_of(held, loaded, count, posterior_of)
    folder = out or files.free_folder(f"{Path(scenario).stem}-posterior")
    files.check_out(folder, force)
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    with progress_bar("replications", quiet) as progress:
        carried = carry(
            loaded, held, replications=count, operation=posterior_of, seed=seed,
            workers=worker_count(workers, count), progress=progress,
        )  # fmt: skip
    facts = {
        "command": command_line(),
        "reproduce": reproducing_command(),
        "posterior": {"folder": posterior.name, "digest": held.digest, "of": posterior_of},
        "started": started,
        "run_seconds": round(time.perf_counter() - clock, 3),
    }
    with files.whole_folder(folder) as inside:
        write_carried(carried, inside, facts)
    if not quiet:
        console = console_for_people()
        console.print(f"{loaded.title}", markup=False, style="bold")
        console.print(uncertainty_table(carried))
        console.print(
            f"{len(carried.drawn)} draws of {len(carried.parameters)} parameters, {carried.values.shape[1]} replications each. "
            "'By chance': spread if the parameters were known; 'by ignorance': spread of the expected value since they are not.\n"
            f"\nFiles in {folder}: report.html, uncertainty.csv, replications.csv, manifest.json, figures/",
            markup=False,
        )
