"""The table of reported figures, its contradictions, and the refusal of conflated figures as targets."""

from __future__ import annotations

import re

import pytest

from sim.cli import main
from sim.errors import ScenarioError
from sim.evidence import FIGURE_KINDS, read, shipped_table
from sim.loading import shipped
from sim.reported import load, warnings


def mine(tmp_path, lines):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "extends: wyoming_safe_haul_2025\ntitle: mine\nquestion: what?\n"
        f"sources:\n  me: {{publisher: me, date: '2026'}}\nreported:\n{lines}"
    )
    return file


def test_the_table_has_figures_of_every_article_and_all_contradictions():
    table = shipped_table()
    assert set(table.contradictions) == {f"X-{number:02}" for number in range(1, 13)}
    assert {name.split("-")[0] for name in table.figures} == {"S0", "S1", "S2", "S3", "S4", "D"}
    assert {one.kind for one in table.figures.values()} <= set(FIGURE_KINDS)
    for one in table.figures.values():
        assert bool(one.publisher and one.date) or one.kind == "derived"


def test_every_figure_that_a_caveat_sends_to_a_contradiction_stands_in_it():
    table = shipped_table()
    sent = [(name, to) for name, one in table.figures.items() for to in re.findall(r"see (X-\d\d)", one.caveat)]
    assert sent
    for name, to in sent:
        assert name in table.contradictions[to].figures


def test_the_reported_figures_of_shipped_scenarios_agree_with_the_table():
    table = shipped_table()
    compared = 0
    for path in shipped():
        for measure, figure in load(path).reported.items():
            if figure.figure and isinstance(table.figures[figure.figure].value, int):
                assert table.figures[figure.figure].value == figure.value, measure
                compared += 1
    assert compared > 10


@pytest.mark.parametrize("figure", ["S2-13", "S2-14", "S4-01"])
def test_a_conflated_figure_is_refused_as_a_target_with_file_line_and_reason(tmp_path, figure):
    file = mine(tmp_path, f"  detained: {{value: 1300, figure: {figure}, source: me}}\n")
    with pytest.raises(ScenarioError) as refused:
        load(file)
    exclusion = shipped_table().exclusion(figure)
    assert re.search(rf"mine\.yaml:7:\d+: reported\.detained\.figure: {figure} cannot be a target", str(refused.value))
    assert exclusion.disagrees in str(refused.value)
    assert "use: not_a_target" in str(refused.value)


def test_a_conflated_figure_may_be_shown_and_is_warned_of(tmp_path):
    scenario = load(mine(tmp_path, "  detained: {value: 1300, figure: S2-13, use: not_a_target, source: me}\n"))
    (line,) = warnings(scenario)
    assert line.startswith("reported.detained: 1300 is shown but is not a target: X-01:")


def test_a_figure_that_stands_in_a_contradiction_without_being_excluded_may_be_a_target(tmp_path):
    assert shipped_table().about("S0-06")
    assert load(mine(tmp_path, "  detained: {value: 40, figure: S0-06, source: me}\n")).reported["detained"].use == "target"


def test_an_unknown_figure_is_refused_with_the_nearest_one(tmp_path):
    with pytest.raises(
        ScenarioError, match=r"reported\.detained\.figure: no figure S0-99 stands in evidence\.yaml; did you mean"
    ):
        load(mine(tmp_path, "  detained: {value: 40, figure: S0-99, source: me}\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sources: {}\nfigures: {}\n", "contradictions: is missing"),
        ("sources: {}\nfigures: {A: {kind: checks, quantity: a, value: 1, unit: b, qualifier: c}}\n"
         "contradictions: {}\n",
         "t.yaml:2:11: figures.A.kind: 'checks' is not a kind; did you mean 'check'?"),
        ("sources: {}\nfigures: {A: {kind: check, quantity: a, value: 1, unit: b}}\ncontradictions: {}\n",
         "figures.A.qualifier: is missing"),
        ("sources: {}\ncontradictions: {}\n"
         "figures: {A: {kind: check, quantity: a, value: 1, unit: b, qualifier: exact, source: x}}\n",
         "figures.A.source: 'x' does not stand under sources:"),
        ("sources: {}\nfigures: {}\n"
         "contradictions: {X: {about: a, figures: [B], disagrees: c, advice: d, excludes: [C]}}\n",
         "contradictions.X.excludes: C is excluded but does not stand among its figures"),
        ("sources: {}\nfigures: {}\ncontradictions: {}\nfigure: {}\n", "figure: no such key; did you mean 'figures'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_table_is_told_with_its_place(tmp_path, text, message):
    file = tmp_path / "t.yaml"
    file.write_text(text)
    with pytest.raises(ScenarioError) as refused:
        read(file)
    assert message in str(refused.value)


def explain(monkeypatch, capsys, *words):
    monkeypatch.setattr("sys.argv", ["stopflow", "explain", *words])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code, capsys.readouterr()


def test_explain_shows_all_figures_or_those_of_a_scenario_only(monkeypatch, capsys):
    code, whole = explain(monkeypatch, capsys, "--evidence")
    assert code == 0
    assert "X-01" in whole.out and "S2-13" in whole.out and "S0-02" in whole.out
    code, part = explain(monkeypatch, capsys, "--evidence", "wyoming_safe_haul_2025")
    assert code == 0
    assert "S0-02" in part.out and "S2-13" not in part.out and "X-01" not in part.out


def test_explain_without_scenario_and_flag_says_what_to_do(monkeypatch, capsys):
    code, said = explain(monkeypatch, capsys)
    assert code == 2
    assert "name a scenario" in said.err
