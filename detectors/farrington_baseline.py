"""The improved Farrington algorithm's baseline: fit, weigh past outbreaks down, fit again, and keep or drop the trend."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from scipy import special

from detectors import quasi_poisson
from detectors.base import Parameters
from detectors.prediction_bounds import Power, Prediction, ThresholdMethod
from detectors.quasi_poisson import Design, Fit, add_rows
from pillarfour.detection import Floats

Flags = npt.NDArray[np.bool_]

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
        Fit a trend, and keep it where its p-value is below this (1 keeps any), there are three years, and it does not extrapolate above
        every reference count.
    threshold_method, power
        ``predictive`` (negative-binomial quantile, with the errors of mean and dispersion), ``delta`` (normal law of the count to this
        power, with the mean's error), ``nb_plugin`` (negative-binomial quantile as if both were known) or ``muan`` (the same at the
        mean's bound).
    alpha
        Chance of a false alarm a judgement, both directions together, in place of ``false_alarms_per_year``.
    low_count_cases, low_count_periods
        No alarm upward unless the last so many periods, the judged one among them, have this many cases.
    reference
        ``surveillance`` and ``surveillance_dates`` judge as R's farringtonFlexible does, upward only, on time by index or by date.
    """

    baseline_years: int = Field(default=5, ge=1, le=30)
    half_window_periods: int = Field(default=1, ge=0, le=12)
    seasonal_levels: int = Field(default=10, ge=1, le=26)
    exclude_recent_periods: int = Field(default=6, ge=0, le=104)
    reweight: bool = True
    reweight_above: float = Field(default=2.58, ge=0.5, le=1e6)
    trend: bool = True
    trend_alpha: float = Field(default=1, gt=0, le=1)
    threshold_method: ThresholdMethod = "predictive"
    alpha: float | None = Field(default=None, gt=0, lt=0.5)
    low_count_cases: int = Field(default=5, ge=0)
    low_count_periods: int = Field(default=4, ge=1)
    power: Power = "2/3"
    reference: Literal["surveillance", "surveillance_dates"] | None = None

    @model_validator(mode="after")
    def _one_threshold(self) -> "FarringtonParameters":
        if self.alpha is not None and "false_alarms_per_year" in self.model_fields_set:
            raise ValueError("alpha and false_alarms_per_year are one threshold in two units; give one of them")
        return self

    @model_validator(mode="after")
    def _known_to_the_reference(self) -> "FarringtonParameters":
        if self.reference is not None and self.threshold_method == "predictive":
            raise ValueError(f"reference {self.reference} has no threshold_method predictive; say delta, nb_plugin or muan")
        return self

    def least_periods(self, periods_per_year: int) -> int:
        """Say how many periods must be published before the judged one."""
        return self.baseline_years * periods_per_year + self.half_window_periods

    def chance(self, periods_per_year: int) -> float:
        """Chance of a false alarm a judgement."""
        return self.false_alarms_per_year / periods_per_year if self.alpha is None else self.alpha


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What the past says of the judged period, and whether it says anything, of shape (n_series,)."""

    prediction: Prediction
    trend: Flags
    converged: Flags

    def put(self, rows: npt.NDArray[np.intp], other: "Baseline") -> None:
        """Replace what is said of some series."""
        for field in fields(self.prediction):
            getattr(self.prediction, field.name)[rows] = getattr(other.prediction, field.name)
        self.trend[rows] = other.trend
        self.converged[rows] = other.converged


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How the model is fitted, whether a second fit that does not converge is noticed, and which dispersion its errors have."""

    fit: Callable[..., Fit]
    looks_again: bool
    error_dispersion: Callable[["Residuals"], Floats]


@dataclass(frozen=True, kw_only=True)
class Residuals:
    """What is left of the reference counts.

    Parameters
    ----------
    relative
        (count - fitted) / fitted, shape (n, n_series).
    weights
        Prior weights, shape (n, n_series) or (n, 1).
    raw_dispersion
        Pearson's statistic over its degrees of freedom, shape (n_series,).
    degrees_of_freedom
        Shape (n_series,).
    reweighted
        Whether the weights may be other than 0 and 1.
    """

    relative: Floats
    weights: Floats
    raw_dispersion: Floats
    degrees_of_freedom: Floats
    reweighted: bool

    @property
    def dispersion(self) -> Floats:
        """Variance of a count over its mean, at least Poisson's."""
        return np.maximum(self.raw_dispersion, 1)


EXACT = Rules(fit=quasi_poisson.fit, looks_again=True, error_dispersion=lambda residuals: residuals.dispersion)


