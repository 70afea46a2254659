"""Which alert may claim which happening: declared rules of stage, subject, direction and window, and nothing by hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from pillarfour.alerts.model import AlertKey, Level, rank
from pillarfour.detection import Panel
from pillarfour.evaluation.comparison import Episode
from pillarfour.evaluation.events import Class, Event
from pillarfour.evaluation.onsets import Onset
from pillarfour.model import SeriesKey
from pillarfour.triggers.conditions import Direction
from pillarfour.triggers.schema import Trigger, Triggers

OPENS_DAYS = 92
"""A quarter before its onset a happening may be told at its own stage; sooner is news of something else."""

UPSTREAM_DAYS = 183
"""Half a year before it, at an earlier stage: the way north takes weeks to months."""

IN_TIME, AT_ALL = 2, 6
"""Caught by the second publication that could know of it; told late by the sixth."""

LEAST_MONTHS = 12
"""Published months before an onset; with fewer nothing is expected of anybody."""

TOTAL_SHARE = 0.2
"""Of a stage's total, in the quarter before or after: from here on what moves some nationalities moves the total."""

Publications = Mapping[tuple[str, int], date]
"""When a stage's month was first published, by the month's ordinal."""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """What an alert may claim at one stage in one direction: a labelled event's part there, or a mechanical onset.

    Parameters
    ----------
    series
        Of which alerts may claim it.
    upstream
        Of which alerts at earlier stages may tell of it in advance.
    later
        Whether the source says that it came later than the onset: then the whole window is in time.
    floor
        When the month of the onset was first published: the earliest day on which a rule that reads this stage's figures could know.
    in_time, closes
        The last nights on which it is caught, and told at all.
    """

    id: str
    title: str
    kind: Class | Literal["mechanical"]
    stage: str
    direction: Direction
    later: bool
    onset: date
    floor: date
    in_time: date
    closes: date
    series: frozenset[SeriesKey]
    upstream: frozenset[SeriesKey] = field(default_factory=frozenset)

    @property
    def opens(self) -> date:
        """The first night on which its own stage may tell of it."""
        return self.onset - timedelta(days=OPENS_DAYS)


@dataclass(frozen=True, kw_only=True)
class Alert:
    """An alert as the scores see it: the nights on which it told news, each with the level reached, and the night of its end."""

    key: AlertKey
    direction: Direction
    news: tuple[tuple[date, Level], ...]
    ended: date | None

    @property
    def series(self) -> SeriesKey:
        """Which line of counts it is about."""
        return SeriesKey(stage=self.key.stage, subject=self.key.subject)

    @property
    def began(self) -> date:
        """The night of its first news."""
        return self.news[0][0]

    def within(self, first: date, last: date, *, level: Level = "watch") -> date | None:
        """Give its first news of a level or above from one night to another; None where there is none."""
        return next((on for on, reached in self.news if first <= on <= last and rank(reached) >= rank(level)), None)

    def stood(self, on: date) -> bool:
        """Whether it had begun before a night and had not ended."""
        return self.began < on and (self.ended is None or on < self.ended)


@dataclass(frozen=True, kw_only=True)
class NotScored:
    """An event's part at a stage that the record cannot speak of, and why."""

    event: str
    stage: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the scores are taken on: the final figures, when each month came out, and who was watched in which direction."""

    panel: Panel = field(repr=False)
    published: Publications = field(repr=False)
    stages: tuple[str, ...]
    groups: Mapping[str, frozenset[str]]
    watched: Mapping[Direction, frozenset[SeriesKey]]

    def months_before(self, series: SeriesKey, month: int) -> int:
        """Count the published figures before a month."""
        if series not in self.panel.series:
            return 0
        counts = self.panel.values[self.panel.series.index(series)]
        return int(np.isfinite(counts[: max(month - self.panel.periods[0].ordinal, 0)]).sum())

    def counts(self, series: SeriesKey, first: int, last: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Give the figures of a series from one month to another; what lies outside the panel is left out."""
        start = self.panel.periods[0].ordinal
        row = (
            self.panel.values[self.panel.series.index(series)] if series in self.panel.series else np.full(len(self.panel.periods), np.nan)
        )
        return row[max(first - start, 0) : max(last + 1 - start, 0)]

    def publication(self, stage: str, month: int) -> date | None:
        """Say when a month came out, or a later one first; None where neither has."""
        later = [on for (name, period), on in self.published.items() if name == stage and period >= month]
        return min(later, default=None)


def direction(trigger: Trigger) -> Direction | None:
    """Say which way a trigger's figures go; None for outages and revisions, which claim no happening."""
    return {"surge": "up", "collapse": "down", "shift": trigger.direction}.get(trigger.kind)


