"""``python -m tests.ablations``: what the fit to the reports loses without each part of the model.

Writes ``docs/verification/ablations.csv``, its picture and its page. What is found is the same with any number
of workers. Parts that no reported figure of a scenario notices are not fitted anew.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, fields, replace
from itertools import product
from pathlib import Path

import numpy as np

from sim.report.drawing import save_svg
from tests.ablations.page import picture, text
from tests.ablations.parts import PARTS
from tests.ablations.score import FITTED, SCENARIOS, SEEDS, Loss, log_evidence, shipped

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "verification"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--page", action="store_true", help="only write picture and page anew from ablations.csv")
    arguments = parser.parse_args()
    if not arguments.page:
        write(measured(arguments.workers), FOLDER / "ablations.csv")
    losses = read(FOLDER / "ablations.csv")
    save_svg(picture(losses), FOLDER / "ablations.svg")
    (FOLDER / "ablations.md").write_text(text(losses), encoding="utf-8")
    return 0


def measured(workers: int) -> list[Loss]:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for the workers, which are one to a core
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        pairs = list(product(SCENARIOS, [part.name for part in PARTS]))
        losses = list(pool.map(shipped, *zip(*pairs, strict=True)))
        print("shipped values: done", flush=True)
        wanted = [one for one in losses if one.touched and one.scenario in FITTED]
        asked = list(product([*product(FITTED, [""]), *((one.scenario, one.part) for one in wanted)], range(SEEDS)))
        evidence = pool.map(log_evidence, *zip(*((*pair, seed) for pair, seed in asked), strict=True))
        found = dict(zip(asked, evidence, strict=True))
    return [_with_evidence(one, found) if one in wanted else one for one in losses]


def _with_evidence(one: Loss, found: dict[tuple[tuple[str, str], int], float]) -> Loss:
    lost = [found[(one.scenario, ""), seed] - found[(one.scenario, one.part), seed] for seed in range(SEEDS)]
    return replace(one, fitted=float(np.mean(lost)), fitted_se=float(np.std(lost, ddof=1) / np.sqrt(SEEDS)))


def write(losses: list[Loss], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([field.name for field in fields(Loss)])
        writer.writerows(astuple(one) for one in losses)


def read(path: Path) -> list[Loss]:
    with path.open(newline="", encoding="utf-8") as stream:
        return [
            Loss(row["scenario"], row["part"], row["touched"] == "True", *map(float, list(row.values())[3:]))
            for row in csv.DictReader(stream)
        ]


if __name__ == "__main__":
    raise SystemExit(main())
