# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Wyoming and Alabama against their reports
#
# Reported figures come with their sources; some contradict each other. A figure lies inside if the simulated 90% range holds it,
# which is chance alone and says nothing about whether the parameters are right.

# %%
import sim
from sim.report import figures
from sim.report.parameters import contradictions_of

# %%
wyoming = sim.run("wyoming_safe_haul_2025", replications=12, seed=7)
figures.reported_against_simulated(wyoming.result)

# %%
alabama = sim.run("alabama_strike_force_2025", replications=12, seed=7)
figures.reported_against_simulated(alabama.result)

# %% [markdown]
# The two operations refer at different points: in Alabama early, so that a third of those referred are detained; in Wyoming late.
# The same custody with other burden.

# %%
burden = ["people_asked", "referrals", "detained", "referred_then_released", "held_then_released_hours", "citizens_referred"]
wyoming.summary.loc[burden, ["unit", "mean", "p05", "p95", "reported"]]

# %%
alabama.summary.loc[burden, ["unit", "mean", "p05", "p95", "reported"]]

# %% [markdown]
# Where the reports behind these figures contradict each other, and what is done about it.

# %%
for one in (*contradictions_of(wyoming.result.scenario), *contradictions_of(alabama.result.scenario)):
    print(f"{one.id}: {one.disagrees} {one.advice}")
