"""The layouts of columns in which each kind of file was published, with the place where each can be seen.

A file is read by the first layout whose needed columns it has. Names of columns are written as published; case and signs do
not matter. Only the columns named here are ever looked at.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout of a kind of file.

    Attributes
    ----------
    name
        What was published so, and when.
    source
        Where the layout can be seen.
    needed, optional
        The published name of each column by the name that an adapter calls its cell.
    """

    name: str
    source: str
    needed: Mapping[str, str]
    optional: Mapping[str, str] = field(default_factory=dict)

    def places(self, header: Sequence[str]) -> dict[str, int] | None:
        """Return where each cell stands in a row, by a header of plain names; None if a needed column is missing."""
        if self.missing(header):
            return None
        columns = {cell: plain(column) for cell, column in (self.needed | self.optional).items()}  # type: ignore[operator]
        return {cell: header.index(column) for cell, column in columns.items() if column in header}

    def missing(self, header: Sequence[str]) -> list[str]:
        """Return the published names of the needed columns that a header of plain names lacks."""
        return [column for column in self.needed.values() if plain(column) not in header]


def plain(name: str) -> str:
    """Return the name of a column in small letters with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60]


def none_fits(header: Sequence[str], layouts: Sequence[Layout]) -> str:
    """Return what a header lacks for the layout that is nearest to it, and what all layouts need.

    Other names in the header are not repeated: a file without a header has a person's row there.
    """
    nearest = min(layouts, key=lambda layout: len(layout.missing(header)))
    words = []
    for column in nearest.missing(header):
        close = difflib.get_close_matches(plain(column), header, n=1, cutoff=0.75)
        words.append(f"'{column}'" + (f" (is it '{close[0]}'?)" if close else ""))
    known = [f"{layout.name}: {', '.join(layout.needed.values())}" for layout in layouts]
    told = "".join(f"\n  {one}" for one in known) if len(known) > 1 else f" {known[0]}"
    return f"no column {', '.join(words)}; the first line that is read names the columns. Layouts that are known:{told}"


_TIDY = ("week", "place", "agency", "model", "stage", "count", "unit", "source")
TIDY = (Layout("figures of one's own", "docs/data.md", {name: name for name in _TIDY}),)

_FACILITY = {"facility_code": "detention_facility_code", "facility": "detention_facility"}
#: Stints: one row for a stay in one facility. The hours are those of the facility's own clock.
DETENTION_STINTS = (
    Layout(
        "detention stints of the Deportation Data Project, 2026",
        "https://github.com/deportationdata/ice/blob/main/code/detention-stints-latest.R",
        {"begin": "book_in_date_time", "end": "book_out_date_time"},
        _FACILITY | {"duplicate": "likely_duplicate"},
    ),
    Layout(
        "detentions of the Deportation Data Project, 2025",
        "https://deportationdata.org/docs/ice/codebook.html",
        {"begin": "book_in_date_time", "end": "detention_book_out_date_time"},
        _FACILITY | {"duplicate": "likely_duplicate"},
    ),
    Layout(
        "detentions of fiscal years 2012 to 2024 of the University of Washington Center for Human Rights",
        "https://github.com/UWCHR/ice-detain",
        {"begin": "detention_book_in_date_and_time", "end": "detention_book_out_date_time"},
        _FACILITY,
    ),
    Layout(
        "detentions 2012 to 2023 of the Deportation Data Project",
        "https://github.com/deportationdata/ice/blob/main/clean/detentions-2012-2023.R",
        {"begin": "detention_book_in_date", "end": "detention_book_out_date"},
        _FACILITY,
    ),
)

FMCSA_INSPECTIONS = (
    Layout(
        "Vehicle Inspection File (MCMIS Inspection File)",
        "https://www.fmcsa.dot.gov/registration/mcmis-catalog-inspection-file-data-element-definitions",
        {"day": "INSP_DATE", "level": "INSP_LEVEL_ID", "begin": "INSP_START_TIME", "end": "INSP_END_TIME"},
        {
            "state": "REPORT_STATE", "vehicle": "VEHICLE_OOS_TOTAL", "driver": "DRIVER_OOS_TOTAL", "status": "CI_STATUS_CODE",
        },
    ),
    Layout(
        "SMS Input - Inspection (no times: levels and orders alone)",
        "https://data.transportation.gov/d/rbkj-cgst",
        {"day": "Insp_Date", "level": "Insp_level_ID", "vehicle": "Vehicle_OOS_Total", "driver": "Driver_OOS_Total"},
        {"state": "Report_State"},
    ),
)  # fmt: skip

_ICE_PAGE = "https://www.ice.gov/identify-and-arrest/287g"
_ARCHIVED = "https://github.com/deportationdata/ice-287g/blob/main/code/functions-io.R"
PARTICIPANTS = (
    Layout(
        "ICE's sheet of participating agencies, 2025 on", _ICE_PAGE, {"state": "STATE", "model": "SUPPORT TYPE", "day": "SIGNED"}
    ),
    Layout(
        "table on ICE's page with the dates of several signatures",
        _ARCHIVED,
        {"state": "STATE", "model": "SUPPORT TYPE", "day": "DATES SIGNED"},
    ),
    Layout(
        "archived tables of Tracking 287g, 2021 to 2024",
        "https://github.com/appelson/Tracking_287g",
        {"state": "state", "model": "support", "day": "signed"},
    ),
    Layout("fact sheets of 2008 to 2012", _ARCHIVED, {"state": "STATE", "agency": "MOA NAME", "model": "TYPE", "day": "SIGNED"}),
    Layout(
        "fact sheets of 2008 to 2012, by approval",
        _ARCHIVED,
        {"state": "STATE", "model": "TYPE", "day": "OFFICIAL APPROVAL"},
    ),
)

_STOPS_2019 = {
    "time": "time", "kind": "type", "county": "county_name",
    "arrested": "arrest_made", "cited": "citation_issued", "warned": "warning_issued",
}  # fmt: skip
_STOPS_README = "https://github.com/stanford-policylab/opp/blob/master/data_readme.md"
OPEN_POLICING = (
    Layout("clean data of 2019 on", _STOPS_README, {"day": "date", "outcome": "outcome"}, _STOPS_2019),
    Layout("clean data of 2019 on, of a place without outcomes", _STOPS_README, {"day": "date", "kind": "type"}, _STOPS_2019),
    Layout(
        "standardized data of 2017",
        "https://github.com/5harad/openpolicing/blob/master/DATA-README.md",
        {"day": "stop_date", "outcome": "stop_outcome"},
        {"time": "stop_time", "county": "county_name", "arrested": "is_arrested"},
    ),
)
