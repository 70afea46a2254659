"""A regression whose coefficients change at unknown dates: the best dates for every number of changes."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pillarfour.detection import Floats

NEGLIGIBLE = 1e-10
"""Of the largest eigenvalue of a segment's regressors, below which they say nothing."""


@dataclass(frozen=True, kw_only=True)
class Segments:
    """Where a record is cut.

    Parameters
    ----------
    ends
        Each segment's end, the last one's, which is the record's, included.
    squared_error
        Sum of all segments' squared errors.
    bic
        Bayesian information criterion, each segment's coefficients, each cut's date and the variance counted.
    """

    ends: tuple[int, ...]
    squared_error: float
    bic: float

    def spans(self) -> list[slice]:
        """Give the segments."""
        return [slice(start, end) for start, end in pairwise((0, *self.ends))]


def best_segments(figures: Floats, regressors: Floats, *, least_periods: int) -> list[Segments]:
    """Cut a record where a regression a segment has the least squared errors: one answer for no cut, for one, and for each number more.

    A dynamic programme over all segments of at least so many periods; every period is a candidate.

    Parameters
    ----------
    figures, regressors
        Shapes (n_periods,) and (n_periods, k), without gaps.

    References
    ----------
    .. [1] Bai, J., Perron, P. (2003). Journal of Applied Econometrics 18(1), 1-22. doi:10.1002/jae.659
    """
    n_periods, k = regressors.shape
    errors = _squared_errors(figures - figures.mean(), regressors, least_periods)
    least, cuts = errors[0], []
    found = [_segments((n_periods,), least[-1], n_periods, k)]
    for _ in range(1, n_periods // least_periods):
        total = least[:, None] + errors
        cuts.append(total.argmin(axis=0))
        least = total.min(axis=0)
        ends = [n_periods]
        for best in reversed(cuts):
            ends.append(int(best[ends[-1]]))
        found.append(_segments(tuple(reversed(ends)), least[-1], n_periods, k))
    return found


def _segments(ends: tuple[int, ...], squared_error: float, n_periods: int, k: int) -> Segments:
    with np.errstate(divide="ignore"):  # an exact fit cannot be bettered
        fit = n_periods * (np.log(squared_error) + 1 - np.log(n_periods) + np.log(2 * np.pi))
    return Segments(ends=ends, squared_error=float(squared_error), bic=float(fit + np.log(n_periods) * len(ends) * (k + 1)))


def _squared_errors(figures: Floats, regressors: Floats, least_periods: int) -> Floats:
    """Squared errors of the regression on each segment by its start and end, infinite where it is too short."""
    n_periods = len(figures)
    errors = np.full((n_periods + 1, n_periods + 1), np.inf)
    products, moments = regressors * figures[:, None], regressors[:, :, None] * regressors[:, None, :]
    for start in range(n_periods - least_periods + 1):
        moment, product, square = (np.cumsum(each[start:], axis=0)[least_periods - 1 :] for each in (moments, products, figures**2))
        inverse = np.linalg.pinv(moment, rcond=NEGLIGIBLE, hermitian=True)
        explained = np.einsum("ni,nij,nj->n", product, inverse, product)
        errors[start, start + least_periods :] = np.maximum(square - explained, 0)
    return errors
