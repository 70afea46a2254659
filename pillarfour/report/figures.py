"""A stage's figures as a report shows them: the newest months of all, of the watched, and of the largest."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from pillarfour import lookups
from pillarfour.delivery.night import Words
from pillarfour.model import OTHER, STATELESS, TOTAL, Release, SeriesKey
from pillarfour.panel import ALL, NATIONALITY
from pillarfour.recipe import Recipe
from pillarfour.report.charts import Chart
from pillarfour.report.model import LawBreak, Line, StageFigures
from pillarfour.store.calendar import PublisherYear
from pillarfour.triggers.night import Night
from pillarfour.triggers.schema import Stage, Triggers

MONTHS = 13
"""So that the newest month stands beside the same one a year before."""

LARGEST = 5


def of_stage(  # noqa: PLR0913 - a stage's figures rest on all of these
    stage: Stage,
    known: Night,
    *,
    triggers: Triggers,
    recipes: Mapping[str, Recipe],
    releases: Mapping[str, Release],
    chart: Chart | None = None,
) -> StageFigures:
    """Gather one stage's figures, the newest thirteen months.

    Parameters
    ----------
    known
        What was known on the report's date; it needs no scores.
    releases
        Each release by its id, for the date on which it came out.

    Returns
    -------
    StageFigures
        Without months or lines where the stage has published nothing.
    """
    observed = stage.observed_by[0]
    recipe = recipes[observed.source]
    bare = StageFigures(
        stage=stage.id,
        title={"en": stage.title.en, "es": stage.title.es},
        source=observed.source,
        unit=stage.unit,
        counts=recipe.measures[observed.measure].counts,
        breaks=tuple(
            LawBreak(title=each.title, since=each.from_)
            for each in known.breaks.get(stage.id, ())
            if each.to is None or each.to >= known.known_on
        ),
        chart=chart,
    )
    covered = [period for place, period in known.releases if place == stage.id]
    if not covered:
        return bare
    newest = max(covered)
    periods = tuple(pd.period_range(end=newest, periods=MONTHS, freq="M").astype(str))
    supplied = [releases[name] for name in known.releases[stage.id, newest] if name in releases]
    release = max(supplied, key=lambda each: (each.published_on, each.id), default=None)
    return StageFigures(
        **{name: getattr(bare, name) for name in ("stage", "title", "source", "unit", "counts", "breaks", "chart")},
        periods=periods,
        lines=tuple(
            Line(subject=subject, title=named(subject, triggers), values=tuple(_value(known, stage.id, subject, each) for each in periods))
            for subject in _subjects(stage.id, known, triggers, newest)
        ),
        open_from=_open_from(recipe, periods, newest),
        published_on=release.published_on if release else None,
        published_basis=release.published_basis if release else None,
    )


def named(subject: str, triggers: Triggers) -> Words:
    """Name a group or a nationality; the total has its own words in each language's catalogue."""
    if subject in triggers.groups:
        title = triggers.groups[subject].title
        return {"en": title.en, "es": title.es}
    if subject == ALL:
        return {"en": "All nationalities", "es": "Todas las nacionalidades"}
    return {language: lookups.name(subject, language) for language in lookups.LANGUAGES}


def _subjects(stage: str, known: Night, triggers: Triggers, newest: str) -> Iterator[str]:
    """Give the total, what the triggers name of the stage, and the largest nationalities of its newest month; each once."""
    series = [trigger.series for trigger in triggers.triggers if trigger.watched and trigger.kind != "outage"]
    named_ones = {subject for each in series if stage in each.stages for subject in each.subjects}
    found = [ALL, *sorted(named_ones & set(triggers.groups)), *sorted(name for name in named_ones if NATIONALITY.fullmatch(name))]
    nationalities = [key.subject for key in known.rows if key.stage == stage and NATIONALITY.fullmatch(key.subject)]
    figures = {name: _value(known, stage, name, newest) or 0 for name in nationalities if name not in {OTHER, STATELESS, TOTAL}}
    largest = sorted((name for name, figure in figures.items() if figure), key=lambda name: (-figures[name], name))
    yield from dict.fromkeys([*(name for name in found if SeriesKey(stage=stage, subject=name) in known.rows), *largest[:LARGEST]])


def _value(known: Night, stage: str, subject: str, period: str) -> float | None:
    key = SeriesKey(stage=stage, subject=subject)
    if key not in known.rows or period not in known.periods:
        return None
    value = float(known.panel.values[known.rows[key], known.periods.index(period)])
    return None if np.isnan(value) else value


def _open_from(recipe: Recipe, periods: tuple[str, ...], newest: str) -> str:
    """Give the first of the months whose year, as the publisher counts it, has not ended; at least the newest one, a first figure."""
    year = PublisherYear(recipe.tolerance.year_ends)
    return next((period for period in periods if not year.has_ended(year.of(period), with_last=newest)), newest)
