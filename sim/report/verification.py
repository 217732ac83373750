"""Whether a result folder is still what was written, and whether this machine gets the same numbers.

Three kinds of question, each of which can be answered with no: are the files the ones that were written (hashes); do they
agree with each other (digests and tables follow from the replications); and do replications that are run again here
leave the same trace and the same numbers. Nothing needs a network.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.digest import digest_of
from sim.errors import StopflowError
from sim.experiment.replications import Result, run_block
from sim.report import files, replays
from sim.report.record import REPLICATIONS, Record, read_record, read_results

STORE = "study.sqlite"
#: More replications than anybody asks for: all of them.
EVERY = 10**9
#: Kinds of results whose files are hashed, but whose replications are not run again here.
HASHED_ONLY = (files.POSTERIOR_COMPARISON, files.IMPORT)


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a folder and its answer."""

    question: str
    held: bool
    detail: str = ""


def verify(folder: Path, replay: int = 5, done: Callable[[int, int], None] = lambda done, total: None) -> Iterator[Check]:
    """Yield the answers in turn; what follows a damaged record is not asked.

    Parameters
    ----------
    folder
        A result folder.
    replay
        How many replications to run again for each arm: the first, the last, and others spread by the record's own hash.
    done
        Called with the replications run again so far and in all.

    Raises
    ------
    UsageError
        If the folder holds no result.
    """
    if not (folder / files.MANIFEST).is_file():
        files.read_manifest(folder)  # says what is missing
    yield Check("manifest.json is as it was written", files.seal_holds(folder))
    try:
        manifest = files.read_manifest(folder)
        yield from _files_as_written(folder, manifest)
        if manifest.get("kind") in HASHED_ONLY:
            return
        own = OF_THEIR_OWN.get(str(manifest.get("kind")))
        if own is not None:
            yield from own(folder, manifest, replay, done)
            return
        record = read_record(folder)
    except StopflowError as problem:
        yield Check("what it says can be read", held=False, detail=str(problem))
        return
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        yield Check("what it says can be read", held=False, detail=f"{files.MANIFEST}: {type(problem).__name__}: {problem}")
        return
    yield from _scenarios_as_written(record)
    try:
        results = read_results(record)
    except StopflowError as problem:
        yield Check(f"{REPLICATIONS} can be read", held=False, detail=str(problem))
        return
    yield from _agree_with_each_other(record, results)
    yield from _replayed(record, results, replay, done)


def _files_as_written(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Check]:
    written = manifest.get("files")
    if not isinstance(written, dict):
        yield Check("the manifest names its files", held=False)
        return
    links = [path.name for path in folder.rglob("*") if path.is_symlink()]
    there = files.hashes(folder)
    changed = sorted(name for name in written if name in there and there[name] != written[name])
    missing, foreign = sorted(set(written) - set(there)), sorted(set(there) - set(written))
    for question, names in (
        (f"all {len(written)} files are as they were written", changed),
        ("no file is missing", missing),
        ("no file was added", [*foreign, *links]),
    ):
        yield Check(question, not names, ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else ""))


def _sweep(folder: Path, manifest: Mapping[str, Any], replay: int, done: Callable[[int, int], None]) -> Iterator[Check]:
    from sim.experiment.store import model_digest, open_store
    from sim.report import discovered, sweeps

    same_code = manifest.get("model_digest") == model_digest()
    yield Check("the code that makes numbers is the one that made these", same_code, "" if same_code else _OTHER_CODE)
    if not same_code:
        return
    with tempfile.TemporaryDirectory() as scratch, open_store(folder, write=False) as store:
        results = sweeps.Results(store)
        digest = sweeps.write_points(results, Path(scratch) / sweeps.POINTS)
        sweeps.write_summary(results, Path(scratch) / sweeps.SUMMARY)
        discovered.write(results, manifest.get("discovered", {}), Path(scratch))
        for name in (sweeps.POINTS, sweeps.SUMMARY, discovered.BOXES, discovered.REGRET):
            if (Path(scratch) / name).is_file():
                yield _follows(folder / name, Path(scratch) / name, STORE)
        yield Check("the digest over all results follows from the store", digest == manifest.get("results_digest"))
        yield _run_again(replays.sweep(results, manifest, replay, done), "the points")


