"""The unobserved-components model: its filter, its estimates, what may leak and what may not."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing

import detectors.state_space
from detectors import make
from detectors.state_space import StateSpace, StateSpaceParameters, estimate, one_step_ahead
from pillarfour.detection import STATUSES

YEAR = {"periods_per_year": 12, "harmonics": 2}


@pytest.fixture(scope="module")
def seasonal(draw_counts):
    """Two series of 66 months with a season."""
    return draw_counts(2, 66, mean=300, dispersion=0.05, season=0.5)


@pytest.mark.shared
@pytest.mark.parametrize("config", ["P8", "P9", "P10"])
def test_the_filter_equals_the_reference(shared, config):
    """With the reference's variances, forecasts and their variances are those recorded, after the diffuse start."""
    folder = shared / "golden" / "python"
    exact = next(each for each in json.loads((folder / "configs.json").read_text()) if each["id"] == config)["args"].get(
        "use_exact_diffuse", False
    )
    checked = 0
    for name, rows in pd.read_csv(folder / f"{config}.csv").groupby("series"):
        variances = rows.filter(like="param_").iloc[0].to_numpy()
        logs, burn = rows.x.to_numpy(), max(int(rows.burn.iloc[0]), 5)
        mean, variance = one_step_ahead(logs, variances, **YEAR, exact_diffuse=exact)
        if variances.min() < 1e-9:
            continue  # digits of a filter without any noise are not the method's
        np.testing.assert_allclose(mean[burn:], rows.forecast[burn:], rtol=1e-8, atol=1e-8, err_msg=name)
        np.testing.assert_allclose(variance[burn:], rows.forecast_var[burn:], rtol=1e-8, atol=1e-10, err_msg=name)
        innovations = (logs - mean) / np.sqrt(variance)
        np.testing.assert_allclose(innovations[burn:], rows.std_forecast_error[burn:], rtol=1e-8, atol=1e-7, err_msg=name)
        checked += 1

    assert checked >= (1 if config == "P8" else 30)


@pytest.mark.shared
@pytest.mark.parametrize("series", ["usbp_tucson", "segob_HND"])
def test_the_estimate_is_no_worse_than_the_references(shared, series):
    """The likelihood found is at least the reference optimiser's, to 1e-4."""
    rows = pd.read_csv(shared / "golden" / "python" / "P8.csv").groupby("series").get_group(series)
    variances = estimate(rows.x.to_numpy(), **YEAR)

    assert detectors.state_space._model(rows.x.to_numpy(), 12, 2).loglike(variances) > rows.llf.iloc[0] - 1e-4


def test_the_month_itself_does_not_leak(seasonal, panel_of):
    """However far out a month is, what was expected of it stays the same."""
    jump = seasonal.copy()
    jump[:, -1] *= 50
    usual, risen = (StateSpace().detect(panel_of(each)) for each in (seasonal, jump))

    np.testing.assert_array_equal(usual.expected, risen.expected)
    np.testing.assert_array_equal(usual.upper, risen.upper)
    assert risen.alarm.all()


def test_variances_are_estimated_once_a_year(seasonal, panel_of, monkeypatch):
    """Thirty judged months need three estimates, each on what precedes the first month it serves; the newest month needs one."""
    lengths = []
    plain = estimate
    monkeypatch.setattr(detectors.state_space, "estimate", lambda logs, **kind: lengths.append(len(logs)) or plain(logs, **kind))
    StateSpace().detect(panel_of(seasonal[:1]), judge="all")
    StateSpace().detect(panel_of(seasonal[:1]))

    assert lengths == [36, 48, 60, 60]


def test_a_season_is_expected(panel_of, draw_counts):
    """The high month of every year is no news, and the same count in a low month is."""
    season = np.array([100.0, 120, 150, 200, 300, 500, 500, 300, 200, 150, 120, 100])
    counts = draw_counts(1, 72, mean=1000, dispersion=0.02)[0] / 1000 * np.tile(season, 6)
    june, december = counts[:66].copy(), counts[:72].copy()
    june[-1] = december[-1] = 500

    assert [bool(StateSpace().detect(panel_of([each])).alarm[0, 0]) for each in (june, december)] == [False, True]


