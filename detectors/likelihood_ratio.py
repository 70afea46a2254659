"""How strongly a stretch of counts speaks for another level than expected: generalized likelihood ratios, Poisson and negative binomial."""

import numpy as np

from pillarfour.detection import Floats

MOST_STEPS = 60
CONVERGED = 1e-11
TINY = np.finfo(float).tiny
LONGEST_STEP = 2.0
"""A log ratio changes by no more at once; jumps of any size are reached, one step after the other."""


def likelihood_ratio(counts: Floats, means: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
    """Compare the best common ratio of all means of a stretch with a ratio of 1.

    The log likelihood of counts with means exp(k) mu and variances exp(k) mu + a exp(2 k) mu^2 is concave in k; its derivative, the sum
    of (y - exp(k) mu) / (1 + a exp(k) mu), falls from above zero to below it, so that Newton's rule between bounds always arrives.

    Parameters
    ----------
    counts, means
        Shape (n_periods, n), means above 0.
    dispersion
        Variance mean + dispersion mean^2, shape (n,); 0 is Poisson.

    Returns
    -------
    log_ratio, evidence
        The best log ratio, minus infinity where nobody came, and how much larger its log likelihood is, at least 0; each of shape (n,).

    References
    ----------
    .. [1] Höhle, M., Paul, M. (2008). Computational Statistics & Data Analysis 52(9), 4357-4368. doi:10.1016/j.csda.2008.02.015
    """
    total = counts.sum(axis=0)
    log_ratio = np.full(total.shape, -np.inf)
    some = np.flatnonzero(total > 0)
    if some.size:
        log_ratio[some] = _best(counts[:, some], means[:, some], dispersion[some])
    return log_ratio, _gain(log_ratio, counts, means, dispersion)


def _best(counts: Floats, means: Floats, dispersion: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        each = np.log(counts) - np.log(means)
    low, high = np.full(len(dispersion), -np.inf), each.max(axis=0)
    found: Floats = np.log(counts.sum(axis=0) / means.sum(axis=0))
    done = np.zeros(len(found), dtype=bool)
    for _ in range(MOST_STEPS):
        fitted = np.exp(found) * means
        shrink = 1 / (1 + dispersion * fitted)
        slope = ((counts - fitted) * shrink).sum(axis=0)
        step = slope / (fitted * (1 + dispersion * counts) * shrink**2).sum(axis=0)
        low, high = np.where(slope >= 0, np.maximum(low, found), low), np.where(slope <= 0, np.minimum(high, found), high)
        aimed = found + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        middle = (np.maximum(low, found - LONGEST_STEP) + high) / 2
        done |= np.abs(step) < CONVERGED
        found = np.where(done, found, np.where((aimed >= low) & (aimed <= high), aimed, middle))
        if done.all():
            break
    return found


def _gain(log_ratio: Floats, counts: Floats, means: Floats, dispersion: Floats) -> Floats:
    """Log likelihood at this ratio less that at a ratio of 1, written so that nothing cancels at large means."""
    more = np.expm1(log_ratio)
    moved = (1 + more) * means
    own = np.zeros_like(moved)
    np.log1p(more / (1 + dispersion * moved), out=own, where=counts > 0)
    over = np.log1p(dispersion * more * means / (1 + dispersion * means))
    spread = np.divide(over, dispersion, out=more * means, where=np.broadcast_to(dispersion > 0, over.shape))
    return np.asarray(np.maximum((counts * own - spread).sum(axis=0), 0))


def level_at(evidence: Floats, mean: Floats, dispersion: Floats, *, upward: bool) -> Floats:
    """Find the level that speaks so strongly against the mean in every period, above or below it, all shape (n,).

    Below, minus infinity where even nobody would not. The root of twice the evidence is nearly straight in the log ratio, so that Newton's
    rule arrives in a few steps; beyond its bounds it halves.
    """
    side = 1.0 if upward else -1.0
    reachable = upward | (evidence < np.log1p(dispersion * mean) / dispersion)
    wanted = np.sqrt(2 * evidence)
    low, high = np.zeros_like(mean), np.full(mean.shape, np.inf)
    apart = np.minimum(wanted * np.sqrt(1 / mean + dispersion), LONGEST_STEP)
    done = ~reachable
    for _ in range(MOST_STEPS):
        more = np.expm1(side * apart)
        level = mean * (1 + more)
        own = level * np.log1p(more / (1 + dispersion * level))
        reached = np.sqrt(np.maximum(2 * (own - np.log1p(dispersion * more * mean / (1 + dispersion * mean)) / dispersion), TINY))
        step = (wanted - reached) * reached / np.maximum(side * own, TINY)
        low, high = np.where(reached <= wanted, np.maximum(low, apart), low), np.where(reached >= wanted, np.minimum(high, apart), high)
        aimed = apart + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        middle = np.where(np.isfinite(high), (low + high) / 2, apart + LONGEST_STEP)
        done |= np.abs(step) < CONVERGED * (1 + apart)
        apart = np.where(done, apart, np.where((aimed > low) & (aimed < high), aimed, middle))
        if done.all():
            break
    return np.where(reachable, mean * np.exp(side * apart), -np.inf)
