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
# # Calibration, and what it cannot tell
#
# A few totals stand against many parameters. The fit says which parameters the reports inform, which only together, and
# which not at all. The settings here are small so that the notebook is quick; use those of `stopflow calibrate` for an answer.

# %%
from sim.calibration import notebook
from sim.calibration.diagnostics import learned
from sim.report import calibration_pictures

# %%
calibration = notebook.calibrate(
    "laramie_shift_2026",
    parameters=["status_check.go_ahead", "status_check.threshold", "traffic.flows.interstate_car.rate", "stop.traffic_task"],
    simulations=500,
    particles=200,
    predictions=40,
)

# %%
notebook.parameter_table(calibration)[["unit", "prior_low", "prior_high", "low", "median", "high", "contraction", "verdict"]]

# %% [markdown]
# Known only together: a product of parameters that the reports tell better than each of them.

# %%
notebook.ridge_table(calibration)

# %%
rows = learned(calibration.space, calibration.draws.latent)
calibration_pictures.parameters(rows, calibration.space, calibration.draws.latent)

# %%
calibration_pictures.pairs(calibration.space, calibration.draws.latent, rows)

# %% [markdown]
# What the fitted model gives for the figures that it was fitted to, and for those that it was not (`use` says which).

# %%
notebook.prediction_table(calibration)
