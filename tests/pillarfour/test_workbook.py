"""Workbooks are read cell by cell, and whatever is wrong with one stays within one document."""

import io
import struct
from datetime import UTC, datetime

import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from pillarfour import workbook
from pillarfour.errors import ParseError
from pillarfour.model import Document


def document(content, name="book.xls"):
    return Document(name=name, content=content, retrieved_at=datetime(2024, 3, 1, tzinfo=UTC))


def binary(cells):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Cuadro 3.1")
    for (row, column), value in cells.items():
        sheet.write(row, column, value)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_rows_start_at_a1():
    """A cell keeps its address though nothing stands above and beside it; blanks are empty texts."""
    (sheet,) = workbook.read(document(binary({(2, 1): "Haití", (2, 3): 12, (1, 0): "  "})))

    assert (sheet.cell(2, 1), sheet.cell(2, 3), sheet.cell(2, 2), sheet.cell(1, 0), sheet.cell(2, 99)) == ("Haití", 12, "", "", "")
    assert sheet.locator(2, 3) == "Cuadro 3.1!D3"
    assert sheet.place(2, 3) == "book.xls: sheet 'Cuadro 3.1', row 3, column D"


@pytest.mark.shared
def test_the_content_tells_the_format(shared):
    """A workbook of the newer format under an old name is read all the same."""
    content = (shared / "data" / "mexico" / "extranjeros_estacion_2019.xlsx").read_bytes()
    (sheet,) = workbook.read(document(content, name="cuadro3.1.xls"))

    assert sheet.cell(1, 0) == "Aguascalientes"


def test_a_file_that_aborts_the_native_reader_is_a_parse_error():
    """A damaged size makes the reader ask for all memory and end; only the document fails."""
    content = binary({(0, 0): 1})
    dimensions = content.index(b"\x00\x02\x0e\x00")
    damaged = content[: dimensions + 8] + struct.pack("<IHH", 0xFFFFFFFF, 0, 0xFFFF) + content[dimensions + 16 :]

    with pytest.raises(
        ParseError, match=r"book.xls: not a workbook, or one cut short or damaged on its way \(its reader ended with -\d+\)"
    ):
        workbook.read(document(damaged))


def test_a_sheet_of_absurd_size_is_refused():
    """A cell in the last row and column makes millions of blank ones."""
    with pytest.raises(ParseError, match="claims 40000 rows and 100 columns"):
        workbook.read(document(binary({(0, 0): 1, (40000, 100): 1})))


@pytest.mark.parametrize(
    ("cell", "count"),
    [
        (12, 12),
        (12.0, 12),
        ("12", 12),
        ("1,234", 1234),
        ("1 234", 1234),
        ("1\u00a0234,567".replace(",", "\u00a0"), 1234567),
        ("12.0", 12),
        (" - ", 0),
        ("–", 0),
        ("1.234", None),
        ("12,34", None),
        ("n.d.", None),
        (12.5, None),
        (-1, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("9" * 5000, None),
        (1e300, None),
    ],
)
def test_a_count_is_read_or_is_none(cell, count):
    """Numbers and texts with separators are counts, a dash is zero, and nothing is guessed."""
    assert workbook.count(cell) == count


@given(st.integers(0, 999_999_999))
def test_a_count_is_the_same_however_it_is_written(number):
    """As a number, as text, with and without thousands apart."""
    assert {workbook.count(cell) for cell in (number, float(number), str(number), f"{number:,}", f"{number}.0")} == {number}


@pytest.mark.parametrize(
    ("published", "name"),
    [
        ("Estados Unidos 1/", "Estados Unidos"),
        ("Canalizados1", "Canalizados"),
        ("Brasil(1)", "Brasil"),
        ("Haití*", "Haití"),
        ("Total general 1/ 2/", "Total general"),
        ("Cuba²", "Cuba"),
        ("Corea, Rep. (Sur)", "Corea, Rep. (Sur)"),
        ("2019.0", "2019.0"),
    ],
)
def test_the_mark_of_a_footnote_is_no_part_of_a_name(published, name):
    """Marks are taken off; brackets that belong to the name stay."""
    assert workbook.without_mark(published) == name


@pytest.mark.parametrize(("column", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")])
def test_columns_are_named_as_in_spreadsheets(column, letters):
    """A … Z, AA."""
    assert workbook.letters(column) == letters
