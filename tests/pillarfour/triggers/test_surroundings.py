"""Leaves that look beyond their own series: shares, revisions, structural breaks; and whom the largest nationalities are."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pillarfour.breaks import StructuralBreak
from pillarfour.detection import Panel
from pillarfour.model import SeriesKey
from pillarfour.triggers import watching
from pillarfour.triggers.evaluate import evaluate
from pillarfour.triggers.night import Earlier, Night
from pillarfour.triggers.schema import Top

NAN = float("nan")
WATCH = "        for: {periods: 2, of: 3}\n        detector: {use: farrington, direction: up, score: 1.0, floor: 100}\n"
WARNING = (
    "      warning:\n        all:\n          - detector: {use: farrington, direction: up, score: 2.0}\n"
    "          - level: {at_least: 500, unit: persons}\n"
)
CLEAR = "not: {detector: {use: farrington, direction: up, score: 0.5}}"


def panel_of(series: dict, *, start: str = "2021-01") -> Panel:
    length = max(len(figures) for figures in series.values())
    values = np.array([[*figures, *[NAN] * (length - len(figures))] for figures in series.values()], dtype=float)
    keys = tuple(SeriesKey(stage="darien", subject=subject) for subject in series)
    return Panel(values=values, series=keys, periods=pd.period_range(start, periods=length, freq="M"), unit="persons")


@pytest.fixture(scope="session")
def ask(load_text, good):
    """Ask one rule of Haitians in the Darién."""

    def ask(rule, series, **night):
        text = good.replace("subject: total", "subject: HTI", 1).replace(WATCH, f"        {rule}\n").replace(WARNING, "")
        triggers = load_text(text.replace(CLEAR, "level: {at_most: 0, unit: persons}"))
        only = triggers.model_copy(update={"triggers": (triggers.trigger("darien-surge"),)})
        known = Night(known_on=date(2021, 8, 15), panel=panel_of(series), scores={}, freshness={}, **night)
        (found,) = evaluate(only, known)
        return found.evidence["watch"]

    return ask


SHARES = [
    ("at_least: 0.1", [10], [100], [0], True),
    ("at_least: 0.1", [9], [100], [0], False),
    ("at_most: 0.1", [10], [100], [0], True),
    ("at_most: 0.1", [11], [100], [0], False),
    ("at_least: 0.1, floor: 101", [10], [100], [0], False),
    ("at_least: 0.1", [0], [0], [0], False),
    ("at_most: 0.1, periods_before: 1", [5, 90], [100, 100], [0, 0], True),
    ("at_most: 0.1, periods_before: 1", [90], [100], [0], None),
    ("at_most: 0.1, periods_before: 1", [NAN, 90], [100, 100], [10, 0], True),
    ("at_most: 0.1, periods_before: 1", [NAN, 90], [100, 100], [11, 0], None),
    ("at_least: 0.1, periods_before: 1", [NAN, 90], [100, 100], [9, 0], False),
    ("at_least: 0.1, periods_before: 1", [NAN, 90], [100, 100], [10, 0], None),
]


@pytest.mark.parametrize("case", SHARES)
def test_a_share_is_of_the_stages_total(case, ask):
    """A nationality not published apart is at most as many as other; more than that stays open."""
    bounds, figures, total, other, held = case

    assert ask(f"share: {{{bounds}}}", {"HTI": figures, "total": total, "OOO": other}).held is held


def test_a_share_says_its_figures(ask):
    """The officer can add up what it says."""
    found = ask("share: {at_least: 0.25}", {"HTI": [60], "total": [200], "OOO": [0]})

    assert found.text == "60 of 200 persons in 2021-01, 30.0%; at least 25.0% is asked for"
    assert found.figures["share"] == 0.3


def before(figures: list[float]) -> dict:
    supplied = {str(period): (f"panama/old-{period}",) for period in pd.period_range("2021-01", periods=len(figures), freq="M")}
    return {"darien": Earlier(panel=panel_of({"HTI": figures}), supplied=supplied)}


REVISIONS = [
    ([100, 100], [100, 100, 100], False),
    ([100, 120], [100, 100, 100], True),
    ([100, 80], [100, 100, 100], True),
    ([100, 119], [100, 100, 100], True),
    ([100, 111], [100, 100, 100], False),
    ([100], [100, 100, 100], False),
    ([100, NAN], [100, 100, 100], False),
    ([1000, 100], [1, 100, 100], False),
]


@pytest.mark.parametrize(("was", "now", "held"), REVISIONS)
def test_a_revision_is_what_the_newest_release_moved(was, now, held, ask):
    """By a tenth and by 12 at least; a new month is none, nor is one that is out of the window."""

    assert ask("revision: {share: 0.1, floor: 12, over_periods: 2}", {"HTI": now}, before=before(was)).held is held


def test_a_revision_names_the_figures_and_both_releases(ask):
    """What was said, what is said now, and which documents said so."""
    supplies = {("darien", "2021-02"): ("panama/new",)}
    found = ask("revision: {share: 0.1, floor: 10}", {"HTI": [100, 1710, 90]}, before=before([100, 9002]), releases=supplies)

    assert found.text.startswith("the newest release moves 2021-02 from 9,002 to 1,710; ")
    assert found.releases == ("panama/new", "panama/old-2021-02")
    assert found.figures["revised"] == [{"reference_period": "2021-02", "was": 9002, "now": 1710}]


def test_without_an_earlier_release_nothing_is_revised(ask):
    """The first release of a source moves nothing."""

    assert ask("revision: {share: 0.1, floor: 10}", {"HTI": [100]}).held is False


CLOSED = StructuralBreak.model_validate(
    {
        "id": "pandemic-closures",
        "title": "closed",
        "stages": ["darien"],
        "from": date(2021, 2, 21),
        "to": date(2021, 4, 2),
        "source": "https://example.org",
    }
)
BREAKS = [
    ("{}", 1, False),
    ("{}", 2, True),
    ("{}", 4, True),
    ("{}", 5, False),
    ("{id: pandemic-closures}", 3, True),
    ("{id: title-42}", 3, False),
    ("{within_months: 1}", 3, True),
    ("{within_months: 1}", 4, False),
]


@pytest.mark.parametrize(("leaf", "months", "held"), BREAKS)
def test_a_break_is_in_force_in_the_months_that_it_touches(leaf, months, held, ask):
    """From 21 February to 2 April 2021."""
    found = ask(f"break_in_force: {leaf}", {"HTI": [1] * months}, breaks={"darien": (CLOSED,)})

    assert found.held is held


def test_the_largest_nationalities_are_known_on_the_night():
    """Of two months each: Haitians first, Venezuelans from the third month on; whoever was once among the largest stays."""
    figures = {
        "HTI": [50, 50, 50, 1, 1],
        "VEN": [1, 1, 90, 90, 90],
        "CUB": [10, 10, 10, 10, 10],
        "total": [61, 61, 150, 101, 101],
        "OOO": [99] * 5,
    }
    top = Top(nationalities=1, over_periods=2)
    known = [panel_of({key: row[:months] for key, row in figures.items()}) for months in range(1, 6)]

    assert [watching.largest(panel, "darien", top) for panel in known] == [(), ("HTI",), ("HTI",), ("HTI", "VEN"), ("HTI", "VEN")]


def test_nobody_is_among_the_largest_of_none():
    """A stage without figures, or of zeros, has no largest nationality."""
    top = Top(nationalities=3, over_periods=1)

    assert watching.largest(panel_of({"HTI": [NAN], "VEN": [NAN]}), "darien", top) == ()
    assert watching.largest(panel_of({"HTI": [0], "VEN": [2]}), "darien", top) == ("VEN",)


def test_a_trigger_on_the_largest_is_asked_of_each(load_text, good):
    """The figures say whom; the file says how many."""
    text = good.replace("subject: total", "for_each_top: {nationalities: 1, over_periods: 1}", 1).replace(WARNING, "")
    text = text.replace(WATCH, "        level: {at_least: 90, unit: persons}\n").replace(CLEAR, "level: {at_most: 10, unit: persons}")
    triggers = load_text(text)
    only = triggers.model_copy(update={"triggers": (triggers.trigger("darien-surge"),)})
    night = Night(known_on=date(2021, 8, 15), panel=panel_of({"HTI": [50, 1], "VEN": [1, 90]}), scores={}, freshness={})

    assert watching.whole(triggers) == {"darien"}
    assert [(found.key.subject, found.level) for found in evaluate(only, night)] == [("HTI", None), ("VEN", "watch")]
