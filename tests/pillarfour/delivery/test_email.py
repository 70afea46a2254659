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

from pillarfour.delivery.email import CHARTS_SHOWN, checked_address, compose, message_id
from pillarfour.delivery.night import Night
from pillarfour.errors import DeliveryError

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


@pytest.fixture(scope="module")
def mail(haitian_night: Night, pinned: datetime) -> EmailMessage:
    return parsed(compose(haitian_night, sender=SENDER, now=pinned).content)


def test_the_message_reads_back_with_its_headers(mail: EmailMessage):
    """Subject, sender, date and name are what was meant, and nothing else is said in the header."""

    assert set(mail.keys()) == WRITTEN
    assert mail["Subject"] == "[WARNING] Haitian nationals, Darién: 6,527 in June 2021, 3 × what was expected (pillarfour)"
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


def test_the_first_line_says_what_where_how_much_since_when(mail: EmailMessage):
    """In the text and in the HTML alike."""
    first = "Haitian nationals, Darién: 6,527 in June 2021, 3 × what was expected. WARNING since 12 July 2021; before: no alert."

    assert text_of(mail).splitlines()[0] == first
    assert BeautifulSoup(html_of(mail), "html.parser").p.get_text() == first


@pytest.mark.parametrize(
    "said",
    [
        "Haiti 5,293 + Brazil 323 + Chile 911",
        "Documents of Panama, irregular transit through the Darién: rebuilt from published figures, not the publisher's originals.",
        "These documents were rebuilt from published figures and are not the publishers' originals",
        "Events are not persons",
        "pillarfour alerts show haitian-corridor:darien/haitian",
        "5f0c" * 16,
        "1a2b3c4d" * 8,
        "panama_darien/2021-07-12-1a2b3c4d",
        "at most 1,000 crossings in a month",
        "6,527 events in 2021-06 is not at most 1,000",
        "Within 24 hours: tell the reception centres at the next stage.",
        "Cuban nationals, Darién: 2,770 in June 2021",
        "Honduran nationals, Mexico: 12,993 in April 2021; WATCH not met: 12,993 is below 15,000",
        'pillarfour releases accept mexico_segob/2021-07-01-9c8d7e6f --reason "…"',
        "the rows sum to 9,000, printed is 9,010; compare it with the publisher's page",
        "Dar_update.pdf: streams do not decode; ask the publisher for it again",
        "next expected 10 July 2021, 2 days late",
        "https://www.cbp.gov answered 403 to four attempts",
        "This product uses U.S. Customs and Border Protection data, but is not endorsed by CBP.",
        "1 earlier message could not be delivered",
    ],
)
def test_both_parts_say_all_of_it(mail: EmailMessage, said: str):
    """Each fact of the night stands in the text and in the HTML."""
    squeezed = re.sub(r"\s+", " ", words_of(html_of(mail)))

    assert said in text_of(mail)
    assert said.replace(" ", "") in squeezed.replace(" ", "")


def test_the_text_holds_every_figure_of_the_html(mail: EmailMessage):
    """Whoever reads plain text lacks no number."""
    numbers = re.compile(r"\d[\d,.]*\d|\d")
    shown, told = (Counter(numbers.findall(words)) for words in (words_of(html_of(mail)), text_of(mail)))

    assert len(shown) > 60
    assert set(shown) <= set(told)


def test_the_same_night_gives_the_same_bytes(haitian_night: Night, pinned: datetime):
    """With the clock pinned, two renderings are identical."""

    assert compose(haitian_night, sender=SENDER, now=pinned) == compose(haitian_night, sender=SENDER, now=pinned)


def test_the_name_depends_on_the_night_and_its_transitions_alone(haitian_night: Night, quiet_night: Night):
    """Fresher sources give the same name; another night, another mark or another transition gives another."""
    news = haitian_night.news[0]
    higher = replace(news, transition=replace(news.transition, level="emergency"))
    others = (
        quiet_night,
        replace(haitian_night, known_on=date(2021, 7, 13)),
        replace(haitian_night, mark="exercise"),
        replace(haitian_night, news=(higher,)),
        replace(haitian_night, news=(news, higher)),
    )

    assert message_id(replace(haitian_night, sources=(), held=(), news=(replace(news, chart=None),))) == message_id(haitian_night)
    assert message_id(replace(haitian_night, news=(higher, news))) == message_id(others[-1])
    assert len({message_id(night) for night in (haitian_night, *others)}) == 6


