"""Two series made comparable: their changes without season and memory, side by side at each lag, and as chance would have them."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pillarfour.detection import Floats

PERMUTATIONS = 4999
SEED = 20210913
ROUNDING = 1e-12


def both_published(upstream: Floats, downstream: Floats, *, longest_gap: int) -> npt.NDArray[np.intp]:
    """Give the columns from the last gap longer than so many months to the newest month that both publish."""
    both = np.flatnonzero(np.isfinite(upstream) & np.isfinite(downstream))
    if not both.size:
        return both
    long = np.flatnonzero(np.diff(both) > longest_gap + 1)
    return np.arange(both[long[-1] + 1] if long.size else both[0], both[-1] + 1)


def bridged(counts: Floats) -> Floats:
    """Give log(1 + count), a straight line over missing months."""
    known = np.flatnonzero(np.isfinite(counts))
    return np.interp(np.arange(counts.size), known, np.log1p(counts[known]))


def waves(months: npt.NDArray[np.intp], *, harmonics: int) -> Floats:
    """Give a constant and the season's waves, shape (n_months, 1 + 2 harmonics)."""
    angles = 2 * np.pi * np.outer(months, np.arange(1, harmonics + 1)) / 12
    return np.hstack([np.ones((len(months), 1)), np.sin(angles), np.cos(angles)])


def without(design: Floats, changes: Floats) -> Floats:
    """Take out of changes what the design explains, by least squares."""
    return np.asarray(changes - design @ np.linalg.lstsq(design, changes, rcond=None)[0])


def whiten(upstream: Floats, downstream: Floats, *, longest_memory: int) -> tuple[Floats, Floats]:
    """Filter both series by the autoregression that leaves the upstream one without memory (statsmodels, order by BIC)."""
    from statsmodels.tsa.ar_model import AutoReg, ar_select_order  # noqa: PLC0415 - commands that detect nothing do not pay for it

    order = max(ar_select_order(upstream, longest_memory, ic="bic", trend="n").ar_lags or [0]) if longest_memory and upstream.any() else 0
    if not order:
        return upstream, downstream
    weights = AutoReg(upstream, order, trend="n").fit().params
    filters = np.concatenate([[1.0], -weights])
    return np.convolve(upstream, filters, mode="valid"), np.convolve(downstream, filters, mode="valid")


def clipped(changes: Floats, *, deviations: float) -> Floats:
    """Clip to so many robust standard deviations around the median (median absolute deviation, scaled to a normal's)."""
    middle = np.median(changes)
    reach = deviations * 1.4826 * np.median(np.abs(changes - middle))
    return np.clip(changes, middle - reach, middle + reach) if reach else changes


def standardised(changes: Floats) -> Floats:
    """Give mean 0 and standard deviation 1; zeros where nothing varies."""
    spread = changes.std()
    return np.asarray((changes - changes.mean()) / spread) if spread > ROUNDING else np.zeros_like(changes)


def lagged(downstream: Floats, *, lags: int) -> Floats:
    """Put the downstream so many months later beside each month, scaled so that a product with the upstream is a correlation.

    Returns
    -------
    Floats
        Shape (n_months, lags + 1); zero where the later month is not there.
    """
    size = downstream.size
    shifted = np.zeros((size, lags + 1))
    for lag in range(lags + 1):
        shifted[: size - lag, lag] = downstream[lag:] / np.sqrt(size * (size - lag))
    return shifted


@lru_cache
def permutations(size: int) -> npt.NDArray[np.intp]:
    """Draw the orders in which an upstream series without memory could have come as well, shape (PERMUTATIONS, size)."""
    return np.argsort(np.random.default_rng(SEED).random((PERMUTATIONS, size)), axis=1)


def chances(found: Floats, largest: Floats) -> Floats:
    """Give the share of permutations whose largest correlation reaches each of those found, the series as it came among them."""
    reaching = largest.size - np.searchsorted(np.sort(largest), found - ROUNDING)
    return np.asarray((1 + reaching) / (1 + largest.size))
