"""What an earlier stage of the corridor says of a later one: whether it leads, at which lag, and what is expected next."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from pillarfour.detection import Panel
from pillarfour.model import SeriesKey

Reason = Literal["too_short", "too_few", "insignificant", "wrong_sign", "published_first"]
"""Why there is no usable lag: too few months that both publish; too few people; no lag beyond chance; more upstream goes with fewer
downstream; or the downstream figure comes out before the upstream one that would tell it."""


@dataclass(frozen=True, kw_only=True)
class Lead:
    """Whether one series leads another.

    Parameters
    ----------
    correlations
        Of pre-whitened changes, the downstream at lags of 0, 1, 2, ... months; empty where the pair could not be tested.
    p_value
        Of the strongest lag, corrected for all lags and pairs tried; 1 where it could not be tested.
    lag_months
        The lag that the pair moves at: the usable one, or where none is, the strongest beyond chance; None where there is none.
    lag_interval
        The lags that resampled months give, at the method's coverage.
    granger_p_value
        Of the upstream past at that lag, beside the downstream's own past.
    gain_months
        How many months past the downstream's newest figure the lag reaches with the upstream figures known.
    n_months
        Months that both publish, on which it rests.
    reason
        Why there is no usable lag; None where there is one.
    """

    upstream: Hashable
    downstream: Hashable
    n_months: int
    reason: Reason | None
    correlations: tuple[float, ...] = ()
    p_value: float = 1
    lag_months: int | None = None
    lag_interval: tuple[int, int] | None = None
    granger_p_value: float | None = None
    gain_months: int | None = None

    @property
    def usable(self) -> bool:
        """Whether the lag says something of months that the downstream has not published."""
        return self.reason is None


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The figure of one month that a series has not published yet.

    Parameters
    ----------
    lead
        The usable lag that it rests on.
    horizon_months
        Months after the series' newest figure.
    expected, lower, upper
        The median and the central range, in the series' unit; never negative.
    coverage
        How often the range is to hold the figure.
    """

    lead: Lead
    period: pd.Period
    horizon_months: int
    expected: float
    lower: float
    upper: float
    coverage: float


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is expected downstream as known on a date.

    Parameters
    ----------
    leads
        Of every pair of stages and everybody tried, whether the earlier stage leads.
    forecasts
        Of those that have a usable lead, month by month.
    units
        What each stage counts.
    """

    known_on: date
    leads: tuple[Lead, ...]
    forecasts: tuple[Forecast, ...]
    units: Mapping[str, str]

    def leads_to(self, key: SeriesKey) -> tuple[Lead, ...]:
        """Give the leads tried for a series, in travel order of their upstream stages."""
        return tuple(lead for lead in self.leads if lead.downstream == key)

    def expected(self, key: SeriesKey) -> tuple[Forecast, ...]:
        """Give the forecasts of a series, month by month, each by the surest of its leads."""
        found: dict[pd.Period, Forecast] = {}
        for forecast in sorted(self.forecasts, key=lambda forecast: forecast.lead.p_value):
            if forecast.lead.downstream == key:
                found.setdefault(forecast.period, forecast)
        return tuple(found[period] for period in sorted(found))


Foretell = Callable[[Panel, Sequence[tuple[SeriesKey, SeriesKey]]], tuple[tuple[Lead, ...], tuple[Forecast, ...]]]
"""Finds the leads among pairs of a panel's series, and what they let expect; handed to what must not know the methods."""
