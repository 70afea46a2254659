"""What is expected next, and how wide."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from detectors.lead_lag import LeadLag
from detectors.nowcast import Nowcast, NowcastParameters
from pillarfour.errors import DetectorError
from pillarfour.outlook import Lead

LED = Lead(upstream="series 0", downstream="series 1", n_months=60, reason=None, lag_months=2)


def drawn(rng, n_months: int, *, lag: int = 2, level: float = 500):
    """Draw a wandering upstream and a downstream that follows it."""
    walk = np.cumsum(rng.normal(0, 0.3, n_months + lag))
    upstream = rng.poisson(level * np.exp(walk[lag:])).astype(float)
    return upstream, rng.poisson(level * np.exp(walk[:n_months] + rng.normal(0, 0.2, n_months))).astype(float)


def known(upstream, downstream, *, unpublished: int):
    return [upstream, np.append(downstream[: downstream.size - unpublished], np.full(unpublished, np.nan))]


def test_as_many_months_are_forecast_as_the_lag_reaches(panel_of):
    """Downstream one month behind, lag two: three months; no month that is out, and none past what the upstream has told."""
    rows = known(*drawn(np.random.default_rng(1), 60), unpublished=1)
    found = Nowcast().forecasts(panel_of(rows), leads=[LED])

    assert [(str(each.period), each.horizon_months) for each in found] == [("2014-12", 1), ("2015-01", 2), ("2015-02", 3)]
    assert all(0 <= each.lower < each.expected < each.upper for each in found)
    assert {each.coverage for each in found} == {0.8}


def test_at_most_four_months_are_forecast(panel_of):
    """However far an upstream reaches ahead."""
    rows = known(*drawn(np.random.default_rng(1), 60), unpublished=6)

    assert [each.horizon_months for each in Nowcast().forecasts(panel_of(rows), leads=[LED])] == [1, 2, 3, 4]


def test_without_a_usable_lag_nothing_is_forecast(panel_of):
    """There is no fallback: no usable lag is the answer."""
    upstream, downstream = drawn(np.random.default_rng(1), 60)
    independent = panel_of([upstream, np.random.default_rng(9).poisson(300, 60).astype(float)])
    leads = LeadLag().leads(independent, pairs=[("series 0", "series 1")])

    assert [lead.reason for lead in leads] == ["insignificant"]
    assert Nowcast().forecasts(independent, leads=leads) == ()
    assert Nowcast().forecasts(panel_of(known(upstream[:21], downstream[:21], unpublished=1)), leads=[LED]) == ()


def test_a_forecast_is_statsmodels_least_squares(panel_of):
    """The plain fit of the same regression gives the same expectation and range."""
    upstream, downstream = drawn(np.random.default_rng(2), 50)
    theirs, ours = pd.Series(np.log1p(upstream)), pd.Series(np.log1p(downstream[:49]))
    frame = pd.DataFrame({"now": ours, "at_lag": theirs.shift(1), "before": theirs.shift(2)})[2:]  # one month ahead, lag two
    frame = frame.assign(const=1.0, change=ours.shift(-1) - ours)
    fit = sm.OLS(frame["change"][:-1][frame.index[:-1] < 48], frame.loc[:47, ["const", "now", "at_lag", "before"]]).fit()
    last = frame.loc[[48], ["const", "now", "at_lag", "before"]]
    row = fit.get_prediction(last).summary_frame(alpha=0.2).iloc[0]
    wanted = np.expm1(ours[48] + row[["mean", "obs_ci_lower", "obs_ci_upper"]].to_numpy(dtype=float))
    first = Nowcast().forecasts(panel_of(known(upstream, downstream, unpublished=1)), leads=[LED])[0]

    assert [first.expected, first.lower, first.upper] == pytest.approx(list(wanted), rel=1e-8)


def test_a_flow_near_zero_is_never_negative(panel_of):
    """A series that has fallen to nothing has a range that begins at zero."""
    upstream, downstream = drawn(np.random.default_rng(3), 60)
    upstream[-8:], downstream[-8:] = 0, 0
    found = Nowcast().forecasts(panel_of(known(upstream, downstream, unpublished=1)), leads=[LED])

    assert found
    assert all(0 <= each.lower <= each.expected <= each.upper for each in found)


def test_a_panel_without_the_series_is_refused(panel_of):
    """By name."""
    with pytest.raises(DetectorError, match="series 1"):
        Nowcast().forecasts(panel_of([[1.0, 2.0]]), leads=[LED])


@pytest.mark.slow
@pytest.mark.parametrize(("n_months", "level"), [(30, 500), (60, 500), (60, 30)])
@pytest.mark.parametrize("coverage", [0.8, 0.95])
def test_ranges_hold_as_often_as_stated(n_months, level, coverage, panel_of):
    """Simulated leads, short and long, large and small: the share of figures inside is within five points of the stated one."""
    rng, inside = np.random.default_rng(11), []
    method = Nowcast(NowcastParameters(coverage=coverage))
    for _ in range(250):
        upstream, downstream = drawn(rng, n_months + 4, level=level)
        upstream[-2:] = np.nan
        found = method.forecasts(panel_of([upstream, *known(upstream, downstream, unpublished=4)[1:]]), leads=[LED])
        inside += [each.lower <= downstream[n_months - 1 + each.horizon_months] <= each.upper for each in found]

    assert len(inside) == 1000
    assert np.mean(inside) == pytest.approx(coverage, abs=0.05)
