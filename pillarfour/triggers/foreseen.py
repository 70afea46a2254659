"""The leaf that asks what is expected of a series, by an earlier stage of the corridor."""

from collections.abc import Mapping

from pillarfour.alerts.model import Evidence
from pillarfour.model import SeriesKey
from pillarfour.outlook import Forecast, Lead, Outlook, Reason
from pillarfour.triggers.conditions import ForecastLeaf
from pillarfour.triggers.leaves import figures_of
from pillarfour.triggers.night import Line

NO_LAG: Mapping[Reason, str] = {
    "too_short": "too few months are known of both",
    "too_few": "too few people are counted",
    "insignificant": "no lag is beyond chance",
    "wrong_sign": "more upstream went with fewer downstream",
    "published_first": "its own figures come out first",
}
"""Why no lag is usable, in words."""


def ask_forecast(leaf: ForecastLeaf, line: Line, column: int, *, outlook: Outlook) -> Evidence:
    """Hold what is expected of the months after a period against the level; open where nothing is expected.

    A forecast is made from the newest figure alone; of earlier periods it says nothing.

    Parameters
    ----------
    outlook
        What is expected on the night of all that the trigger asks about.
    """
    above = SeriesKey(stage=leaf.from_, subject=line.key.subject)
    lead = next(each for each in outlook.leads if (each.upstream, each.downstream) == (above, line.key))
    asked = line.night.panel.periods[0] + column
    found = [
        each
        for each in outlook.forecasts
        if each.lead == lead and each.period - each.horizon_months == asked and each.horizon_months <= leaf.within_months
    ]
    figures = figures_of(line, column, value=line.value(column), at_least=leaf.at_least, within_months=leaf.within_months, by=leaf.by)
    figures |= {"from": leaf.from_, "lag_months": lead.lag_months, "no_lag": lead.reason}
    releases = tuple(sorted({*line.releases_to(column), *line.night.releases_to(leaf.from_, len(line.night.periods) - 1)}))
    if not found:
        text = f"nothing is expected of {line.key} after {line.period(column)} by {above}: {_why(lead, outlook)}"
        return Evidence(test="forecast", held=None, text=text, figures=figures, releases=releases)
    highest = max(found, key=lambda each: _bound(leaf, each))
    figures |= {
        "month": str(highest.period),
        "forecast": highest.expected,
        "forecast_lower": highest.lower,
        "forecast_upper": highest.upper,
        "coverage": highest.coverage,
    }
    held = _bound(leaf, highest) >= leaf.at_least
    return Evidence(test="forecast", held=held, text=_text(leaf, line, highest, above), figures=figures, releases=releases)


def _bound(leaf: ForecastLeaf, forecast: Forecast) -> float:
    return forecast.lower if leaf.by == "lower" else forecast.expected


def _text(leaf: ForecastLeaf, line: Line, forecast: Forecast, above: SeriesKey) -> str:
    """Read as ``about 7,896 events (3,332 to 18,709) are expected in 2022-12, by darien/haitian 1 month before; ...``."""
    lag = forecast.lead.lag_months
    when = f"{lag} month{'s' if lag != 1 else ''} before" if lag else "in the same month"
    span = f"({forecast.lower:,.0f} to {forecast.upper:,.0f})"
    wanted = f"a lower end of at least {leaf.at_least:,.0f}" if leaf.by == "lower" else f"at least {leaf.at_least:,.0f}"
    return f"about {forecast.expected:,.0f} {line.unit} {span} are expected in {forecast.period}, by {above} {when}; {wanted} is asked for"


def _why(lead: Lead, outlook: Outlook) -> str:
    if lead.reason is not None:
        return f"no usable lag, {NO_LAG[lead.reason]}"
    if any(each.lead == lead for each in outlook.forecasts):
        return "a forecast is made from the newest figure alone"
    return "too few months to rest on"
