"""The level of each part of the year, before a change."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import brentq

from detectors.level import MOST_DISPERSED
from detectors.run_length import LEAST_DISPERSION
from detectors.seasonal_level import Season, Seasons, await_seasons, least_months
from detectors.waves import waves
from pillarfour.detection import INSUFFICIENT_HISTORY, NO_DATA, OK

MARCH = pd.period_range("2010-03", periods=60, freq="M")


def estimated(counts: np.ndarray, periods: pd.PeriodIndex = MARCH, *, harmonics: int = 1, begin: int = 0, end: int | None = None) -> Season:
    """Estimate from all published figures but each series' last, or from those of some ranks."""
    rows = np.arange(len(counts))
    last = np.isfinite(counts).sum(axis=1) - 1 if end is None else np.full(len(counts), end)
    return Seasons(counts, periods, harmonics=harmonics).estimate(rows, np.full(len(counts), begin), last)


@pytest.fixture
def gapped(draw_counts):
    """Draw series in season, from small to large, with gaps but without outbreaks."""
    counts = np.vstack([draw_counts(6, 60, mean=mean, dispersion=0.05, season=0.5) for mean in (3, 300, 1e6)])
    last = counts[:, -1].copy()
    counts[np.random.default_rng(2).random(counts.shape) < 0.15] = np.nan
    counts[3::6, :9] = np.nan
    counts[:, -1] = last
    return counts


@pytest.mark.parametrize("harmonics", [1, 2, 3])
def test_a_season_is_the_plain_regression(gapped, harmonics):
    """Mean of each month, its error and the dispersion are those of statsmodels' GLM of the published months by their names, to 1e-8.

    The errors are the sandwich of Poisson's score with the variance that the dispersion gives.
    """
    season, checked = estimated(gapped, harmonics=harmonics), 0
    for row, series in enumerate(gapped):
        used = np.flatnonzero(np.isfinite(series))[:-1]
        if season.size[row] < len(used):
            continue
        design = waves(12, (season.terms[row] - 1) // 2)
        regressors = design[MARCH.month[used] - 1]
        plain = sm.GLM(series[used] + 0.5 / len(used), regressors, family=sm.families.Poisson()).fit(tol=1e-13, maxiter=200)
        mean, squares = plain.fittedvalues, (series[used] - plain.fittedvalues) ** 2
        left = len(used) - design.shape[1]
        over = lambda each, mean=mean, squares=squares, left=left: (squares / (mean + each * mean**2)).sum() - left  # noqa: E731 - the equation
        dispersion = brentq(over, LEAST_DISPERSION, 10, xtol=1e-15) if over(LEAST_DISPERSION) > 0 else LEAST_DISPERSION
        middle = (regressors.T * mean * (1 + dispersion * mean)) @ regressors
        np.testing.assert_allclose(season.means[:, row], np.exp(design @ plain.params), rtol=1e-8)
        np.testing.assert_allclose(season.dispersion[row], dispersion, rtol=1e-7)
        errors = plain.normalized_cov_params @ middle @ plain.normalized_cov_params
        n_terms = len(errors)
        np.testing.assert_allclose(season.covariance[row][:n_terms, :n_terms], errors, rtol=1e-7, atol=1e-7 * np.abs(errors).max())
        checked += 1

    assert checked > 12


def test_the_season_goes_by_the_calendar_not_by_the_rank():
    """A month that is missing shifts no other: June is expected to be what Junes are, though the fortieth figure is another month's."""
    season = np.round(1e6 * np.exp(0.8 * np.cos(2 * np.pi * np.arange(12) / 12 - np.pi * 5 / 6)))
    counts = season[MARCH.month - 1]
    counts[np.random.default_rng(3).permutation(59)[:18]] = np.nan

    np.testing.assert_allclose(estimated(counts[None]).means[:, 0], season, rtol=1e-5)


def test_weeks_have_their_season_too():
    """Ten years of weeks, by the date of their middle: the wave is found within a hundredth, in years of 53 weeks too."""
    weeks = pd.period_range("2010-01-04", periods=520, freq="W-SUN")
    share = (weeks.start_time.day_of_year.to_numpy() + 2.5) / 365.25
    counts = np.round(1e5 * np.exp(0.6 * np.sin(2 * np.pi * share)))
    season = estimated(counts[None], weeks)
    expected = 1e5 * np.exp(0.6 * np.sin(2 * np.pi * (np.arange(52) + 0.5) / 52))

    np.testing.assert_allclose(season.means[:, 0], expected, rtol=0.01)


@pytest.mark.parametrize(("factor", "periods"), [(30, 1), (1e3, 1), (1e6, 1), (8, 3), (0, 3)])
def test_past_outbreaks_and_closures_do_not_bend_the_season(draw_counts, factor, periods):
    """One month of thirty times its season or of a million, three of eight times or three of nobody are left out, and the season stays."""
    counts = draw_counts(200, 61, mean=100, dispersion=0.05, season=0.6)
    quiet = estimated(counts, pd.period_range("2010-01", periods=61, freq="M"))
    counts[:, 30 : 30 + periods] *= factor
    season = estimated(counts, pd.period_range("2010-01", periods=61, freq="M"))
    found = season.size <= 60 - periods

    assert found.mean() > 0.9
    assert np.abs(np.log(season.means / quiet.means))[:, found].mean() < 0.05
    assert np.median(season.dispersion) < 0.07


def test_a_peak_of_every_year_is_no_outbreak(draw_counts):
    """Where summers have five times as many people as winters, every year, hardly a month is left out."""
    counts = draw_counts(200, 61, mean=200, dispersion=0.05, season=0.8)
    season = estimated(counts, pd.period_range("2010-01", periods=61, freq="M"))

    assert season.size.mean() > 59.5


def test_each_wave_more_needs_a_year_more(draw_counts):
    """Less than three years carry one wave, and each further year another, as far as waves are asked for."""
    counts = draw_counts(1, 60, mean=100, dispersion=0.1)
    terms = [estimated(counts, harmonics=3, end=end).terms[0] for end in (12, 24, 35, 36, 47, 48, 59)]

    assert terms == [3, 3, 3, 5, 5, 7, 7]
    assert [least_months(harmonics) for harmonics in (1, 2, 3)] == [24, 36, 48]


def test_a_stretch_is_the_record_cut_there(gapped):
    """A baseline from one rank to another is what a record of these figures alone gives."""
    cut = gapped.copy()
    rank = np.cumsum(np.isfinite(gapped), axis=1) - 1
    cut[(rank < 10) | (rank > 40)] = np.nan
    stretch, alone = estimated(gapped, begin=10, end=40), estimated(cut)

    np.testing.assert_allclose(stretch.means, alone.means, rtol=1e-12)
    np.testing.assert_allclose(stretch.dispersion, alone.dispersion, rtol=1e-12)


def test_zeros_are_surprised_by_the_same_half_person():
    """A baseline of nobody expects half a person shared out among its periods, in every month alike."""
    season = estimated(np.zeros((1, 60)))

    assert season.means[:, 0] == pytest.approx(np.full(12, 0.5 / 59))


@settings(max_examples=60, deadline=None)
@given(
    counts=arrays(float, (2, 40), elements=st.one_of(st.integers(0, 3), st.sampled_from([0, 0, 500, 1e9, np.nan])).map(float)),
    harmonics=st.integers(1, 3),
)
def test_whatever_is_published_has_a_season(counts, harmonics):
    """No figure, however wild, rare or lonely, makes a mean or a dispersion that is none."""
    counts[:, [0, -1]] = 1.0
    season = estimated(counts, pd.period_range("2010-01", periods=40, freq="M"), harmonics=harmonics)

    assert np.isfinite(season.means).all()
    assert (season.means >= 0.4 / np.isfinite(counts).sum(axis=1)).all()
    assert ((season.dispersion >= LEAST_DISPERSION) & (season.dispersion <= MOST_DISPERSED)).all()
    assert np.isfinite(season.covariance).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), kept=st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True))
