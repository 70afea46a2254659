"""Two-sided negative-binomial likelihood-ratio CUSUM, for short histories."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from detectors.base import Judgements
from detectors.cusum_surveillance import AsSurveillanceParameters, judging_as_surveillance
from detectors.level import Level, SteadyLevel
from detectors.run_length import LEAST_DISPERSION, LimitTable, Place, evidence
from detectors.seasonal_level import SEASONS_AT_ONCE, SeasonalLevel, await_seasons, least_months
from detectors.shared_rows import BlockMethod, JudgeBlock, judging_all
from detectors.windows import pack, statuses
from pillarfour.detection import Floats, Panel

OVER_AFTER_PERIODS = 3
"""Without any evidence on a shift's side, after which the shift is over and its periods count as history."""

Columns = npt.NDArray[np.intp]


class CusumParameters(AsSurveillanceParameters):
    """Which shift the chart is built for, and how long it remembers the level before.

    Parameters
    ----------
    ratio
        The shift of the mean to detect soonest: up to ``ratio`` times the baseline, down to one ``ratio``-th of it.
    new_level_after_periods
        How long after its first sign an alarmed shift keeps being judged against the level before; then it is the new baseline. At least
        a year where the baseline is seasonal, which a year shows.
    baseline
        One level all year, from ``history``, or the ``seasonal`` level of each month or week, by a log-linear regression on waves.
    season_harmonics
        Waves a year, where the baseline is seasonal.
    """

    ratio: float = Field(default=2.0, ge=1.2, le=10)
    new_level_after_periods: int = Field(default=12, ge=12)
    baseline: Literal["history", "seasonal"] = "history"
    season_harmonics: int = Field(default=1, ge=1, le=3)


@dataclass(kw_only=True)
class Side:
    """One direction's charts; every array has shape (n_series,)."""

    ratio: float
    table: LimitTable
    statistic: Floats
    slope: Floats
    offset: Floats
    limit: Floats

    @classmethod
    def at_zero(cls, n_series: int, *, ratio: float, table: LimitTable) -> "Side":
        """Begin: no evidence gathered."""
        arrays = {name: np.zeros(n_series) for name in ("statistic", "slope", "offset", "limit")}
        return cls(ratio=ratio, table=table, **arrays)

    def weigh(self, rows: Columns | slice, mean: Floats, dispersion: Floats) -> None:
        """Weigh against these means from here on."""
        weighing = evidence(mean, dispersion, self.ratio)
        self.slope[rows], self.offset[rows] = weighing.slope, weighing.offset

    def bound(self) -> Floats:
        """Say which count would alarm."""
        bound = self.limit - self.statistic
        bound += self.offset
        bound /= self.slope
        return bound

    def add(self, value: Floats) -> Floats:
        """Add a period's evidence, and say how far it has come to the limit."""
        step = self.slope * value
        step -= self.offset
        self.statistic += step
        np.maximum(self.statistic, 0, out=self.statistic)
        return np.divide(self.statistic, self.limit, out=step)


