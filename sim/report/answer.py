"""The answer of a run in plain words: what came of the operation, what it took, and how sure that is."""

from __future__ import annotations

from sim.experiment.replications import Result, Summary
from sim.report.numbers import QUALIFIER_WORDS, in_words, name_in_words, range_in_words, verdict

_PROGRAMME = (
    "This scenario is of the programme in the country, not of one operation on the road: agencies join, train, become active "
    "and are paid. What it takes from people at the roadside stands in the scenarios of operations."
)


def answer(result: Result) -> list[str]:
    """Return the answer as paragraphs of plain text.

    Parameters
    ----------
    result
        A run.

    Returns
    -------
    list of str
        First yield with burden and error; then how the reported figures compare, if there are any; then what the ranges
        are and what they are not.
    """
    if len(result.values) == 1:
        return [*what_came(result), "One replication shows neither chance nor precision; run more for a range."]
    return [*what_came(result), _chance_alone(result)]


def what_came(result: Result) -> list[str]:
    """Return yield with burden and error, and how the reported figures compare, whatever its ranges are ranges of."""
    paragraphs = [_yield_and_burden(result) if "detained" in result.measures else _PROGRAMME]
    if len(result.values) > 1 and result.scenario.reported:
        paragraphs.append(_reported(result))
    return paragraphs


def _yield_and_burden(result: Result) -> str:
    return (
        f"{_custody(result)}. Beside that, {_released(result)}; {_citizens(result)}; {_minutes(result)}; and {_passed(result)}."
    )


def _custody(result: Result) -> str:
    count = len(result.values)
    if not result.column("detained").any():
        none = "the one replication" if count == 1 else f"any of {count:,} replications"
        return f"Nobody was taken into immigration custody at the roadside in {none}"
    one = result.summary("detained")
    taken = f"{_between(one, 'people', 'were')} taken into immigration custody at the roadside"
    if count == 1:
        return f"In the one replication that was run, {taken}"
    many = "90 of 100 replications" if count == 100 else f"90% of {count:,} replications"
    return f"In {many}, {taken} ({in_words(one.mean, 'people')} on average)"


def _released(result: Result) -> str:
    if not result.column("referred_then_released").any():
        return "nobody was referred to ICE and then let go"
    people = _between(result.summary("referred_then_released"), "people", "were")
    return f"{people} referred to ICE and let go, held together for {_once(result, 'held_then_released_hours')} hours"


def _citizens(result: Result) -> str:
    referred, taken = result.column("citizens_referred"), result.column("citizens_detained")
    if not referred.any():
        return "no citizen was referred in any replication"
    words = f"{_between(result.summary('citizens_referred'), 'citizens', 'were')} referred"
    if not taken.any():
        return f"{words}, and none taken into custody in any replication"
    on_average = in_words(result.summary("citizens_detained").mean, "people")
    return (
        f"{words}, and citizens were taken into custody in {int((taken > 0).sum()):,} of {len(taken):,} replications "
        f"({on_average} on average)"
    )


def _minutes(result: Result) -> str:
    if not result.summary("minutes_beyond_task_mean").replications:
        return "nobody was asked about their standing, so the check added no minutes"
    added = _once(result, "minutes_beyond_task_mean")
    return f"the check added {added} minutes on average to a stop with anybody asked"


def _passed(result: Result) -> str:
    if not result.column("vehicles_passed_unstopped").any():
        return "no vehicle that gave ground for a stop passed unstopped"
    vehicles = _between(result.summary("vehicles_passed_unstopped"), "vehicles", "")
    return f"{vehicles} that gave ground for a stop passed unstopped while every unit was busy"


_ONE = {"people": "person", "citizens": "citizen", "vehicles": "vehicle", "were": "was"}


def _between(one: Summary, things: str, verb: str) -> str:
    low, _, high = range_in_words(one.p05, one.p95, things).partition(" to ")
    if low != high:
        return f"between {low} and {high} {things} {verb}".rstrip()
    words = (_ONE[things], _ONE.get(verb, "")) if low == "1" else (things, verb)
    return f"{low} {' '.join(words)}".rstrip()


def _once(result: Result, measure: str) -> str:
    """Return the range of a measure, or one number where both ends are the same."""
    words = _range(result, measure)
    low, _, high = words.partition(" to ")
    return low if low == high else words


def _reported(result: Result) -> str:
    """Return how many reported figures lie inside the simulated ranges, and name those that do not."""
    figures = {name: result.scenario.reported[name] for name in result.measures if name in result.scenario.reported}
    where = {name: verdict(figure, result.summary(name), result.measures[name].unit) for name, figure in figures.items()}
    inside = sum(place == "inside" for place in where.values())
    words = f"Of {len(figures)} reported figures {inside} {'lies' if inside == 1 else 'lie'} inside the simulated range"
    if len(figures) == 1:
        words = f"The one reported figure lies {'inside' if inside else 'outside'} the simulated range"
    outside = [
        f"{name_in_words(name)} ({_told(result, name)}, {where[name]} the range {_range(result, name)})"
        for name in figures
        if where[name] in ("above", "below")
    ]
    undefined = [name_in_words(name) for name in figures if where[name] == "undefined"]
    if outside:
        words += f"; outside: {', '.join(outside)}"
    if undefined:
        words += f"; undefined in every replication, so not comparable: {', '.join(undefined)}"
    return words + "."


def _told(result: Result, name: str) -> str:
    figure = result.scenario.reported[name]
    return f"reported: {QUALIFIER_WORDS[figure.qualifier]}{in_words(figure.value, result.measures[name].unit)}"


def _range(result: Result, name: str) -> str:
    one = result.summary(name)
    return range_in_words(one.p05, one.p95, result.measures[name].unit)


def _chance_alone(result: Result) -> str:
    grades = [evidence.grade for evidence in result.scenario.evidence.values()]
    return (
        "Each range holds by itself and shows chance alone: what the same operation gives on other days, with every "
        f"parameter held at its value. Ignorance comes on top: {grades.count('assumed')} of {len(grades)} parameters "
        "are graded assumed, those fitted to the reports among them."
    )