def test_where_the_optimiser_fails_it_is_said(seasonal, panel_of, monkeypatch):
    """No start converges: the months are not judged, and say why."""
    monkeypatch.setattr(detectors.state_space, "estimate", lambda _, **__: None)
    scores = StateSpace().detect(panel_of(seasonal))

    assert [STATUSES[code] for code in scores.status[:, 0]] == ["not_converged"] * 2
    assert np.isnan(scores.score).all()


def test_a_steady_series_keeps_the_noise_of_counting(panel_of):
    """Fewer than a Poisson count's own noise is never expected, so ten more than a hundred are no alarm."""
    scores = StateSpace().detect(panel_of([[100.0, 101] * 20 + [110], [100.0, 101] * 20 + [160]]))

    assert scores.alarm.tolist() == [[False], [True]]


@settings(max_examples=5, deadline=None)
@given(factor=st.sampled_from([10.0, 100.0, 1e4]))
def test_large_counts_are_judged_by_ratios(factor, panel_of, seasonal):
    """A factor moves the level and nothing else."""
    chosen = StateSpaceParameters(season_harmonics=1)
    small, large = (StateSpace(chosen).detect(panel_of(seasonal * by)) for by in (1e4, 1e4 * factor))

    np.testing.assert_allclose(small.score, large.score, rtol=0.01, atol=0.02)
    np.testing.assert_allclose(large.expected, small.expected * factor, rtol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("process", "allowed"),
    [
        ({"mean": 100, "dispersion": 0.1, "season": 0.6}, (0.6, 1.5)),
        ({"mean": 100, "dispersion": 0}, (0.2, 1.3)),
    ],
)
def test_state_space_alarms_as_often_as_it_says(process, allowed, panel_of, draw_counts):
    """In control, one false alarm a year is measured within the documented range."""
    asked = StateSpace(StateSpaceParameters(false_alarms_per_year=1))
    each = asked.detect(panel_of(draw_counts(20, 60, **process)), judge="all").alarm[:, 36:].mean(axis=1) * 12
    error = each.std() / 20**0.5

    assert allowed[0] - 2 * error <= each.mean() <= allowed[1] + 2 * error


@pytest.fixture(scope="module")
def ets(draw_counts, panel_of):
    """Two series, one with a gap, by exponential smoothing: every month, and the panel."""
    counts = draw_counts(2, 54, mean=100, dispersion=0.1, season=0.3)
    counts[1, 20:22] = np.nan
    return make("state_space", model="ets").detect(panel_of(counts), judge="all"), counts


def test_exponential_smoothing_judges_online(ets, panel_of):
    """What comes later moves neither start, nor weights, nor variance; the newest is the last of all."""
    whole, counts = ets
    longer = np.hstack([counts[:, :50], [[1e6, 0], [0, np.nan]]])
    scores = make("state_space", model="ets").detect(panel_of(longer), judge="all")
    newest = make("state_space", model="ets").detect(panel_of(counts[:, :50]))

    np.testing.assert_allclose(scores.score[:, :50], whole.score[:, :50], rtol=1e-12)
    np.testing.assert_allclose(newest.score[:, 0], whole.score[:, 49], rtol=1e-12)
    assert np.isfinite(whole.score[0, 36:]).all()
    assert np.isfinite(whole.score[1, 38:]).all()


def test_exponential_smoothing_is_statsmodels(ets):
    """Until the first estimate the forecasts are those of statsmodels' fit, its start concentrated out."""
    whole, counts = ets
    model = ExponentialSmoothing(np.log1p(counts[0, :36]), seasonal=12, initialization_method="concentrated")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = model.fit(maxiter=500, disp=0)

    assert whole.expected[0, 36] == pytest.approx(np.expm1(fit.forecast(1)[0]), rel=1e-9)
