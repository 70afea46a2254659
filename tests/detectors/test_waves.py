"""Regressions on waves, many series at once, against the plain ones."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectors.level import dispersion_of
from detectors.waves import by_part, combine, fit, parts_of_year, pearson_dispersion, waves

MONTHS = np.arange(60) % 12


def drawn(seed: int, n_series: int = 9) -> np.ndarray:
    """Draw five years of months, from a few people to millions, in season, with months without anybody."""
    rng = np.random.default_rng(seed)
    means = np.exp(rng.uniform(0, 15, n_series) + rng.uniform(0, 2, n_series) * np.sin(2 * np.pi * MONTHS[:, None] / 12))
    return rng.poisson(means * rng.gamma(1, 1, means.shape)) * (rng.random(means.shape) > 0.1) + 0.0


@pytest.mark.filterwarnings("ignore:Perfect separation")
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_every_series_is_fitted_as_statsmodels_fits_it(number, seed):
    """Months without anybody, gaps and huge counts too, the means agree with GLM's to 1e-8, though only sums by month are looked at."""
    counts, design = drawn(seed), waves(12, number)
    published = np.random.default_rng(seed).random(counts.shape) > 0.15
    totals, periods = (by_part(each, MONTHS, 12) for each in (counts * published, published + 0.0))
    fitted = np.exp(combine(fit(totals, periods, design), design))[MONTHS]

    for row, used in enumerate(published.T):
        plain = sm.GLM(counts[used, row], design[MONTHS[used]], family=sm.families.Poisson()).fit(tol=1e-13, maxiter=200)
        np.testing.assert_allclose(fitted[used, row], plain.fittedvalues, rtol=1e-8)


@pytest.mark.shared
@pytest.mark.filterwarnings("ignore:Perfect separation")
@pytest.mark.parametrize(("room", "config", "column", "trend"), [("cusum", "Q3", "m", False), ("glr", "G3", "mu0", True)])
def test_means_equal_the_reference(shared, room, config, column, trend):
    """One wave fitted to 36 months, with and without a trend, gives R surveillance's means of all months after.

    R stops where the deviance stands to 1e-8, which leaves up to 4e-8 in the means of one or two series; statsmodels, iterated to the
    end, confirms ours.
    """
    reference = pd.read_csv(shared / "golden" / room / f"{config}.csv")
    inputs = pd.read_csv(shared / "golden" / "inputs" / "monthly.csv").groupby("series")
    apart = []
    for name, rows in reference.groupby("series"):
        counts = inputs.get_group(name).sort_values("period")["value"].to_numpy(float)
        design = waves(12, 1)[np.arange(len(counts)) % 12]
        if trend:
            design = np.column_stack([design, np.arange(len(counts)) / 12])
        means = np.exp(combine(fit(counts[:36, None], np.ones((36, 1)), design[:36]), design))[36:, 0]
        plain = sm.GLM(counts[:36], design[:36], family=sm.families.Poisson()).fit(tol=1e-13, maxiter=200)
        np.testing.assert_allclose(means, np.exp(design[36:] @ plain.params), rtol=1e-10)
        apart.append(np.abs(means / rows[column].to_numpy() - 1).max())

    assert len(apart) == 41
    assert sum(each > 1e-8 for each in apart) <= 2
    assert max(apart) < 4e-8


@settings(max_examples=60, deadline=None)
@given(counts=arrays(float, (12, 3), elements=st.one_of(st.integers(0, 5), st.sampled_from([0, 1e4, 1e12])).map(float)))
def test_a_fit_balances_whatever_is_counted(counts):
    """Half a person in each month, and there is a fit: the fitted counts have the same sums over every wave as the counts."""
    design, totals = waves(12, 2), counts + 0.5
    fitted = np.exp(combine(fit(totals, np.ones((12, 3)), design), design))

    np.testing.assert_allclose(design.T @ fitted, design.T @ totals, rtol=1e-7, atol=1e-7 * totals.max())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), kept=st.lists(st.integers(0, 8), min_size=1, max_size=9, unique=True))
def test_a_series_is_fitted_alike_in_any_company(seed, kept):
    """Which series stand beside it changes no last digit of a series' fit, not even when it stands alone."""
    totals, design = by_part(drawn(seed) + 0.1, MONTHS, 12), waves(12, 2)
    whole, part = fit(totals, np.full(totals.shape, 5.0), design), fit(totals[:, kept], np.full((12, len(kept)), 5.0), design)

    np.testing.assert_array_equal(whole[:, kept], part)


def test_a_week_lies_where_its_middle_does():
    """52 parts of every year, whatever its length: the first holds the week around 4 January, and no year leaves one out."""
    weeks = pd.period_range("2009-12-28", periods=2000, freq="W-SUN")
    parts = parts_of_year(weeks)
    middles = weeks.start_time + pd.Timedelta(days=3)

    assert parts.min() == 0
    assert parts.max() == 51
    np.testing.assert_array_equal(parts[(middles.month == 1) & (middles.day <= 7)], 0)
    assert set((np.diff(parts) % 52).tolist()) == {0, 1}
    assert all(np.unique(parts[start : start + 53]).size == 52 for start in range(0, 1900, 53))


def test_months_are_parts_by_their_name():
    """A calendar that begins in March begins in the third part."""
    assert parts_of_year(pd.period_range("2010-03", periods=12, freq="M")).tolist() == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1]


def test_with_one_mean_the_dispersion_is_the_plain_one():
    """Pearson's equation has the same root as the moments where all months have the same mean."""
    rng = np.random.default_rng(4)
    counts = rng.negative_binomial(3, 0.01, (24, 50)).astype(float)
    mean = counts.mean(axis=0)
    squares = ((counts - mean) ** 2).reshape(2, 12, 50).sum(axis=0)
    ours = pearson_dispersion(np.broadcast_to(mean, (12, 50)), squares, np.full(50, 23), least=1e-3)

    np.testing.assert_allclose(ours, dispersion_of(mean, squares.sum(axis=0), 24), rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([0.01, 1.0, 1e4]))
def test_the_dispersion_solves_its_equation(seed, scale):
    """At the root the weighted squares are the degrees of freedom; below the least dispersion they are fewer."""
    rng = np.random.default_rng(seed)
    means = scale * np.exp(rng.uniform(-2, 2, (12, 5)))
    squares = means * rng.exponential(rng.choice([0.5, 5, 50]), means.shape) * (rng.random(means.shape) > 0.2)
    found = pearson_dispersion(means, squares, np.full(5, 33), least=1e-3)
    weighted = (squares / (means + found * means**2)).sum(axis=0)

    np.testing.assert_allclose(weighted[found > 1e-3], 33, rtol=1e-6)
    assert (weighted[found == 1e-3] <= 33).all()