class Baselines:
    """The reference periods of one judged period, and the rules by which they describe it."""

    def __init__(self, design: Design, parameters: FarringtonParameters, *, rules: Rules = EXACT) -> None:
        self.design = design
        self.parameters = parameters
        self.rules = rules

    def describe(self, counts: Floats, published: Floats) -> Baseline:
        """Describe the judged period of every series by its baseline.

        Parameters
        ----------
        counts
            Reference counts in the design's order, shape (n, n_series); 0 where not used.
        published
            1 where a count is used, else 0, shape (n, n_series) or (n, 1).

        References
        ----------
        .. [1] Noufaily, A. et al. (2013). Statistics in Medicine 32(7), 1206-1222. doi:10.1002/sim.5595
        """
        if not (self.parameters.trend and self.parameters.baseline_years >= TREND_YEARS):
            return self._fit_twice(counts, published, trend=False)
        baseline = self._fit_twice(counts, published, trend=True)
        baseline.trend[:] &= baseline.converged & (baseline.prediction.mean <= counts.max(axis=0))
        rest = np.flatnonzero(~baseline.trend)
        if rest.size:
            used = published if published.shape[1] == 1 else published.take(rest, axis=1)
            baseline.put(rest, self._fit_twice(counts.take(rest, axis=1), used, trend=False))
        return baseline

    def _fit_twice(self, counts: Floats, published: Floats, *, trend: bool) -> Baseline:
        """Fit, weigh down what stands out, and fit those series again that had something to weigh down."""
        fit = self.rules.fit(counts, published, self.design, trend=trend)
        freedom = np.broadcast_to(add_rows(published) - (self.design.sums(published) > 0).sum(axis=0) - trend, fit.mean.shape)
        residuals = _residuals(counts, published, fit, freedom, reweighted=self.parameters.reweight)
        baseline = self._predict(fit, residuals, trend=trend)
        if self.parameters.reweight:
            rows, weights = _weigh(residuals, fit, self.design, above=self.parameters.reweight_above)
            if rows.size:
                again = self.rules.fit(counts.take(rows, axis=1), weights, self.design, trend=trend, near=fit.slope[rows])
                again = replace(again, converged=fit.converged[rows] & (again.converged | (not self.rules.looks_again)))
                left = _residuals(counts.take(rows, axis=1), weights, again, freedom[rows], reweighted=True)
                baseline.put(rows, self._predict(again, left, trend=trend))
        return baseline

    def _predict(self, fit: Fit, residuals: Residuals, *, trend: bool) -> Baseline:
        error = self.rules.error_dispersion(residuals)
        kept = np.full(fit.mean.shape, trend)
        if trend and self.parameters.trend_alpha < 1:
            with np.errstate(divide="ignore", invalid="ignore"):  # an exact fit has no error: its trend is certain, or none
                t = fit.slope * np.sqrt(fit.curvature / error)
            freedom, which = np.unique(residuals.degrees_of_freedom, return_inverse=True)
            kept &= np.abs(t) > -special.stdtrit(freedom, self.parameters.trend_alpha / 2)[which]
        prediction = Prediction(
            mean=fit.mean,
            log_variance=fit.log_mean_variance(self.design) * error,
            dispersion=residuals.dispersion,
            degrees_of_freedom=np.array(residuals.degrees_of_freedom, dtype=float),
        )
        return Baseline(prediction=prediction, trend=kept, converged=fit.converged.copy())


def _residuals(counts: Floats, weights: Floats, fit: Fit, freedom: Floats, *, reweighted: bool) -> Residuals:
    with np.errstate(over="ignore", invalid="ignore"):  # a slope that ran away: not converged, and not used
        relative = np.maximum(fit.fitted, np.finfo(float).tiny)
        np.divide(counts, relative, out=relative)
        relative -= 1
        squares = np.square(relative)
        squares *= fit.working
        raw = add_rows(squares) / freedom
    return Residuals(relative=relative, weights=weights, raw_dispersion=raw, degrees_of_freedom=freedom, reweighted=reweighted)


def _weigh(residuals: Residuals, fit: Fit, design: Design, *, above: float) -> tuple[npt.NDArray[np.intp], Floats]:
    """Find the series with standardized Anscombe residuals above the limit, and give each count of theirs its weight.

    The residual is 3/2 (y^(2/3) mu^(-1/6) - mu^(1/2)) / sqrt(phi (1 - h)) [1]_. It is never above Pearson's, so that only where
    Pearson's is above the limit the power is taken.

    References
    ----------
    .. [1] Farrington, C. P. et al. (1996). Journal of the Royal Statistical Society A 159(3), 547-563.
    """
    spared = np.subtract(1, leverage := fit.leverage(design), out=leverage)
    np.maximum(spared, 1e-9, out=spared)
    spared *= residuals.dispersion
    pearson = residuals.relative * np.abs(residuals.relative)
    pearson *= fit.fitted
    period, series = np.nonzero(pearson > np.multiply(above**2, spared))
    relative, mean = residuals.relative[period, series], fit.fitted[period, series]
    anscombe = 1.5 * np.sqrt(mean / spared[period, series]) * ((1 + relative) ** (2 / 3) - 1)
    exceeds = anscombe > above
    rows, place = np.unique(series[exceeds], return_inverse=True)
    published = np.broadcast_to(residuals.weights, fit.fitted.shape).take(rows, axis=1)
    weights = published.copy()
    weights[period[exceeds], place] = anscombe[exceeds] ** -2
    return rows, weights * (add_rows(published) / add_rows(weights)) if rows.size else weights
