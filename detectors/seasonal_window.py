"""The strongest evidence of any stretch that ends now, where each period has its season's mean."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectors.likelihood_ratio import CONVERGED, LONGEST_STEP, MOST_STEPS, TINY, likelihood_ratio
from pillarfour.detection import Floats

Columns = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Window:
    """The last periods of some series, the newest last, and what is expected of them.

    Parameters
    ----------
    counts, means
        Shape (n_periods, n_series).
    terms
        What explains the means, shape (n_periods, n_series, n_terms).
    dispersion
        Variance mean + dispersion mean^2, shape (n_series,).
    covariance
        Of the coefficients, shape (n_series, n_terms, n_terms).
    """

    counts: Floats
    means: Floats
    terms: Floats
    dispersion: Floats
    covariance: Floats

    def last(self, length: int, rows: Columns) -> "Window":
        """Take the last periods of some series."""
        return Window(
            counts=self.counts[-length:, rows],
            means=self.means[-length:, rows],
            terms=self.terms[-length:, rows],
            dispersion=self.dispersion[rows],
            covariance=self.covariance[rows],
        )

    def widening(self) -> Floats:
        """Say how much wider than a standard normal the root of twice the evidence is, the means being estimates, shape (n_series,).

        The information on a common log ratio is the sum of mean / (1 + dispersion mean); weighted by it, the errors of the log means
        average to one of which the covariance is known. With one mean from n periods this is sqrt(1 + length / n).
        """
        information = self.means / (1 + self.dispersion * self.means)
        total = information.sum(axis=0)
        average = (self.terms * (information / total)[..., None]).sum(axis=0)
        return np.asarray(np.sqrt(1 + total * np.einsum("si,sij,sj->s", average, self.covariance, average)))

    def judge(self, limits: Floats, lengths: Columns) -> Floats:
        """Judge the last period: lower and upper bound, and score, shape (3, n_series).

        Parameters
        ----------
        limits
            Normal deviations that alarm where the means are known, shape (n_series,).
        lengths
            Longest stretch of each series, shape (n_series,).
        """
        score, lower, upper = np.zeros((2, len(limits))), np.full(len(limits), -np.inf), np.full(len(limits), np.inf)
        for length in range(1, len(self.counts) + 1):
            some = np.flatnonzero(lengths >= length)
            if not some.size:
                break
            stretch = self.last(length, some)
            wanted = limits[some] * stretch.widening()
            log_ratio, evidence = likelihood_ratio(stretch.counts, stretch.means, stretch.dispersion)
            root = np.sqrt(2 * evidence) / wanted
            score[0, some] = np.maximum(score[0, some], np.where(log_ratio > 0, root, 0))
            score[1, some] = np.maximum(score[1, some], np.where(log_ratio < 0, root, 0))
            nobody = stretch.without_newest()
            upper[some] = np.minimum(upper[some], stretch.count_at(wanted, nobody, upward=True))
            lower[some] = np.maximum(lower[some], stretch.count_at(wanted, nobody, upward=False))
        return np.stack([np.maximum(lower, 0), np.maximum(upper, 0), np.where(score[0] >= score[1], score[0], -score[1])])

    def without_newest(self) -> tuple[Floats, Floats]:
        """Give the best log ratio, and the root of twice its evidence, were the newest count 0."""
        counts = self.counts.copy()
        counts[-1] = 0
        log_ratio, evidence = likelihood_ratio(counts, self.means, self.dispersion)
        return log_ratio, np.sqrt(2 * evidence)

    def count_at(self, wanted: Floats, nobody: tuple[Floats, Floats], *, upward: bool) -> Floats:
        """Find the newest count with which the whole window speaks so strongly for a rise, or a fall.

        For a given log ratio k, the newest count y(k) for which it is the best solves a linear equation. Along it the evidence changes by
        (d log likelihood / dy) y'(k) alone, all else being at its best; so Newton's rule, held between bounds, needs no inner search.

        Parameters
        ----------
        wanted
            Root of twice the evidence, shape (n_series,).
        nobody
            What ``without_newest`` says.

        Returns
        -------
        Floats
            0 where even nobody speaks for such a rise, minus infinity where even nobody does not for such a fall.
        """
        side, means, spread, earlier = (1.0 if upward else -1.0), self.means, self.dispersion, self.counts[:-1]
        least, at_least = side * nobody[0], nobody[1]
        if upward:
            low, high = np.maximum(least, 0), np.full(least.shape, np.inf)
            answered = (least > 0) & (at_least >= wanted)
        else:
            low, high = np.zeros_like(least), least
            answered = (least <= 0) | (at_least < wanted)
        apart = wanted / np.sqrt((means / (1 + spread * means)).sum(axis=0))
        apart = np.where(answered, 0, np.clip(np.minimum(apart, low + LONGEST_STEP), low, high))
        done = answered.copy()
        count = np.zeros_like(wanted)
        for _ in range(MOST_STEPS):
            more = np.expm1(side * apart)
            moved = (1 + more) * means
            over = 1 + spread * moved
            count = moved[-1] + over[-1] * ((moved[:-1] - earlier) / over[:-1]).sum(axis=0)
            counts, own = np.concatenate([earlier, count[None]]), np.log1p(more / over)
            evidence = (counts * own - np.log1p(spread * more * means / (1 + spread * means)) / spread).sum(axis=0)
            reached = np.sqrt(np.maximum(2 * evidence, TINY))
            slope = side * own[-1] * over[-1] * (moved * (1 + spread * counts) / over**2).sum(axis=0)
            step = (wanted - reached) * reached / np.maximum(slope, TINY)
            low, high = np.where(reached <= wanted, np.maximum(low, apart), low), np.where(reached >= wanted, np.minimum(high, apart), high)
            done |= np.abs(step) < CONVERGED * (1 + apart)
            if done.all():
                break
            aimed = apart + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
            middle = np.where(np.isfinite(high), (low + high) / 2, apart + LONGEST_STEP)
            apart = np.where(done, apart, np.where((aimed > low) & (aimed < high), aimed, middle))
        return np.where(answered, 0.0 if upward else -np.inf, count)
