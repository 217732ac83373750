"""A result folder -> a research compendium: one zip archive that reproduces its numbers with one command.

It holds the result with its record, the scenario files, the lock file and the project file of this version, the program itself
as a wheel or as its source, citation and licence, and RO-Crate metadata that say what each file is.

References
----------
Soiland-Reyes et al. (2022), "Packaging research artefacts with RO-Crate", Data Science 5(2), 97-138.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import __version__
from sim.errors import UsageError
from sim.loading import shipped_folder
from sim.report import files, verification
from sim.report.record import read_record

#: Variables that would let a Python find something else than what is in the compendium.
NOT_HANDED_ON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")
#: The earliest moment that a zip archive can tell: archives of the same result are the same byte for byte.
ALWAYS = (1980, 1, 1, 0, 0, 0)
PROJECT_FILES = ("pyproject.toml", "uv.lock", "README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md")
#: Packed with the program where it runs from a clone.
TEXTS = ("*.py", "*.j2", "*.css", "*.js", "*.yaml", "*.json", "*.typed")
RESULT = "result"
RUN = "reproduce.sh"
CRATE = "ro-crate-metadata.json"


@dataclass(frozen=True, slots=True)
class Author:
    """Who made the study, as far as they say."""

    name: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What a compendium says of its result.

    Attributes
    ----------
    titles
        The title of every scenario, by the name that it has in the result.
    size
        How much was simulated, in words.
    aside
        What the one command does besides running replications.
    """

    kind: str
    manifest: Mapping[str, Any]
    titles: Mapping[str, str]
    size: str
    seed: object
    aside: str = ""


_FITTED = (
    "\n\nThe fit is made again from scenarios, seed and sizes. It is linear algebra in floating point, which processors round "
    "differently in the last digits: its numbers are held to one in a million, everything that is simulated to the last digit."
)


def _about(folder: Path) -> About:
    """Return what a result folder says of itself.

    Raises
    ------
    UsageError
        If it is none, a damaged one, or of a kind that cannot be run again from its folder.
    """
    manifest = files.read_manifest(folder)
    kind = str(manifest.get("kind", files.RUN))
    if kind in (files.POSTERIOR_COMPARISON, files.IMPORT):
        raise UsageError(f"{folder}: a {kind} cannot be run again from its folder; bundle a run, a sweep or a calibration.")
    try:
        seed = manifest["seed"]
        if kind == files.SWEEP:
            titles = {name: str(one["title"]) for name, one in manifest["scenarios"].items()}
            size = f"{manifest['points']:,} points with up to {manifest['replications']:,} replications each"
            return About(kind, manifest, {str(manifest["study_file"]): str(manifest["study"]["title"])} | titles, size, seed)
        if kind == files.CALIBRATION:
            titles = {name: str(one["title"]) for name, one in manifest["scenarios"].items()}
            size = f"{manifest['particles']:,} draws, {manifest['predictions']:,} predictions"
            return About(kind, manifest, titles, size, seed, _FITTED)
        if kind == files.UNDER_POSTERIOR:
            titles = {str(manifest["scenario_file"]): str(manifest["scenario_under_posterior"]["title"])}
            size = f"{manifest['draws']:,} draws with {manifest['replications_of_each']:,} replications each"
            return About(kind, manifest, titles, size, seed)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise UsageError(f"{folder / files.MANIFEST}: is damaged ({problem}); make the result again.") from None
    record = read_record(folder)
    titles = {arm.name: arm.scenario.title for arm in record.arms}
    return About(kind, manifest, titles, f"{record.replications:,} replications of each scenario", seed)


def root_of_project() -> Path:
    """Return the folder of the clone that this program runs from.

    Raises
    ------
    UsageError
        If it runs from an installed copy, which has no lock file.
    """
    root = Path(__file__).resolve().parents[2]
    if not all((root / name).is_file() for name in PROJECT_FILES):
        raise UsageError("bundle: needs the lock file, and so a clone of the project; an installed copy has none.")
    return root


