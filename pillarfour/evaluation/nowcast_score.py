"""How good forecasts were: against the season of a year before, and against the newest figure, by what was known then."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from pillarfour.detection import Floats

YEAR_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One forecast, what came, and what plain rules had said.

    Parameters
    ----------
    expected, lower, upper, actual
        In the series' unit; the actual figure as known when the score is made.
    year_before, newest
        What seasonal naive and the last figure had said, as known then.
    scale
        The mean absolute error of seasonal naive over the history known then.
    nominal
        How often the range was to hold the figure.
    """

    stage: str
    subject: str
    horizon: int
    expected: float
    lower: float
    upper: float
    actual: float
    year_before: float
    newest: float
    scale: float
    nominal: float


@dataclass(frozen=True, kw_only=True)
class NowcastScore:
    """How good the forecasts of one series at one horizon were.

    Parameters
    ----------
    stage, subject, horizon
        The downstream series, and months after its newest figure.
    n
        Forecasts whose month has been published since.
    mase
        Mean absolute error in units of seasonal naive's over the history known then.
    mase_naive, mase_last
        The same of seasonal naive, and of the newest figure carried forward.
    coverage, nominal
        How often the range held the figure, and was to.
    """

    stage: str
    subject: str
    horizon: int
    n: int
    mase: float
    mase_naive: float
    mase_last: float
    coverage: float
    nominal: float


def naive_scale(counts: Floats) -> float:
    """Give the mean absolute difference from the same month a year before; NaN where no month has one."""
    errors = np.abs(counts[YEAR_MONTHS:] - counts[:-YEAR_MONTHS])
    return float(errors[np.isfinite(errors)].mean()) if np.isfinite(errors).any() else float("nan")


def score(outcomes: Iterable[Outcome]) -> tuple[NowcastScore, ...]:
    """Score forecasts by stage, subject and horizon; those without a figure of the year before, or with no scale, are left out."""
    compared = [each for each in outcomes if np.isfinite([each.actual, each.year_before]).all() and each.scale > 0]
    grouped = groupby(sorted(compared, key=_place), key=_place)
    return tuple(_score(*place, list(each)) for place, each in grouped)


def _place(outcome: Outcome) -> tuple[str, str, int]:
    return outcome.stage, outcome.subject, outcome.horizon


def _score(stage: str, subject: str, horizon: int, outcomes: list[Outcome]) -> NowcastScore:
    def mase(name: str) -> float:
        return float(np.mean([abs(getattr(each, name) - each.actual) / each.scale for each in outcomes]))

    return NowcastScore(
        stage=stage,
        subject=subject,
        horizon=horizon,
        n=len(outcomes),
        mase=mase("expected"),
        mase_naive=mase("year_before"),
        mase_last=mase("newest"),
        coverage=float(np.mean([each.lower <= each.actual <= each.upper for each in outcomes])),
        nominal=outcomes[0].nominal,
    )
