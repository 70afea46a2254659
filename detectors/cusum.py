"""Two-sided negative-binomial likelihood-ratio CUSUM, for short histories."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import Field

from detectors.base import Judgements, Method, Parameters
from detectors.run_length import LEAST_DISPERSION, Evidence, evidence, limits
from pillarfour.detection import CONSTANT, INSUFFICIENT_HISTORY, NO_DATA, OK, Floats, Panel

FAR_OUT = 4.0
"""Robust standard deviations beyond which a period of the baseline is a past outbreak or closure."""

POISSON_SPREAD = 0.5
"""Standard deviation of the square root of a Poisson count."""

LARGEST_SHARE_LEFT_OUT = 0.2
"""Of a baseline; where more lies far out, it is the series' nature and none is left out."""

MOST_DISPERSED = 12.0

OVER_AFTER_PERIODS = 3
"""Without any evidence on a shift's side, after which the shift is over and its periods count as history."""

Mask = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.intp]


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
    """Where the charts of all series stand before a period; every array has shape (n_series,)."""

    up: Floats
    down: Floats
    mean: Floats
    dispersion: Floats
    upper_limit: Floats
    lower_limit: Floats
    level_start: Columns
    """Where the level that is the baseline began."""
    run_start: Columns
    """Where the statistics last left zero."""
    shift_start: Columns
    """Where the run began that led to the first alarm of a shift in force; -1 where none is."""
    shift_side: Columns
    quiet: Columns
    """For how many periods the statistic on the shift's side has rested at zero."""

    @classmethod
    def at_zero(cls, n_series: int) -> "Charts":
        """Begin: nothing estimated, nothing doubted."""
        zero, column = np.zeros(n_series), np.zeros(n_series, dtype=np.intp)
        return cls(
            up=zero.copy(),
            down=zero.copy(),
            mean=zero.copy(),
            dispersion=zero.copy(),
            upper_limit=zero.copy(),
            lower_limit=zero.copy(),
            level_start=column.copy(),
            run_start=column.copy(),
            shift_start=column - 1,
            shift_side=column.copy(),
            quiet=column.copy(),
        )


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
        charts = Charts.at_zero(len(counts))
        enough = np.cumsum(published, axis=1) > self.least_history * panel.periods_per_year // 12
        still = np.fmax.accumulate(counts, axis=1) == np.fmin.accumulate(counts, axis=1)
        status = np.where(~enough, INSUFFICIENT_HISTORY, np.where(still, CONSTANT, OK))
        judged.status[published] = status[published]
        rate = self.parameters.false_alarms_per_year / (2 * panel.periods_per_year)
        for column in range(counts.shape[1]):
            rows = np.flatnonzero((published & enough)[:, column])
            at_rest = rows[(charts.up[rows] == 0) & (charts.down[rows] == 0)]
            if at_rest.size:
                self._estimate(charts, at_rest, counts[:, :column], rate)
            if rows.size:
                self._weigh(charts, rows, column, counts[rows, column], judged)
        return judged

    def _estimate(self, charts: Charts, rows: Columns, past: Floats, rate: float) -> None:
        """Take the baseline of charts that stand at zero anew: all that precedes, but for a shift in force."""
        column = past.shape[1]
        charts.run_start[rows] = column
        at, published = np.arange(column), np.isfinite(past[rows])
        in_force = charts.shift_start[rows] >= 0
        lasted = (published & (at >= charts.shift_start[rows, None])).sum(axis=1) >= self.parameters.new_level_after_periods
        settled = rows[in_force & lasted]
        charts.level_start[settled] = charts.shift_start[settled]
        charts.shift_start[settled] = -1
        ends = np.where(charts.shift_start[rows] >= 0, charts.shift_start[rows], column)
        level = published & (at >= charts.level_start[rows, None]) & (at < ends[:, None])
        mean, dispersion, size = estimate(past[rows], level)
        charts.mean[rows], charts.dispersion[rows] = mean, dispersion
        ratio = self.parameters.ratio
        charts.upper_limit[rows] = limits(mean, dispersion, size, ratio=ratio, rate_per_period=rate)
        charts.lower_limit[rows] = limits(mean, dispersion, size, ratio=1 / ratio, rate_per_period=rate)

    def _weigh(self, charts: Charts, rows: Columns, column: int, value: Floats, judged: Judgements) -> None:
        """Add a period's evidence to both statistics, and restart the charts that alarm."""
        mean, dispersion, ratio = charts.mean[rows], charts.dispersion[rows], self.parameters.ratio
        rise, fall = evidence(mean, dispersion, ratio), evidence(mean, dispersion, 1 / ratio)
        upper_limit, lower_limit = charts.upper_limit[rows], charts.lower_limit[rows]
        judged.expected[rows, column] = mean
        judged.upper[rows, column] = (upper_limit - charts.up[rows] + rise.offset) / rise.slope
        judged.lower[rows, column] = np.maximum((lower_limit - charts.down[rows] + fall.offset) / fall.slope, 0)
        up = accumulate(charts.up[rows], rise, value)
        down = accumulate(charts.down[rows], fall, value)
        above, under = up / upper_limit, down / lower_limit
        score = np.where(above >= under, above, -under)
        judged.score[rows, column] = score
        alarmed = np.abs(score) >= 1
        charts.up[rows], charts.down[rows] = np.where(alarmed, 0, up), np.where(alarmed, 0, down)
        self._follow_shifts(charts, rows, np.sign(score).astype(np.intp) * alarmed, up, down)

    def _follow_shifts(self, charts: Charts, rows: Columns, alarm: Columns, up: Floats, down: Floats) -> None:
        """Put a shift in force at its first alarm, and end it when its side has rested for a while."""
        none = charts.shift_start[rows] < 0
        charts.shift_start[rows] = np.where(none & (alarm != 0), charts.run_start[rows], charts.shift_start[rows])
        charts.shift_side[rows] = np.where(alarm != 0, alarm, charts.shift_side[rows])
        resting = (np.where(charts.shift_side[rows] > 0, up, down) == 0) & (alarm == 0)
        charts.quiet[rows] = np.where(resting, charts.quiet[rows] + 1, 0)
        charts.shift_start[rows[charts.quiet[rows] >= OVER_AFTER_PERIODS]] = -1


def accumulate(statistic: Floats, weighing: Evidence, value: Floats) -> Floats:
    """Add a count's evidence to the statistic; it never falls below zero."""
    return np.maximum(statistic + weighing.slope * value - weighing.offset, 0)


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
    """Say which baseline periods lie far out on the scale of square roots."""
    scaled = np.where(baseline, counts, np.nan) ** 0.5
    centre = _median(scaled)
    distance = np.abs(scaled - centre[:, None])
    spread = np.maximum(_median(distance) / 0.6745, POISSON_SPREAD)
    out = distance > FAR_OUT * spread[:, None]
    few = out.sum(axis=1) <= LARGEST_SHARE_LEFT_OUT * baseline.sum(axis=1)
    return np.asarray(out & few[:, None])


def _median(values: Floats) -> Floats:
    """Take each row's median, NaN left out; much faster than ``numpy.nanmedian`` on short rows."""
    ordered = np.sort(values, axis=1)
    size = np.isfinite(values).sum(axis=1)
    rows = np.arange(len(values))
    return np.asarray((ordered[rows, (size - 1) // 2] + ordered[rows, size // 2]) / 2)
