"""Every notebook runs, is the pair of its text, and calls the API without defining anything."""

from __future__ import annotations

import ast
import os
import time
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))
LONGEST_SECONDS = 120


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_there_is_a_notebook_for_each_subject() -> None:
    assert len(NOTEBOOKS) >= 6


def test_the_notebook_and_its_text_are_a_pair(path: Path) -> None:
    text, book = jupytext.read(path), nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    assert [(cell.cell_type, cell.source) for cell in text.cells] == [(cell.cell_type, cell.source) for cell in book.cells]
    assert not any(cell.get("outputs") for cell in book.cells), "outputs are made by whoever runs it"


def test_it_calls_the_api_and_defines_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.While, ast.Try)
    assert not [node for node in ast.walk(tree) if isinstance(node, defined)]
    imported = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert "sim" in imported
    assert imported <= {"sim", "pathlib", "tempfile"}


def test_it_runs_in_under_two_minutes(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FOLDER.parent), os.environ.get("PYTHONPATH", "")]))
    book = jupytext.read(path)
    started = time.process_time(), time.perf_counter()
    NotebookClient(
        book, timeout=LONGEST_SECONDS, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    assert time.perf_counter() - started[1] < LONGEST_SECONDS
    shown = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) or "text/html" in output.get("data", {}) for output in shown)
