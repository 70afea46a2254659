"""The words of a PDF and where they stand."""

from datetime import UTC, date, datetime

import pytest
from fpdf import FPDF

from pillarfour import pdf
from pillarfour.errors import ParseError


def document(*lines, created=datetime(2021, 4, 12, 23, tzinfo=UTC)):
    made = FPDF(unit="pt", format="letter")
    made.set_creation_date(created)
    made.add_page()
    made.set_font("Helvetica", size=8)
    for line in lines:
        for cell in line:
            made.cell(w=60, h=12, text=cell)
        made.ln(12)
    return bytes(made.output())


def test_words_come_in_lines_as_a_reader_sees_them():
    """From top to bottom, from left to right; a dash and a figure stand on one line."""
    read = pdf.read(document(["País", "Ene.", "Feb."], ["Guyana Francesa", "1,234", "-"], ["Mali", "-", "-"]), name="a.pdf")

    assert [[word.text for word in line] for line in read.pages[0]] == [
        ["País", "Ene.", "Feb."],
        ["Guyana Francesa", "1,234", "-"],
        ["Mali", "-", "-"],
    ]
    assert read.created_on == date(2021, 4, 12)


def test_a_blank_cell_shifts_nothing():
    """A figure belongs to the heading above it, not to the next free column."""
    (headings, *lines) = pdf.read(document(["País", "Ene.", "Feb."], ["Haití", "", "12"], ["Nota al pie"]), name="a.pdf").pages[0]

    assert list(pdf.rows(lines, headings)) == [["Haití", "", "12"]]


def test_a_note_ends_the_table():
    """A sentence that runs through the columns is no row."""
    note = "(1) Hijos de ciudadanos haitianos cuyos registros de nacimiento"
    (headings, *lines) = pdf.read(document(["País", "Ene.", "Feb."], ["Haití", "3", "12"], [note], ["Cuba", "1", "2"]), name="a.pdf").pages[
        0
    ]

    assert list(pdf.rows(lines, headings)) == [["Haití", "3", "12"]]


@pytest.mark.parametrize("content", [b"%PDF-1.7 and then nothing", document()])
def test_what_cannot_be_read_says_so(content):
    """Neither a broken file nor an empty page is an empty table."""

    with pytest.raises(ParseError, match=r"a\.pdf: the PDF .*; download it again"):
        pdf.read(content, name="a.pdf")
