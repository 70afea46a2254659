"""Breaks in hindsight: when did a level change, and did it stay constant at all? Nothing here judges a period online."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from detectors.breaks import regressors_of
from detectors.segmented_regression import best_segments
from pillarfour.detection import Floats, Panel
from pillarfour.errors import DetectorError

if TYPE_CHECKING:
    from ruptures import KernelCPD

DRAWS = 400
"""Steady series on which the penalty is calibrated."""

MOST_BREAKS = 3
"""At once, that a false finding may consist of."""

MEDIAN_DIFFERENCE = 0.6744897501960817 * 2**0.5
"""Median of the absolute difference of two standard normal figures."""

COLUMNS = ["series", "period", "before", "after"]

LAMBDA = 0.948
"""Of the five-per-cent boundary of a CUSUM of recursive residuals."""


@dataclass(frozen=True, kw_only=True)
class Constancy:
    """The classical tests of a whole record, for every period after the first k.

    Parameters
    ----------
    residuals
        Recursive residuals.
    cusum, cusum_bound
        Their cumulative sum over their root mean square, and the boundary that it passes by chance in 5 % of constant records.
    cusum_squares
        The share of their squares so far; a straight line from 0 to 1 where the noise is constant.
    """

    residuals: Floats
    cusum: Floats
    cusum_bound: Floats
    cusum_squares: Floats

    @property
    def constant(self) -> bool:
        """Whether the sum stays within its boundary."""
        return bool((np.abs(self.cusum) <= self.cusum_bound).all())


def check_constancy(figures: Floats, regressors: Floats) -> Constancy:
    """Fit statsmodels' recursive least squares to a record without gaps and give its CUSUM and CUSUM of squares.

    Parameters
    ----------
    figures, regressors
        Shapes (n_periods,) and (n_periods, k).

    References
    ----------
    .. [1] Brown, R. L., Durbin, J., Evans, J. M. (1975). Journal of the Royal Statistical Society B 37(2), 149-192.
    """
    from statsmodels.regression.recursive_ls import RecursiveLS  # noqa: PLC0415 - commands that date nothing do not pay for it

    if not np.isfinite(figures).all():
        raise DetectorError("check_constancy: the record has gaps; leave those periods out of figures and regressors alike")
    fit = RecursiveLS(figures, regressors).fit()
    first, n_residuals = regressors.shape[1], len(figures) - regressors.shape[1]
    slope = 2 * np.arange(n_residuals) / np.sqrt(n_residuals)
    return Constancy(
        residuals=np.asarray(fit.resid_recursive)[first:],
        cusum=np.asarray(fit.cusum),
        cusum_bound=LAMBDA * (np.sqrt(n_residuals) + slope),
        cusum_squares=np.asarray(fit.cusum_squares),
    )


def date_breaks(panel: Panel, *, least_periods: int = 12, false_findings: float = 0.05) -> pd.DataFrame:
    """Date the breaks of each series' level on log(1 + count), given the whole record: least penalized squares, every period a candidate.

    Parameters
    ----------
    least_periods
        That a level lasts; a full year, so that a season is not taken for levels.
    false_findings
        Share of steady records in which chance makes any break; it sets the penalty.

    Returns
    -------
    pandas.DataFrame
        One row a break: ``series``, ``period`` (the first of the new level), and the levels ``before`` and ``after`` it, as geometric
        means in the panel's unit. Gaps are left out.

    References
    ----------
    .. [1] Killick, R., Fearnhead, P., Eckley, I. A. (2012). Journal of the American Statistical Association 107(500), 1590-1598.
    """
    found = []
    for key, counts in zip(panel.series, panel.values, strict=True):
        published = np.flatnonzero(np.isfinite(counts))
        logs = np.log1p(counts[published])
        if len(logs) < 2 * least_periods or np.ptp(logs) == 0:
            continue
        penalty = noise_variance(logs) * penalty_per_variance(len(logs), least_periods, false_findings)
        ends = segment(logs, least_periods=least_periods, penalty=penalty)
        levels = [float(part.mean()) for part in np.split(logs, ends[:-1])]
        found += _rows(key, panel.periods[published[ends[:-1]]], levels)
    return pd.DataFrame(found, columns=COLUMNS)


def date_seasonal_breaks(panel: Panel, *, season: Literal["wave", "months"] = "wave", least_periods: int | None = None) -> pd.DataFrame:
    """Date the breaks of each series' level and season together on log(1 + count), given the whole record.

    Least squares on a level and a season between the breaks; where they lie, the squared errors are least, and their number has the
    least Bayesian information criterion. So a season is not taken for levels, and a season that turns is a break.

    Parameters
    ----------
    season
        One sine wave a year, or every month by itself; the latter needs long records.
    least_periods
        That a level and a season last, by default two years; more than the season has parameters.

    Returns
    -------
    pandas.DataFrame
        As ``date_breaks``; the levels are a whole year's geometric means, whichever months a stretch has.

    References
    ----------
    .. [1] Bai, J., Perron, P. (2003). Journal of Applied Econometrics 18(1), 1-22. doi:10.1002/jae.659
    """
    regressors = regressors_of(panel, 1) if season == "wave" else _months_of(panel)
    least_periods = 2 * panel.periods_per_year if least_periods is None else least_periods
    if least_periods <= regressors.shape[1]:
        raise DetectorError(
            f"date_seasonal_breaks: {least_periods} periods do not tell a level and a season; give more than {regressors.shape[1]}"
        )
    found = []
    for key, counts in zip(panel.series, panel.values, strict=True):
        published = np.flatnonzero(np.isfinite(counts))
        logs, design = np.log1p(counts[published]), regressors[published]
        if len(logs) < 2 * least_periods or np.ptp(logs) == 0:
            continue
        chosen = min(best_segments(logs, design, least_periods=least_periods), key=lambda segments: segments.bic)
        levels = [float(np.linalg.lstsq(design[span], logs[span])[0][0]) for span in chosen.spans()]
        found += _rows(key, panel.periods[published[list(chosen.ends[:-1])]], levels)
    return pd.DataFrame(found, columns=COLUMNS)


def _rows(key: object, periods: pd.PeriodIndex, logs: Sequence[float]) -> list[dict[str, Any]]:
    """Give a row a break: its first period, and the levels around it."""
    levels = pairwise(np.expm1(logs).tolist())
    return [
        {"series": str(key), "period": period, "before": before, "after": after}
        for period, (before, after) in zip(periods, levels, strict=True)
    ]


def _months_of(panel: Panel) -> Floats:
    """Give a constant, and how eleven months and the twelfth differ from it, shape (n_periods, 12)."""
    month = np.eye(12)[np.asarray(panel.periods.month) - 1]
    return np.column_stack([np.ones(len(month)), month[:, :11] - month[:, 11:]])


def segment(logs: Floats, *, least_periods: int, penalty: float) -> list[int]:
    """Cut a record where the squared errors of levels, and a penalty a cut, are least; each segment's end, the last one's included."""
    search = _search(logs, least_periods)
    numbers = range(len(logs) // least_periods - 1, 0, -1)  # the largest first: its answer holds the others
    ways = [[len(logs)], *([int(end) for end in search.predict(n_bkps=number)] for number in numbers)]
    return min(ways, key=lambda ends: _cost(logs, ends) + penalty * (len(ends) - 1))


def _search(logs: Floats, least_periods: int) -> "KernelCPD":
    """Prepare ruptures' compiled dynamic programme, exact for each number of cuts.

    Its PELT, compiled or not, also discards starts that a least length only puts off, and misses the optimum of one record in a hundred.
    """
    from ruptures import KernelCPD  # noqa: PLC0415 - commands that date nothing do not pay for it

    return KernelCPD(kernel="linear", min_size=least_periods).fit(logs[:, None])


def noise_variance(logs: Floats) -> float:
    """Estimate the variance of independent noise by the median of absolute differences, which breaks hardly move.

    A record that mostly stands still has the variance that its differences have on average.
    """
    differences = np.diff(logs)
    robust = np.median(np.abs(differences)) / MEDIAN_DIFFERENCE
    return float(robust**2 if robust > 0 else np.mean(differences**2) / 2)


@lru_cache
def penalty_per_variance(n_periods: int, least_periods: int, false_findings: float) -> float:
    """Give the penalty, in noise variances as estimated, that so many steady normal records pass by chance; always the same draws."""
    records = np.random.default_rng(n_periods).standard_normal((DRAWS, n_periods))
    most = min(MOST_BREAKS, n_periods // least_periods - 1)
    gains = np.empty(DRAWS)
    for draw, record in enumerate(records):
        search = _search(record, least_periods)
        cuts = [search.predict(n_bkps=number) for number in range(1, most + 1)]
        saved = [_cost(record, [n_periods]) - _cost(record, ends) for ends in cuts]
        gains[draw] = max(gain / number for number, gain in enumerate(saved, start=1)) / noise_variance(record)
    return float(np.quantile(gains, 1 - false_findings))


def _cost(record: Floats, ends: list[int]) -> float:
    return float(sum(((part - part.mean()) ** 2).sum() for part in np.split(record, ends[:-1])))
