"""What a trigger says of a night."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from pillarfour.detection import INSUFFICIENT_HISTORY, OK, Panel, Scores
from pillarfour.errors import TriggerError
from pillarfour.model import SeriesKey
from pillarfour.triggers.evaluate import evaluate
from pillarfour.triggers.night import Freshness, Night

NAN = float("nan")
DARIEN = SeriesKey(stage="darien", subject="total")
CORRIDOR = {stage: SeriesKey(stage=stage, subject="haitian") for stage in ("darien", "border")}


def night(series: dict, *, scores=None, expected=None, known_on=date(2021, 8, 15), freshness=None):
    """Make a night of some figures, NaN for every other series, and one detector's scores of them."""
    length = max(len(figures) for figures in series.values())
    keys = (DARIEN, *CORRIDOR.values())
    periods = pd.period_range("2021-01", periods=length, freq="M")
    values = np.array([[*series.get(key, []), *[NAN] * (length - len(series.get(key, [])))] for key in keys], dtype=float)
    panel = Panel(values=values, series=keys, periods=periods, unit="mixed")
    judged = np.full(values.shape, NAN)
    means = np.full(values.shape, NAN)
    for key, row in (scores or {}).items():
        judged[keys.index(key), : len(row)] = row
    for key, row in (expected or {}).items():
        means[keys.index(key), : len(row)] = row
    blank = np.full(values.shape, NAN)
    scored = Scores(
        panel=panel,
        columns=np.arange(length),
        expected=means,
        lower=blank,
        upper=blank,
        score=judged,
        p_value=blank,
        status=np.where(np.isnan(judged), INSUFFICIENT_HISTORY, OK).astype(np.int8),
        false_alarms_per_year=0.5,
        method="farrington",
    )
    releases = {("darien", str(period)): (f"panama/{period}-00000000",) for period in periods}
    return Night(known_on=known_on, panel=panel, scores={"farrington": scored}, freshness=freshness or {}, releases=releases)


@pytest.fixture(scope="session")
def ask(load_text, good):
    """Give the condition of one trigger and stage; ``rule`` replaces what the example's watch asks for."""

    def ask(known, *, rule=None, trigger="darien-surge", stage="darien", clear=None):
        text = good
        if rule is not None:
            watch = "        for: {periods: 2, of: 3}\n        detector: {use: farrington, direction: up, score: 1.0, floor: 100}\n"
            assert watch in text
            text = text.replace(watch, f"        {rule}\n")
        if clear is not None:
            text = text.replace("      not: {detector: {use: farrington, direction: up, score: 0.5}}", f"      {clear}")
        (found,) = (each for each in evaluate(load_text(text), known) if (each.key.trigger, each.key.stage) == (trigger, stage))
        return found

    return ask


LEAVES = [
    ("level: {at_least: 100, unit: persons}", [100], True),
    ("level: {at_least: 100, unit: persons}", [99], False),
    ("level: {at_most: 100, unit: persons}", [100], True),
    ("level: {at_least: 10, at_most: 100, unit: persons}", [101], False),
    ("level: {at_least: 0, unit: persons}", [0], True),
    ("growth: {over_periods: 1, factor: 2}", [50, 100], True),
    ("growth: {over_periods: 1, factor: 2}", [51, 100], False),
    ("growth: {over_periods: 1, factor: 2, floor: 101}", [50, 100], False),
    ("growth: {over_periods: 2, factor: 2}", [50, NAN, 100], True),
    ("growth: {over_periods: 1, factor: 2}", [NAN, 100], None),
    ("growth: {over_periods: 3, factor: 2}", [50, 100], None),
    ("growth: {over_periods: 1, factor: 2, floor: 10}", [0, 10], True),
    ("growth: {over_periods: 1, factor: 2}", [0, 0], False),
    ("growth: {over_periods: 1, factor: 0.5, floor: 100}", [100, 50], True),
    ("growth: {over_periods: 1, factor: 0.5, floor: 101}", [100, 50], False),
    ("growth: {over_periods: 1, factor: 0.5}", [0, 0], False),
    ("new_high: {over_periods: 2}", [3, 4, 5], True),
    ("new_high: {over_periods: 2}", [3, 5, 5], False),
    ("new_high: {over_periods: 2}", [4, 5], None),
    ("new_high: {over_periods: 2}", [6, 5], False),
    ("new_high: {over_periods: 2, floor: 6}", [3, 4, 5], False),
    ("new_high: {over_periods: 2}", [9, 3, 4, 5], True),
    ("not: {level: {at_least: 100, unit: persons}}", [99], True),
    ("not: {growth: {over_periods: 1, factor: 2}}", [99], None),
]


@pytest.mark.parametrize(("rule", "figures", "held"), LEAVES)
def test_a_leaf_is_met_not_met_or_open(rule, figures, held, ask):
    """A figure that is missing leaves a test open, unless the others settle it."""

    assert ask(night({DARIEN: figures}), rule=rule).evidence["watch"].held is held


