"""Where the program starts: somebody who stops it while its modules are still being read gets a line, too."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Read the command line's modules, and run it."""
    gc.set_threshold(50_000, 20, 20)  # modules are many objects that stay; looking through them was a tenth of a start
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # nobody's plugin has a say; looking for one takes time
    try:
        from sim.cli import main as run
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        raise SystemExit(130) from None
    run()
