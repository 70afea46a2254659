"""Broken documents: each is refused or held, and the message names file, place and remedy."""

import re

import pytest

from pillarfour.errors import ParseError
from sources import us_cbp


def _edit(old: bytes, new: bytes):
    def edit(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return edit


def _column(position: int, cell: str | None):
    """Drop a column, or put one in."""

    def edit(content: bytes) -> bytes:
        rows = [line.split(",") for line in content.decode().replace('"CHINA, PEOPLES REPUBLIC OF"', "PERU").splitlines()]
        for number, row in enumerate(rows):
            row[position : position + (cell is None)] = [] if cell is None else [cell if number == 0 else "x"]
        return "".join(",".join(row) + "\r\n" for row in rows).encode()

    return edit


def _without_header(content: bytes) -> bytes:
    return content.split(b"\r\n", 1)[1]


REFUSED = {
    "empty": (lambda _: b"", "is empty; fetch it again"),
    "only blanks": (lambda _: b" \r\n\r\n", "is empty; fetch it again"),
    "a refusal as web page": (lambda _: b"<!DOCTYPE html><html><h1>403 Forbidden</h1></html>", "is a web page .* fetch the CSV file again"),
    "a workbook": (lambda _: b"PK\x03\x04...", "is a workbook or a PDF, such as .*OHSS.* bring CBP's own CSV"),
    "an old workbook": (lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1", "is a workbook or a PDF.* bring CBP's own CSV"),
    "a PDF": (lambda _: b"%PDF-1.7", "is a workbook or a PDF.* bring CBP's own CSV"),
    "only a header": (lambda content: content.split(b"\n")[0] + b"\n", "has a header and no rows; fetch it again"),
    "no header": (_without_header, "line 1: the header is that of no table .* fetch the publisher's own file"),
    "a renamed column": (
        _edit(b"Fiscal Year", b"wFiscal Year"),
        "line 1: .* the nearest, area, it lacks 'Fiscal Year' and has 'wFiscal Year'; did you mean \"Fiscal Year\"",
    ),
    "another renamed column": (_edit(b"Month (abbv)", b"Month_abbv"), "lacks 'Month \\(abbv\\)' and has 'Month_abbv'; did you mean"),
    "columns in another order": (_edit(b"Fiscal Year,Month Grouping", b"Month Grouping,Fiscal Year"), "its columns in another order"),
    "a missing column": (_column(6, None), "line 1: .* the nearest, area, it lacks 'AOR \\(Abbv\\)'"),
    "an extra column": (_column(0, "Index"), "line 1: .* the nearest, area, it has 'Index'"),
    "a byte-order mark": (lambda content: b"\xef\xbb\xbf" + content, "line 1: is UTF-8 with a byte-order mark"),
    "UTF-16": (lambda content: content.decode().encode("utf-16"), "line 1: is UTF-16"),
    "UTF-16 without a mark": (lambda content: content.decode().encode("utf-16-le"), "line 1: byte 0x00 is not ASCII"),
    "an accent": (_edit(b"Miami", b"M\xedami"), "line 5: byte 0xed is not ASCII; fetch"),
    "a last line cut in a name": (lambda content: content[:-25], "line 6: Expected 12 columns, got 10.* fetch it again"),
    "a line in the middle cut": (_edit(b",Title 8,Apprehensions,7", b""), "line 3: Expected 12 columns, got 9.* fetch it again"),
    "a blank line": (_edit(b"\r\n2024", b"\r\n\r\n2024"), "line 3: Fiscal Year '' is no year .* fetch"),
    "an open quote": (_edit(b"HAITI", b'"HAITI'), "broken.csv: .* fetch it again"),
    "two files joined": (
        lambda content: content + content,
        "line 7: Fiscal Year 'Fiscal Year' is no year .* fetch the publisher's own file",
    ),
    "two files joined without header": (
        lambda content: content + _without_header(content),
        "lines 2 and 7 give the same cell \\(rows repeated: 5\\)",
    ),
    "a row twice": (
        lambda content: content + _without_header(content).split(b"\r\n")[1] + b"\r\n",
        "lines 3 and 7 give the same cell \\(rows repeated: 1\\)",
    ),
    "a year misread": (_edit(b"2024 (FYTD)", b"20x4"), "line 3: Fiscal Year '20x4' is no year .* fetch"),
    "an unknown month": (_edit(b",OCT,", b",OKT,"), "line 3: Month \\(abbv\\) 'OKT' is none of OCT, .* fetch"),
    "a count with a fraction": (_edit(b"Apprehensions,12", b"Apprehensions,12.5"), "line 2: Encounter Count '12.5' is no whole number"),
    "a negative count": (_edit(b"Apprehensions,12", b"Apprehensions,-12"), "line 2: Encounter Count '-12' is no whole number"),
    "no count": (_edit(b"Apprehensions,12", b"Apprehensions,"), "line 2: Encounter Count '' is no whole number"),
    "a count in words": (_edit(b"Apprehensions,12", b"Apprehensions,n/a"), "line 2: Encounter Count 'n/a' is no whole number"),
    "a count with a stray comma": (_edit(b"Apprehensions,12", b'Apprehensions,"1,2"'), "line 2: Encounter Count '1,2' is no whole number"),
}

HELD = {
    "an unknown citizenship": (_edit(b"CUBA", b"CUBBA"), "broken.csv: line 6: Citizenship 'CUBBA' is not declared; did you mean \"CUBA\"?"),
    "a citizenship not listed before": (_edit(b"CUBA", b"KAZAKHSTAN"), "broken.csv: line 6: Citizenship 'KAZAKHSTAN' is not declared"),
    "an unknown region": (
        _edit(b"Southwest Land Border", b"South Land Border"),
        "line 2: Land Border Region 'South Land Border' is not declared",
    ),
    "an unknown demographic": (_edit(b"FMUA", b"FMU"), "line 2: Demographic 'FMU' is not declared; did you mean \"FMUA\"?"),
    "an unknown area": (_edit(b"Swanton Sector", b"Swanson Sector"), "line 4: Area of Responsibility 'Swanson Sector' is not declared"),
    "an abbreviation of another area": (
        _edit(b"Swanton Sector,SWB", b"Del Rio Sector,SWB"),
        "line 4: .*Del Rio Sector / SWB do not belong together",
    ),
    "an unknown authority": (_edit(b"Title 8", b"Title 80"), "line 2: Title of Authority 'Title 80' is not declared"),
    "an unknown grouping": (_edit(b",FYTD,", b",YTD,"), "line 2: Month Grouping 'YTD' is not declared"),
    "an empty category": (_edit(b"CUBA", b""), "line 6: Citizenship '' is not declared"),
    "an expulsion called apprehension": (
        _edit(b"Title 8,Apprehensions,12", b"Title 42,Apprehensions,12"),
        "line 2: U.S. Border Patrol / Title 42 / Apprehensions do not belong together \\(rows: 1, encounters: 12\\)",
    ),
    "a month left out": (
        lambda content: b"".join(line for line in content.splitlines(keepends=True) if b",OCT," not in line),
        "no row for 2023-10, between 2023-09 and 2023-11",
    ),
    "a last count that may be cut": (lambda content: content.rstrip(b"\r\n"), "last line: does not end"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_broken_document_is_refused(table, document, area_rows, kind):
    """No table comes out of it, and the analyst reads what is wrong, where, and what to do."""
    break_it, message = REFUSED[kind]

    with pytest.raises(ParseError, match=message) as refusal:
        us_cbp.parse(document(break_it(table(area_rows).content), "broken.csv"))
    assert str(refusal.value).startswith("broken.csv: ")
    assert any(verb in str(refusal.value).rsplit(";", 1)[1] for verb in ("fetch", "bring"))


@pytest.mark.parametrize("kind", HELD)
def test_a_doubtful_document_is_held(table, document, area_rows, kind):
    """One problem, with its line and remedy; the other cells are read."""
    break_it, message = HELD[kind]
    parsed = us_cbp.parse(document(break_it(table(area_rows).content), "broken.csv"))

    (problem,) = parsed.problems
    assert problem.place.startswith("broken.csv: ")
    assert problem.remedy
    assert re.search(message, str(problem))
    assert parsed.observations.num_rows >= 3


def test_a_name_that_announces_more_is_held(table, area_rows):
    """A file cut between two lines is whole to the eye: its name knows better."""
    parsed = us_cbp.parse(table(area_rows, name="nationwide-encounters-fy21-fy24-nov-aor.csv"))

    (problem,) = parsed.problems
    assert "its name announces 2020-10 to 2023-11, its rows run from 2023-09 to 2023-11" in str(problem)


def test_a_skipped_month_is_not_covered(table, area_rows):
    """Rows that are missing are not zero."""
    parsed = us_cbp.parse(table([row for row in area_rows if ",OCT," not in row]))

    assert parsed.covers == {"encounters": ("2023-09", "2023-11")}


def test_a_total_beside_its_parts_is_held(table):
    """Their sum would count people twice."""
    rows = [f"2018,FYTD,OCT,U.S. Border Patrol,FMUA,{name},Title 8,Apprehensions,5" for name in ("Honduras", "All Nationalities")]
    (problem,) = us_cbp.parse(table(rows, layout="southwest")).problems

    assert str(problem).startswith("area.csv: line 3: give all nationalities together")


def test_an_unlisted_citizenship_never_becomes_other(table, area_rows):
    """A country that CBP begins to list keeps its code, an unknown name has none; both hold the release."""
    rows = [*area_rows, area_rows[0].replace("HAITI", "KAZAKHSTAN"), area_rows[0].replace("HAITI", "KASACHSTAN")]
    parsed = us_cbp.parse(table(rows))

    assert parsed.observations["nationality"].to_pylist()[-2:] == ["KAZ", None]
    assert [problem.place for problem in parsed.problems] == ["area.csv: line 7", "area.csv: line 8"]


def test_two_unknown_names_are_two_cells(table, area_rows):
    """They are held as unknown, not refused as one cell given twice."""
    rows = [*area_rows, area_rows[0].replace("HAITI", "ATLANTIS"), area_rows[0].replace("HAITI", "UTOPIA")]

    assert len(us_cbp.parse(table(rows)).problems) == 2
