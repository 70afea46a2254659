"""Waves a year long, and Poisson regressions of many series on them at once.

Periods of the same part of the year share their mean, so that each part's sum of counts and number of periods say all that a regression
needs: it is fitted to twelve (fifty-two) figures a series, however long the record. Sums run row by row, never through a matrix product,
so that a series has the same last digit whatever series stand beside it.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from detectors.quasi_poisson import add_rows
from pillarfour.detection import Floats

WEEKS = 52
DAYS_TO_THE_MIDDLE = 3
"""From a week's first day."""

MOST_STEPS = 100
CONVERGED = 1e-7
"""Change of a log mean with which a fit stands; the next would be of the order of its square."""

PROMISED = 1e-12
"""Log likelihood that a further step promises, below which a fit stands too: some log mean may be of no account."""

LONGEST_STEP, LARGEST_LOG = 20.0, 300.0
"""A log mean changes by no more at once, and is not taken for larger."""

ROUNDING = 1e-12
"""Of a log likelihood; where it falls by more, a step went too far and half of it is taken back."""

Columns = npt.NDArray[np.intp]


def parts_of_year(periods: pd.PeriodIndex) -> Columns:
    """Say into which part of the year each period falls: its month, or which of 52 equal parts holds the middle of the week."""
    if periods.freqstr[0] == "M":
        return np.asarray(periods.month - 1, dtype=np.intp)
    middle = periods.start_time + pd.Timedelta(days=DAYS_TO_THE_MIDDLE)
    return np.asarray(WEEKS * (middle.day_of_year - 0.5) // (365 + middle.is_leap_year), dtype=np.intp)


def waves(n_parts: int, number: int) -> Floats:
    """Give a constant and so many waves a year, shape (n_parts, 1 + 2 number)."""
    angle = 2 * np.pi * np.arange(n_parts) / n_parts
    return np.stack([np.ones(n_parts), *(turn(wave * angle) for wave in range(1, number + 1) for turn in (np.cos, np.sin))], axis=1)


def by_part(values: Floats, parts: Columns, n_parts: int) -> Floats:
    """Add up what falls into each part of the year, (n_periods, n_series) to (n_parts, n_series), one period after the other."""
    totals = np.zeros((n_parts, values.shape[1]))
    for row, part in zip(values, parts, strict=True):
        totals[part] += row
    return totals


def fit(totals: Floats, periods: Floats, design: Floats, *, near: Floats | None = None, most_steps: int = MOST_STEPS) -> Floats:
    """Fit log means by Poisson's likelihood, every series by Newton's steps, halved where they go too far, until it stands.

    Parameters
    ----------
    totals, periods
        Counts and in how many periods they came, shape (n, n_series).
    design
        What explains them, shape (n, n_terms).
    near
        Coefficients from which to begin.
    most_steps
        After which a fit is left as it is.

    Returns
    -------
    Floats
        Coefficients, shape (n_terms, n_series). They are finite where every row with a period has a count above 0.

    References
    ----------
    .. [1] McCullagh, P., Nelder, J. A. (1989). Generalized Linear Models. Chapman and Hall, 2nd edition, chapters 6 and 9.
    """
    if near is None:
        level = add_rows(totals) / add_rows(periods)
        halfway = (np.divide(totals, periods, out=np.zeros_like(totals), where=periods > 0) + level) / 2
        weights = periods * halfway
        coefficients = _solve(products(weights, design), _moments(weights * np.log(halfway), design))
    else:
        coefficients = near.copy()
    active = np.arange(totals.shape[1])
    reached, step = np.full(len(active), -np.inf), np.zeros_like(coefficients)
    for _ in range(most_steps):
        logs = combine(coefficients.take(active, axis=1), design)
        fitted = np.exp(np.minimum(logs, LARGEST_LOG)) * periods
        likelihood = add_rows(totals * logs - fitted)
        too_far = likelihood < reached - ROUNDING * np.abs(reached)
        score = _moments(totals - fitted, design)
        newton = _solve(products(fitted, design), score)
        promised, change = np.abs(add_rows(newton * score)), np.abs(combine(newton, design)).max(axis=0)
        newton *= np.minimum(1, LONGEST_STEP / np.maximum(change, CONVERGED))
        step = np.where(too_far, step / 2, newton)
        coefficients[:, active] += np.where(too_far, -step, step)
        going = too_far | ((change >= CONVERGED) & (promised >= PROMISED))
        reached = np.where(too_far, reached, likelihood)
        if not going.any():
            break
        if not going.all():
            active, totals, periods = active[going], totals.compress(going, axis=1), periods.compress(going, axis=1)
            reached, step = reached[going], step.compress(going, axis=1)
    return coefficients


def combine(coefficients: Floats, design: Floats) -> Floats:
    """Give each row's sum of terms, (n_terms, n_series) to (n, n_series)."""
    total: Floats = np.multiply(design[:, :1], coefficients[0])
    for column, coefficient in zip(design.T[1:], coefficients[1:], strict=True):
        total += column[:, None] * coefficient
    return total


def _moments(values: Floats, design: Floats) -> Floats:
    return np.asarray(np.stack([add_rows(values * column[:, None]) for column in design.T]), dtype=float)


def products(weights: Floats, design: Floats) -> Floats:
    """Add up products of terms under these weights, (n, n_series) to (n_series, n_terms, n_terms)."""
    n_terms = design.shape[1]
    added = np.empty((weights.shape[1], n_terms, n_terms))
    for one in range(n_terms):
        for other in range(one, n_terms):
            added[:, one, other] = added[:, other, one] = add_rows(weights * (design[:, one] * design[:, other])[:, None])
    return added


def firm(normal: Floats) -> Floats:
    """Put a hair on the diagonal, in place: it moves no root that Newton's steps reach, and rounding leaves no equation without one."""
    at = np.arange(normal.shape[1])
    normal[:, at, at] *= 1 + 1e-10
    return normal


def _solve(normal: Floats, moments: Floats) -> Floats:
    return np.asarray(np.linalg.solve(firm(normal), moments.T[..., None])[..., 0].T, dtype=float)


def pearson_dispersion(means: Floats, squares: Floats, freedom: Columns, *, least: float) -> Floats:
    """Solve Pearson's equation, sum of squares / (mean + dispersion mean^2) = degrees of freedom, from the least dispersion up.

    One over its left side is a concave, rising function of the dispersion, and straight where all means are the same: Newton's steps from
    below never pass the root.

    Parameters
    ----------
    means, squares
        Of each part of the year, and the squares around them added up, shape (n_parts, n_series).
    freedom
        Shape (n_series,).
    """
    dispersion, going = np.full(len(freedom), least), np.ones(len(freedom), dtype=bool)
    for _ in range(MOST_STEPS):
        share = 1 / (means * (1 + dispersion * means))
        left = add_rows(squares * share)
        slope = add_rows(squares * (share * means) ** 2)
        step = np.divide((left - freedom) * left, freedom * slope, out=np.zeros_like(left), where=going & (slope > 0))
        np.maximum(step, 0, out=step)
        dispersion += step
        going &= step > CONVERGED * dispersion
        if not going.any():
            break
    return dispersion
