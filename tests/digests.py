"""The digests of the shipped scenarios' traces: ``python -m tests.digests`` writes them anew, on purpose.

They are the same on every supported Python, numpy and machine. When one changes, results change: say so in CHANGELOG.md.
"""

from __future__ import annotations

import json
from pathlib import Path

from sim.digest import digest_of
from sim.experiment.replications import replicate
from sim.loading import shipped
from sim.reported import load

FILE = Path(__file__).with_name("digests.json")
SEED, REPLICATIONS = 7, 2


def digest(path: Path) -> str:
    """Return the digest of the first replications of one scenario."""
    scenario = load(path)
    return digest_of([replicate(scenario, SEED, number).digest for number in range(REPLICATIONS)])


def main() -> None:
    """Write the digests of all shipped scenarios."""
    FILE.write_text(json.dumps({path.stem: digest(path) for path in shipped()}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
