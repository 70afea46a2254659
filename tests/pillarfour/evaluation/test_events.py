"""The labelled events are what the list says, strictly read."""

import csv
from datetime import date

import pytest

from pillarfour.errors import ConfigurationError
from pillarfour.evaluation import events

STAGES = {"us_swb": "us_southwest", "mexico": "mexico", "darien": "darien"}

EVENT = """events:
  - id: E01
    title: A surge
    class: surge
    onset: 2021-06-01
    precision: month
    nationalities: [HTI]
    expected: {darien: [up]}
    evidence: figures
    source: https://example.org/
"""


@pytest.mark.shared
def test_every_event_of_the_list_is_there(shared):
    """Onset, nationalities and source are the list's; every stage of ours that it names is there."""
    with (shared / "data" / "events.csv").open(encoding="utf-8", newline="") as text:
        rows = {row["event_id"]: row for row in csv.DictReader(text)}
    found = {event.id: event for event in events.load()}

    assert set(found) == set(rows)
    assert len(rows) == 25
    for name, row in rows.items():
        event = found[name]
        said = row["onset_date"]
        assert event.onset.isoformat()[: len(said)] == said
        assert event.precision == row["date_precision"]
        assert event.nationalities == ("all" if row["nationalities"] == "ALL" else tuple(row["nationalities"].split(";")))
        assert str(event.source).rstrip("/") == row["source_url"].rstrip("/").replace(":443", "")
        assert {STAGES[stage] for stage in row["corridor_stages"].split(";") if stage in STAGES} <= set(event.expected)


def test_events_stand_in_the_order_of_their_onset():
    """The first is the oldest."""
    onsets = [event.onset for event in events.load()]

    assert onsets == sorted(onsets)
    assert onsets[0] == date(2014, 6, 2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("class: surge", "class: wave"), r"events\.yaml:4:12: .*not one of surge"),
        (("darien: [up]", "tijuana: [up]"), r"events\.yaml:8:"),
        (("onset: 2021-06-01", "onset: 2021-06-07"), "the onset of a month is its first day; write 2021-06-01"),
        (("evidence:", "evidense:"), 'unknown key "evidense"; did you mean "evidence"'),
        (("https://example.org/", "rumour"), r"events\.yaml:10:"),
    ],
)
def test_a_fault_has_its_place(tmp_path, wrong, said):
    """What is not an event is refused with line and column."""
    path = tmp_path / "events.yaml"
    path.write_text(EVENT.replace(*wrong), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=said):
        events.load(path)


def test_an_id_stands_once(tmp_path):
    """Two events of one id are one too many."""
    path = tmp_path / "events.yaml"
    path.write_text(EVENT + EVENT.removeprefix("events:\n"), encoding="utf-8")

    with pytest.raises(ConfigurationError, match="E01 stands twice"):
        events.load(path)
