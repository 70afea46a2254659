"""Other rules at the same cost: asked on the same nights of the same series, their thresholds moved until false alarms are equal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np

from pillarfour.detection import Floats
from pillarfour.evaluation.matching import Alert, Happening
from pillarfour.evaluation.score import Interval, Watch, mean_interval, movement
from pillarfour.model import SeriesKey
from pillarfour.triggers.conditions import DetectorLeaf, Direction, GrowthLeaf, LevelLeaf, NewHighLeaf
from pillarfour.triggers.night import Night
from pillarfour.triggers.schema import Triggers

ENDS_AFTER = 3
"""An alert ends once its condition has not held for so many figures, about as the stop conditions of the triggers ask."""

STEPS = 60
"""Thresholds tried, from the smallest score that is out at all to the greatest."""

Place = tuple[SeriesKey, Direction]
Begins = Mapping[Place, Sequence[date]]
"""The nights on which each series' alerts began."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One series as it was asked night by night: once for each figure that was new.

    Parameters
    ----------
    counts, usual
        The newest figure, and the mean of the twelve before it as they were known then.
    scores
        Of each method, of the newest figure; NaN where it had none.
    """

    nights: tuple[date, ...]
    counts: Floats
    usual: Floats
    scores: Mapping[str, Floats] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Point:
    """What a method comes to at one threshold.

    Parameters
    ----------
    leads
        Of each happening, in their order, the censored lead [days].
    told
        Of each happening, whether it was told at all.
    """

    threshold: float
    false_alarms: int
    leads: tuple[int, ...] = field(repr=False)
    told: tuple[bool, ...] = field(repr=False)

    @property
    def mean_lead(self) -> float:
        """Over all happenings, a miss counting as the last night of its window."""
        return float(np.mean(self.leads)) if self.leads else float("nan")

    def median_lead(self) -> float | None:
        """Over those that were told."""
        told = [lead for lead, heard in zip(self.leads, self.told, strict=True) if heard]
        return float(np.median(told)) if told else None


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The happenings that methods are held against, and the nights and series on which they are watched."""

    happenings: tuple[Happening, ...]
    places: Mapping[Place, Watch]
    floors: Mapping[Place, float]

    def within(self, first: date, last: date) -> "Bench":
        """Keep the happenings with an onset in a range, and alerts of its nights."""
        return Bench(
            happenings=tuple(each for each in self.happenings if first <= each.onset <= last),
            places={
                place: Watch(key=watch.key, direction=watch.direction, first=max(first, watch.first), last=min(last, watch.last))
                for place, watch in self.places.items()
            },
            floors=self.floors,
        )

    def point(self, begins: Begins, *, threshold: float, among: "Bench | None" = None) -> Point:
        """Score the beginnings of alerts.

        Parameters
        ----------
        among
            The bench whose happenings excuse an alert; a part of the years is still excused by what came just before or after.
        """
        windows = (among or self).windows
        false = sum(
            1
            for place, watch in self.places.items()
            for on in begins.get(place, ())
            if watch.first <= on <= watch.last and not any(opens <= on <= closes for opens, closes in windows.get(place, ()))
        )
        leads, told = [], []
        for each in self.happenings:
            nights = [on for series in each.series for on in begins.get((series, each.direction), ()) if each.opens <= on <= each.closes]
            leads.append((each.onset - min(nights, default=each.closes)).days)
            told.append(bool(nights))
        return Point(threshold=threshold, false_alarms=false, leads=tuple(leads), told=tuple(told))

    @cached_property
    def windows(self) -> dict[Place, list[tuple[date, date]]]:
        """Say in which nights an alert of a series tells of something."""
        found: dict[Place, list[tuple[date, date]]] = {}
        for each in self.happenings:
            for series in each.series:
                found.setdefault((series, each.direction), []).append((each.opens, each.closes))
        return found


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A method at the triggers' own number of false alarms, beside them.

    Parameters
    ----------
    gained
        By how many days the triggers tell sooner, a happening on average, with its bootstrap interval over movements.
    """

    method: str
    point: Point
    gained: tuple[float, Interval] | None


def ask(nights: Iterable[Night], series: Sequence[SeriesKey], *, methods: Sequence[str]) -> dict[SeriesKey, Asked]:
    """Take of each night what was new on it, as every method judges it."""
    newest: dict[SeriesKey, int] = {}
    rows: dict[SeriesKey, list[tuple[date, float, float, list[float]]]] = {key: [] for key in series}
    for night in nights:
        start = night.panel.periods[0].ordinal
        for key in series:
            line = night.line(key, unit="")
            if line.newest is None or start + line.newest <= newest.get(key, -1):
                continue
            newest[key] = start + line.newest
            scores = [line.judged(method, line.newest).score for method in methods]
            before = line.counts[max(line.newest - 12, 0) : line.newest]
            usual = float(np.nanmean(before)) if np.isfinite(before).any() else float("nan")
            rows[key].append((night.known_on, float(line.counts[line.newest]), usual, scores))
    return {
        key: Asked(
            nights=tuple(row[0] for row in found),
            counts=np.array([row[1] for row in found]),
            usual=np.array([row[2] for row in found]),
            scores={method: np.array([row[3][at] for row in found]) for at, method in enumerate(methods)},
        )
        for key, found in rows.items()
    }


def floors(triggers: Triggers) -> dict[Place, float]:
    """Give the smallest figure that the lowest level of a trigger looks at, so that every method has the same."""
    found: dict[Place, float] = {}
    for trigger in triggers.triggers:
        if not trigger.watched or trigger.kind not in {"surge", "collapse"}:
            continue
        way: Direction = "up" if trigger.kind == "surge" else "down"
        lowest = next(iter(trigger.levels.values()))
        stated = [floor for _, leaf, _ in lowest.leaves() if (floor := _floor(leaf)) is not None]
        for stage in trigger.series.stages:
            for subject in trigger.series.subjects:
                place = SeriesKey(stage=stage, subject=subject), way
                found[place] = min(found.get(place, float("inf")), min(stated, default=0.0))
    return found


def shipped(alerts: Iterable[Alert]) -> Begins:
    """Take of the triggers' alerts the beginnings alone: their levels are left out of the comparison."""
    found: dict[Place, list[date]] = {}
    for alert in alerts:
        found.setdefault((alert.series, alert.direction), []).append(alert.began)
    return found


