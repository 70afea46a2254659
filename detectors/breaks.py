"""Structural breaks as they happen: recursive residuals of a level with a season, added up backwards from the judged period."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import special

from detectors.base import Judgements, Method, Parameters
from detectors.windows import statuses, still
from pillarfour.detection import INSUFFICIENT_HISTORY, OK, Floats, Panel

FEWEST = 0.5
"""Persons below which a mean is not taken for the truth."""

SINGULAR = 1e10
"""Condition number from which coefficients are not determined yet."""

LEAST_FREEDOM = 8
"""Residuals before a window on which its variance must rest."""

OVER_AFTER_PERIODS = 3
"""Without an alarm, after which a shift is over."""

LENGTHS = (10, 14, 20, 32, 60, 150)
"""Numbers of residuals for which the law of the largest statistic is drawn; between them it is interpolated."""

DRAWS = 2**15

Columns = npt.NDArray[np.intp]


class BreaksParameters(Parameters):
    """What is constant until it breaks, and how far back a break is looked for.

    Parameters
    ----------
    season_harmonics
        Sine waves a year beside the level.
    memory_periods
        How many periods back a break may lie.
    new_level_after_periods
        How long after its first sign a break keeps being judged against the level before; then the record begins with it.
    """

    season_harmonics: int = Field(default=1, ge=0, le=6)
    memory_periods: int = Field(default=12, ge=1, le=60)
    new_level_after_periods: int = Field(default=12, ge=12)


@dataclass(kw_only=True)
class Regressions:
    """Where the recursive least squares of all series stand before a period."""

    moment: Floats
    """Of the regressors, shape (n_series, k, k), until there are enough to solve."""
    product: Floats
    """Of regressors and figures, shape (n_series, k), until then."""
    inverse: Floats
    """Of the moment matrix, from then on; NaN before."""
    coefficients: Floats
    recent: Floats
    """The newest residuals first, shape (n_series, memory_periods)."""
    squares: Floats
    """Sum of all squared residuals, shape (n_series,)."""
    size: Columns
    """Number of residuals, shape (n_series,)."""

    @classmethod
    def blank(cls, n_series: int, k: int, memory: int) -> "Regressions":
        """Know nothing yet."""
        return cls(
            moment=np.zeros((n_series, k, k)),
            product=np.zeros((n_series, k)),
            inverse=np.full((n_series, k, k), np.nan),
            coefficients=np.full((n_series, k), np.nan),
            recent=np.zeros((n_series, memory)),
            squares=np.zeros(n_series),
            size=np.zeros(n_series, dtype=np.intp),
        )

    def forget(self, rows: Columns) -> None:
        """Begin anew."""
        for figures in (self.moment, self.product, self.recent, self.squares, self.size):
            figures[rows] = 0
        self.inverse[rows] = self.coefficients[rows] = np.nan

    def forecast(self, rows: Columns, regressors: Floats) -> tuple[Floats, Floats]:
        """Give the forecast, and how much wider its error is than the noise."""
        spread = 1 + np.einsum("i,nij,j->n", regressors, self.inverse[rows], regressors)
        return self.coefficients[rows] @ regressors, np.sqrt(spread)

    def learn(self, rows: Columns, regressors: Floats, figures: Floats) -> Floats:
        """Take a figure of each series in, and give its recursive residual; NaN while the coefficients are not determined."""
        mean, width = self.forecast(rows, regressors)
        residual = (figures - mean) / width
        known = np.isfinite(residual)
        self._update(rows[known], regressors, residual[known], width[known])
        begun = rows[~known]
        self.moment[begun] += np.outer(regressors, regressors)
        self.product[begun] += figures[~known, None] * regressors
        solvable = begun[np.linalg.cond(self.moment[begun]) < SINGULAR]
        self.inverse[solvable] = np.linalg.inv(self.moment[solvable])
        self.coefficients[solvable] = np.einsum("nij,nj->ni", self.inverse[solvable], self.product[solvable])
        return residual

    def _update(self, rows: Columns, regressors: Floats, residual: Floats, width: Floats) -> None:
        gain = self.inverse[rows] @ regressors / width[:, None]
        self.coefficients[rows] += gain * residual[:, None]
        self.inverse[rows] -= gain[:, :, None] * gain[:, None, :]
        self.recent[rows] = np.column_stack([residual, self.recent[rows][:, :-1]])
        self.squares[rows] += residual**2
        self.size[rows] += 1


class Breaks(Method[BreaksParameters]):
    """Recursive residuals, added up backwards: evidence that level or season broke some periods ago and stayed broken.

    Notes
    -----
    A recursive residual is the scaled error of a period's forecast by least squares on all periods before it; in control they are
    independent. For each of the last ``memory_periods`` the sum of the residuals since then, over its standard deviation as the
    residuals before it tell, follows Student's t. The largest, among those windows, of the judged period's own direction is held
    against the law of the largest. This is the CUSUM of Brown, Durbin and Evans counted back from the judged period, which finds what
    has just begun where the sum from the start hardly moves. See ``docs/method.md``.

    References
    ----------
    .. [1] Brown, R. L., Durbin, J., Evans, J. M. (1975). Journal of the Royal Statistical Society B 37(2), 149-192.
    .. [2] Otto, S., Breitung, J. (2023). Econometric Theory 39(4), 659-692. doi:10.1017/S0266466622000159
    """

    name = "breaks"
    parameters_type = BreaksParameters
    least_history = 24

    def judge(self, panel: Panel) -> Judgements:
        """Judge every period of all series, one period after the other."""
        logs = np.log1p(panel.values)
        judged = Judgements.blank(logs.shape, status=OK)
        judged.status[:] = statuses(panel.values, least=self.least_history * panel.periods_per_year // 12)
        design = regressors_of(panel, self.parameters.season_harmonics)
        regressions = Regressions.blank(len(logs), design.shape[1], self.parameters.memory_periods)
        shifts = Shifts.none(len(logs))
        chance = self.parameters.false_alarms_per_year / (2 * panel.periods_per_year)
        limits = limits_by_size(logs.shape[1], self.parameters.memory_periods, chance)
        for column, regressors in enumerate(design):
            rows = np.flatnonzero(np.isfinite(logs[:, column]))
            with np.errstate(over="ignore", invalid="ignore"):  # waves that few figures have just determined may forecast anything
                before = _weigh(regressions, rows, regressors, logs[rows, column], limits, judged, column)
            blind = rows[(judged.status[rows, column] == OK) & ~np.isfinite(judged.upper[rows, column])]
            judged.status[blind, column] = INSUFFICIENT_HISTORY  # a level that has just begun anew, or gaps in the season
            regressions.learn(rows, regressors, logs[rows, column])
            alarm = (np.abs(np.nan_to_num(judged.score[rows, column])) >= 1) & (judged.status[rows, column] == OK)
            renewed = shifts.follow(rows, alarm, column - before, column, self.parameters.new_level_after_periods)
            self._begin_with(regressions, renewed, shifts.start, logs[:, : column + 1], design)
            shifts.start[renewed] = -1
        for figures in (judged.expected, judged.lower, judged.upper):
            figures[judged.status != OK] = np.nan
        still(judged, slice(None), panel.values)
        return judged

    @staticmethod
    def _begin_with(regressions: Regressions, rows: Columns, starts: Columns, logs: Floats, design: Floats) -> None:
        """Take these series' records anew, from where each broke."""
        if not rows.size:
            return
        regressions.forget(rows)
        for column in range(starts[rows].min(), logs.shape[1]):
            since = rows[(starts[rows] <= column) & np.isfinite(logs[rows, column])]
            regressions.learn(since, design[column], logs[since, column])


