"""The evidence of a window whose periods have means of their own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.glr import judge_period, student
from detectors.level import estimate
from detectors.likelihood_ratio import likelihood_ratio
from detectors.seasonal_window import Window


def window_of(counts: list[float], means: np.ndarray, dispersion: float) -> Window:
    return Window(
        counts=np.array(counts, dtype=float)[:, None],
        means=means[:, None],
        terms=np.ones((len(counts), 1, 1)),
        dispersion=np.array([dispersion]),
        covariance=np.full((1, 1, 1), 0.01),
    )


def test_with_one_mean_it_is_the_plain_chart(draw_counts):
    """Where all periods share a mean that is known from n periods, score and bounds are those of the level of the whole history."""
    counts = draw_counts(200, 40, mean=60, dispersion=0.2)
    restart = np.random.default_rng(1).integers(30, 40, 200)
    past = counts[:, :34]
    mean, dispersion, size = estimate(past, np.ones(past.shape, dtype=bool))
    seen = Window(
        counts=counts[:, 34:].T,
        means=np.broadcast_to(mean, (6, 200)),
        terms=np.ones((6, 200, 1)),
        dispersion=dispersion,
        covariance=((1 + dispersion * mean) / (size * mean))[:, None, None],
    )
    found = seen.judge(student(2.5, mean, dispersion, size), 40 - restart)

    np.testing.assert_allclose(found, judge_period(counts, restart, window=6, limit=2.5)[1:], rtol=1e-7, atol=1e-7)


@settings(deadline=None, max_examples=150)
@given(
    earlier=st.lists(st.one_of(st.just(0), st.integers(0, 400)), max_size=5),
    season=st.tuples(st.floats(0.05, 1e4), st.floats(0.3, 3)),
    dispersion=st.sampled_from([1e-3, 0.2, 5.0]),
    wanted=st.floats(0.5, 5),
    upward=st.booleans(),
)
def test_a_count_speaks_as_strongly_as_asked(earlier, season, dispersion, wanted, upward):
    """With the count found the root of twice the evidence is what was wanted; where none is found, nobody says too much, or too little."""
    means = season[0] * season[1] ** np.arange(len(earlier) + 1)
    seen = window_of([*earlier, 7], means, dispersion)
    count = seen.count_at(np.array([wanted]), seen.without_newest(), upward=upward)[0]
    log_ratio, evidence = likelihood_ratio(np.array([*earlier, max(count, 0)])[:, None], means[:, None], np.array([dispersion]))
    root, rises = np.sqrt(2 * evidence[0]), log_ratio[0] > 0

    if count > 0:
        assert root == pytest.approx(wanted, rel=1e-6, abs=1e-6)
        assert rises == upward
    elif upward:
        assert rises
        assert root >= wanted - 1e-6
    else:
        assert rises or root <= wanted + 1e-6


def test_an_uncertain_month_widens_the_limit():
    """A window of months whose season is hardly known needs more evidence than one whose season is known well."""
    terms = np.array([[[1.0, 1]], [[1.0, 1]]])
    sure, unsure = (
        Window(
            counts=np.full((2, 1), 50.0),
            means=np.full((2, 1), 50.0),
            terms=terms,
            dispersion=np.array([0.1]),
            covariance=np.diag([0.01, each])[None],
        )
        for each in (0.01, 1.0)
    )
    information = 2 * 50 / (1 + 0.1 * 50)

    assert sure.widening()[0] == pytest.approx(np.sqrt(1 + information * 0.02))
    assert unsure.widening()[0] == pytest.approx(np.sqrt(1 + information * 1.01))
