"""The level of a series in each part of the year: a log-linear regression on waves, less a few past outbreaks and closures."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from detectors.level import FAR_OUT, LARGEST_SHARE_LEFT_OUT, MOST_DISPERSED, NORMAL_DEVIATION, POISSON_SPREAD, Known, median
from detectors.quasi_poisson import add_rows
from detectors.run_length import LEAST_DISPERSION
from detectors.waves import MOST_STEPS, WEEKS, by_part, combine, firm, fit, parts_of_year, pearson_dispersion, products, waves
from pillarfour.detection import INSUFFICIENT_HISTORY, NO_DATA, Floats

SEASONS_AT_ONCE = 1024
"""Series whose baselines fit into a processor's cache together."""

FLAT = 1e-10
"""Of a period at the mean level, in each part of the year: where a part was never published, the waves that only it would show are flat."""

LOOKED_AT_AGAIN = 2.5
"""Robust standard deviations beyond which a residual makes a fit suspect: it may have bent the waves towards itself."""

WEIGHED_DOWN_ABOVE, TIMES_WEIGHED = 1.5, 4

LOST = 1.0
"""Change of a logarithm in the last step, from which a fit is still on its way: what stands out had bent it hundreds of times too high."""

FEWEST = 0.5
"""Persons below which a median is not taken for a level."""

Mask = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.intp]


def least_months(harmonics: int) -> int:
    """Say after how many published months a season of so many waves can be told: two years, and another for each wave more."""
    return 12 * (1 + harmonics)


def await_seasons(status: npt.NDArray[np.int8], counts: Floats, periods: pd.PeriodIndex) -> None:
    """Let nothing of a series be judged that no figure of each quarter of the year precedes, in place."""
    published = np.isfinite(counts)
    gapped = np.flatnonzero(~published.all(axis=1))
    seen = np.ones((len(gapped), len(periods)), dtype=bool)
    seen[:, 0] = False
    for quarter in range(1, 5):
        seen[:, 1:] &= np.logical_or.accumulate(published[gapped] & (periods.quarter == quarter), axis=1)[:, :-1]
    status[gapped] = np.where(seen | (status[gapped] == NO_DATA), status[gapped], INSUFFICIENT_HISTORY)


@dataclass(frozen=True, kw_only=True)
class Season:
    """What the baselines of some series say of every part of the year.

    Parameters
    ----------
    means
        Shape (n_parts, n_series).
    dispersion
        Variance mean + dispersion mean^2, shape (n_series,).
    size, terms
        Periods of the baseline, less those left out, and coefficients fitted to them, shape (n_series,).
    covariance
        Of the coefficients, shape (n_series, most terms, most terms); 0 where a series has fewer.
    """

    means: Floats
    dispersion: Floats
    size: Columns
    terms: Columns
    covariance: Floats

    @classmethod
    def blank(cls, n_parts: int, n_series: int, n_terms: int) -> "Season":
        """Say nothing yet."""
        return cls(
            means=np.full((n_parts, n_series), np.nan),
            dispersion=np.full(n_series, np.nan),
            size=np.zeros(n_series, dtype=np.intp),
            terms=np.zeros(n_series, dtype=np.intp),
            covariance=np.zeros((n_series, n_terms, n_terms)),
        )

    def put(self, rows: Columns, other: "Season") -> None:
        """Take over what is said of some series."""
        n_terms = other.covariance.shape[-1]
        self.means[:, rows] = other.means
        self.dispersion[rows], self.size[rows], self.terms[rows] = other.dispersion, other.size, other.terms
        self.covariance[rows, :n_terms, :n_terms] = other.covariance

    @property
    def mean(self) -> Floats:
        """Of the whole year, shape (n_series,)."""
        return np.asarray(add_rows(self.means) / len(self.means))

    @property
    def effective_size(self) -> Columns:
        """Of how many periods with one mean the estimates are as good as, shape (n_series,).

        The year's mean is known as from all n of them, a single period's as from n / terms; a run, which takes some months, lies between,
        and is held to the average of the two variances.
        """
        return 2 * self.size // (self.terms + 1)


