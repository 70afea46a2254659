"""How often a negative-binomial CUSUM alarms by chance: Markov chain, known parameters and parameters estimated from a short baseline."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy import special

from pillarfour.detection import Floats

LEAST_DISPERSION = 1e-3
"""Counts of people are never steadier than this, and the formulas need it above zero."""

STATES = 30

RAREST = 1e-9
"""Alarms a period below which rates are not told apart; it keeps the chain of a chart that never alarms solvable."""

NOBODY = -1
"""A count that is never reached: below zero all are alike."""

MEANS = np.array([0.04, 0.2, 1, 4, 20, 150, 1e4])
DISPERSIONS = np.array([LEAST_DISPERSION, 0.03, 0.1, 0.3, 0.8, 2, 5, 12])
SIZES = np.array([12.0, 20, 45, 1e6])
LIMITS = np.array([1, 1.6, 2.4, 3.4, 5, 8, 20])
"""The grid on which expected alarm rates are computed; between its points log rates are interpolated, beyond its edges the edge holds.
So no alarm rests on a likelihood ratio below e, even where the baseline looks so steady that chance would never bring one."""


def _normal_nodes(number: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(number)
    return nodes, weights / weights.sum()


VARIANCE_NODES, MEAN_NODES = _normal_nodes(5), _normal_nodes(3)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Log likelihood ratio of a count y for a shifted mean: ``slope * y - offset``."""

    slope: Floats
    offset: Floats


def evidence(mean: Floats, dispersion: Floats, ratio: float) -> Evidence:
    """Weigh a mean of ``ratio * mean`` against ``mean``, at the variance mean + dispersion mean^2.

    The slope is log(ratio (1 + dispersion mean) / (1 + dispersion ratio mean)), written so that nothing cancels, however large the mean.
    """
    over = dispersion * mean
    return Evidence(
        slope=np.log1p((ratio - 1) / (1 + ratio * over)),
        offset=np.log1p((ratio - 1) * over / (1 + over)) / dispersion,
    )


