"""Tests of the message that a report goes with."""

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default

from pillarfour.delivery.wording import ENGLISH, wording
from pillarfour.report.letter import write
from pillarfour.report.model import Report

NOW = datetime(2021, 10, 1, 11, 30, tzinfo=UTC)


def letter(report: Report, language: str = "en", *, now: datetime = NOW):
    return write(report, wording(language), pdf=b"%PDF-1.3 the report", sender="pillarfour@example.org", now=now)


def test_the_message_says_the_brief_and_carries_the_report(report: Report):
    """Complete in plain text, and the PDF under the report's own name."""
    mail = message_from_bytes(letter(report).content, policy=default)
    (file,) = mail.iter_attachments()

    assert mail["Subject"] == "Quarterly report, 1 July 2021 to 30 September 2021 (pillarfour)"
    assert "- Darién: 25,332 persons in August 2021" in mail.get_body(("plain",)).get_content()
    assert "<li>Mexico: nothing published yet.</li>" in mail.get_body(("html",)).get_content()
    assert (file.get_content_type(), file.get_filename()) == ("application/pdf", "pillarfour-2021-Q3-known-2021-09-30-en.pdf")
    assert file.get_content() == b"%PDF-1.3 the report"


def test_its_name_is_the_periods(report: Report):
    """The same whatever became known since and whenever it is written; another one by language, exercise and period."""
    named = letter(report).message_id
    others = {
        letter(report, "es").message_id,
        letter(replace(report, exercise="Sismo")).message_id,
        letter(replace(report, period=report.period.before)).message_id,
    }

    assert letter(replace(report, alerts=()), now=NOW.replace(day=2)).message_id == named
    assert named not in others
    assert len(others) == 3


def test_an_exercise_is_marked_in_subject_and_first_line(report: Report):
    """Whatever stands in its name stays in its field."""
    written = letter(replace(report, exercise="Sismo\r\nBcc: all@example.org"))
    mail = message_from_bytes(written.content, policy=default)

    assert written.mark == "exercise"
    assert mail["Subject"].startswith("[EXERCISE: Sismo Bcc: all@example.org] Quarterly report")
    assert mail["Bcc"] is None
    assert mail.get_body(("plain",)).get_content().startswith("*** EXERCISE (Sismo Bcc: all@example.org): no real alert.")


def test_a_real_message_is_no_past_one(report: Report):
    """It leaves the house although its figures are of the period's last day."""

    assert letter(report).mark == "live"
    assert letter(report).known_on == date(2021, 9, 30)
    assert write(report, ENGLISH, pdf=b"", sender="a@example.org", now=NOW).quiet is False
