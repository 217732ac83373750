"""Experiments: replications and their precision, on one machine or many."""
