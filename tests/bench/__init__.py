"""How fast stopflow is, against plain SimPy doing the same work. `make bench` runs it."""
