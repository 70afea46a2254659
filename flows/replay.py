"""Replay: past nights on what the store knew on each, for one file of triggers or for two side by side."""

from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import NamedTuple

from detectors import METHODS
from flows import detect
from flows.detect import LOOKED, RECIPES, Reader
from flows.ingest import open_store
from pillarfour import breaks, processes
from pillarfour.errors import StoreError
from pillarfour.evaluation import comparison, replay, told
from pillarfour.evaluation.comparison import Comparison, History
from pillarfour.evaluation.kept import Kept, machinery
from pillarfour.evaluation.replay import Decided
from pillarfour.evaluation.told import Said
from pillarfour.panel import Known
from pillarfour.recipe import Recipe
from pillarfour.settings import CHECKOUT, Settings
from pillarfour.store import Store
from pillarfour.triggers import reading
from pillarfour.triggers.conditions import BreakLeaf, StalenessLeaf
from pillarfour.triggers.night import Freshness, Night
from pillarfour.triggers.schema import Trigger, Triggers
from pillarfour.triggers.vocabulary import Stage

PROCESSES = 2

_parent: list[SimpleQueue[tuple[int, int]]] = []
"""The way to the process that started this one; it can be given only as a process starts."""

Progress = Callable[[int, int], None]
"""Told how many steps are done, and how many have been added to what is to be done."""


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


def nights_of(reader: RememberingReader, *, start: date, end: date) -> list[date]:
    """Give every date on which an answer can change: something is published or falls due; and the first and the last one."""
    published = {day for days in reader.days.values() for day in days}
    return sorted({day for day in published | due_days(reader) if start <= day <= end} | {start, end})


def due_days(reader: RememberingReader) -> set[date]:
    """Give the dates on which an answer changes though nothing is published: a source is overdue by what a rule asks, a break begins."""
    leaves = [leaf for trigger in reader.triggers.triggers if trigger.watched for leaf in trigger.leaves]
    overdue: dict[str, set[int]] = {}
    for leaf in leaves:
        if isinstance(leaf, StalenessLeaf):
            overdue.setdefault(leaf.source, set()).add(leaf.days)
    found = {each.from_ for each in breaks.load().breaks} if any(isinstance(leaf, BreakLeaf) for leaf in leaves) else set()
    for source, asked in overdue.items():
        for day, following in pairwise([*sorted(set(reader.days[source])), date.max]):
            due = reader.freshness(RECIPES[source], day).due
            reached = {due + timedelta(days=days) for days in asked} if due is not None else set()
            found |= {each for each in reached if day <= each < following}
    return found


def run(
    reader: RememberingReader, *, start: date, end: date, nights: Collection[date] | None = None, progress: Progress | None = None
) -> list[Decided]:
    """Decide every night on which an answer can change, from a quiet start, as the nightly would have.

    Parameters
    ----------
    nights
        Those to run, in place of all from ``start`` to ``end`` on which an answer can change.
    progress
        Called for each night that is put together, and for each that is decided.
    """
    triggers, register = reader.triggers, breaks.load()
    days = nights_of(reader, start=start, end=end) if nights is None else sorted(nights)
    step = progress or _silent
    step(0, 2 * len(days))
    known: list[Night] = []
    changed: list[frozenset[str]] = []
    before: Mapping[str, object] = {}
    for day in days:
        known.append(detect.gather(reader, known_on=day, register=register))
        supplied = {stage.id: reader.supplied(stage, day) for stage in triggers.stages}
        changed.append(frozenset(stage for stage, releases in supplied.items() if before.get(stage) != releases))
        before = supplied
        step(1, 0)
    scored = detect.score_together(reader, known, register=register)
    return list(_counted(replay.replay(triggers, scored, changed=changed), step))


def _counted(decided: Iterable[Decided], step: Progress) -> Iterator[Decided]:
    for night in decided:
        step(1, 0)
        yield night


def _silent(done: int, added: int) -> None:
    """Tell nobody."""


