"""Tests of the rendered message."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillarfour.alerts.model import AlertState
from pillarfour.delivery.case import cases as cases_of
from pillarfour.delivery.case import digest_id, message_id
from pillarfour.delivery.email import CHARTS_SHOWN, compose
from pillarfour.delivery.letter import Letter, checked_address
from pillarfour.delivery.night import News, Night, Standing
from pillarfour.errors import DeliveryError

SENDER = "pillarfour@example.org"
WRITTEN = {"Message-ID", "Date", "From", "Subject", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type"}


def case_letter(night: Night, now: datetime, language: str = "en") -> Letter:
    """Write the message of a night's first case."""
    return compose(night, sender=SENDER, now=now, languages=[language])[0]


def digest_letter(night: Night, now: datetime, language: str = "en") -> Letter:
    """Write a night's digest."""
    return compose(night, sender=SENDER, now=now, languages=[language])[-1]


def in_case(news: News, name: str, **transition) -> News:
    """Put a change into a case."""
    return replace(news, transition=replace(news.transition, case_id=name, **transition))


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


@pytest.fixture(scope="module", params=["en", "es"])
def language(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def mail(haitian_night: Night, pinned: datetime) -> EmailMessage:
    return parsed(case_letter(haitian_night, pinned).content)


@pytest.fixture(scope="module")
def digest(haitian_night: Night, pinned: datetime) -> EmailMessage:
    return parsed(digest_letter(haitian_night, pinned).content)


def test_the_message_reads_back_with_its_headers(mail: EmailMessage):
    """Subject, sender, date and name are what was meant, and nothing else is said in the header."""

    assert set(mail.keys()) == WRITTEN
    assert mail["Subject"] == "[WARNING] Haitian nationals, Darién: 6,527 in June 2021, 3\u00a0× what was expected (pillarfour)"
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
        "WARNING: Haitian nationals, Darién: 6,527 in June 2021, 3\u00a0× what was expected. "
        "Alert since 12 July 2021; before, none. How sure: 1 of 1 test agrees."
    ),
    "es": (
        "ADVERTENCIA: Nacionales de Haití, Darién: 6\u202f527 en junio de 2021, 3\u00a0× lo esperado. "
        "Alerta desde el 12 de julio de 2021; antes, ninguna. Certeza: 1 de 1 prueba coincide."
    ),
}


def test_the_first_line_says_what_where_how_much_since_when_and_how_sure(haitian_night: Night, pinned: datetime, language: str):
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
        "WARNING: Haitian nationals, Darién: 6,527 in June 2021",
        "WATCH since 12 June 2021: Cuban nationals, Darién: 2,770 in June 2021",
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


def test_the_same_night_gives_the_same_bytes(haitian_night: Night, pinned: datetime):
    """With the clock pinned, two renderings are identical, in both languages."""
    once, again = (compose(haitian_night, sender=SENDER, now=pinned, languages=["en", "es"]) for _ in range(2))

    assert once == again
    assert [(letter.kind, letter.language) for letter in once] == [("case", "en"), ("digest", "en"), ("case", "es"), ("digest", "es")]
    assert len({letter.message_id for letter in once}) == 4


def test_later_messages_of_a_case_answer_its_first(haitian_night: Night, pinned: datetime):
    """A rise a month later, and the end: each refers to the first message, and is named for what it tells."""
    news = haitian_night.news[0]
    first = case_letter(replace(haitian_night, news=(in_case(news, "2021-07-12-rise-darien-haitian"),)), pinned)
    steps = (
        {"before": "active", "level_before": "warning", "level": "emergency", "known_on": date(2021, 8, 12)},
        {"before": "active", "after": "retracted", "level_before": "emergency", "level": None, "known_on": date(2021, 9, 12)},
    )
    later = [
        parsed(
            case_letter(
                replace(haitian_night, known_on=step["known_on"], news=(in_case(news, "2021-07-12-rise-darien-haitian", **step),)), pinned
            ).content
        )
        for step in steps
    ]

    assert "In-Reply-To" not in parsed(first.content)
    assert [(mail["In-Reply-To"], mail["References"]) for mail in later] == [(first.message_id, first.message_id)] * 2
    assert len({first.message_id, *(mail["Message-ID"] for mail in later)}) == 3


def test_an_alert_that_joins_a_case_answers_its_first_message(haitian_night: Night, pinned: datetime):
    """Its own beginning is no beginning of the case, another of whose alerts stands."""
    news, stands = haitian_night.news[0], haitian_night.standing[0]
    kept = AlertState(key=stands.state.key, state="active", level="watch", since=date(2021, 6, 12), case_id="2021-06-12-rise-darien-CUB")
    night = replace(
        haitian_night,
        news=(in_case(news, "2021-06-12-rise-darien-CUB"),),
        standing=(Standing(state=kept, topic=stands.topic, condition=stands.condition),),
    )
    mail = parsed(case_letter(night, pinned).content)

    assert mail["In-Reply-To"].startswith("<2021-06-12.")
    assert "Also standing: WATCH since 12 June 2021: Cuban nationals, Darién" in text_of(mail)


