"""Detect: what was known on a date, as a panel, and what every detector says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import islice

import numpy as np
import pandas as pd

from detectors import METHODS
from detectors.lead_lag import LeadLag
from detectors.nowcast import Nowcast
from pillarfour import breaks, panel
from pillarfour.detection import Detector, Panel
from pillarfour.evaluation import foreseeing, scoring
from pillarfour.model import Release, SeriesKey
from pillarfour.outlook import Forecast, Lead
from pillarfour.panel import Corridor, Known, View
from pillarfour.recipe import Recipe
from pillarfour.settings import Settings
from pillarfour.store import Store
from pillarfour.triggers import reading, watching
from pillarfour.triggers.night import Earlier, Freshness, Night
from pillarfour.triggers.schema import Triggers
from pillarfour.triggers.vocabulary import Stage
from sources import SOURCES

LOOKED = frozenset({"looked", "unchanged"})
"""Visits at which the publisher's page was read."""

RECIPES = {source.RECIPE.name: source.RECIPE for source in SOURCES}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What the store knew on a date, read for one file of triggers."""

    store: Store
    triggers: Triggers

    @cached_property
    def releases(self) -> Sequence[Release]:
        """Every release of the store."""
        return self.store.releases()

    @cached_property
    def published(self) -> Mapping[str, date]:
        """When each release came out."""
        return {release.id: release.published_on for release in self.releases}

    def stage(self, stage: Stage, day: date) -> Known:
        """Build the panel of one stage."""
        return stage_on(self.store, self.triggers, stage, day)

    def freshness(self, recipe: Recipe, day: date) -> Freshness:
        """Say how far a source reached."""
        return freshness(self.store, recipe, known_on=day)


def load_triggers(settings: Settings) -> Triggers:
    """Read the shared set of triggers against what this checkout can read and detect."""
    return reading.load(settings.triggers, detectors=METHODS, recipes=RECIPES)


def score(store: Store, triggers: Triggers, *, known_on: date) -> Night:
    """Build the panel of all that the triggers watch, as known on the date, and let every detector judge it."""
    reader, register = Reader(store=store, triggers=triggers), breaks.load()
    instances = reading.instances(triggers, detectors=METHODS)
    night = judge(gather(reader, known_on=known_on, register=register), triggers, instances=instances)
    days = publications_before(reader, known_on)
    asked = sorted({day for found in days.values() for day in found})
    earlier = scoring.score([gather(reader, known_on=day, register=register) for day in asked], triggers, instances=instances)
    night, *earlier = foreseeing.foresee([night, *earlier], triggers, foretell=foretell)
    return looking_back(night, days, {each.known_on: each for each in earlier})


def score_together(reader: Reader, nights: Sequence[Night], *, register: breaks.Register) -> list[Night]:
    """Let every detector judge many nights that are gathered already, as ``score`` would each."""
    days = [publications_before(reader, night.known_on) for night in nights]
    asked = {day for found in days for publications in found.values() for day in publications}
    missing = sorted(asked.difference(night.known_on for night in nights))
    known = [*nights, *(gather(reader, known_on=day, register=register) for day in missing)]
    instances = reading.instances(reader.triggers, detectors=METHODS)
    judged = scoring.score(known, reader.triggers, instances=instances)
    scored = {night.known_on: night for night in foreseeing.foresee(judged, reader.triggers, foretell=foretell)}
    return [looking_back(scored[night.known_on], found, scored) for night, found in zip(nights, days, strict=True)]


def looking_back(night: Night, days: Mapping[str, Sequence[date]], known: Mapping[date, Night]) -> Night:
    """Give a night with those of each stage's earlier publications."""
    return replace(night, after={stage: tuple(known[day] for day in found) for stage, found in days.items()})


def judge(night: Night, triggers: Triggers, *, instances: Mapping[str, Detector]) -> Night:
    """Let every detector judge the night: series by themselves, and the nationalities of a stage together."""
    lines = select(night.panel, watching.scored(triggers, night.panel))
    mixes = select(night.panel, [key for stage in watching.mixed(triggers) for key in watching.mix(night.panel, stage)])
    scores = {
        name: detector.detect(mixes if detector.of_mixes else lines, judge="all")
        for name, detector in instances.items()
        if mixes.series or not detector.of_mixes
    }
    return replace(night, scores=scores)


def foretell(panel: Panel, pairs: Sequence[tuple[SeriesKey, SeriesKey]]) -> tuple[tuple[Lead, ...], tuple[Forecast, ...]]:
    """Find which series lead which, and what those let expect."""
    leads = LeadLag().leads(panel, pairs=pairs)
    return leads, Nowcast().forecasts(panel, leads=leads)


def publications_before(reader: Reader, day: date) -> dict[str, tuple[date, ...]]:
    """Give the days of each stage's publications before its newest one, newest first, as far back as its triggers look by releases.

    A publication is a day on which a release came out that supplied the stage with any period, whether or not a later one replaced it.
    """
    found: dict[str, tuple[date, ...]] = {}
    for name, window in watching.held_releases(reader.triggers).items():
        stage = reader.triggers.stage(name)
        sources = {view.source for view in stage.observed_by}
        days = sorted({release.published_on for release in reader.releases if release.source in sources}, reverse=True)
        supplying = (each for each in days if each <= day and _supplied(reader, stage, each))
        found[name] = tuple(islice(supplying, 1, window))
    return found


