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
# # A sweep with pictures
#
# A study names levers, uncertainties and a design. Its store takes up where it was stopped, and its report has sliders.

# %%
from pathlib import Path
from tempfile import mkdtemp

import sim
from sim.report.grid import interpolation_errors, read_grid
from sim.report.sweep_figures import responses

# %%
folder = Path(mkdtemp()) / "officers"
sweep = sim.sweep("credentialed_officers", out=folder, replications=2)
sweep

# %%
sweep.means.head()

# %% [markdown]
# More officers stop more of the vehicles that give ground for a stop, detain more people, and refer more of them who are let go.

# %%
grid, _ = read_grid(folder)
responses(grid)

# %% [markdown]
# Between points one may interpolate. How far that is off at points that were left out, as a rule and at most, for each measure:

# %%
dict(zip([name for name, _ in grid.measures], interpolation_errors(grid), strict=True))
