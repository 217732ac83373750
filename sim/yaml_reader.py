"""YAML text -> plain values, each with the line and column where it stands.

Only what a scenario needs is understood: mappings, lists and scalars, which mean what they mean in YAML 1.2. Tags, anchors,
aliases and merge keys are refused, and so are duplicate keys, tabs between values, deep nesting and large files, so that a
stranger's file cannot do harm. Nothing is ever constructed from a tag, since no constructor is used.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import UNPRINTABLE, Place, ScenarioError
from sim.units import shown

MOST_BYTES = 250_000
MOST_NODES = 50_000
DEEPEST = 24
LONGEST_KEY = 100

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?")
#: What YAML 1.2 does not let stand in a text (chapter 5.1); what libyaml, unlike editors, counts as the end of a line; and the
#: mark that begins a file, anywhere else.
_REFUSED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x85\u2028\u2029\ufeff]")
_COMMENT = re.compile(r"(?<!\S)#[^\r\n]*")
_LINE_END = re.compile(r"\r\n|\r|\n")
_NO_ANCHORS = "anchors (&) and aliases (*) are not allowed; write the value out, or use 'extends'; quote a text that begins so."
_WORDS: dict[str, object] = {
    "": None, "~": None, "null": None, "Null": None, "true": True, "True": True, "false": False, "False": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the place where it was written; mappings hold nodes by key, lists hold nodes."""

    value: Any
    place: Place

    def plain(self) -> Any:
        """Return the value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read_file(path: Path) -> Node:
    """Read one YAML file.

    Raises
    ------
    ScenarioError
        If it is not a readable, safe and small YAML file with a mapping at its top.
    """
    place = Place(str(path))
    if not is_there(path):
        raise ScenarioError.at(place, "", "there is no such file; check the path, or see 'stopflow list'.")
    if not path.is_file():
        raise ScenarioError.at(place, "", "is a folder or a device, not a file; name a YAML file in it.")
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as problem:
        raise ScenarioError.at(place, "", f"cannot be read ({problem.strerror}); check its permissions.") from None
    if len(content) > MOST_BYTES:
        raise ScenarioError.at(place, "", f"is larger than {MOST_BYTES:,} bytes; a scenario is a few kilobytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise ScenarioError.at(Place(str(path), line, 1), "", "is not UTF-8 text; save it as UTF-8 YAML.") from None
    node = read_text(text, str(path))
    if not isinstance(node.value, dict):
        found = "is empty" if node.value is None else f"holds {_kind(node.value)}"
        raise ScenarioError.at(node.place, "", f"the file {found}; a scenario is a mapping of keys, such as 'title: …'.")
    return node


def is_there(path: Path) -> bool:
    """Return whether a path leads anywhere; one that no file system can hold (too long, a null character) does not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def read_text(text: str, name: str) -> Node:
    """Read YAML text; ``name`` stands for the file in messages.

    Raises
    ------
    ScenarioError
        If the text is not YAML, or holds something that a scenario may not hold.
    """
    import yaml

    if (bad := _REFUSED.search(text)) is not None:
        reason = f"holds a character that is no plain text (U+{ord(bad[0]):04X}); remove it."
        raise ScenarioError.at(_place_of(text, bad.start(), name), "", reason)
    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml; a slower one in Python where PyYAML was built without it
    composer = _Composer(name, yaml.parse(text, Loader=parser))
    try:
        document = composer.document()
    except yaml.MarkedYAMLError as problem:
        lines = text.splitlines()
        place = _place_of_mistake(problem, lines, name)
        raise ScenarioError.at(place, "", _in_plain_words(problem, lines, place)) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as problem:
        if isinstance(problem, ScenarioError):
            raise
        raise ScenarioError.at(composer.last, "", "is not YAML that I can read after this; check quotes.") from None
    if "\t" in text:
        _refuse_tabs(text, composer.texts, name)
    return document


def _place_of(text: str, position: int, name: str) -> Place:
    ends = [found.end() for found in _LINE_END.finditer(text, 0, position)]
    return Place(name, len(ends) + 1, position - (ends[-1] if ends else 0) + 1)


def _place_of_mistake(problem: Any, lines: list[str], name: str) -> Place:
    """Return where a mistake is, and no place beyond the last line: of what is still open there, where it was opened."""
    mark = problem.problem_mark or problem.context_mark
    if mark and problem.context_mark and mark.line >= len(lines):
        mark = problem.context_mark
    if mark is None:
        return Place(name)
    if mark.line >= len(lines) > 0:
        return Place(name, len(lines), len(lines[-1]) + 1)
    return Place(name, mark.line + 1, mark.column + 1)


