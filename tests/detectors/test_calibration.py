"""Stated false-alarm rates against measured ones; the full tables stand in docs/method.md."""

import numpy as np
import pytest

from detectors.cusum import Cusum, CusumParameters
from detectors.stl import Stl, StlParameters

pytestmark = pytest.mark.slow


def measured(scores, n_judged: int) -> tuple[float, float]:
    """Give alarms a year in the last periods, and the Monte-Carlo error between series."""
    each = scores.alarm[:, -n_judged:].mean(axis=1) * 12
    return float(each.mean()), float(each.std() / np.sqrt(len(each)))


@pytest.mark.parametrize(
    ("mean", "dispersion", "before", "allowed"),
    [
        (10, 0.0, 60, (0.75, 1.25)),
        (100, 0.1, 60, (0.75, 1.25)),
        (100, 0.5, 60, (0.75, 1.25)),
        (1000, 1.0, 60, (0.75, 1.25)),
        (1000, 1.0, 24, (0.75, 1.25)),
        (100, 0.5, 24, (0.75, 1.35)),  # documented: a third too many after one to two years of baseline
        (100, 0.1, 12, (0.75, 1.55)),  # documented: a half too many in the second year
        (1, 0.5, 12, (0.2, 1.0)),  # documented: fewer where counts are small
    ],
)
def test_cusum_alarms_as_often_as_it_says(mean, dispersion, before, allowed, panel_of, draw_counts):
    """In control, with a baseline of so many months, half a false alarm a year is measured within the documented range."""
    counts = draw_counts(800, 2 * before, mean=mean, dispersion=dispersion)
    rate, error = measured(Cusum(CusumParameters(false_alarms_per_year=0.5)).detect(panel_of(counts), judge="all"), before)

    assert allowed[0] * 0.5 - 2 * error <= rate <= allowed[1] * 0.5 + 2 * error


@pytest.mark.parametrize(
    ("mean", "dispersion", "season", "n_periods", "allowed"),
    [
        (100, 0.1, 0.6, 48, (0.75, 1.25)),
        (1000, 0.5, 0.6, 48, (0.75, 1.35)),
        (100, 0.1, 0.6, 84, (0.75, 1.25)),
        (100, 0.0, 0.0, 48, (0.2, 1.0)),  # documented: fewer where counts are as steady as a Poisson's
    ],
)
def test_stl_alarms_as_often_as_it_says(mean, dispersion, season, n_periods, allowed, panel_of, draw_counts):
    """In control, with and without a season, half a false alarm a year is measured within the documented range."""
    counts = draw_counts(80, n_periods, mean=mean, dispersion=dispersion, season=season)
    rate, error = measured(Stl(StlParameters(false_alarms_per_year=0.5)).detect(panel_of(counts), judge="all"), 12)

    assert allowed[0] * 0.5 - 2 * error <= rate <= allowed[1] * 0.5 + 2 * error
