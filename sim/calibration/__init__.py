"""Fit uncertain parameters to what was reported, and say what the reports cannot tell."""

from sim.calibration.notebook import calibrate
from sim.calibration.study import Calibration

__all__ = ["Calibration", "calibrate"]
