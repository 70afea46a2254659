"""Replay: past nights on what the store knew on each."""

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from detectors import DETECTORS
from flows import detect
from flows.detect import LOOKED, RECIPES, Reader
from pillarfour import breaks
from pillarfour.evaluation import replay, scoring
from pillarfour.evaluation.replay import Decided
from pillarfour.panel import Known
from pillarfour.recipe import Recipe
from pillarfour.store import Store
from pillarfour.triggers import reading
from pillarfour.triggers.night import Freshness, Night
from pillarfour.triggers.schema import Triggers
from pillarfour.triggers.vocabulary import Stage


@dataclass(frozen=True, kw_only=True)
class RememberingReader(Reader):
    """A reader of many nights: what the same releases supply is read once."""

    stages: dict[tuple[object, ...], Known] = field(default_factory=dict)
    fresh: dict[tuple[object, ...], Freshness] = field(default_factory=dict)

    @cached_property
    def days(self) -> Mapping[str, list[date]]:
        """The days on which each source published, in their order."""
        return {name: sorted(release.published_on for release in self.store.releases(name)) for name in RECIPES}

    @cached_property
    def looks(self) -> Mapping[str, list[datetime]]:
        """When each publisher's pages were read."""
        visits = self.store.visits.read()
        return {name: [visit.at for visit in visits if visit.source == name and visit.what in LOOKED] for name in RECIPES}

    def supplied(self, stage: Stage, day: date) -> tuple[object, ...]:
        """Tell days apart on which different releases supply a stage."""
        return (stage.id, *(bisect(self.days[source], day) for source in dict.fromkeys(by.source for by in stage.observed_by)))

    def stage(self, stage: Stage, day: date) -> Known:
        """Build the panel of one stage, once for the same releases."""
        place = self.supplied(stage, day)
        if place not in self.stages:
            self.stages[place] = super().stage(stage, day)
        return self.stages[place]

    def freshness(self, recipe: Recipe, day: date) -> Freshness:
        """Say how far a source reached, once for the same releases, and when it was last looked at."""
        place = recipe.name, bisect(self.days[recipe.name], day)
        if place not in self.fresh:
            self.fresh[place] = super().freshness(recipe, day)
        looked = [at for at in self.looks[recipe.name] if at.date() <= day]
        return replace(self.fresh[place], looked_at=max(looked, default=None))


def nights_of(store: Store, *, start: date, end: date) -> list[date]:
    """Give every date on which something was published, and the last one."""
    return sorted({release.published_on for release in store.releases() if start <= release.published_on <= end} | {end})


def run(store: Store, triggers: Triggers, *, start: date, end: date) -> list[Decided]:
    """Decide every night on which something was published, from a quiet start, as the nightly would have."""
    reader, register = RememberingReader(store=store, triggers=triggers), breaks.load()
    nights: list[Night] = []
    changed: list[frozenset[str]] = []
    before: Mapping[str, object] = {}
    for day in nights_of(store, start=start, end=end):
        nights.append(detect.gather(reader, known_on=day, register=register))
        supplied = {stage.id: reader.supplied(stage, day) for stage in triggers.stages}
        changed.append(frozenset(stage for stage, releases in supplied.items() if before.get(stage) != releases))
        before = supplied
    scored = scoring.score(nights, triggers, instances=reading.instances(triggers, detectors=DETECTORS))
    return list(replay.replay(triggers, scored, changed=changed))
