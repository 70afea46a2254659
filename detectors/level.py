"""The level of a series before a change: its mean and dispersion, less a few past outbreaks and closures."""

from dataclasses import dataclass
from typing import Protocol

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

ORDERED_AT_ONCE = 512
"""Series whose ordered past fits into a processor's cache."""

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
    size = np.count_nonzero(kept, axis=1)
    mean = (np.where(kept, counts, 0).sum(axis=1) + 0.5) / size
    squares = (np.where(kept, counts - mean[:, None], 0) ** 2).sum(axis=1)
    return mean, dispersion_of(mean, squares, size), size


def dispersion_of(mean: Floats, squares: Floats, size: Columns | int) -> Floats:
    """Take the dispersion from squares added up around the mean, within what counts of people can have."""
    variance = squares / np.maximum(size - 1, 1)
    return np.minimum(np.maximum((variance - mean) / (mean * mean), LEAST_DISPERSION), MOST_DISPERSED)


def far_out(counts: Floats, baseline: Mask) -> Mask:
    """Say which baseline periods lie far out on the scale of square roots."""
    size = np.count_nonzero(baseline, axis=1)
    distance = np.sqrt(np.where(baseline, counts, np.nan))
    distance -= median(distance, size)[:, None]
    np.abs(distance, out=distance)
    spread = np.maximum(median(distance, size) / NORMAL_DEVIATION, POISSON_SPREAD)
    out = distance > FAR_OUT * spread[:, None]
    few = np.count_nonzero(out, axis=1) <= LARGEST_SHARE_LEFT_OUT * size
    return np.asarray(out & few[:, None])


def median(values: Floats, size: Columns) -> Floats:
    """Take each row's median of so many figures, the others NaN; much faster than ``numpy.nanmedian`` on short rows."""
    ordered = np.sort(values, axis=1)
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


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the baselines of some series say, each of shape (n_series,).

    Parameters
    ----------
    mean
        Of a period; where it moves with the season, of a year's average one.
    dispersion
        Variance mean + dispersion mean^2.
    size
        Of how many periods with one mean their estimate is as good as.
    """

    mean: Floats
    dispersion: Floats
    size: Columns


class Level(Protocol):
    """What is expected of the published periods of some series, by their rank, one after the other."""

    moves: bool
    """Whether other periods of the same baseline may have other means."""

    def take_in(self, ranks: range) -> None:
        """Let these periods be the past."""

    def renew(self, rows: Columns, begins: Columns, ends: Columns, *, rank: int) -> Known:
        """Expect of some series from this rank on what the stretches of their past that are their baselines say."""
        ...

    def means(self, rank: int) -> Floats:
        """Give every series' mean of the period of this rank, shape (n_series,)."""
        ...


class SteadyLevel:
    """One mean a series, from running sums where the whole past is the baseline and nothing in it may lie far out.

    Parameters
    ----------
    counts, by_period
        Shape (n_series, n_periods), gaps closed, NaN behind the last; and the same period by period.
    first
        The first period judged.
    """

    moves = False

    def __init__(self, counts: Floats, by_period: Floats, *, first: int) -> None:
        self.counts, self.by_period = counts, by_period
        n_series = len(counts)
        self.mean = np.zeros(n_series)
        self.start = self.by_period[:first].mean(axis=0)
        self.sum, self.squares = np.zeros(n_series), np.zeros(n_series)
        """Of the counts so far, less ``start``."""
        self.doubtful = np.empty(self.by_period.shape, dtype=bool)
        for begin in range(0, n_series, ORDERED_AT_ONCE):
            some = slice(begin, begin + ORDERED_AT_ONCE)
            self.doubtful[:, some] = may_be_far_out(self.by_period[:, some], first=first)

    def take_in(self, ranks: range) -> None:
        """Add up."""
        for rank in ranks:
            apart = self.by_period[rank] - self.start
            self.sum += apart
            apart *= apart
            self.squares += apart

    def renew(self, rows: Columns, begins: Columns, ends: Columns, *, rank: int) -> Known:
        """Estimate."""
        whole = ~self.doubtful[rank].take(rows) & (begins == 0) & (ends == rank)
        size = np.full(len(rows), rank)
        total = self.sum.take(rows)
        mean = (total + 0.5) / rank + self.start.take(rows)
        squares = self.squares.take(rows) - total * total / rank + 0.25 / rank
        dispersion = dispersion_of(mean, squares, rank)
        part = np.flatnonzero(~whole)
        if part.size:
            at = np.arange(rank)
            baseline = (at >= begins[part, None]) & (at < ends[part, None])
            mean[part], dispersion[part], size[part] = estimate(self.counts[rows[part], :rank], baseline)
        self.mean[rows] = mean
        return Known(mean=mean, dispersion=dispersion, size=size)

    def means(self, rank: int) -> Floats:  # noqa: ARG002 - the same in every period
        """Give the mean."""
        return self.mean
