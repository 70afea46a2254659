"""Plain thresholds: what is a new high, how often chance brings one, and policy's figures."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from detectors.threshold import Threshold, ThresholdParameters
from pillarfour.detection import OK, STATUSES, Panel
from pillarfour.errors import DetectorError


def of(rows, names) -> Panel:
    values = np.array(rows, dtype=float)
    months = pd.period_range("2020-01", periods=values.shape[1], freq="M")
    return Panel(values=values, series=tuple(names), periods=months, unit="persons")


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.one_of(st.just(np.nan), st.integers(0, 30).map(float)), min_size=1, max_size=40),
    size=st.integers(2, 9),
    lag=st.integers(0, 4),
)
def test_a_new_high_passes_every_one_of_the_figures_before(counts, size, lag, panel_of):
    """Above all of so many published months, or below them: nothing else alarms, and a tie never does."""
    scores = Threshold(ThresholdParameters(over_periods=size, exclude_recent_periods=lag)).detect(panel_of([counts]), judge="all")
    for at, count in enumerate(counts):
        before = [figure for figure in counts[:at] if not np.isnan(figure)]
        window = before[: max(len(before) - lag, 0)][-size:]
        plain = 0
        if not np.isnan(count) and len(window) == size:
            plain = int(count > max(window)) - int(count < min(window))
        assert scores.direction[0, at] * scores.alarm[0, at] == plain


@pytest.mark.parametrize(("rate", "periods"), [(2, 11), (1, 23), (0.5, 47), (0.65, 36)])
def test_the_rate_says_over_how_many_months_a_high_is_new(rate, periods):
    """One in n + 1 each way, so that both together come no more often than stated."""
    chosen = Threshold(ThresholdParameters(false_alarms_per_year=rate))

    assert chosen.over_periods(12) == periods
    assert chosen.least_history == periods + 3
    assert 24 / (periods + 1) <= rate < 24 / periods


def test_a_high_of_three_years_states_its_chance(panel_of):
    """Both directions together, twice in 37 months."""
    scores = Threshold(ThresholdParameters(over_periods=36)).detect(panel_of([[5.0] * 50]))

    assert scores.false_alarms_per_year == pytest.approx(24 / 37)


@pytest.mark.slow
@pytest.mark.parametrize("process", [{"mean": 1000, "dispersion": 1}, {"mean": 100, "dispersion": 0.1}, {"mean": 1e5, "dispersion": 2}])
@pytest.mark.parametrize("quantity", ["count", "growth"])
def test_chance_brings_a_new_high_as_often_as_stated(process, quantity, panel_of, draw_counts):
    """Whatever the law of the counts: one a year is measured within a tenth, for growth within a quarter."""
    scores = Threshold(ThresholdParameters(quantity=quantity)).detect(panel_of(draw_counts(1500, 60, **process)), judge="all")
    each = scores.alarm[:, 40:].mean(axis=1) * 12
    allowed = 0.1 if quantity == "count" else 0.25

    assert each.mean() == pytest.approx(1, abs=allowed + 3 * each.std() / 1500**0.5)


def test_growth_is_told_by_its_own_history(panel_of):
    """A count within its range alarms where it doubled against the year before and no month ever did."""
    season = np.array([100.0, 120, 150, 200, 300, 500, 520, 300, 200, 150, 120, 110])
    counts = np.concatenate([season * grown for grown in (1, 1.05, 0.98, 1.02, 1.01)])
    counts[-1] = 230
    by_growth = Threshold(ThresholdParameters(quantity="growth")).detect(panel_of([counts]))
    by_count = Threshold().detect(panel_of([counts]))

    assert by_growth.alarm.tolist() == [[True]]
    assert by_growth.upper[0, 0] == pytest.approx(1.02 / 0.98 * counts[-13], rel=0.01)
    assert by_count.alarm.tolist() == [[False]]


def test_growth_from_none_is_told(panel_of):
    """A flow that begins has grown, and one that stays away has not."""
    rows = [[3.0, 4, 2] * 12 + [0.0] * 12 + [50.0], [3.0, 4, 2] * 12 + [0.0] * 12 + [0.0]]

    scores = Threshold(ThresholdParameters(quantity="growth")).detect(panel_of(rows))

    assert (scores.direction * scores.alarm).tolist() == [[1], [0]]


def test_a_share_is_of_the_stages_total():
    """A nationality that doubles its share alarms though its count is usual; the total's own share never moves."""
    haitian = np.array([100.0, 110, 95, 105] * 10)
    total = haitian * np.tile([10.0, 9, 10, 11, 10.5], 8)
    total[-1] = haitian[-1] * 4
    scores = Threshold(ThresholdParameters(quantity="share")).detect(of([haitian, total], ["darien/HTI", "darien/total"]))

    assert scores.alarm[:, 0].tolist() == [True, False]
    assert scores.upper[0, 0] < haitian[-1]
    assert STATUSES[scores.status[1, 0]] == "constant"


def test_a_share_of_nothing_is_no_data():
    """Nobody came at all: no share can be told."""
    scores = Threshold(ThresholdParameters(quantity="share")).detect(of([[1.0] * 39 + [0], [4.0] * 39 + [0]], ["a/HTI", "a/total"]))

    assert STATUSES[scores.status[0, 0]] == "no_data"


def test_a_share_needs_the_total():
    """Without the flow there is no share, and the error says what to add."""
    with pytest.raises(DetectorError, match="give the panel a series darien/total"):
        Threshold(ThresholdParameters(quantity="share")).detect(of([[1.0] * 40], ["darien/HTI"]))


@settings(max_examples=60, deadline=None)
@given(
    before=st.integers(0, 50),
    count=st.integers(0, 50),
    factor=st.sampled_from([0.5, 1.5, 2.0, 3.0]),
)
def test_policys_growth_is_reached_as_the_triggers_reach_it(before, count, factor, panel_of):
    """A factor is reached at exactly so many times, and growth from none to none is none."""
    rise = factor > 1
    chosen = {"at_least": factor} if rise else {"at_most": factor}
    scores = Threshold(ThresholdParameters(quantity="growth", growth_over_periods=1, **chosen)).detect(panel_of([[before, count]]))
    held = (count >= factor * before and count > before) if rise else (count <= factor * before and count < before)

    assert bool(scores.alarm[0, 0]) == held
    assert not held or scores.direction[0, 0] == (1 if rise else -1)


def test_policys_figures_are_reached_inclusively_and_state_no_chance(panel_of):
    """Five thousand is at least five thousand; how often chance brings it is not known."""
    rows = panel_of([[4999.0], [5000], [100], [101]])
    scores = Threshold(ThresholdParameters(at_least=5000, at_most=100)).detect(rows)

    assert (scores.direction * scores.alarm)[:, 0].tolist() == [0, 1, -1, 0]
    assert np.isnan(scores.false_alarms_per_year)
    assert (scores.status == OK).all()


def test_one_threshold_is_stated():
    """A rate, a number of months and policy's figures exclude each other, and a pair that everything passes is refused."""
    with pytest.raises(ValidationError, match="each state the threshold"):
        ThresholdParameters(over_periods=36, false_alarms_per_year=1)
    with pytest.raises(ValidationError, match="each state the threshold"):
        ThresholdParameters(over_periods=36, at_least=5)
    with pytest.raises(ValidationError, match="at_least is the larger"):
        ThresholdParameters(at_least=5, at_most=9)
