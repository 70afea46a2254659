"""R surveillance's algo.cusum to the last digits: the classical CUSUM of standardized counts, upward only, for comparison.

What ``cusum`` does otherwise, and why, is in ``docs/method.md``.
"""

import warnings
from typing import Any, Literal

import numpy as np
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator
from scipy import special

from detectors.base import Judgements, Parameters
from detectors.shared_rows import JudgeBlock
from detectors.waves import waves
from detectors.windows import pack
from pillarfour.detection import INSUFFICIENT_HISTORY, NO_DATA, NOT_CONVERGED, OK, Floats, Panel

Transform = Literal["standard", "rossi", "anscombe"]

STATES = 100
"""Of the Markov chain that gives a run length to a thousandth."""

RAREST = 1e-9
"""Alarms a period below which rates are not told apart; it keeps the chain of a chart that never alarms solvable."""

LEAST_LIMIT, LARGEST_LIMIT = 0.05, 100.0


class AsSurveillanceParameters(Parameters):
    """The chart of R surveillance's algo.cusum, for a CUSUM that is asked for it.

    Parameters
    ----------
    reference
        ``surveillance`` judges as R's algo.cusum does: upward only, counts standardized as Poisson ones, no restart after an alarm.
    transform
        How a count becomes a standard normal figure: ``standard`` (R's), ``rossi`` or ``anscombe``.
    reference_value, decision_limit
        R's k and h. Without a limit, the one that the in-control run length of ``false_alarms_per_year`` asks for.
    history_periods
        The first published periods, which are not judged.
    known_mean
        In place of what they say of the later ones' means.
    """

    reference: Literal["surveillance"] | None = None
    transform: Transform = "rossi"
    reference_value: float = Field(default=1.04, gt=0, le=10)
    decision_limit: float | None = Field(default=None, ge=LEAST_LIMIT, le=LARGEST_LIMIT)
    history_periods: int = Field(default=36, ge=12)
    known_mean: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _of_the_reference(self) -> "AsSurveillanceParameters":
        given = _of_the_chart() & self.model_fields_set
        if self.reference is None and given:
            raise ValueError(f"{min(given)} is of R's chart; say reference surveillance too, or leave it out")
        return self

    @model_serializer(mode="wrap")
    def _say_what_holds(self, say: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave R's chart out of what is said of another."""
        said: dict[str, Any] = say(self)
        return said if self.reference else {name: value for name, value in said.items() if name not in _of_the_chart()}

    def chart_limit(self, periods_per_year: int) -> float:
        """Give R's h: what is asked for, or what brings so many false alarms a year, or the least one where that brings fewer."""
        if self.decision_limit is not None:
            return self.decision_limit
        from scipy import optimize  # noqa: PLC0415 - commands that detect nothing do not pay for it

        def excess(limit: float) -> float:
            return float(np.log(run_length(limit, self.reference_value) * self.false_alarms_per_year / periods_per_year))

        return LEAST_LIMIT if excess(LEAST_LIMIT) >= 0 else float(optimize.brentq(excess, LEAST_LIMIT, LARGEST_LIMIT))

    def alarms_per_year(self, periods_per_year: int) -> float:
        """Say how often the chart begins to alarm by chance, where counts are Poisson's of a known mean."""
        return periods_per_year / run_length(self.chart_limit(periods_per_year), self.reference_value)


def _of_the_chart() -> set[str]:
    return set(AsSurveillanceParameters.model_fields) - set(Parameters.model_fields) - {"reference"}


def judging_as_surveillance(panel: Panel, parameters: AsSurveillanceParameters, *, harmonics: int) -> JudgeBlock:
    """Judge whole records by R's rule: the mean used, no lower bound, R's upper one, and the statistic over its limit.

    Parameters
    ----------
    harmonics
        Waves a year that the means have; 0 for one level.
    """
    first, limit = parameters.history_periods, parameters.chart_limit(panel.periods_per_year)
    year = waves(panel.periods_per_year, harmonics)

    def judge_block(rows: slice, judged: Judgements) -> None:
        counts = panel.values[rows]
        packed, means = pack(counts), np.full(counts.shape, np.nan)
        for row, each in enumerate(counts):
            at = np.flatnonzero(np.isfinite(each))
            if len(at) > first:
                means[row, first : len(at)] = parameters.known_mean or _means_after(each[at[:first]], year[at % len(year)])
        statistic, upper = chart(
            packed.values, means, reference_value=parameters.reference_value, limit=limit, transform=parameters.transform
        )
        judged.expected[:], judged.upper[:], judged.score[:] = (packed.back(each) for each in (means, upper, statistic / limit))
        judged.lower[:] = judged.p_value[:] = np.nan
        missing = np.isnan(counts)
        short = np.cumsum(~missing, axis=1) <= first
        judged.status[:] = np.select(
            [missing, short, ~np.isfinite(judged.score)], [NO_DATA, INSUFFICIENT_HISTORY, NOT_CONVERGED], default=OK
        )

    return judge_block


def chart(counts: Floats, means: Floats, *, reference_value: float, limit: float, transform: Transform) -> tuple[Floats, Floats]:
    """Run S = max(0, S + z - k) over standardized counts z, without a restart.

    Parameters
    ----------
    counts, means
        Shape (n_series, n_periods). A mean that is not above 0 is no mean: its period is passed over.

    Returns
    -------
    statistic
        S of each period, NaN where passed over; an alarm is one of at least ``limit``.
    upper
        As R says which count would alarm: rounded up after ``standard``; after ``rossi`` the square of a root that may be negative, so
        that a bound above nobody can stand where in truth any count alarms.

    References
    ----------
    .. [1] Rossi, G., Lampugnani, L., Marchi, M. (1999). Statistics in Medicine 18(16), 2111-2122.
    """
    means = np.where(means > 0, means, np.nan)
    steps = standardize(counts, means, transform) - reference_value
    statistic, before, now = np.full(counts.shape, np.nan), np.zeros(counts.shape), np.zeros(len(counts))
    for column, step in enumerate(steps.T):
        known = np.isfinite(step)
        before[:, column] = now
        now = np.where(known, np.maximum(now + step, 0), now)
        statistic[known, column] = now[known]
    return statistic, _count_at(limit + reference_value - before, means, transform)


def standardize(counts: Floats, means: Floats, transform: Transform) -> Floats:
    """Turn Poisson counts into figures of mean 0 and variance 1, nearly."""
    if transform == "standard":
        return np.asarray((counts - means) / np.sqrt(means))
    if transform == "rossi":
        return np.asarray((counts - 3 * means + 2 * np.sqrt(counts * means)) / (2 * np.sqrt(means)))
    return np.asarray(1.5 * (counts ** (2 / 3) - means ** (2 / 3)) / means ** (1 / 6))


def _count_at(figure: Floats, means: Floats, transform: Transform) -> Floats:
    if transform == "standard":
        return np.asarray(np.ceil(np.maximum(means + figure * np.sqrt(means), 0)))
    if transform == "rossi":
        square = 4 * means + 2 * np.sqrt(means) * figure
        return np.where(square < 0, 0, (np.sqrt(np.maximum(square, 0)) - np.sqrt(means)) ** 2)
    return np.asarray(np.maximum(means ** (2 / 3) + figure * means ** (1 / 6) / 1.5, 0) ** 1.5)


def _means_after(history: Floats, design: Floats) -> Floats:
    """Say what the means are after the history, by the waves of its periods and of what follows, shape (n_published, k)."""
    if design.shape[1] == 1 or not history.any():
        return np.full(len(design) - len(history), history.mean())
    import statsmodels.api as sm  # noqa: PLC0415 - commands that detect nothing do not pay for it
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning  # noqa: PLC0415

    class FromCounts(sm.families.Poisson):  # type: ignore[misc]
        """Begun, and below ended, as R's glm is; converged fully, the ninth digit would differ."""

        def starting_mu(self, y: Floats) -> Floats:
            return y + 0.1

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # counts that never moved are fitted exactly, and rightly
        fit = sm.GLM(history, design[: len(history)], family=FromCounts()).fit(maxiter=25, atol=1e-9, rtol=1e-8)
    return np.asarray(fit.predict(design[len(history) :]))


def run_length(limit: float, reference_value: float) -> float:
    """Periods to the first alarm, on average, of standard normal figures: the Markov chain of Brook and Evans.

    References
    ----------
    .. [1] Brook, D., Evans, D. A. (1972). Biometrika 59(3), 539-549.
    """
    width, state = limit / (STATES - 0.5), np.arange(STATES)
    reached = special.ndtr((state - state[:, None] + 0.5) * width + reference_value)
    moves = np.diff(reached, axis=1, prepend=0)
    return float(np.linalg.solve(np.eye(STATES) - (1 - RAREST) * moves, np.ones(STATES))[0])
