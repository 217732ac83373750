"""Where the program starts: somebody who stops it while its modules are still being read gets a line, too."""

from __future__ import annotations

import sys


def main() -> None:
    """Read the command line's modules, and run it."""
    try:
        from sim.cli import main as run
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        raise SystemExit(130) from None
    run()
