"""Quasi-Poisson regression of many series at once: a level a season and a common log-linear trend, fitted exactly.

The model of series s at reference period i, of level g(i) and time t_i, is

    E y_i = mu_i = exp(b_g(i) + c t_i),    Var y_i = phi mu_i / w_i.

All series share levels and times, so the normal matrix is an arrow: one entry a level, and one row and column for the trend. Given the
slope c, the levels have a closed form, exp(b_g) = sum_g w y / sum_g w exp(c t), and what is left is one equation in c,

    sum_i w_i y_i t_i = sum_g Y_g m_g(c),    Y_g = sum_g w y,

where m_g and v_g are mean and variance of t over level g under the weights w exp(c t). Its derivative is -sum_g Y_g v_g, so it has at most
one root, and Newton's steps find it. Sums run period by period, never through a matrix product, so that a series has the same last digit
whatever series stand beside it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pillarfour.detection import Floats

MOST_STEPS = 40
CONVERGED = 1e-10
"""Change of the slope, in units of the whole baseline's length, below which it stands; the next change is about its square."""

LONGEST_STEP = 2.0
"""A slope changes by no more at once, so that a start far from the root does not overshoot."""


@dataclass(frozen=True, kw_only=True)
class Design:
    """Which periods explain the judged one, and how; the same for every series.

    Parameters
    ----------
    columns
        Reference periods as columns of the panel, level by level, shape (n,).
    sizes
        How many of them each level has.
    times
        Time from the judged period as a share of the baseline's length, from -1 up to below 0, shape (n, 1).
    judged_level
        The judged period's level.
    """

    columns: npt.NDArray[np.intp]
    sizes: tuple[int, ...]
    times: Floats
    judged_level: int

    def sums(self, values: Floats) -> Floats:
        """Add up each level's rows, (n, n_series) to (n_levels, n_series), always in the same order."""
        totals = np.empty((len(self.sizes), values.shape[1]))
        start = 0
        for total, size in zip(totals, self.sizes, strict=True):
            total[:] = add_rows(values[start : start + size])
            start += size
        return totals

    def spread(self, values: Floats) -> Floats:
        """Give each reference period what its level has, (n_levels, n_series) to (n, n_series); one level is left to broadcast."""
        return values if len(self.sizes) == 1 else np.repeat(values, self.sizes, axis=0)


def add_rows(values: Floats) -> Floats:
    """Add up rows in their order; what is not stored row by row numpy adds pairwise, which differs in the last digit."""
    by_row = values.shape[1] > 1 and values.flags.c_contiguous
    return np.asarray(values.sum(axis=0) if by_row else np.add.accumulate(values, axis=0)[-1])


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted model of every series.

    Parameters
    ----------
    fitted
        Means of the reference periods, shape (n, n_series).
    working
        Their weights in the normal matrix: prior weight times mean, shape (n, n_series).
    information
        Sums of the working weights by level, shape (n_levels, n_series).
    centre
        Mean times by level under the working weights, same shape.
    curvature
        Information on the slope once the levels are fitted, shape (n_series,); infinite without one.
    slope
        Change of log mean over the baseline's length, shape (n_series,); 0 without a trend.
    mean
        Of the judged period, shape (n_series,).
    judged_time
        Its time; 0, or shape (n_series,) where a reference measures it otherwise.
    converged
        Whether there is a solution, and it was reached, shape (n_series,).
    """

    fitted: Floats
    working: Floats
    information: Floats
    centre: Floats
    curvature: Floats
    slope: Floats
    mean: Floats
    judged_time: Floats | float = 0.0
    converged: npt.NDArray[np.bool_]

    def leverage(self, design: Design) -> Floats:
        """Diagonal of the hat matrix, shape (n, n_series)."""
        apart = (design.times - design.spread(self.centre)) ** 2 / self.curvature
        return np.asarray(self.working * (design.spread(reciprocal(self.information)) + apart))

    def log_mean_variance(self, design: Design) -> Floats:
        """Variance of the judged period's log mean at dispersion 1, shape (n_series,)."""
        level = design.judged_level
        return np.asarray(reciprocal(self.information[level]) + (self.judged_time - self.centre[level]) ** 2 / self.curvature)


def fit(counts: Floats, weights: Floats, design: Design, *, trend: bool) -> Fit:
    """Fit every series by maximum quasi-likelihood.

    Parameters
    ----------
    counts
        Reference counts, shape (n, n_series); any figure where the weight is 0.
    weights
        Prior weights, shape (n, n_series) or (n, 1).

    Returns
    -------
    Fit
        A level without any case has mean 0 and adds nothing to the rest. Where no finite slope fits,
        ``converged`` is False, and the slope 0.

    References
    ----------
    .. [1] McCullagh, P., Nelder, J. A. (1989). Generalized Linear Models. Chapman and Hall, 2nd edition, chapter 9.
    """
    weighted = counts * weights
    totals = design.sums(weighted)
    n_series = counts.shape[1]
    if trend:
        slope, converged = _solve(totals, add_rows(weighted * design.times), weights, design)
    else:
        slope, converged = np.zeros(n_series), np.ones(n_series, dtype=bool)
    shape = np.exp(design.times * slope)
    sums, centre, spread = _moments(shape * weights, design)
    level = totals * reciprocal(sums)
    fitted = shape * design.spread(level)
    curvature = add_rows(totals * spread) if trend else np.zeros(n_series)
    return Fit(
        fitted=fitted,
        working=fitted * weights,
        information=totals,
        centre=centre if trend else np.zeros_like(totals),
        curvature=np.where(curvature > 0, curvature, np.inf),
        slope=slope,
        mean=level[design.judged_level].copy(),
        converged=converged,
    )


def reciprocal(values: Floats) -> Floats:
    """Divide one by each value, and give 0 for nothing: a level without weight says nothing."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


def _moments(shape: Floats, design: Design) -> tuple[Floats, Floats, Floats]:
    """Sum, mean time and variance of time of each level, under the weights w exp(c t)."""
    sums = design.sums(shape)
    one_over = reciprocal(sums)
    shape = shape * design.times
    centre = design.sums(shape) * one_over
    shape *= design.times
    return sums, centre, np.maximum(design.sums(shape) * one_over - centre**2, 0)


def _solve(totals: Floats, moment: Floats, weights: Floats, design: Design) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Find every series' slope; each stops by itself, so that none depends on the others."""
    slope = np.zeros(len(moment))
    converged = np.zeros(len(moment), dtype=bool)
    active = np.arange(len(moment))
    for _ in range(MOST_STEPS):
        _, centre, spread = _moments(np.exp(design.times * slope[active]) * weights, design)
        curvature = add_rows(totals * spread)
        step = np.full(len(active), np.inf)
        np.divide(moment - add_rows(totals * centre), curvature, out=step, where=curvature > 0)
        converged[active[np.abs(step) < CONVERGED]] = True
        going = (np.abs(step) >= CONVERGED) & np.isfinite(step)
        if not going.any():
            break
        active, totals, moment = active[going], totals.compress(going, axis=1), moment[going]
        weights = weights if weights.shape[1] == 1 else weights.compress(going, axis=1)
        slope[active] += np.clip(step[going], -LONGEST_STEP, LONGEST_STEP)
    return np.where(converged, slope, 0.0), converged
