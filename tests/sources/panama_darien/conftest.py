"""SNM's table as a test wants it, printed cell by cell."""

from datetime import UTC, datetime

import pytest
from fpdf import FPDF

from pillarfour.model import Document

TITLE = "Cuadro No. 003 TRÁNSITO IRREGULAR DE EXTRANJEROS POR LA FRONTERA CON COLOMBIA POR PAÍS SEGÚN ORDEN DE IMPORTANCIA: AÑO 2021"
HEADER = ["País", "Total", "Ene.", "Feb.", "Mar.", "Abr.", "May.", "Jun.", "Jul.", "Ago.", "Sep.", "Oct.", "Nov.", "Dic."]


@pytest.fixture
def document():
    """Make a document of bytes."""

    def make(content, name="darien.pdf"):
        return Document(name=name, content=content, retrieved_at=datetime(2021, 4, 20, tzinfo=UTC))

    return make


@pytest.fixture
def rows():
    """Give a table of January to March 2021 in which everything adds up, to be changed at will."""
    to_come = ["-"] * 9
    return [
        ["Total", "4,498", "878", "1,276", "2,344", *to_come],
        ["Haití", "3,497", "623", "981", "1,893", *to_come],
        ["Cuba", "579", "176", "205", "198", *to_come],
        ["Chile(1)", "381", "57", "71", "253", *to_come],
        ["Otros Países", "41", "22", "19", "-", *to_come],
    ]


@pytest.fixture
def printed():
    """Print a table as a PDF."""

    def make(rows, *, title=TITLE, header=HEADER, notes=(), created=datetime(2021, 4, 12, tzinfo=UTC)):
        pdf = FPDF(unit="pt", format="letter")
        pdf.set_creation_date(created)
        pdf.set_auto_page_break(False)
        pdf.add_page()
        pdf.set_font("Helvetica", size=6)
        pdf.cell(w=0, h=20, text=title, align="C", new_x="LMARGIN", new_y="NEXT")
        for label, *cells in (header, *rows):
            pdf.cell(w=70, h=10, text=label)
            for cell in cells:
                pdf.cell(w=34, h=10, text=cell)
            pdf.ln(10)
        for note in notes:
            pdf.cell(w=0, h=10, text=note, new_x="LMARGIN", new_y="NEXT")
        return bytes(pdf.output())

    return make


@pytest.fixture
def portal():
    """Write a table as the portal's CSV: months first, then the total; in the wrong code page, as its users get it."""

    def make(rows, *, separator=";", titles=("Tránsito irregular por la frontera con Colombia", "Según país, año 2021"), encode="cp850"):
        header = ["pais", "ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic", "total"]
        lines = [*titles, separator.join(header), *(separator.join([label, *months, total]) for label, total, *months in rows)]
        return "\r\n".join(lines).encode(encode)

    return make
