"""Publishers link in every way that HTML allows."""

import re

import pytest

from pillarfour import listing
from pillarfour.model import Link

PAGE = "https://www.example.gov/document/stats/encounters"


def names(*anchors: str, pattern: str = r"(?i)\.(csv|pdf|xls)$") -> list[str]:
    return [link.name for link in listing.links("\n".join(anchors), PAGE, pattern)]


def urls(*anchors: str, pattern: str = r"(?i)\.(csv|pdf|xls)$") -> list[str]:
    return [link.url for link in listing.links("\n".join(anchors), PAGE, pattern)]


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/sites/a.csv", "https://www.example.gov/sites/a.csv"),
        ("a.csv", "https://www.example.gov/document/stats/a.csv"),
        ("../a.csv", "https://www.example.gov/document/a.csv"),
        ("//files.example.gov/a.csv", "https://files.example.gov/a.csv"),
        ("http://files.example.gov/a.csv", "http://files.example.gov/a.csv"),
        ("  /sites/\na.csv ", "https://www.example.gov/sites/a.csv"),
        ("/a.csv#page=2", "https://www.example.gov/a.csv"),
        ("/a b.csv", "https://www.example.gov/a%20b.csv"),
        ("/a%20b.csv", "https://www.example.gov/a%20b.csv"),
        ("/DARIÉN.pdf", "https://www.example.gov/DARI%C3%89N.pdf"),
        ("/get?x=1&amp;y=2&file=a.csv", "https://www.example.gov/get?x=1&y=2&file=a.csv"),
    ],
)
def test_a_link_is_absolute(href, url):
    """Whatever it is relative to and however it is escaped, it can be asked for as it stands."""

    assert urls(f'<a href="{href}">table</a>') == [url]


@pytest.mark.parametrize(
    ("href", "name"),
    [
        ("/pdf/IRREGULARES_POR_%20DARI%C3%89N_2023.pdf", "IRREGULARES_POR_ DARIÉN_2023.pdf"),
        ("/pdf/IRREGULARES_DARI%C9N.pdf", "IRREGULARES_DARIÉN.pdf"),
        ("/pdf/..%2F..%2Fetc%2Fx.pdf", "x.pdf"),
    ],
)
def test_a_name_is_legible(href, name):
    """Escapes are undone, in UTF-8 or Latin-1, and a name never holds a folder."""

    assert names(f'<a href="{href}">table</a>') == [name]


def test_the_pattern_sees_letters_and_not_escapes():
    """An analyst writes the pattern as the name reads."""

    assert names('<a href="/DARI%C3%89N.pdf">', '<a href="/other.pdf">', pattern="DARIÉN") == ["DARIÉN.pdf"]
    assert listing.links('<a href="/a.CSV">', PAGE, re.compile("csv$", re.IGNORECASE)) == [
        Link(url="https://www.example.gov/a.CSV", name="a.CSV")
    ]


def test_links_come_in_the_page_s_order_and_once():
    """A document linked by its title and by its icon is one document."""

    assert names('<a href="/b.csv">B</a>', '<a href="/a.csv">A</a>', '<a href="/b.csv#x"><img></a>') == ["b.csv", "a.csv"]


def test_a_base_moves_relative_links():
    """Also where it is itself relative, and only the first counts."""

    assert urls('<base href="/files/">', '<base href="/wrong/">', '<a href="a.csv">') == ["https://www.example.gov/files/a.csv"]


@pytest.mark.parametrize("href", ["mailto:a@b.csv", "javascript:get('a.csv')", "http://[/a.csv", "ftp://h/a.csv", "", "/a.html"])
def test_what_is_no_document_is_left_out(href):
    """Other protocols, broken addresses and pages are not documents, and spoil nothing."""

    assert names(f'<a href="{href}">', '<a name="x.csv">', '<a href="/good.csv">') == ["good.csv"]


def test_sloppy_pages_are_read():
    """Unclosed, unquoted, in capitals: as publishers write."""

    assert names("<TABLE><TR><TD><A HREF=/cuadros/cuadro_3.1.1.xls>3.1.1<TD><A HREF='b.xls'>") == ["cuadro_3.1.1.xls", "b.xls"]


@pytest.mark.parametrize(
    ("html", "title"),
    [("<title>\n Access\t Denied</title>", "Access Denied"), ("<p>no title</p>", None), ("<title> </title>", None), ("", None)],
)
def test_a_title_is_one_line_or_none(html, title):
    """An error message quotes it."""

    assert listing.title(html) == title
