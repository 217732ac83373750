"""The files of a calibration's folder, for a spreadsheet and for ``stopflow run --posterior``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from sim.calibration.simulate import column_of
from sim.calibration.study import Calibration, Predicted
from sim.calibration.uncertainty import Carried, Split
from sim.calibration.write_back import write_fitted
from sim.loading import to_plain
from sim.models import model_of
from sim.report.files import CALIBRATION, UNDER_POSTERIOR, commit, number_text, versions, write_record
from sim.report.text_files import rows_to, write_text
from sim.scenario import Scenario
from sim.scenario_file import ScenarioFile

#: What each prediction counted, each reported figure beside them, and a run under a posterior with its spreads.
PREDICTIONS, PREDICTIVE, UNCERTAINTY = "predictions.csv", "predictive.csv", "uncertainty.csv"


@dataclass(frozen=True, eq=False, slots=True)
class More:
    """What may follow from a calibration; empty where it was not asked for."""

    answer: Answer | None = None
    worth: Sequence[Worth] = ()
    told: Sequence[Told] = ()
    left_out: Sequence[Predicted] = ()


def write_calibration(  # noqa: PLR0913 - all but the first three are by name
    calibration: Calibration,
    folder: Path,
    more: More,
    *,
    command: str,
    seconds: Mapping[str, float],
    started: str,
    reproduce: str = "",
    asked: Mapping[str, Any] | None = None,
) -> None:
    """Write everything that came of a calibration into an empty folder; the manifest last.

    ``asked`` are the arguments of :func:`sim.calibration.study.calibrate` from which the same fit is made again.
    """
    from sim.report import calibration_pictures as pictures
    from sim.report.calibration_report import calibration_report
    from sim.report.drawing import save_svg
    from sim.report.page import Facts

    space, rows = calibration.space, learned(calibration.space, calibration.draws.latent)
    write_tables(calibration, folder)
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
    manifest = _manifest(calibration, command, seconds, started) | {"reproduce": reproduce, "asked": dict(asked or {})}
    page = calibration_report(folder, manifest, Facts(reproduce, versions()))
    write_text(folder / "report.html", page)
    write_record(manifest, folder)


def write_tables(calibration: Calibration, folder: Path) -> None:
    """Write what follows from scenarios, seed and sizes alone: the draws, what was learned, and what is predicted."""
    space, latent = calibration.space, calibration.draws.latent
    _write(folder / DRAWS, space.labels(), calibration.values().tolist())
    _write_records(folder / "calibration.csv", Learned, learned(space, latent))
    _write(folder / PREDICTIONS, ["operation", "prediction", "measure", "value"], _counts(calibration))
    write_predicted(calibration.predicted, folder / PREDICTIVE)
    _write(
        folder / "ridges.csv",
        ["combination", "contraction", "contraction_of_best_member"],
        [[one.in_words, one.contraction, one.best_member] for one in ridges(space, latent)],
    )
    checks = [[one.name, *astuple(check)] for one in calibration.operations for check in one.emulator.checks]
    _write(folder / "emulator.csv", ["operation", *(field.name for field in fields(Check))], checks)
    write_stages(calibration, folder / "stages.csv")


def write_predicted(predicted: Sequence[Predicted], path: Path) -> None:
    """Write ``predictive.csv``: every reported figure beside what the fitted model gives."""
    _write_records(path, Predicted, predicted)


def _counts(calibration: Calibration) -> Iterator[list[Any]]:
    """Yield what each prediction counted of what was reported."""
    for operation, table in zip(calibration.operations, calibration.counts, strict=False):
        for measure in operation.scenario.reported:
            column = table[:, column_of(operation.scenario, measure)].tolist()
            yield from ([operation.name, number, measure, value] for number, value in enumerate(column))


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
    """Write a run under a posterior: uncertainty.csv, replications.csv with the draws, pictures, report.html, manifest.json."""
    from sim.report.drawing import save_svg
    from sim.report.page import Facts
    from sim.report.posterior_report import figures_of, posterior_report

    write_uncertainty(carried, folder / UNCERTAINTY)
    draws = [
        [number, again, *carried.drawn[number].tolist(), *values]
        for number, several in enumerate(carried.values.tolist())
        for again, values in enumerate(several)
    ]
    _write(folder / "replications.csv", carried_columns(carried.scenario, carried.parameters), draws)
    told = {
        "kind": UNDER_POSTERIOR,
        "stopflow": __version__,
        **manifest,
        "scenario_under_posterior": to_plain(carried.scenario),
        "scenario_file": Path(carried.scenario.file).name,
        "scenario_digest": carried.scenario.digest,
        "seed": carried.seed,
        "draws": len(carried.drawn),
        "replications_of_each": carried.values.shape[1],
        "parameters": list(carried.parameters),
        "priors": [plain(prior) for prior in carried.priors],
        "values_digest": carried.digest,
        "versions": versions(),
        "commit": commit(),
    }
    drawn = figures_of(carried)
    (folder / "figures").mkdir()
    for name, figure in drawn.items():
        save_svg(figure, folder / "figures" / f"{name}.svg")
    page = posterior_report(carried, told, Facts(str(told.get("reproduce", "")), versions()), drawn)
    write_text(folder / "report.html", page)
    write_record(told, folder)


def write_uncertainty(carried: Carried, path: Path) -> None:
    """Write ``uncertainty.csv``: a row per measure, with the spread by chance and that by ignorance."""
    measures = model_of(carried.scenario).measures(carried.scenario)
    header = ["measure", "unit", *[field.name for field in fields(Split)][1:], "reported"]
    rows = []
    for name, measure in measures.items():
        figure = carried.scenario.reported.get(name)
        rows.append([name, measure.unit, *astuple(carried.split(name))[1:], figure.value if figure else ""])
    _write(path, header, rows)


def carried_columns(scenario: ScenarioFile, parameters: Sequence[str]) -> list[str]:
    """Return the columns of ``replications.csv`` of a run under a posterior."""
    return ["draw", "again", *parameters, *model_of(scenario).measures(scenario)]


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
        "predictions": len(calibration.counts[0]) if calibration.counts else 0,
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
