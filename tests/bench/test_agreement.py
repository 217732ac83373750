"""The contenders do the same work as the plain SimPy twin: their vehicles, shares and outcomes agree in the mean."""

from __future__ import annotations

import statistics

import pytest

from tests.bench.contenders import Contender, MissingError, Turn, Worker, small

#: Enough: with the errors of the test's words made in the twin, the shares differ by 11 standard errors and more.
REPLICATIONS = 20
#: A difference beyond so many standard errors is one of the models.
STANDARD_ERRORS = 4.0
TWIN, *OTHERS = [one for one in small() if one.same_work and one.model not in ("reference", "drawing")]


def turn_of(contender: Contender) -> Turn:
    """Replicate with seeds of its own, or skip where its library is not installed; `make bench` installs all of them."""
    try:
        worker = Worker(contender)
    except MissingError as reason:
        pytest.skip(str(reason))
    try:
        return worker.turn(first=1, replications=REPLICATIONS)
    finally:
        worker.close()


@pytest.fixture(scope="module")
def twin() -> Turn:
    return turn_of(TWIN)


@pytest.mark.parametrize("contender", OTHERS, ids=lambda one: one.model)
def test_a_contender_does_the_work_of_the_twin(contender: Contender, twin: Turn) -> None:
    """Means of vehicles, of the share that passes, and of the inspected and the detained among those stopped.

    A contender whose officers are free during the inspection, or whose check is not beside the task, passes a smaller or a larger
    share; one that forgets inspections or custody misses the last two.
    """
    own = turn_of(contender)
    for look in (
        lambda one: one.vehicles,
        lambda one: one.passed / one.vehicles,
        lambda one: one.inspected / (one.vehicles - one.passed),
        lambda one: one.detained / (one.vehicles - one.passed),
    ):
        ours, theirs = [look(one) for one in own.counts], [look(one) for one in twin.counts]
        error = (statistics.variance(ours) / len(ours) + statistics.variance(theirs) / len(theirs)) ** 0.5
        assert abs(statistics.fmean(ours) - statistics.fmean(theirs)) < STANDARD_ERRORS * error
