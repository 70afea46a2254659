"""Quantiles and tails against scipy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from detectors.negative_binomial import chance_from, chance_up_to, quantile, quantile_and_rest

MEANS = st.floats(1e-9, 1e7)
DISPERSIONS = st.one_of(st.just(1.0), st.floats(1.001, 1e5))


def law(mean, dispersion):
    return stats.poisson(mean) if dispersion == 1 else stats.nbinom(mean / (dispersion - 1), 1 / dispersion)


def arrays(*values):
    return (np.array([float(value)]) for value in values)


@given(chance=st.floats(1e-9, 1 - 1e-9), mean=MEANS, dispersion=DISPERSIONS)
def test_quantiles_pass_the_chance_at_their_own_count(chance, mean, dispersion):
    """The smallest count that is not exceeded with this chance, by scipy's distribution function: its own quantile is at times one off."""
    count = quantile(*arrays(chance, mean, dispersion))[0]
    rounding = 1e-7 * min(chance, 1 - chance)

    assert law(mean, dispersion).cdf(count) >= chance - rounding
    assert law(mean, dispersion).cdf(count - 1) <= chance + rounding


def test_many_quantiles_at_once_are_scipy_s():
    """Series with their own chances, means and dispersions do not disturb each other."""
    rng = np.random.default_rng(1)
    mean, dispersion = np.exp(rng.uniform(-12, 13, 20_000)), 1 + np.exp(rng.uniform(-6, 9, 20_000))
    chance = rng.choice([1e-4, 0.005, 0.5, 0.95, 0.99, 0.999], 20_000)

    np.testing.assert_array_equal(quantile(chance, mean, dispersion), stats.nbinom.ppf(chance, mean / (dispersion - 1), 1 / dispersion))


@given(chance=st.floats(1e-9, 1 - 1e-9), mean=MEANS, dispersion=DISPERSIONS)
def test_the_rest_is_the_chance_of_a_smaller_count(chance, mean, dispersion):
    """Whether it was reached by single chances or by the distribution function."""
    count, rest = quantile_and_rest(*arrays(chance, mean, dispersion))

    assert rest[0] == pytest.approx(chance_up_to(count - 1, *arrays(mean, dispersion))[0], rel=1e-6, abs=1e-12)
    assert rest[0] < chance


@given(count=st.integers(-1, 10**6), mean=MEANS, dispersion=DISPERSIONS)
def test_tails_are_scipy_s(count, mean, dispersion):
    """P(Y <= count) and P(Y >= count) agree where scipy has digits, and add up with one count between them."""
    up_to, beyond = chance_up_to(*arrays(count, mean, dispersion))[0], chance_from(*arrays(count + 1, mean, dispersion))[0]

    assert up_to == pytest.approx(law(mean, dispersion).cdf(count), rel=1e-7, abs=1e-300)
    assert beyond == pytest.approx(law(mean, dispersion).sf(count), rel=1e-7, abs=1e-12)
    assert up_to + beyond == pytest.approx(1, abs=1e-9)


def test_nobody_expected_is_nobody_at_any_chance():
    """At mean 0 the quantile is 0, and any case is beyond chance; what is never exceeded is infinite."""
    none, one = np.zeros(1), np.ones(1)

    assert quantile(np.array([0.99]), none, one)[0] == 0
    assert chance_up_to(none, none, one)[0] == 1
    assert chance_from(one, none, one)[0] == 0
    assert quantile(one, one, one)[0] == np.inf