class Chains:
    """The Markov chains of Brook and Evans of CUSUMs that restart at zero after each alarm, one a baseline and limit.

    Where the statistic falls between two states, its chance is shared between them so that its mean is kept; so small steps and the
    lattice of small counts are not rounded away. By which counts a chart climbs rests on what it believes alone, and charts of one
    baseline share many of them: they are found once, whatever the counts may truly be.

    Parameters
    ----------
    limits
        Where the statistic alarms, shape (n_limits,).
    weighing
        What the charts believe, shape (n,).

    References
    ----------
    .. [1] Brook, D., Evans, D. A. (1972). Biometrika 59(3), 539-549.
    """

    def __init__(self, limits: Floats, weighing: Evidence, *, states: int = STATES) -> None:
        self.states = states
        self.width = limits[:, None] / (states - 0.5)
        steps, below_limit = np.arange(-states, states + 1), np.arange(states, 0, -1) - 0.5
        level = np.concatenate([steps, below_limit]) * self.width
        self.slope = weighing.slope[:, None, None]
        self.evidence = level + weighing.offset[:, None, None]
        count = self.evidence / self.slope
        last = np.maximum(np.where(self.slope > 0, np.floor(count), np.ceil(count) - 1), NOBODY)
        distinct = [np.unique(each, return_inverse=True) for each in last.reshape(len(last), -1)]
        sizes = [len(counts) for counts, _ in distinct]
        begin = np.cumsum([0, *sizes[:-1]])
        self.last = np.concatenate([counts for counts, _ in distinct])
        self.owner = np.repeat(np.arange(len(last)), sizes)
        self.place = np.reshape([start + place for start, (_, place) in zip(begin, distinct, strict=True)], last.shape)
        self.at_steps = np.unique(self.place[..., : len(steps)])

    def alarm_rates(self, mean: Floats, dispersion: Floats) -> Floats:
        """Alarms a period, one over the average run length, where counts truly have this mean and dispersion.

        Parameters
        ----------
        mean, dispersion
            Shape (n,).

        Returns
        -------
        Floats
            Shape (n, n_limits).
        """
        steps, states = 2 * self.states + 1, self.states
        chance, part = self._below(mean, dispersion)
        shortfall = self.evidence[..., :steps] * chance[..., :steps] - self.slope * part[..., :steps]
        ramp = np.diff(shortfall, axis=-1) / self.width
        reached = sliding_window_view(ramp, states, axis=-1)[..., states:0:-1, :]
        moves = sliding_window_view(np.diff(ramp, axis=-1).clip(0), states, axis=-1)[..., states - 1 :: -1, :].copy()
        moves[..., 0] = reached[..., 0].clip(0)
        moves[..., -1] = (chance[..., steps:] - reached[..., -2]).clip(0)
        lengths = np.linalg.solve(np.eye(states) - (1 - RAREST) * moves, np.ones((*moves.shape[:-1], 1)))
        return np.asarray(1 / np.maximum(lengths[..., 0, 0], 1))

    def _below(self, mean: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
        """Chance that a count's evidence is at most each level, and the counts' mean over these cases, shape (n, n_limits, n_levels)."""
        size, own_mean = 1 / dispersion[self.owner], mean[self.owner]
        success = 1 / (1 + dispersion[self.owner] * own_mean)
        chance, part, at = _cdf(self.last, size, success), np.zeros_like(size), self.at_steps
        part[at] = own_mean[at] * _cdf(self.last[at] - 1, size[at] + 1, success[at])
        falling = self.slope[self.owner, 0, 0] < 0
        chance, part = np.where(falling, 1 - chance, chance), np.where(falling, own_mean - part, part)
        return chance[self.place], part[self.place]


def _cdf(count: Floats, size: Floats, success: Floats) -> Floats:
    return np.where(count < 0, 0.0, special.betainc(size, np.maximum(count, 0) + 1, success))


def expected_alarm_rates(limits: Floats, mean: Floats, dispersion: Floats, size: Floats, *, ratio: float) -> Floats:
    """Alarms a period of charts whose mean and dispersion were estimated from ``size`` periods, all shape (n,), with each of these limits.

    The average of ``Chains.alarm_rates`` over what the truth may be, given the estimates: the variance by a scaled inverse chi-square law
    with the degrees of freedom that a negative binomial's kurtosis leaves it, and the mean by a log-normal law around its estimate.

    Returns
    -------
    Floats
        Shape (n, n_limits).
    """
    chains = Chains(limits, evidence(mean, dispersion, ratio))
    variance = mean + dispersion * mean**2
    kurtosis, skewness = 6 * dispersion + 1 / variance, (1 + 2 * dispersion * mean) / np.sqrt(variance)
    error = 2 / (9 * (2 / (2 / (size - 1) + kurtosis / size)))
    together = np.minimum(skewness / np.sqrt(2 + kurtosis), 0.95)
    total = np.zeros((len(mean), len(limits)))
    for node, weight in zip(*VARIANCE_NODES, strict=True):
        shrunk = np.maximum(1 - error + node * np.sqrt(error), 0.05) ** 3
        true_variance = variance / np.maximum(shrunk, 0.05)
        deviation = np.minimum(np.sqrt(true_variance / size) / mean, 1)
        for own, own_weight in zip(*MEAN_NODES, strict=True):
            true_mean = mean * np.exp(-deviation * (together * node + np.sqrt(1 - together**2) * own))
            true_dispersion = np.clip((true_variance - true_mean) / true_mean**2, LEAST_DISPERSION, 50)
            total += weight * own_weight * chains.alarm_rates(true_mean, true_dispersion)
    return total


class LimitTable:
    """Where the CUSUM for a shift by ``ratio`` must alarm so as to alarm by chance at a rate, for every length of the baseline.

    Log rates are interpolated in log mean, log dispersion and one over the baseline's length; the limit is where they pass the wanted
    rate. Within a cell of the grid a log rate is a + b u + c v + d u v, u and v from 0 to 1; the four are laid out by length and cell.
    """

    def __init__(self, ratio: float, *, rate_per_period: float, most_periods: int) -> None:
        self.wanted = np.log(rate_per_period)
        corner = _by_length(log_rates(ratio), np.arange(most_periods + 1))
        low, high = corner[:, :-1], corner[:, 1:]
        slope = low[:, :, 1:] - low[:, :, :-1]
        coefficients = low[:, :, :-1], high[:, :, :-1] - low[:, :, :-1], slope, high[:, :, 1:] - high[:, :, :-1] - slope
        self.coefficients = [[np.ascontiguousarray(each[..., limit]).ravel() for each in coefficients] for limit in range(len(LIMITS))]

    def at(self, place: "Place") -> Floats:
        """Give the limits of charts with these baselines, shape (n,)."""
        limit, above, rows = np.full(len(place.cell), LIMITS[0]), self._log_rate(0, place), np.arange(len(place.cell))
        with np.errstate(divide="ignore", invalid="ignore"):  # equal log rates: their step is whole or nothing
            for number, width in enumerate(np.diff(LIMITS), start=1):
                going = np.flatnonzero(above > self.wanted)  # the others have passed it
                if going.size < len(rows):
                    rows, above, place = rows.take(going), above.take(going), place.of_rows(going)
                if not rows.size:
                    break
                under = np.minimum(self._log_rate(number, place), above)
                share = above - self.wanted
                above -= under
                share /= above
                np.fmax(share, 0, out=share)
                np.fmin(share, 1, out=share)
                share *= width
                limit[rows] += share
                above = under
        return limit

    def _log_rate(self, limit: int, place: "Place") -> Floats:
        constant, along, across, both = (each.take(place.cell) for each in self.coefficients[limit])
        both *= place.u
        both += across
        both *= place.v
        along *= place.u
        both += along
        both += constant
        return both


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where on the grid each baseline lies: the cell, its length's included, and how far into it; all of shape (n,)."""

    cell: npt.NDArray[np.intp]
    u: Floats
    v: Floats

    @classmethod
    def of(cls, mean: Floats, dispersion: Floats, size: npt.NDArray[np.intp]) -> "Place":
        """Find the cells of baselines with these estimates from so many periods."""
        row, u = MEAN_AXIS.locate(mean)
        column, v = DISPERSION_AXIS.locate(dispersion)
        return cls(cell=(size * MEAN_AXIS.cells + row) * DISPERSION_AXIS.cells + column, u=u, v=v)

    def of_rows(self, rows: npt.NDArray[np.intp]) -> "Place":
        """Take some baselines."""
        return Place(cell=self.cell.take(rows), u=self.u.take(rows), v=self.v.take(rows))


class _Axis:
    """Logarithms of a grid's knots."""

    def __init__(self, knots: Floats) -> None:
        self.ends = knots[0], knots[-1]
        self.knots = np.log(knots)
        self.cells = len(knots) - 1
        self.per_unit = 1 / np.diff(self.knots)

    def locate(self, points: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
        """Say in which cell each point lies and how far into it; beyond the ends, at the end."""
        logs = np.log(np.minimum(np.maximum(points, self.ends[0]), self.ends[1]))
        cell = np.searchsorted(self.knots[1:-1], logs)
        return cell, (logs - self.knots.take(cell)) * self.per_unit.take(cell)


MEAN_AXIS, DISPERSION_AXIS = _Axis(MEANS), _Axis(DISPERSIONS)


def _by_length(rates: Floats, sizes: npt.NDArray[np.intp]) -> Floats:
    """Interpolate to baselines of these lengths, linearly in one over the length; they come first in the result."""
    axis = 1 / SIZES[::-1]
    at = 1 / np.clip(sizes, SIZES[0], SIZES[-1])
    low = np.clip(np.searchsorted(axis, at, side="right") - 1, 0, len(axis) - 2)
    weight = ((at - axis[low]) / (axis[low + 1] - axis[low]))[:, None, None, None]
    by_size = np.moveaxis(rates, 2, 0)[::-1]
    return np.asarray(by_size[low] * (1 - weight) + by_size[low + 1] * weight)


@lru_cache(maxsize=16)
def log_rates(ratio: float) -> Floats:
    """Compute log expected alarm rates over the grid of means, dispersions, sizes and limits, once a ratio: a pure function of it."""
    grid = np.meshgrid(MEANS, DISPERSIONS, SIZES, indexing="ij")
    mean, dispersion, size = (axis.ravel() for axis in grid)
    rates = np.log(expected_alarm_rates(LIMITS, mean, dispersion, size, ratio=ratio)).reshape(*grid[0].shape, len(LIMITS))
    rates.flags.writeable = False
    return rates
