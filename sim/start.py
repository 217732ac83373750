"""Where the program starts: somebody who stops it while its modules are still being read gets a line, too."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Read the command line's modules, and run it."""
    # Modules are many objects that stay: looking through them again and again was a tenth of a start.
    gc.set_threshold(50_000, 20, 20)
    # Looking for plugins takes time, and none is meant to have a say in what a scenario is; who wants one can say so.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        from sim.cli import main as run
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        raise SystemExit(130) from None
    run()
