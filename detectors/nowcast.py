"""What a series is expected to show in the months that it has not published, from one that leads it."""

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from detectors.prewhitening import both_published, bridged
from pillarfour.detection import Floats, Panel
from pillarfour.errors import DetectorError
from pillarfour.outlook import Forecast, Lead


class NowcastParameters(BaseModel):
    """How far ahead, and how wide.

    Parameters
    ----------
    coverage
        How often the range is to hold the figure.
    longest_horizon_months
        Months after the newest figure at most; a lag rarely reaches so far.
    least_fitted_months
        Months on which a forecast must rest.
    longest_gap_months
        Missing months that a straight line bridges; a longer gap ends the history.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    coverage: float = Field(default=0.8, gt=0, lt=1)
    longest_horizon_months: int = Field(default=4, ge=1, le=12)
    least_fitted_months: int = Field(default=18, ge=12)
    longest_gap_months: int = Field(default=2, ge=0)


class Nowcast:
    """One regression a horizon: log(1 + count) on its newest figure and on the upstream at the lag, now and so many months before.

    Notes
    -----
    See ``docs/method.md``.

    References
    ----------
    .. [1] Marcellino, M., Stock, J. H., Watson, M. W. (2006). Journal of Econometrics 135(1-2), 499-526. doi:10.1016/j.jeconom.2005.07.020
    """

    name = "nowcast"
    parameters_type = NowcastParameters

    def __init__(self, parameters: NowcastParameters | None = None) -> None:
        """Take the parameters, or the defaults."""
        self.parameters = parameters or NowcastParameters()

    def forecasts(self, panel: Panel, *, leads: Sequence[Lead]) -> tuple[Forecast, ...]:
        """Say what is expected of each downstream series that has a usable lead, month by month as far as the lag reaches.

        Parameters
        ----------
        panel
            The monthly counts that the leads were found in.

        Returns
        -------
        tuple of Forecast
            None for a lead that is not usable, or where the history is too short to fit a horizon.

        Raises
        ------
        DetectorError
            If the panel has no such series.
        """
        return tuple(forecast for lead in leads if lead.usable for forecast in self._of(panel, lead))

    def _of(self, panel: Panel, lead: Lead) -> Iterator[Forecast]:
        row = {key: at for at, key in enumerate(panel.series)}
        if lead.lag_months is None or lead.upstream not in row or lead.downstream not in row:
            raise DetectorError(f"nowcast: the panel has not both {lead.upstream} and {lead.downstream}; give that of the leads")
        upstream, downstream = (panel.values[row[key]] for key in (lead.upstream, lead.downstream))
        first = both_published(upstream, downstream, longest_gap=self.parameters.longest_gap_months)[0]
        newest = np.flatnonzero(np.isfinite(downstream))[-1]
        theirs, ours = (bridged(counts[first : np.flatnonzero(np.isfinite(counts))[-1] + 1]) for counts in (upstream, downstream))
        reach = theirs.size + lead.lag_months - ours.size
        for horizon in range(1, min(reach, self.parameters.longest_horizon_months) + 1):
            past, now, changes = design(theirs, ours, lag=lead.lag_months, horizon=horizon)
            if changes.size < self.parameters.least_fitted_months:
                return
            expected, lower, upper = np.expm1(np.maximum(ours[-1] + predict(past, changes, now=now, coverage=self.parameters.coverage), 0))
            yield Forecast(
                lead=lead,
                period=panel.periods[0] + int(newest) + horizon,
                horizon_months=horizon,
                expected=float(expected),
                lower=float(lower),
                upper=float(upper),
                coverage=self.parameters.coverage,
            )


def design(upstream: Floats, downstream: Floats, *, lag: int, horizon: int) -> tuple[Floats, Floats, Floats]:
    """Put a horizon's regression together.

    Parameters
    ----------
    upstream, downstream
        log(1 + count) from the same first month on, each to its newest.

    Returns
    -------
    tuple of Floats
        Of each past month the regressors, shape (n, 4); those of the newest month, shape (1, 4); and how the downstream changed over
        the horizon, shape (n,).
    """
    at = np.arange(lag, downstream.size)
    regressors = np.column_stack([np.ones(at.size), downstream[at], upstream[at + horizon - lag], upstream[at - lag]])
    known = at[:-horizon]
    return regressors[:-horizon], regressors[-1:], downstream[known + horizon] - downstream[known]


def predict(past: Floats, changes: Floats, *, now: Floats, coverage: float) -> Floats:
    """Give the expected change with its central range, by statsmodels' least squares: Student's t, the fit's own doubt included."""
    from statsmodels.regression.linear_model import OLS  # noqa: PLC0415 - commands that forecast nothing do not pay for it

    frame = OLS(changes, past).fit().get_prediction(now).summary_frame(alpha=1 - coverage)
    predicted: Floats = frame[["mean", "obs_ci_lower", "obs_ci_upper"]].to_numpy()[0]
    return predicted
