"""Scenario files that anybody might write: valid ones, ones with a mistake in them, and bytes that are no scenario at all.

A valid one runs, keeps every law, and makes the same trace in both engines. Any other one is loaded or refused: by one
message that begins with the file, ends with what to do, and holds nothing that a terminal would obey.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sim.audit.audit import ROAD, broken_by, tell
from sim.engines.compiled.run import Engine
from sim.errors import ScenarioError, printable
from sim.loading import load, shipped, shipped_folder, to_plain
from sim.yaml_reader import MOST_BYTES
from tests.any_world import GRID, Run
from tests.fuzz.tally import kind_of
from tests.fuzz.watched import deadline
from tests.study_files import TINY

#: Much longer than any input takes; what takes longer hangs.
SECONDS = 20.0
LONGEST_MESSAGE = 6_000
#: What a message ends with says what to do, or what is known here.
_REMEDY = re.compile(
    r"(; [^;]+|for example \{.*\}|did you mean '.*'\?|known here: .*|nothing may stand here|see 'stopflow .*)[.?]?$"
    r"|is too large a number\.$"
)


def outcome_of_run(run: Run) -> str:
    """Hold one replication of a valid world against every law, and both engines against each other."""
    assert broken_by(tell(run.scenario, run.draws, run.trace), ROAD) == []
    compiled = Engine(run.scenario, run.seed, GRID if run.together else 1).trace(0)
    assert compiled.digest == run.trace.digest
    return "runs, keeps every law, the same trace in both engines"


def outcome_of_file(path: Path) -> str:
    """Load a file; return what came of it, or fail if it was neither loaded nor refused in words."""
    with deadline(SECONDS):
        try:
            load(path)
        except ScenarioError as refused:
            message = str(refused)
        else:
            return "loaded"
    assert len(message) < LONGEST_MESSAGE
    assert printable(message) == message
    *lines, last = message.split("\n")
    # What a file lacks since it takes an entry of its base away is told where the base had it.
    files = "|".join(re.escape(str(one)) for one in (path, shipped_folder()))
    for line in lines + ([last] if not last.startswith("…") else []):
        assert re.match(rf"({files})[^:]*(:\d+:\d+)?: ", line), line
        assert _REMEDY.search(line), line
    return kind_of(message)


# --- files with a mistake in them -----------------------------------------------------------------------------------

ODD_VALUES: list[Any] = [
    None, True, False, -1, 0, 7.5, 1e308, -1e308, 10**17, "", " ", "none", "null", "~", "9 mins", "9", "9 min ", "-9 min",
    "9 min 3 s",
    "9 parsecs", "1e400 min", "1e-400 min", "99999999999 d", "13 per fortnight", "-13 per h", "1e99 per h", "101%", "-1%", "1e2%",
    "½", "٩ min", "９ min", "9\u00a0min", "9\u200bmin", "µ", "é", "e\u0301", "𝔘", "x" * 2_001, "2025-02-30", "0000-00-00",
    "9999-12-31",
    "25:00", "24:00", "-0:00", "7,500", "USD", "1,0 USD", "99999999999999999999 USD", "Europe/Atlantis", "../../etc/localtime",
    "America/Denver\u200b", [], [[]], [1], [None], ["mon", "mon"], ["mon", ["tue"]], {}, {"value": {}}, {"value": 1,
    "low": 2}, {"low": 1},
    {"fixed": "9 min"}, {"lognormal": {}}, {"lognormal": {"median": "9 min", "sigma": 1e9}}, {"empirical": []},
    {"a": {"b": {"c": 1}}},
    {"value": 0.5, "grade": "published"}, {"value": 0.5, "source": "nobody"}, {"value": 0.5, "low": "x"},
    {"gamma": {"mean": 0, "sd": 0}},
]  # fmt: skip
ODD_KEYS = [
    "", "x", "Value", "value", "low", "source", "title", "extends", "__class__", "model_config", "tіtle", "key with spaces",
    "a.b", "<<",
    "0", "null", "true", "é", "k" * 101, "\u200b", "=", "[", "stop", "stop.limit",
]  # fmt: skip


@cache
def whole() -> dict[str, Any]:
    """Return a shipped scenario with all that it inherits, as plain values."""
    return to_plain(load("laramie_shift_2026"))


@cache
def places() -> list[tuple[str, ...]]:
    """Return the path of every key of the whole scenario, at every depth."""

    def below(value: Any, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        if not isinstance(value, dict):
            return []
        return [one for key, inner in value.items() for one in [(*path, key), *below(inner, (*path, key))]]

    return below(whole(), ())


@st.composite
def mistaken(draw: st.DrawFn) -> str:
    """Draw a scenario file with one to three mistakes: keys dropped, renamed, doubled; values odd, moved, of another key."""
    plain = json.loads(json.dumps(whole()))
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        *sections, key = draw(st.sampled_from(places()))
        place: Any = plain
        for section in sections:
            place = place.get(section) if isinstance(place, dict) else None
        if not isinstance(place, dict) or key not in place:
            continue
        how = draw(st.sampled_from(["drop", "rename", "misspell", "value", "value", "value", "swap", "wrap", "add"]))
        if how == "drop":
            del place[key]
        elif how == "rename":
            place[draw(st.sampled_from(ODD_KEYS))] = place.pop(key)
        elif how == "misspell":
            at = draw(st.integers(0, len(key)))
            place[key[:at] + draw(st.sampled_from("aeiou_ ")) + key[at:]] = place.pop(key)
        elif how == "value":
            place[key] = draw(st.sampled_from(ODD_VALUES))
        elif how == "swap":
            other = draw(st.sampled_from(sorted(place)))
            place[key], place[other] = place[other], place[key]
        elif how == "wrap":
            place[key] = draw(st.sampled_from([[place[key]], {key: place[key]}, {"value": place[key]}]))
        else:
            place[draw(st.sampled_from(ODD_KEYS))] = draw(st.sampled_from(ODD_VALUES))
    return json.dumps(plain, indent=1, ensure_ascii=False)


# --- bytes ----------------------------------------------------------------------------------------------------------

WORDS = [
    "title", "question", "extends", "stop", "stop.limit", "traffic_task", "value", "low", "lognormal", "median", "flows",
    "9 min", "none",
    "1", "laramie_shift_2026", "0x1F", "1_000", "1e3", ".inf", ".nan", "2025-11-18", "22:00", "NO", "~",
]  # fmt: skip
MARKS = [
    *"-?:,[]{}#&*!|>'\"%@`~ \n\t", ": ", "\n  ", "\n    ", "- ", "? ", "<<", "---\n", "...\n", "%YAML 1.1\n",
    "%TAG ! tag:x,2000:\n",
    "!!python/name:os ", "!<tag:yaml.org,2002:str> ", "&a ", "*a", "\\u", "\\x", "\\U0010FFFF", "\ufeff", "\u2028", "\u0085",
    "\x00", "|2-\n",
    ">+\n", "''", '""',
]  # fmt: skip
PIECES = ["[", "{", "{a: ", "- ", "? ", ": ", "'", '"', "!", "&a ", "*a ", "# x\n", "a: 1\n", "a", " ", "\n", "\t", "|\n",
">\n", "\\", "9",
          "- - ", "[a, ", "é", "\U0001f693", "a b ", "'' ", "--- \n", "k: {", "x:\n ", "%a\n", ", ", '"\\x41" ']  # fmt: skip


@cache
def originals() -> list[bytes]:
    """Return texts of real scenarios, to be spoilt."""
    return [TINY.encode(), *(path.read_bytes() for path in shipped()[::4])]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """Draw a real scenario with bytes changed, cut out, doubled or put in."""
    content = bytearray(draw(st.sampled_from(originals())))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        size = draw(st.sampled_from([1, 1, 2, 10, 200]))
        how = draw(st.sampled_from(["flip", "cut", "double", "put", "end"]))
        if how == "flip" and content:
            content[at] ^= draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]))
        elif how == "cut":
            del content[at : at + size]
        elif how == "double":
            content[at:at] = content[at : at + size] * draw(st.integers(1, 5))
        elif how == "put":
            content[at:at] = draw(st.sampled_from(WORDS + MARKS)).encode("utf-8", "surrogatepass")
        else:
            del content[at:]
    return bytes(content)


@st.composite
def repeated(draw: st.DrawFn) -> bytes:
    """Draw one or two pieces again and again, up to the largest file and a little beyond."""
    pieces = "".join(draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=2))).encode()
    size = draw(st.sampled_from([10, 100, 1_000] * 8 + [10_000] * 4 + [60_000, MOST_BYTES + 10]))
    head = draw(st.sampled_from([b"", b"title: ", b"a:\n  ", b"title: t\nquestion: q\nstop: "]))
    return (head + pieces * (size // len(pieces)))[: MOST_BYTES + 10]


def contents(longest: int = MOST_BYTES + 10) -> st.SearchStrategy[bytes]:
    """Return any bytes: random ones, sentences of YAML's marks, real scenarios spoilt, pieces repeated."""
    sentences = (
        st.lists(st.sampled_from(WORDS + MARKS), max_size=60).map("".join).map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
    return st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    sentences,
                     sentences, spoilt(), spoilt(), repeated()).filter(lambda content: len(content) <= longest)  # fmt: skip
