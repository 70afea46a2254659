"""Months are found among headings wherever they stand, and every column has a known meaning."""

import pytest

from pillarfour import month_columns
from pillarfour.errors import ParseError
from pillarfour.month_columns import WHOLE_YEAR, Column
from pillarfour.workbook import Sheet

OTHERS = {"canalizados": "referrals"}


def sheet(*rows):
    return Sheet(document="book.xls", name="Hoja1", rows=rows)


def read(*rows):
    return month_columns.read(month_columns.find(sheet(*rows)), measure="events", others=OTHERS)


def test_a_sheet_without_months_has_no_headings():
    """A sheet of notes is none of ours."""
    assert month_columns.find(sheet(["Notas"], ["Mayores de edad", 3])) is None


def test_the_row_with_most_months_is_the_header():
    """A title that is a month's name is no header."""
    found = month_columns.find(sheet(["Marzo"], ["País", "", "Ene.", "FEBRERO 1/", "Total"], ["Haití", "", 1, 2, 3]))

    assert (found.header, found.subheader, found.names_end, list(found.body)) == (1, None, 2, [2])


def test_each_column_is_a_month_or_the_year():
    """Single columns count the table's one measure."""
    assert read(["País", "Enero", "Febrero", "Total"], ["Haití", 1, 2, 3]) == [
        Column(index=1, month=1, measure="events"),
        Column(index=2, month=2, measure="events"),
        Column(index=3, month=WHOLE_YEAR, measure="events"),
    ]


def test_a_band_is_divided_by_its_headings():
    """Below a month stand its parts and its subtotal; an empty column between is passed over."""
    rows = [["País", "Enero", "", "", "Total"], ["", "Canalizados", "", "Subtotal", ""], ["Haití", 1, "", 3, 3]]

    assert read(*rows) == [
        Column(index=1, month=1, measure="referrals"),
        Column(index=3, month=1, measure="events"),
        Column(index=4, month=WHOLE_YEAR, measure="events"),
    ]


def test_the_total_may_come_first():
    """A total before January is a total all the same, and no name."""
    assert [column.month for column in read(["País", "Total", "Enero"], ["Haití", 1, 1])] == [WHOLE_YEAR, 1]


def test_a_zero_in_the_last_month_is_a_figure():
    """A month of printed zeros has elapsed; one of dashes has not."""
    rows = [["País", "Enero", "Febrero", "Marzo", "Total"], ["Haití", 1, 0, "-", 1]]

    assert [column.month for column in read(*rows)] == [1, 2, WHOLE_YEAR]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["País", "Febrero"], ["Haití", 1]], "row 1: the months are febrero"),
        ([["País", "Enero", "Enero"], ["Haití", 1, 1]], "the months are enero, enero"),
        ([["País", "Enero", "Tasa"], ["Haití", 1, 1]], "row 1, column C: 'Tasa' is neither a month nor Total"),
        ([["País", "Enero"], ["Haití", "-"]], "no month has a figure below it"),
        ([["País", "Enero", ""], ["", "Subtotal", "Otros"], ["Haití", 1, 1]], "row 2, column C: figures headed 'otros'"),
        ([["País", "Enero", ""], ["", "Subtotal", "Subtotal"], ["Haití", 1, 1]], "'Enero' stands above 2 columns"),
    ],
)
def test_headings_that_are_not_understood_are_refused(rows, said):
    """Each refusal names the sheet, the place and what stands there."""
    with pytest.raises(ParseError, match=r"book\.xls: sheet 'Hoja1', ") as caught:
        read(*rows)

    assert said in str(caught.value)
