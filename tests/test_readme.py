"""The README and the documents: every command in a console block runs, in order, as a reader would type it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from sim.cli import app
from tests.conftest import Command

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: What a page says of a block whose commands no test runs, right before it.
NOT_RUN = re.compile(r"<!-- not run: .{8,} -->\n$")
MOST_NOT_RUN = 7
COMMANDS = get_command(app()).commands  # type: ignore[attr-defined]


def fences(page: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the language and the text of each code block of a page, and what stands before it."""
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        yield match[1], match[2], text[: match.start()]


def commands(page: Path) -> list[str]:
    return [line[2:] for language, block, _ in fences(page) if language == "console" for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_the_page_runs(page: Path, command: Command) -> None:
    """In one folder, one after the other; a file that a page shows by its name is there."""
    for language, block, before in fences(page):
        if language in ("csv", "yaml"):
            Path(re.findall(rf"`(\w+\.{language})`", before)[-1]).write_text(block, encoding="utf-8")
    for line in commands(page):
        program, *arguments = shlex.split(line)
        assert program == "stopflow", f"{page.name}: only stopflow's own commands belong in console blocks"
        status, out, err = command(*arguments)
        assert status == 0, f"{line}\n{err}"
        assert out.strip(), line


def test_the_pages_have_commands() -> None:
    assert len(commands(ROOT / "README.md")) >= 20
    assert all(
        line[:2] == "$ " for page in PAGES for lang, block, _ in fences(page) if lang == "console" for line in block.splitlines()
    )


def test_a_block_with_commands_is_run_or_says_why_not() -> None:
    not_run = []
    for page in PAGES:
        for language, block, before in fences(page):
            if language not in ("console", "yaml", "csv") and re.search(
                r"^(stopflow|make|dask|import sim|#!)", block, re.MULTILINE
            ):
                assert NOT_RUN.search(before), (
                    f"{page.name}: say before it '<!-- not run: WHY -->', or make it a console block\n{block}"
                )
                not_run.append(block)
    assert 0 < len(not_run) <= MOST_NOT_RUN


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_flag_and_target_that_the_page_speaks_of_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = [*re.findall(r"`([^`\n]+)`", text), *(line for _, block, _ in fences(page) for line in block.splitlines())]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    for line in code:
        found = re.match(r"(?:\$ )?stopflow ([a-z]+)(.*)", line)
        if found:
            assert found[1] in COMMANDS, f"{page.name}: {line}"
            known = {flag for parameter in COMMANDS[found[1]].params for flag in (*parameter.opts, *parameter.secondary_opts)}
            used = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", found[2]))
            assert used <= known, f"{page.name}: {line}"
        target = re.match(r"make ([a-z-]+)", line)
        assert not target or target[1] in targets, f"{page.name}: {line}"


def test_the_scenario_in_the_readme_is_sound(tmp_path: Path) -> None:
    from sim.reported import load

    (example,) = (block for language, block, _ in fences(ROOT / "README.md") if language == "yaml")
    (tmp_path / "mine.yaml").write_text(example, encoding="utf-8")
    mine, base = load(tmp_path / "mine.yaml"), load("wyoming_safe_haul_2025")
    assert mine.digest != base.digest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