SCORED = [
    ("up, score: 1.0", 1.0, 10, True),
    ("up, score: 1.0", 0.9999999, 10, True),
    ("up, score: 1.0", 0.99, 10, False),
    ("up, score: 1.0", -3.0, 10, False),
    ("up, score: 1.0", NAN, 10, None),
    ("up, score: 1.0, floor: 500", 2.0, 10, True),
    ("up, score: 1.0, floor: 501", 2.0, 900, False),
]


@pytest.mark.parametrize(("leaf", "score", "expected", "held"), SCORED)
def test_a_detector_is_held_against_threshold_and_floor(leaf, score, expected, held, ask):
    """A rise is floored by the figure, here 500; a detector without history leaves the test open."""
    known = night({DARIEN: [500]}, scores={DARIEN: [score]}, expected={DARIEN: [expected]})

    assert ask(known, rule=f"detector: {{use: farrington, direction: {leaf}}}").evidence["watch"].held is held


@pytest.mark.parametrize(("floor", "expected", "held"), [(200, 200, True), (201, 200, False), (200, NAN, None)])
def test_a_fall_is_floored_by_what_was_expected(floor, expected, held, load_text, good):
    """Something must have been there before it can collapse."""
    text = good.replace("kind: surge", "kind: collapse", 1).replace("direction: up", "direction: down")
    text = text.replace("        for: {periods: 2, of: 3}\n", "").replace("floor: 100}\n      warning", f"floor: {floor}}}\n      warning")
    known = night({DARIEN: [0]}, scores={DARIEN: [-1.5]}, expected={DARIEN: [expected]})

    assert evaluate(load_text(text), known)[0].evidence["watch"].held is held


GROWTH = "{growth: {over_periods: 1, factor: 2}}"
HIGH = "{level: {at_least: 100, unit: persons}}"
LOW = "{level: {at_most: 99, unit: persons}}"
COMPOSED = [
    (f"all: [{HIGH}, {HIGH}]", True),
    (f"all: [{HIGH}, {GROWTH}]", None),
    (f"all: [{LOW}, {GROWTH}]", False),
    (f"any: [{LOW}, {GROWTH}]", None),
    (f"any: [{HIGH}, {GROWTH}]", True),
    (f"any: [{LOW}, {LOW}]", False),
    (f"at_least: {{n: 2, of: [{HIGH}, {HIGH}, {GROWTH}]}}", True),
    (f"at_least: {{n: 2, of: [{HIGH}, {LOW}, {GROWTH}]}}", None),
    (f"at_least: {{n: 2, of: [{LOW}, {LOW}, {GROWTH}]}}", False),
]


@pytest.mark.parametrize(("rule", "held"), COMPOSED)
def test_tests_compose_and_an_open_one_counts_only_where_it_could_settle(rule, held, ask):
    """One month of 100 persons: the level is met, the growth is open."""

    assert ask(night({DARIEN: [100]}), rule=rule).evidence["watch"].held is held


LASTING = [
    ([1, 1, 1], True, None),
    ([0, 1, 1], True, None),
    ([1, 0, 1], True, None),
    ([1, 1, 0], True, None),
    ([0, 0, 1], False, "watch"),
    ([0, 1, 0], False, None),
    ([1], None, "watch"),
    ([NAN, 1], None, "watch"),
    ([1, NAN, 1], True, None),
    ([0, NAN, 1], None, "watch"),
]


@pytest.mark.parametrize(("met", "held", "pending"), LASTING)
def test_a_level_holds_over_periods_not_nights(met, held, pending, ask):
    """Two of the three newest periods; met in the newest alone it is pending, and a month not published is open."""
    known = night({DARIEN: [each * 100 for each in met]})
    found = ask(known, rule="for: {periods: 2, of: 3}\n        level: {at_least: 100, unit: persons}")

    assert (found.evidence["watch"].held, found.pending) == (held, pending)


def test_the_newest_published_period_is_judged(ask):
    """A month that is not out yet is no fall: the condition stays that of the last one published."""
    rule = "level: {at_least: 100, unit: persons}"
    published, waiting = (ask(night({DARIEN: figures}), rule=rule) for figures in ([90, 120], [90, 120, NAN, NAN]))

    assert waiting == published
    assert (waiting.reference_period, waiting.value, waiting.level) == ("2021-02", 120, "watch")


def test_a_series_without_any_figure_leaves_everything_open(ask):
    """Before the first publication nothing is met and nothing ends."""
    found = ask(night({CORRIDOR["border"]: [1, 2, 3]}))

    assert (found.level, found.pending, found.clear, found.reference_period, found.value) == (None, None, None, None, None)


def test_the_highest_level_met_is_given_with_the_evidence_of_each(ask):
    """The officer sees why the level is what it is, with figures and releases."""
    known = night({DARIEN: [50, 600, 700]}, scores={DARIEN: [0, 2.5, 3]}, expected={DARIEN: [50, 60, 61]})
    found = ask(known)

    assert (found.level, found.value, found.expected, found.clear) == ("warning", 700, 61, False)
    assert found.releases == ("panama/2021-01-00000000", "panama/2021-02-00000000", "panama/2021-03-00000000")
    assert found.evidence["warning"].parts[0].text == (
        "700 persons in 2021-03 where about 61 were expected: score +3.00 of farrington, +2 asked for"
    )
    assert found.evidence["warning"].parts[1].text == "700 persons in 2021-03 is at least 500"
    assert found.evidence["watch"].text == "2021-03 met, 2021-02 met, 2021-01 not met: 2 of 3 periods are asked for"


