"""``python -m tests.mutants``: change the model by one token or statement at a time, see which test notices, and write the page.

``--most N`` tries the first N places of the seeded order (all without it); what was tried before is not tried again, but those
that survived are with ``--again``, after a test was sharpened. Exit status 1 if a survivor has no explanation.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator

from tests.mutants import kept, page
from tests.mutants.kept import Found
from tests.mutants.mutants import ROOT, Mutant, every_mutant, files, sample
from tests.mutants.operators import check_examples
from tests.mutants.trial import SURVIVED, Verdict, load_heavy, trials


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=None)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--in", dest="within", default="", help="only files whose path begins so")
    arguments = parser.parse_args()
    check_examples()
    load_heavy()
    every = every_mutant()
    chosen = sample(every)
    texts = {file: _digest((ROOT / file).read_text(encoding="utf-8")) for file in files()}
    found = {one.name: one for one in kept.read() if texts.get(one.file) == one.text}
    wanted = [one for one in chosen[: arguments.most] if one.file.startswith(arguments.within)]

    def to_be_tried() -> Iterator[tuple[Mutant, str, str]]:
        for mutant in wanted:
            name = (mutant.file, texts[mutant.file], mutant.operator, mutant.occurrence)
            if name not in found or (arguments.again and found[name].how in SURVIVED):
                source = mutant.source()
                if source:
                    yield mutant, mutant.file, source
                else:
                    found[name] = _found(mutant, texts[mutant.file], "", Verdict("none", "", 0.0))

    for mutant, verdict in trials(to_be_tried(), arguments.jobs):
        one = _found(mutant, texts[mutant.file], mutant.source(), verdict)
        found[one.name] = one
        print(f"{len(found)} of {len(wanted)} {one.file}:{one.line} {one.change}: {one.how} {one.by}", flush=True)
        kept.write([found[name] for name in sorted(found)])
    tried = list(found.values())
    (kept.FOLDER / "mutants.md").write_text(page.text(tried, len(chosen), len(every)), encoding="utf-8")
    return 1 if page.unexplained(tried) else 0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _found(mutant: Mutant, text: str, source: str, verdict: Verdict) -> Found:
    before, after = _change((ROOT / mutant.file).read_text(encoding="utf-8"), source or "")
    return Found(mutant.file, text, mutant.line, mutant.operator, mutant.occurrence, before, after, verdict.how, verdict.by)


def _change(before: str, after: str) -> tuple[str, str]:
    """Return the lines that differ, in one line each; nothing where there is no program."""
    if not after:
        return "", ""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return " ".join(" ".join(old).split()), " ".join(" ".join(new).split())


if __name__ == "__main__":
    raise SystemExit(main())
