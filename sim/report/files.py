"""The files of a result folder, written whole or not at all.

Everything goes into a folder beside the wanted one, which takes its name only when it is complete; a run that is stopped
leaves nothing half-written. Floats are written with the shortest digits that read back to the same number.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim import __version__
from sim.audit.audit import Audit
from sim.errors import UsageError, printable
from sim.experiment.comparison import difference
from sim.experiment.replications import Result
from sim.loading import to_plain
from sim.report.text_files import rows_to, write_text

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 50_000_000
#: What a result folder holds.
RUN, COMPARISON, POSTERIOR_COMPARISON = "run", "comparison", "comparison over a posterior"
SWEEP, CALIBRATION, UNDER_POSTERIOR, IMPORT = "sweep", "calibration", "run under a posterior", "import"
#: The last key of a manifest: the hash of the manifest itself, taken while zeros stand in its place.
SEAL, NO_SEAL = "manifest_sha256", "0" * 64
SUMMARY_COLUMNS = (
    "measure", "unit", "mean", "sd", "p05", "median", "p95", "ci_low", "ci_high", "replications", "reported",
)  # fmt: skip
COMPARISON_COLUMNS = (
    "arm", "measure", "unit", "base_mean", "arm_mean", "difference", "ci_low", "ci_high", "pairs", "variance_saved",
)  # fmt: skip


def check_out(out: Path, force: bool) -> None:
    """Refuse a folder that must not be written to, before any work is done.

    Raises
    ------
    UsageError
        If it exists and holds something, unless ``force`` is given and it holds an earlier result.
    """
    refuse_link(out, "--out")
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: is a file; name a folder.")
    if Path.cwd().is_relative_to(out.resolve()):
        raise UsageError(f"--out {out}: is the folder that you are in, or holds it; name a folder in it.")
    if out.is_dir() and any(out.iterdir()):
        if not force:
            raise UsageError(f"--out {out}: the folder is not empty; name another one, or replace it with --force.")
        if not (out / MANIFEST).is_file():
            raise UsageError(f"--out {out}: holds no stopflow result, so --force will not replace it; name another.")
    parent = out.absolute().parent
    nearest = next(folder for folder in (parent, *parent.parents) if folder.exists())
    try:
        tempfile.TemporaryFile(dir=nearest).close()
    except OSError as problem:
        raise UsageError(f"--out {out}: cannot write in {nearest} ({problem.strerror}); name another folder.") from None


def refuse_link(path: Path, flag: str) -> None:
    """Refuse to write where a link stands: what it leads to would be replaced, or the link; the folders above may be links.

    Raises
    ------
    UsageError
        If it is one.
    """
    if path.is_symlink():
        raise UsageError(f"{flag} {path}".strip() + ": is a link; name the place that it leads to.")


def free_folder(name: str) -> Path:
    """Return the first unused folder of ``results/name``, ``results/name-2``, and so on."""
    folder = Path("results") / name
    number = 1
    while folder.exists():
        number += 1
        folder = Path("results") / f"{name}-{number}"
    return folder


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder to write into; it becomes ``out`` at the end, or vanishes if anything goes wrong.

    Raises
    ------
    UsageError
        If the disk is full or the folder cannot be written.
    """
    out = out.absolute()
    made = [parent for parent in out.parents if not parent.exists()]  # the innermost first
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield folder
        folder.chmod(0o755)
        if out.exists():
            _exchange(folder, out)
        else:
            folder.rename(out)
    except OSError as problem:
        raise UsageError(f"--out {out}: cannot be written ({problem.strerror}); free some room or name another.") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in made:
            with suppress(OSError):  # there is something in it: what we wrote
                parent.rmdir()


