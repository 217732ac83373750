"""What all reports have in common: one HTML file that needs no network and no other file, and is the same each time.

Titles, notes and sources come from strangers' scenarios: everything is escaped, and only web addresses become links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import __version__
from sim.report.numbers import DASH

if TYPE_CHECKING:
    from jinja2 import Environment

    from sim.audit.audit import Audit

TEMPLATES = Path(__file__).parent / "templates"
#: Headings that a page with checklists has more.
CHECKLISTS = {"stress": "STRESS-DES", "trace": "TRACE"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What only the caller of a report knows.

    Attributes
    ----------
    command
        The command line that makes this result again.
    versions
        Versions of Python and of the libraries that make numbers, by name.
    audits
        What audits found, by the name of what was run; empty if there was none.
    """

    command: str
    versions: Mapping[str, str]
    audits: Mapping[str, Audit] = field(default_factory=dict)


def render(template: str, facts: Facts, contents: Mapping[str, str], **values: Any) -> str:
    """Return a page as the text of an HTML file.

    Parameters
    ----------
    template
        Its file in the folder of templates.
    facts
        What only the caller of a report knows.
    contents
        The headings of the page by the identifiers of their sections, for the list at the top.
    values
        What the template shows.
    """
    page = _environment().get_template(template)
    return page.render(facts=facts, contents=contents, version=__version__, dash=DASH, **values)


def fragment(template: str, **values: Any) -> str:
    """Return a part of a page, such as a table for a notebook."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is None or not name.endswith(".css"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
