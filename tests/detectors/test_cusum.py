"""The negative-binomial CUSUM: its recursion, its baseline, its alarms."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.cusum import Cusum, CusumParameters, accumulate, estimate, far_out
from detectors.run_length import Evidence, evidence


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


@pytest.mark.shared
@pytest.mark.parametrize(("config", "ratio", "dispersion", "precision"), [("G6", 2.0, 0.1, 1e-8), ("G7", 1.5, 1e-13, 1e-6)])
def test_the_statistic_equals_the_reference(shared, config, ratio, dispersion, precision):
    """The recursion gives R surveillance's likelihood-ratio CUSUM for a fixed shift, negative binomial and, in the limit, Poisson."""
    reference = pd.read_csv(shared / "golden" / "glr" / f"{config}.csv")
    series = reference.groupby("series")
    checked = 0
    for _, rows in series:
        statistic = one(0)
        for observed, mean, stat, alarm in zip(rows.observed, rows.mu0, rows.stat, rows.alarm, strict=True):
            statistic = accumulate(statistic, evidence(one(mean), one(dispersion), ratio), one(observed))
            assert statistic[0] == pytest.approx(stat, rel=precision, abs=precision)
            assert bool(alarm) == (statistic[0] >= 5)
            statistic = np.where(statistic >= 5, 0, statistic)
            checked += 1

    assert checked == len(reference) > 1000


@given(increments=st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_the_recursion_is_the_largest_sum_that_ends_now(increments):
    """The statistic is the strongest evidence for a shift that began at any period and lasts."""
    statistic = one(0)
    for increment in increments:
        statistic = accumulate(statistic, Evidence(slope=one(1), offset=one(0)), one(increment))
    sums = [sum(increments[start:]) for start in range(len(increments))]

    assert statistic[0] == pytest.approx(max(0, *sums), abs=1e-9)


def test_scores_are_a_plain_loop_over_a_frozen_baseline(panel_of):
    """While evidence gathers, every score is the plain recursion against the baseline of the run's first month."""
    history = [65.0, 50, 160, 95, 120, 70, 140, 60, 150, 110, 115, 110] * 3
    rise = [165.0, 155, 160, 150]
    scores = Cusum().detect(panel_of([history + rise]), judge="all")
    mean, dispersion, _ = estimate(np.array([history]), np.ones((1, len(history)), dtype=bool))
    weighing, statistic, plain = evidence(mean, dispersion, 2.0), 0.0, []
    for count in rise:
        statistic = max(0.0, float(statistic + weighing.slope[0] * count - weighing.offset[0]))
        plain.append(statistic)
    judged = scores.score[0, -4:]

    assert scores.expected[0, -4:].tolist() == pytest.approx([mean[0]] * 4)
    assert judged / judged[0] == pytest.approx(np.array(plain) / plain[0])
    assert (np.diff(judged) > 0).all()


def test_a_single_period_never_says_more_than_its_score(panel_of):
    """The upper bound is the count at which this month would alarm."""
    history = [100.0, 80, 120, 95, 105, 110, 70, 130, 100, 90, 115, 85] * 3
    upper = Cusum().detect(panel_of([[*history, 100]])).upper[0, 0]

    assert Cusum().detect(panel_of([[*history, upper * 0.999], [*history, upper * 1.001]])).alarm.tolist() == [[False], [True]]


def test_a_past_outbreak_does_not_raise_the_baseline():
    """One month of thirty times the level is left out of mean and dispersion."""
    quiet = np.array([[100.0, 80, 120, 95, 105, 110, 70, 130, 100, 90, 115, 85]])
    outbreak = quiet.copy()
    outbreak[0, 4] *= 30
    mean, dispersion, size = estimate(outbreak, np.ones_like(outbreak, dtype=bool))

    assert mean[0] == pytest.approx(quiet.mean(), rel=0.1)
    assert dispersion[0] < 0.1
    assert size[0] == 11


def test_what_is_common_is_not_far_out():
    """Where many months lie far out, as with a border closed for a third of a year, they are the series' nature and stay."""
    closed = np.array([[1300.0, 1500, 970, 0, 0, 135, 0, 0, 84, 315, 313, 645]])

    assert not far_out(closed, np.ones_like(closed, dtype=bool)).any()


def test_nobody_ever_can_still_be_surprised(panel_of):
    """After a year of zeros one person is no alarm, and fifty are."""
    scores = Cusum().detect(panel_of([[0.0] * 12 + [1], [0.0] * 12 + [50]]))

    assert scores.alarm.tolist() == [[False], [True]]


def test_a_lasting_shift_alarms_for_a_year_and_is_then_the_level(panel_of, draw_counts):
    """The level before is remembered for twelve months from the shift's first sign; then the new one is what is expected."""
    counts = draw_counts(20, 72, mean=100, dispersion=0.05)
    counts[:, 36:] *= 8
    scores = Cusum().detect(panel_of(counts), judge="all")

    assert scores.alarm[:, 36:44].mean() > 0.95
    assert scores.alarm[:, 55:].mean() < 0.1
    assert np.median(scores.expected[:, 55:], axis=0) == pytest.approx(800, rel=0.1)
    assert np.median(scores.expected[:, 36:44], axis=0) == pytest.approx(100, rel=0.1)


def test_after_a_passing_outbreak_the_old_level_counts_again(panel_of, draw_counts):
    """Four months of outbreak, then the level as before: no alarm downward, and the same expectation."""
    counts = draw_counts(20, 60, mean=200, dispersion=0.05)
    counts[:, 36:40] *= 10
    scores = Cusum().detect(panel_of(counts), judge="all")

    assert scores.alarm[:, 36:40].all()
    assert scores.alarm[:, 40:].mean() < 0.06
    assert np.median(scores.expected[:, 50:]) == pytest.approx(200, rel=0.1)


def test_small_shifts_need_time(panel_of, draw_counts):
    """A doubling that no single month shows is found as it lasts."""
    counts = draw_counts(200, 54, mean=50, dispersion=0.3)
    counts[:, 48:] = draw_counts(200, 54, mean=100, dispersion=0.3)[::-1, 48:]
    found = Cusum().detect(panel_of(counts), judge="all").alarm[:, 48:].cumsum(axis=1) > 0

    assert found[:, 0].mean() < 0.35
    assert found[:, 5].mean() > 0.85


def test_a_rarer_false_alarm_costs_a_higher_bound(panel_of):
    """Half as many false alarms mean a wider range."""
    history = panel_of([[100.0, 80, 120, 95, 105, 110, 70, 130, 100, 90, 115, 85] * 2 + [100]])
    wide, narrow = (Cusum(CusumParameters(false_alarms_per_year=rate)).detect(history) for rate in (0.1, 1.0))

    assert wide.upper[0, 0] > narrow.upper[0, 0]
    assert wide.lower[0, 0] < narrow.lower[0, 0]


@pytest.mark.shared
def test_the_haitian_rise_of_2021_is_seen_in_june(shared, panel_of):
    """Known on 12 July 2021: with twelve months of baseline, four of them zero, June's figure alarms, and not one of the months before."""
    figures = pd.read_csv(shared / "data" / "figures" / "panama_darien_monthly.csv")
    group = figures[figures.nationality.isin(["HTI", "BRA", "CHL"])].groupby("period").persons.sum()
    months = pd.period_range("2020-01", "2021-08", freq="M").astype(str)
    scores = Cusum().detect(panel_of([group.reindex(months, fill_value=0)], start="2020-01"), judge="all")

    assert months[scores.alarm[0]].tolist() == ["2021-06", "2021-07", "2021-08"]
