"""``make verify``: run the proofs again, all or those that are named, and join their pages into ``docs/verification.md``.

A proof that fails leaves its page as it wrote it, and the exit status is 1; the others are run all the same.
``--join`` only joins.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from datetime import date

from sim.report.files import commit, versions
from tests.verification import page
from tests.verification.sections import SECTIONS, Section


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="all of them if none is named")
    parser.add_argument("--join", action="store_true", help="run nothing; join what stands there")
    arguments = parser.parse_args()
    known = [one.name for one in SECTIONS if one.module]
    strangers = [name for name in arguments.sections if name not in known]
    if strangers:
        parser.error(f"no such section: {', '.join(strangers)}; there are {', '.join(known)}")
    wanted = [] if arguments.join else [one for one in SECTIONS if one.module and one.name in (arguments.sections or known)]
    failed = [one.name for one in wanted if not _done(one)]
    page.PAGE.write_text(page.text(), encoding="utf-8")
    if failed:
        print(f"did not hold, or could not be run: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _done(section: Section) -> bool:
    """Run one section, note with what, and tell whether it held."""
    if not page.is_there(section):
        return False
    print(f"{section.name}: {section.title}", file=sys.stderr, flush=True)
    before, began = commit(), time.monotonic()
    done = subprocess.run([sys.executable, "-m", section.module, *section.arguments], check=False)
    stamps = page.ran()
    stamps[section.name] = {
        "commit": before,
        "day": date.today().isoformat(),
        "minutes": round((time.monotonic() - began) / 60, 1),
        "versions": versions(),
        "status": done.returncode,
    }
    page.FOLDER.mkdir(parents=True, exist_ok=True)
    page.RAN.write_text(json.dumps(stamps, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return done.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
