"""Breaks in hindsight: when did a level change, and did it stay constant at all? Nothing here judges a period online."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from pillarfour.detection import Floats, Panel
from pillarfour.errors import DetectorError

DRAWS = 400
"""Steady series on which the penalty is calibrated."""

MOST_BREAKS = 3
"""At once, that a false finding may consist of."""

MEDIAN_DIFFERENCE = 0.6744897501960817 * 2**0.5
"""Median of the absolute difference of two standard normal figures."""

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
    """Date the breaks of each series' level on log(1 + count), given the whole record: ruptures' PELT, exact, every period a candidate.

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
        levels = [np.expm1(logs[start:end].mean()) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        for at, before, after in zip(ends[:-1], levels[:-1], levels[1:], strict=True):
            found.append({"series": str(key), "period": panel.periods[published[at]], "before": before, "after": after})
    return pd.DataFrame(found, columns=["series", "period", "before", "after"])


def segment(logs: Floats, *, least_periods: int, penalty: float) -> list[int]:
    """Cut a record where the squared errors of levels, and a penalty a cut, are least; each segment's end, the last one's included."""
    from ruptures import Pelt  # noqa: PLC0415 - commands that date nothing do not pay for it

    return [int(end) for end in Pelt(model="l2", min_size=least_periods, jump=1).fit(logs).predict(pen=penalty)]


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
    from ruptures import KernelCPD  # noqa: PLC0415 - commands that date nothing do not pay for it

    records = np.random.default_rng(n_periods).standard_normal((DRAWS, n_periods))
    most = min(MOST_BREAKS, n_periods // least_periods - 1)
    gains = np.empty(DRAWS)
    for draw, record in enumerate(records):
        search = KernelCPD(kernel="linear", min_size=least_periods).fit(record[:, None])  # the same optimum as PELT, compiled
        cuts = [search.predict(n_bkps=number) for number in range(1, most + 1)]
        saved = [_cost(record, [n_periods]) - _cost(record, ends) for ends in cuts]
        gains[draw] = max(gain / number for number, gain in enumerate(saved, start=1)) / noise_variance(record)
    return float(np.quantile(gains, 1 - false_findings))


def _cost(record: Floats, ends: list[int]) -> float:
    return float(sum(((part - part.mean()) ** 2).sum() for part in np.split(record, ends[:-1])))
