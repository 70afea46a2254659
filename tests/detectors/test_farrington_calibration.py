"""Farrington's stated false-alarm rate against the measured one, on seeds that nobody looked at when its defaults were chosen."""

import numpy as np
import pytest

from detectors.farrington import Farrington
from detectors.farrington_baseline import FarringtonParameters

pytestmark = pytest.mark.slow

SERIES, MONTHS, RATE_PER_YEAR = 3000, 76, 0.5


def draw(mean: float, *, phi: float = 1, alpha: float = 0, season: float = 0.4, growth: float = 0.1) -> np.ndarray:
    """Draw series in control: variance phi mean + alpha mean^2, a season of so much and growth a year."""
    rng = np.random.default_rng([7, 11, 2026])
    at = np.arange(MONTHS) + rng.integers(12, size=(SERIES, 1))
    means = mean * (1 + growth) ** (np.arange(MONTHS) / 12) * (1 + season * np.sin(2 * np.pi * at / 12))
    over = phi - 1 + alpha * means
    if not (over > 0).all():
        return rng.poisson(means).astype(float)
    return rng.negative_binomial(means / over, 1 / (1 + over)).astype(float)


@pytest.mark.parametrize(
    ("process", "allowed"),
    [
        ({"mean": 300, "phi": 20}, (0.75, 1.25)),
        ({"mean": 5000, "phi": 200}, (0.75, 1.25)),
        ({"mean": 5, "phi": 2, "growth": 0}, (0.75, 1.25)),
        ({"mean": 100, "growth": 0}, (0.3, 0.75)),  # documented: half, the dispersion is never taken below 1
        ({"mean": 300, "alpha": 0.1}, (1.25, 2.1)),  # documented: 1.8 times where the spread grows faster than the level
        ({"mean": 300, "alpha": 0.5, "growth": 0}, (1, 1.75)),  # documented: 1.4 times
    ],
)
def test_farrington_alarms_as_often_as_it_says(process, allowed, panel_of):
    """In control half a false alarm a year is measured within a quarter, or as the documentation's table says."""
    detector = Farrington(FarringtonParameters(false_alarms_per_year=RATE_PER_YEAR, low_count_cases=0))
    alarm = detector.detect(panel_of(draw(**process))).alarm
    stated = RATE_PER_YEAR / 12
    error = np.sqrt(stated / SERIES) / stated

    assert allowed[0] - 2 * error <= alarm.mean() / stated <= allowed[1] + 2 * error
