"""The rules that one would try first, in the form of detectors: each judges a month by what precedes it in its own series."""

from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any

import numpy as np

from pillarfour.breaks import StructuralBreak
from pillarfour.detection import INSUFFICIENT_HISTORY, NO_DATA, OK, Floats, Judge, Panel, Scores

YEAR = 12

Statistic = Callable[[Floats], Floats]
"""Counts, shape (n_series, n_periods), to how far each lies out, of the same shape; NaN without history enough."""


def year_on_year(counts: Floats) -> Floats:
    """Count doublings on the same month a year earlier: 1 is twice, -1 is half."""
    return np.asarray(np.log2((counts + 0.5) / (_earlier(counts, YEAR) + 0.5)))


def beyond_extremes(months: int) -> Statistic:
    """Count doublings beyond the highest or lowest of so many months before: the rule of OCHA's HDX Signals, with its floor."""

    def judge(counts: Floats) -> Floats:
        window = _before(counts, months)
        above = np.log2((counts + 0.5) / (window.max(axis=-1) + 0.5))
        below = np.log2((counts + 0.5) / (window.min(axis=-1) + 0.5))
        return np.asarray(np.where(above > 0, above, np.where(below < 0, below, above * 0)))

    return judge


def z_score(counts: Floats) -> Floats:
    """Count standard deviations from the mean of the twelve months before."""
    window = _before(counts, YEAR)
    return np.asarray((counts - window.mean(axis=-1)) / np.maximum(window.std(axis=-1, ddof=1), 1.0))


def seasonal_naive(counts: Floats) -> Floats:
    """Count standard errors from the same month a year earlier, on the log scale: how far that was off over the year before."""
    error = np.log((counts + 0.5) / (_earlier(counts, YEAR) + 0.5))
    spread = np.sqrt((_before(error, YEAR) ** 2).mean(axis=-1))
    return np.asarray(error / np.maximum(spread, 0.05))


BASELINES: Mapping[str, Statistic] = {
    "year-on-year": year_on_year,
    "12-month high": beyond_extremes(YEAR),
    "36-month high": beyond_extremes(3 * YEAR),
    "z-score": z_score,
    "seasonal naive": seasonal_naive,
}


class Baseline:
    """A statistic where a detector is asked for; its score is the statistic itself.

    Parameters
    ----------
    name
        One of ``BASELINES``.
    """

    parameters_type: type[Any] = NoneType
    least_history = YEAR
    of_mixes = False

    def __init__(self, name: str) -> None:
        """Take the statistic of this name."""
        self.name = name
        self.statistic = BASELINES[name]

    def detect(self, panel: Panel, *, judge: Judge = "newest", breaks: Sequence[StructuralBreak] | None = None) -> Scores:  # noqa: ARG002 - as detectors are asked
        """Judge every period."""
        columns = np.arange(len(panel.periods))[-1 if judge == "newest" else 0 :]
        score = self.statistic(panel.values)[:, columns]
        status = np.where(np.isnan(panel.values[:, columns]), NO_DATA, np.where(np.isnan(score), INSUFFICIENT_HISTORY, OK))
        unsaid = np.full(score.shape, np.nan)
        return Scores(
            panel=panel,
            columns=columns,
            expected=unsaid,
            lower=unsaid,
            upper=unsaid,
            score=score,
            p_value=unsaid,
            status=status.astype(np.int8),
            false_alarms_per_year=float("nan"),
            method=self.name,
        )


def _earlier(counts: Floats, months: int) -> Floats:
    shifted = np.full(counts.shape, np.nan)
    shifted[:, months:] = counts[:, :-months] if months < counts.shape[1] else np.empty((len(counts), 0))
    return shifted


def _before(counts: Floats, months: int) -> Floats:
    """Give the months before each, shape (n_series, n_periods, months); NaN where the record had not begun."""
    padded = np.pad(counts, ((0, 0), (months, 0)), constant_values=np.nan)
    return np.lib.stride_tricks.sliding_window_view(padded, months, axis=1)[:, :-1]
