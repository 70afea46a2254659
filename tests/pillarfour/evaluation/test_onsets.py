"""Onsets are found where anybody would see them, and nowhere else."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour.detection import Panel
from pillarfour.evaluation import onsets
from pillarfour.model import SeriesKey

KEY = SeriesKey(stage="darien", subject="total")


def find(counts, direction="up"):
    panel = Panel(
        values=np.array([counts], dtype=float),
        series=(KEY,),
        periods=pd.period_range("2020-01", periods=len(counts), freq="M"),
        unit="persons",
    )
    return [str(pd.Period(ordinal=each.month, freq="M")) for each in onsets.find(panel, KEY, direction)]


def test_a_step_begins_where_it_begins():
    """The first month of the higher level is the onset, once."""
    assert find([1000] * 12 + [3000] * 12) == ["2021-01"]
    assert find([3000] * 12 + [1000] * 12, "down") == ["2021-01"]


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param([1000] * 24, id="nothing happens"),
        pytest.param([1000] * 12 + [1900] * 12, id="less than twice"),
        pytest.param([1000] * 12 + [9000] + [1000] * 11, id="one month alone"),
        pytest.param([100] * 12 + [900] * 12, id="few people"),
        pytest.param([100000] * 12 + [1000] * 12 + [4000] * 12, id="little beside what the series has seen"),
    ],
)
def test_what_is_no_sustained_doubling_is_none(counts):
    """Neither noise nor a small series is an onset."""
    assert find(counts) == []


def test_a_gap_is_no_onset():
    """A quarter with a month that is not published is not compared."""
    nan = float("nan")

    assert find([1000] * 12 + [nan, 3000, 3000] + [3000] * 6) == []


@given(st.lists(st.integers(0, 50_000), min_size=6, max_size=40))
def test_an_onset_is_what_the_rule_says(counts):
    """Whatever the figures, each onset doubles or halves a quarter, with a thousand people in the larger one."""
    for direction in ("up", "down"):
        for month in find(counts, direction):
            column = (pd.Period(month, freq="M") - pd.Period("2020-01", freq="M")).n
            before, after = np.mean(counts[column - 3 : column]), np.mean(counts[column : column + 3])
            small, large = (before, after) if direction == "up" else (after, before)
            assert large + 0.5 >= 2 * (small + 0.5)
            assert large >= 1000


@given(st.lists(st.integers(0, 50_000), min_size=6, max_size=60))
def test_onsets_of_one_direction_stand_apart(counts):
    """Half a year lies between two."""
    found = [pd.Period(month, freq="M").ordinal for month in find(counts)]

    assert all(later - earlier >= onsets.APART for earlier, later in pairwise(found))
