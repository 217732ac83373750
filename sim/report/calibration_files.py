"""The files of a calibration's folder, for a spreadsheet and for ``stopflow run --posterior``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from sim import __version__
from sim.calibration import exact
from sim.calibration.answers import Answer
from sim.calibration.diagnostics import Learned, learned, ridges
from sim.calibration.emulator import Check
from sim.calibration.next_question import Worth
from sim.calibration.posterior import DRAWS, plain
from sim.calibration.rivals import Told
from sim.calibration.study import Calibration, Predicted
from sim.calibration.uncertainty import Carried, Split
from sim.calibration.write_back import write_fitted
from sim.loading import to_plain
from sim.models import model_of
from sim.report.files import CALIBRATION, UNDER_POSTERIOR, commit, number_text, versions, write_record
from sim.report.text_files import rows_to, write_text
from sim.scenario import Scenario


@dataclass(frozen=True, eq=False, slots=True)
class More:
    """What may follow from a calibration; empty where it was not asked for."""

    answer: Answer | None = None
    worth: Sequence[Worth] = ()
    told: Sequence[Told] = ()
    left_out: Sequence[Predicted] = ()


def write_calibration(
    calibration: Calibration,
    folder: Path,
    more: More,
    *,
    command: str,
    seconds: Mapping[str, float],
    started: str,
    reproduce: str = "",
) -> None:
    """Write everything that came of a calibration into an empty folder; the manifest last."""
    from sim.report import calibration_pictures as pictures
    from sim.report.calibration_report import calibration_report
    from sim.report.drawing import save_svg
    from sim.report.page import Facts

    space, latent = calibration.space, calibration.draws.latent
    rows = learned(space, latent)
    _write(folder / DRAWS, space.labels(), calibration.values().tolist())
    _write_records(folder / "calibration.csv", Learned, rows)
    _write_records(folder / "predictive.csv", Predicted, calibration.predicted)
    _write(
        folder / "ridges.csv",
        ["combination", "contraction", "contraction_of_best_member"],
        [[one.in_words, one.contraction, one.best_member] for one in ridges(space, latent)],
    )
    checks = [[one.name, *astuple(check)] for one in calibration.operations for check in one.emulator.checks]
    _write(folder / "emulator.csv", ["operation", *(field.name for field in fields(Check))], checks)
    write_stages(calibration, folder / "stages.csv")
    _write_more(more, folder)
    (folder / "figures").mkdir()
    for name, figure in pictures.all_of(calibration, rows).items():
        save_svg(figure, folder / "figures" / f"{name}.svg")
    for number, operation in enumerate(calibration.operations):
        told = [
            (one.prior, row)
            for one, row in zip(space.parameters, rows, strict=True)
            if number in one.operations and row.verdict != "uninformed"
        ]
        write_fitted(operation.scenario, told, folder / "fitted")
    manifest = _manifest(calibration, command, seconds, started) | {"reproduce": reproduce}
    page = calibration_report(folder, manifest, Facts(reproduce, versions()))
    write_text(folder / "report.html", page)
    write_record(manifest, folder)


def _write_more(more: More, folder: Path) -> None:
    if more.worth:
        _write_records(folder / "ask_next.csv", Worth, more.worth)
    if more.told:
        header = ["story", "question", "low", "median", "high", "share_above_zero", "direction", "log_evidence"]
        rows = [
            [one.story, one.answer.question.in_words, *one.answer.range, one.answer.above_zero, one.direction, one.log_evidence]
            for one in more.told
        ]
        _write(folder / "rivals.csv", header, rows)
    if more.left_out:
        _write_records(folder / "left_out.csv", Predicted, more.left_out)


def write_stages(calibration: Calibration, path: Path) -> None:
    """Write ``stages.csv``: the closed posterior of each stage that the reports tell by themselves."""
    closed = [
        [operation.name, *astuple(one)]
        for operation in calibration.operations
        if isinstance(operation.scenario, Scenario)
        for one in exact.stages(operation.scenario, operation.targets)
    ]
    _write(path, ["operation", *(field.name for field in fields(exact.Closed))], closed)


def write_carried(carried: Carried, folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write a run under a posterior: uncertainty.csv, replications.csv with the draws, a picture, manifest.json."""
    from sim.report import calibration_pictures as pictures
    from sim.report.drawing import save_svg

    measures = model_of(carried.scenario).measures(carried.scenario)
    header = ["measure", "unit", *[field.name for field in fields(Split)][1:], "reported"]
    rows = []
    for name, measure in measures.items():
        figure = carried.scenario.reported.get(name)
        rows.append([name, measure.unit, *astuple(carried.split(name))[1:], figure.value if figure else ""])
    _write(folder / "uncertainty.csv", header, rows)
    draws = [
        [number, again, *carried.drawn[number].tolist(), *values]
        for number, several in enumerate(carried.values.tolist())
        for again, values in enumerate(several)
    ]
    _write(folder / "replications.csv", ["draw", "again", *carried.parameters, *measures], draws)
    (folder / "figures").mkdir()
    save_svg(pictures.chance_and_ignorance(carried), folder / "figures" / "chance_and_ignorance.svg")
    write_record(
        {
            "kind": UNDER_POSTERIOR,
            "stopflow": __version__,
            **manifest,
            "scenario_under_posterior": to_plain(carried.scenario),
            "scenario_digest": carried.scenario.digest,
            "seed": carried.seed,
            "draws": len(carried.drawn),
            "replications_of_each": carried.values.shape[1],
            "parameters": list(carried.parameters),
            "values_digest": carried.digest,
            "versions": versions(),
            "commit": commit(),
        },
        folder,
    )


def _manifest(calibration: Calibration, command: str, seconds: Mapping[str, float], started: str) -> dict[str, Any]:
    space, draws = calibration.space, calibration.draws
    return {
        "kind": CALIBRATION,
        "stopflow": __version__,
        "command": command,
        "operations": list(space.names),
        "scenarios": {one.name: to_plain(one.scenario) for one in calibration.operations},
        "scenario_digests": {one.name: one.scenario.digest for one in calibration.operations},
        "targets": {one.name: [_plain_target(target) for target in one.targets] for one in calibration.operations},
        "parameters": [
            {"name": one.name, "prior": plain(one.prior), "operations": [space.names[at] for at in one.operations]}
            for one in space.parameters
        ],
        "seed": calibration.seed,
        "simulations": {one.name: len(one.normal) for one in calibration.operations},
        "particles": len(draws.latent),
        "generations": draws.generations,
        "moves_of_last_generation": draws.moves,
        "acceptance_of_last_generation": draws.acceptance,
        "log_evidence": draws.log_evidence,
        "started": started,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "versions": versions(),
        "commit": commit(),
    }


def _plain_target(target: Any) -> dict[str, Any]:
    found = {name: getattr(target, name) for name in target.__dataclass_fields__}
    return {name: value if value not in (float("inf"), float("-inf")) else None for name, value in found.items()}


def _write_records(path: Path, kind: type, records: Sequence[Any]) -> None:
    _write(path, [field.name for field in fields(kind)], [astuple(record) for record in records])


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with rows_to(path) as writer:
        writer.writerow(header)
        for row in rows:
            writer.writerow([number_text(one) if isinstance(one, float) else one for one in row])
