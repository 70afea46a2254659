"""A local level and a season as an unobserved-components model: each period against the Kalman filter's one-step-ahead forecast."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import special

from detectors import exponential_smoothing
from detectors.base import Judgements, Method, Parameters
from detectors.parallel import answer_each
from detectors.windows import statuses, still
from pillarfour.detection import NOT_CONVERGED, OK, Floats, Panel

FEWEST = 0.5
"""Persons below which a mean is not taken for the truth."""

Place = tuple[np.intp, npt.NDArray[np.intp]]
"""A row, and columns of it."""

MOST_STEPS = 500
"""Of the optimiser."""

STARTS = ((0.5, 0.05, 0.001), (0.1, 0.5, 0.01), (0.9, 1e-4, 1e-4))
"""Shares of the whole variance from which the optimiser begins again where it fails from statsmodels' own start."""


class StateSpaceParameters(Parameters):
    """What the model can follow, and how often its variances are estimated anew.

    Parameters
    ----------
    model
        ``components``: a level that wanders, and sine waves; ``ets``: exponential smoothing with a figure a season.
    season_harmonics
        Sine waves a year that make the season of ``components``.
    refit_every_periods
        Periods for which variances stay as they were estimated, on what precedes the first of them; the level and the season follow
        every period.
    """

    model: Literal["components", "ets"] = "components"
    season_harmonics: int = Field(default=2, ge=1, le=6)
    refit_every_periods: int = Field(default=12, ge=1)


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """One-step-ahead forecasts of some periods of one series, on the scale of log(1 + y); NaN where the fit failed."""

    mean: Floats
    variance: Floats
    freedom: Floats
    """Of the variance: how many periods it rests on, less those that the states take."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One series, and which of its periods to forecast."""

    logs: Floats
    wanted: npt.NDArray[np.intp]
    periods_per_year: int
    least: int
    parameters: StateSpaceParameters


class StateSpace(Method[StateSpaceParameters]):
    """Standardized one-step-ahead innovations of a local level with a harmonic season, on log(1 + count).

    Notes
    -----
    The variances of level, season and noise are estimated by maximum likelihood once in ``refit_every_periods`` (counted from the
    first published one) on what precedes; between, the filter runs forward with them. The forecast's variance is the filter's own, and
    no smaller than a Poisson count's on this scale; a Student-t quantile allows for its estimation. See ``docs/method.md``.

    References
    ----------
    .. [1] Harvey, A. C. (1989). Forecasting, Structural Time Series Models and the Kalman Filter. Cambridge University Press.
    .. [2] Durbin, J., Koopman, S. J. (2012). Time Series Analysis by State Space Methods, 2nd ed. Oxford University Press.
    """

    name = "state_space"
    parameters_type = StateSpaceParameters
    least_history = 36

    def judge(self, panel: Panel) -> Judgements:
        """Judge every period of every series."""
        return self.judge_columns(panel, columns=np.arange(len(panel.periods)))

    def judge_columns(self, panel: Panel, *, columns: npt.NDArray[np.intp]) -> Judgements:
        """Judge these periods; a fit serves all of them that lie between two estimations."""
        judged = Judgements.blank((len(panel.values), len(columns)), status=OK)
        least = self.least_history * panel.periods_per_year // 12
        judged.status[:] = statuses(panel.values, least=least)[:, columns]
        counts = panel.values[:, columns]
        rows = np.flatnonzero((judged.status == OK).any(axis=1))
        jobs = [
            Job(
                logs=np.log1p(panel.values[row]),
                wanted=columns[judged.status[row] == OK],
                periods_per_year=panel.periods_per_year,
                least=least,
                parameters=self.parameters,
            )
            for row in rows
        ]
        chance = self.parameters.false_alarms_per_year / (2 * panel.periods_per_year)
        for row, forecasts in zip(rows, answer_each(forecast, jobs, title=self.name), strict=True):
            _score(judged, (row, np.flatnonzero(judged.status[row] == OK)), counts[row], forecasts, chance)
        still(judged, slice(None), counts)
        return judged.scored_where_able()


