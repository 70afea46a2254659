"""Detect: what was known on a date, as a panel, and what every detector says of it."""

from datetime import date

from detectors import DETECTORS
from pillarfour import panel
from pillarfour.detection import Panel
from pillarfour.model import SeriesKey
from pillarfour.panel import Corridor, Stage, View
from pillarfour.recipe import Recipe
from pillarfour.settings import Settings
from pillarfour.store import Store
from pillarfour.triggers import reading
from pillarfour.triggers.night import Freshness, Night
from pillarfour.triggers.schema import Triggers
from sources import SOURCES

RECIPES = {source.RECIPE.name: source.RECIPE for source in SOURCES}


def load_triggers(settings: Settings) -> Triggers:
    """Read the shared set of triggers against what this checkout can read and detect."""
    return reading.load(settings.triggers, detectors=DETECTORS, recipes=RECIPES)


def score(store: Store, triggers: Triggers, *, known_on: date) -> Night:
    """Build the panel of all that the triggers watch, as known on the date, and let every detector judge it."""
    watched = triggers.series()
    known = panel.build(store, corridor=corridor(triggers), recipes=RECIPES, day=known_on, series=[*watched, *_members(triggers, watched)])
    judged = Panel(
        values=known.panel.values[: len(watched)],
        series=known.panel.series[: len(watched)],
        periods=known.panel.periods,
        unit=known.panel.unit,
    )
    instances = reading.instances(triggers, detectors=DETECTORS)
    return Night(
        known_on=known_on,
        panel=known.panel,
        scores={name: detector.detect(judged, judge="all") for name, detector in instances.items()},
        freshness={name: freshness(store, recipe, known_on=known_on) for name, recipe in RECIPES.items()},
        releases=known.releases,
    )


def corridor(triggers: Triggers) -> Corridor:
    """Take the stages and groups of the triggers as the panel wants them."""
    stages = tuple(
        Stage(
            name=stage.id,
            views=tuple(View(source=by.source, table=by.table, measure=by.measure, where=by.where) for by in stage.observed_by),
        )
        for stage in triggers.stages
    )
    return Corridor(stages=stages, groups={name: group.nationalities for name, group in triggers.groups.items()})


def freshness(store: Store, recipe: Recipe, *, known_on: date) -> Freshness:
    """Say how far a source reached on a date, and when its pages were last looked at before."""
    coverage = store.coverage(recipe.name, known_on)
    newest = max((period for _, _, period in coverage), default=None)
    suppliers = sorted({release for (_, _, period), release in coverage.items() if period == newest})
    published = {release.id: release.published_on for release in store.releases(recipe.name)}
    looked = [visit.at for visit in store.visits.read(recipe.name) if visit.what in {"looked", "unchanged"} and visit.at.date() <= known_on]
    return Freshness(
        source=recipe.name,
        newest_period=newest,
        usual_delay_days=recipe.cadence.usual_delay_days,
        published_on=max((published[release] for release in suppliers), default=None),
        looked_at=max(looked, default=None),
        releases=tuple(sorted(suppliers, key=lambda release: (published[release], release))),
    )


def _members(triggers: Triggers, watched: tuple[SeriesKey, ...]) -> list[SeriesKey]:
    """Name the nationalities behind the groups watched, for the messages that break a group down."""
    members = {
        SeriesKey(stage=key.stage, subject=nationality)
        for key in watched
        if key.subject in triggers.groups
        for nationality in triggers.groups[key.subject].nationalities
    }
    return sorted(members.difference(watched))
