"""Tails and quantiles of counts with variance phi times their mean: negative binomial, and Poisson where phi is 1."""

import numpy as np
import numpy.typing as npt
from scipy import special

from pillarfour.detection import Floats

MOST_STEPS = 200
NEWTON_STEPS = 20


def chance_up_to(counts: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y <= count) for counts from -1 on; 1 where the mean is 0."""
    size, over = _size(mean, dispersion)
    known = np.maximum(counts, 0)
    negative_binomial = special.betainc(size, known + 1, 1 / dispersion)
    chance = np.where(mean > 0, np.where(over, negative_binomial, special.pdtr(known, mean)), 1.0)
    return np.where(counts < 0, 0.0, chance)


def chance_from(counts: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y >= count), to full precision however small."""
    size, over = _size(mean, dispersion)
    known = np.maximum(counts, 1)
    negative_binomial = special.betainc(known, size, 1 - 1 / dispersion)
    chance = np.where(mean > 0, np.where(over, negative_binomial, special.pdtrc(known - 1, mean)), 0.0)
    return np.where(counts <= 0, 1.0, chance)


def quantile(chance: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Smallest count that is not exceeded with at least this chance, all shape (n,); infinite at 1.

    Starts from the gamma law of the same mean and variance, steps by Newton's rule on the distribution function, and ends only where the
    count reaches the chance and the one below does not; steps stay within what is known to be too low and high enough.

    Parameters
    ----------
    chance
        Between 0 and 1.
    mean
        0 and above.
    dispersion
        Variance over mean, 1 and above.
    """
    found = np.where((mean > 0) & (chance >= 1), np.inf, 0.0)
    active = np.flatnonzero((mean > 0) & (chance > 0) & (chance < 1))
    chance, mean, dispersion = chance[active], mean[active], dispersion[active]
    count: Floats = np.floor(special.gammaincinv(mean / dispersion, chance) * dispersion)
    low, high = np.full(count.shape, -1.0), np.full(count.shape, np.inf)
    for step in range(MOST_STEPS):
        reached, before = chance_up_to(count, mean, dispersion), chance_up_to(count - 1, mean, dispersion)
        done = (before < chance) & (chance <= reached)
        found[active[done]] = count[done]
        if done.all():
            break
        low = np.where(reached < chance, np.maximum(low, count), low)
        high = np.where(reached >= chance, np.minimum(high, count), high)
        aimed = np.full(count.shape, np.nan)
        np.divide(chance - reached, reached - before, out=aimed, where=(reached > before) & (step < NEWTON_STEPS))
        count = _inside(np.ceil(count + aimed), low, high)
        active = active[~done]
        count, low, high, chance, mean, dispersion = (values[~done] for values in (count, low, high, chance, mean, dispersion))
    return found


def _inside(aimed: Floats, low: Floats, high: Floats) -> Floats:
    """Aim above what is too low and below what is high enough; halve or double where there is no aim."""
    bounded = np.isfinite(high)
    halfway = np.floor((low + np.where(bounded, high, 3 * low + 4)) / 2)
    return np.clip(np.where(np.isfinite(aimed), aimed, halfway), low + 1, np.where(bounded, high - 1, np.inf))


def _size(mean: Floats, dispersion: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    over = dispersion > 1
    return np.divide(mean, dispersion - 1, out=np.ones_like(mean), where=over & (mean > 0)), over
