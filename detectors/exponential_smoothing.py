"""Exponential smoothing with a season, ETS(A,N,A), as statsmodels' state-space model: it forecasts across gaps, and knows its variance."""

import warnings
from typing import Any

import numpy as np

from pillarfour.detection import Floats

MOST_STEPS = 500
"""Of the optimiser."""


def estimated(periods_per_year: int) -> int:
    """Count what the start takes from the record: a level, and a season's figures but one, which the level holds."""
    return periods_per_year


def one_step_ahead(logs: Floats, *, start: int, periods_per_year: int) -> tuple[Floats, Floats] | None:
    """Estimate weights, start and variance on what precedes ``start``, and forecast each period from those before it.

    Parameters
    ----------
    logs
        One series, shape (n_periods,); NaN where nothing is published.

    Returns
    -------
    mean, variance
        Shape (n_periods,); None where the optimiser does not converge.

    Notes
    -----
    The likelihood is concentrated over the starting level and season, which are then held: what follows ``start`` moves neither them nor
    the variance. That is taken over the degrees of freedom that the start leaves.

    References
    ----------
    .. [1] Hyndman, R. J., Koehler, A. B., Ord, J. K., Snyder, R. D. (2008). Forecasting with Exponential Smoothing. Springer.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # failure to converge is looked at here
        try:
            fit = _model(logs[:start], periods_per_year, initialization_method="concentrated").fit(maxiter=MOST_STEPS, disp=0)
            if not (fit.mle_retvals["converged"] and np.isfinite(fit.params).all()):
                return None
            begun = np.asarray(fit.initial_state)
            held = {"initialization_method": "known", "initial_level": begun[0], "initial_seasonal": begun[1:]}
            n_published = int(np.isfinite(logs[:start]).sum())
            variance = fit.scale * n_published / max(n_published - estimated(periods_per_year), 1)
            model = _model(logs, periods_per_year, concentrate_scale=False, **held)
            result = model.filter(np.append(fit.params, variance)).filter_results
        except (np.linalg.LinAlgError, ValueError):
            return None
    return result.forecasts[0], result.forecasts_error_cov[0, 0]


def _model(logs: Floats, periods_per_year: int, **options: Any) -> Any:
    from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing  # noqa: PLC0415 - commands that detect nothing do not pay for it

    return ExponentialSmoothing(logs, seasonal=periods_per_year, **options)
