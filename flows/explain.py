"""Explain: why a trigger says what it says on a date, and how long the record of each series is."""

from datetime import date
from pathlib import Path

import numpy as np

from detectors import METHODS
from flows import detect
from flows.detect import RECIPES, Reader
from flows.ingest import open_store
from pillarfour import breaks, clock
from pillarfour.errors import TriggerError
from pillarfour.model import SeriesKey
from pillarfour.settings import Settings
from pillarfour.strict_yaml import unknown
from pillarfour.triggers import reading
from pillarfour.triggers.evaluate import evaluate
from pillarfour.triggers.explain import Explained


def explained(
    settings: Settings, name: str, *, known_on: date | None, stage: str | None = None, subject: str | None = None
) -> list[Explained]:
    """Give what one trigger says of each of its series on a date, with the releases behind it.

    Raises
    ------
    TriggerError
        If there is no such trigger, or it does not watch that series on the date.
    """
    triggers = detect.load_triggers(settings)
    names = [trigger.id for trigger in triggers.triggers]
    if name not in names:
        raise TriggerError(unknown("trigger", name, names, remedy="; `pillarfour triggers list` names them"))
    asked = triggers.model_copy(update={"triggers": (triggers.trigger(name).model_copy(update={"status": "test"}),)})
    store = open_store(settings)
    found = evaluate(asked, detect.score(store, asked, known_on=known_on or clock.today()), hashes={name: triggers.sha256(name)})
    kept = [each for each in found if stage in {None, each.key.stage} and subject in {None, each.key.subject}]
    if not kept:
        known = ", ".join(f"{each.key.stage}/{each.key.subject}" for each in found)
        raise TriggerError(f"trigger {name} does not watch {stage or 'any stage'}/{subject or 'anybody'} on that date; it watches {known}")
    releases = {release.id: release for release in store.releases()}
    return [Explained(condition=each, releases=releases) for each in kept]


def histories(settings: Settings, path: Path) -> dict[SeriesKey, int]:
    """Count the periods on record of every series that a file names; none where the store is empty or the file wrong."""
    try:
        triggers = reading.load(path, detectors=METHODS, recipes=RECIPES)
    except TriggerError:
        return {}
    store = open_store(settings)
    if not store.releases():
        return {}
    night = detect.gather(Reader(store=store, triggers=triggers), known_on=clock.today(), register=breaks.load())
    return {key: int(np.isfinite(night.panel.values[night.rows[key]]).sum()) for key in triggers.series()}
