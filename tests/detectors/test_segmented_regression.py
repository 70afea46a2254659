"""Regressions that change: the best dates for every number of changes."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.segmented_regression import best_segments


def regressors(config: str, n_periods: int) -> np.ndarray:
    """Give the level, and R's twelve months or one wave beside it."""
    at = np.arange(1, n_periods + 1)
    waves = [np.cos(2 * np.pi * at / 12), np.sin(2 * np.pi * at / 12)]
    return {"S4": np.eye(12)[at % 12], "S5": np.ones((n_periods, 1)), "S6": np.column_stack([np.ones(n_periods), *waves])}[config]


@pytest.mark.shared
@pytest.mark.parametrize("config", ["S4", "S5", "S6"])
def test_segments_equal_strucchange(shared, config):
    """For every number of breaks the dates, the squared errors and the criterion are R's, and so is the number that it selects.

    Series that never moved are left out: any dates fit them exactly.
    """
    golden = shared / "golden"
    counts = dict(iter(pd.read_csv(golden / "inputs" / "monthly.csv").groupby("series")))
    asked = float(pd.read_csv(golden / "strucchange" / "configs.csv").set_index("id").h[config])
    compared = 0
    for name, theirs in pd.read_csv(golden / "strucchange" / f"{config}.csv").groupby("series"):
        logs = np.log1p(counts[name].value.to_numpy(dtype=float))
        if np.ptp(logs) == 0:
            continue
        least = int(asked if asked >= 1 else len(logs) * asked)
        ours = best_segments(logs, regressors(config, len(logs)), least_periods=least)[: len(theirs)]
        dates = [[] if pd.isna(breaks) else [*map(int, str(breaks).split())] for breaks in theirs.breaks]
        assert [[*each.ends[:-1]] for each in ours] == dates, name
        np.testing.assert_allclose([each.squared_error for each in ours], theirs.rss, rtol=1e-8, atol=1e-10, err_msg=name)
        np.testing.assert_allclose([each.bic for each in ours], theirs.bic, rtol=1e-8, err_msg=name)
        assert int(np.argmin([each.bic for each in ours])) == theirs.nbreaks[theirs.selected == 1].item(), name
        compared += len(theirs)

    assert compared > 170


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), least=st.integers(3, 5), number=st.integers(1, 3))
def test_no_other_dates_are_better(seed, least, number):
    """Of all ways to cut a record so often, the one found has the least squared errors."""
    rng = np.random.default_rng(seed)
    figures, design = rng.normal(size=20), np.column_stack([np.ones(20), rng.normal(size=20)])
    found = best_segments(figures, design, least_periods=least)[number]

    def error(ends: tuple[int, ...]) -> float:
        return sum(
            np.linalg.norm(figures[a:b] - design[a:b] @ np.linalg.lstsq(design[a:b], figures[a:b])[0]) ** 2
            for a, b in zip((0, *ends), (*ends, 20), strict=True)
        )

    ways = [ends for ends in combinations(range(1, 20), number) if min(np.diff((0, *ends, 20))) >= least]
    assert found.squared_error == pytest.approx(min(map(error, ways)))
    assert found.squared_error == pytest.approx(error(found.ends[:-1]))


def test_a_month_that_a_segment_lacks_costs_nothing():
    """A regressor that is zero throughout a stretch leaves its errors as they are without it."""
    figures = np.random.default_rng(1).normal(size=20)
    design = np.column_stack([np.ones(20), np.zeros(20)])

    assert best_segments(figures, design, least_periods=5)[1].ends == best_segments(figures, design[:, :1], least_periods=5)[1].ends