UPSTREAM = [
    ([100, 400, 0, 0], [60, 60, 60, 60], "watch"),
    ([400, 0, 0, 0], [60, 60, 60, 60], None),
    ([100, 100, 100, 100], [60, 60, 60, 60], None),
    ([100, 400, 0, 0], [60, 60, 60, 49], None),
]


@pytest.mark.parametrize(("darien", "border", "level"), UPSTREAM)
def test_an_upstream_stage_confirms_within_its_months(darien, border, level, ask):
    """A wave seen in the Darién up to two months before lowers the bar at the border."""
    before = [100, 100, 100]
    known = night({CORRIDOR["darien"]: [*before, *darien], CORRIDOR["border"]: [*[60] * 3, *border]})

    assert ask(known, trigger="corridor", stage="border").level == level


def test_before_the_record_begins_an_upstream_stage_is_open(load_text, good):
    """Two periods are asked for and one is on record at either stage: the other is open, and the night goes on."""
    held = "      watch:\n        for: {periods: 2}\n        any:\n          - growth"
    text = good.replace("      watch:\n        any:\n          - growth", held, 1)
    known = night({CORRIDOR["darien"]: [400], CORRIDOR["border"]: [60]})
    (found,) = (each for each in evaluate(load_text(text), known) if (each.key.trigger, each.key.stage) == ("corridor", "border"))

    assert (text != good, found.level, found.evidence["watch"].held) == (True, None, None)


def test_a_stage_is_not_upstream_of_itself(ask):
    """At the first stage only the trigger's own tests count."""
    known = night({CORRIDOR["darien"]: [100, 100, 100, 400]})
    found = ask(known, trigger="corridor")

    assert found.level == "watch"
    assert found.evidence["watch"].parts[1].held is False
    assert "darien is not upstream of darien" in found.evidence["watch"].parts[1].parts[0].text


STALE = [
    (date(2021, 8, 12), 0, None, True),
    (date(2021, 8, 13), 1, None, False),
    (date(2021, 8, 26), 14, None, False),
    (date(2021, 8, 27), 15, "watch", False),
]


@pytest.mark.parametrize(("known_on", "overdue", "level", "clear"), STALE)
def test_staleness_counts_from_the_day_the_next_period_is_usually_out(known_on, overdue, level, clear, ask):
    """June is out; July is usually out on 12 August."""
    fresh = Freshness(source="panama", newest_period="2021-06", usual_delay_days=12, looked_at=datetime(2021, 8, 12, tzinfo=UTC))
    known = night({DARIEN: [1]}, known_on=known_on, freshness={"panama": fresh})
    found = ask(known, trigger="darien-stale")

    assert (found.level, found.clear, found.value, found.unit, found.reference_period) == (level, clear, overdue, "days", "2021-06")


@pytest.mark.parametrize("freshness", [{}, {"panama": Freshness(source="panama", newest_period=None, usual_delay_days=12)}])
def test_a_source_never_read_is_open_not_stale(freshness, ask):
    """Before its first release a source cannot be late."""
    found = ask(night({DARIEN: [1]}, freshness=freshness), trigger="darien-stale")

    assert (found.level, found.clear, found.reference_period) == (None, None, None)


def test_retired_triggers_are_not_asked(load_text, good):
    """What the task force has taken out of use says nothing."""
    text = good.replace("    status: active\n", "    status: retired\n", 1)

    assert {found.key.trigger for found in evaluate(load_text(text), night({DARIEN: [1]}))} == {"corridor", "darien-stale"}


def test_the_same_night_gives_the_same_answer(load_text, good):
    """Evaluation looks at nothing but what it is given."""
    known = night({DARIEN: [50, 600, 700]}, scores={DARIEN: [0, 2.5, 3]})

    assert evaluate(load_text(good), known) == evaluate(load_text(good), known)


def test_figures_after_the_night_would_change_nothing(ask):
    """The period judged sees what precedes it, and nothing of other series' later periods."""
    known = night({DARIEN: [50, 60, 700], CORRIDOR["border"]: [1, 1, 1, 99999]})
    short = night({DARIEN: [50, 60, 700], CORRIDOR["border"]: [1, 1, 1]})
    rule = "new_high: {over_periods: 2}"

    assert ask(known, rule=rule) == ask(short, rule=rule)


def test_a_panel_that_lacks_a_series_is_refused(load_text, good):
    """A trigger that cannot be asked is an error, never a silent quiet."""
    known = night({DARIEN: [1]})
    panel = replace(known.panel, values=known.panel.values[:1], series=known.panel.series[:1])

    with pytest.raises(TriggerError, match=r"no series darien/haitian"):
        evaluate(load_text(good), replace(known, panel=panel))
