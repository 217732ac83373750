"""The story of a stop, in its order: traffic, stop, inspection, status check, custody.

Each file tells one part as SimPy processes that request, wait, decide and record. Numbers were drawn before
(:mod:`sim.chance`) and are measured after (:mod:`sim.measures`).
"""
