"""``make sbc``: simulation-based calibration of the shipped settings, written to docs/verification/.

Wyoming and Alabama are fitted together, with the go-ahead partly pooled. Simulations are kept in results/sbc.unfinished, so
that a run that is stopped need not begin again. Exit status 1 if a coverage lies outside its band.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from pathlib import Path

from sim.calibration.fit import PARTICLES
from sim.calibration.priors import space_of
from sim.calibration.sbc import Coverage, Ranks, ranks
from sim.calibration.study import SIMULATIONS, learned_operations
from sim.report.calibration_pictures import ranks as picture
from sim.report.drawing import save_svg
from sim.report.files import versions
from sim.reported import load

SCENARIOS = ("wyoming_safe_haul_2025", "alabama_strike_force_2025")
POOLED = {"status_check.go_ahead": 0.5}
DATA_SETS, SEED = 300, 2026
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "verification"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-sets", type=int, default=DATA_SETS)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    began = time.perf_counter()
    work = Path("results/sbc.unfinished")
    work.mkdir(parents=True, exist_ok=True)
    scenarios = [load(name) for name in SCENARIOS]
    space = space_of(scenarios, pooled=POOLED)
    operations = learned_operations(
        scenarios, space, SEED, SIMULATIONS, workers=arguments.workers, work=work,
        progress=lambda what, done, total: print(f"\r{what}: {done:.0f} of {total:.0f}   ", end="", flush=True),
    )  # fmt: skip
    learned = time.perf_counter() - began
    print(f"\nlearned in {learned:.0f} s")
    found = ranks(
        operations, space, arguments.data_sets, seed=SEED + 1, workers=arguments.workers,
        progress=lambda done, total: print(f"\rdata sets: {done} of {total}   ", end="", flush=True),
    )  # fmt: skip
    FOLDER.mkdir(parents=True, exist_ok=True)
    seconds = time.perf_counter() - began
    write_ranks(found, FOLDER / "sbc_ranks.csv")
    save_svg(picture({name: found.values[:, at] for at, name in enumerate(found.parameters)}), FOLDER / "sbc_ranks.svg")
    checks = [(operation.name, check) for operation in operations for check in operation.emulator.checks]
    (FOLDER / "sbc.md").write_text(page(found, checks, learned, seconds, arguments.workers), encoding="utf-8")
    outside = [one for one in found.coverage() if not one.inside]
    print(f"\n{len(outside)} of {len(found.coverage())} coverages outside their bands; {seconds:.0f} s in all.")
    return 1 if len(outside) > allowed(found) else 0


def allowed(found: Ranks) -> int:
    """Return how many of so many coverages may lie outside a band of 99%, or more than that many once in a thousand runs."""
    from scipy.stats import binom

    return int(binom.ppf(0.999, len(found.coverage()), 0.01))


def write_ranks(found: Ranks, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(found.parameters)
        writer.writerows([f"{rank:.4f}" for rank in row] for row in found.values.tolist())


def page(found: Ranks, checks: list, learned: float, seconds: float, workers: int) -> str:  # type: ignore[type-arg]
    number = len(found.values)
    coverage: dict[str, list[Coverage]] = {}
    for one in found.coverage():
        coverage.setdefault(one.parameter, []).append(one)
    half, most = (next(iter(coverage.values()))[at] for at in (0, 1))
    lines = [
        "# Simulation-based calibration of the fit",
        "",
        f"Written by `make sbc`. {number} data sets were drawn from the prior through the real model ({', '.join(SCENARIOS)}, "
        f"fitted together, go-ahead partly pooled) and fitted at the shipped settings: {SIMULATIONS:,} simulations for each "
        f"operation, {PARTICLES:,} particles. It took {seconds / 60:.0f} minutes with {workers} workers on a busy machine, "
        f"{learned / 60:.0f} of them for learning the counts (simulations kept from a run before take none). Versions: "
        f"{', '.join(f'{name} {version}' for name, version in versions().items())}.",
        "",
        f"Result: {sum(not one.inside for one in found.coverage())} of {len(found.coverage())} coverages outside a band of 99%.",
        "",
        f"A right fit covers within {half.band_low:.1%} to {half.band_high:.1%} (50% intervals) and {most.band_low:.1%} to "
        f"{most.band_high:.1%} (90% intervals) for 99 of 100 parameters; what lies outside is marked.",
        "",
        "| parameter | 50% covers | 90% covers | p of even ranks | mean contraction |",
        "| --- | --- | --- | --- | --- |",
    ]
    for at, (name, (half, most)) in enumerate(coverage.items()):
        cells = [f"{one.covered:.1%}{'' if one.inside else ' **outside**'}" for one in (half, most)]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {found.uniform()[at]:.2f} | {found.contraction[:, at].mean():.2f} |")
    lines += ["", "![Rank histograms](sbc_ranks.svg)", "", "## Held-back simulations", ""]
    lines += [
        "Standardised residuals of simulations that nothing was learned from; mean 0 and sd 1 are right.", "",
        "| operation | count | mean | sd | 90% covers | share explained | terms | held back |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, check in checks:
        lines.append(
            f"| {name} | {check.measure} | {check.mean:.2f} | {check.sd:.2f} | {check.covered_90:.1%} | {check.explained:.2f} "
            f"| {check.terms} | {check.held_back} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
