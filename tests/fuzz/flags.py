"""Random command lines: every command, every flag that it declares, with sound, odd and hostile values.

Commands and flags are read from the program itself, so that a flag added there is tried here as well.
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from sim.cli import app
from sim.errors import printable
from tests.fuzz.watched import Told, allowed_caches, call
from tests.study_files import TINY, write_study

#: Words that are wrong nearly everywhere: in another unit or script, too long, for a terminal, a shell, a spreadsheet, a path.
ODD = (
    "", " ", "-", "--", "=", "=1", "a=", ":", "a:b=c", "0", "-1", "-0", "1e309", "nan", "inf", "9" * 30, "9" * 5_000, "1_0",
    "٣", "½",
    "five", "1.5", "true", "None", "null", "~", "%", "5%", "0%", "101%", "%s", "{}", "{0}", "[bold]", "[/bold]", "[/]", "\x1b[2J",
    "\x00", "\x07", "\r", "\n", "\t", "a\nb", "\ud800", "\u202e", "\ufeff", "é", "e\u0301", "𝔘", "🚓", "a" * 300, "b" * 5_000,
    "'", '"',
    "`id`", "$(id)", "$HOME", "~root", ";", "&", "|", ">", "*", "?", "\\", "/", "//", "..", "../..", "./", "/dev/null",
    "/dev/full",
    "/dev/stdin", "/proc/self/mem", "con", "file:///etc/passwd", "http://localhost", "tcp://[::1", "!!python/name:os.system",
    "<b>",
    "=cmd|' /C calc'!A0", "@SUM(1)", "+1", "&a *a", "stop", "stops", "stops=", "stops=0", "stops=5%", "stops=2 min",
    "detained=most",
    "detained=worst", "detained<2", "stops>x", "stop.limit", "stop.limit=", "stop=1", "status_check.limit=9 mins", "title=[/]",
    "status_check.limit={", "operation.shifts={}", "reported.stops=1", "__class__=1", "evidence.x=1", "stop..limit=1", ".=1",
    "extends=a",
    "status_check.go_ahead=0.5", "2025-02-30", "2025-01-01", "interstate_truck:1", "interstate_truck:x", ":1", "tidy",
    "kinds", "scenarios",
)  # fmt: skip
#: Values that a flag can do something with, by its name; where there are none, odd ones are all there is.
SOUND: dict[str, tuple[str, ...]] = {
    "--out": ("out", "out", "a new/out"),
    "--csv": ("out.csv",),
    "--html": ("out.html",),
    "--parquet": ("out.parquet",),
    "--replications": ("1", "2", "2", "3"),
    "--seed": ("0", "7", str(2**63 - 1)),
    "--workers": ("1",),
    "--engine": ("auto", "simpy"),
    "--precision": ("stops=50%", "90%"),
    "--set": ("status_check.limit=10 min", "title=another", "operation.shifts.detail.patrol_units=2"),
    "--arm": ("a:status_check.limit=0 min", "=x:stop.limit=1", "a:operation.shifts.detail.patrol_units=2"),
    "--best": ("detained=most", "stops"),
    "--draws": ("2", "3"),
    "--replay": ("0", "1"),
    "--replication": ("0", "1"),
    "--method": ("tornado",),
    "--measure": ("stops",),
    "--points": ("1", "2"),
    "--chunk": ("1", "1000"),
    "--fails": ("stops>1", "detained<2"),
    "--regret": ("detained=most",),
    "--policy": ("status_check.limit=10 min",),
    "--only": ("status_check", "stop."),
    "--from": ("2025-01-01",),
    "--to": ("2026-01-01",),
    "--simulations": ("500",),
    "--particles": ("100",),
    "--predictions": ("20",),
}
#: What would start long or far-away work is left out: it is tried by hand in the tests of faults.
NEVER = {"--dask", "--help", "--try"}
NEVER_COMMANDS = {"calibrate"}


@dataclass
class Bench:
    """A folder with things to name on a command line: scenarios, studies, results, CSV files, and what is none of these."""

    folder: Path
    names: dict[str, list[str]] = field(default_factory=dict)
    before: dict[str, bytes | None] = field(default_factory=dict)

    @classmethod
    def set_up(cls, folder: Path) -> Bench:
        """Make the things once; commands may take them as they like."""
        write_study(folder, replications=2)
        (folder / "broken.yaml").write_text("title: [\n", encoding="utf-8")
        (folder / "[red].yaml").write_text(TINY.replace("title: One", "title: '[/red] =1+1 <b>' #"), encoding="utf-8")
        (folder / "rows.csv").write_text("week,place\n=1,2\n", encoding="utf-8")
        (folder / "binary").write_bytes(bytes(range(256)))
        (folder / "empty").mkdir()
        for line in (
            ["run", "tiny.yaml", "-n", "2", "--out", "run"],
            ["compare", "tiny.yaml", "--set", "status_check.limit=0 min", "-n", "2", "--out", "compared"],
            ["sweep", "hour.yaml", "--workers", "1", "--out", "swept"],
        ):
            done = call([*line, "--quiet"])
            assert done.status == 0, (line, done.err, done.crash)
        scenarios = ["tiny.yaml", "tiny.yaml", "tiny.yaml", "[red].yaml", "broken.yaml", "hour.yaml"]
        folders = ["run", "run", "compared", "swept", "empty", "nothing"]
        files = ["rows.csv", "binary", "tiny.yaml"]
        names = {"scenario": scenarios, "study": ["hour.yaml", "hour.yaml", "tiny.yaml"], "folder": folders, "file": files}
        return cls(folder, names, everything(folder))


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return what is in a folder, by path within it; None for a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))
    }


def commands() -> dict[str, Any]:
    """Return every command of the program by name."""
    group: Any = typer.main.get_command(app())
    return {name: one for name, one in group.commands.items() if name not in NEVER_COMMANDS}


def line(random_: random.Random, bench: Bench) -> list[str]:
    """Return one command line, with an odd word in it seldom enough that many do their work."""
    name, command = random_.choice(sorted(commands().items()))
    words = [name]
    odd = random_.choice([0.0, 0.0, 0.1, 0.5])
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            count = random_.choice([1, 1, 1, 2]) if parameter.nargs == -1 else int(random_.random() < 0.97)
            words += [_argument(random_, parameter, bench, odd) for _ in range(count)]
            continue
        option = next((one for one in parameter.opts if one.startswith("--")), "--?")
        if option in NEVER:
            words += ["--no-try"] if option == "--try" else []
        elif option in ("--replications", "--workers", "--out") or random_.random() < 0.15:
            words += _option(random_, parameter, option, odd)
    if random_.random() < 0.05:
        words.insert(random_.randrange(len(words) + 1), random_.choice(ODD))
    return [word.replace("\x00", "\x01") for word in words]  # no system lets a null character into a command line


def _argument(random_: random.Random, parameter: Any, bench: Bench, odd: float) -> str:
    if random_.random() < odd / 2:
        return random_.choice(ODD)
    kind = {"study": "study", "folder": "folder", "source": "folder", "file": "file"}.get(parameter.name or "", "scenario")
    if parameter.name == "kind":
        return random_.choice(["tidy", "kinds", "open_policing", "tidy"])
    if parameter.name == "what":
        return random_.choice(["scenarios", "studies", "measures", "distributions"])
    return random_.choice(bench.names[kind])


def _option(random_: random.Random, parameter: Any, option: str, odd: float) -> list[str]:
    if getattr(parameter, "is_flag", False):
        return [option]
    sound = SOUND.get(option, ())
    value = random_.choice(sound) if sound and random_.random() > odd / 2 else random_.choice(ODD)
    return [option, value] if random_.random() < 0.8 else [f"{option}={value}"]


# --- what came of one ------------------------------------------------------------------------------------------------

#: Longer than any of these lines takes on a busy machine.
SECONDS = 60.0
#: Flags whose value is where something is written.
_PLACES = ("--out", "-o", "--csv", "--parquet", "--html")
#: Commands that write into the folder that they are given, and what.
_INTO = {"discover": ("boxes.csv", "regret.csv", "manifest.json", "report.html")}


def outcome_of(words: list[str], bench: Bench) -> str:
    """Run one line; return how it ended, or fail if it did not end in words or wrote elsewhere; what it wrote is taken away."""
    told = call(words, SECONDS)
    shown = f"{[word[:60] for word in words]}: "
    assert not told.crash, shown + told.crash
    assert told.status in (0, 1, 2), shown + str(told.status)
    assert "Traceback" not in told.out + told.err, shown + told.err
    if told.status == 2:
        assert told.err.strip(), shown + "nothing was said"
        assert printable(told.err) == told.err, shown + told.err
    _check_writes(words, told, bench, shown)
    return {0: "done", 1: "a check did not hold", 2: "refused in words"}[told.status]


def _check_writes(words: list[str], told: Told, bench: Bench, shown: str) -> None:
    named = {words[at + 1] for at, word in enumerate(words[:-1]) if word in _PLACES}
    named |= {word.partition("=")[2] for word in words if word.partition("=")[0] in _PLACES}
    after = everything(bench.folder)
    left = {path for path in after if path not in bench.before}
    assert all(path in after for path in bench.before), shown + "something is gone"
    _take_away(bench, left)
    changed = {path for path, content in bench.before.items() if content is not None and after[path] != content}
    for path in changed:
        (bench.folder / path).write_bytes(bench.before[path] or b"")
    own = {f"{folder}/{name}" for folder in words[1:] for name in _INTO.get(words[0], ())}
    log = {f"{folder}/study.sqlite{end}" for folder in words[1:] for end in ("-wal", "-shm")}
    places = {os.path.normpath(place) for place in named if place}
    if not places:
        places = {"results", *(f"{folder}{end}" for folder in words[1:] for end in (".html", ".zip"))}
    odd = {path for path in left | changed if path not in own | log and not any(_within(path, place) for place in places)}
    assert not odd, shown + f"written where nobody said: {sorted(odd)[:5]}"
    if told.status == 2:
        assert not (left - own - log), shown + f"left: {sorted(left)[:5]}"
    hidden = [path for path in left if Path(path).name.startswith(".")]
    assert not hidden or any(Path(place).name.startswith(".") for place in places), shown + f"half-written: {hidden[:5]}"
    allowed = (str(bench.folder), *allowed_caches(), "/proc/", "/dev/")
    outside = [path for path in told.touched if not path.startswith(allowed)]
    assert not outside, shown + f"written outside: {outside[:5]}"


def _within(path: str, place: str) -> bool:
    """Whether a path is a place, lies in it, or is a folder above it that was made on the way."""
    return path == place or path.startswith(f"{place}/") or place.startswith(f"{path}/")


def _take_away(bench: Bench, left: set[str]) -> None:
    for path in sorted(left):
        place = bench.folder / path
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
