"""Sliding windows over what is published."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.windows import moments, pack, statuses
from pillarfour.detection import STATUSES

figures = st.lists(st.one_of(st.just(np.nan), st.integers(0, 1000).map(float)), min_size=1, max_size=30)


@given(row=figures)
def test_packing_closes_the_gaps_and_undoes_itself(row):
    """The published figures stand together in their order, and go back to their own periods."""
    values = np.array([row, row[::-1]])
    packed = pack(values)
    published = [figure for figure in row if not np.isnan(figure)]

    assert packed.values[0, : len(published)].tolist() == published
    assert np.isnan(packed.values[0, len(published) :]).all()
    np.testing.assert_array_equal(packed.back(packed.values.copy()), values)


@given(row=st.lists(st.integers(0, 10**6), min_size=1, max_size=30), size=st.integers(2, 8), lag=st.integers(0, 3))
def test_moments_are_those_of_each_window(row, size, lag):
    """Mean and standard deviation are numpy's over the window, and nothing where it is not full."""
    mean, deviation = moments(np.array([row], dtype=float), size=size, lag=lag)
    for at in range(len(row)):
        window = row[max(at - lag - size, 0) : max(at - lag, 0)]
        if len(window) < size:
            assert np.isnan(mean[0, at])
            continue
        assert mean[0, at] == pytest.approx(np.mean(window), rel=1e-12)
        assert deviation[0, at] == pytest.approx(np.std(window, ddof=1), rel=1e-9, abs=1e-9)


def test_equal_figures_have_no_deviation():
    """Not even a rounding error of one."""
    assert moments(np.full((1, 9), 17.0), size=7)[1][0, 7:].tolist() == [0, 0]


def test_each_figure_has_its_status():
    """Missing, too early, never moved and judged are told apart."""
    found = statuses(np.array([[np.nan, 5, 5, 5, np.nan, 5, 6]]), least=2)

    assert [STATUSES[code] for code in found[0]] == ["no_data", *["insufficient_history"] * 2, "constant", "no_data", "constant", "ok"]
