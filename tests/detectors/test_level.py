"""The level before a change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectors.level import SteadyLevel, estimate, far_out, may_be_far_out, pasts_that_may_be_far_out


def test_a_past_outbreak_does_not_raise_the_baseline():
    """One month of thirty times the level is left out of mean and dispersion."""
    quiet = np.array([[100.0, 80, 120, 95, 105, 110, 70, 130, 100, 90, 115, 85]])
    outbreak = quiet.copy()
    outbreak[0, 4] *= 30
    mean, dispersion, size = estimate(outbreak, np.ones_like(outbreak, dtype=bool))

    assert mean[0] == pytest.approx(quiet.mean(), rel=0.1)
    assert dispersion[0] < 0.1
    assert size[0] == 11


def test_what_is_common_is_not_far_out():
    """Where many months lie far out, as with a border closed for a third of a year, they are the series' nature and stay."""
    closed = np.array([[1300.0, 1500, 970, 0, 0, 135, 0, 0, 84, 315, 313, 645]])

    assert not far_out(closed, np.ones_like(closed, dtype=bool)).any()


FIRST = 6


COUNTS = arrays(float, (3, 25), elements=st.one_of(st.integers(0, 12), st.integers(80, 120), st.sampled_from([0, 1e4, 1e9])).map(float))


@settings(deadline=None)
@given(counts=COUNTS)
def test_what_is_not_in_doubt_is_not_far_out(counts):
    """Where the quick look in single precision finds nothing in doubt, the exact one finds nothing far out."""
    doubtful = pasts_that_may_be_far_out(counts.T.copy(), first=FIRST)
    for column in range(FIRST, counts.shape[1]):
        past = counts[:, :column]
        out = far_out(past, np.ones_like(past, dtype=bool)).any(axis=1)

        assert not (out & ~doubtful[column]).any()
        assert not (out & ~may_be_far_out(past, np.full(len(past), column))).any()


def test_little_is_in_doubt(draw_counts):
    """In control the quick look settles nine of ten periods; else it would save nothing."""
    counts = draw_counts(500, 80, mean=100, dispersion=0.2)

    assert pasts_that_may_be_far_out(counts.T.copy(), first=12)[12:].mean() < 0.1
    assert may_be_far_out(counts, np.full(500, 80)).mean() < 0.1


@settings(deadline=None)
@given(counts=COUNTS, steps=st.lists(st.tuples(st.integers(0, 20), st.integers(3, 25)), min_size=2, max_size=6))
def test_running_sums_say_what_the_stretch_says(counts, steps):
    """Wherever a level began and its baseline ends, its mean, dispersion and size are those estimated from that stretch alone."""
    level = SteadyLevel(counts, counts.T.copy(), first=FIRST)
    level.take_in(range(FIRST))
    begins, rows = np.zeros(3, dtype=np.intp), np.arange(3)
    for rank in range(FIRST, counts.shape[1]):
        begin, length = steps[rank % len(steps)]
        if begins[rank % 3] <= begin <= rank - 3:
            begins[rank % 3] = begin
        ends = np.minimum(begins + length, rank)
        at = np.arange(rank)
        mean, dispersion, size = estimate(counts[:, :rank], (at >= begins[:, None]) & (at < ends[:, None]))
        known = level.renew(rows, begins.copy(), ends, rank=rank)

        np.testing.assert_allclose(known.mean, mean, rtol=1e-9)
        np.testing.assert_allclose(known.dispersion, dispersion, rtol=1e-6)
        np.testing.assert_array_equal(known.size, size)
        level.take_in(range(rank, rank + 1))