def test_the_name_is_a_safe_file_name(haitian_night: Night):
    """Whatever the transitions are called."""
    news = haitian_night.news[0]
    hostile = replace(news, transition=replace(news.transition, key=replace(news.transition.key, subject="../../etc/passwd\r\nBcc: x")))

    assert re.fullmatch(r"<2021-07-12\.[0-9a-f]{32}@pillarfour>", message_id(replace(haitian_night, news=(hostile,))))


def test_many_alerts_stay_one_message_of_bounded_size(haitian_night: Night, pinned: datetime):
    """Forty alerts are all told; the pictures are those of the first dozen."""
    news = haitian_night.news[0]
    many = tuple(
        replace(news, transition=replace(news.transition, key=replace(news.transition.key, subject=f"s{number:02}")))
        for number in range(40)
    )
    letter = compose(replace(haitian_night, news=many), sender=SENDER, now=pinned)
    mail = parsed(letter.content)

    assert sum(part.get_content_type() == "image/png" for part in mail.walk()) == CHARTS_SHOWN
    assert len(BeautifulSoup(html_of(mail), "html.parser")("img")) == CHARTS_SHOWN
    assert all(f"haitian-corridor:darien/s{number:02}" in text_of(mail) for number in range(40))
    assert len(letter.content) < 1_500_000


@pytest.mark.parametrize("mark", ["exercise", "past"])
def test_exercises_and_past_nights_are_marked_in_both_parts(haitian_night: Night, pinned: datetime, mark):
    """In the subject, the first line and a notice."""
    mail = parsed(compose(replace(haitian_night, mark=mark), sender=SENDER, now=pinned).content)
    words = {
        "exercise": "This is an exercise. Nothing here is to be acted upon.",
        "past": "A past night, derived again from what was known on",
    }[mark]

    assert words in text_of(mail)
    assert words in words_of(html_of(mail))
    assert text_of(mail).startswith({"exercise": "EXERCISE, no real alert.", "past": "Derived again for 12 July 2021."}[mark])


def test_no_line_is_longer_than_mail_servers_take(haitian_night: Night, pinned: datetime):
    """Seventy-eight bytes, all of them ASCII, each line ended as the standard says."""
    content = compose(haitian_night, sender=SENDER, now=pinned).content
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
KEPT |= {"level", "level_before", "before", "after", "announced_period", "newest_period", "state"}


def with_texts(value: Any, replaced: Callable[[str], str], name: str = "") -> Any:
    """Replace every free text in a night by another one."""
    if isinstance(value, str):
        return value if name in KEPT or not value else replaced(value)
    if is_dataclass(value):
        return replace(value, **{field.name: with_texts(getattr(value, field.name), replaced, field.name) for field in fields(value)})
    if isinstance(value, tuple):
        return tuple(with_texts(part, replaced, name) for part in value)
    return {key: with_texts(part, replaced) for key, part in value.items()} if name == "evidence" else value


def skeleton(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Give every tag with the names of its attributes."""
    return [(tag.name, tuple(tag.attrs)) for tag in BeautifulSoup(html, "html.parser").find_all(name=True)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pool=st.lists(HOSTILE, min_size=1, max_size=4))
def test_nothing_breaks_out_of_its_field(haitian_night: Night, pinned: datetime, pool: list[str]):
    """Whatever names, reasons and file names say, the message keeps its headers, its parts, its lines and its tags."""
    tame = replace(haitian_night, news=(replace(haitian_night.news[0], chart=None),))
    given_to: dict[str, str] = {}
    wild = with_texts(tame, lambda text: given_to.setdefault(text, f"x{pool[len(given_to) % len(pool)]}x"))
    letter = compose(wild, sender=SENDER, now=pinned)
    before, after = (parsed(content) for content in (compose(tame, sender=SENDER, now=pinned).content, letter.content))

    assert len(given_to) > 30
    assert set(after.keys()) == WRITTEN
    assert not after.defects
    assert after["Subject"] == letter.subject
    assert len(letter.subject.splitlines()) == 1
    assert [part.get_content_type() for part in after.walk()] == [part.get_content_type() for part in before.walk()]
    assert skeleton(html_of(after)) == skeleton(html_of(before))
    assert len(text_of(after).splitlines()) == len(text_of(before).splitlines())


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


def test_each_recipient_sees_only_themselves(haitian_night: Night, pinned: datetime):
    """The addressed message names its one recipient, and is otherwise the same."""
    letter = compose(haitian_night, sender=SENDER, now=pinned)
    content = letter.addressed("duty.officer@example.org")

    assert parsed(content)["To"] == "duty.officer@example.org"
    assert content.endswith(letter.content)
    assert "To" not in parsed(letter.content)
