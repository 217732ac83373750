"""Fit uncertain parameters to what was reported, and say what the reports cannot tell."""
