"""A small CSV as portals and spreadsheets leave it, beyond what one source's documents show."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour import loose_csv
from pillarfour.errors import ParseError
from pillarfour.model import Document

HEADER = ["pais", "ene", "total"]
COUNTRIES = ("Haití", "Perú", "Camerún", "Türkiye", "España")


def read(content: bytes) -> loose_csv.LooseCsv:
    document = Document(name="x.csv", content=content, retrieved_at=datetime(2024, 1, 1, tzinfo=UTC))
    return loose_csv.read(document, header=HEADER, ignored="fuente", recipe="x.yaml")


@given(
    countries=st.lists(st.sampled_from(COUNTRIES), min_size=1, max_size=5),
    separator=st.sampled_from([";", ";;", "\t", "   ", ","]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp850", "latin-1"]),
    titles=st.integers(0, 3),
)
def test_names_and_lines_come_out_as_they_went_in(countries, separator, encoding, titles):
    """Whatever separates the cells, whatever code page they are in, and however many titles stand above them."""
    rows = [[country, str(place), str(place)] for place, country in enumerate(countries)]
    lines = [*["Año 2021"] * titles, *(separator.join(row) for row in (["País", "Ene.", "Total"], *rows)), "Fuente: el portal"]

    found = read("\r\n".join(lines).encode(encoding))

    assert found.rows == tuple(enumerate(rows, start=titles + 2))
    assert found.titles == ("Año 2021",) * titles


def test_two_headers_are_no_header():
    """Which of two tables is meant is not guessed."""
    with pytest.raises(ParseError, match=r"x\.csv: 2 lines read 'pais ene total'.*mend the layout in x\.yaml"):
        read(b"pais;ene;total\nPanama;1;1\npais;ene;total\nPanama;2;2\n")


def test_a_row_with_a_cell_too_many_is_refused():
    """Its columns have shifted, and nothing says which."""
    with pytest.raises(ParseError, match="line 2: 4 cells, expected are 3"):
        read(b"pais;ene;total\nPanama;1;1;1\n")


def test_a_line_longer_than_any_csv_reader_takes_is_refused():
    """A document without line ends is no row and no crash: the refusal names its line."""
    with pytest.raises(ParseError, match=r"x.csv: line 2: 1 cells, expected are 3"):
        read("País,Ene.,Total\n".encode() + b"x" * 200_000 + b",1,1\n")
