"""stopflow: a discrete-event simulator of roadside enforcement operations run with ICE under 287(g) agreements."""

__version__ = "0.1.0"