@dataclass(frozen=True, kw_only=True)
class Pasts:
    """The past of some series.

    Parameters
    ----------
    counts, baseline
        Counts, 0 where not published, and which of them belong to the baseline, shape (n_periods, n_series).
    parts
        In which part of the year each period lies, shape (n_periods,).
    design
        Waves, shape (n_parts, n_terms).
    """

    counts: Floats
    baseline: Mask
    parts: Columns
    design: Floats

    def of_rows(self, rows: Columns) -> "Pasts":
        """Take some series."""
        return Pasts(counts=self.counts.take(rows, axis=1), baseline=self.baseline.take(rows, axis=1), parts=self.parts, design=self.design)

    def add_up(self, values: Floats) -> Floats:
        """Add up each part of the year."""
        return by_part(values, self.parts, len(self.design))

    def fit(self, weights: Floats, *, near: Floats | None = None, most_steps: int = MOST_STEPS) -> Floats:
        """Fit the waves; half a person is shared out among the periods, so that a baseline of zeros can be surprised."""
        periods, totals = self.add_up(weights), self.add_up(weights * self.counts)
        size = add_rows(periods)
        totals += periods * (0.5 / size)
        totals += FLAT * add_rows(totals) / size
        periods += FLAT
        return fit(totals, periods, self.design, near=near, most_steps=most_steps)

    def far_out(self, coefficients: Floats) -> Mask:
        """Say which periods of the baseline lie far from their season on the scale of square roots.

        Where the first fit has a residual that is suspect, the fit is repeated with what stands out weighed down, so that the waves no
        longer bend towards it; from the median level where they were bent too far to come back. Where more than a fifth lies far out it is
        the series' nature.
        """
        distance, spread = self.distances(coefficients)
        suspect = np.flatnonzero((distance > LOOKED_AT_AGAIN * spread).any(axis=0))
        if suspect.size:
            some = self.of_rows(suspect)
            again, change = some.weighed_down(coefficients[:, suspect])
            lost = np.flatnonzero(~(change < LOST))
            if lost.size:
                astray = some.of_rows(lost)
                again[:, lost], _ = astray.weighed_down(astray.flat())
            distance[:, suspect], spread[suspect] = some.distances(again)
        out = self.baseline & (distance > FAR_OUT * spread)
        return np.asarray(out & (out.sum(axis=0) <= LARGEST_SHARE_LEFT_OUT * self.baseline.sum(axis=0)))

    def weighed_down(self, coefficients: Floats) -> tuple[Floats, Floats]:
        """Take some steps with what stands out weighed down: coefficients, and by how much the last step changed a logarithm at most."""
        change = np.zeros(coefficients.shape[1])
        for _ in range(TIMES_WEIGHED):
            apart, unit = self.distances(coefficients)
            weights = self.baseline * np.minimum(1, WEIGHED_DOWN_ABOVE * unit / np.maximum(apart, POISSON_SPREAD)) ** 2
            before, coefficients = coefficients, self.fit(weights, near=coefficients, most_steps=1)
            change = np.abs(combine(coefficients - before, self.design)).max(axis=0)
        return coefficients, change

    def flat(self) -> Floats:
        """Give the coefficients of the median level all year."""
        counts = np.where(self.baseline, self.counts, np.nan)
        level = np.maximum(median(counts.T, np.count_nonzero(self.baseline, axis=0)), FEWEST)
        coefficients = np.zeros((self.design.shape[1], len(level)))
        coefficients[0] = np.log(level)
        return coefficients

    def distances(self, coefficients: Floats) -> tuple[Floats, Floats]:
        """Give each period's distance from its season, 0 outside the baseline, and each series' robust standard deviation."""
        season = np.exp(combine(coefficients, self.design) / 2)
        apart = np.where(self.baseline, np.sqrt(self.counts) - season[self.parts], np.nan)
        size = np.count_nonzero(self.baseline, axis=0)
        distance = np.abs(apart - median(apart.T, size))
        spread = np.maximum(median(distance.T, size) / NORMAL_DEVIATION, POISSON_SPREAD)
        return np.where(self.baseline, distance, 0), spread

    def estimate(self) -> Season:
        """Estimate each part's level and the dispersion around it, less what lies far out.

        Nothing is expected to be rarer than a baseline of zeros would have it.
        """
        weights = self.baseline.astype(float)
        coefficients = self.fit(weights)
        out = self.far_out(coefficients)
        some = np.flatnonzero(out.any(axis=0))
        if some.size:
            weights[out] = 0
            coefficients[:, some] = self.of_rows(some).fit(weights[:, some], near=coefficients[:, some])
        size, terms = weights.sum(axis=0).astype(np.intp), self.design.shape[1]
        means = np.maximum(np.exp(combine(coefficients, self.design)), 0.5 / size)
        squares = self.add_up(weights * (self.counts - means[self.parts]) ** 2)
        dispersion = pearson_dispersion(means, squares, np.maximum(size - terms, 1), least=LEAST_DISPERSION)
        np.minimum(dispersion, MOST_DISPERSED, out=dispersion)
        fitted = means * (self.add_up(weights) + FLAT)
        inverse = np.linalg.inv(firm(products(fitted, self.design)))
        covariance = inverse @ products(fitted * (1 + dispersion * means), self.design) @ inverse
        return Season(means=means, dispersion=dispersion, size=size, terms=np.full(len(size), terms), covariance=covariance)