class Charts:
    """The charts of some series, whose gaps are closed, run from the first period that has history enough to the last.

    Parameters
    ----------
    counts
        Period by period, shape (n_periods, n_series), NaN behind the last.
    level
        What is expected of them.
    up, down
        For a rise and for a fall.
    first
        The first period judged.
    """

    def __init__(self, counts: Floats, level: Level, up: Side, down: Side, *, first: int, new_level_after_periods: int) -> None:  # noqa: PLR0913 - what a chart is made of
        n_periods, n_series = counts.shape
        self.by_period = counts
        self.level = level
        self.up, self.down = up, down
        self.first = min(first, n_periods)
        self.new_level_after_periods = new_level_after_periods
        self.dispersion = np.full(n_series, LEAST_DISPERSION)
        column = np.zeros(n_series, dtype=np.intp)
        self.baseline_end = column.copy()
        """Before which period the baseline in use ends."""
        self.level_start = column.copy()
        """Where the level that is the baseline began."""
        self.run_start = column.copy()
        """Where the statistics last left zero."""
        self.shift_start = column - 1
        """Where the run began that led to the first alarm of a shift in force; -1 where none is."""
        self.shift_side = column.copy()
        self.quiet = column.copy()
        """For how many periods the statistic on the shift's side has rested at zero."""

    def run(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Give what was expected, lower and upper bound and score, each of shape (n_periods, n_series)."""
        expected, lower, upper, score = np.empty((4, *self.by_period.shape))
        for figures in (expected, lower, upper, score):
            figures[: self.first] = np.nan
        self.level.take_in(range(self.first))
        for column in range(self.first, len(self.by_period)):
            at_rest = np.flatnonzero((self.up.statistic == 0) & (self.down.statistic == 0))
            if at_rest.size:
                self._renew(at_rest, column)
            value, mean = self.by_period[column], self.level.means(column)
            if self.level.moves:
                self.up.weigh(slice(None), mean, self.dispersion)
                self.down.weigh(slice(None), mean, self.dispersion)
            expected[column], upper[column] = mean, self.up.bound()
            np.maximum(self.down.bound(), 0, out=lower[column])
            above, under = self.up.add(value), self.down.add(value)
            farther = np.maximum(above, under)
            np.copysign(farther, above - under, out=score[column])
            self._follow_shifts(np.flatnonzero(farther >= 1), above >= under)
            self.level.take_in(range(column, column + 1))
        return expected, lower, upper, score

    def _renew(self, rows: Columns, column: int) -> None:
        """Take the baseline of charts that stand at zero anew: all that precedes, but for a shift in force."""
        self.run_start[rows] = column
        shift = self.shift_start.take(rows)
        ends = np.where(shift >= 0, shift, column)
        settled = np.flatnonzero((shift >= 0) & (column - shift >= self.new_level_after_periods))
        if settled.size:
            self.level_start[rows[settled]], self.shift_start[rows[settled]] = shift[settled], -1
            ends[settled] = column
        stale = ends != self.baseline_end.take(rows)
        rows, ends = rows[stale], ends[stale]
        known = self.level.renew(rows, self.level_start.take(rows), ends, rank=column)
        self.baseline_end[rows] = ends
        self.dispersion[rows] = known.dispersion
        place = Place.of(known.mean, known.dispersion, known.size)
        for side in (self.up, self.down):
            side.limit[rows] = side.table.at(place)
            if not self.level.moves:
                side.weigh(rows, known.mean, known.dispersion)

    def _follow_shifts(self, alarmed: Columns, upward: npt.NDArray[np.bool_]) -> None:
        """Put a shift in force at its first alarm, and end it when its side has rested for a while; restart the charts that alarmed."""
        fresh = alarmed[self.shift_start[alarmed] < 0]
        self.shift_start[fresh] = self.run_start[fresh]
        self.shift_side[alarmed] = np.where(upward[alarmed], 1, -1)
        rows = np.flatnonzero(self.shift_start >= 0)
        side = np.where(self.shift_side[rows] > 0, self.up.statistic[rows], self.down.statistic[rows])
        self.up.statistic[alarmed] = 0
        self.down.statistic[alarmed] = 0
        self.quiet[rows] = np.where(side == 0, self.quiet[rows] + 1, 0)
        self.shift_start[rows[self.quiet[rows] >= OVER_AFTER_PERIODS]] = -1


class Cusum(BlockMethod[CusumParameters]):
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
    series_at_once = 10_000

    def __init__(self, parameters: CusumParameters | None = None, *, processes: int = 1) -> None:
        """Take the parameters; a season must be known for twice as long, and R's chart says how long its history is."""
        super().__init__(parameters, processes=processes)
        if self.parameters.reference is not None:
            self.least_history = self.parameters.history_periods
        elif self.parameters.baseline == "seasonal":
            self.least_history = least_months(self.parameters.season_harmonics)
            self.series_at_once = SEASONS_AT_ONCE

    def false_alarms_per_year(self, panel: Panel) -> float:
        """Say how often a series in control alarms by chance, or begins to by R's rule."""
        asked = self.parameters
        return asked.false_alarms_per_year if asked.reference is None else asked.alarms_per_year(panel.periods_per_year)

    def judge_blocks(self, panel: Panel, columns: Columns) -> JudgeBlock:
        """Lay out the limits, and judge some thousand series at a time, one period after the other."""
        if self.parameters.reference is not None:
            harmonics = self.parameters.season_harmonics if self.parameters.baseline == "seasonal" else 0
            judge = judging_as_surveillance(panel, self.parameters, harmonics=harmonics)
            return judging_all(judge, columns, n_periods=len(panel.periods))
        asked, seasonal = self.parameters, self.parameters.baseline == "seasonal"
        rate = asked.false_alarms_per_year / (2 * panel.periods_per_year)
        new_level_after = max(asked.new_level_after_periods, panel.periods_per_year if seasonal else 0)
        first = self.least_history * panel.periods_per_year // 12
        tables = {
            ratio: LimitTable(ratio, rate_per_period=rate, most_periods=len(panel.periods)) for ratio in (asked.ratio, 1 / asked.ratio)
        }

        def judge_block(rows: slice, judged: Judgements) -> None:
            counts = panel.values[rows]
            packed = pack(counts)
            by_period = np.ascontiguousarray(packed.values.T)
            up, down = (Side.at_zero(len(counts), ratio=ratio, table=table) for ratio, table in tables.items())
            if seasonal:
                level: Level = SeasonalLevel(counts, panel.periods, harmonics=asked.season_harmonics)
            else:
                level = SteadyLevel(packed.values, by_period, first=first)
            charts = Charts(by_period, level, up, down, first=first, new_level_after_periods=new_level_after)
            for name, figures in zip(("expected", "lower", "upper", "score"), charts.run(), strict=True):
                getattr(judged, name)[:] = packed.back(figures.T)
            judged.p_value[:] = np.nan
            judged.status[:] = statuses(counts, least=first)
            if seasonal:
                await_seasons(judged.status, counts, panel.periods)

        return judging_all(judge_block, columns, n_periods=len(panel.periods))