@dataclass(kw_only=True)
class Shifts:
    """Which series are in a shift, since when, and for how long it has been quiet."""

    start: Columns
    quiet: Columns

    @classmethod
    def none(cls, n_series: int) -> "Shifts":
        """Begin with none."""
        return cls(start=np.full(n_series, -1, dtype=np.intp), quiet=np.zeros(n_series, dtype=np.intp))

    def follow(self, rows: Columns, alarm: npt.NDArray[np.bool_], began: Columns, column: int, lasting: int) -> Columns:
        """Put a shift in force at its first alarm, end it when it is quiet, and give the series whose shift has become the level."""
        first = alarm & (self.start[rows] < 0)
        self.start[rows[first]] = began[first]
        self.quiet[rows] = np.where(alarm, 0, self.quiet[rows] + 1)
        self.start[rows[self.quiet[rows] >= OVER_AFTER_PERIODS]] = -1
        return rows[(self.start[rows] >= 0) & (column + 1 - self.start[rows] >= lasting)]


def regressors_of(panel: Panel, harmonics: int) -> Floats:
    """Give a constant, and sine waves by the place in the calendar's year, shape (n_periods, k)."""
    monthly = panel.periods.freqstr[0] == "M"
    at = panel.periods.month if monthly else panel.periods.start_time.isocalendar().week
    angle = 2 * np.pi * np.asarray(at, dtype=float) / panel.periods_per_year
    waves = [wave(harmonic * angle) for harmonic in range(1, harmonics + 1) for wave in (np.cos, np.sin)]
    if 2 * harmonics == panel.periods_per_year:
        waves.pop()  # the sine of a wave of two months is zero in each
    return np.column_stack([np.ones(len(angle)), *waves])


