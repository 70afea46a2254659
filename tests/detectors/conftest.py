"""Panels to judge."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from pillarfour.detection import Panel


@pytest.fixture(scope="session")
def panel_of() -> Callable[..., Panel]:
    """Make a monthly panel of some rows of counts."""

    def make(rows: Sequence[Sequence[float]], *, start: str = "2010-01") -> Panel:
        values = np.array(rows, dtype=float)
        series = tuple(f"series {number}" for number in range(len(values)))
        return Panel(values=values, series=series, periods=pd.period_range(start, periods=values.shape[1], freq="M"), unit="persons")

    return make


@pytest.fixture(scope="session")
def draw_counts() -> Callable[..., np.ndarray]:
    """Draw counts in control: Poisson where the dispersion is 0, else negative binomial; a season of one cycle a year."""

    def draw(n_series: int, n_periods: int, *, mean: float, dispersion: float, season: float = 0.0) -> np.ndarray:
        rng = np.random.default_rng(20210913)
        at = np.arange(n_periods) + rng.integers(12, size=(n_series, 1))
        means = mean * np.exp(season * np.sin(2 * np.pi * at / 12))
        noise = rng.gamma(1 / dispersion, dispersion, size=means.shape) if dispersion else 1
        return rng.poisson(means * noise).astype(float)

    return draw
