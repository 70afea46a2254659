"""The default: what is fitted, which counts alarm, and what changes nothing."""

import numpy as np
import pandas as pd
import pydantic
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from detectors.farrington import Farrington
from detectors.farrington_baseline import FarringtonParameters
from detectors.reference_periods import Layout, make_design, same_dates
from pillarfour.detection import INSUFFICIENT_HISTORY, OK, STATUSES, Panel
from pillarfour.errors import DetectorError

OUTPUTS = ("expected", "lower", "upper", "score", "p_value", "status")


def farrington(**parameters):
    return Farrington(FarringtonParameters(**({"baseline_years": 3} | parameters)))


def status(scores):
    return [STATUSES[code] for code in scores.status[:, -1]]


def one_at_a_time(counts, parameters, column):
    """Do the same two passes with statsmodels, for one series: mean, variance of its logarithm, dispersion, whether the trend was kept."""
    layout = Layout(
        half_window_periods=parameters.half_window_periods,
        seasonal_levels=parameters.seasonal_levels,
        exclude_recent_periods=parameters.exclude_recent_periods,
    )
    design = make_design(same_dates(column, years=parameters.baseline_years, periods_per_year=12), column, layout)
    y = counts[design.columns]
    levels = np.repeat(np.eye(len(design.sizes)), design.sizes, axis=0)
    judged = np.eye(len(design.sizes))[design.judged_level]
    for trend in (True, False):
        regressors = np.hstack([levels, design.times]) if trend else levels
        at = np.append(judged, 0) if trend else judged
        weights = np.ones(len(y))
        for number in range(2):
            model = sm.GLM(y, regressors, family=sm.families.Poisson(), var_weights=weights).fit(tol=1e-13, maxiter=200, scale="X2")
            mu, phi = model.fittedvalues, max(model.scale, 1)
            hat = model.get_hat_matrix_diag()
            anscombe = 1.5 * (y ** (2 / 3) * mu ** (-1 / 6) - mu**0.5) / np.sqrt(phi * (1 - hat))
            weights = np.where(anscombe > parameters.reweight_above, np.maximum(anscombe, 0.1) ** -2.0, 1)
            weights *= len(y) / weights.sum()
            if number == 0 and (anscombe <= parameters.reweight_above).all():
                break
        covariance = model.normalized_cov_params * phi
        mean = np.exp(model.params @ at)
        p_value = 2 * stats.t.sf(abs(model.params[-1]) / np.sqrt(covariance[-1, -1]), len(y) - regressors.shape[1])
        if trend and p_value < parameters.trend_alpha and mean <= y.max():
            break
    return mean, at @ covariance @ at, phi, trend, len(y) - regressors.shape[1]


@pytest.mark.parametrize(
    "given",
    [
        {"trend_alpha": 0.05},
        {"seasonal_levels": 1, "half_window_periods": 3, "trend_alpha": 1},
        {"seasonal_levels": 4, "reweight_above": 1, "trend_alpha": 0.5},
        {"seasonal_levels": 10, "half_window_periods": 3, "baseline_years": 4},
    ],
    ids=str,
)
def test_every_judgement_is_that_of_two_plain_fits(given, draw_counts, panel_of):
    """Expected count and delta bound agree with statsmodels' fits, series by series, with past outbreaks and trends among them."""
    counts = draw_counts(40, 72, mean=60, dispersion=0.15, season=0.5)
    counts[::3, 40] *= 6
    counts[1::3] = np.floor(counts[1::3] * np.exp(0.02 * np.arange(72)))
    detector = farrington(threshold_method="delta", low_count_cases=0, alpha=0.02, **given)
    scores = detector.detect(panel_of(counts))
    kept = 0
    for row, series in enumerate(counts):
        mean, log_variance, phi, trend, _ = one_at_a_time(series, detector.parameters, 71)
        kept += trend
        deviation = np.sqrt(4 / 9 * mean ** (1 / 3) * (phi + mean * log_variance))
        one_sided = mean ** (2 / 3) <= stats.norm.isf(0.01) * deviation
        upper = (mean ** (2 / 3) + stats.norm.isf(0.02 if one_sided else 0.01) * deviation) ** 1.5
        assert scores.expected[row, 0] == pytest.approx(mean, rel=1e-8)
        assert scores.upper[row, 0] == pytest.approx(upper, rel=1e-8)

    assert kept > 0
    assert kept < 40 or detector.parameters.trend_alpha == 1