def _supplied(reader: Reader, stage: Stage, day: date) -> bool:
    """Whether a release of that day supplied the stage on it."""
    supplied = reader.stage(stage, day).releases.values()
    return any(reader.published[release] == day for found in supplied for release in found)


def gather(reader: Reader, *, known_on: date, register: breaks.Register) -> Night:
    """Put together what was known on the date, stage by stage, not judged yet."""
    stages = reader.triggers.stages
    parts = {stage.id: reader.stage(stage, known_on) for stage in stages}
    revisable = watching.revisable(reader.triggers)
    before = {stage.id: _before(reader, stage, parts[stage.id]) for stage in stages if stage.id in revisable and parts[stage.id].releases}
    return Night(
        known_on=known_on,
        panel=join(list(parts.values()), stages=stages),
        scores={},
        freshness={name: reader.freshness(recipe, known_on) for name, recipe in RECIPES.items()},
        releases={place: found for part in parts.values() for place, found in part.releases.items()},
        before=before,
        breaks={stage.id: register.at(stage.id, known_on) for stage in stages},
    )


def _before(reader: Reader, stage: Stage, now: Known) -> Earlier:
    """Give a stage as it was known the day before its newest release."""
    newest = max(reader.published[release] for supplied in now.releases.values() for release in supplied)
    earlier = reader.stage(stage, newest - timedelta(days=1))
    return Earlier(panel=earlier.panel, supplied={period: found for (_, period), found in earlier.releases.items()})


def stage_on(store: Store, triggers: Triggers, stage: Stage, day: date) -> Known:
    """Build the panel of one stage: what the triggers need of it, and every nationality where its largest are watched."""
    corridor = Corridor(stages=(observed(stage),), groups={name: group.nationalities for name, group in triggers.groups.items()})
    needed = [key for key in watching.needed(triggers) if key.stage == stage.id]
    if stage.id not in watching.whole(triggers):
        return panel.build(store, corridor=corridor, recipes=RECIPES, day=day, series=needed)
    everybody = panel.build(store, corridor=corridor, recipes=RECIPES, day=day)
    unnamed = [key for key in needed if key not in set(everybody.panel.series)]
    if not unnamed:
        return everybody
    rest = panel.build(store, corridor=corridor, recipes=RECIPES, day=day, series=unnamed)
    stacked = replace(
        everybody.panel, values=np.vstack([everybody.panel.values, rest.panel.values]), series=(*everybody.panel.series, *unnamed)
    )
    return replace(everybody, panel=stacked)


def join(parts: Sequence[Known], *, stages: Sequence[Stage]) -> Panel:
    """Put the panels of several stages on one calendar; a stage that has published nothing does not stretch it."""
    published = [part.panel.periods for part in parts if part.releases] or [parts[0].panel.periods]
    periods = pd.period_range(min(found[0] for found in published), max(found[-1] for found in published), freq="M")
    values = np.full((sum(len(part.panel.series) for part in parts), len(periods)), np.nan)
    row = 0
    for part in parts:
        height = len(part.panel.series)
        if part.releases:
            first = part.panel.periods[0].ordinal - periods[0].ordinal
            values[row : row + height, first : first + len(part.panel.periods)] = part.panel.values
        row += height
    units = {stage.id: stage.unit for stage in stages}
    unit = next(iter(units.values())) if len({*units.values()}) == 1 else ", ".join(f"{name} {counted}" for name, counted in units.items())
    return Panel(values=values, series=tuple(key for part in parts for key in part.panel.series), periods=periods, unit=unit)


def select(whole: Panel, keys: Sequence[SeriesKey]) -> Panel:
    """Take some rows of a panel, in their own order."""
    row = {key: at for at, key in enumerate(whole.series)}
    return replace(whole, values=whole.values[[row[key] for key in keys]], series=tuple(keys))


def freshness(store: Store, recipe: Recipe, *, known_on: date) -> Freshness:
    """Say how far a source reached on a date, and when its pages were last looked at before."""
    coverage = store.coverage(recipe.name, known_on)
    newest = max((period for _, _, period in coverage), default=None)
    suppliers = sorted({release for (_, _, period), release in coverage.items() if period == newest})
    published = {release.id: release.published_on for release in store.releases(recipe.name)}
    looked = [visit.at for visit in store.visits.read(recipe.name) if visit.what in LOOKED and visit.at.date() <= known_on]
    return Freshness(
        source=recipe.name,
        newest_period=newest,
        usual_delay_days=recipe.cadence.usual_delay_days,
        published_on=max((published[release] for release in suppliers), default=None),
        looked_at=max(looked, default=None),
        releases=tuple(sorted(suppliers, key=lambda release: (published[release], release))),
    )


def observed(stage: Stage) -> panel.Stage:
    """Take a stage of the triggers as the panel wants it."""
    views = tuple(View(source=by.source, table=by.table, measure=by.measure, where=by.where) for by in stage.observed_by)
    return panel.Stage(name=stage.id, views=views)