def write_bundle(folder: Path, path: Path, author: Author) -> list[str]:
    """Write the compendium of a result folder; return the names of what is in it.

    Parameters
    ----------
    folder
        A result folder; what does not verify by its hashes is not packed.
    path
        The zip archive; an existing file is replaced.
    author
        Who made the study.

    Raises
    ------
    UsageError
        If the folder holds no result, or has been changed.
    """
    root = root_of_project()
    about = _about(folder)
    wrong = [check.question for check in verification.verify(folder, replay=0) if not check.held]
    if wrong:
        raise UsageError(f"{folder}: has been changed since it was written ({wrong[0]}: no); run the scenario again.")
    contents = _contents(root, folder, about)
    contents[CRATE] = _crate(about, contents, author).encode(errors="backslashreplace")
    with tempfile.TemporaryDirectory(dir=path.absolute().parent) as scratch:
        half = Path(scratch) / "bundle.zip"
        with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(contents):
                entry = zipfile.ZipInfo(f"{folder.resolve().name}/{name}", ALWAYS)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (0o755 if name == RUN else 0o644) << 16
                archive.writestr(entry, contents[name])
        half.replace(path)
    return sorted(contents)


def _contents(root: Path, folder: Path, about: About) -> dict[str, bytes]:
    """Return every file of the compendium by its name in it."""
    contents = {f"{RESULT}/{file.relative_to(folder).as_posix()}": file.read_bytes() for file in _files_in(folder)}
    contents |= {name: (root / name).read_bytes() for name in PROJECT_FILES}
    for base, inside in ((root / "sim", "sim"), (shipped_folder(), "scenarios")):
        for pattern in TEXTS:
            found = sorted(file for file in base.rglob(pattern) if file.is_file())
            contents |= {f"{inside}/{file.relative_to(base).as_posix()}": file.read_bytes() for file in found}
    contents["REPRODUCE.md"] = _instructions(about).encode()
    contents[RUN] = _command(root).encode()
    return contents


