"""Two-sided window-limited generalized likelihood ratio, negative binomial: shifts of any size and of any age within the window."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import special

from detectors.base import Judgements, Parameters
from detectors.level import estimate
from detectors.likelihood_ratio import level_at, likelihood_ratio
from detectors.seasonal_level import SEASONS_AT_ONCE, Seasons, await_seasons, least_months
from detectors.seasonal_window import Window
from detectors.shared_rows import BlockMethod, JudgeBlock, judging_all
from detectors.windows import pack, statuses, still
from pillarfour.detection import Floats, Panel

YEAR_OF_MONTHS = 12
"""Months that a baseline must have."""

CHAINS, CHAIN_LENGTH = 2000, 1000
SEED = 20080304
LIMITS = np.arange(1, 5.5, 0.5)
"""Standard deviations at which the normal chart's rate is simulated; between them the log rate is interpolated in their squares."""

Columns = npt.NDArray[np.intp]


class GlrParameters(Parameters):
    """How far back a change may lie.

    Parameters
    ----------
    window_periods
        A change is looked for in the last so many published periods; the baseline is what precedes them.
    baseline
        One level all year, from ``history``, or the ``seasonal`` level of each month or week, by a log-linear regression on waves.
    season_harmonics
        Waves a year, where the baseline is seasonal.
    """

    window_periods: int = Field(default=6, ge=1, le=52)
    baseline: Literal["history", "seasonal"] = "history"
    season_harmonics: int = Field(default=1, ge=1, le=3)


class Glr(BlockMethod[GlrParameters]):
    """The strongest evidence of any stretch that ends now for any other level than before the window.

    Notes
    -----
    For the last m periods, m up to the window, the log likelihood ratio of the best level against the baseline's is taken, and the root of
    twice it, which is nearly a standard normal figure whatever the counts' law. It is divided by sqrt(1 + m / n) for the error of a mean
    from n periods, and held against Student's t for that of the dispersion. The largest alarms at the limit of a normal chart that alarms
    as often as stated, by simulation; after an alarm only later periods count. See ``docs/method.md``.

    References
    ----------
    .. [1] Lai, T. L. (1998). IEEE Transactions on Information Theory 44(7), 2917-2929. doi:10.1109/18.737522
    .. [2] Höhle, M., Paul, M. (2008). Computational Statistics & Data Analysis 52(9), 4357-4368. doi:10.1016/j.csda.2008.02.015
    """

    name = "glr"
    parameters_type = GlrParameters
    least_history = YEAR_OF_MONTHS + GlrParameters().window_periods
    series_at_once = 512

    def __init__(self, parameters: GlrParameters | None = None, *, processes: int = 1) -> None:
        """Take the parameters; the window says how much history is needed, and the season."""
        super().__init__(parameters, processes=processes)
        self.least_baseline = YEAR_OF_MONTHS
        if self.parameters.baseline == "seasonal":
            self.least_baseline = least_months(self.parameters.season_harmonics)
            self.series_at_once = SEASONS_AT_ONCE
        self.least_history = self.least_baseline + self.parameters.window_periods

    def judge_blocks(self, panel: Panel, columns: Columns) -> JudgeBlock:
        """Judge some hundred series at a time, one period after the other."""
        window, seasonal = self.parameters.window_periods, self.parameters.baseline == "seasonal"
        first = self.least_baseline * panel.periods_per_year // 12 + window
        limit = normal_limit(window, self.parameters.false_alarms_per_year / panel.periods_per_year)

        def judge_block(rows: slice, judged: Judgements) -> None:
            packed = pack(panel.values[rows])
            counts = packed.values
            if seasonal:
                seasons = Seasons(panel.values[rows], panel.periods, harmonics=self.parameters.season_harmonics)
                chart = SeasonalChart(seasons=seasons, window=window, limit=limit)
            figures = np.full((4, *counts.shape), np.nan)
            restart = np.zeros(len(counts), dtype=np.intp)
            for column in range(first, counts.shape[1]):
                some = np.flatnonzero(np.isfinite(counts[:, column]))
                if some.size:
                    past = counts[some, : column + 1]
                    if seasonal:
                        found = chart.judge_period(past, restart[some], some)
                    else:
                        found = judge_period(past, restart[some], window=window, limit=limit)
                    figures[:, some, column] = found
                    restart[some[np.abs(found[3]) >= 1]] = column + 1
            judged.expected[:], judged.lower[:], judged.upper[:], judged.score[:] = (packed.back(each) for each in figures)
            judged.p_value[:] = np.nan
            judged.status[:] = statuses(panel.values[rows], least=first)
            if seasonal:
                await_seasons(judged.status, panel.values[rows], panel.periods)
            still(judged, slice(None), panel.values[rows])

        return judging_all(judge_block, columns, n_periods=len(panel.periods))