_OTHER_CODE = "the store is read by the version that wrote it; see 'model_digest' and 'commit' in manifest.json"


def _under_posterior(folder: Path, manifest: Mapping[str, Any], replay: int, done: Callable[[int, int], None]) -> Iterator[Check]:
    from sim.report.calibration_files import UNCERTAINTY, write_uncertainty
    from sim.report.carried import read_carried

    run = read_carried(folder, manifest)
    yield Check("the scenario has the digest that was recorded", run.scenario.digest == manifest.get("scenario_digest"))
    yield Check(f"the digest over all values follows from {REPLICATIONS}", run.digest == manifest.get("values_digest"))
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / UNCERTAINTY
        write_uncertainty(run, made)
        yield _follows(folder / UNCERTAINTY, made, REPLICATIONS)
    yield _run_again(replays.carried(run, replay, done), "the draws")


def _calibration(folder: Path, manifest: Mapping[str, Any], replay: int, done: Callable[[int, int], None]) -> Iterator[Check]:
    from sim.report.calibration_files import PREDICTIONS, PREDICTIVE, write_predicted

    held = replays.Calibrated(folder, manifest)
    digests = manifest.get("scenario_digests", {})
    for name, scenario in held.scenarios.items():
        yield Check(f"{name}: the scenario has the digest that was recorded", scenario.digest == digests.get(name))
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / PREDICTIVE
        write_predicted(held.predicted(), made)
        yield _follows(folder / PREDICTIVE, made, PREDICTIONS)
    yield _run_again(held.replay(replay, done), "what was predicted")
    if replay >= EVERY:
        for name, differs in held.fit_again(done):
            yield Check(f"{name}, fitted again here, holds the same numbers", not differs, differs)


#: Kinds of results that are checked in a way of their own.
OF_THEIR_OWN = {files.SWEEP: _sweep, files.UNDER_POSTERIOR: _under_posterior, files.CALIBRATION: _calibration}


def _follows(there: Path, made: Path, source: str) -> Check:
    same = there.is_file() and there.read_bytes() == made.read_bytes()
    return Check(f"{there.name} follows from {source}, byte for byte", same)


def _run_again(found: replays.Replayed, what: str) -> Check:
    count = f"{found.again:,} of {found.of:,} replications"
    return Check(f"{what}: {count}, run again here, leave the same numbers", not found.differing, ", ".join(found.differing[:5]))


def _scenarios_as_written(record: Record) -> Iterator[Check]:
    for arm in record.arms:
        yield Check(f"{arm.name}: the scenario has the digest that was recorded", arm.scenario.digest == arm.scenario_digest)


def _agree_with_each_other(record: Record, results: dict[str, Result]) -> Iterator[Check]:
    for arm, result in zip(record.arms, results.values(), strict=True):
        question = f"{arm.name}: the digest over all traces follows from {REPLICATIONS}"
        yield Check(question, digest_of(list(result.digests)) == arm.trace_digest)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "made.csv"
        if record.kind == files.COMPARISON:
            name = "comparison.csv"
            files.write_comparison(results, made)
        else:
            name = "summary.csv"
            files.write_summary(next(iter(results.values())), made)
        yield _follows(record.folder / name, made, REPLICATIONS)


def _replayed(record: Record, results: dict[str, Result], replay: int, done: Callable[[int, int], None]) -> Iterator[Check]:
    chosen = sample(record, replay)
    total = len(chosen) * len(results)
    for place, (name, result) in enumerate(results.items()):
        differing = []
        for number, replication in enumerate(chosen):
            (values,), (digest,) = run_block(result.scenario, record.seed, replication, 1)
            told = [files.number_text(value) for value in result.values[replication].tolist()]
            if digest != result.digests[replication]:
                differing.append(f"{replication} (another trace)")
            elif [files.number_text(value) for value in values] != told:
                differing.append(f"{replication} (other numbers)")
            done(place * len(chosen) + number + 1, total)
        count = f"{len(chosen)} of {record.replications} replications"
        yield Check(f"{name}: {count}, run again here, leave the same trace and numbers", not differing, ", ".join(differing))


def sample(record: Record, count: int) -> list[int]:
    """Return which replications to run again: first, last, and others that the record's own hash picks."""
    return replays.sample(record.replications, count, record.arms[0].trace_digest)
