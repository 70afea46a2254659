"""Measure how often each detector alarms on series in control, beside what it states; prints the tables of docs/method.md.

Simulated monthly counts, Poisson where the dispersion is 0, else negative binomial with variance mean + dispersion mean^2; a season
multiplies the mean by exp(season sin). ``python bench/calibration.py [cusum|cusum_seasonal|stl]``.
"""

# ruff: noqa: E402 - the path below comes first

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # a file beside this one has a package's name

import numpy as np
import pandas as pd

from detectors.cusum import Cusum, CusumParameters
from detectors.stl import Stl, StlParameters
from pillarfour.detection import Detector, Panel

STATED = (0.5, 0.1)
PROCESSES = ((1, 0), (1, 0.5), (10, 0), (10, 0.3), (100, 0.1), (100, 0.5), (1000, 1.0))
IN_SEASON = (
    (1, 0.5, 0.0),
    (10, 0, 0.6),
    (100, 0, 0.6),
    (10, 0.3, 0.0),
    (100, 0.1, 0.0),
    (100, 0.1, 0.6),
    (100, 0.5, 0.6),
    (1000, 1.0, 0.6),
)
SEASONAL = ((1, 0, 0.0), (100, 0, 0.6), (5, 0.1, 0.6), (100, 0.1, 0.0), (100, 0.1, 0.6), (1000, 0.5, 0.6), (300, 1.0, 0.0))


def draw(n_series: int, n_periods: int, *, mean: float, dispersion: float, season: float = 0.0) -> Panel:
    """Draw a panel in control, the same on every machine."""
    rng = np.random.default_rng(20210913)
    at = np.arange(n_periods) + rng.integers(12, size=(n_series, 1))
    means = mean * np.exp(season * np.sin(2 * np.pi * at / 12))
    counts = rng.poisson(means * (rng.gamma(1 / dispersion, dispersion, size=means.shape) if dispersion else 1)).astype(float)
    months = pd.period_range("2010-01", periods=n_periods, freq="M")
    return Panel(values=counts, series=tuple(range(n_series)), periods=months, unit="persons")


def measure(detector: Detector, panel: Panel, n_judged: int) -> str:
    """Say the alarms a year in the last periods: all, their Monte-Carlo error, and those upward."""
    scores = detector.detect(panel, judge="all")
    alarm = scores.alarm[:, -n_judged:]
    error = alarm.mean(axis=1).std() / np.sqrt(len(alarm))
    upward = (alarm & (scores.direction[:, -n_judged:] > 0)).mean()
    return f"{12 * alarm.mean():.2f} ± {12 * error:.2f} ({12 * upward:.2f})"


def cusum(n_series: int) -> Iterator[str]:
    """Months 13-24, 25-48 and 61-120."""
    yield "| mean | dispersion | stated | months 13–24 | months 25–48 | months 61–120 |"
    yield "|---|---|---|---|---|---|"
    for stated in STATED:
        for mean, dispersion in PROCESSES:
            detector = Cusum(CusumParameters(false_alarms_per_year=stated))
            cells = [measure(detector, draw(n_series, 2 * before, mean=mean, dispersion=dispersion), before) for before in (12, 24, 60)]
            yield f"| {mean} | {dispersion} | {stated} | {' | '.join(cells)} |"


def cusum_seasonal(n_series: int) -> Iterator[str]:
    """Judge the first year, as long again as the least history, and months 61-120; and what the level of the whole history would do."""
    yield "| mean | dispersion | season | waves | stated | first year | as long again | months 61–120 | `history`, months 61–120 |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for stated in STATED:
        for waves, (mean, dispersion, season) in [*((1, each) for each in IN_SEASON), *((3, each) for each in IN_SEASON[-3:])]:
            detector = Cusum(CusumParameters(false_alarms_per_year=stated, baseline="seasonal", season_harmonics=waves))
            least = detector.least_history
            lengths = ((least + 12, 12), (2 * least, least), (120, 60))
            panels = [(draw(n_series, n_periods, mean=mean, dispersion=dispersion, season=season), judged) for n_periods, judged in lengths]
            plain = measure(Cusum(CusumParameters(false_alarms_per_year=stated)), *panels[-1])
            cells = [measure(detector, panel, judged) for panel, judged in panels]
            yield f"| {mean} | {dispersion} | {season} | {waves} | {stated} | {' | '.join(cells)} | {plain} |"


def stl(n_series: int) -> Iterator[str]:
    """Months 37-48 and 85-96."""
    yield "| mean | dispersion | season | stated | months 37–48 | months 85–96 |"
    yield "|---|---|---|---|---|---|"
    for stated in STATED:
        for mean, dispersion, season in SEASONAL:
            detector = Stl(StlParameters(false_alarms_per_year=stated))
            panels = [draw(n_series, n_periods, mean=mean, dispersion=dispersion, season=season) for n_periods in (48, 96)]
            yield f"| {mean} | {dispersion} | {season} | {stated} | {' | '.join(measure(detector, panel, 12) for panel in panels)} |"


if __name__ == "__main__":
    tables = {"cusum": (cusum, 2000), "cusum_seasonal": (cusum_seasonal, 1000), "stl": (stl, 200)}
    for name in sys.argv[1:] or tables:
        table, n_series = tables[name]
        for line in table(n_series):
            print(line, flush=True)
        print()
