"""Tests of the report as a PDF, read back as its readers' programs read it."""

import re
from dataclasses import replace
from datetime import date

import pypdfium2
import pytest

from pillarfour.delivery.wording import ENGLISH, wording
from pillarfour.report.contents import compose
from pillarfour.report.model import Report
from pillarfour.report.paper import render


def pages(content: bytes) -> list[str]:
    """Give each page's text, blanks as one."""
    with pypdfium2.PdfDocument(content) as document:
        return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document]


@pytest.fixture
def paper(report: Report) -> bytes:
    return render(compose(report, ENGLISH), ENGLISH, known_on=report.known_on)


def test_the_same_report_gives_the_same_bytes(report: Report, paper: bytes):
    """Its date of creation is the report's own, and nothing of the machine's clock is in it."""

    assert render(compose(report, ENGLISH), ENGLISH, known_on=report.known_on) == paper
    assert b"D:20210930000000" in paper


def test_every_sentence_of_the_page_is_on_the_paper(report: Report, paper: bytes):
    """Titles, the brief, every row of every table, every point of every list, and the foot."""
    text = " ".join(pages(paper))
    document = compose(report, ENGLISH)
    rows = [" ".join(row) for section in document.sections for block in section.blocks if block.kind == "table" for row in block.rows]
    lines = [line for section in document.sections for block in section.blocks if block.kind == "items" for line in block.lines]
    packed = re.sub(r"\s", "", text)

    assert len(rows) > 15
    for said in (document.title, *document.brief, *(section.title for section in document.sections), *rows, *lines, *document.footer):
        assert set(re.sub(r"\s", " ", said).split()) <= set(text.split()) or re.sub(r"\s", "", said) in packed


def test_letters_beyond_ascii_are_themselves(report: Report):
    """Accents, dashes, the narrow space between thousands, quotation marks and names."""
    words = wording("es")
    named = replace(report, exercise="Ñandú – “Łódź”")
    text = " ".join(pages(render(compose(named, words), words, known_on=named.known_on)))

    for said in ("Darién", "según lo conocido", "Todavía", "−1", "«No publicado»", "Ñandú – “Łódź”"):
        assert said in text
    assert "\ufffd" not in text


def test_pages_are_numbered_and_named(paper: bytes):
    """At the foot of each."""
    found = pages(paper)

    assert len(found) > 2
    assert all(f"page {number}" in text and "2021-Q3, as known on 30 September 2021" in text for number, text in enumerate(found, start=1))


def test_a_long_word_stays_on_the_paper(report: Report):
    """A name without a blank is broken, not cut."""
    name = "W" * 400
    held = replace(report.intake[0].held[0], document=name)
    long = replace(report, intake=(replace(report.intake[0], held=(held,)),))
    text = "".join(pages(render(compose(long, ENGLISH), ENGLISH, known_on=date(2021, 9, 30))))

    assert re.sub(r"[^W]", "", text).count("W") >= 400
