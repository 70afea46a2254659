"""Quasi-Poisson regression of many series at once: a level a season and a common log-linear trend, fitted exactly.

The model of series s at reference period i, of level g(i) and time t_i, is

    E y_i = mu_i = exp(b_g(i) + c t_i),    Var y_i = phi mu_i / w_i.

All series share levels and times, so the normal matrix is an arrow: one entry a level, and one row and column for the trend. Given the
slope c, the levels have a closed form, exp(b_g) = sum_g w y / sum_g w exp(c t), and what is left is one equation in c,

    sum_i w_i y_i t_i = sum_g Y_g m_g(c),    Y_g = sum_g w y,

where m_g and v_g are mean and variance of t over level g under the weights w exp(c t). Its derivative is -sum_g Y_g v_g, so it has at most
one root, and Newton's steps find it; times differ by less than 1, so that a step leaves an error of at most half its square. Sums run
period by period, never through a matrix product, so that a series has the same last digit whatever series stand beside it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pillarfour.detection import Floats

MOST_STEPS = 40
CONVERGED = 1e-6
"""Change of the slope, in units of the whole baseline's length, with which it stands; the next would be at most half its square."""

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
            add_rows(values[start : start + size], out=total)
            start += size
        return totals

    def spread(self, values: Floats) -> Floats:
        """Give each reference period what its level has, (n_levels, n_series) to (n, n_series); one level is left to broadcast."""
        return values if len(self.sizes) == 1 else np.repeat(values, self.sizes, axis=0)


def add_rows(values: Floats, *, out: Floats | None = None) -> Floats:
    """Add up rows in their order; what is not stored row by row numpy adds pairwise, which differs in the last digit."""
    if values.shape[1] > 1 and values.flags.c_contiguous:
        return np.asarray(np.add.reduce(values, axis=0, out=out))
    total = np.add.accumulate(values, axis=0)[-1]
    if out is not None:
        out[:] = total
    return np.asarray(total)


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
        apart = design.times - design.spread(self.centre)
        apart *= apart
        apart /= self.curvature
        apart += design.spread(reciprocal(self.information))
        return np.multiply(self.working, apart, out=apart)

    def log_mean_variance(self, design: Design) -> Floats:
        """Variance of the judged period's log mean at dispersion 1, shape (n_series,)."""
        level = design.judged_level
        return np.asarray(reciprocal(self.information[level]) + (self.judged_time - self.centre[level]) ** 2 / self.curvature)


def fit(counts: Floats, weights: Floats, design: Design, *, trend: bool, near: Floats | None = None) -> Fit:
    """Fit every series by maximum quasi-likelihood.

    Parameters
    ----------
    counts
        Reference counts, shape (n, n_series); any figure where the weight is 0.
    weights
        Prior weights, shape (n, n_series) or (n, 1).
    near
        Slopes from which the search begins, shape (n_series,); 0 by default.

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
    if not trend:
        sums, nothing = design.sums(weights), np.zeros_like(totals)
        level = totals * reciprocal(sums)
        fitted = np.empty_like(weighted)
        fitted[:] = design.spread(level)
        return Fit(
            fitted=fitted,
            working=fitted * weights,
            information=totals,
            centre=nothing,
            curvature=np.full(n_series, np.inf),
            slope=np.zeros(n_series),
            mean=level[design.judged_level].copy(),
            converged=np.ones(n_series, dtype=bool),
        )
    weighted *= design.times
    slope, converged = _solve(totals, add_rows(weighted), weights, design, near=near)
    shape = np.exp(np.multiply(design.times, slope, out=weighted), out=weighted)
    working = shape * weights
    sums, centre, spread = _moments(working, design)
    level = totals * reciprocal(sums)
    shape *= design.spread(level)
    curvature = add_rows(np.multiply(totals, spread, out=spread))
    return Fit(
        fitted=shape,
        working=np.multiply(shape, weights, out=working),
        information=totals,
        centre=centre,
        curvature=np.where(curvature > 0, curvature, np.inf),
        slope=slope,
        mean=level[design.judged_level].copy(),
        converged=converged,
    )


def reciprocal(values: Floats) -> Floats:
    """Divide one by each value, and give 0 for nothing: a level without weight says nothing."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


def _moments(shape: Floats, design: Design) -> tuple[Floats, Floats, Floats]:
    """Sum, mean time and variance of time of each level, under the weights w exp(c t), which are overwritten."""
    sums = design.sums(shape)
    one_over = reciprocal(sums)
    shape *= design.times
    centre = design.sums(shape)
    centre *= one_over
    shape *= design.times
    spread = design.sums(shape)
    spread *= one_over
    spread -= centre * centre
    return sums, centre, np.maximum(spread, 0, out=spread)


def _solve(totals: Floats, moment: Floats, weights: Floats, design: Design, *, near: Floats | None) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Find every series' slope; each stops by itself, so that none depends on the others."""
    slope = np.zeros(len(moment)) if near is None else near.copy()
    converged = np.zeros(len(moment), dtype=bool)
    active = np.arange(len(moment))
    equal = weights.shape[1] == 1 and bool((weights == 1).all())
    for number in range(MOST_STEPS):
        if number == 0 and near is None:
            shape = weights.copy()  # at slope 0 no time weighs more than another
        else:
            shape = design.times * slope[active]
            np.exp(shape, out=shape)
            if not equal:
                shape *= weights
        _, centre, spread = _moments(shape, design)
        curvature = add_rows(np.multiply(totals, spread))
        step = np.full(len(active), np.inf)
        np.divide(moment - add_rows(np.multiply(totals, centre)), curvature, out=step, where=curvature > 0)
        finite = np.isfinite(step)
        near_enough = np.abs(step) < CONVERGED
        converged[active[near_enough]] = True
        slope[active[finite]] += np.clip(step[finite], -LONGEST_STEP, LONGEST_STEP)
        going = finite & ~near_enough
        if not going.any():
            break
        if not going.all():
            active, totals, moment = active[going], totals.compress(going, axis=1), moment[going]
            weights = weights if weights.shape[1] == 1 else weights.compress(going, axis=1)
    return np.where(converged, slope, 0.0), converged
