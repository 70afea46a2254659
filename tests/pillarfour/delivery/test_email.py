"""Tests of what a night's messages say."""

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from bs4 import BeautifulSoup

from pillarfour.delivery.email import compose
from pillarfour.delivery.letter import Letter
from pillarfour.delivery.night import Night

SENDER = "pillarfour@example.org"
WRITTEN = {"Message-ID", "Date", "From", "Subject", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type"}


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


def html_of(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content()


def words_of(html: str) -> str:
    """Give what a reader of the HTML reads, what stands for the pictures included."""
    page = BeautifulSoup(html, "html.parser")
    return page.body.get_text(" ") + " ".join(image["alt"] for image in page("img"))


def digest_letter(night: Night, now: datetime) -> Letter:
    """Write a night's digest."""
    return compose(night, sender=SENDER, now=now)[-1]


@pytest.fixture(scope="module")
def digest(haitian_night: Night, pinned: datetime) -> EmailMessage:
    return parsed(digest_letter(haitian_night, pinned).content)


def test_the_message_reads_back_with_its_headers(mail: EmailMessage):
    """Subject, sender, date and name are what was meant, and nothing else is said in the header."""

    assert set(mail.keys()) == WRITTEN
    assert mail["Subject"] == "[WARNING] Haitian nationals, Darién: 6,527 events in June 2021, 3\u00a0× what was expected (pillarfour)"
    assert mail["From"] == "pillarfour <pillarfour@example.org>"
    assert mail["Date"].datetime.isoformat() == "2021-07-12T11:05:00+00:00"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert not mail.defects


def test_text_html_and_chart_are_there(mail: EmailMessage):
    """The chart that the HTML names is in the message."""
    (chart,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    (image,) = BeautifulSoup(html_of(mail), "html.parser")("img")

    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "multipart/related"]
    assert image["src"] == "cid:" + chart["Content-ID"][1:-1]
    assert chart.get_content().startswith(b"\x89PNG")
    assert chart.get_content_disposition() == "inline"


FIRST = {
    "en": (
        "WARNING: Haitian nationals, Darién: 6,527 events in June 2021, 3\u00a0× what was expected. "
        "Alert since 12 July 2021; before, none. How sure: 1 of 1 test agrees."
    ),
    "es": (
        "ADVERTENCIA: Nacionales de Haití, Darién: 6\u202f527 eventos en junio de 2021, 3\u00a0× lo esperado. "
        "Alerta desde el 12 de julio de 2021; antes, ninguna. Certeza: 1 de 1 prueba coincide."
    ),
}


def test_the_first_line_says_what_where_how_much_since_when_and_how_sure(
    haitian_night: Night, pinned: datetime, language: str, case_letter
):
    """In the text and in the HTML alike, in both languages."""
    mail = parsed(case_letter(haitian_night, pinned, language).content)
    shown = BeautifulSoup(html_of(mail), "html.parser").p.get_text()

    assert text_of(mail).splitlines()[0] == FIRST[language]
    assert shown == FIRST[language].replace(":", "", 1)


@pytest.mark.parametrize(
    "said",
    [
        "Haiti 5,293, Brazil 323 and Chile 911",
        "2 of 2 publication dates were not seen",
        "Events are not persons.",
        "pillarfour alerts show haitian-corridor:darien/haitian",
        "5f0c" * 16,
        "1a2b3c4d" * 8,
        "panama_darien/2021-07-12-1a2b3c4d",
        "It ends after a month in which the figure is at most 1,000.",
        "It reaches the threshold of 1,000.",
        "within 24 hours, by 13 July 2021, 11:05 UTC: Tell the reception centres at the next stage.",
        "The test “stl” calls it unusually high: about 2,147 expected, score 2.55 (asked for: 1).",
        "Darién: July 2021, about 12 August 2021",
        "Mexico: May 2021 was due about 10 July 2021, 2 days late",
        "Time from one stage to the next: not estimated.",
        "Transit and receiving: Mexico",
        "12 days after the month",
    ],
)
def test_both_parts_say_all_of_a_case(mail: EmailMessage, said: str):
    """Each fact of the case stands in the text and in the HTML."""
    squeezed = re.sub(r"\s+", "", words_of(html_of(mail)))

    assert said in text_of(mail)
    assert re.sub(r"\s+", "", said) in squeezed


@pytest.mark.parametrize(
    "said",
    [
        "WARNING: Haitian nationals, Darién: 6,527 events in June 2021",
        "WATCH, alert since 12 June 2021: Cuban nationals, Darién: 2,770 events in June 2021",
        "mexico-surge: Honduran nationals, Mexico: 12,993 in April 2021; WATCH asks that the figure is at least 15,000. 5 more are further",
        'pillarfour releases accept mexico_segob/2021-07-01-9c8d7e6f --reason "…"',
        "the rows sum to 9,000, printed is 9,010; compare it with the publisher's page",
        "Dar_update.pdf: streams do not decode; ask the publisher for it again",
        "next expected 10 July 2021, 2 days late",
        "failed: https://www.cbp.gov answered 403 to four attempts",
        "This product uses U.S. Customs and Border Protection data, but is not endorsed by CBP.",
        "1 earlier message could not be delivered",
        "rebuilt, not original",
    ],
)
def test_both_parts_say_all_of_a_digest(digest: EmailMessage, said: str):
    """Each fact of the night stands in the text and in the HTML."""
    squeezed = re.sub(r"\s+", "", words_of(html_of(digest)))

    assert said in text_of(digest)
    assert re.sub(r"\s+", "", said) in squeezed


def test_nothing_is_said_three_times(mail: EmailMessage):
    """A sentence of the text stands in it once; the headline, and what is read along with a figure, twice at most."""
    sentences = Counter(sentence for sentence in re.split(r"[.\r\n]\s*", text_of(mail)) if len(sentence.strip("=")) > 20)

    assert max(sentences.values()) <= 2


def test_the_text_holds_every_figure_of_the_html(mail: EmailMessage):
    """Whoever reads plain text lacks no number."""
    numbers = re.compile(r"\d[\d,.]*\d|\d")
    shown, told = (Counter(numbers.findall(words)) for words in (words_of(html_of(mail)), text_of(mail)))

    assert len(shown) > 40
    assert set(shown) <= set(told)


def test_a_quiet_digest_is_short(quiet_night: Night, pinned: datetime):
    """Whoever is told that nothing happened is not kept long."""
    calm = replace(quiet_night, held=(), failed=())

    assert len(text_of(parsed(digest_letter(calm, pinned).content)).splitlines()) < 20


@pytest.mark.parametrize(
    ("mark", "subject", "first"),
    [
        ("exercise", "[EXERCISE: Vigía 2026] [WARNING] ", "*** EXERCISE (Vigía 2026): no real alert. Nothing here is to be acted upon."),
        ("past", "[PAST NIGHT] [WARNING] ", "*** A past night, derived again from what was known on 12 July 2021."),
    ],
)
def test_an_exercise_and_a_past_night_say_so_first(haitian_night: Night, pinned: datetime, mark: str, subject: str, first: str):
    """In the subject, and in the first line of text and HTML, of cases and digests."""
    night = replace(haitian_night, mark=mark, exercise="Vigía 2026")
    case, digest = (parsed(letter.content) for letter in compose(night, sender=SENDER, now=pinned))

    assert case["Subject"].startswith(subject)
    assert text_of(case).splitlines()[0] == first == text_of(digest).splitlines()[0]
    assert BeautifulSoup(html_of(case), "html.parser").p.get_text() == first.removeprefix("*** ")


def test_a_trigger_on_trial_is_marked(haitian_night: Night, pinned: datetime, language: str, case_letter):
    """Nobody acts on a rule that is being tried."""
    night = replace(haitian_night, news=(replace(haitian_night.news[0], on_trial=True),))
    mail = parsed(case_letter(night, pinned, language).content)

    assert mail["Subject"].startswith({"en": "[TEST] ", "es": "[PRUEBA] "}[language])
    assert text_of(mail).startswith({"en": "*** TEST: ", "es": "*** PRUEBA: "}[language])