def begin(asked: Mapping[SeriesKey, Asked], bench: Bench, *, method: str, threshold: float) -> Begins:
    """Give the nights on which a method's alerts begin: its score and the floor are reached, and no alert stands."""
    found: dict[Place, list[date]] = {}
    for series, way in bench.places:
        each = asked[series]
        sign, size = (1, each.counts) if way == "up" else (-1, each.usual)
        with np.errstate(invalid="ignore"):
            held = (sign * each.scores[method] >= threshold) & (size >= bench.floors[series, way])
        found[series, way] = [each.nights[at] for at in _starts(held)]
    return found


def sweep(asked: Mapping[SeriesKey, Asked], bench: Bench, *, method: str) -> list[tuple[float, Begins]]:
    """Give a method's alerts at every threshold worth trying, the strictest last."""
    scores = np.concatenate([(1 if way == "up" else -1) * asked[series].scores[method] for series, way in bench.places])
    out = np.unique(scores[np.isfinite(scores) & (scores > 0)].round(6))
    tried = np.unique(np.quantile(out, np.linspace(0, 1, STEPS), method="nearest")) if out.size else out
    return [(float(threshold), begin(asked, bench, method=method, threshold=float(threshold))) for threshold in tried]


def equal(points: Sequence[Point], *, false_alarms: int) -> Point | None:
    """Of the thresholds with no more false alarms take the one with the best lead: every doubt is the method's benefit."""
    allowed = [point for point in points if point.false_alarms <= false_alarms]
    return max(allowed, key=lambda point: (point.mean_lead, point.threshold), default=None)


def gained(ours: Point, theirs: Point, happenings: Sequence[Happening]) -> tuple[float, Interval] | None:
    """Say by how many days we tell sooner, on average."""
    sooner = [one - other for one, other in zip(ours.leads, theirs.leads, strict=True)]
    return mean_interval(sooner, groups=[movement(each) for each in happenings])


def _starts(held: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[int]:
    last = None
    for at in np.flatnonzero(held):
        if last is None or at - last > ENDS_AFTER:
            yield int(at)
        last = at


def _floor(leaf: object) -> float | None:
    if isinstance(leaf, LevelLeaf):
        return leaf.at_least
    return leaf.floor if isinstance(leaf, DetectorLeaf | GrowthLeaf | NewHighLeaf) else None
