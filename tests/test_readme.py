"""The README and the documents: every command in a console block runs, in order, as a reader would type it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    return [line[2:] for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_the_page_runs(page: Path, tmp_path: Path) -> None:
    for command in commands(page):
        program, *arguments = shlex.split(command)
        assert program == "stopflow", f"{page.name}: only stopflow's own commands belong in console blocks"
        run = [sys.executable, "-c", "from sim.cli import main; main()", *arguments]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert done.stdout.strip()


def test_the_readme_has_commands() -> None:
    assert len(commands(ROOT / "README.md")) >= 6


def test_the_scenario_in_the_readme_is_sound(tmp_path: Path) -> None:
    from sim.reported import load

    (example,) = blocks(ROOT / "README.md", "yaml")
    (tmp_path / "mine.yaml").write_text(example, encoding="utf-8")
    mine, base = load(tmp_path / "mine.yaml"), load("wyoming_safe_haul_2025")
    assert mine.digest != base.digest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
