"""The engines: each makes the same trace from the same numbers. Which one is used changes how long it takes, and nothing else."""

from __future__ import annotations

from importlib.util import find_spec

from sim.errors import UsageError, nearest

AUTO, SIMPY, COMPILED = "auto", "simpy", "compiled"
ENGINES = (AUTO, SIMPY, COMPILED)
#: Fewer replications are done by the SimPy processes before the compiled ones have been found on disk; by kind of scenario.
WORTH_LOADING = {"operation": 200, "programme": 5}
#: Fewer are done by the SimPy processes, on all cores, before the compiled ones have been made.
WORTH_COMPILING = {"operation": 4_000, "programme": 400}


def chosen(wanted: str, covered: bool, replications: int, kind: str = "operation") -> tuple[str, str]:
    """Return the engine to use, and one line on why it is not the one that was wished for; empty if it is.

    Parameters
    ----------
    wanted
        ``auto``, ``simpy`` or ``compiled``.
    covered
        Whether the compiled engine covers the scenario.
    replications
        How many are to be made; ``auto`` compiles only for work that repays it.
    kind
        What the scenario is of.

    Raises
    ------
    UsageError
        If there is no such engine, or the compiled one is not installed.
    """
    if wanted not in ENGINES:
        raise UsageError(f"--engine {wanted}: there is no such engine; {nearest(wanted, ENGINES)}")
    if wanted == SIMPY:
        return SIMPY, ""
    installed = find_spec("numba") is not None
    if wanted == COMPILED:
        if not covered:
            return SIMPY, "the compiled engine does not cover this scenario; SimPy is used, with the same results."
        if not installed:
            raise UsageError("--engine compiled: numba is not installed; install stopflow with its extra: stopflow[fast].")
        return COMPILED, ""
    if not (covered and installed) or replications < WORTH_LOADING[kind]:
        return SIMPY, ""
    from sim.engines.kept import is_compiled

    return (COMPILED if replications >= WORTH_COMPILING[kind] or is_compiled(kind) else SIMPY), ""