def said(settings: Settings, path: Path, *, start: date, end: date, progress: Progress | None = None) -> list[Said]:
    """Say what each trigger of a file would have said from one day to another.

    What a trigger said before, of the same releases and by the same code, is taken from the store's folder ``replay``; the rest is
    replayed, on two processes where it is more than one trigger.

    Raises
    ------
    StoreError
        If nothing was published in the range.
    """
    store, triggers = open_store(settings), reading.load(path, detectors=METHODS, recipes=RECIPES)
    if not any(start <= release.published_on <= end for release in store.releases()):
        raise StoreError(f"{store.root}: nothing was published from {start} to {end}; run `pillarfour nightly` first, or give other dates")
    kept = Kept(root=store.root, of=_rests_on(store))
    keys = {trigger.id: _key(trigger, triggers, store, start=start, end=end) for trigger in triggers.triggers if trigger.watched}
    found = {name: kept.find(key) for name, key in keys.items()}
    missing = [trigger for trigger in triggers.triggers if trigger.id in found and found[trigger.id] is None]
    new = _replayed(_Work(settings, path, start, end), missing, progress or _silent)
    if _rests_on(store) == kept.of:
        kept.remove_others()
        for each in new:
            kept.keep(keys[each.trigger], each)
    answered = {each.trigger: each for each in (*found.values(), *new) if each is not None}
    return [answered[name] for name in keys]


def compare(settings: Settings, first: Path, second: Path, *, start: date, end: date) -> Comparison:
    """Put two files of triggers side by side on the same nights; triggers of the same content are replayed once.

    Raises
    ------
    StoreError
        If nothing was published in the range.
    """
    histories = []
    for path in (first, second):
        triggers = reading.load(path, detectors=METHODS, recipes=RECIPES)
        histories.append(History.of(triggers, said(settings, path, start=start, end=end), start=start, end=end))
    return comparison.compare(*histories)


class _Work(NamedTuple):
    """Which nights of which store, by which file of triggers."""

    settings: Settings
    path: Path
    start: date
    end: date


def _replayed(work: _Work, triggers: Sequence[Trigger], step: Progress) -> list[Said]:
    """Replay some triggers, on two processes where there are several: half of the weight on each."""
    if len(triggers) < PROCESSES:
        return _replay(work, [trigger.id for trigger in triggers], step) if triggers else []
    hands: tuple[list[Trigger], ...] = tuple([] for _ in range(PROCESSES))
    for trigger in sorted(triggers, key=_weight, reverse=True):
        min(hands, key=lambda hand: sum(map(_weight, hand))).append(trigger)
    steps: SimpleQueue[tuple[int, int]] = get_context("spawn").SimpleQueue()
    with processes.pool(PROCESSES, initializer=_listen, initargs=(steps,)) as pool:
        parts = [pool.submit(_replay, work, [trigger.id for trigger in hand], _tell_parent) for hand in hands]
        while wait(parts, timeout=0.1).not_done or not steps.empty():
            while not steps.empty():
                step(*steps.get())
    return [each for part in parts for each in part.result()]


def _weight(trigger: Trigger) -> int:
    """Estimate how many questions a night asks."""
    top = trigger.series.for_each_top
    subjects = len(trigger.series.subjects) if top is None else top.nationalities
    return subjects * len(trigger.series.stages) * len(trigger.leaves)


def _replay(work: _Work, names: Sequence[str], step: Progress) -> list[Said]:
    triggers = replay.only(reading.load(work.path, detectors=METHODS, recipes=RECIPES), *names)
    reader = RememberingReader(store=open_store(work.settings), triggers=triggers)
    return told.said(triggers, run(reader, start=work.start, end=work.end, progress=step))


def _listen(steps: SimpleQueue[tuple[int, int]]) -> None:
    """Keep the way to the parent, as this process starts."""
    _parent.append(steps)


def _tell_parent(done: int, added: int) -> None:
    """Tell the process that started this one of its steps."""
    _parent[0].put((done, added))


def _rests_on(store: Store) -> str:
    """Hash what every trigger's answers follow from: the code and its facts, and the releases."""
    folders = [CHECKOUT / name for name in ("pillarfour", "detectors", "flows", "sources")]
    code = machinery([*folders, *sorted((CHECKOUT / "data").glob("*.*"))])
    return sha256(f"{code} {store.fingerprint()}".encode()).hexdigest()


def _key(trigger: Trigger, triggers: Triggers, store: Store, *, start: date, end: date) -> str:
    """Hash what one trigger's answers follow from besides: itself with what it names, the corridor, the looks where it asks of them."""
    stages = [stage.model_dump(mode="json") for stage in triggers.stages]
    looks = [(visit.source, visit.at, visit.what) for visit in store.visits.read()] if trigger.asks(StalenessLeaf) else []
    return sha256(repr((triggers.sha256(trigger.id), stages, looks, start, end)).encode()).hexdigest()
