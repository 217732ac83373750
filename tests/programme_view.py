"""A programme's measures read straight off its trace, one by one: the plain way, against which the pass over sums is held."""

from __future__ import annotations

import math
from datetime import date

import numpy as np

from sim.programme.measures import AWARDS_A_YEAR, ESTIMATES, MILLION, WEEKS_A_YEAR
from sim.programme.record import MONEY, PAYERS, Kind
from sim.programme.scenario import KINDS, MODELS, TASK_FORCE, ProgrammeScenario
from sim.trace import Rows, Trace
from sim.units import DAY, WEEK


class View:
    """A trace and its scenario."""

    def __init__(self, trace: Trace, scenario: ProgrammeScenario) -> None:
        self.programme = scenario.programme
        self.trace = trace
        kinds, states, first = [], [], 0
        for name in scenario.programme.group_names:
            group = scenario.programme.states[name]
            for position, kind in enumerate(KINDS):
                count = getattr(group, kind)
                kinds.append(np.full(count, position))
                states.append(first + np.arange(count) % max(1, group.states))
            first += group.states
        self.kind_of, self.state_of = np.concatenate(kinds), np.concatenate(states)

    def rows(self, kind: Kind, until: int | None = None) -> Rows:
        """Return the rows of one kind in order of time, those before a time only if one is given."""
        rows = self.trace.rows[self.trace.rows[:, 1] == kind]
        return rows if until is None else rows[rows[:, 0] < until]

    def after(self, day: date) -> int:
        """Return the end of a day in milliseconds."""
        return ((day - self.programme.calendar.begins).days + 1) * DAY

    def listed(self, day: date) -> Rows:
        """Return (group, agency, model) of the agreements on the list at the end of a day, shape (agreements, 3)."""
        began, ended = self.rows(Kind.LISTED, self.after(day)), self.rows(Kind.UNLISTED, self.after(day))
        keys, gone = (rows[:, 3] * len(MODELS) + rows[:, 4] for rows in (began, ended))
        return began[~np.isin(keys, gone)][:, 2:5]

    def pending(self, day: date) -> int:
        """Return the agreements asked for, and neither signed nor declined, at the end of a day."""
        end = self.after(day)
        new = self.rows(Kind.SIGNED, end)
        return len(self.rows(Kind.ASKED, end)) - int((new[:, 6] == 0).sum()) - len(self.rows(Kind.DECLINED, end))

    def standing(self, kind: Kind, end: int) -> Rows:
        """Return the rows of one kind before a time about task force agreements that have not ended by then."""
        ended, rows = self.rows(Kind.ENDED, end), self.rows(kind, end)
        return rows[(rows[:, 4] == TASK_FORCE) & ~np.isin(rows[:, 3], ended[ended[:, 4] == TASK_FORCE, 3])]

    def officers(self, end: int) -> int:
        """Return the credentialed task force officers before a time."""
        return int(self.standing(Kind.CREDENTIALED, end)[:, 6].sum())

    def money(self, kind: str, payer: str | None = None, until: int | None = None) -> int:
        """Return what was paid of one kind, by one payer or by all, in USD."""
        rows = self.rows(Kind[kind.upper()], until)
        return int(rows[:, 6].sum() if payer is None else rows[rows[:, 5] == PAYERS.index(payer), 6].sum())

    def all(self) -> dict[str, float]:
        """Return every measure by name."""
        calendar, found = self.programme.calendar, self.whole_time()
        for day in calendar.counted_on:
            found |= {f"{name}_{day:%Y_%m_%d}": value for name, value in self.counted(day).items()}
        for day in calendar.detailed_on:
            found |= {f"{name}_{day:%Y_%m_%d}": value for name, value in self.detailed(day).items()}
        for day in calendar.arrests_in_week_of:
            found |= {f"{name}_{day:%Y_%m_%d}": value for name, value in self.week(day).items()}
        return found

    def counted(self, day: date) -> dict[str, float]:
        """Return what is counted on a day."""
        end, listed = self.after(day), self.listed(day)
        task_force = listed[listed[:, 2] == TASK_FORCE]
        return {
            "agreements": len(listed),
            **{f"{model}_agreements": int((listed[:, 2] == place).sum()) for place, model in enumerate(MODELS)},
            "agencies": len(set(listed[:, 1].tolist())),
            "states": len(set(self.state_of[listed[:, 1]].tolist())),
            "task_force_states": len(set(self.state_of[task_force[:, 1]].tolist())),
            "pending": self.pending(day),
            "active_task_force_agencies": len(set(self.standing(Kind.CREDENTIALED, end)[:, 3].tolist())),
            "paid_agencies": len(set(self.standing(Kind.EQUIPMENT, end)[:, 3].tolist())),
            "officers_trained": int(self.rows(Kind.SEATS_FREED, end)[:, 6].sum()),
            "task_force_officers": self.officers(end),
            "federal_paid": sum(self.money(kind, "federal", end) for kind in MONEY) / MILLION,
            "promised_a_year": self.officers(end) * self.in_full / MILLION,
        }

    def detailed(self, day: date) -> dict[str, float]:
        """Return what is counted by group of states and kind of agency on a day."""
        listed = self.listed(day)
        groups = {name: listed[listed[:, 0] == place] for place, name in enumerate(self.programme.group_names)}
        return {
            **{f"agreements_in_{name}": len(here) for name, here in groups.items()},
            **{f"task_force_in_{name}": int((here[:, 2] == TASK_FORCE).sum()) for name, here in groups.items()},
            **{f"agreements_of_{kind}": int((self.kind_of[listed[:, 1]] == k).sum()) for k, kind in enumerate(KINDS)},
        }

    def week(self, day: date) -> dict[str, float]:
        """Return the arrests in the week of a day."""
        ends = ((day - self.programme.calendar.begins).days // 7 + 1) * WEEK
        rows = self.rows(Kind.ARRESTED)
        rows = rows[rows[:, 0] == ends]
        leading = sorted(rows[rows[:, 4] == TASK_FORCE, 6].tolist(), reverse=True)
        arrests = int(rows[:, 6].sum())
        begun = [one for one in self.programme.arrests.national.values() if one.begins <= day]
        national = sorted(begun, key=lambda one: one.begins)[-1].weekly if begun else 0
        return {
            "arrests_a_week": arrests,
            "share_of_arrests": arrests / national if national else math.nan,
            "task_force_arrests_a_week": sum(leading),
            "top_five_arrests": sum(leading[:5]),
            "top_agencies_arrests": sum(leading[: self.programme.arrests.top_agencies]),
        }

    @property
    def in_full(self) -> float:
        """What the promises cost for an officer in a year."""
        payments = self.programme.payments
        return payments.salary * (1 + payments.overtime_cap) + AWARDS_A_YEAR * payments.award.from_90

    def whole_time(self) -> dict[str, float]:
        """Return what is counted over all the time watched."""
        ended, start = self.rows(Kind.ENDED)[:, 6], self.after(self.programme.payments.begins) - DAY
        arrests = self.rows(Kind.ARRESTED)
        since = arrests[arrests[:, 0] > start]
        task_force = int(since[since[:, 4] == TASK_FORCE, 6].sum())
        officer_weeks = sum(self.officers(end) for end in set(since[:, 0].tolist()))
        federal, in_full = sum(self.money(kind, "federal") for kind in MONEY), self.in_full
        weekly = task_force / officer_weeks if officer_weeks else math.nan
        signed = {row[3]: row[0] for row in self.rows(Kind.SIGNED).tolist() if row[4] == TASK_FORCE}
        first = {row[3]: row[0] for row in self.rows(Kind.CREDENTIALED).tolist()[::-1] if row[4] == TASK_FORCE}
        spans = [first[agency] - signed[agency] for agency in first]
        return {
            "inquiries": len(self.rows(Kind.ASKED)),
            "declined": len(self.rows(Kind.DECLINED)),
            "signed": len(self.rows(Kind.SIGNED)),
            "given_up": int((ended == 0).sum()),
            "ended_by_ban": int((ended == 1).sum()),
            "agencies_never_signed": len(self.kind_of) - len(set(self.rows(Kind.SIGNED)[:, 3].tolist())),
            "days_signature_to_credential_median": float(np.median(spans)) / DAY if spans else math.nan,
            "arrests": int(arrests[:, 6].sum()),
            **{f"paid_for_{kind}": self.money(kind) / MILLION for kind in MONEY},
            **{f"paid_by_{payer}": sum(self.money(kind, payer) for kind in MONEY) / MILLION for payer in PAYERS},
            **{f"officers_paid_in_full_by_{m}_million": m * MILLION / in_full if in_full else math.nan for m in ESTIMATES},
            **{
                f"arrests_a_year_for_{m}_million": WEEKS_A_YEAR * weekly * m * MILLION / in_full if in_full else math.nan
                for m in ESTIMATES
            },
            "federal_usd_per_task_force_arrest": federal / task_force if task_force else math.nan,
        }