def recursive_residuals(figures: Floats, regressors: Floats) -> Floats:
    """Give each figure's recursive residual, NaN for the first k; figures of shape (n_series, n_periods), regressors (n_periods, k)."""
    regressions = Regressions.blank(len(figures), regressors.shape[1], 1)
    residuals = np.full(figures.shape, np.nan)
    for column, row in enumerate(regressors):
        published = np.flatnonzero(np.isfinite(figures[:, column]))
        residuals[published, column] = regressions.learn(published, row, figures[published, column])
    return residuals


def _weigh(  # noqa: PLR0913, PLR0917 - a period's whole judgement
    regressions: Regressions, rows: Columns, regressors: Floats, figures: Floats, limits: Floats, judged: Judgements, column: int
) -> Columns:
    """Score a period of these series, and say for each how many periods back its strongest evidence begins."""
    memory = limits.shape[1]
    mean, width = regressions.forecast(rows, regressors)
    residual = (figures - mean) / width
    recent, size = regressions.recent[rows], regressions.size[rows] + 1
    window = np.arange(1, memory + 1)
    earlier = np.column_stack([np.zeros(len(rows)), np.cumsum(recent[:, : memory - 1], axis=1)])
    left = regressions.squares[rows, None] - np.column_stack([np.zeros(len(rows)), np.cumsum(recent[:, : memory - 1] ** 2, axis=1)])
    expected = np.maximum(np.expm1(mean), 0)
    counting = np.maximum(expected, FEWEST) / (expected + 1) ** 2
    freedom = np.maximum(size[:, None] - window, 1)
    deviation = np.sqrt(window * np.maximum(left / freedom, counting[:, None]))
    reach = limits[size] * deviation
    side = np.where(residual >= 0, 1, -1)
    evidence = side[:, None] * (residual[:, None] + earlier) / reach
    judged.score[rows, column] = side * evidence.max(axis=1)
    high, low = np.maximum((reach - earlier).min(axis=1), 0), np.minimum((-reach - earlier).max(axis=1), 0)
    judged.expected[rows, column] = expected
    judged.upper[rows, column] = np.expm1(mean + width * high)
    judged.lower[rows, column] = np.maximum(np.expm1(mean + width * low), 0)
    return np.asarray(evidence.argmax(axis=1))


@lru_cache
def limits_by_size(n_periods: int, memory: int, chance: float) -> Floats:
    """Say what each window's t statistic must reach, for every number of residuals, shape (n_periods + 1, memory).

    All windows at the same tail probability, such that the largest of the judged period's direction passes with this chance on one
    side; infinite where too few residuals precede the window.
    """
    log_tail = np.array([np.log(_tail_of_largest(length, memory, chance)) for length in LENGTHS])
    size = np.arange(n_periods + 1)
    tail = np.exp(np.interp(-1 / np.maximum(size, 1), -1 / np.array(LENGTHS), log_tail))
    freedom = size[:, None] - np.arange(1, memory + 1)
    limits = -special.stdtrit(np.maximum(freedom, 1), tail[:, None])
    return np.where(freedom >= LEAST_FREEDOM, limits, np.inf)


def _tail_of_largest(length: int, memory: int, chance: float) -> float:
    """Draw normal residuals, always the same, and give the tail probability that the smallest of the windows' falls below by chance."""
    residuals = np.random.default_rng(length).standard_normal((DRAWS, length))
    backwards = residuals[:, ::-1]
    longest = min(memory, length - LEAST_FREEDOM)
    window = np.arange(1, longest + 1)
    sums = np.cumsum(backwards, axis=1)[:, :longest] / np.sqrt(window)
    squares = (backwards**2).sum(axis=1)[:, None] - np.cumsum(backwards**2, axis=1)[:, :longest]
    statistic = np.sign(backwards[:, :1]) * sums / np.sqrt(squares / (length - window))
    smallest = special.stdtr(length - window, -statistic).min(axis=1)
    return float(np.quantile(smallest, 2 * chance))
