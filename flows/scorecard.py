"""The scorecard: what the triggers would have told on past nights, held against what happened and against simpler rules."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from detectors import DETECTORS, METHODS
from flows import detect, outlook, replay
from flows.detect import RECIPES
from flows.ingest import ingest_local, open_store
from flows.replay import RememberingReader
from pillarfour import breaks, processes
from pillarfour.alerts.model import AlertKey
from pillarfour.detection import Detector, Panel
from pillarfour.errors import StoreError
from pillarfour.evaluation import comparison, events, matching, operating, revisions, scorecard, scoring, timeline
from pillarfour.evaluation.baselines import BASELINES, Baseline
from pillarfour.evaluation.matching import Record
from pillarfour.evaluation.measured import Measured
from pillarfour.evaluation.nowcast_score import NowcastScore
from pillarfour.evaluation.operating import Asked
from pillarfour.evaluation.told import in_order
from pillarfour.model import SeriesKey
from pillarfour.report import score_page, score_pictures, score_words
from pillarfour.settings import Settings
from pillarfour.triggers import reading, watching
from pillarfour.triggers.conditions import Direction
from pillarfour.triggers.schema import Triggers
from sources import SOURCES

START, END = date(2018, 1, 1), date(2025, 6, 30)
"""The bundle's first full year, and the end of the month in which its last figures came out."""

FORESEEN_FROM = date(2022, 1, 1)
"""Two years of the Darién are on record: before, no earlier stage can be held against a later one."""

OTHERS = (*BASELINES, *sorted(DETECTORS))


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What every method said on the nights, the final figures, and when each month came out."""

    asked: Mapping[SeriesKey, Asked]
    panel: Panel
    published: matching.Publications


def build_store(folder: Path) -> Settings:
    """Make a store of the bundle and of nothing else, on two processes."""
    settings = Settings(store=folder / "store", inbox=folder / "inbox")
    with processes.pool(2) as pool:
        list(pool.map(partial(_ingest, settings), [source.RECIPE.name for source in SOURCES]))
    return settings


def measure(settings: Settings, *, triggers: Path | None = None, others: Sequence[str] = OTHERS, forecasts: bool = True) -> Measured:
    """Replay the nights, ask every other method and score the forecasts, side by side.

    Parameters
    ----------
    triggers
        Another file of triggers than the settings'.
    others
        The methods to hold beside them; none for a quick answer.
    forecasts
        Whether to score what earlier stages let expect, which takes as long as all the rest.

    Raises
    ------
    StoreError
        If the store holds nothing of those nights.
    """
    path = (triggers or settings.triggers).resolve()
    if not any(START <= release.published_on <= END for release in open_store(settings).releases()):
        raise StoreError(f"{settings.store}: nothing was published from {START} to {END}; leave --store out, or name another")
    with processes.pool(1) as pool:
        asking = pool.submit(_asked, settings, path, tuple(others))
        said = replay.said(settings, path, start=START, end=END)
        heard = asking.result()
    shared = reading.load(path, detectors=METHODS, recipes=RECIPES)
    episodes = comparison.spans(in_order(line for each in said for line in each.told))
    keys = _keys(shared, heard.panel)
    record = Record(
        panel=heard.panel,
        published=heard.published,
        stages=tuple(stage.id for stage in shared.stages),
        groups={name: frozenset(group.nationalities) for name, group in shared.groups.items()},
        watched=_watched(keys, shared),
    )
    return Measured(
        triggers=shared,
        events=events.load(),
        episodes=tuple(sorted(episodes, key=lambda each: (each.began, each.key))),
        keys=keys,
        record=record,
        asked=heard.asked,
        methods=tuple(others),
        nowcast=foresee(settings, triggers=path) if forecasts else (),
        revisions=tuple(revisions.report(revisions.of_record(), basis="record")),
        first=START,
        last=END,
    )


def foresee(settings: Settings, *, triggers: Path) -> tuple[NowcastScore, ...]:
    """Score what earlier stages let expect of later ones."""
    shared = reading.load(triggers, detectors=METHODS, recipes=RECIPES)
    return outlook.nowcast_score(RememberingReader(store=open_store(settings), triggers=shared), start=FORESEEN_FROM, end=END)


def document(measured: Measured) -> dict[str, Any]:
    """Give the scorecard's figures as plain JSON."""
    found: dict[str, Any] = scorecard.plain(scorecard.document(measured))
    return found