def test_the_predictive_bounds_are_those_of_their_law(draw_counts, panel_of):
    """Variance phi mu + Var(mu), and Student's t for the dispersion; what the lower bound leaves goes to the upper one."""
    counts = draw_counts(10, 60, mean=20, dispersion=0.2)
    detector = farrington(low_count_cases=0, alpha=0.02)
    scores = detector.detect(panel_of(counts))
    for row, series in enumerate(counts):
        mean, log_variance, phi, _, freedom = one_at_a_time(series, detector.parameters, 59)
        dispersion = phi + mean * log_variance
        law = stats.nbinom(mean / (dispersion - 1), 1 / dispersion)
        freedom /= 1 + min(6 * (phi - 1) / mean + 1 / (phi * mean), 6) / 2
        lower = law.ppf(stats.norm.cdf(stats.t.ppf(0.01, freedom)))
        spent = stats.t.cdf(stats.norm.ppf(law.cdf(lower - 1)), freedom)
        assert scores.lower[row, 0] == lower
        assert scores.upper[row, 0] == law.ppf(stats.norm.sf(stats.t.ppf(0.02 - spent, freedom)))


@pytest.mark.parametrize("method", ["predictive", "delta", "nb_plugin", "muan"])
def test_an_alarm_is_a_count_beyond_its_bound(method, draw_counts, panel_of):
    """A score of 1 is the first count above the upper bound, of -1 the first below the lower one, by every method."""
    counts = draw_counts(200, 60, mean=25, dispersion=0.5)
    detector = farrington(threshold_method=method, alpha=0.2)
    bounds = detector.detect(panel_of(counts))
    for bound, step, score in ((np.floor(bounds.upper[:, 0]), 1, 1), (np.ceil(bounds.lower[:, 0]), -1, -1)):
        at, beyond = counts.copy(), counts.copy()
        at[:, -1], beyond[:, -1] = bound, bound + step
        possible = beyond[:, -1] >= 0
        assert possible.sum() > 20
        assert not detector.detect(panel_of(at[possible])).alarm.any()
        np.testing.assert_allclose(detector.detect(panel_of(beyond[possible])).score, score)


def test_a_rise_above_a_bound_below_the_mean_alarms(panel_of):
    """Where past figures vary so wildly that the bound lies below the mean, what is above the bound still alarms."""
    counts = np.zeros((1, 72))
    counts[0, 23] = 2e6
    counts[0, -1] = 5000
    given = {"baseline_years": 5, "half_window_periods": 3, "seasonal_levels": 1, "reweight": False, "trend": False}
    scores = farrington(threshold_method="nb_plugin", alpha=0.2, **given).detect(panel_of(counts))

    assert scores.upper[0, 0] < 5000 < scores.expected[0, 0]
    assert scores.score[0, 0] > 1


def test_few_cases_do_not_alarm_upward(panel_of):
    """Where nobody was expected, four cases in four months are no alarm and five are; the bound says so."""
    quiet = np.zeros((2, 60))
    quiet[:, -2] = 2
    quiet[:, -1] = [2, 3]
    quiet[:, 3] = 1
    scores = farrington().detect(panel_of(quiet))

    np.testing.assert_array_equal(scores.upper[:, 0], [2, 2])
    np.testing.assert_array_equal(scores.alarm[:, 0], [False, True])


def test_a_collapse_alarms_however_few_are_left(draw_counts, panel_of):
    """The low-count rule is for rises; a flow that stops is news."""
    counts = draw_counts(5, 60, mean=400, dispersion=0.05)
    counts[:, -4:] = 0

    assert (farrington().detect(panel_of(counts)).score <= -1).all()


def test_the_threshold_is_one_in_two_units(panel_of):
    """Either alpha a judgement or false alarms a year, never both; the result states it a year."""
    panel = panel_of([[5.0] * 60])

    assert Farrington().detect(panel).false_alarms_per_year == 0.5
    assert farrington(alpha=0.01).detect(panel).false_alarms_per_year == pytest.approx(0.12)
    with pytest.raises(pydantic.ValidationError, match="one threshold in two units"):
        FarringtonParameters(alpha=0.01, false_alarms_per_year=1)
    with pytest.raises(pydantic.ValidationError, match="say delta, nb_plugin or muan"):
        FarringtonParameters(reference="surveillance")


