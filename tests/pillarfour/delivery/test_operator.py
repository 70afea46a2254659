"""Tests of what the operator is told of a night that failed."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP

import pytest

from pillarfour.delivery.operator import compose

NOW = datetime(2021, 7, 12, 11, 5, tzinfo=UTC)


def letter(said: str, run: str = "3f1c"):
    return compose(run=run, said=said, sender="pillarfour@example.org", now=NOW)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Flow run encountered an exception: TriggerError: triggers.yaml:3:1: unknown key", "TriggerError: triggers.yaml:3:1: unknown key"),
        ("Flow run encountered an exception: OperationalError: planted-secret", "OperationalError; its words may hold a secret"),
        ("Flow run encountered an exception: RuntimeError('planted-secret: x')", "RuntimeError; its words may hold a secret"),
        ("Flow run was terminated: planted-secret", "Flow run was terminated"),
    ],
)
def test_only_the_project_s_own_words_are_passed_on(said: str, told: str):
    """Another library's error may repeat a password."""
    text = message_from_bytes(letter(said).content, policy=SMTP).get_content()

    assert told in text
    assert "planted-secret" not in text
    assert "pillarfour nightly" in text


def test_one_message_a_run():
    """The same run has the same Message-ID, another run another; and it is never taken for a quiet night."""

    assert letter("x").message_id == letter("y").message_id != letter("x", run="4a2d").message_id
    assert not letter("x").quiet
    assert letter("x").content == letter("x").content


def test_what_is_said_stays_in_its_line():
    """No header and no paragraph of its own."""
    message = message_from_bytes(letter("Flow run encountered an exception: StoreError: a\r\nBcc: x@example.org\n\nb").content, policy=SMTP)

    assert message["Bcc"] is None
    assert "StoreError: a Bcc: x@example.org b" in message.get_content()


def test_a_failed_report_is_told_as_one():
    """It asks for the report and not for the night, and says that alerts are not touched."""
    told = compose(run="witty-lynx", said="Flow run crashed", sender="pillarfour@example.org", now=NOW, report="weekly")
    text = message_from_bytes(told.content, policy=SMTP).get_content()

    assert told.subject == "[FAILED] The weekly report of 2021-07-12 did not come to its end (pillarfour)"
    assert "Alerts are not touched by it." in text
    assert "`pillarfour report weekly --send`" in text
    assert "nightly" not in text
