"""Whether leads are found where they are, and only there."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.tsa.stattools import grangercausalitytests

from detectors import prewhitening
from detectors.lead_lag import LeadLag, LeadLagParameters, granger, holm_factors
from pillarfour.detection import Panel
from pillarfour.errors import DetectorError

PAIR = [("series 0", "series 1")]


def led(n_months: int, *, lag: int, seed: int = 3, strength: float = 1.0, level: float = 500, tail: int = 0):  # noqa: PLR0913 - what a case may change
    """Draw a wandering upstream, and a downstream that follows it a lag later; the last months of the downstream are not out."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0, 0.4, n_months + lag))
    upstream = rng.poisson(level * np.exp(walk[lag:])).astype(float)
    downstream = rng.poisson(level * np.exp(strength * walk[:n_months] + rng.normal(0, 0.2, n_months))).astype(float)
    downstream[n_months - tail :] = np.nan
    return upstream, downstream


@pytest.mark.parametrize("lag", [0, 1, 2, 4])
def test_a_lead_is_found_at_its_lag(lag, panel_of):
    """The lag, an interval that holds it, its sign, and how far it reaches."""
    (lead,) = LeadLag().leads(panel_of(led(60, lag=lag, tail=1)), pairs=PAIR)

    assert lead.usable
    assert lead.lag_months == lag
    assert lead.lag_interval[0] <= lag <= lead.lag_interval[1]
    assert lead.correlations[lag] > 0.5
    assert lead.p_value < 0.01
    assert lead.gain_months == lag + 1


def test_independent_series_have_no_lead(panel_of):
    """And the reason is said."""
    upstream, _ = led(60, lag=1, seed=1)
    _, downstream = led(60, lag=1, seed=2)
    (lead,) = LeadLag().leads(panel_of([upstream, downstream]), pairs=PAIR)

    assert (lead.usable, lead.reason, lead.lag_months) == (False, "insignificant", None)


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        ({"n_months": 20, "lag": 1}, "too_short"),
        ({"n_months": 60, "lag": 1, "level": 2}, "too_few"),
        ({"n_months": 60, "lag": 1, "strength": -1.0}, "wrong_sign"),
        ({"n_months": 60, "lag": 0}, "published_first"),
    ],
)
def test_why_a_lag_is_not_usable_is_said(drawn, reason, panel_of):
    """Too short, too few people, more upstream with fewer downstream, or a lag that tells what is known already."""
    (lead,) = LeadLag().leads(panel_of(led(**drawn)), pairs=PAIR)

    assert (lead.usable, lead.reason) == (False, reason)


def test_a_lag_is_no_use_where_the_downstream_is_published_first(panel_of):
    """One month of lag, and an upstream figure that comes one month after the downstream one."""
    upstream, downstream = led(60, lag=1)
    upstream[-1] = np.nan
    (lead,) = LeadLag().leads(panel_of([upstream, downstream]), pairs=PAIR)

    assert (lead.reason, lead.lag_months, lead.gain_months) == ("published_first", 1, 0)


def test_one_month_makes_no_lead(panel_of):
    """A huge month upstream and another one downstream a month later are one coincidence, at the chance that a pair of many is given."""
    usable = 0
    for seed in range(20):
        upstream, downstream = np.random.default_rng(seed).poisson(200, size=(2, 48)).astype(float)
        upstream[30], downstream[31] = 200_000, 200_000
        (lead,) = LeadLag(LeadLagParameters(false_leads=0.05 / 39)).leads(panel_of([upstream, downstream]), pairs=PAIR)
        usable += lead.usable

    assert usable <= 1


def test_a_short_gap_is_bridged_and_a_long_one_ends_the_history(panel_of):
    """Two missing months are; three are not."""
    upstream, downstream = led(60, lag=1)
    months = []
    for gap in (2, 3):
        downstream[10 : 10 + gap] = np.nan
        (lead,) = LeadLag().leads(panel_of([upstream, downstream]), pairs=PAIR)
        months.append(lead.n_months)

    assert months == [58, 47]


