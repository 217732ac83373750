"""The story of one programme replication in sentences, and the way of an agency as a picture in text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sim.programme.record import PAYERS, Kind
from sim.programme.scenario import KINDS, MODELS, ProgrammeScenario
from sim.trace import Trace
from sim.units import DAY

PICTURE = """\
inquiry ──► evaluation ──► signature ──► published list ──► given up, or ended by a ban
   ▲            │              │
   │        declined           └──► prepares ──► course ──► credentials ──► payment (task force)
own pace,                            │        (seats)           │
or a mandate                   sends nobody                arrests a week"""

_TOLD = {
    Kind.ASKED: "{agency} asks for a {model} agreement",
    Kind.DECLINED: "the inquiry of {agency} for a {model} agreement ends without one",
    Kind.SIGNED: "{agency} holds a {model} agreement",
    Kind.LISTED: "the {model} agreement of {agency} stands on the published list",
    Kind.ENDED: "the {model} agreement of {agency} ends",
    Kind.UNLISTED: "the {model} agreement of {agency} is no longer on the published list",
    Kind.SEATS_TAKEN: "{detail} officers of {agency} begin the {model} course",
    Kind.SEATS_FREED: "{detail} officers of {agency} end the {model} course",
    Kind.CREDENTIALED: "{detail} officers of {agency} have {model} credentials",
    Kind.ARRESTED: "{agency} has made {detail} arrests this week ({model})",
}


def tell(scenario: ProgrammeScenario, trace: Trace) -> Iterator[str]:
    """Yield one line for each thing that happened, in order.

    Parameters
    ----------
    scenario
        The scenario of the trace.
    trace
        One replication.
    """
    labels = [
        f"{name} {kind} {number}"
        for name in scenario.programme.group_names
        for kind in KINDS
        for number in range(getattr(scenario.programme.states[name], kind))
    ]
    for time, kind, _, agency, model, payer, detail in trace.rows.tolist():
        day = scenario.programme.calendar.begins + timedelta(days=time // DAY)
        sentence = _TOLD.get(Kind(kind), "{payer} payers pay {agency} {detail:,} USD: {kind}")
        words = {"agency": labels[agency], "model": MODELS[model].replace("_", " "), "detail": detail}
        yield f"{day}  " + sentence.format(payer=PAYERS[payer], kind=Kind(kind).name.lower(), **words)