def test_one_message_a_case_and_one_case_a_message(haitian_night: Night, pinned: datetime):
    """Two alerts of one movement are one message, the gravest first; a third of another movement is a message of its own."""
    news = haitian_night.news[0]
    key = news.transition.key
    night = replace(
        haitian_night,
        news=(
            in_case(news, "2021-07-12-rise-darien-haitian"),
            in_case(news, "2021-07-12-rise-darien-haitian", key=replace(key, stage="mexico"), level="emergency"),
            in_case(news, "2021-07-12-rise-us-total", key=replace(key, subject="total"), level="watch"),
        ),
    )
    letters = [letter for letter in compose(night, sender=SENDER, now=pinned) if letter.kind == "case"]

    assert [[key.stage for key in letter.keys] for letter in letters] == [["mexico", "darien"], ["darien"]]
    assert letters[0].level == "emergency"
    assert "; and 1 more (pillarfour)" in letters[0].subject


def test_the_name_depends_on_the_case_and_its_transitions_alone(haitian_night: Night, quiet_night: Night):
    """Fresher sources give the same name; another mark, language or case gives another."""
    news = haitian_night.news[0]

    def name(night: Night, language: str = "en") -> str:
        (case,) = cases_of(night)
        return message_id(case, night, language=language)

    assert name(replace(haitian_night, sources=(), held=(), news=(replace(news, chart=None),))) == name(haitian_night)
    others = {
        name(haitian_night, "es"),
        name(replace(haitian_night, mark="exercise")),
        name(replace(haitian_night, news=(in_case(news, "2021-07-12-rise-darien-haitian"),))),
        digest_id(haitian_night, language="en"),
        digest_id(quiet_night, language="en"),
        digest_id(haitian_night, language="es"),
    }
    assert len({name(haitian_night), *others}) == 7


def test_the_name_is_a_safe_file_name(haitian_night: Night, pinned: datetime):
    """Whatever the transitions and the cases are called."""
    news = haitian_night.news[0]
    hostile = [in_case(news, name, key=replace(news.transition.key, subject=name)) for name in ("../../etc/passwd\r\nBcc: x", "2021-07-12")]

    for each in hostile:
        letter = case_letter(replace(haitian_night, news=(each,)), pinned)
        assert re.fullmatch(r"<(2021-07-12|case)\.[0-9a-f]{32}@pillarfour>", letter.message_id)


def test_many_alerts_stay_one_message_of_bounded_size(haitian_night: Night, pinned: datetime):
    """Forty alerts of one movement are all told; the pictures are those of the gravest."""
    news = haitian_night.news[0]
    many = tuple(in_case(news, "2021-07-12-rise", key=replace(news.transition.key, subject=f"s{number:02}")) for number in range(40))
    letter = case_letter(replace(haitian_night, news=many), pinned)
    mail = parsed(letter.content)

    assert sum(part.get_content_type() == "image/png" for part in mail.walk()) == CHARTS_SHOWN
    assert len(BeautifulSoup(html_of(mail), "html.parser")("img")) == CHARTS_SHOWN
    assert all(f"haitian-corridor:darien/s{number:02}" in text_of(mail) for number in range(40))
    assert len(letter.content) < 1_500_000


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


def test_a_trigger_on_trial_is_marked(haitian_night: Night, pinned: datetime, language: str):
    """Nobody acts on a rule that is being tried."""
    night = replace(haitian_night, news=(replace(haitian_night.news[0], on_trial=True),))
    mail = parsed(case_letter(night, pinned, language).content)

    assert mail["Subject"].startswith({"en": "[TEST] ", "es": "[PRUEBA] "}[language])
    assert text_of(mail).startswith({"en": "*** TEST: ", "es": "*** PRUEBA: "}[language])


def test_no_line_is_longer_than_mail_servers_take(haitian_night: Night, pinned: datetime):
    """Seventy-eight bytes, all of them ASCII, each line ended as the standard says."""
    content = b"".join(letter.content for letter in compose(haitian_night, sender=SENDER, now=pinned, languages=["en", "es"]))
    lines = content.split(b"\r\n")

    assert content.isascii()
    assert max(map(len, lines)) <= 78
    assert not any(b"\n" in line or b"\r" in line for line in lines)


def test_the_html_is_one_column_without_scripts_or_remote_content(mail: EmailMessage):
    """Nothing is loaded from elsewhere, nothing runs, and the figures fit a phone."""
    page = BeautifulSoup(html_of(mail), "html.parser")

    assert not page(["script", "link", "style", "iframe", "form", "a"])
    assert all(image["src"].startswith("cid:") for image in page("img"))
    assert "url(" not in html_of(mail)
    assert page.body.div["style"].startswith("max-width:640px")


HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=()), min_size=1, max_size=40),
    st.sampled_from(
        [
            "x\r\nBcc: everyone@example.org\r\n\r\n<h1>",
            "</p></div><script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "{{ 7 * 7 }}{% include 'x' %}",
            "--=_0\r\nContent-Type: text/html\r\n\r\n",
            "=?utf-8?q?=0D=0ABcc=3A_x=40y?=",
            "\u202eevil\u2066\u2028STANDING ALERTS\n- none",
            "&lt;b&gt; &amp; \x00\x1b[31m",
            "a'; rm -rf / #",
        ]
    ),
)
KEPT = {
    "unit",
    "test",
    "mark",
    "kind",
    "table",
    "published_basis",
    "status",
    "rule",
    "periods",
    "alarms",
    "period",
    "reference_period",
    "source",
}
KEPT |= {"level", "level_before", "before", "after", "announced_period", "newest_period", "state", "next_period", "role"}
KEPT |= {"direction", "before_period", "due", "looked_at"}


def with_texts(value: Any, replaced: Callable[[str], str], name: str = "") -> Any:
    """Replace every free text in a night by another one."""
    if isinstance(value, str):
        return value if name in KEPT or not value else replaced(value)
    if is_dataclass(value):
        return replace(value, **{field.name: with_texts(getattr(value, field.name), replaced, field.name) for field in fields(value)})
    if isinstance(value, tuple):
        return tuple(with_texts(part, replaced, name) for part in value)
    if isinstance(value, dict):
        return {key: with_texts(part, replaced, name if name in KEPT else str(key)) for key, part in value.items()}
    return value


def skeleton(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Give every tag with the names of its attributes."""
    return [(tag.name, tuple(tag.attrs)) for tag in BeautifulSoup(html, "html.parser").find_all(name=True)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pool=st.lists(HOSTILE, min_size=1, max_size=4))
def test_nothing_breaks_out_of_its_field(haitian_night: Night, pinned: datetime, pool: list[str], language: str):
    """Whatever names, reasons and file names say, each message keeps its headers, its parts, its lines and its tags."""
    tame = replace(haitian_night, exercise="drill", mark="exercise", news=(replace(haitian_night.news[0], chart=None),))
    given_to: dict[str, str] = {}
    wild = with_texts(tame, lambda text: given_to.setdefault(text, f"x{pool[len(given_to) % len(pool)]}x{len(given_to)}"))
    letters = compose(wild, sender=SENDER, now=pinned, languages=[language])

    assert len(given_to) > 30
    for calm, letter in zip(compose(tame, sender=SENDER, now=pinned, languages=[language]), letters, strict=True):
        before, after = parsed(calm.content), parsed(letter.content)
        assert set(after.keys()) == WRITTEN
        assert not after.defects
        assert after["Subject"] == letter.subject
        assert len(letter.subject.splitlines()) == 1
        assert [part.get_content_type() for part in after.walk()] == [part.get_content_type() for part in before.walk()]
        assert skeleton(html_of(after)) == skeleton(html_of(before))
        assert len(text_of(after).splitlines()) == len(text_of(before).splitlines())


FIGURES = st.one_of(
    st.none(), st.floats(allow_nan=False, allow_infinity=False, min_value=0, max_value=1e15), st.integers(min_value=0, max_value=10**12)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(figures=st.tuples(FIGURES, FIGURES, st.one_of(st.none(), st.floats(-1e6, 1e6)), FIGURES))
def test_no_figure_breaks_a_message(haitian_night: Night, pinned: datetime, language: str, figures):
    """Nothing, nought, fractions and astronomical figures are all written on their lines."""
    value, expected, score, figure = figures
    news = haitian_night.news[0]
    condition = news.transition.condition
    detector, *others = condition.evidence["warning"].parts
    judged = replace(detector, figures={**detector.figures, "value": value, "expected": expected, "score": score})
    tree = replace(condition.evidence["warning"], parts=(judged, *others))
    odd = replace(condition, value=value, expected=expected, evidence={"warning": tree})
    night = replace(
        haitian_night,
        news=(
            replace(
                news,
                transition=replace(news.transition, condition=odd),
                chart=None,
                corridor=tuple(replace(place, value=figure, year_before=value) for place in news.corridor),
            ),
        ),
    )
    letter = case_letter(night, pinned, language)
    mail = parsed(letter.content)

    assert not mail.defects
    assert "nan" not in text_of(mail).split()
    assert skeleton(html_of(mail))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "duty",
        "a@b@c",
        "duty@example.org\r\nBcc: x@example.org",
        "duty@example.org, x@example.org",
        "<duty@example.org>",
        "dúty@example.org",
        "a b@example.org",
        "@",
    ],
)
def test_only_one_plain_address_is_taken(address: str):
    """Neither a second recipient nor a header hides in an address."""
    with pytest.raises(DeliveryError, match=r"duty\.officer@example\.org"):
        checked_address(address)