def _score(judged: Judgements, place: Place, counts: Floats, forecasts: Forecasts, chance: float) -> None:
    """Hold the counts of one series against their forecasts, at the columns where they are judged."""
    mean = np.maximum(np.expm1(forecasts.mean), 0)
    sampling = np.maximum(mean, FEWEST) / (mean + 1) ** 2
    deviation = np.sqrt(np.maximum(forecasts.variance, sampling))
    reach = -special.stdtrit(forecasts.freedom, chance) * deviation
    error = np.log1p(counts[place[1]]) - forecasts.mean
    judged.expected[place] = mean
    judged.lower[place] = np.maximum(np.expm1(forecasts.mean - reach), 0)
    judged.upper[place] = np.expm1(forecasts.mean + reach)
    judged.score[place] = error / reach
    judged.p_value[place] = special.stdtr(forecasts.freedom, -np.abs(error) / deviation)
    judged.status[place] = np.where(np.isfinite(reach), OK, NOT_CONVERGED)


def forecast(job: Job) -> Forecasts:
    """Forecast the wanted periods of a series, each with what precedes it alone."""
    blank = np.full(len(job.wanted), np.nan)
    found = Forecasts(mean=blank, variance=blank.copy(), freedom=blank.copy())
    first = int(np.flatnonzero(np.isfinite(job.logs))[0])
    logs, every = job.logs[first:], job.parameters.refit_every_periods
    published = np.isfinite(logs)
    wanted = job.wanted - first
    estimated_at = np.maximum(wanted // every * every, np.flatnonzero(published)[job.least - 1] + 1)
    for start in np.unique(estimated_at):
        at = np.flatnonzero(estimated_at == start)
        end = wanted[at].max() + 1
        if np.ptp(logs[:start][published[:start]]) == 0:
            mean, variance = np.full(end, logs[:start][published[:start]][0]), np.zeros(end)
        else:
            mean, variance = _fit_and_filter(logs[:end], start, job)
        found.mean[at], found.variance[at] = mean[wanted[at]], variance[wanted[at]]
        states = 1 + 2 * job.parameters.season_harmonics
        taken = exponential_smoothing.estimated(job.periods_per_year) if job.parameters.model == "ets" else states
        found.freedom[at] = published[:start].sum() - taken
    return found


def _fit_and_filter(logs: Floats, start: int, job: Job) -> tuple[Floats, Floats]:
    """Estimate on what precedes ``start`` and filter all; NaN where there is no estimate."""
    failed = np.full(len(logs), np.nan)
    if job.parameters.model == "ets":
        return exponential_smoothing.one_step_ahead(logs, start=start, periods_per_year=job.periods_per_year) or (failed, failed)
    harmonics = job.parameters.season_harmonics
    variances = estimate(logs[:start], periods_per_year=job.periods_per_year, harmonics=harmonics)
    if variances is None:
        return failed, failed
    return one_step_ahead(logs, variances, periods_per_year=job.periods_per_year, harmonics=harmonics)


def estimate(logs: Floats, *, periods_per_year: int, harmonics: int) -> Floats | None:
    """Estimate the variances of noise, level and season by maximum likelihood; None where the optimiser converges from no start."""
    model = _model(logs, periods_per_year, harmonics)
    whole = float(np.nanvar(logs))
    for start in (None, *(np.array(shares) * whole for shares in STARTS)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # failure to converge is looked at here
            try:
                fit = model.fit(start, method="lbfgs", maxiter=MOST_STEPS, disp=0)
            except (np.linalg.LinAlgError, ValueError):
                continue
        variances = np.asarray(fit.params)
        if fit.mle_retvals["converged"] and np.isfinite(variances).all():
            return variances
    return None


def one_step_ahead(
    logs: Floats, variances: Floats, *, periods_per_year: int, harmonics: int, exact_diffuse: bool = False
) -> tuple[Floats, Floats]:
    """Forecast each period from those before it, by the Kalman filter with these variances.

    Parameters
    ----------
    logs
        One series, shape (n_periods,); NaN where nothing is published.
    variances
        Of the noise, of the level's and of the season's steps.
    exact_diffuse
        Whether nothing at all is known at the start, rather than next to nothing (a variance of 1e6).

    Returns
    -------
    mean, variance
        Shape (n_periods,).
    """
    result = _model(logs, periods_per_year, harmonics, use_exact_diffuse=exact_diffuse).filter(variances)
    return result.filter_results.forecasts[0], result.filter_results.forecasts_error_cov[0, 0]


def _model(logs: Floats, periods_per_year: int, harmonics: int, **options: bool) -> Any:
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # noqa: PLC0415 - commands that detect nothing do not pay for it

    season = [{"period": periods_per_year, "harmonics": harmonics}]
    return UnobservedComponents(logs, level="local level", freq_seasonal=season, **options)
