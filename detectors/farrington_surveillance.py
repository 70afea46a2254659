"""R surveillance's farringtonFlexible to the last digits: its iteration, its dispersion and its alarm rule, for comparison only.

What the default does otherwise, and why, is in ``docs/method.md``.
"""

from dataclasses import replace

import numpy as np

from detectors.farrington_baseline import FarringtonParameters, Residuals, Rules
from detectors.negative_binomial import chance_from
from detectors.prediction_bounds import NegativeBinomial, Prediction, bounds_of
from detectors.quasi_poisson import Design, Fit, add_rows, reciprocal
from pillarfour.detection import Floats

MOST_ITERATIONS = 25
CONVERGED = 1e-8
LEAST_MEAN = np.finfo(float).eps
NO_ALARM = np.nextafter(1, 0)


def iterate(counts: Floats, weights: Floats, design: Design, *, trend: bool, near: Floats | None = None) -> Fit:  # noqa: ARG001 - R begins anew
    """Fit by iteratively reweighted least squares from mu = y + 0.1, and stop as R's glm stops.

    Each step solves the arrow by its Schur complement: the slope from times centred by level, then the levels. The normal matrix kept
    is that of the last but one iterate, as in R's covariance, hat values and dispersion. Shapes are those of ``quasi_poisson.fit``.
    """
    counts, weights = np.broadcast_arrays(counts, weights)
    mean, log_mean = counts + 0.1, np.log(counts + 0.1)
    deviance = _deviance(counts, weights, mean)
    result, _ = _step(counts, weights, (mean, log_mean), design, trend=trend)
    active = np.arange(counts.shape[1])
    for _ in range(MOST_ITERATIONS):
        step, log_mean = _step(counts, weights, (mean, log_mean), design, trend=trend)
        previous, deviance = deviance, _deviance(counts, weights, step.fitted)
        stands = np.abs(deviance - previous) / (np.abs(deviance) + 0.1) < CONVERGED
        step = replace(step, converged=stands)
        for name in ("fitted", "working", "information", "centre", "curvature", "slope", "mean", "converged"):
            getattr(result, name)[..., active] = getattr(step, name)
        going = ~stands & np.isfinite(deviance)
        if not going.any():
            break
        active, deviance = active[going], deviance[going]
        counts, weights, mean, log_mean = (each.compress(going, axis=1) for each in (counts, weights, step.fitted, log_mean))
    return result


def iterate_by_date(counts: Floats, weights: Floats, design: Design, *, trend: bool, near: Floats | None = None) -> Fit:  # noqa: ARG001 - R begins anew
    """Fit, and date the judged period from the first reference period, but these from the first of them that is published."""
    fit = iterate(counts, weights, design, trend=trend)
    order = np.argsort(design.times[:, 0])
    first = (np.broadcast_to(weights, counts.shape)[order] > 0).argmax(axis=0)
    early = design.times[order[0]] - design.times[order[first], 0]
    return replace(fit, judged_time=early, mean=fit.mean * np.exp(fit.slope * early))


def _step(counts: Floats, weights: Floats, start: tuple[Floats, Floats], design: Design, *, trend: bool) -> tuple[Fit, Floats]:
    mean, log_mean = start
    working = weights * mean
    response = working * log_mean + weights * (counts - mean)
    information = design.sums(working)
    per_level = reciprocal(information)
    centre, slope, curvature = np.zeros_like(information), np.zeros(counts.shape[1]), np.full(counts.shape[1], np.inf)
    if trend:
        centre = design.sums(working * design.times) * per_level
        apart = design.times - design.spread(centre)
        curvature = add_rows(working * apart**2)
        slope = np.divide(add_rows(apart * response), curvature, out=np.full_like(slope, np.nan), where=curvature > 0)
    log_level = design.sums(response) * per_level - slope * centre
    log_mean = design.spread(log_level) + slope * design.times
    with np.errstate(over="ignore"):  # a slope that runs away is stopped by the deviance
        fitted, judged = np.exp(log_mean), np.exp(log_level[design.judged_level])
    step = Fit(
        fitted=np.maximum(fitted, LEAST_MEAN),
        working=working,
        information=information,
        centre=centre,
        curvature=curvature,
        slope=slope,
        mean=judged,
        converged=np.zeros(counts.shape[1], dtype=bool),
    )
    return step, log_mean


def _deviance(counts: Floats, weights: Floats, mean: Floats) -> Floats:
    ratio = np.log(counts / mean, out=np.zeros_like(mean), where=counts > 0)
    with np.errstate(invalid="ignore"):  # a slope that ran away
        return 2 * add_rows(weights * (counts * ratio - (counts - mean)))


def error_dispersion(residuals: Residuals) -> Floats:
    """Dispersion of the estimates' errors: after reweighting the prior weights stand where working weights belong."""
    if not residuals.reweighted:
        return residuals.raw_dispersion
    return np.asarray(add_rows(residuals.weights * residuals.relative**2) / residuals.degrees_of_freedom)


BY_INDEX = Rules(fit=iterate, error_dispersion=error_dispersion, looks_again=False)
BY_DATE = replace(BY_INDEX, fit=iterate_by_date)


def judge_as_surveillance(
    counts: Floats, cases: Floats, prediction: Prediction, parameters: FarringtonParameters, chance: float
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Judge by R's rule, upward only: expected, lower (none), upper, score and p-value, each of shape (n_series,).

    The score is R's own, except that one without an alarm stays within -1 and 1.

    Parameters
    ----------
    cases
        In the periods of the low-count rule; NaN where one of them is not published.
    """
    if parameters.threshold_method == "delta":
        prediction = replace(prediction, mean=np.maximum(prediction.mean, LEAST_MEAN))
    bounds = bounds_of(prediction, parameters.threshold_method, parameters.power)
    chances = np.full(counts.shape, chance)
    with np.errstate(over="ignore"):
        upper = bounds.upper(chances)
    if isinstance(bounds, NegativeBinomial):
        with np.errstate(over="ignore"):  # all but empty windows: R has no bound there either
            fitted, bound = np.log(prediction.mean), bounds.mean_above(chances)
        p_value = np.where(np.isfinite(bound), chance_from(counts, bound, prediction.dispersion), np.nan)
        upper = np.where(np.isfinite(bound), upper, np.nan)
    else:
        fitted = prediction.mean
        p_value = bounds.chance_beyond(counts, np.ones(counts.shape, dtype=bool))
    with np.errstate(divide="ignore", invalid="ignore"):  # an upper bound at the fit has no score, as in R
        score = (counts - fitted) / (upper - fitted)
    enough = cases >= parameters.low_count_cases
    alarm = (counts > 0) & (score > 1) & enough
    score = np.where(alarm, score, np.clip(score, -NO_ALARM, NO_ALARM))
    upper = np.where(enough, upper, np.nan)
    expected = np.where(np.isfinite(upper), prediction.mean, np.nan)
    return expected, np.full_like(expected, np.nan), upper, score, p_value
