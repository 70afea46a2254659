"""How often a CUSUM alarms by chance."""

import decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.run_length import Chains, LimitTable, Place, evidence, expected_alarm_rates


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
    stated = Chains(one(2.5), weighing).alarm_rates(one(mean), one(dispersion))[0, 0]

    assert alarms / (n_charts * n_periods) == pytest.approx(stated, rel=0.02 + 4 / np.sqrt(alarms))


@pytest.mark.parametrize("ratio", [2.0, 0.5])
def test_charts_side_by_side_are_charts_alone(ratio):
    """What charts of one baseline share changes no digit: each rate is that of its baseline and limit by themselves."""
    means, dispersions, limits = np.array([0.3, 20, 4000]), np.array([2, 0.1, 0.5]), np.array([1, 2.4, 8])
    together = Chains(limits, evidence(means, dispersions, ratio)).alarm_rates(1.1 * means, dispersions)
    alone = [
        [Chains(one(limit), evidence(one(mean), one(spread), ratio)).alarm_rates(one(1.1 * mean), one(spread))[0, 0] for limit in limits]
        for mean, spread in zip(means, dispersions, strict=True)
    ]

    np.testing.assert_array_equal(together, alone)


def test_the_chain_is_that_of_its_plain_sums():
    """With ten states, and each chance and mean shortfall summed over single counts, the run length is the same."""
    from scipy.stats import nbinom  # noqa: PLC0415 - half a second for one test

    mean, dispersion, limit, states = 6.0, 0.4, 2.0, 10
    weighing, width = evidence(one(mean), one(dispersion), 2), limit / (states - 0.5)
    count = np.arange(2000)
    chance, step = nbinom.pmf(count, 1 / dispersion, 1 / (1 + dispersion * mean)), weighing.slope * count - weighing.offset
    moves = np.zeros((states, states))
    for start in range(states):
        reached = np.maximum(start * width + step, 0)
        for state in range(states):
            moves[start, state] = (chance * np.maximum(1 - np.abs(reached / width - state), 0))[reached < limit].sum()
        last = (reached >= (states - 1) * width) & (reached < limit)
        moves[start, -1] += (chance * (reached / width - states + 1))[last].sum()
    lengths = np.linalg.solve(np.eye(states) - moves, np.ones(states))

    assert Chains(one(limit), weighing, states=states).alarm_rates(one(mean), one(dispersion))[0, 0] == pytest.approx(1 / lengths[0])


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

    assert expected_alarm_rates(limit, one(mean), one(dispersion), one(size), ratio=ratio)[0, 0] == pytest.approx(wanted, rel=0.2)


@settings(max_examples=25, deadline=None)
@given(mean=st.floats(0.1, 1e5), dispersion=st.floats(1e-3, 5), limit=st.floats(0.5, 8), ratio=st.sampled_from([2.0, 0.5, 1.5]))
def test_a_higher_limit_never_alarms_more_often(mean, dispersion, limit, ratio):
    """The rate falls as the limit rises, up to the chain's lattice."""
    weighing = evidence(one(mean), one(dispersion), ratio)
    low, high = Chains(limit * np.array([1, 1.5]), weighing, states=100).alarm_rates(one(mean), one(dispersion))[0]

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
