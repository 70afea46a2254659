"""What a revision leaves of an alert, asked of real rules and a real panel."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from pillarfour.alerts.deciding import decide_all
from pillarfour.alerts.lifecycle import follow
from pillarfour.alerts.model import AlertKey, AlertState
from pillarfour.alerts.revision import revised, with_figures
from pillarfour.detection import Panel
from pillarfour.model import SeriesKey
from pillarfour.triggers.evaluate import evaluate
from pillarfour.triggers.night import Night

SERIES = SeriesKey(stage="darien", subject="total")
KEY = AlertKey(trigger="darien-surge", stage="darien", subject="total")
FEBRUARY, MARCH = date(2025, 2, 12), date(2025, 3, 12)


@pytest.fixture(scope="module")
def asking(file_of):
    """Make a file of one trigger, which ends under 1,000."""

    def make(watch):
        levels = {"watch": watch, "warning": {"level": {"at_least": 8000, "unit": "persons"}}}
        return file_of("darien-surge", line={"subject": "total"}, levels=levels, clear={"level": {"at_most": 1000, "unit": "persons"}})

    return make


@pytest.fixture(scope="module")
def triggers(asking):
    """Ask for 5,000 persons that are twice as many as the month before."""
    return asking({"all": [{"level": {"at_least": 5000, "unit": "persons"}}, {"growth": {"over_periods": 1, "factor": 2}}]})


@pytest.fixture(scope="module")
def asking_the_past(asking):
    """Ask for more than in each of the three months before."""
    return asking({"new_high": {"over_periods": 3}})


def night(known_on, *counts, release):
    """Give what was known of December 2024 and the months after it, all from one release."""
    months = pd.period_range("2024-12", periods=len(counts), freq="M")
    values = np.array([[np.nan if count is None else float(count) for count in counts]])
    return Night(
        known_on=known_on,
        panel=Panel(values=values, series=(SERIES,), periods=months, unit="persons"),
        scores={},
        freshness={},
        releases={("darien", str(month)): (release,) for month in months},
    )


def decide(triggers, state, known):
    conditions = [with_figures(condition, known) for condition in evaluate(triggers, known)]
    moved = decide_all(conditions, {KEY: state}, triggers=triggers, known=known, silences={})
    return (follow(state, moved[0]), moved[0]) if moved else (state, None)


@pytest.fixture
def false_alarm(triggers):
    """Stand on warning by January's false figure."""
    state, moved = decide(triggers, AlertState(key=KEY), night(FEBRUARY, 4849, 9002, release="panama/february"))
    assert (moved.after, moved.level) == ("active", "warning")
    return state


def test_the_announced_figures_are_kept_with_their_releases(false_alarm):
    """The figure itself, and the month that it grew from."""
    told = {(figure.reference_period, figure.value, figure.release) for figure in false_alarm.figures}

    assert told >= {("2025-01", 9002.0, "panama/february")}
    assert {figure.series for figure in false_alarm.figures} == {"darien/total"}


def test_the_false_figure_of_january_2025_is_retracted(triggers, false_alarm):
    """9,002 were published and 1,710 after correction, when February was out too: the reason names both, and their releases."""
    state, moved = decide(triggers, false_alarm, night(MARCH, 4849, 1710, 1204, release="panama/march"))

    assert (state.state, moved.level_before) == ("retracted", "warning")
    assert moved.reason == (
        "revised figures no longer support warning: darien/total in 2025-01: 9,002 (panama/february) → 1,710 (panama/march)"
    )
    assert moved.unannounced_because is None
    assert [(change.before.value, change.after.value) for change in moved.changes] == [(9002.0, 1710.0)]


def test_a_revision_that_leaves_a_lower_level_lowers_the_alert(triggers):
    """Six thousand are still twice the month before: watch."""
    first, _ = decide(triggers, AlertState(key=KEY), night(FEBRUARY, 2500, 9002, release="panama/february"))
    state, moved = decide(triggers, first, night(MARCH, 2500, 6000, 5500, release="panama/march"))

    assert (state.state, state.level) == ("active", "watch")
    assert "no longer support warning, but watch" in moved.reason


def test_a_later_month_that_supports_the_alert_keeps_it(triggers, false_alarm):
    """The cause is revised away, but February reaches the level on its own."""
    state, moved = decide(triggers, false_alarm, night(MARCH, 4849, 1710, 8400, release="panama/march"))

    assert moved is None
    assert state == false_alarm


def test_a_figure_that_is_withdrawn_retracts_nothing(triggers, false_alarm):
    """Missing is not zero: the alert stands until a figure takes its place."""
    known = night(MARCH, 4849, None, 1204, release="panama/march")
    assert revised(false_alarm, triggers, known) is None
    state, moved = decide(triggers, false_alarm, known)

    assert (state.state, moved) == ("active", None)


