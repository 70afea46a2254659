"""Tails and quantiles of counts with variance phi times their mean: negative binomial, and Poisson where phi is 1."""

import numpy as np
import numpy.typing as npt
from scipy import special

from pillarfour.detection import Floats

Flags = npt.NDArray[np.bool_]

MOST_STEPS = 200
NEWTON_STEPS = 20

MOST_WALKED = 8
"""Counts from the start of the search within which a quantile is reached by adding up single chances."""

WALKED_SIZE = 1e7
"""Beyond it the logarithm of a single chance has too few digits left."""

LEAST_SHAPE = 0.5
"""Mean over dispersion below which an expansion around the normal law is of no use."""


def chance_up_to(counts: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y <= count) for counts from -1 on; 1 where the mean is 0."""
    return chance_beyond(counts, np.zeros(np.shape(counts), dtype=bool), mean, dispersion)


def chance_from(counts: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y >= count), to full precision however small."""
    return chance_beyond(counts, np.ones(np.shape(counts), dtype=bool), mean, dispersion)


def chance_beyond(counts: Floats, above: Flags, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y >= count) where it is asked from above, else P(Y <= count), all shape (n,); each is worked out once only."""
    over = dispersion > 1
    size = np.divide(mean, dispersion - 1, out=np.ones_like(mean), where=over & (mean > 0))
    known, success = np.maximum(counts, above), 1 / dispersion
    chance = np.array(above, dtype=float)
    first, second = np.where(above, known, size), np.where(above, size, known + 1)
    special.betainc(first, second, np.where(above, 1 - success, success), out=chance, where=over)
    special.pdtrc(known - 1, mean, out=chance, where=~over & above)
    special.pdtr(known, mean, out=chance, where=~(over | above))
    chance = np.where(mean > 0, chance, ~above)
    return np.where(above, np.where(counts <= 0, 1.0, chance), np.where(counts < 0, 0.0, chance))


def quantile(chance: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Smallest count that is not exceeded with at least this chance, all shape (n,); infinite at 1, and at an infinite mean.

    Parameters
    ----------
    chance
        Between 0 and 1.
    mean
        0 and above.
    dispersion
        Variance over mean, 1 and above.
    """
    return quantile_and_rest(chance, mean, dispersion)[0]


