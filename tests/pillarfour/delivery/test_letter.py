"""Tests of a letter's bytes: bounded, the same again, and nothing breaks out of its field."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillarfour.delivery.email import CHARTS_SHOWN, compose
from pillarfour.delivery.letter import checked_address
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


def test_the_same_night_gives_the_same_bytes(haitian_night: Night, pinned: datetime):
    """With the clock pinned, two renderings are identical, in both languages."""
    once, again = (compose(haitian_night, sender=SENDER, now=pinned, languages=["en", "es"]) for _ in range(2))

    assert once == again
    assert [(letter.kind, letter.language) for letter in once] == [("case", "en"), ("digest", "en"), ("case", "es"), ("digest", "es")]
    assert len({letter.message_id for letter in once}) == 4


def test_many_alerts_stay_one_message_of_bounded_size(haitian_night: Night, pinned: datetime, case_letter, in_case):
    """Forty alerts of one movement are all told; the pictures are those of the gravest."""
    news = haitian_night.news[0]
    many = tuple(in_case(news, "2021-07-12-rise", key=replace(news.transition.key, subject=f"s{number:02}")) for number in range(40))
    letter = case_letter(replace(haitian_night, news=many), pinned)
    mail = parsed(letter.content)

    assert sum(part.get_content_type() == "image/png" for part in mail.walk()) == CHARTS_SHOWN
    assert len(BeautifulSoup(html_of(mail), "html.parser")("img")) == CHARTS_SHOWN
    assert all(f"haitian-corridor:darien/s{number:02}" in text_of(mail) for number in range(40))
    assert len(letter.content) < 1_500_000


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
def test_no_figure_breaks_a_message(haitian_night: Night, pinned: datetime, language: str, figures, case_letter):
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
