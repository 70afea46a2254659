"""Tests of a case as a thread of messages: which answer which, and what they are called."""

import re
from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from pillarfour.alerts.model import AlertState
from pillarfour.delivery.case import cases as cases_of
from pillarfour.delivery.case import digest_id, message_id
from pillarfour.delivery.email import compose
from pillarfour.delivery.night import Night, Standing

SENDER = "pillarfour@example.org"


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


def test_later_messages_of_a_case_answer_its_first(haitian_night: Night, pinned: datetime, case_letter, in_case):
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


def test_an_alert_that_joins_a_case_answers_its_first_message(haitian_night: Night, pinned: datetime, case_letter, in_case):
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
    assert "Also standing: WATCH, alert since 12 June 2021: Cuban nationals, Darién" in text_of(mail)


def test_one_message_a_case_and_one_case_a_message(haitian_night: Night, pinned: datetime, in_case):
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


def test_the_name_depends_on_the_case_and_its_transitions_alone(haitian_night: Night, quiet_night: Night, in_case):
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


def test_the_name_is_a_safe_file_name(haitian_night: Night, pinned: datetime, case_letter, in_case):
    """Whatever the transitions and the cases are called."""
    news = haitian_night.news[0]
    hostile = [in_case(news, name, key=replace(news.transition.key, subject=name)) for name in ("../../etc/passwd\r\nBcc: x", "2021-07-12")]

    for each in hostile:
        letter = case_letter(replace(haitian_night, news=(each,)), pinned)
        assert re.fullmatch(r"<(2021-07-12|case)\.[0-9a-f]{32}@pillarfour>", letter.message_id)
