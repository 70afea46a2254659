"""Replay: past nights on what the store knew on each, for one file of triggers or for two side by side."""

from bisect import bisect
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path

from detectors import DETECTORS
from flows import detect
from flows.detect import LOOKED, RECIPES, Reader
from flows.ingest import open_store
from pillarfour import breaks
from pillarfour.errors import StoreError
from pillarfour.evaluation import comparison, replay, scoring
from pillarfour.evaluation.comparison import Comparison, History
from pillarfour.evaluation.replay import Decided
from pillarfour.panel import Known
from pillarfour.recipe import Recipe
from pillarfour.settings import Settings
from pillarfour.store import Store
from pillarfour.triggers import reading
from pillarfour.triggers.night import Freshness, Night
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


def run(reader: RememberingReader, *, start: date, end: date) -> list[Decided]:
    """Decide every night on which something was published, from a quiet start, as the nightly would have."""
    triggers, register = reader.triggers, breaks.load()
    nights: list[Night] = []
    changed: list[frozenset[str]] = []
    before: Mapping[str, object] = {}
    for day in nights_of(reader.store, start=start, end=end):
        nights.append(detect.gather(reader, known_on=day, register=register))
        supplied = {stage.id: reader.supplied(stage, day) for stage in triggers.stages}
        changed.append(frozenset(stage for stage, releases in supplied.items() if before.get(stage) != releases))
        before = supplied
    scored = scoring.score(nights, triggers, instances=reading.instances(triggers, detectors=DETECTORS))
    return list(replay.replay(triggers, scored, changed=changed))


def history(reader: RememberingReader, *, start: date, end: date) -> History:
    """Say which alerts a file of triggers would have given over a range of nights."""
    return History.of(reader.triggers, run(reader, start=start, end=end))


def compare(settings: Settings, first: Path, second: Path, *, start: date, end: date) -> Comparison:
    """Put two files of triggers side by side on the same nights, on two processes.

    Triggers of the same content give the same alerts, so of the second file only those are replayed that the first one lacks.

    Raises
    ------
    StoreError
        If nothing was published in the range.
    """
    store = open_store(settings)
    if not any(start <= release.published_on <= end for release in store.releases()):
        raise StoreError(f"{store.root}: nothing was published from {start} to {end}; run `pillarfour nightly` first, or give other dates")
    ours, theirs = (reading.load(path, detectors=DETECTORS, recipes=RECIPES) for path in (first, second))
    known = {trigger.id: ours.sha256(trigger.id) for trigger in ours.triggers}
    other = [trigger.id for trigger in theirs.triggers if theirs.sha256(trigger.id) != known.get(trigger.id)]
    half = [trigger.id for trigger in ours.triggers][::2]
    rest = [trigger.id for trigger in ours.triggers if trigger.id not in half]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        work = ((first, half), (first, rest), (second, other))
        parts = [pool.submit(_history, settings, path, names, start, end) for path, names in work]
        one, two, changed = (part.result() for part in parts)
    whole = one.joined(two, order=[trigger.id for trigger in ours.triggers])
    order = [trigger.id for trigger in theirs.triggers]
    return comparison.compare(whole, whole.without(other, kept=order).joined(changed, order=order))


def _history(settings: Settings, path: Path, names: Sequence[str], start: date, end: date) -> History:
    triggers = replay.only(reading.load(path, detectors=DETECTORS, recipes=RECIPES), *names)
    if not names:
        return History(episodes=(), rates=())
    return history(RememberingReader(store=open_store(settings), triggers=triggers), start=start, end=end)