def quantile_and_rest(chance: Floats, mean: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
    """Give each quantile, and the chance of a smaller count.

    The distribution function is worked out once, near the quantile, and from there single chances are added or taken off. What is not
    reached so, or lies too near to the chance to be told from it by their digits, is searched by the distribution function alone.
    """
    found = np.where((mean > 0) & ((chance >= 1) | np.isinf(mean)), np.inf, 0.0)
    rest = np.where(np.isinf(found), 1.0, 0.0)
    active = np.flatnonzero((mean > 0) & np.isfinite(mean) & (chance > 0) & (chance < 1))
    chance, mean, dispersion = chance[active], mean[active], dispersion[active]
    count, before, sure = _walk(_start(chance, mean, dispersion), chance, mean, dispersion)
    found[active], rest[active] = count, before
    doubtful = np.flatnonzero(~sure)
    if doubtful.size:
        rows = active[doubtful]
        found[rows], rest[rows] = _search(count[doubtful], chance[doubtful], mean[doubtful], dispersion[doubtful])
    return found, rest


def _start(chance: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Guess quantiles by Cornish and Fisher's expansion; by the gamma law of the same variance where counts are hardly ever above 0."""
    deviate = special.ndtri(chance)
    square, variance = deviate * deviate, dispersion * mean
    skewness = (2 * dispersion - 1) / np.sqrt(variance)
    kurtosis = 6 * (dispersion - 1) / mean + 1 / variance
    away = deviate + (square - 1) * skewness / 6 + deviate * ((square - 3) * kurtosis / 24 - (2 * square - 5) * skewness**2 / 36)
    guess = np.ceil(mean + np.sqrt(variance) * away - 0.5)
    rare = np.flatnonzero(mean < LEAST_SHAPE * dispersion)
    guess[rare] = np.floor(special.gammaincinv(mean[rare] / dispersion[rare], chance[rare]) * dispersion[rare])
    return np.asarray(np.maximum(guess, 0))


def _walk(count: Floats, chance: Floats, mean: Floats, dispersion: Floats) -> tuple[Floats, Floats, Flags]:
    """Go from a count to the quantile by single steps: count, chance of a smaller one, and whether both are sure."""
    reached, single = chance_up_to(count, mean, dispersion), _chance_of(count, mean, dispersion)
    spread = 1 - 1 / dispersion
    for direction in (1, -1):
        rows = np.flatnonzero(reached < chance if direction > 0 else (reached - single >= chance) & (count > 0))
        for _ in range(MOST_WALKED):
            if not rows.size:
                break
            at, one, up_to = count[rows], single[rows], reached[rows]
            lower = at if direction > 0 else at - 1
            ratio = (lower * spread[rows] + mean[rows] / dispersion[rows]) / (lower + 1)
            after = one * ratio if direction > 0 else one / ratio
            up_to += after if direction > 0 else -one
            count[rows], single[rows], reached[rows] = at + direction, after, up_to
            rows = rows[up_to < chance[rows] if direction > 0 else (up_to - after >= chance[rows]) & (count[rows] > 0)]
    before = np.where(count > 0, reached - single, 0.0)
    margin = 1e-6 * single + 1e-12 * chance
    known = (dispersion == 1) | (mean < WALKED_SIZE * (dispersion - 1))
    return count, before, known & (reached - chance > margin) & ((chance - before > margin) | (count == 0))


def _chance_of(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y = count), to about eight digits where sizes are large."""
    log_chance = np.empty_like(mean)
    over = dispersion > 1
    phi, size, at = dispersion[over], (mean[over] / (dispersion[over] - 1)), count[over]
    log_chance[over] = at * np.log1p(-1 / phi) - size * np.log(phi) - special.betaln(size, at + 1) - np.log(size + at)
    plain, at = mean[~over], count[~over]
    log_chance[~over] = special.xlogy(at, plain) - plain - special.gammaln(at + 1)
    return np.exp(np.minimum(log_chance, 0, out=log_chance))  # what has no digits left may come out above


def _search(count: Floats, chance: Floats, mean: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
    """Step by Newton's rule on the distribution function, within what is known to be too low and high enough.

    Ends only where the count reaches the chance and the one below does not.
    """
    found, rest = np.empty((2, len(count)))
    active = np.arange(len(count))
    low, high = np.full(count.shape, -1.0), np.full(count.shape, np.inf)
    for step in range(MOST_STEPS):
        reached, before = chance_up_to(count, mean, dispersion), chance_up_to(count - 1, mean, dispersion)
        done = (before < chance) & (chance <= reached)
        found[active[done]], rest[active[done]] = count[done], before[done]
        if done.all():
            break
        low = np.where(reached < chance, np.maximum(low, count), low)
        high = np.where(reached >= chance, np.minimum(high, count), high)
        aimed = np.full(count.shape, np.nan)
        np.divide(chance - reached, reached - before, out=aimed, where=(reached > before) & (step < NEWTON_STEPS))
        count = _inside(np.ceil(count + aimed), low, high)
        active = active[~done]
        count, low, high, chance, mean, dispersion = (values[~done] for values in (count, low, high, chance, mean, dispersion))
    return found, rest


def _inside(aimed: Floats, low: Floats, high: Floats) -> Floats:
    """Aim above what is too low and below what is high enough; halve or double where there is no aim."""
    bounded = np.isfinite(high)
    halfway = np.floor((low + np.where(bounded, high, 3 * low + 4)) / 2)
    return np.clip(np.where(np.isfinite(aimed), aimed, halfway), low + 1, np.where(bounded, high - 1, np.inf))