def _files_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _command(root: Path) -> str:
    pinned = re.search(r"^UV_VERSION := ([0-9.]+)$", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    uv = f"uv=={pinned[1]}" if pinned else "uv"
    return f"""#!/bin/sh
# Installs what the lock file says into .venv, runs everything in the result again, and compares all numbers.
# The packages of the lock file come from the network, or from a cache of uv. PYTHON names another Python than python3.
set -eu
cd "$(dirname "$0")"
PYTHON="${{PYTHON:-python3}}"
if ! command -v uv >/dev/null; then
    [ -x .uv/bin/uv ] || {{ "$PYTHON" -m venv .uv && .uv/bin/python -m pip install --quiet "{uv}"; }}
    PATH="$PWD/.uv/bin:$PATH"
fi
uv sync --quiet --frozen --no-dev --no-install-project --extra fast --python "$PYTHON"
exec .venv/bin/python -c "from sim.cli import main; main()" verify {RESULT} --all
"""


def _instructions(about: About) -> str:
    titles = "\n".join(f"- {name}: {title}" for name, title in about.titles.items())
    return f"""# How to reproduce this result

    sh {RUN}

installs exactly the libraries of `uv.lock` into `.venv`, runs all replications again with the program in `sim/`, and
compares every number with what stands in `{RESULT}/`. It ends with status 0 if all is the same.{about.aside}

A {about.kind}: {about.size}, seed {about.seed}, stopflow {about.manifest.get("stopflow")}.

{titles}

The command that made it: `{about.manifest.get("reproduce", about.manifest.get("command", ""))}`

`{RESULT}/report.html` opens in any browser. `{CRATE}` says what each file is. Cite as `CITATION.cff` says.
"""


# --- RO-Crate -------------------------------------------------------------------------------------------------------

_KINDS = {
    ".html": "text/html", ".csv": "text/csv", ".json": "application/json", ".svg": "image/svg+xml", ".yaml": "application/yaml",
    ".py": "text/x-python", ".md": "text/markdown", ".toml": "application/toml", ".cff": "application/yaml", ".css": "text/css",
}  # fmt: skip


def _crate(about: About, contents: Mapping[str, bytes], author: Author) -> str:
    """Return the metadata of the compendium: RO-Crate 1.1, every file with its size and hash."""
    titles = "; ".join(dict.fromkeys(about.titles.values()))
    described = [name for name in sorted(contents) if not name.startswith("sim/")]
    people = [{"@id": "#author", "@type": "Person", "name": author.name}] if author.name else []
    root: dict[str, object] = {
        "@id": "./",
        "@type": "Dataset",
        "name": author.title or titles,
        "description": f"Simulation of {titles}: {about.size}, seed {about.seed}. "
        f"'sh {RUN}' runs it again and compares every number.",
        "license": {"@id": "LICENSE"},
        "datePublished": str(about.manifest.get("started", ""))[:10],
        "hasPart": [{"@id": name} for name in [*described, "sim/"]],
        "mainEntity": {"@id": RUN},
        "mentions": {"@id": "#run"},
        **({"author": {"@id": "#author"}} if people else {}),
    }
    program = {
        "@id": "sim/", "@type": ["Dataset", "SoftwareSourceCode"], "name": "stopflow", "version": __version__,
        "programmingLanguage": "Python", "license": {"@id": "LICENSE"},
    }  # fmt: skip
    run = {
        "@id": "#run", "@type": "CreateAction", "name": str(about.manifest.get("reproduce", "stopflow run")),
        "instrument": {"@id": "sim/"}, "object": [{"@id": name} for name in described if name.startswith("scenarios/")],
        "result": [{"@id": name} for name in described if name.startswith(f"{RESULT}/")],
    }  # fmt: skip
    head = {
        "@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }  # fmt: skip
    graph = [head, root, program, run, *people, *(_file(name, contents[name]) for name in described)]
    crate = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
    return json.dumps(crate, indent=1, ensure_ascii=False) + "\n"


def _file(name: str, content: bytes) -> dict[str, object]:
    kind = _KINDS.get(Path(name).suffix, "text/plain")
    hashed = hashlib.sha256(content).hexdigest()
    return {"@id": name, "@type": "File", "encodingFormat": kind, "contentSize": str(len(content)), "sha256": hashed}


# --- the test of itself ---------------------------------------------------------------------------------------------


def try_out(path: Path, say: Callable[[str], None]) -> bool:
    """Unpack a compendium in an empty folder, with no path to this project, and run its one command.

    Parameters
    ----------
    path
        The zip archive.
    say
        Told every line that the command prints.

    Returns
    -------
    bool
        Whether it ended with status 0: every number is the same.
    """
    with tempfile.TemporaryDirectory(prefix="stopflow-bundle-") as scratch:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(scratch)
        (inside,) = Path(scratch).iterdir()
        # The uv of the clone spares the download of another one; nothing else of the clone is on the path.
        own = [str(one.parent) for one in (Path(sys.prefix).parent / ".uv/bin/uv",) if one.is_file()]
        # The rest of the environment stays, since it says how to reach the network; what points to this clone goes.
        environment = {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}
        environment |= {"PATH": os.pathsep.join([*own, os.defpath, "/usr/local/bin"]), "PYTHON": _python()}
        with subprocess.Popen(
            ["sh", RUN], cwd=inside, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", start_new_session=True,
        ) as running:  # fmt: skip
            assert running.stdout is not None
            try:
                for line in running.stdout:
                    say(line.rstrip())
            except BaseException:  # somebody has stopped us: it ends with all that it has started
                os.killpg(running.pid, signal.SIGTERM)
                raise
        return running.returncode == 0


def _python() -> str:
    """Return the Python that this environment was built from."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return shutil.which(name, path=f"{sys.base_prefix}/bin") or sys.executable