def test_a_series_is_estimated_alike_in_any_company(seed, kept):
    """Which series stand beside it, gapped or not, changes no last digit."""
    rng = np.random.default_rng(seed)
    counts = rng.negative_binomial(2, 0.02, (7, 40)) * np.where(rng.random((7, 40)) < 0.03, 40.0, 1)
    counts[rng.random(counts.shape) < 0.1] = np.nan
    counts[:, -1] = 3
    months = pd.period_range("2010-01", periods=40, freq="M")
    whole, part = estimated(counts, months, harmonics=2), estimated(counts[kept], months, harmonics=2)

    np.testing.assert_array_equal(whole.means[:, kept], part.means)
    np.testing.assert_array_equal(whole.dispersion[kept], part.dispersion)
    np.testing.assert_array_equal(whole.covariance[kept], part.covariance)


def test_half_a_year_is_no_season():
    """Until a figure of each quarter precedes, whatever the number of figures, nothing is judged; what is not published stays so."""
    november = 44
    counts = np.where(MARCH.month < 9, 100.0, np.nan)[None].repeat(2, axis=0)
    counts[1, november] = 90
    status = np.where(np.isnan(counts), NO_DATA, OK).astype(np.int8)
    before = status.copy()
    await_seasons(status, counts, MARCH)

    np.testing.assert_array_equal(status[0], np.where(before[0] == NO_DATA, NO_DATA, INSUFFICIENT_HISTORY))
    assert not (status[1, : november + 1] == OK).any()
    np.testing.assert_array_equal(status[1, november + 1 :], before[1, november + 1 :])