def test_too_little_to_compare_with_is_said(draw_counts, panel_of):
    """Gaps that leave the judged season with less than half of its periods, however long the history, are insufficient history."""
    counts = draw_counts(2, 72, mean=50, dispersion=0.1)
    counts[0, [34, 35, 36, 46, 47, 48]] = np.nan
    scores = farrington(baseline_years=3).detect(panel_of(counts))

    assert status(scores) == ["insufficient_history", "ok"]


def test_a_season_with_one_figure_says_nothing(draw_counts, panel_of):
    """Another season's single published month is left out: whatever it is, the judgement stays."""
    counts = draw_counts(1, 60, mean=50, dispersion=0.1)
    counts[0, [29, 41]] = np.nan
    other = counts.copy()
    other[0, 53 - 36] = 99_999
    counts[0, [29 - 12]] = 3
    one, two = (farrington(exclude_recent_periods=7, baseline_years=3).detect(panel_of(each)) for each in (counts, other))

    assert one.status[0, 0] == OK
    for name in OUTPUTS:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_weeks_are_judged_too():
    """A weekly panel is compared by date, and its rate is stated by 52 weeks."""
    rng = np.random.default_rng(3)
    weeks = pd.period_range("2012-01-02", periods=300, freq="W-SUN")
    counts = rng.poisson(40, (3, 300)).astype(float)
    counts[0, -1] = 400
    panel = Panel(values=counts, series=("a", "b", "c"), periods=weeks, unit="persons")
    scores = farrington(half_window_periods=3, exclude_recent_periods=26, alpha=0.01).detect(panel, judge="all")

    assert scores.false_alarms_per_year == pytest.approx(0.52)
    assert scores.alarm[0, -1]
    assert (scores.status[:, :159] == INSUFFICIENT_HISTORY).all()
    assert (scores.status[:, 162:] == OK).all()


def test_processes_give_the_same_to_the_last_digit(draw_counts, panel_of):
    """Two processes share what one would do."""
    panel = panel_of(draw_counts(2500, 44, mean=9, dispersion=0.3))
    parameters = FarringtonParameters(baseline_years=3)
    one, two = Farrington(parameters).detect(panel), Farrington(parameters, processes=2).detect(panel)

    for name in OUTPUTS:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rows=st.permutations(range(6)),
    future=st.lists(st.sampled_from([0.0, 1e9, np.nan, 7]), min_size=1, max_size=4),
    levels=st.sampled_from([1, 4, 10]),
    method=st.sampled_from(["predictive", "delta", "nb_plugin", "muan"]),
)
def test_order_and_future_change_nothing(seed, rows, future, levels, method):
    """Any order of the series and anything that comes later leave every judgement as it was, with gaps and outbreaks among the counts."""
    rng = np.random.default_rng(seed)
    counts = rng.negative_binomial(1, rng.uniform(0.01, 0.9, (6, 1)), (6, 52)).astype(float)
    counts[rng.random(counts.shape) < 0.05] = np.nan
    detector = farrington(seasonal_levels=levels, threshold_method=method)

    def judge(values):
        periods = pd.period_range("2015-01", periods=values.shape[1], freq="M")
        return detector.detect(Panel(values=values, series=tuple(range(len(values))), periods=periods, unit="persons"), judge="all")

    whole = judge(counts)
    other = judge(np.hstack([counts[list(rows)], np.tile(future, (6, 1))]))
    for name in OUTPUTS:
        np.testing.assert_array_equal(getattr(whole, name)[list(rows)], getattr(other, name)[:, :52], err_msg=name)


def test_an_impossible_number_of_processes_is_an_error():
    """Processes are counted from one."""
    with pytest.raises(DetectorError, match="processes is 0"):
        Farrington(processes=0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", ["predictive", "delta", "nb_plugin", "muan"])
@pytest.mark.parametrize("years", [1, 3])
def test_figures_of_any_size_raise_no_warning(method, years, draw_counts, panel_of):
    """A month of ten thousand million times the level, and a record without anybody, leave bounds, or none, but nothing on the terminal."""
    counts = draw_counts(3, 60, mean=100, dispersion=0.2)
    counts[0, 41] = 1e12
    counts[1, :55] = 0
    scores = farrington(baseline_years=years, threshold_method=method).detect(panel_of(counts), judge="all")
    judged = scores.status == OK

    assert judged[:, -1].all()
    assert not np.isnan(scores.upper[judged]).any()
    np.testing.assert_array_equal((counts > scores.upper)[judged], (scores.score >= 1)[judged])
