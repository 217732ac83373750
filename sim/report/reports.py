"""A result folder -> its report, whatever kind of result it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.audit.audit import Audit
from sim.errors import UsageError
from sim.experiment.arms import Arms
from sim.report import checklists, files
from sim.report.checklists import Study
from sim.report.comparison_report import comparison_report
from sim.report.html import report
from sim.report.page import Facts
from sim.report.record import read_record, read_results


def study_of(folder: Path, authors: Mapping[str, str] | None = None) -> Study:
    """Return a result folder read back, with what its authors wrote.

    Raises
    ------
    UsageError
        If the folder holds no result, or a damaged one.
    """
    record = read_record(folder)
    return Study(record, read_results(record), authors or {})


def facts_of(manifest: Mapping[str, Any]) -> Facts:
    """Return what a manifest says of the command and the versions that made a result."""
    versions = manifest.get("versions")
    return Facts(
        str(manifest.get("reproduce") or manifest.get("command") or ""),
        versions if isinstance(versions, dict) else {},
        _audits_of(manifest),
    )


def _audits_of(manifest: Mapping[str, Any]) -> dict[str, Audit]:
    """Return what the audits of a result found."""
    try:
        return {str(name): Audit.of_plain(found) for name, found in manifest.get("audit", {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise UsageError(f"{files.MANIFEST}: audit: is damaged ({problem}); run the scenario again.") from None


def page_of_folder(folder: Path) -> str | None:
    """Return the report of a folder that speaks for itself; None for a run or comparison, which is read back as a study.

    Raises
    ------
    UsageError
        If the folder is damaged.
    """
    from sim.report.calibration_report import calibration_report
    from sim.report.posterior_report import report_of_folder

    pages = {files.CALIBRATION: calibration_report, files.SWEEP: page_of_sweep, files.UNDER_POSTERIOR: report_of_folder}
    manifest = files.read_manifest(folder)
    page = pages.get(str(manifest.get("kind")))
    return page(folder, manifest, facts_of(manifest)) if page else None


def page_of_sweep(folder: Path, manifest: Mapping[str, Any], facts: Facts) -> str:
    """Return the report of a sweep, or of a sensitivity analysis, whose design is a sweep of its own."""
    from sim.report.sensitivity_report import sensitivity_report
    from sim.report.sweep_report import sweep_report

    return (sensitivity_report if manifest.get("sensitivity") else sweep_report)(folder, manifest, facts)


def html_of(study: Study, with_checklists: bool = False) -> str:
    """Return the report of a study as the text of an HTML file.

    Parameters
    ----------
    study
        What :func:`study_of` returns.
    with_checklists
        Add STRESS-DES and TRACE.
    """
    record = study.record
    facts = facts_of(record.manifest)
    lists = lists_of(study) if with_checklists else None
    if record.kind == files.COMPARISON:
        return comparison_report(study.results, facts, checklists=lists)
    if record.kind == files.POSTERIOR_COMPARISON:
        over = Arms(study.results, draws=record.manifest["draws"])
        return comparison_report(over.pairs, facts, checklists=lists, draws=over.draws)
    return report(study.base, facts, checklists=lists)


def lists_of(study: Study) -> dict[str, Any]:
    """Return the checklists as the templates show them."""
    return {
        "stress": checklists.stress(study),
        "trace": checklists.trace(study),
        "calibrated": checklists.held_against(study, targets=True),
        "held_out": checklists.held_against(study, targets=False),
    }
