"""Tests of what a report takes from the kept scorecard."""

import json
from datetime import date

import pytest

from flows.detect import load_triggers
from pillarfour.report.scorecard import read
from pillarfour.settings import Settings

KNOWN_ON = date(2025, 9, 30)


@pytest.fixture(scope="module")
def triggers():
    return load_triggers(Settings())


@pytest.fixture
def card(triggers, tmp_path):
    """Write a scorecard of these triggers, with some of it otherwise, and read it."""
    path = tmp_path / "scorecard.json"

    def write(*, known_on=KNOWN_ON, **changes):
        group = {"all": {"of": 7, "told": {"hits": 3, "of": 7, "share": 0.43}, "lead_days": {"median": 20, "interval": [1, 30]}}}
        never = {"all": {"of": 0, "told": {"hits": 0, "of": 0}, "lead_days": None}}
        cost = {"all": {"alerts": 20, "false": 5, "series": 9}}
        kept = {
            "nights": {"first": "2018-01-01", "last": "2025-06-30"},
            "triggers": {trigger.id: triggers.sha256(trigger.id) for trigger in triggers.triggers},
            "detection": {"labelled surges": group, "nothing of the sort": never},
            "costs": {"surge": cost, "collapse": cost},
            "more": "whatever",
        }
        path.write_text(json.dumps(kept | changes), encoding="utf-8")
        return read(path, triggers=triggers, known_on=known_on)

    return write


def test_a_scorecard_of_these_triggers_is_told(card):
    """What was told of, how early, and how many alerts nothing explains; sorts without an event are left out."""
    found = card()

    assert (found.state, found.first, found.last, found.alerts, found.false) == ("kept", date(2018, 1, 1), date(2025, 6, 30), 40, 10)
    assert [(each.events, each.told, each.of, each.lead_days) for each in found.tried] == [("labelled surges", 3, 7, 20.0)]


def test_one_of_other_triggers_is_not(card):
    """One hash that differs is enough."""

    assert card(triggers={"haitian-corridor": "0" * 64}).state == "other_rules"


def test_one_that_knows_more_than_the_report_is_not(card):
    """What came out after the date would have leaked in."""

    assert card(known_on=date(2025, 6, 29)).state == "later"


def test_one_that_cannot_be_read_is_not(card):
    """The report goes out all the same."""

    assert card(nights=None).state == "unreadable"


def test_none_is_missing(triggers, tmp_path):
    """Nobody made one yet."""

    assert read(tmp_path / "none.json", triggers=triggers, known_on=KNOWN_ON).state == "missing"
