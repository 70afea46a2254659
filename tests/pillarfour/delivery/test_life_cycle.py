"""What a message says of silences, acknowledgements and cases."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from pillarfour.delivery import digest, email
from pillarfour.delivery.case import cases
from pillarfour.delivery.night import News, Night, Unannounced
from pillarfour.delivery.wording import ENGLISH


@pytest.fixture
def news(haitian_night: Night) -> News:
    return haitian_night.news[0]


def bodies(night: Night) -> list[str]:
    """Give the text and the HTML of a night's digest."""
    letter = email.compose(night, sender="pillarfour@example.org", now=datetime(2021, 7, 12, 6, tzinfo=UTC))[-1]
    mail = message_from_bytes(letter.content, policy=default)
    return [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]


def test_a_silenced_change_is_in_the_digest_and_no_news(haitian_night: Night, news: News):
    """The change, its reason, and who keeps it from the news."""
    moved = replace(news.transition, unannounced_because="silenced by R. Díaz until 2021-09-30: ferry strike")
    night = replace(haitian_night, news=(), unannounced=(Unannounced(transition=moved, topic=news.topic),))

    assert cases(night) == []
    for body in bodies(night):
        assert "no alert → WARNING (haitian-corridor): silenced by R. Díaz until 2021-09-30: ferry strike" in body


def test_a_change_to_a_state_without_a_level_says_so(news: News):
    """What is resolved is no alert any more."""
    moved = replace(news.transition, before="active", level_before="watch", after="resolved", level=None, unannounced_because="x")

    assert "WATCH → no alert" in digest.unannounced(Unannounced(transition=moved, topic=news.topic), ENGLISH)


def test_a_standing_alert_says_what_officers_said(quiet_night: Night):
    """An acknowledgement stands beside it until the alert rises or ends."""
    (standing, *_) = quiet_night.standing
    told = digest.standing(replace(standing, notes=("acknowledged by R. Díaz: seen",)), ENGLISH)

    assert told == f"{digest.standing(standing, ENGLISH)}; acknowledged by R. Díaz: seen"


def test_the_news_of_one_movement_stand_together(haitian_night: Night, news: News):
    """An emergency, then what belongs to it, then a warning of another movement."""

    def entry(trigger: str, level: str, case_id: str) -> News:
        moved = replace(news.transition, key=replace(news.transition.key, trigger=trigger), level=level, case_id=case_id)
        return replace(news, transition=moved)

    told = (entry("a", "warning", "other"), entry("b", "watch", "wave"), entry("c", "emergency", "wave"))
    night = replace(haitian_night, news=told)

    assert [[each.transition.key.trigger for each in case.news] for case in cases(night)] == [["c", "b"], ["a"]]
