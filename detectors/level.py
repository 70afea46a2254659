"""The level of a series before a change: its mean and dispersion, less a few past outbreaks and closures."""

import numpy as np
import numpy.typing as npt

from detectors.run_length import LEAST_DISPERSION
from pillarfour.detection import Floats

FAR_OUT = 4.0
"""Robust standard deviations beyond which a period of the baseline is a past outbreak or closure."""

POISSON_SPREAD = 0.5
"""Standard deviation of the square root of a Poisson count."""

NORMAL_DEVIATION = 0.6745
"""Median distance from the centre of a normal law, in standard deviations."""

LARGEST_SHARE_LEFT_OUT = 0.2
"""Of a baseline; where more lies far out, it is the series' nature and none is left out."""

MOST_DISPERSED = 12.0

Mask = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.intp]


def estimate(counts: Floats, baseline: Mask) -> tuple[Floats, Floats, Columns]:
    """Estimate mean and dispersion of each series from its baseline, less a few periods that lie far out.

    Parameters
    ----------
    counts, baseline
        Counts and which of them belong to the baseline, shape (n_series, n_periods).

    Returns
    -------
    mean, dispersion, size
        Each of shape (n_series,). Half a person is added to the sum, so that a baseline of zeros can be surprised.
    """
    kept = baseline & ~far_out(counts, baseline)
    size = kept.sum(axis=1)
    mean = (np.where(kept, counts, 0).sum(axis=1) + 0.5) / size
    squares = (np.where(kept, counts - mean[:, None], 0) ** 2).sum(axis=1)
    return mean, dispersion_of(mean, squares, size), size


def dispersion_of(mean: Floats, squares: Floats, size: Columns | int) -> Floats:
    """Take the dispersion from squares added up around the mean, within what counts of people can have."""
    variance = squares / np.maximum(size - 1, 1)
    return np.minimum(np.maximum((variance - mean) / (mean * mean), LEAST_DISPERSION), MOST_DISPERSED)


def far_out(counts: Floats, baseline: Mask) -> Mask:
    """Say which baseline periods lie far out on the scale of square roots."""
    scaled = np.where(baseline, counts, np.nan) ** 0.5
    centre = _median(scaled)
    distance = np.abs(scaled - centre[:, None])
    spread = np.maximum(_median(distance) / NORMAL_DEVIATION, POISSON_SPREAD)
    out = distance > FAR_OUT * spread[:, None]
    few = out.sum(axis=1) <= LARGEST_SHARE_LEFT_OUT * baseline.sum(axis=1)
    return np.asarray(out & few[:, None])


def _median(values: Floats) -> Floats:
    """Take each row's median, NaN left out; much faster than ``numpy.nanmedian`` on short rows."""
    ordered = np.sort(values, axis=1)
    size = np.isfinite(values).sum(axis=1)
    rows = np.arange(len(values))
    return np.asarray((ordered[rows, (size - 1) // 2] + ordered[rows, size // 2]) / 2)


def may_be_far_out(counts: Floats, *, first: int) -> Mask:
    """Say of every period whether anything before it may lie far out; where not, ``far_out`` is sure to find nothing.

    Exact but for rounding, on the side of doubt: the past is kept in order, single precision, a period inserted at a time. Something
    lies far out only where more than half of the past lies within so much of the median, which are neighbours in that order.

    Parameters
    ----------
    counts
        Shape (n_periods, n_series): period by period, unlike elsewhere.
    first
        The first period asked about; those before it are not in doubt.
    """
    roots = np.sqrt(counts, dtype=np.float32)
    doubtful = np.zeros(roots.shape, dtype=bool)
    n_periods, n_series = roots.shape
    spare, ordered = np.empty((2, n_periods, n_series), dtype=np.float32)
    ordered[:first] = np.sort(roots[:first], axis=0)
    rounding = np.finfo(np.float32).eps
    for size in range(first, n_periods):
        past = ordered[:size]
        half = (size - 1) // 2
        centre = (past[half] + past[size // 2]) / 2
        error = 8 * rounding * past[-1]
        farthest = np.maximum(past[-1] - centre, centre - past[0]) + error
        within = farthest * np.float32(NORMAL_DEVIATION / FAR_OUT * (1 + 1e-5)) + error
        crowd = (past[: size - half] > centre - within) & (past[half:] < centre + within)
        doubtful[size] = crowd.any(axis=0) & (farthest > FAR_OUT * POISSON_SPREAD * (1 - 1e-5))
        new = roots[size]
        np.minimum(new, past[0], out=spare[0])
        np.maximum(new, past[:-1], out=spare[1:size])  # numpy.clip takes several times as long
        np.minimum(spare[1:size], past[1:], out=spare[1:size])
        np.maximum(new, past[-1], out=spare[size])
        ordered, spare = spare, ordered
    return doubtful
