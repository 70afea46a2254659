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

LEAST_REACH = FAR_OUT * POISSON_SPREAD * (1 - 1e-5)
"""Distance between square roots, less a little for rounding, below which nothing lies far out."""

Mask = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.intp]
Singles = npt.NDArray[np.float32]


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


def may_be_far_out(counts: Floats, size: Columns) -> Mask:
    """Say of each series whether anything in its baseline may lie far out; where not, ``far_out`` is sure to find nothing.

    In single precision, on the side of doubt. Something lies far out only where half of the baseline lies within so much of the median.

    Parameters
    ----------
    counts
        Shape (n_series, n_periods), NaN outside the baseline.
    size
        How many periods the baseline has, shape (n_series,).
    """
    ordered = np.sort(np.sqrt(counts, dtype=np.float32), axis=1)
    rows, half = np.arange(len(counts)), (size - 1) // 2
    centre = (ordered[rows, half] + ordered[rows, size // 2]) / 2
    farthest, within = reach(ordered[:, 0], centre, ordered[rows, size - 1])
    crowd = (ordered > (centre - within)[:, None]) & (ordered < (centre + within)[:, None])
    return np.asarray((np.count_nonzero(crowd, axis=1) > half) & (farthest > LEAST_REACH))


def pasts_that_may_be_far_out(counts: Floats, *, first: int) -> Mask:
    """Say of every period what ``may_be_far_out`` says of all that precedes it, from the first asked about on.

    The past is kept in order, a period inserted at a time; what lies close together are neighbours in that order.

    Parameters
    ----------
    counts
        Shape (n_periods, n_series): period by period, unlike elsewhere.
    """
    roots = np.sqrt(counts, dtype=np.float32)
    doubtful = np.zeros(roots.shape, dtype=bool)
    n_periods, n_series = roots.shape
    spare, ordered = np.empty((2, n_periods, n_series), dtype=np.float32)
    ordered[:first] = np.sort(roots[:first], axis=0)
    for size in range(first, n_periods):
        past = ordered[:size]
        half = (size - 1) // 2
        centre = (past[half] + past[size // 2]) / 2
        farthest, within = reach(past[0], centre, past[-1])
        crowd = (past[: size - half] > centre - within) & (past[half:] < centre + within)
        doubtful[size] = crowd.any(axis=0) & (farthest > LEAST_REACH)
        new = roots[size]
        np.minimum(new, past[0], out=spare[0])
        np.maximum(new, past[:-1], out=spare[1:size])  # numpy.clip takes several times as long
        np.minimum(spare[1:size], past[1:], out=spare[1:size])
        np.maximum(new, past[-1], out=spare[size])
        ordered, spare = spare, ordered
    return doubtful


def reach(least: Singles, centre: Singles, largest: Singles) -> tuple[Singles, Singles]:
    """Say how far at most a root lies from the centre, and within what of it half must lie for that to be far out; each a little more."""
    rounding = 8 * np.finfo(np.float32).eps * largest
    farthest = np.maximum(largest - centre, centre - least) + rounding
    return farthest, farthest * np.float32(NORMAL_DEVIATION / FAR_OUT * (1 + 1e-5)) + rounding


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
    """One mean a series, from running sums where all since it began is the baseline and nothing in it may lie far out.

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
        self.begin = np.zeros(n_series, dtype=np.intp)
        """Of the stretch that the sums are of."""
        self.near = by_period[:first].mean(axis=0)
        self.sum, self.squares = np.zeros(n_series), np.zeros(n_series)
        """Of the stretch's counts, less ``near``."""
        self.doubtful = pasts_that_may_be_far_out(by_period, first=first)

    def take_in(self, ranks: range) -> None:
        """Add up."""
        for rank in ranks:
            apart = self.by_period[rank] - self.near
            self.sum += apart
            apart *= apart
            self.squares += apart

    def renew(self, rows: Columns, begins: Columns, ends: Columns, *, rank: int) -> Known:
        """Estimate."""
        moved = np.flatnonzero(begins != self.begin.take(rows))
        if moved.size:
            self._begin_anew(rows[moved], begins[moved], rank)
        size = rank - begins
        total = self.sum.take(rows)
        mean = (total + 0.5) / size + self.near.take(rows)
        squares = self.squares.take(rows) - total * total / size + 0.25 / size
        dispersion = dispersion_of(mean, squares, size)
        exactly = np.flatnonzero(self._doubtful(rows, begins, rank) | (ends < rank))
        if exactly.size:
            at = np.arange(rank)
            baseline = (at >= begins[exactly, None]) & (at < ends[exactly, None])
            mean[exactly], dispersion[exactly], size[exactly] = estimate(self.counts[rows[exactly], :rank], baseline)
        self.mean[rows] = mean
        return Known(mean=mean, dispersion=dispersion, size=size)

    def _begin_anew(self, rows: Columns, begins: Columns, rank: int) -> None:
        """Sum up from these beginnings."""
        since = np.arange(rank) >= begins[:, None]
        counts = np.where(since, self.counts[rows, :rank], 0)
        near = counts.sum(axis=1) / (rank - begins)
        apart = np.where(since, counts - near[:, None], 0)
        self.begin[rows], self.near[rows] = begins, near
        self.sum[rows], self.squares[rows] = apart.sum(axis=1), (apart**2).sum(axis=1)

    def _doubtful(self, rows: Columns, begins: Columns, rank: int) -> Mask:
        """Say where something since a series' level began may lie far out."""
        doubtful: Mask = self.doubtful[rank].take(rows)
        later = np.flatnonzero(begins)
        if later.size:
            since = np.arange(rank) >= begins[later, None]
            doubtful[later] = may_be_far_out(np.where(since, self.counts[rows[later], :rank], np.nan), rank - begins[later])
        return doubtful

    def means(self, rank: int) -> Floats:  # noqa: ARG002 - the same in every period
        """Give the mean."""
        return self.mean
