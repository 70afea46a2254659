"""Tests of recording: each message once a reader, with its night or not at all."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pillarfour.delivery.letter import Letter
from pillarfour.delivery.outbox import Recipient, record

FOLDER = Recipient(channel="file")
DUTY = Recipient(channel="smtp", address="duty.officer@example.org")
NOON = datetime(2021, 7, 12, 12, tzinfo=UTC)
SECOND = Recipient(channel="smtp", address="second@example.org")


def test_a_letter_is_recorded_once_a_recipient(office, letter: Letter):
    """The second night's run adds nothing; a new recipient gets theirs."""

    assert office.keep(letter, FOLDER, DUTY) == 2
    assert office.keep(letter, FOLDER, DUTY, SECOND) == 1
    assert [(row.channel, row.recipient, row.state, row.attempts) for row in office.rows()] == [
        ("file", "", "recorded", 0),
        ("smtp", "duty.officer@example.org", "recorded", 0),
        ("smtp", "second@example.org", "recorded", 0),
    ]


def test_a_letter_is_recorded_with_its_night_or_not_at_all(office, letter: Letter):
    """If the night's transaction fails after it, the message is gone too."""

    def night() -> None:
        with office.ledger.begin() as connection:
            record(connection, letter, recipients=(FOLDER,), now=NOON)
            raise LookupError

    with pytest.raises(LookupError):
        night()

    assert office.rows() == []


def test_a_quiet_letter_adds_nothing_to_a_night_already_told(office, letter: Letter, quiet: Letter):
    """The second run of a night finds no transition any more; nobody is told that nothing happened."""
    office.keep(letter, DUTY)

    assert office.keep(quiet, DUTY) == 0
    assert office.keep(quiet, SECOND) == 1
    assert office.keep(replace(quiet, message_id="<other@pillarfour>"), SECOND) == 0


def test_only_real_nights_make_each_other_superfluous(office, quiet: Letter):
    """A night told live is not told again as past; an exercise silences no real night."""
    office.keep(replace(quiet, message_id="<drill@pillarfour>", mark="exercise"), FOLDER)

    assert office.keep(quiet, FOLDER) == 1
    assert office.keep(replace(quiet, message_id="<other@pillarfour>", mark="past"), FOLDER) == 0


@pytest.mark.parametrize("kind", ["report", "failure"])
def test_what_tells_of_no_night_makes_no_digest_superfluous(office, letter: Letter, quiet: Letter, kind: str):
    """A night that failed and was run again, or a week's report: who got that has not been told of the night."""
    office.keep(replace(letter, kind=kind, message_id="<other@pillarfour>"), FOLDER, DUTY)

    assert office.keep(quiet, FOLDER, DUTY) == 2


def test_later_transitions_of_a_night_are_told_after_all(office, letter: Letter, quiet: Letter):
    """A quiet morning does not silence the afternoon."""
    office.keep(quiet, DUTY)

    assert office.keep(letter, DUTY) == 1


def test_a_past_night_goes_to_folders_alone(office, letter: Letter):
    """Nobody is sent a replay."""

    assert office.keep(replace(letter, mark="past"), FOLDER, DUTY) == 1
    assert [row.channel for row in office.rows()] == ["file"]
