"""CBP's tables as a test wants them, row by row."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from pillarfour.model import Document, Parsed
from sources import us_cbp

CHINA = '"CHINA, PEOPLES REPUBLIC OF"'
AREA_ROWS = (
    "2023,FYTD,SEP,U.S. Border Patrol,Southwest Land Border,Del Rio Sector,DRT,FMUA,HAITI,Title 8,Apprehensions,12",
    "2024 (FYTD),FYTD,OCT,U.S. Border Patrol,Southwest Land Border,Del Rio Sector,DRT,Single Adults,HAITI,Title 8,Apprehensions,7",
    f"2024 (FYTD),FYTD,OCT,U.S. Border Patrol,Northern Land Border,Swanton Sector,SWB,UAC,{CHINA},Title 8,Apprehensions,3",
    "2024 (FYTD),FYTD,NOV,Office of Field Operations,Other,Miami Field Office,Miami,UC / Single Minors,OTHER,Title 8,Inadmissibles,0",
    "2024 (FYTD),FYTD,NOV,Office of Field Operations,Other,Miami Field Office,Miami,Accompanied Minors,CUBA,Title 8,Inadmissibles,5",
)


@pytest.fixture(scope="session")
def document():
    """Make a document of bytes."""

    def make(content: bytes, name: str = "area.csv") -> Document:
        return Document(name=name, content=content, retrieved_at=datetime(2023, 12, 20, tzinfo=UTC))

    return make


@pytest.fixture(scope="session")
def area_rows() -> tuple[str, ...]:
    return AREA_ROWS


@pytest.fixture(scope="session")
def table(document):
    """Make a document of rows, with the header of its table."""

    def make(rows: Sequence[str], *, name: str = "area.csv", layout: str = "area", line_end: str = "\r\n") -> Document:
        return document("".join(f"{line}{line_end}" for line in (",".join(us_cbp.LAYOUTS.headers[layout]), *rows)).encode(), name)

    return make


@pytest.fixture(scope="session")
def real(shared, document):
    """Read a real file, each once a session."""
    read: dict[str, Parsed] = {}

    def parse(name: str) -> Parsed:
        if name not in read:
            read[name] = us_cbp.parse(document((shared / "data" / "cbp" / name).read_bytes(), name))
        return read[name]

    return parse
