"""Two regimes that a series switches between: each period against what is forecast from the regimes known, and which one it is in."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import special

from detectors.base import Judgements, Method, Parameters
from detectors.parallel import answer_each
from detectors.windows import statuses, still
from pillarfour.detection import NOT_CONVERGED, OK, Floats, Panel, Scores

FEWEST = 0.5
"""Persons below which a mean is not taken for the truth."""

ESTIMATED = 5
"""Two levels, one variance, two chances of switching."""

STAYING = 0.95
"""Chance of staying in a regime from which the optimiser starts."""

HALVINGS = 60
"""By which a quantile is found to the last digits."""


class RegimeParameters(Parameters):
    """How often the regimes are estimated anew.

    Parameters
    ----------
    refit_every_periods
        Published periods for which the regimes stay as they were estimated, on what precedes the first of them; the filter follows
        every period.
    """

    refit_every_periods: int = Field(default=24, ge=1)


@dataclass(frozen=True, kw_only=True)
class Regimes:
    """Two regimes on the scale of log(1 + y), the lower first."""

    levels: Floats
    """Shape (2,)."""
    variance: float
    switching: Floats
    """Chance of going from the row's regime to the column's, shape (2, 2)."""


@dataclass(frozen=True, kw_only=True)
class RegimeScores(Scores):
    """Scores that say in which regime a series is.

    Parameters
    ----------
    higher
        Probability that the period is in the higher regime, by all that is known then, shape (n_series, n_judged).
    low_level, high_level
        The two regimes' levels, in the panel's unit.
    """

    higher: Floats = field(repr=False)
    low_level: Floats = field(repr=False)
    high_level: Floats = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Job:
    """The published figures of one series, on the log scale, and which of them to judge, by rank."""

    logs: Floats
    wanted: npt.NDArray[np.intp]
    least: int
    every: int
    chance: float


FIGURES = ("expected", "lower", "upper", "score", "p_value", "higher", "low_level", "high_level")


class Regime(Method[RegimeParameters]):
    """A hidden Markov chain of two levels on log(1 + count), forecast one step ahead.

    Notes
    -----
    statsmodels' ``MarkovRegression`` estimates two levels, their common variance and the chances of switching, once in
    ``refit_every_periods``, on what precedes. Its own start fails on a plain level shift ("SVD did not converge") or stays with one
    level; here the optimiser starts from the two sides of the best single split and from the halves of the figures, and the likelier
    answer is taken. Hamilton's filter then gives the law of the next figure: a mixture of both regimes. See ``docs/method.md``.

    References
    ----------
    .. [1] Hamilton, J. D. (1989). Econometrica 57(2), 357-384.
    """

    name = "regime"
    parameters_type = RegimeParameters
    least_history = 36

    def score_columns(self, panel: Panel, columns: npt.NDArray[np.intp]) -> RegimeScores:
        """Score these periods of every series, each with what precedes it alone, and say its regime."""
        judged, regimes = self._judge(panel, columns)
        return RegimeScores(**self.scored(panel, columns, judged), **regimes)

    def judge(self, panel: Panel) -> Judgements:
        """Judge every period of every series."""
        return self._judge(panel, np.arange(len(panel.periods)))[0]

    def _judge(self, panel: Panel, columns: npt.NDArray[np.intp]) -> tuple[Judgements, dict[str, Any]]:
        least = self.least_history * panel.periods_per_year // 12
        status = statuses(panel.values, least=least)[:, columns]
        published = np.isfinite(panel.values)
        rank = np.cumsum(published, axis=1)[:, columns] - 1
        rows = np.flatnonzero((status == OK).any(axis=1))
        jobs = [
            Job(
                logs=np.log1p(panel.values[row, published[row]]),
                wanted=rank[row, status[row] == OK],
                least=least,
                every=self.parameters.refit_every_periods,
                chance=self.parameters.false_alarms_per_year / (2 * panel.periods_per_year),
            )
            for row in rows
        ]
        found: dict[str, Any] = {name: np.full(status.shape, np.nan) for name in FIGURES}
        for row, figures in zip(rows, answer_each(judge_series, jobs, title=self.name), strict=True):
            at = status[row] == OK
            for name, figure in zip(FIGURES, figures, strict=True):
                found[name][row, at] = figure
        status[(status == OK) & np.isnan(found["score"])] = NOT_CONVERGED
        judged = Judgements(**{name: found.pop(name) for name in FIGURES[:5]}, status=status)
        still(judged, slice(None), panel.values[:, columns])
        return judged, found


def judge_series(job: Job) -> Floats:
    """Judge the wanted figures of a series, shape (n_figures, n_wanted) in the order of ``FIGURES``; NaN where the fit failed."""
    found = np.full((len(FIGURES), len(job.wanted)), np.nan)
    estimated_at = job.least + (job.wanted - job.least) // job.every * job.every
    for start in np.unique(estimated_at):
        at = np.flatnonzero(estimated_at == start)
        regimes = estimate(job.logs[:start])
        if regimes is None:
            continue
        forecast, filtered = run_filter(job.logs[: job.wanted[at].max() + 1], regimes)
        wanted = job.wanted[at]
        found[:5, at] = _against_mixture(job.logs[wanted], forecast[wanted], regimes, freedom=start - ESTIMATED, chance=job.chance)
        found[5, at] = filtered[wanted, 1]
        found[6:, at] = np.expm1(regimes.levels)[:, None]
    return found


def estimate(logs: Floats) -> Regimes | None:
    """Estimate two regimes by maximum likelihood; None where the optimiser converges from no start. A record that never moved is one."""
    if np.ptp(logs) == 0:
        return Regimes(levels=logs[[0, 0]], variance=0.0, switching=np.full((2, 2), 0.5))
    from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression  # noqa: PLC0415 - commands that detect nothing do not pay

    best, likelihood = None, -np.inf
    model = MarkovRegression(logs, k_regimes=2)
    for start in starts(logs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # failure to converge is looked at here
            try:
                fit = model.fit(start, em_iter=5, maxiter=100, disp=0, cov_type="none")
            except (np.linalg.LinAlgError, ValueError):
                continue
        parameters = np.asarray(fit.params)
        if fit.mle_retvals["converged"] and np.isfinite(parameters).all() and fit.llf > likelihood:
            best, likelihood = parameters, fit.llf
    if best is None:
        return None
    stay, leave, *levels, variance = best
    order = np.argsort(levels)
    switching = np.array([[stay, 1 - stay], [leave, 1 - leave]])[np.ix_(order, order)]
    return Regimes(levels=np.array(levels)[order], variance=float(variance), switching=np.clip(switching, 0, 1))


def starts(logs: Floats) -> list[Floats]:
    """Give two starts: the sides of the best single split in time, and the lower and upper half of the figures."""
    n = len(logs)
    before = np.cumsum(logs)[:-1] / np.arange(1, n)
    after = np.cumsum(logs[::-1])[:-1][::-1] / np.arange(n - 1, 0, -1)
    split = int(np.argmax((before - after) ** 2 * np.arange(1, n) * np.arange(n - 1, 0, -1)))
    ordered = np.sort(logs)
    pairs = ((before[split], after[split]), (ordered[: n // 2].mean(), ordered[n // 2 :].mean()))
    return [np.array([STAYING, 1 - STAYING, min(pair), max(pair), logs.var() / 2]) for pair in pairs]


def run_filter(logs: Floats, regimes: Regimes) -> tuple[Floats, Floats]:
    """Give each regime's probability before and after each figure is known, shapes (n, 2): Hamilton's filter from the steady state."""
    variance = np.maximum(regimes.variance, counting_variance(regimes.levels))
    log_density = -((logs[:, None] - regimes.levels) ** 2) / (2 * variance) - np.log(variance) / 2
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    leaves_low, leaves_high = regimes.switching[0, 1], regimes.switching[1, 0]
    total = leaves_low + leaves_high
    known = np.array([leaves_high, leaves_low]) / total if total > 0 else np.array([0.5, 0.5])
    forecast, filtered = np.empty((len(logs), 2)), np.empty((len(logs), 2))
    for at, likelihood in enumerate(density):
        forecast[at] = known @ regimes.switching
        weighed = forecast[at] * likelihood
        known = weighed / weighed.sum() if weighed.sum() > 0 else likelihood / likelihood.sum()
        filtered[at] = known
    return forecast, filtered


def counting_variance(levels: Floats) -> Floats:
    """Give the variance of log(1 + y) for a Poisson count of these levels, by the delta method; near zero as for half a person."""
    mean = np.maximum(np.expm1(levels), 0)
    return np.asarray(np.maximum(mean, FEWEST) / (mean + 1) ** 2)


def _against_mixture(logs: Floats, weights: Floats, regimes: Regimes, *, freedom: int, chance: float) -> Floats:
    """Hold figures against the mixture of both regimes: expected, lower, upper, score and p-value, shape (5, n)."""
    deviation = np.sqrt(np.maximum(regimes.variance, counting_variance(regimes.levels)))

    def below(figures: Floats) -> Floats:
        return np.asarray((weights * special.stdtr(freedom, (figures[:, None] - regimes.levels) / deviation)).sum(axis=1))

    def above(figures: Floats) -> Floats:
        return np.asarray((weights * special.stdtr(freedom, (regimes.levels - figures[:, None]) / deviation)).sum(axis=1))

    def quantile(probability: float) -> Floats:
        furthest = deviation.max() * -special.stdtrit(freedom, chance / 2)
        low = np.full(len(logs), regimes.levels.min() - furthest)
        high = np.full(len(logs), regimes.levels.max() + furthest)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            under = below(middle) < probability
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return np.asarray((low + high) / 2)

    median, low, high = quantile(0.5), quantile(chance), quantile(1 - chance)
    difference = logs - median
    score = difference / np.where(difference >= 0, high - median, median - low)
    p_value = np.where(difference >= 0, above(logs), below(logs))
    return np.asarray([np.maximum(np.expm1(median), 0), np.maximum(np.expm1(low), 0), np.expm1(high), score, p_value])
