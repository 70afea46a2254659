"""The batched fit against statsmodels' plain one."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.quasi_poisson import Design, fit

LEVELS = [(35,), (9, 5, 5, 12), (2, 3, 4), (15, *[5] * 9)]


def design_of(sizes, rng):
    n = sum(sizes)
    return Design(columns=np.arange(n), sizes=tuple(sizes), times=-rng.permutation(np.arange(1, n + 1))[:, None] / n, judged_level=0)


def matrix(design, *, trend):
    levels = np.repeat(np.eye(len(design.sizes)), design.sizes, axis=0)
    return np.hstack([levels, design.times]) if trend else levels


def plain(counts, weights, regressors):
    return sm.GLM(counts, regressors, family=sm.families.Poisson(), var_weights=weights).fit(tol=1e-13, maxiter=200)


@pytest.mark.parametrize("sizes", LEVELS, ids=str)
@pytest.mark.parametrize("trend", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_series_is_fitted_as_statsmodels_fits_it(sizes, trend, weighted):
    """Means, slope, leverage and the variance of the judged mean agree to 1e-8 over random panels, with weights and gaps."""
    rng = np.random.default_rng(sum(sizes) + trend)
    design = design_of(sizes, rng)
    growth = rng.normal(0, 1, 12)
    counts = rng.poisson(np.exp(rng.uniform(0, 9, 12) + growth * design.times) * rng.gamma(3, 1 / 3, (sum(sizes), 12))) + 0.0
    counts[0] += 1
    weights = rng.choice([0.05, 0.7, 1.1], counts.shape) * (rng.random(counts.shape) > 0.1) if weighted else np.ones((len(counts), 1))
    if weighted:
        starts = np.cumsum([0, *sizes[:-1]])
        weights[starts] = weights[starts + 1] = 1
        counts[starts + 1] += 1
    ours = fit(counts, weights, design, trend=trend)
    leverage, variance = ours.leverage(design), ours.log_mean_variance(design)
    judged = np.eye(len(sizes) + trend)[0]
    regressors = matrix(design, trend=trend)

    assert ours.converged.all()
    for row in range(counts.shape[1]):
        used = np.broadcast_to(weights, counts.shape)[:, row] > 0
        theirs = plain(counts[used, row], np.broadcast_to(weights, counts.shape)[used, row], regressors[used])
        np.testing.assert_allclose(ours.fitted[used, row], theirs.fittedvalues, rtol=1e-8)
        np.testing.assert_allclose(ours.mean[row], np.exp(theirs.params[0]), rtol=1e-8)
        np.testing.assert_allclose(ours.slope[row], theirs.params[-1] if trend else 0, atol=1e-8)
        np.testing.assert_allclose(leverage[used, row], theirs.get_hat_matrix_diag(observed=False) * 1.0, rtol=1e-8)
        np.testing.assert_allclose(variance[row], judged @ theirs.normalized_cov_params @ judged, rtol=1e-8)


def test_a_level_without_a_case_has_mean_zero():
    """Nobody in a season is a fit, not a failure, and tells the others nothing."""
    design = Design(columns=np.arange(9), sizes=(3, 6), times=-np.arange(9, 0, -1)[:, None] / 9, judged_level=0)
    counts = np.array([0, 0, 0, 5, 9, 7, 8, 10, 12.0])[:, None]
    alone = Design(columns=np.arange(6), sizes=(6,), times=design.times[3:], judged_level=0)
    both, one = fit(counts, np.ones((9, 1)), design, trend=True), fit(counts[3:], np.ones((6, 1)), alone, trend=True)

    assert both.mean[0] == 0
    assert both.converged[0]
    np.testing.assert_allclose(both.slope, one.slope, rtol=1e-12)
    assert np.isfinite(both.leverage(design)).all()


@pytest.mark.parametrize("counts", [[0.0] * 6, [0.0] * 5 + [7], [7.0] + [0.0] * 5])
def test_a_slope_without_end_is_no_fit(counts):
    """No case at all, or all of them at one end, has no finite slope: the fit says that it did not converge."""
    design = Design(columns=np.arange(6), sizes=(6,), times=-np.arange(6, 0, -1)[:, None] / 6, judged_level=0)

    assert not fit(np.array(counts)[:, None], np.ones((6, 1)), design, trend=True).converged[0]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), kept=st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True), trend=st.booleans())
def test_a_series_is_fitted_alike_in_any_company(seed, kept, trend):
    """Which series stand beside it changes no last digit of a series' fit, not even when it stands alone."""
    rng = np.random.default_rng(seed)
    design = design_of(LEVELS[seed % len(LEVELS)], rng)
    counts = rng.negative_binomial(1, 0.02, (len(design.times), 7)).astype(float)
    weights = rng.choice([0.0, 0.3, 1.0], counts.shape)
    whole, part = fit(counts, weights, design, trend=trend), fit(counts[:, kept], weights[:, kept], design, trend=trend)

    for name in ("fitted", "information", "centre", "curvature", "slope", "mean", "converged"):
        np.testing.assert_array_equal(getattr(whole, name)[..., kept], getattr(part, name), err_msg=name)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), factor=st.sampled_from([2.0, 0.25, 3.0, 1e6]))
def test_means_scale_with_counts(seed, factor):
    """So many times as many people have so many times the mean, and the same slope."""
    rng = np.random.default_rng(seed)
    design = design_of((9, 5, 5, 12), rng)
    counts = rng.negative_binomial(2, 0.05, (31, 3)).astype(float)
    small, large = (fit(each, np.ones((31, 1)), design, trend=True) for each in (counts, counts * factor))

    np.testing.assert_allclose(large.mean, small.mean * factor, rtol=1e-8)
    np.testing.assert_allclose(large.slope, small.slope, atol=1e-8)
