"""One labelled event along the corridor: the figures of those concerned, the onset, and the nights on which alerts told of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from pillarfour.alerts.model import Level
from pillarfour.evaluation.events import Event
from pillarfour.evaluation.matching import UPSTREAM_DAYS, Happening
from pillarfour.evaluation.measured import Measured
from pillarfour.model import SeriesKey

BEFORE, AFTER = 9, 10
"""Months shown before and after the onset."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """News of an alert, on the day of the publication that gave it."""

    on: date
    level: Level
    alert: str


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One stage of an event.

    Parameters
    ----------
    months, counts
        The middle of each month, and the figures of the event's nationalities together; None where nothing is published.
    floor
        When the month of the onset came out.
    """

    stage: str
    of: str
    months: tuple[date, ...]
    counts: tuple[float | None, ...]
    onset: date
    floor: date
    marks: tuple[Mark, ...]


def lanes(measured: Measured, event: Event) -> Iterator[Lane]:
    """Give the stages at which an event is scored, and those before them that told of it, in the order of travel."""
    parts = [each for each in measured.parts[0] if each.id == event.id]
    for stage in measured.record.stages:
        here = [each for each in parts if each.stage == stage]
        marks = _marks(measured, stage, here, [each for each in parts if each.stage != stage])
        if here or marks:
            yield _lane(measured, event, stage, floor=here[0].floor if here else None, marks=marks)


def _lane(measured: Measured, event: Event, stage: str, *, floor: date | None, marks: tuple[Mark, ...]) -> Lane:
    onset = pd.Period(event.onset, freq="M")
    months = pd.period_range(onset - BEFORE, onset + AFTER, freq="M")
    subjects = ["total"] if event.nationalities == "all" else list(event.nationalities)
    panel = measured.record.panel
    rows = [panel.series.index(key) for subject in subjects if (key := SeriesKey(stage=stage, subject=subject)) in panel.series]
    counts: list[float | None] = []
    for month in months:
        column = month.ordinal - panel.periods[0].ordinal
        figures = panel.values[rows, column] if 0 <= column < len(panel.periods) else np.array([np.nan])
        counts.append(float(np.nansum(figures)) if np.isfinite(figures).any() else None)
    return Lane(
        stage=stage,
        of="all nationalities" if subjects == ["total"] else ", ".join(subjects),
        months=tuple(month.start_time.date().replace(day=15) for month in months),
        counts=tuple(counts),
        onset=event.onset,
        floor=floor or measured.record.publication(stage, onset.ordinal) or measured.last,
        marks=marks,
    )


def _marks(measured: Measured, stage: str, here: Sequence[Happening], elsewhere: Sequence[Happening]) -> tuple[Mark, ...]:
    """Collect the news of alerts that told of the event at its stage, and in advance for a later one."""
    found = set()
    for alert in measured.alerts:
        own = [each for each in here if alert.series in each.series and alert.direction == each.direction]
        ahead = [each for each in elsewhere if alert.series in each.upstream and alert.direction == each.direction]
        if alert.key.stage != stage:
            continue
        for on, level in alert.news:
            told = any(each.opens <= on <= each.closes for each in own)
            told |= any((each.onset - on).days <= UPSTREAM_DAYS and on <= each.floor for each in ahead)
            if told:
                found.add(Mark(on=on, level=level, alert=str(alert.key)))
    return tuple(sorted(found, key=lambda mark: (mark.on, mark.alert)))
