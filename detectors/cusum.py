"""Two-sided negative-binomial likelihood-ratio CUSUM, for short histories."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from pydantic import Field

from detectors.base import Judgements, Method, Parameters
from detectors.run_length import LEAST_DISPERSION, evidence, limits
from pillarfour.detection import CONSTANT, INSUFFICIENT_HISTORY, NO_DATA, OK, Floats, Panel

FAR_OUT = 4.0
"""Robust standard deviations beyond which a period of the baseline is a past outbreak or closure."""

LARGEST_SHARE_LEFT_OUT = 0.2
"""Of a baseline; where more lies far out, it is the series' nature and none is left out."""

MOST_DISPERSED = 12.0

Mask = npt.NDArray[np.bool_]


class CusumParameters(Parameters):
    """Which shift the chart is built for, and how long it remembers the level before.

    Parameters
    ----------
    ratio
        The shift of the mean to detect soonest: up to ``ratio`` times the baseline, down to one ``ratio``-th of it.
    new_level_after_periods
        How long after its first sign an alarmed shift keeps being judged against the level before; then it is the new baseline.
    """

    ratio: float = Field(default=2.0, ge=1.2, le=10)
    new_level_after_periods: int = Field(default=12, ge=12)


@dataclass(kw_only=True)
class Charts:
    """Where the charts of all series stand before a period; arrays of shape (n_series,) but for ``baseline``."""

    baseline: Mask
    """Which periods are known to be in control or not yet doubted, shape (n_series, n_periods)."""
    up: Floats
    down: Floats
    run_start: npt.NDArray[np.intp]
    """Where the statistics last left zero."""
    shift_start: npt.NDArray[np.intp]
    """Where the first of a chain of alarmed runs began; -1 where there is none."""
    mean: Floats
    dispersion: Floats
    upper_limit: Floats
    lower_limit: Floats
    size: Floats = field(repr=False)

    @classmethod
    def at_zero(cls, published: Mask) -> "Charts":
        """Begin: nothing doubted, nothing estimated."""
        zeros = [np.zeros(len(published)) for _ in range(7)]
        names = ("up", "down", "mean", "dispersion", "upper_limit", "lower_limit", "size")
        starts = [np.full(len(published), start) for start in (0, -1)]
        return cls(baseline=published.copy(), run_start=starts[0], shift_start=starts[1], **dict(zip(names, zeros, strict=True)))