def _ingest(settings: Settings, name: str) -> None:
    source = next(source for source in SOURCES if name == source.RECIPE.name)
    list(ingest_local(source, open_store(settings), settings))


def _keys(triggers: Triggers, panel: Panel) -> frozenset[AlertKey]:
    """Name all that the triggers were asked of by the last night."""
    return frozenset(
        AlertKey(trigger=trigger.id, stage=stage, subject=subject)
        for trigger in triggers.triggers
        if trigger.watched
        for stage in trigger.series.stages
        for subject in watching.subjects(trigger, stage, panel)
    )


def _asked(settings: Settings, path: Path, others: Sequence[str]) -> Heard:
    """Let every other method judge every night, on what was known on it."""
    triggers = reading.load(path, detectors=METHODS, recipes=RECIPES)
    reader, register = RememberingReader(store=open_store(settings), triggers=triggers), breaks.load()
    days = replay.nights_of(reader, start=START, end=END)
    nights = [replace(detect.gather(reader, known_on=day, register=register), before={}) for day in days]
    instances: dict[str, Detector] = {name: Baseline(name) if name in BASELINES else DETECTORS[name]() for name in others}
    published: dict[tuple[str, int], date] = {}
    for night in nights:
        for stage, period in night.releases:
            published.setdefault((stage, _month(period)), night.known_on)
    series = watching.scored(triggers, nights[-1].panel)
    judged = scoring.score(nights, triggers, instances=instances)
    return Heard(asked=operating.ask(judged, series, methods=others), panel=nights[-1].panel, published=published)


def _month(period: str) -> int:
    year, month = map(int, period.split("-"))
    return (year - 1970) * 12 + month - 1


def _watched(keys: frozenset[AlertKey], triggers: Triggers) -> dict[Direction, frozenset[SeriesKey]]:
    ways = {trigger.id: matching.direction(trigger) for trigger in triggers.triggers}
    found: dict[Direction, set[SeriesKey]] = {"up": set(), "down": set()}
    for key in keys:
        way = ways[key.trigger]
        if way is not None:
            found[way].add(SeriesKey(stage=key.stage, subject=key.subject))
    return {way: frozenset(series) for way, series in found.items()}


def as_text(found: Mapping[str, Any]) -> str:
    """Write the figures, so that a change of triggers shows line by line."""
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def in_short(found: Mapping[str, Any]) -> Iterator[str]:
    """Say the page's first sentences, for a terminal."""
    yield from score_words.headline(found, score_page.HEADLINE)
    yield from score_words.surges(found)
    yield from score_words.quiet(found)
    if found["comparison"]["methods"]:
        yield from score_words.against(found)


def write(folder: Path, measured: Measured, found: Mapping[str, Any]) -> None:
    """Write the page, the figures and the pictures."""
    pictures = folder / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    (folder / "scorecard.json").write_text(as_text(found), encoding="utf-8")
    (folder / "scorecard.md").write_text(score_page.render(found), encoding="utf-8")
    scored = {part.id for part in measured.parts[0]}
    for event in measured.events:
        if event.id in scored:
            drawn = score_pictures.draw_timeline(f"{event.id}: {event.title}", list(timeline.lanes(measured, event)))
            (pictures / f"scorecard-{event.id}.png").write_bytes(drawn)
    (pictures / "scorecard-curves.png").write_bytes(score_pictures.draw_curves(found["comparison"]["curves"]))
