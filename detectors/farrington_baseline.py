"""The improved Farrington algorithm's baseline: fit, weigh past outbreaks down, fit again, and keep or drop the trend."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from scipy import special

from detectors import quasi_poisson
from detectors.base import Parameters
from detectors.quasi_poisson import Design, Fit, add_rows, reciprocal
from detectors.thresholds import Power, Prediction, ThresholdMethod
from pillarfour.detection import Floats

TREND_YEARS = 3
"""Fewer years show no trend."""


class FarringtonParameters(Parameters):
    """What is compared with the judged period, and what is an alarm.

    Parameters
    ----------
    baseline_years, half_window_periods
        The judged period is compared with the same date in this many past years, and so many periods around it.
    seasonal_levels
        1 uses these windows alone; with more, every period of the baseline is used, and the seasons between windows have a level each.
    exclude_recent_periods
        Periods just before the judged one that are left out, so that an outbreak under way does not hide itself.
    reweight, reweight_above
        Weigh past periods down whose standardized Anscombe residual is above this.
    trend, trend_alpha
        Fit a trend, and keep it where its p-value is not above this, there are three years, and it does not extrapolate above every
        reference count.
    threshold_method, power
        ``delta`` (normal law of the count to this power, with the mean's error), ``nb_plugin`` (negative-binomial quantile) or ``muan``
        (the same at the mean's bound).
    alpha
        Chance of a false alarm a judgement, both directions together, in place of ``false_alarms_per_year``.
    low_count_cases, low_count_periods
        No alarm upward unless the last so many periods, the judged one among them, have this many cases.
    reference
        ``surveillance`` and ``surveillance_dates`` judge as R's farringtonFlexible does, upward only, on series counted by index or by date.
    """

    baseline_years: int = Field(default=5, ge=1, le=30)
    half_window_periods: int = Field(default=1, ge=0, le=12)
    seasonal_levels: int = Field(default=10, ge=1, le=26)
    exclude_recent_periods: int = Field(default=6, ge=0, le=104)
    reweight: bool = True
    reweight_above: float = Field(default=2.58, ge=0.5)
    trend: bool = True
    trend_alpha: float = Field(default=1, gt=0, le=1)
    threshold_method: ThresholdMethod = "nb_plugin"
    alpha: float | None = Field(default=None, gt=0, lt=0.5)
    low_count_cases: float = Field(default=5, ge=0)
    low_count_periods: int = Field(default=4, ge=1)
    power: Power = "2/3"
    reference: Literal["surveillance", "surveillance_dates"] | None = None

    @model_validator(mode="after")
    def _one_threshold(self) -> "FarringtonParameters":
        if self.alpha is not None and "false_alarms_per_year" in self.model_fields_set:
            raise ValueError("alpha and false_alarms_per_year are one threshold in two units; give one of them")
        return self

    def chance(self, periods_per_year: int) -> float:
        """Chance of a false alarm a judgement."""
        return self.false_alarms_per_year / periods_per_year if self.alpha is None else self.alpha


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What the past says of the judged period, and whether it says anything, of shape (n_series,)."""

    prediction: Prediction
    trend: npt.NDArray[np.bool_]
    converged: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How the model is fitted, and which dispersion its errors have."""

    fit: Callable[..., Fit]
    refit: Callable[..., Fit]
    error_dispersion: Callable[..., Floats]


def _same_dispersion(dispersion: Floats, **_: object) -> Floats:
    return dispersion


EXACT = Rules(fit=quasi_poisson.fit, refit=quasi_poisson.fit, error_dispersion=_same_dispersion)


@dataclass(frozen=True, kw_only=True)
class _Weighed:
    """A fit after reweighting, the dispersions of counts and of its errors, and its degrees of freedom."""

    fit: Fit
    dispersion: Floats
    error_dispersion: Floats
    degrees_of_freedom: Floats


def describe(counts: Floats, published: Floats, design: Design, parameters: FarringtonParameters, *, rules: Rules = EXACT) -> Baseline:
    """Describe the judged period of every series by its baseline.

    Parameters
    ----------
    counts
        Reference counts in the design's order, shape (n, n_series); any figure where not published.
    published
        1 where a count is used, else 0, shape (n, n_series) or (n, 1).

    References
    ----------
    .. [1] Noufaily, A. et al. (2013). Statistics in Medicine 32(7), 1206-1222. doi:10.1002/sim.5595
    """
    n_series = counts.shape[1]
    kept = np.zeros(n_series, dtype=bool)
    mean, log_variance, dispersion = (np.empty(n_series) for _ in range(3))
    converged = np.empty(n_series, dtype=bool)

    def take(weighed: _Weighed, rows: npt.NDArray[np.intp]) -> None:
        mean[rows], dispersion[rows], converged[rows] = weighed.fit.mean, weighed.dispersion, weighed.fit.converged
        log_variance[rows] = weighed.fit.log_mean_variance(design) * weighed.error_dispersion

    if parameters.trend and parameters.baseline_years >= TREND_YEARS:
        weighed = _fit_twice(counts, published, design, parameters, rules, trend=True)
        kept = weighed.fit.converged & (weighed.fit.mean <= counts.max(axis=0, where=published > 0, initial=0))
        if parameters.trend_alpha < 1:
            kept &= _trend_p_value(weighed) <= parameters.trend_alpha
        take(weighed, np.arange(n_series))
    rest = np.flatnonzero(~kept)
    if rest.size:
        used = published if published.shape[1] == 1 else published[:, rest]
        take(_fit_twice(counts[:, rest], used, design, parameters, rules, trend=False), rest)
    return Baseline(prediction=Prediction(mean=mean, log_variance=log_variance, dispersion=dispersion), trend=kept, converged=converged)


def _fit_twice(
    counts: Floats, published: Floats, design: Design, parameters: FarringtonParameters, rules: Rules, *, trend: bool
) -> _Weighed:
    """Fit, weigh down what stands out, and fit those series again that had something to weigh down."""
    fit = rules.fit(counts, published, design, trend=trend)
    freedom = add_rows(published) - (design.sums(published) > 0).sum(axis=0) - trend
    freedom = np.broadcast_to(freedom, fit.mean.shape)
    weights = published
    error = (counts - fit.fitted) * reciprocal(fit.fitted)
    dispersion = np.maximum(add_rows(fit.working * error**2) / freedom, 1)
    if parameters.reweight:
        rows, weights = _weigh(error, fit, published, design, dispersion, above=parameters.reweight_above)
        if rows.size:
            fit.put(rows, rules.refit(counts[:, rows], weights[:, rows] if weights.shape[1] > 1 else weights, design, trend=trend))
    return _Weighed(fit=fit, dispersion=dispersion, error_dispersion=dispersion, degrees_of_freedom=freedom)