def _exchange(folder: Path, out: Path) -> None:
    """Let a folder take the place of another one, which goes; stopped in between, the other one is back."""
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
    try:
        out.rename(aside / "old")
        folder.rename(out)
    except BaseException:
        if not out.exists():
            (aside / "old").rename(out)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def check_file(path: Path, force: bool) -> None:
    """Refuse a file that must not be written, before any work is done.

    Raises
    ------
    UsageError
        If it is there and ``force`` is not given, or cannot be written.
    """
    refuse_link(path, "--out")
    if path.is_dir():
        raise UsageError(f"--out {path}: is a folder; name a file.")
    if path.exists() and not force:
        raise UsageError(f"--out {path}: is there already; name another file, or replace it with --force.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--out {path}: its folder does not exist; make it first, or name another.")


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    UsageError
        If the disk is full or the folder cannot be written.
    """
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.absolute().parent, encoding="utf-8", errors="backslashreplace", newline="\n", delete=False,
        ) as stream:  # fmt: skip
            half = Path(stream.name)
            try:
                stream.write(text)
                stream.close()
                half.chmod(0o644)
                half.replace(path)
            finally:
                half.unlink(missing_ok=True)
    except OSError as problem:
        raise UsageError(f"--out {path}: cannot be written ({problem.strerror}); free some room or name another.") from None


def number_text(value: float) -> str:
    """Return a number for a CSV cell: empty if undefined, without a point if whole."""
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value == int(value) else repr(float(value))


def write_summary(result: Result, path: Path) -> None:
    """Write ``summary.csv``: a row per measure."""
    with rows_to(path) as writer:
        writer.writerow(SUMMARY_COLUMNS)
        for name, measure in result.measures.items():
            one = result.summary(name)
            numbers = (one.mean, one.sd, one.p05, one.median, one.p95, one.ci_low, one.ci_high)
            figure = result.scenario.reported.get(name)
            reported = number_text(figure.value) if figure else ""
            writer.writerow([name, measure.unit, *map(number_text, numbers), one.replications, reported])


def write_replications(result: Result, path: Path) -> None:
    """Write ``replications.csv``: a row per replication, a column per measure, and the digest of its trace."""
    with rows_to(path) as writer:
        writer.writerow(["replication", *result.measures, "trace_digest"])
        writer.writerows(_replication_rows(result))


def write_arms(results: Mapping[str, Result], path: Path) -> None:
    """Write ``replications.csv`` of a comparison: as that of a run, with the number of the arm (0: the base) before it."""
    base = next(iter(results.values()))
    with rows_to(path) as writer:
        writer.writerow(["arm", "replication", *base.measures, "trace_digest"])
        for arm, result in enumerate(results.values()):
            writer.writerows([arm, *row] for row in _replication_rows(result))


def _replication_rows(result: Result) -> Iterator[list[object]]:
    for number, (row, digest) in enumerate(zip(result.values.tolist(), result.digests, strict=True)):
        yield [number, *map(number_text, row), digest]


@dataclass(frozen=True, slots=True)
class Told:
    """What only the command line knows of a result.

    Attributes
    ----------
    command
        The command as it was typed.
    reproduce
        The same without what cannot change a number.
    seconds
        How long it took.
    started
        When it began.
    audits
        What audits found, by the name of what was run.
    """

    command: str
    reproduce: str
    seconds: float
    started: str
    audits: Mapping[str, Audit] = field(default_factory=dict)

    @property
    def audited(self) -> dict[str, Any]:
        """The entry of the manifest about audits; none if there was none."""
        return {"audit": {name: found.as_plain for name, found in self.audits.items()}} if self.audits else {}


def write_manifest(result: Result, folder: Path, told: Told) -> None:
    """Write ``manifest.json``: all that is needed to repeat the run and to see that nothing has changed."""
    manifest = {
        "kind": RUN,
        "stopflow": __version__,
        "command": told.command,
        "reproduce": told.reproduce,
        "scenario": to_plain(result.scenario),
        "scenario_file": Path(result.scenario.file).name,
        "scenario_digest": result.scenario.digest,
        "seed": result.seed,
        "replications": len(result.values),
        "engine": result.engine,
        "trace_digest": result.digest,
        "started": told.started,
        "run_seconds": round(told.seconds, 3),
        "unmet": [asdict(wish) for wish in result.unmet],
        **told.audited,
        "versions": versions(),
        "commit": commit(),
    }
    write_record(manifest, folder)


def write_comparison(results: Mapping[str, Result], path: Path) -> None:
    """Write ``comparison.csv``: a row per arm and measure; the first result is the base, intervals hold for all arms at once."""
    (_, base), *arms = results.items()
    with rows_to(path) as writer:
        writer.writerow(COMPARISON_COLUMNS)
        for name, arm in arms:
            for measure in base.measures.values():
                one = difference(base, arm, measure.name, arms=len(arms))
                numbers = (one.base_mean, one.arm_mean, one.difference, one.ci_low, one.ci_high)
                saved = "inf" if one.variance_saved == math.inf else number_text(one.variance_saved)
                writer.writerow([name, measure.name, measure.unit, *map(number_text, numbers), one.pairs, saved])


def write_comparison_manifest(
    results: Mapping[str, Result], folder: Path, told: Told, more: Mapping[str, Any] | None = None
) -> None:
    """Write ``manifest.json`` of a comparison: every arm with its scenario and the digest of its traces."""
    base = next(iter(results.values()))
    manifest = {
        "kind": COMPARISON if not more else POSTERIOR_COMPARISON,
        "stopflow": __version__,
        "command": told.command,
        "reproduce": told.reproduce,
        "seed": base.seed,
        "replications": len(base.values),
        "engine": base.engine,
        "intervals": f"95%, simultaneous over {len(results) - 1} arms (Bonferroni)" if len(results) > 2 else "95%",
        **(more or {}),
        "arms": {
            name: {
                "scenario": to_plain(one.scenario),
                "scenario_digest": one.scenario.digest,
                "trace_digest": one.digest,
            }
            for name, one in results.items()
        },
        **told.audited,
        "started": told.started,
        "run_seconds": round(told.seconds, 3),
        "versions": versions(),
        "commit": commit(),
    }
    write_record(manifest, folder)


def write_record(manifest: Mapping[str, Any], folder: Path) -> None:
    """Write the manifest of a folder that holds everything else already: the hash of each file, and its own.

    Parameters
    ----------
    manifest
        What is to be recorded, without hashes.
    folder
        The result folder.
    """
    write_text(folder / MANIFEST, sealed(manifest, hashes(folder)))


def written_again(folder: Path, changes: Mapping[str, Any]) -> None:
    """Write the manifest of a folder once more with changes, since files came to it that follow from what is there.

    Raises
    ------
    UsageError
        If the folder holds no manifest, or one that cannot be read.
    """
    manifest = {**read_manifest(folder), **changes}
    for key in ("files", SEAL):
        manifest.pop(key, None)
    text = sealed(manifest, hashes(folder))
    write_whole(folder / MANIFEST, text)


def sealed(manifest: Mapping[str, Any], hashed: Mapping[str, str]) -> str:
    """Return the text of a manifest with the hashes of files, and its own."""
    said = _printable({**manifest, "files": hashed, SEAL: NO_SEAL})
    text = json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False)
    seal = hashlib.sha256(f"{text}\n".encode()).hexdigest()
    return f'"{SEAL}": "{seal}"'.join(text.rsplit(f'"{SEAL}": "{NO_SEAL}"', 1)) + "\n"


def _printable(value: Any) -> Any:
    """Return plain values without control characters in their words, such as the name of a file may hold."""
    if isinstance(value, Mapping):
        return {_printable(key): _printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(one) for one in value]
    return printable(value) if isinstance(value, str) else value


def seal_holds(folder: Path) -> bool:
    """Whether the manifest is, byte for byte, the one that was written."""
    path = folder / MANIFEST
    if path.stat().st_size > LARGEST_MANIFEST:
        return False
    content = path.read_bytes()
    found = re.search(rf'"{SEAL}": "([0-9a-f]{{64}})"\n}}\n\Z'.encode(), content)
    if not found:
        return False
    start, end = found.span(1)
    return hashlib.sha256(content[:start] + NO_SEAL.encode() + content[end:]).hexdigest().encode() == found[1]


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder but its manifest, by path within it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {path.relative_to(folder).as_posix(): sha256(path) for path in files}


def own_file(folder: Path, name: str) -> Path | None:
    """Return a file of a result folder, or None if it is not there.

    Raises
    ------
    UsageError
        If it is a link: the folder may be a stranger's, and what the link leads to would go into a report or a bundle.
    """
    path = folder / name
    if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{path}: is a link; a result holds its own files. Copy the file in its place if you trust it.")
    return path if path.is_file() else None


def _check_plain(value: Any) -> None:
    """Refuse what could steer a terminal, wherever in a manifest it stands."""
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            rest += [*one, *one.values()]
        elif isinstance(one, list):
            rest += one
        elif isinstance(one, str) and printable(one) != one:
            raise ValueError(f"'{printable(one)[:60]}' holds a control character")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a result folder.

    Raises
    ------
    UsageError
        If the folder holds none, or one that cannot be read.
    """
    path = own_file(folder, MANIFEST)
    if path is None:
        raise UsageError(f"{folder}: holds no {MANIFEST}; name the folder that 'stopflow run --out' wrote.")
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise ValueError(f"it is larger than {LARGEST_MANIFEST:,} bytes")
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(manifest, dict) or "stopflow" not in manifest:
            raise ValueError("keys are missing")
        _check_plain(manifest)
    except (OSError, ValueError, RecursionError) as problem:
        raise UsageError(f"{path}: is damaged ({problem}); run the scenario again.") from None
    return manifest


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that make numbers."""
    return {"python": platform.python_version()} | {name: version(name) for name in ("numpy", "scipy", "simpy", "pydantic")}


def commit() -> str | None:
    """Return the commit of the source tree, with ``+changes`` if it differs; None for an installed copy."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        git = ["git", "-C", str(root)]
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True).stdout.strip()
        dirty = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return head + ("+changes" if dirty.strip() else "")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, of which no more than a piece is in memory."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