class Cusum(Method[CusumParameters]):
    """Accumulated evidence that the mean has shifted, up or down, against a baseline that a shift cannot enter.

    Notes
    -----
    Each period adds the log likelihood ratio of its count under ``ratio`` times (one ``ratio``-th of) the baseline mean to a statistic
    that never falls below zero and alarms at its limit. While a statistic is above zero its baseline is frozen at what preceded the
    run. After an alarm both restart at zero, and the run that alarmed stays out of the baseline, so that a lasting shift alarms again
    until ``new_level_after_periods`` have passed. The limit is such that the chart alarms by chance at the stated rate, averaged over
    what the baseline's mean and dispersion may truly be. See ``docs/method.md``.

    References
    ----------
    .. [1] Höhle, M., Paul, M. (2008). Computational Statistics & Data Analysis 52(9), 4357-4368. doi:10.1016/j.csda.2008.02.015
    .. [2] Jones, L. A., Champ, C. W., Rigdon, S. E. (2004). Journal of Quality Technology 36(1), 95-108.
    """

    name = "cusum"
    parameters_type = CusumParameters
    least_history = 12

    def judge(self, panel: Panel) -> Judgements:
        """Judge every period of all series, one period after the other."""
        counts = panel.values
        published = np.isfinite(counts)
        judged = Judgements.blank(counts.shape, status=NO_DATA)
        charts = Charts.at_zero(published)
        known = np.cumsum(published, axis=1)
        least = self.least_history * panel.periods_per_year // 12
        highest = np.fmax.accumulate(counts, axis=1)
        lowest = np.fmin.accumulate(counts, axis=1)
        for column in range(counts.shape[1]):
            now = published[:, column]
            enough = known[:, column] > least
            still = highest[:, column] == lowest[:, column]
            judged.status[now, column] = np.where(~enough, INSUFFICIENT_HISTORY, np.where(still, CONSTANT, OK))[now]
            rows = np.flatnonzero(now & enough)
            if rows.size:
                self._step(charts, counts, rows, column, judged, panel.periods_per_year)
        return judged

    def _step(self, charts: Charts, counts: Floats, rows: npt.NDArray[np.intp], column: int, judged: Judgements, per_year: int) -> None:
        ratio = self.parameters.ratio
        self._refresh(charts, counts, rows[(charts.up[rows] == 0) & (charts.down[rows] == 0)], column, per_year)
        mean, dispersion, value = charts.mean[rows], charts.dispersion[rows], counts[rows, column]
        rise, fall = evidence(mean, dispersion, ratio), evidence(mean, dispersion, 1 / ratio)
        upper_limit, lower_limit = charts.upper_limit[rows], charts.lower_limit[rows]
        judged.expected[rows, column] = mean
        judged.upper[rows, column] = (upper_limit - charts.up[rows] + rise.offset) / rise.slope
        judged.lower[rows, column] = np.maximum((lower_limit - charts.down[rows] + fall.offset) / fall.slope, 0)
        up = np.maximum(charts.up[rows] + rise.slope * value - rise.offset, 0)
        down = np.maximum(charts.down[rows] + fall.slope * value - fall.offset, 0)
        above, under = up / upper_limit, down / lower_limit
        judged.score[rows, column] = np.where(above >= under, above, -under)
        alarmed = np.maximum(above, under) >= 1
        charts.up[rows], charts.down[rows] = np.where(alarmed, 0, up), np.where(alarmed, 0, down)
        for row in rows[alarmed]:
            charts.baseline[row, charts.run_start[row] : column + 1] = False
        first = alarmed & (charts.shift_start[rows] < 0)
        charts.shift_start[rows] = np.where(first, charts.run_start[rows], charts.shift_start[rows])
        charts.shift_start[rows[~alarmed & (up == 0) & (down == 0)]] = -1

    def _refresh(self, charts: Charts, counts: Floats, rows: npt.NDArray[np.intp], column: int, per_year: int) -> None:
        """Estimate anew the baseline of charts that stand at zero, from all that precedes the period and is not doubted."""
        if not rows.size:
            return
        charts.run_start[rows] = column
        lasting = (charts.shift_start[rows] >= 0) & (column - charts.shift_start[rows] >= self.parameters.new_level_after_periods)
        for row in rows[lasting]:
            start = charts.shift_start[row]
            charts.baseline[row, :start] = False
            charts.baseline[row, start:column] = np.isfinite(counts[row, start:column])
            charts.shift_start[row] = -1
        mean, dispersion, size = estimate(counts[rows, :column], charts.baseline[rows, :column])
        charts.mean[rows], charts.dispersion[rows] = mean, dispersion
        rate = self.parameters.false_alarms_per_year / (2 * per_year)
        ratio = self.parameters.ratio
        charts.upper_limit[rows] = limits(mean, dispersion, size, ratio=ratio, rate_per_period=rate)
        charts.lower_limit[rows] = limits(mean, dispersion, size, ratio=1 / ratio, rate_per_period=rate)


def estimate(counts: Floats, baseline: Mask) -> tuple[Floats, Floats, Floats]:
    """Estimate mean and dispersion of each series from its baseline, less a few periods that lie far out.

    Parameters
    ----------
    counts, baseline
        Counts and which of them belong to the baseline, shape (n_series, n_periods).

    Returns
    -------
    mean, dispersion, size
        Each of shape (n_series,). Half a person is added to the sum, so that a baseline of zeros can be surprised.
    """
    kept = baseline & ~far_out(counts, baseline)
    size = kept.sum(axis=1)
    inside = np.where(kept, counts, 0)
    mean = (inside.sum(axis=1) + 0.5) / size
    variance = (np.where(kept, counts - mean[:, None], 0) ** 2).sum(axis=1) / np.maximum(size - 1, 1)
    return mean, np.clip((variance - mean) / mean**2, LEAST_DISPERSION, MOST_DISPERSED), size.astype(float)


def far_out(counts: Floats, baseline: Mask) -> Mask:
    """Say which baseline periods lie far out on the scale count^(2/3), where a Poisson count is nearly normal."""
    scaled = np.where(baseline, counts, np.nan) ** (2 / 3)
    centre = _median(scaled)
    distance = np.abs(scaled - centre[:, None])
    poisson = 2 / 3 * np.maximum(centre, 0.5) ** 0.25
    spread = np.maximum(_median(distance) / 0.6745, poisson)
    out = distance > FAR_OUT * spread[:, None]
    few = out.sum(axis=1) <= LARGEST_SHARE_LEFT_OUT * baseline.sum(axis=1)
    return np.asarray(out & few[:, None])


def _median(values: Floats) -> Floats:
    """Take each row's median, NaN left out; much faster than ``numpy.nanmedian`` on short rows."""
    ordered = np.sort(values, axis=1)
    size = np.isfinite(values).sum(axis=1)
    rows = np.arange(len(values))
    return np.asarray((ordered[rows, (size - 1) // 2] + ordered[rows, size // 2]) / 2)