def judge_period(counts: Floats, restart: Columns, *, window: int, limit: float) -> Floats:
    """Judge the last period: what was expected, lower and upper bound, and score, shape (4, n_series).

    Parameters
    ----------
    counts
        Shape (n_series, n_periods).
    restart
        The first period that counts, shape (n_series,).
    window
        Longest stretch.
    limit
        Normal deviations at which the chart alarms.
    """
    now = counts.shape[1] - 1
    past = counts[:, : now + 1 - window]
    mean, dispersion, size = estimate(past, np.ones(past.shape, dtype=bool))
    limits = student(limit, mean, dispersion, size)
    score, lower, upper = np.zeros((2, len(counts))), np.full(len(counts), -np.inf), np.full(len(counts), np.inf)
    before = np.zeros(len(counts))
    for length in range(1, window + 1):
        some = np.flatnonzero(now + 1 - length >= restart)
        if not some.size:
            break
        level, spread, wanted = mean[some], dispersion[some], limits[some] * np.sqrt(1 + length / size[some])
        stretch = np.full((1, len(some)), (before[some] + counts[some, now]) / length)
        log_ratio, evidence = likelihood_ratio(stretch, level[None], spread)
        root = np.sqrt(2 * length * evidence) / wanted
        score[0, some] = np.maximum(score[0, some], np.where(log_ratio > 0, root, 0))
        score[1, some] = np.maximum(score[1, some], np.where(log_ratio < 0, root, 0))
        enough = wanted**2 / (2 * length)
        upper[some] = np.minimum(upper[some], length * level_at(enough, level, spread, upward=True) - before[some])
        lower[some] = np.maximum(lower[some], length * level_at(enough, level, spread, upward=False) - before[some])
        before += counts[:, now - length]
    return np.stack([mean, np.maximum(lower, 0), np.maximum(upper, 0), np.where(score[0] >= score[1], score[0], -score[1])])


@dataclass(frozen=True, kw_only=True)
class SeasonalChart:
    """Judges as ``judge_period`` does, but each period of the window against the mean of its part of the year."""

    seasons: Seasons
    window: int
    limit: float

    def judge_period(self, counts: Floats, restart: Columns, rows: Columns) -> Floats:
        """Judge the last period of these rows of the seasons' series."""
        now = counts.shape[1] - 1
        window = range(now + 1 - self.window, now + 1)
        season = self.seasons.estimate(rows, np.zeros_like(rows), np.full(len(rows), window.start))
        limits = student(self.limit, season.mean, season.dispersion, season.size, terms=season.terms)
        parts = np.stack([self.seasons.part_of(rank, rows) for rank in window])
        seen = Window(
            counts=counts[:, window.start :].T,
            means=season.means[parts, np.arange(len(rows))],
            terms=self.seasons.design[parts],
            dispersion=season.dispersion,
            covariance=season.covariance,
        )
        return np.concatenate([seen.means[-1:], seen.judge(limits, now + 1 - restart)])


def student(limit: float, mean: Floats, dispersion: Floats, size: Columns, *, terms: Columns | int = 1) -> Floats:
    """Give what Student's t passes as often as a normal figure its limit, with the degrees of freedom that a variance from counts has."""
    kurtosis = 6 * dispersion + 1 / (mean + dispersion * mean**2)
    freedom = 2 / (2 / np.maximum(size - terms, 1) + kurtosis / size)
    return np.asarray(-special.stdtrit(freedom, special.ndtr(-limit)))


def normal_limit(window: int, rate_per_period: float) -> float:
    """Say where a two-sided chart of known normal figures alarms by chance at this rate."""
    return float(np.sqrt(np.interp(-np.log(rate_per_period), -_log_rates(window), LIMITS**2)))


@lru_cache
def _log_rates(window: int) -> Floats:
    """Simulate the chart, which restarts after each alarm, at every limit; the same draws on every machine."""
    figures = np.random.default_rng(SEED).standard_normal((CHAIN_LENGTH, CHAINS))
    alarms = np.empty(len(LIMITS))
    for place, limit in enumerate(LIMITS):
        sums, ages = np.zeros((window, CHAINS)), np.full((window, 1), 0) + np.arange(1, window + 1)[:, None]
        known = np.zeros(CHAINS, dtype=int)
        found = 0
        for now in range(CHAIN_LENGTH):
            sums[1:] = sums[:-1]
            sums[0] = 0
            sums += figures[now]
            known += 1
            alarmed = ((np.abs(sums) >= limit * np.sqrt(ages)) & (ages <= known)).any(axis=0)
            found += int(alarmed.sum())
            known[alarmed] = 0
        alarms[place] = max(found, 1)
    return np.log(alarms / (CHAINS * CHAIN_LENGTH))
