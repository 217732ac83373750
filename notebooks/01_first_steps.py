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
# # First steps
#
# An operation is simulated many times over: each replication is another day on which the same could have happened. What comes out
# is a range, and it shows chance alone; what nobody knows about the parameters comes on top.

# %%
import sim
from sim.report import figures, flow_picture, timeline
from sim.report.widgets import explore

# %% [markdown]
# One scenario by its name. Every number in it has a unit, a range, a source and a grade.

# %%
scenario = sim.load("wyoming_safe_haul_2025")
print(scenario.question)

# %%
flow_picture.as_figure(scenario)

# %% [markdown]
# A dozen replications are few; they are enough to look around. Yield stands beside burden and error in every table.

# %%
result = sim.run(scenario, replications=12, seed=7)
result

# %%
result.summary.loc[["detained", "referred_then_released", "held_then_released_hours", "citizens_referred"]]

# %%
figures.funnel(result.result)

# %% [markdown]
# How a measure spreads over the replications, and one replication over the clock.

# %%
result.replications["detained"].describe()

# %%
timeline.timeline(scenario, figures.replicate(scenario, 7, 0))

# %% [markdown]
# A what-if: the same people with the same luck, another policy. Each turn of a slider is a paired comparison with the base.

# %%
explore(
    "wyoming_safe_haul_2025",
    {"operation.shifts.detail.patrol_units": [3, 4, 5, 8], "status_check.limit": ["5 min", "10 min", "20 min"]},
    replications=4,
)
