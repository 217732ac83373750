"""One small result folder of each kind, made by the command line itself, for tests of what is done with such folders."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sim import cli
from sim.report import files

SCENARIO = """\
extends: wyoming_safe_haul_2025
title: Two hours of trucks
question: What came of them?
operation:
  shifts:
    detail: {last: 2025-11-18, length: 2 h}
traffic:
  flows:
    county_road_truck: null
    interstate_car: null
    interstate_truck:
      rate: {value: 8 per h, low: 4 per h, high: 16 per h, source: assumed}
jail: {warm_up: 1 d, follow_up: 1 d}
reported:
  stops: {value: 13, source: x}
  detained: {value: 3, qualifier: approximate, source: x}
  inspections: {value: 9, source: x, use: check}
sources:
  x: {publisher: X, date: "2025"}
"""
STUDY = """\
title: Units under what nobody knows
question: What do more units bring?
base: small.yaml
levers:
  operation.shifts.detail.patrol_units: {values: [2, 4, 6]}
uncertainties:
  traffic.flows.interstate_truck.rate:
  status_check.go_ahead:
design: {kind: crossed, points: 6}
measures: [stops]
replications: 2
"""
FIT = ["-p", "traffic.flows.interstate_truck.rate", "-p", "status_check.go_ahead"]
KINDS = ("sweep", "sensitivity", "calibration", "posterior")


def stopflow(*arguments: object) -> None:
    """Run the command line here; it must end well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["stopflow", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
    assert not leaving.value.code, arguments


def make(kind: str, place: Path) -> Path:
    """Make a small result of a kind in a folder below a place; what it needs is made there too."""
    out = place / kind
    if out.is_dir():
        return out
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        Path("small.yaml").write_text(SCENARIO, encoding="utf-8")
        Path("units.yaml").write_text(STUDY, encoding="utf-8")
        if kind == "sweep":
            stopflow("sweep", "units.yaml", "--out", kind, "-w", 1, "-q")
            stopflow("discover", kind, "--fails", "stops<12", "--regret", "referred_then_released=least", "-q")
        elif kind == "sensitivity":
            measures = ["--measure", "stops", "--measure", "detained"]
            stopflow("sensitivity", "units.yaml", "--replications", 4, *measures, "--out", kind, "-w", 1, "-q")
        elif kind == "calibration":
            sizes = ["--simulations", 500, "--particles", 100, "--predictions", 20]
            stopflow("calibrate", "small.yaml", *FIT, *sizes, "-w", 1, "--out", kind, "-q")
        else:
            make("calibration", place)
            stopflow("run", "small.yaml", "--posterior", "calibration", "--replications", 40, "-w", 1, "--out", kind, "-q")
    return out


def reseal(folder: Path, **changes: object) -> None:
    """Write changes into a manifest and all hashes anew, as a forger would."""
    manifest = json.loads((folder / files.MANIFEST).read_text(encoding="utf-8")) | changes
    del manifest["files"], manifest[files.SEAL]
    files.write_record(manifest, folder)
