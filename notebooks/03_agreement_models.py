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
# # The same traffic under each agreement model
#
# No agreement, jail enforcement, warrant service, task force: the same vehicles, the same people, the same luck. Only what
# the agreement touches differs.

# %%
import sim
from sim.report import comparison_figures

# %%
comparison = sim.compare("no_agreement", "warrant_service_officer", "jail_enforcement", "task_force", replications=3, seed=7)
comparison

# %% [markdown]
# Paired differences from having no agreement, yield beside burden.

# %%
comparison_figures.paired_differences(comparison.arms.pairs)

# %%
comparison_figures.yield_against_burden(comparison.arms.pairs)

# %% [markdown]
# Rankings with the chance of being first. Which end of a measure is wanted is the reader's choice, not the model's.

# %%
comparison.ranking("referred_then_released", "least")

# %%
comparison.ranking("detained", "most")
