"""Tests of the report as a page."""

import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pillarfour.delivery.night import Topic
from pillarfour.delivery.wording import ENGLISH, wording
from pillarfour.report.contents import compose
from pillarfour.report.model import HeldRelease, Report
from pillarfour.report.page import render

HOSTILE = '<script>alert("1")</script>" onerror="x\' {{ 7 * 7 }} </title><img src=x>'
BROWSER = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--dump-dom"]
MEASURE = "<script>document.title = document.getElementById('phone').scrollWidth + 'px'</script>"


class Outline(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag with its attributes."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.text += data


@pytest.fixture
def hostile(report: Report, act) -> Report:
    """Give a report in which every text that comes from outside is an attack."""
    alert = replace(
        report.alerts[0], topic=Topic(subject={"en": HOSTILE, "es": HOSTILE}), acknowledged=replace(act, author=HOSTILE, reason=HOSTILE)
    )
    held = HeldRelease(id=HOSTILE, document=HOSTILE, problem=HOSTILE)
    intake = replace(report.intake[0], title=HOSTILE, attribution=HOSTILE, held=(held,))
    line = replace(report.stages[0].lines[0], title={"en": HOSTILE, "es": HOSTILE})
    stage = replace(report.stages[0], title={"en": HOSTILE, "es": HOSTILE}, counts=HOSTILE, lines=(line,))
    return replace(report, alerts=(alert,), intake=(intake,), stages=(stage,), exercise=HOSTILE)


def test_the_same_report_gives_the_same_page(report: Report):
    """Byte by byte, its pictures included."""

    assert render(compose(report, ENGLISH), ENGLISH) == render(compose(report, ENGLISH), ENGLISH)


def test_no_name_and_no_reason_leaves_its_field(report: Report, hostile: Report):
    """The page has the elements and attributes that it has without the attack; the attack is read as text."""
    plain, attacked = (Outline(render(compose(each, ENGLISH), ENGLISH)) for each in (report, hostile))
    names = {(tag, *sorted(attributes)) for tag, attributes in attacked.tags}

    assert names <= {(tag, *sorted(attributes)) for tag, attributes in plain.tags} | {("p", "class")}
    assert not {"script", "iframe", "object", "link", "form"} & {tag for tag, _ in attacked.tags}
    assert [attributes["src"][:22] for tag, attributes in attacked.tags if tag == "img"] == ["data:image/png;base64,"]
    assert attacked.text.count('<script>alert("1")</script>') > 8
    assert "{{ 7 * 7 }}" in attacked.text


def test_a_page_needs_and_runs_nothing_else(report: Report):
    """Its own policy forbids it, and it names no other address."""
    page = render(compose(report, ENGLISH), ENGLISH).decode()

    assert "default-src 'none'" in page
    assert re.findall(r"(?:src|href)=\"(?!data:image/png;base64,)", page) == []
    assert "@import" not in page


def test_tables_and_pictures_can_be_heard(report: Report):
    """Captions, scoped headings, a heading a row, and words for each picture; the language is named."""
    outline = Outline(render(compose(report, wording("es")), wording("es")))
    tags = [tag for tag, _ in outline.tags]
    headings = [attributes.get("scope") for tag, attributes in outline.tags if tag == "th"]

    assert tags.count("table") == tags.count("caption") == tags.count("thead") > 3
    assert set(headings) == {"col", "row"}
    assert all(attributes["alt"].startswith("Gráfico de líneas de Darién") for tag, attributes in outline.tags if tag == "img")
    assert dict(outline.tags)["html"] == {"lang": "es"}


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed: the layout is not looked at")
@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_is_wider_than_a_phone(report: Report, tmp_path: Path, language: str):
    """At 360 pixels no table scrolls sideways."""
    page = render(compose(report, wording(language)), wording(language)).decode()
    body = re.search(r"<body[^>]*>(.*)</body>", page, re.DOTALL)[1]
    style = re.search(r"<style>(.*)</style>", page, re.DOTALL)[1].replace("(max-width: 30rem)", "all")
    path = tmp_path / "page.html"
    path.write_text(
        f'<meta charset="utf-8"><style>{style}</style><div id="phone" style="width:360px;overflow:auto">{body}</div>{MEASURE}',
        encoding="utf-8",
    )
    command = [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)  # noqa: S603 - the installed browser

    assert "<title>360px</title>" in done.stdout
