"""Seasonal-trend decomposition by loess: each period against a one-step-ahead prediction from what precedes it."""

import warnings
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache, partial
from typing import Any

import numpy as np
from pydantic import Field, field_validator
from scipy import special

from detectors.base import Judgements, Method, Parameters
from detectors.parallel import answer_each
from pillarfour.detection import CONSTANT, INSUFFICIENT_HISTORY, NO_DATA, NOT_CONVERGED, OK, Floats, Panel
from pillarfour.errors import DetectorError

LEAST_CYCLES = 2
"""Seasons that a decomposition needs."""

SHORTEST_SEASON = 2
"""Periods."""

SEVERAL = 2

PASSES = {"inner_iter", "outer_iter"}
"""Settings of a fit, not of what is fitted."""

MEDIAN_OF_HALF_NORMAL = 0.6744897501960817
NODES = 200
"""At which the law of a median is summed."""


class StlParameters(Parameters):
    """How the decomposition looks, and how much of its past errors counts.

    Parameters
    ----------
    season_window_years
        Years over which a calendar month's season is smoothed (odd). Local means: 7 lets the season move, 13 and more hold it still.
    inner_iterations, outer_iterations
        Passes of the decomposition and of its robustness weights; 1 and 5 are the authors' advice for robust fits.
    error_window_periods
        How many past one-step-ahead errors make the scale.
    season_periods
        Lengths of several seasons, such as 52 and 13 in weeks: they are told apart one after the other (MSTL). None given: a year.
    """

    season_window_years: int = Field(default=13, ge=3, le=99)
    inner_iterations: int = Field(default=1, ge=1, le=5)
    outer_iterations: int = Field(default=5, ge=1, le=15)
    error_window_periods: int = Field(default=60, ge=12)
    season_periods: tuple[int, ...] = ()

    @field_validator("season_window_years")
    @classmethod
    def _odd(cls, years: int) -> int:
        if years % 2 == 0:
            raise ValueError(f"season_window_years is {years}; a loess window is odd: say {years + 1}")
        return years

    @field_validator("season_periods")
    @classmethod
    def _apart(cls, periods: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(periods)) < len(periods) or any(each < SHORTEST_SEASON for each in periods):
            raise ValueError(
                f"season_periods is {', '.join(map(str, periods))}; give each length once, of {SHORTEST_SEASON} periods or more"
            )
        return periods

    def windows(self, periods_per_year: int) -> dict[int, int]:
        """Give the cycles over which each season is smoothed, by its length: as many years for all, and an odd number."""
        if len(self.season_periods) < SEVERAL:
            return dict.fromkeys(self.season_periods or (periods_per_year,), self.season_window_years)
        return {length: self.season_window_years * periods_per_year // length // 2 * 2 + 1 for length in self.season_periods}

    @property
    def settings(self) -> dict[str, Any]:
        """Those of statsmodels' STL: robustness weights, and local means of seasons."""
        return {"seasonal_deg": 0, "robust": True, "inner_iter": self.inner_iterations, "outer_iter": self.outer_iterations}


class Stl(Method[StlParameters]):
    """Robust STL on log(1 + count), judged by its own past one-step-ahead errors.

    Notes
    -----
    For every period t the decomposition is fitted on the periods before t alone. Its last trend value plus the season of one year
    before predicts log(1 + y_t). The error's variance is ``p(mu) + c``: the sampling variance of a Poisson count on that scale, and a
    dispersion c >= 0 that solves median |e| / sqrt(p + c) = 0.674 over the past errors. A Student-t quantile with degrees of freedom
    of that median gives the bounds. See ``docs/method.md``.

    References
    ----------
    .. [1] Cleveland, R. B., Cleveland, W. S., McRae, J. E., Terpenning, I. (1990). Journal of Official Statistics 6(1), 3-73.
    .. [2] Bandara, K., Hyndman, R. J., Bergmeir, C. (2025). International Journal of Operational Research 52(1), 79-98.
    """

    name = "stl"
    parameters_type = StlParameters
    least_history = 36

    def judge(self, panel: Panel) -> Judgements:
        """Judge every period of every series."""
        longest = max(self.parameters.season_periods, default=0)
        if longest > panel.periods_per_year:
            raise DetectorError(
                f"{self.name}: season_periods has {longest}, but the panel's year has {panel.periods_per_year}; give at most a year"
            )
        job = partial(judge_series, periods_per_year=panel.periods_per_year, parameters=self.parameters)
        judged = Judgements.blank(panel.values.shape, status=NO_DATA)
        for row, one in enumerate(answer_each(job, list(panel.values), title=self.name)):
            for field in fields(Judgements):
                getattr(judged, field.name)[row] = getattr(one, field.name)
        return judged


def judge_series(counts: Floats, *, periods_per_year: int, parameters: StlParameters) -> Judgements:
    """Judge every period of one series, each array of shape (n_periods,)."""
    judged = Judgements.blank(counts.shape, status=NO_DATA)
    published = np.flatnonzero(np.isfinite(counts))
    if not published.size:
        return judged
    predicted = one_step_ahead(counts, periods_per_year, parameters)
    mean = np.maximum(np.expm1(predicted), 0)
    sampling = sampling_variance(mean)
    errors = np.log1p(counts) - predicted
    immaturity = prediction_variance(np.cumsum(np.isfinite(counts)) / periods_per_year)
    excess = errors**2 / MEDIAN_OF_HALF_NORMAL**2 / immaturity - sampling
    chance = parameters.false_alarms_per_year / (2 * periods_per_year)
    least = Stl.least_history * periods_per_year // 12
    least_errors = least - LEAST_CYCLES * periods_per_year - bool(parameters.season_periods)
    for order, at in enumerate(published):
        past = published[:order]
        known = past[np.isfinite(excess[past])][-parameters.error_window_periods :]
        if order and order >= least and np.ptp(counts[np.append(past, at)]) == 0:
            judged.status[at] = CONSTANT
            judged.expected[at] = judged.lower[at] = judged.upper[at] = counts[at]
            continue
        if order < least:
            judged.status[at] = INSUFFICIENT_HISTORY
            continue
        if not np.isfinite(predicted[at]) or known.size < least_errors:
            judged.status[at] = NOT_CONVERGED
            continue
        deviation = np.sqrt(immaturity[at] * (sampling[at] + max(np.median(excess[known]), 0)))
        law = law_of(known.size)
        reach = law.threshold(chance) * deviation
        judged.status[at] = OK
        judged.expected[at] = mean[at]
        judged.lower[at] = max(np.expm1(predicted[at] - reach), 0)
        judged.upper[at] = np.expm1(predicted[at] + reach)
        judged.score[at] = errors[at] / reach
        judged.p_value[at] = law.tail(abs(errors[at]) / deviation)
    return judged


class MedianScaled:
    """The law of a normal error divided by the scale that the median of n other absolute errors gives: Student's t for a median.

    That median is a half-normal quantile whose rank follows Beta((n + 1) / 2, (n + 1) / 2).
    """

    def __init__(self, n_errors: int) -> None:
        ranks = special.betaincinv((n_errors + 1) / 2, (n_errors + 1) / 2, (np.arange(NODES) + 0.5) / NODES)
        self.scales = special.ndtri((1 + ranks) / 2) / MEDIAN_OF_HALF_NORMAL

    def tail(self, distance: float) -> float:
        """Chance of an error beyond this distance, on one side."""
        return float(special.ndtr(-distance * self.scales).mean())

    def threshold(self, chance: float) -> float:
        """Give the distance beyond which an error lies with this chance, on one side."""
        from scipy import optimize  # noqa: PLC0415 - commands that detect nothing do not pay for it

        return float(optimize.brentq(lambda distance: self.tail(distance) - chance, 0, 1e6))


@lru_cache
def law_of(n_errors: int) -> MedianScaled:
    """Sum the law once a number of errors."""
    return MedianScaled(n_errors)


def sampling_variance(mean: Floats) -> Floats:
    """Variance of log(1 + y) for a Poisson count y of this mean, by the delta method; near zero as for half a person."""
    return np.maximum(mean, 0.5) / (mean + 1) ** 2


def prediction_variance(years: Floats) -> Floats:
    """Variance of a one-step-ahead error over a count's, after so many years; measured, so that early errors do not widen later bounds."""
    return 1.25 + 2 / np.maximum(years, 1)


def one_step_ahead(counts: Floats, periods_per_year: int, parameters: StlParameters) -> Floats:
    """Predict log(1 + count) of every period from the periods before it.

    Parameters
    ----------
    counts
        One series, shape (n_periods,); NaN where nothing is published.

    Returns
    -------
    Floats
        Shape (n_periods,); NaN until two seasons are known, and where the fit failed.
    """
    predicted = np.full(counts.shape, np.nan)
    published = np.flatnonzero(np.isfinite(counts))
    least, windows = LEAST_CYCLES * periods_per_year, parameters.windows(periods_per_year)
    for order, column in enumerate(published):
        if order < least + bool(parameters.season_periods):  # MSTL wants more than two
            continue
        first, last = published[0], published[order - 1]
        inside = np.arange(first, last + 1)
        logs = np.interp(inside, published[:order], np.log1p(counts[published[:order]]))
        if np.ptp(logs) == 0:
            predicted[column] = logs[-1]
            continue
        trend, seasons = decompose(logs, windows, parameters.settings)
        ahead = column - last
        predicted[column] = trend[-1] + sum(season[ahead - 1 - -(-ahead // period) * period] for period, season in seasons.items())
    return predicted


def decompose(logs: Floats, windows: Mapping[int, int], settings: Mapping[str, Any]) -> tuple[Floats, dict[int, Floats]]:
    """Split a series without gaps into trend and seasons by statsmodels.

    Parameters
    ----------
    windows
        By the length of each season [periods], over how many cycles it is smoothed. One season is STL's, several are MSTL's.
    settings
        Of statsmodels' STL, and ``inner_iter`` and ``outer_iter`` of its fit.

    Returns
    -------
    trend
        Shape (n_periods,).
    seasons
        By their length.
    """
    from statsmodels.tsa.seasonal import MSTL, STL  # noqa: PLC0415 - a second that commands which detect nothing do not pay

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # weights of an exact fit are 0/0; the result is looked at by the caller
        if len(windows) == 1:
            passes = {name: value for name, value in settings.items() if name in PASSES}
            others = {name: value for name, value in settings.items() if name not in PASSES}
            [(length, window)] = windows.items()
            fit = STL(logs, period=length, seasonal=window, **others).fit(**passes)
            return np.asarray(fit.trend), {length: np.asarray(fit.seasonal)}
        lengths = sorted(windows)
        fit = MSTL(logs, periods=lengths, windows=[windows[length] for length in lengths], stl_kwargs=dict(settings)).fit()
    return np.asarray(fit.trend), dict(zip(lengths, np.asarray(fit.seasonal).T, strict=True))