@given(
    counts=st.lists(st.lists(st.one_of(st.integers(0, 10**9), st.none()), min_size=30, max_size=30), min_size=2, max_size=2),
    follows=st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_counts_are_answered(counts, follows, panel_of):
    """Zeros, gaps, constants, huge counts and copies: an answer, never an error, and probabilities are probabilities."""
    first, second = ([np.nan if count is None else count for count in row] for row in counts)
    (lead,) = LeadLag(LeadLagParameters(least_median=0)).leads(panel_of([first, first if follows else second]), pairs=PAIR)

    assert 0 < lead.p_value <= 1
    assert lead.usable == (lead.reason is None)
    assert all(abs(each) <= 1 + 1e-9 for each in lead.correlations)


@pytest.mark.parametrize("later", [0, 10**9])
def test_months_that_are_not_out_say_nothing(later, panel_of):
    """The answer is the same on a calendar that ends with what is known, and on one that goes on; nothing is kept from later figures."""
    rows = np.array(led(60, lag=1, tail=1))
    method = LeadLag()
    method.leads(panel_of([*np.hstack([rows[:, :50], np.full((2, 10), float(later))])]), pairs=PAIR)
    known = method.leads(panel_of(rows), pairs=PAIR)

    assert method.leads(panel_of(np.hstack([rows, np.full((2, 6), np.nan)])), pairs=PAIR) == known


def test_an_answer_does_not_depend_on_the_order_of_the_pairs(panel_of):
    """Permuting the pairs permutes the leads; a pair asked alone has the same lag with a milder correction."""
    rows = [*led(60, lag=1, seed=3), *led(60, lag=2, seed=4), *led(60, lag=0, seed=5)]
    pairs = [(f"series {2 * at}", f"series {2 * at + 1}") for at in range(3)]
    panel = panel_of(rows)
    together = LeadLag().leads(panel, pairs=pairs)
    alone = LeadLag().leads(panel, pairs=pairs[:1])[0]

    assert LeadLag().leads(panel, pairs=pairs[::-1]) == together[::-1]
    assert (alone.lag_months, alone.correlations) == (together[0].lag_months, together[0].correlations)
    assert alone.p_value <= together[0].p_value


def test_holm_is_holm():
    """The textbook's example: factors fall from 4 to 1, and a corrected p-value is never below one before it."""
    corrected = [round(p_value, 6) for _, p_value in holm_factors([0.01, 0.04, 0.03, 0.005])]

    assert corrected == [0.03, 0.06, 0.06, 0.02]


def test_granger_is_statsmodels_own_test():
    """At a lag of 1 nothing is moved: the p-value is that of the plain call."""
    upstream, downstream = (np.diff(np.log1p(each)) for each in led(60, lag=1))
    (test, *_) = grangercausalitytests(np.column_stack([downstream, upstream]), [2])[2]

    assert granger(upstream, downstream, lag=1) == pytest.approx(test["ssr_ftest"][1], rel=1e-12)


def test_whitening_filters_both_series_by_the_upstream_one():
    """What statsmodels' AutoReg leaves of the upstream is what the filter leaves."""
    rng = np.random.default_rng(1)
    upstream, downstream = np.ones(200), rng.normal(size=200)
    for at in range(1, 200):
        upstream[at] = -0.6 * upstream[at - 1] + rng.normal()
    first, second = prewhitening.whiten(upstream, downstream, longest_memory=1)
    weight = -(first[0] - upstream[1]) / upstream[0]

    assert weight == pytest.approx(-0.6, abs=0.12)
    assert second == pytest.approx(downstream[1:] - weight * downstream[:-1])


def test_only_months_and_known_series_are_taken(panel_of):
    """Weeks, and a series that the panel does not have, are refused by name."""
    weeks = Panel(values=np.ones((2, 5)), series=("a", "b"), periods=pd.period_range("2021-01-03", periods=5, freq="W"), unit="events")
    with pytest.raises(DetectorError, match="give months"):
        LeadLag().leads(weeks, pairs=[("a", "b")])
    with pytest.raises(DetectorError, match="no series x"):
        LeadLag().leads(panel_of([[1.0], [2.0]]), pairs=[("series 0", "x")])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_months", "mean", "dispersion", "season"),
    [(24, 100, 0.1, 0.0), (36, 1000, 0.5, 0.6), (60, 100, 0.0, 0.6), (60, 100, 0.1, 0.6), (60, 20, 0.3, 0.0)],
)
def test_independent_pairs_lead_as_rarely_as_stated(n_months, mean, dispersion, season, panel_of):
    """Poisson and negative-binomial counts with season and trend: at most the stated chance gives a lead, within the Monte-Carlo error."""
    rng, n_pairs, stated = np.random.default_rng(5), 100, 0.05
    at = np.arange(n_months) + rng.integers(12, size=(2 * n_pairs, 1))
    means = mean * np.exp(season * np.sin(2 * np.pi * at / 12) + 0.01 * np.arange(n_months))
    counts = rng.poisson(means * (rng.gamma(1 / dispersion, dispersion, size=means.shape) if dispersion else 1)).astype(float)
    panel, method = panel_of(counts), LeadLag(LeadLagParameters(false_leads=stated))
    found = [method.leads(panel, pairs=[(f"series {pair}", f"series {n_pairs + pair}")])[0] for pair in range(n_pairs)]
    rate = np.mean([lead.lag_months is not None and lead.reason != "wrong_sign" for lead in found])

    assert rate <= stated + 2 * np.sqrt(stated * (1 - stated) / n_pairs)


@pytest.mark.slow
def test_true_leads_are_found_as_often_as_documented(panel_of):
    """Five years, at the chance that one pair of thirty-nine is given: own noise of half the upstream's changes hides few leads."""
    method = LeadLag(LeadLagParameters(false_leads=0.05 / 39))
    found = [method.leads(panel_of(led(60, lag=1, seed=seed)), pairs=PAIR)[0] for seed in range(100)]

    assert np.mean([lead.lag_months == 1 for lead in found]) > 0.85
