"""How much variance pairing saves in the shipped studies: ``python -m tests.pairing`` prints the rows of docs/pairing.md.

For each study its first lever moves by one step in the middle of its values, everything else as in the base.
"""

from __future__ import annotations

import sys

from sim.experiment.comparison import difference
from sim.experiment.replications import run
from sim.experiment.studies import load_study, shipped_studies

MEASURES = ("detained", "vehicles_passed_unstopped", "referred_then_released", "transferred", "agencies_2026_05_18")


def rows(replications: int) -> list[str]:
    """Return the rows of the table: a study, its step, and the factor for each measure that moves."""
    found = []
    for path in shipped_studies():
        study = load_study(path)
        lever = next(factor for factor in study.factors.values() if factor.role == "lever")
        steps = lever.steps()
        one, other = steps[len(steps) // 2 - 1], steps[len(steps) // 2]
        base, arm = (
            run(study.scenario({lever.name: value}), replications=replications, seed=study.seed) for value in (one, other)
        )
        factors = []
        for name in MEASURES:
            if name in study.measures:
                saved = difference(base, arm, name).variance_saved
                factors.append(f"{name} {saved:.3g}" if saved != float("inf") else f"{name}: no difference")
        found.append(f"| {path.stem} | {lever.name}: {lever.shown(one)} to {lever.shown(other)} | {', '.join(factors)} |")
        sys.stdout.write(f"{found[-1]}\n")
        sys.stdout.flush()
    return found


if __name__ == "__main__":
    rows(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