def test_a_missing_month_keeps_open_what_a_revision_cannot_refuse(triggers):
    """Growth since a month that is gone is open, so the watch that rested on it is not refused."""
    first, _ = decide(triggers, AlertState(key=KEY), night(FEBRUARY, 2500, 6000, release="panama/february"))
    known = night(MARCH, None, 5500, 3000, release="panama/march")

    assert revised(first, triggers, known).supported == "watch"
    assert decide(triggers, first, known)[1] is None


@pytest.mark.parametrize("counts", [(4849, 6000), (4849, 6000, 900)], ids=["as the newest month", "when the next one ends it"])
def test_what_the_record_is_too_short_to_say_supports_nothing(asking_the_past, counts):
    """No three months lay before January: 6,000 would have raised nothing in February either, so the alert is retracted, not resolved."""
    first, _ = decide(asking_the_past, AlertState(key=KEY), night(FEBRUARY, 4849, 9002, release="panama/february"))
    state, moved = decide(asking_the_past, first, night(MARCH, *counts, release="panama/march"))

    assert (first.level, state.state) == ("warning", "retracted")
    assert "9,002 (panama/february) → 6,000 (panama/march)" in moved.reason


def test_a_gap_in_the_record_keeps_open_what_a_revision_cannot_refuse(asking_the_past):
    """With a month missing it is not the record that begins too late: the figure that is not there could have been the lower one."""
    first, _ = decide(asking_the_past, AlertState(key=KEY), night(FEBRUARY, 3000, None, 4849, 9002, release="panama/february"))
    state, moved = decide(asking_the_past, first, night(MARCH, 3000, None, 4849, 6000, 900, release="panama/march"))

    assert revised(first, asking_the_past, night(MARCH, 3000, None, 4849, 6000, release="panama/march")).supported == "watch"
    assert (moved.level_before, state.state) == ("warning", "resolved")


def test_a_small_correction_retracts_nothing(triggers, false_alarm):
    """9,002 or 8,950, it is a warning."""
    known = night(MARCH, 4849, 8950, 3000, release="panama/march")

    assert revised(false_alarm, triggers, known).supported == "warning"
    assert decide(triggers, false_alarm, known)[1] is None


def test_the_same_release_read_again_is_no_revision(triggers, false_alarm):
    """Another release with the same figures changes nothing."""

    assert revised(false_alarm, triggers, night(MARCH, 4849, 9002, release="panama/march")) is None


def test_an_outage_is_not_retracted(triggers, false_alarm):
    """It rests on days, not on figures."""
    known = night(MARCH, 4849, 1710, 1204, release="panama/march")

    assert revised(replace(false_alarm, kind="outage"), triggers, known) is None


@pytest.fixture(scope="module")
def confirmed(asking):
    """Ask the border for 100 after a wave of 5,000 in the Darién."""
    file = asking({"level": {"at_least": 5000, "unit": "counts"}})
    darien, (trigger,) = file.stages[0], file.triggers
    upstream = {"upstream": {"stage": "darien", "level": "watch", "within_months": 3}}
    border = {"level": {"at_least": 100, "unit": "counts"}}
    content = trigger.model_dump(by_alias=True, exclude_none=True) | {
        "series": {"stages": ["darien", "border"], "subject": "total"},
        "levels": {"watch": {"any": [{"level": {"at_least": 5000, "unit": "counts"}}, {"all": [upstream, border]}]}},
        "clear": {"level": {"at_most": 10, "unit": "counts"}},
    }
    stages = (darien, darien.model_copy(update={"id": "border", "unit": "events"}))
    return file.model_copy(update={"stages": stages, "triggers": (type(trigger).model_validate(content),)})


def corridor(known_on, darien, border, *, release):
    """Give what was known of both stages."""
    known = night(known_on, *darien, release=release)
    keys = (SERIES, replace(SERIES, stage="border"))
    return replace(known, panel=replace(known.panel, values=np.array([darien, border], dtype=float), series=keys))


def test_an_alert_that_an_earlier_stage_confirmed_is_retracted_with_its_figure(confirmed):
    """The border's own 300 stand, but the wave that made them news was 1,710 and not 9,002: the reason names the Darién's figures."""
    wave = corridor(FEBRUARY, [4849, 9002], [60, 300], release="panama/february")
    key = replace(KEY, stage="border")
    conditions = [with_figures(condition, wave) for condition in evaluate(confirmed, wave)]
    states = {condition.key: AlertState(key=condition.key) for condition in conditions}
    for moved in decide_all(conditions, states, triggers=confirmed, known=wave, silences={}):
        states[moved.key] = follow(states[moved.key], moved)
    assert states[key].level == "watch"

    none = corridor(MARCH, [4849, 1710], [60, 300], release="panama/march")
    again = [with_figures(condition, none) for condition in evaluate(confirmed, none)]
    moves = {moved.key: moved for moved in decide_all(again, states, triggers=confirmed, known=none, silences={})}
    assert moves[key].after == "retracted"
    assert "darien/total in 2025-01: 9,002 (panama/february) → 1,710 (panama/march)" in moves[key].reason
