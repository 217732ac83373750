"""Random command lines: every command, every flag that it declares, with sound, odd and hostile values.

Commands and flags are read from the program itself, so that a flag added there is tried here as well.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from sim.cli import app
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
#: Numbers that would be work for hours are no test of the reading of flags.
TOO_MUCH = ("9" * 30,)


@dataclass
class Bench:
    """A folder with things to name on a command line: scenarios, studies, results, CSV files, and what is none of these."""

    folder: Path
    names: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def set_up(cls, folder: Path) -> Bench:
        """Make the things once; commands may take them as they like."""
        from tests.fuzz.watched import call

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
        return cls(
            folder, {"scenario": scenarios, "study": ["hour.yaml", "hour.yaml", "tiny.yaml"], "folder": folders, "file": files}
        )


def commands() -> dict[str, Any]:
    """Return every command of the program by name."""
    group: Any = typer.main.get_command(app)
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
