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
# # Agencies joining the programme
#
# Agencies ask, sign, train and become active; states mandate, leave free or ban. Calibrated to the list that ICE publishes.

# %%
import sim
from sim.report import curves

# %%
adoption = sim.run("adoption_2025_2026", replications=2, seed=7)
curves.curves(adoption.result)

# %% [markdown]
# What it takes stands beside what comes of it: who pays, agreements given up, agreements ended by a ban.

# %%
adoption.summary.loc[
    ["signed", "arrests", "given_up", "ended_by_ban", "federal_usd_per_task_force_arrest"], ["unit", "mean", "p05", "p95"]
]

# %% [markdown]
# Arrests add up over agencies of different size; few agencies make most of them.

# %%
arrests = sim.run("national_arrests", replications=2, seed=7)
reported = arrests.summary[arrests.summary["reported"].notna()]
reported[["unit", "mean", "p05", "p95", "reported"]]
