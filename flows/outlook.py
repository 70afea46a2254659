"""Outlook: what the stages before let expect of each stage, as known on a date, and how good that was."""

from datetime import date
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from detectors.lead_lag import LeadLag
from detectors.nowcast import Nowcast
from detectors.parallel import answer_each
from flows.detect import RECIPES, Reader, observed
from pillarfour import panel
from pillarfour.detection import Panel
from pillarfour.evaluation.nowcast_score import NowcastScore, Outcome, naive_scale, score
from pillarfour.model import SeriesKey
from pillarfour.outlook import Forecast, Outlook
from pillarfour.panel import Corridor
from pillarfour.triggers.schema import Triggers


def outlook(reader: Reader, *, known_on: date) -> Outlook:
    """Look from every stage to each later one, for everybody whom the triggers name.

    The correction for the number of leads tried is for all of them, so that an answer does not depend on who is asked about.
    """
    return _outlook(reader.triggers, figures(reader, known_on=known_on), known_on=known_on)


def nowcast_score(reader: Reader, *, start: date, end: date, method: LeadLag | None = None) -> tuple[NowcastScore, ...]:
    """Score what was expected on every day on which a source published, against what is known on the last day.

    Of forecasts of the same month at the same horizon the last one counts. Where there never was a usable lag, there is no score.

    Parameters
    ----------
    start, end
        The first and the last day on which a forecast is made; figures published by ``end`` are what it is held against.
    method
        How leads are found, where not by the defaults.

    Returns
    -------
    tuple of NowcastScore
        By stage, subject and horizon.
    """
    final = figures(reader, known_on=end)
    days = sorted({day for day in reader.published.values() if start <= day <= end})
    found = answer_each(partial(_outcomes, reader, final, method=method), days, title="Past days")
    last = {
        (forecast.lead.upstream, forecast.lead.downstream, forecast.period, forecast.horizon_months): outcome
        for each in found
        for forecast, outcome in each
    }
    return score(last.values())


def figures(reader: Reader, *, known_on: date) -> Panel:
    """Give the figures at every stage of everybody whom the triggers name, as known on a date."""
    groups = {name: group.nationalities for name, group in reader.triggers.groups.items()}
    everybody = [SeriesKey(stage=stage.id, subject=subject) for stage in reader.triggers.stages for subject in named(reader.triggers)]
    corridor = Corridor(stages=tuple(map(observed, reader.triggers.stages)), groups=groups)
    return panel.build(reader.store, corridor=corridor, recipes=RECIPES, day=known_on, series=everybody).panel


def named(triggers: Triggers) -> tuple[str, ...]:
    """Name every nationality and group that the triggers watch by name, and the total."""
    return tuple(sorted({"total"} | {key.subject for key in triggers.series()}))


def pairs(triggers: Triggers) -> list[tuple[SeriesKey, SeriesKey]]:
    """Give the pairs that are looked at: everybody, from every stage to each later one in travel order."""
    return [
        (SeriesKey(stage=upstream.id, subject=subject), SeriesKey(stage=downstream.id, subject=subject))
        for upstream, downstream in combinations(triggers.stages, 2)
        for subject in named(triggers)
    ]


def _outlook(triggers: Triggers, known: Panel, *, known_on: date, method: LeadLag | None = None) -> Outlook:
    leads = (method or LeadLag()).leads(known, pairs=pairs(triggers))
    forecasts = Nowcast().forecasts(known, leads=leads)
    return Outlook(known_on=known_on, leads=leads, forecasts=forecasts, units={stage.id: stage.unit for stage in triggers.stages})


def _outcomes(reader: Reader, final: Panel, day: date, *, method: LeadLag | None) -> list[tuple[Forecast, Outcome]]:
    """Hold each forecast of a day against what came."""
    known = figures(reader, known_on=day)
    forecasts = _outlook(reader.triggers, known, known_on=day, method=method).forecasts
    return [(each, _outcome(each, known, final)) for each in forecasts]


def _outcome(forecast: Forecast, known: Panel, final: Panel) -> Outcome:
    key = forecast.lead.downstream
    if not isinstance(key, SeriesKey):
        raise TypeError(f"{key} is no series of the corridor")
    counts = known.values[known.series.index(key)]
    return Outcome(
        stage=key.stage,
        subject=key.subject,
        horizon=forecast.horizon_months,
        expected=forecast.expected,
        lower=forecast.lower,
        upper=forecast.upper,
        actual=_figure(final, key, forecast.period),
        year_before=_figure(known, key, forecast.period - 12),
        newest=float(counts[np.isfinite(counts)][-1]),
        scale=naive_scale(counts),
        nominal=forecast.coverage,
    )


def _figure(known: Panel, key: SeriesKey, period: pd.Period) -> float:
    column = period.ordinal - known.periods[0].ordinal
    return float(known.values[known.series.index(key), column]) if 0 <= column < len(known.periods) else float("nan")
