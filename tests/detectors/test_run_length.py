"""How often a CUSUM alarms by chance."""

import decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.run_length import LimitTable, Place, alarm_rate, evidence, expected_alarm_rate


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


def limit_of(mean: float, dispersion: float, size: int, *, ratio: float = 2.0, rate: float = 1 / 48) -> float:
    table = LimitTable(ratio, rate_per_period=rate, most_periods=1000)
    return float(table.at(Place.of(one(mean), one(dispersion), np.array([size])))[0])


@pytest.mark.parametrize("ratio", [2.0, 0.5])
@pytest.mark.parametrize(("mean", "dispersion"), [(20, 0.3), (100, 0.1), (1000, 1.0)])
def test_the_chain_agrees_with_simulated_run_lengths(mean, dispersion, ratio):
    """The Markov chain's rate is that of a chart that runs, within four Monte-Carlo errors and two per cent of the lattice."""
    weighing = evidence(one(mean), one(dispersion), ratio)
    rng = np.random.default_rng(7)
    statistic, alarms, n_charts, n_periods = np.zeros(4000), 0, 4000, 300
    for _ in range(n_periods):
        counts = rng.poisson(mean * rng.gamma(1 / dispersion, dispersion, n_charts))
        statistic = np.maximum(statistic + weighing.slope * counts - weighing.offset, 0)
        alarmed = statistic >= 2.5
        alarms += alarmed.sum()
        statistic[alarmed] = 0
    stated = alarm_rate(one(2.5), weighing, one(mean), one(dispersion))[0]

    assert alarms / (n_charts * n_periods) == pytest.approx(stated, rel=0.02 + 4 / np.sqrt(alarms))


def test_the_evidence_is_the_ratio_of_the_likelihoods():
    """Slope and offset are those of the negative-binomial probability function itself."""
    from scipy.stats import nbinom  # noqa: PLC0415 - half a second for one test

    mean, dispersion, ratio, count = 40.0, 0.25, 2.0, 93
    plain = [nbinom.logpmf(count, 1 / dispersion, 1 / (1 + dispersion * at)) for at in (ratio * mean, mean)]
    weighing = evidence(one(mean), one(dispersion), ratio)

    assert (weighing.slope * count - weighing.offset)[0] == pytest.approx(plain[0] - plain[1], rel=1e-10)


def test_an_estimate_costs_a_higher_limit():
    """The shorter the baseline, the further out the alarm: what is not known is not taken for known."""
    found = [limit_of(100, 0.3, size) for size in (12, 18, 36, 1000)]

    assert found == sorted(found, reverse=True)
    assert found[0] > 1.2 * found[-1]


@pytest.mark.parametrize("ratio", [2.0, 0.5])
@pytest.mark.parametrize(("mean", "dispersion"), [(30, 0.2), (100, 0.1), (700, 0.5), (5000, 0.8)])
@pytest.mark.parametrize("size", [12, 18, 60])
def test_the_limit_gives_the_rate_between_grid_points(mean, dispersion, size, ratio):
    """Interpolation costs less than a fifth of the rate where counts are not small."""
    wanted = 1 / 48
    limit = one(limit_of(mean, dispersion, size, ratio=ratio, rate=wanted))

    assert expected_alarm_rate(limit, one(mean), one(dispersion), one(size), ratio=ratio)[0] == pytest.approx(wanted, rel=0.2)


@settings(max_examples=25, deadline=None)
@given(mean=st.floats(0.1, 1e5), dispersion=st.floats(1e-3, 5), limit=st.floats(0.5, 8), ratio=st.sampled_from([2.0, 0.5, 1.5]))
def test_a_higher_limit_never_alarms_more_often(mean, dispersion, limit, ratio):
    """The rate falls as the limit rises, up to the chain's lattice."""
    weighing = evidence(one(mean), one(dispersion), ratio)
    low, high = (alarm_rate(one(at), weighing, one(mean), one(dispersion), states=100)[0] for at in (limit, 1.5 * limit))

    assert high <= low * 1.05 + 1e-8


def test_a_limit_is_the_same_on_every_machine():
    """It is a function of its arguments alone: no draw, no clock, no state."""
    first = limit_of(100, 0.1, 24)
    limit_of(5, 2, 12, ratio=0.5, rate=1 / 120)

    assert limit_of(100, 0.1, 24) == first
    assert first == pytest.approx(2.45, abs=0.15)


def test_evidence_cancels_nothing_at_large_means():
    """A count's evidence is as exact for a hundred million people as for ten, where plain logarithms would leave seven digits."""
    mean, dispersion, ratio = 1e8, 0.2, 2.0
    log = lambda x: decimal.Decimal(x).ln()  # noqa: E731 - forty digits
    with decimal.localcontext(prec=40):
        over = decimal.Decimal(mean) * decimal.Decimal(dispersion)
        slope = log(decimal.Decimal(ratio) * (1 + over) / (1 + decimal.Decimal(ratio) * over))

    assert evidence(one(mean), one(dispersion), ratio).slope[0] == pytest.approx(float(slope), rel=1e-14)