class Seasons:
    """The counts of some series by the calendar, of which any stretch can be the baseline.

    Parameters
    ----------
    values
        Shape (n_series, n_periods), NaN where not published.
    periods
        The calendar.
    harmonics
        Most waves a year; a baseline of less than three years has one, and each further year allows one more.
    """

    def __init__(self, values: Floats, periods: pd.PeriodIndex, *, harmonics: int) -> None:
        missing = np.isnan(values)
        self.published = np.ascontiguousarray(~missing.T)
        self.counts = np.ascontiguousarray(np.where(missing, 0, values).T)
        self.column_of = np.ascontiguousarray(np.argsort(missing, axis=1, kind="stable").T)
        """The period of each published figure, by its rank."""
        self.n_parts = 12 if periods.freqstr[0] == "M" else WEEKS
        self.parts = parts_of_year(periods)
        self.design = waves(self.n_parts, harmonics)

    def part_of(self, rank: int, rows: Columns | slice = slice(None)) -> Columns:
        """Say in which part of the year the published figure of this rank lies."""
        return np.asarray(self.parts[self.column_of[rank, rows]])

    def estimate(self, rows: Columns, begins: Columns, ends: Columns) -> Season:
        """Estimate from the published figures of these ranks, the last not included; the figure after them is published too."""
        begin, end = self.column_of[begins, rows], self.column_of[ends, rows]
        width = int(end.max(initial=0))
        at = np.arange(width)[:, None]
        baseline = self.published[:width].take(rows, axis=1) & (at >= begin) & (at < end)
        pasts = Pasts(counts=self.counts[:width].take(rows, axis=1), baseline=baseline, parts=self.parts[:width], design=self.design)
        most = self.design.shape[1]
        terms = np.clip(2 * (baseline.sum(axis=0) // self.n_parts) - 1, 3, most)
        season = Season.blank(self.n_parts, len(rows), most)
        for each in np.unique(terms):
            some = np.flatnonzero(terms == each)
            season.put(some, replace(pasts.of_rows(some), design=self.design[:, :each]).estimate())
        return season


class SeasonalLevel:
    """A mean for each part of the year, of each series; see ``Level``."""

    moves = True

    def __init__(self, values: Floats, periods: pd.PeriodIndex, *, harmonics: int) -> None:
        self.seasons = Seasons(values, periods, harmonics=harmonics)
        self.every = np.arange(len(values))
        self.n_published = np.isfinite(values).sum(axis=1)
        self.parts = np.full((self.seasons.n_parts, len(values)), np.nan)

    def take_in(self, ranks: range) -> None:
        """Keep nothing: the calendar has it all."""

    def renew(self, rows: Columns, begins: Columns, ends: Columns, *, rank: int) -> Known:
        """Fit the season of those series that have a figure of this rank."""
        some = np.flatnonzero(self.n_published.take(rows) > rank)
        found = self.seasons.estimate(rows[some], begins[some], ends[some])
        self.parts[:, rows[some]] = found.means
        mean, dispersion, size = np.full(len(rows), np.nan), np.full(len(rows), LEAST_DISPERSION), np.ones(len(rows), dtype=np.intp)
        mean[some], dispersion[some], size[some] = found.mean, found.dispersion, found.effective_size
        return Known(mean=mean, dispersion=dispersion, size=size)

    def means(self, rank: int) -> Floats:
        """Give the mean of the part of the year in which each series' figure of this rank lies."""
        return np.asarray(self.parts[self.seasons.part_of(rank), self.every])
