"""What the file of triggers gives to the rest of the house."""

import pytest

from pillarfour.model import SeriesKey


def test_the_series_to_be_scored_are_those_of_watched_triggers_in_travel_order(load_text, good):
    """Outages and retired triggers need no series."""
    retired = good.replace("    status: active\n", "    status: retired\n", 1)

    assert load_text(good).series() == (
        SeriesKey(stage="darien", subject="haitian"),
        SeriesKey(stage="darien", subject="total"),
        SeriesKey(stage="border", subject="haitian"),
    )
    assert SeriesKey(stage="darien", subject="total") not in load_text(retired).series()


def test_for_each_watches_every_one_of_a_list(load_text, good):
    """One trigger can stand for several nationalities."""
    triggers = load_text(good.replace("subject: total", "for_each: [VEN, HTI]"))

    assert triggers.trigger("darien-surge").series.subjects == ("VEN", "HTI")


CHANGES = {
    "the threshold": ("score: 2.0", "score: 2.5"),
    "a detector's parameter": ("{alpha: 0.1}", "{alpha: 0.2}"),
    "what the stage is observed by": (
        "source: panama, table: country, measure: crossings",
        "source: panama, table: country, measure: crossings, where: {area: x}",
    ),
    "the response": ("en: call", "en: call at once"),
    "the rationale": ("rationale: it matters", "rationale: it matters much"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_hash_changes_with_whatever_the_trigger_means(change, load_text, good):
    """A trigger cannot change without its hash showing it."""
    before, after = CHANGES[change]
    assert before in good

    assert load_text(good).sha256("darien-surge") != load_text(good.replace(before, after, 1)).sha256("darien-surge")


UNCHANGED = {
    "a comment": ("version: 1", "version: 1  # of the agreement"),
    "the order of keys": ("kind: surge\n    owner: secretariat", "owner: secretariat\n    kind: surge"),
    "another trigger": ("within_months: 2", "within_months: 3"),
    "a group that it does not watch": ("reason: children hold other nationalities", "reason: others"),
}


@pytest.mark.parametrize("change", UNCHANGED)
def test_the_hash_stays_where_the_meaning_does(change, load_text, good):
    """How the file is written is not what it says."""
    before, after = UNCHANGED[change]
    assert before in good

    assert load_text(good).sha256("darien-surge") == load_text(good.replace(before, after, 1)).sha256("darien-surge")


def test_a_default_written_out_has_the_hash_of_one_left_out(load_text, good):
    """A score of 1 is the default."""
    left_out = good.replace("direction: up, score: 1.0, floor: 100", "direction: up, floor: 100")
    assert left_out != good

    assert load_text(good).sha256("darien-surge") == load_text(left_out).sha256("darien-surge")
