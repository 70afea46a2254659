"""Two regimes: their estimate, their filter, and what of a month is news."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

import detectors.regime
from detectors.regime import Regime, RegimeParameters, Regimes, estimate, run_filter
from pillarfour.detection import STATUSES

STEP = np.concatenate([np.tile([100.0, 110], 20), np.tile([800.0, 790], 10)])
"""Forty months at one level, twenty at another: the plainest shift there is."""

TWO = np.array([[0.9, 0.1], [0.2, 0.8]])


@pytest.mark.filterwarnings("ignore")
def test_a_plain_level_shift_is_found_where_the_default_start_fails():
    """The library's own start ends without the two levels, or in an error; ours finds both, and that neither is left lightly."""
    try:
        plain = MarkovRegression(np.log1p(STEP), k_regimes=2).fit(disp=0).params[2:4]
    except np.linalg.LinAlgError:
        plain = np.zeros(2)
    regimes = estimate(np.log1p(STEP))

    assert np.ptp(plain) < 1
    assert np.expm1(regimes.levels).tolist() == pytest.approx([105, 795], rel=0.01)
    assert regimes.switching.diagonal().min() > 0.95


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_filter_is_statsmodels(seed):
    """Probabilities before and after each figure are those of its Hamilton filter with the same parameters."""
    logs = np.random.default_rng(seed).normal(6, 1, size=40)
    regimes = Regimes(levels=np.array([5.5, 6.5]), variance=0.4, switching=TWO)
    fit = MarkovRegression(logs, k_regimes=2).filter(np.array([0.9, 0.2, 5.5, 6.5, 0.4]))
    forecast, filtered = run_filter(logs, regimes)

    np.testing.assert_allclose(forecast, fit.predicted_marginal_probabilities, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(filtered, fit.filtered_marginal_probabilities, rtol=1e-8, atol=1e-10)


def test_it_says_in_which_regime_a_series_is(panel_of):
    """After the shift the higher regime is as good as certain, and both levels are told."""
    scores = Regime().detect(panel_of([[*STEP, 805]]))

    assert scores.higher[0, 0] > 0.99
    assert scores.low_level[0, 0] == pytest.approx(105, rel=0.01)
    assert scores.high_level[0, 0] == pytest.approx(795, rel=0.01)
    assert not scores.alarm[0, 0]


def test_a_known_regime_is_news_only_where_it_is_rare(panel_of, draw_counts):
    """A series that often goes up and down is not told for doing so; one that never did is."""
    noise = draw_counts(1, 61, mean=1000, dispersion=0.02)[0] / 1000
    restless = noise * np.where(np.arange(61) // 3 % 2, 800, 100)
    steady = noise * 100
    steady[-1] = restless[-1] = 800

    assert [bool(Regime().detect(panel_of([each])).alarm[0, 0]) for each in (restless, steady)] == [False, True]


def test_what_lies_outside_both_regimes_is_told(panel_of):
    """Five times the higher level, or a fifth of the lower one."""
    scores = Regime().detect(panel_of([[*STEP, 4000], [*STEP, 20]]))

    assert (scores.direction * scores.alarm)[:, 0].tolist() == [1, -1]


def test_score_and_p_value_tell_the_same(panel_of, draw_counts):
    """At the upper bound the score is 1 and the chance is the stated one."""
    counts = draw_counts(1, 61, mean=1000, dispersion=0.1)
    counts[0, -1] = Regime().detect(panel_of(counts)).upper[0, 0]
    scores = Regime().detect(panel_of(counts))

    assert scores.score[0, 0] == pytest.approx(1, rel=1e-6)
    assert scores.p_value[0, 0] == pytest.approx(0.5 / 24, rel=1e-6)


def test_the_regimes_are_estimated_every_two_years(panel_of, draw_counts, monkeypatch):
    """Thirty judged months need two estimates, on what precedes them; the newest month needs one."""
    lengths = []
    plain = estimate
    monkeypatch.setattr(detectors.regime, "estimate", lambda logs: lengths.append(len(logs)) or plain(logs))
    counts = draw_counts(1, 66, mean=100, dispersion=0.1)
    Regime().detect(panel_of(counts), judge="all")
    Regime().detect(panel_of(counts))

    assert lengths == [36, 60, 60]
    assert RegimeParameters().refit_every_periods == 24


def test_where_no_start_converges_it_is_said(panel_of, draw_counts, monkeypatch):
    """The months are not judged, and say why."""

    def fail(*_, **__):
        raise np.linalg.LinAlgError("SVD did not converge")

    monkeypatch.setattr(MarkovRegression, "fit", fail)
    scores = Regime().detect(panel_of(draw_counts(2, 60, mean=100, dispersion=0.1)))

    assert [STATUSES[code] for code in scores.status[:, 0]] == ["not_converged"] * 2
    assert np.isnan(scores.score).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("process", "allowed"),
    [
        ({"mean": 100, "dispersion": 0.1}, (0.6, 1.5)),
        ({"mean": 1000, "dispersion": 0.1, "season": 0.3}, (0.6, 1.8)),  # documented: a season is taken for regimes
    ],
)
def test_regime_alarms_as_often_as_it_says(process, allowed, panel_of, draw_counts):
    """In control, one false alarm a year is measured within the documented range."""
    asked = Regime(RegimeParameters(false_alarms_per_year=1))
    each = asked.detect(panel_of(draw_counts(20, 60, **process)), judge="all").alarm[:, 36:].mean(axis=1) * 12
    error = each.std() / 20**0.5

    assert allowed[0] - 2 * error <= each.mean() <= allowed[1] + 2 * error