def _refuse_tabs(text: str, texts: list[tuple[int, int]], name: str) -> None:
    """Refuse a tab, which parsers take for different things, but in quotation marks, in block text and in comments."""
    edges = [0]
    for begins, ends in texts:
        header = _LINE_END.search(text, begins) if text[begins] in "|>" else None  # of block text; it may not hold a tab either
        edges += [header.start() if header else begins, ends]
    edges.append(len(text))
    for begins, ends in zip(edges[::2], edges[1::2], strict=True):
        between = _COMMENT.sub(lambda comment: " " * len(comment[0]), text[begins:ends])
        if "\t" in between:
            place = _place_of(text, begins + between.index("\t"), name)
            raise ScenarioError.at(place, "", "a tab stands outside quotation marks; use spaces.")


def _in_plain_words(problem: Any, lines: list[str], place: Place) -> str:
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    words = " ".join(str(problem.problem or problem.context or "it breaks off").split())
    if "'\\t'" in words or line[: place.column + 1].lstrip(" ").startswith("\t"):
        return "is not YAML: a tab stands in the indentation; use spaces."
    if "document start" in words:
        return "something stands beside the mapping that a file holds; let all keys at the top begin in the same column."
    if any(what in (problem.context or "") for what in ("anchor", "alias")):
        return _NO_ANCHORS
    if words.endswith(("character that cannot start any token", "unknown escape character")):  # libyaml does not say which
        words += f" ({shown(line[place.column - 1 : place.column + words.endswith('escape character')])})"
    return f"is not YAML: {words}; check indentation, quotes and colons near here."


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"only {shown(value)}"


class _Composer:
    """Builds nodes from the parser's events, and refuses what is not needed."""

    def __init__(self, name: str, events: Iterator[Any]) -> None:
        self.name = name
        self.events = events
        self.nodes = 0
        self.texts: list[tuple[int, int]] = []  # where quoted and block text begins and ends
        self.last = Place(name, 1, 1)

    def document(self) -> Node:
        root: Node | None = None
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent" and root is not None:
                raise self.refuse(event, "a second document starts here; a scenario file holds one.")
            if kind not in ("StreamStartEvent", "DocumentStartEvent", "DocumentEndEvent", "StreamEndEvent"):
                root = self.node(event, depth=1)
        return root or Node(None, Place(self.name, 1, 1))

    def refuse(self, event: Any, problem: str) -> ScenarioError:
        return ScenarioError.at(self.place(event), "", problem)

    def place(self, event: Any) -> Place:
        return Place(self.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def node(self, event: Any, depth: int) -> Node:
        kind = type(event).__name__
        self.last = self.place(event)
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self.refuse(event, f"the file holds more than {MOST_NODES:,} values; shorten it.")
        if depth > DEEPEST:
            raise self.refuse(event, f"nested deeper than {DEEPEST} levels; a scenario needs no more than 8.")
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            raise self.refuse(event, _NO_ANCHORS)
        if event.tag is not None:
            raise self.refuse(event, f"the tag {shown(event.tag)} is not allowed; remove it.")
        if kind == "ScalarEvent":
            return Node(self.scalar(event), self.place(event))
        if kind == "SequenceStartEvent":
            return Node(self.sequence(depth), self.place(event))
        return Node(self.mapping(depth), self.place(event))

    def sequence(self, depth: int) -> list[Node]:
        items = []
        for event in self.events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            items.append(self.node(event, depth + 1))
        return items

    def mapping(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for event in self.events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self.node(event, depth + 1)
            if isinstance(key.value, dict | list):
                raise self.refuse(event, "a key must be a word, not a list or a mapping; check the indentation.")
            name = event.value
            if len(name) > LONGEST_KEY or not name.isprintable():
                raise self.refuse(event, f"{shown(name)} cannot be a key; write a short word on one line.")
            if name == "<<":
                raise self.refuse(event, "merge keys (<<) are not allowed; use 'extends'.")
            if name in found:
                first = found[name].place.line
                raise ScenarioError.at(key.place, name, f"stands here a second time (first on line {first}); keep one.")
            value = self.node(next(self.events), depth + 1)
            # A key is the better place to point at than the first line of a nested value, or than nothing at all.
            found[name] = Node(value.value, key.place if isinstance(value.value, dict | None) else value.place)
        return found

    def scalar(self, event: Any) -> object:
        text: str = event.value
        if UNPRINTABLE.search(text):
            raise self.refuse(event, f"{shown(text)} holds a control character; remove it.")
        if not event.implicit[0]:  # quoted or block text
            self.texts.append((event.start_mark.index, event.end_mark.index))
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            number = float(text)
            if not math.isfinite(number):
                raise self.refuse(event, f"{shown(text)} is too large a number.")
            return number
        return text