def alerts(episodes: Iterable[Episode], triggers: Triggers) -> list[Alert]:
    """Take the alerts that are about figures, in the order of their beginning."""
    found = []
    for episode in episodes:
        way = direction(triggers.trigger(episode.key.trigger))
        if way is not None:
            news = sorted((on, level) for level, on in episode.levels.items())
            rising = [(on, level) for at, (on, level) in enumerate(news) if all(rank(level) > rank(other) for _, other in news[:at])]
            found.append(Alert(key=episode.key, direction=way, news=tuple(rising), ended=episode.ended))
    return sorted(found, key=lambda alert: (alert.began, alert.key))


def labelled(events: Sequence[Event], record: Record) -> tuple[list[Happening], list[NotScored]]:
    """Cut the events into their parts by stage and direction, and say of which the record cannot speak."""
    found: list[Happening] = []
    out: list[NotScored] = []
    for event in events:
        for stage, expected in event.expected.items():
            reason = _unscored(event, stage, record)
            if reason is not None:
                out.append(NotScored(event=event.id, stage=stage, reason=reason))
                continue
            found += [_part(event, stage, record, way="down" if each == "down" else "up", later=each == "later_up") for each in expected]
    return found, out


def mechanical(onsets: Iterable[Onset], record: Record) -> list[Happening]:
    """Take onsets that have the least history; each may be claimed by alerts of its own series alone."""
    return [
        _happening(
            record,
            id=f"{onset.series} {pd.Period(ordinal=onset.month, freq='M')} {onset.direction}",
            title=f"{onset.before:,.0f} → {onset.after:,.0f} a month",
            kind="mechanical",
            stage=onset.series.stage,
            direction=onset.direction,
            onset=pd.Period(ordinal=onset.month, freq="M").start_time.date(),
            series=frozenset({onset.series}),
        )
        for onset in onsets
        if record.months_before(onset.series, onset.month) >= LEAST_MONTHS
    ]


def _unscored(event: Event, stage: str, record: Record) -> str | None:
    if event.unseen is not None:
        return event.unseen
    if not event.expected.get(stage):  # type: ignore[call-overload]
        return "No source says which way the figures of this stage should go."
    month = pd.Period(event.onset, freq="M").ordinal
    series = _claimable(event, stage, record) or {SeriesKey(stage=stage, subject="total")}
    had = max(record.months_before(each, month) for each in series)
    if had == 0:
        return "Before the record of this stage by month begins."
    if had < LEAST_MONTHS:
        return f"Only {had} months of figures before it; {LEAST_MONTHS} are asked for."
    return None if record.publication(stage, month) is not None else "After the record ends."


def _part(event: Event, stage: str, record: Record, *, way: Direction, later: bool) -> Happening:
    earlier = record.stages[: record.stages.index(stage)]
    return _happening(
        record,
        id=event.id,
        title=event.title,
        kind=event.class_,
        stage=stage,
        direction=way,
        onset=event.onset,
        later=later,
        series=frozenset(_claimable(event, stage, record) & record.watched[way]),
        upstream=frozenset(each for name in earlier for each in _claimable(event, name, record) & record.watched[way]),
    )


def _happening(record: Record, *, onset: date, stage: str, later: bool = False, **facts: object) -> Happening:
    month = pd.Period(onset, freq="M").ordinal
    newest = max(record.published.values())
    floor, second, last = (record.publication(stage, month + ahead) or newest for ahead in (0, IN_TIME - 1, AT_ALL - 1))
    return Happening(onset=onset, stage=stage, later=later, floor=floor, in_time=last if later else second, closes=last, **facts)  # type: ignore[arg-type]


def _claimable(event: Event, stage: str, record: Record) -> set[SeriesKey]:
    """Say whose alerts may tell of an event: its nationalities, groups that share one, and the total where it moves with them."""
    total = SeriesKey(stage=stage, subject="total")
    if event.nationalities == "all":
        return {total}
    named = set(event.nationalities)
    groups = {name for name, members in record.groups.items() if members & named}
    found = {SeriesKey(stage=stage, subject=subject) for subject in named | groups}
    return found | {total} if _moves_total(event, total, record) else found


def _moves_total(event: Event, total: SeriesKey, record: Record) -> bool:
    """Whether the nationalities are a good part of the total in a month of the quarter before or after, or are not published apart."""
    month = pd.Period(event.onset, freq="M").ordinal
    window = month - 3, month + 2
    all_of_them = record.counts(total, *window)
    each = [record.counts(SeriesKey(stage=total.stage, subject=name), *window) for name in event.nationalities]
    if not any(np.isfinite(counts).any() for counts in each):
        return True
    theirs = np.nansum(each, axis=0)
    return bool((theirs[all_of_them > 0] >= TOTAL_SHARE * all_of_them[all_of_them > 0]).any())


def claims(alert: Alert, happenings: Iterable[Happening]) -> Iterator[Happening]:
    """Give what an alert told of at its own stage."""
    for happening in happenings:
        mine = alert.direction == happening.direction and alert.series in happening.series
        if mine and alert.within(happening.opens, happening.closes) is not None:
            yield happening
