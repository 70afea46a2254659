"""What became of alerts: their lives by the ledger, how long their figures took, and who confirmed them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Final

from pillarfour.alerts import acts
from pillarfour.alerts.acts import Act
from pillarfour.alerts.cases import DIRECTIONS, Corridor
from pillarfour.alerts.events import Event
from pillarfour.alerts.model import AlertKey, AlertState, Change, Figure, Level, rank
from pillarfour.delivery.night import Topic
from pillarfour.model import Release
from pillarfour.report.model import Delay, Life, Score
from pillarfour.report.period import Period
from pillarfour.store.calendar import last_day

OUTCOMES: Final = ("confirmed", "retracted", "resolved", "open", "last_stage")


@dataclass(kw_only=True)
class _Open:
    """A life that is being read."""

    first: Event
    last: Event
    highest: Level
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)


def lives(
    events: Iterable[Event],
    *,
    said: Sequence[Act],
    releases: Mapping[str, Release],
    topic: Callable[[AlertKey], Topic],
) -> list[Life]:
    """Cut the ledger's events, given in the order of nights, into alerts from beginning to end; what was only pending is none.

    Parameters
    ----------
    said
        What officers have said, in the order in which it holds.
    releases
        Each release by its id, for the date on which it came out.
    topic
        Names an alert in the readers' words.
    """
    standing: dict[AlertKey, _Open] = {}
    found: list[Life] = []
    for event in events:
        if event.after == "active" and event.level is not None:
            open_ = standing.setdefault(event.key, _Open(first=event, last=event, highest=event.level))
            open_.last = event
            open_.highest = max(open_.highest, event.level, key=rank)
            open_.figures |= {(each.series, each.reference_period): each for each in event.figures}
        elif event.before == "active" and event.key in standing:
            found.append(_life(standing.pop(event.key), said=said, releases=releases, topic=topic, end=event))
    found += [_life(open_, said=said, releases=releases, topic=topic) for open_ in standing.values()]
    return sorted(found, key=lambda life: (-rank(life.level), life.began, life.key))


def during(found: Iterable[Life], period: Period) -> list[Life]:
    """Give those that stood on a day of the period."""
    return [life for life in found if life.began <= period.last and (life.ended is None or life.ended >= period.first)]


def delays(found: Iterable[Life], *, titles: Mapping[str, str]) -> Iterator[Delay]:
    """Say of each source how long it took from the end of a month to its publication, and from there to the alert.

    Only alerts that a month's figure began are counted: a month that is overdue has no publication, and a revised one an old end.
    """
    days: dict[str, list[tuple[int, int]]] = {}
    for life in found:
        if life.source is not None and life.published_on is not None and life.began_with is not None and life.kind in DIRECTIONS:
            until = (life.published_on - last_day(life.began_with)).days
            days.setdefault(life.source, []).append((until, (life.began - life.published_on).days))
    for source, pairs in sorted(days.items()):
        publication, alert = zip(*pairs, strict=True)
        yield Delay(
            source=source,
            title=titles.get(source, source),
            alerts=len(pairs),
            to_publication=(float(median(publication)), max(publication)),
            to_alert=(float(median(alert)), max(alert)),
        )


def score(found: Sequence[Life], period: Period, *, corridor: Corridor) -> Score:
    """Say what became of the alerts that began in a period; each is counted once, in the first that fits."""
    begun = [life for life in found if period.first <= life.began <= period.last and life.kind in DIRECTIONS]
    counted = Counter(_outcome(life, found, corridor) for life in begun)
    return Score(period=period, alerts=len(begun), **{name: counted[name] for name in OUTCOMES})


def _outcome(life: Life, found: Iterable[Life], corridor: Corridor) -> str:
    if life.how == "retracted":
        return "retracted"
    if any(_confirms(other, life, corridor) for other in found):
        return "confirmed"
    if life.how is not None:
        return "resolved"
    return "last_stage" if life.key.stage == corridor.stages[-1] else "open"


def _confirms(other: Life, life: Life, corridor: Corridor) -> bool:
    """Whether the next stage on the way had an alert of the same people and direction, begun while this one stood."""
    stages = corridor.stages
    return (
        life.key.stage in stages[:-1]
        and other.key.stage == stages[stages.index(life.key.stage) + 1]
        and DIRECTIONS.get(other.kind) == DIRECTIONS.get(life.kind)
        and corridor.akin(other.key.subject, life.key.subject)
        and life.began <= other.began <= (life.ended or date.max)
        and other.how != "retracted"
    )


def _life(
    open_: _Open, *, said: Sequence[Act], releases: Mapping[str, Release], topic: Callable[[AlertKey], Topic], end: Event | None = None
) -> Life:
    first, last = open_.first, open_.last
    level = last.level or open_.highest
    supplier = _supplier(first, releases)
    return Life(
        key=first.key,
        topic=topic(first.key),
        kind=first.kind,
        began=first.known_on,
        level=level,
        highest=open_.highest,
        began_with=first.reference_period,
        reference_period=last.reference_period,
        value=last.value,
        expected=last.expected,
        unit=last.unit,
        source=supplier.source if supplier else None,
        published_on=supplier.published_on if supplier else None,
        ended=end.known_on if end else None,
        how=end.after if end else None,
        changes=tuple(_changes(open_, end)) if end is not None and end.after == "retracted" else (),
        acknowledged=_acknowledged(first, level, said, until=end.known_on if end else None),
    )


def _supplier(event: Event, releases: Mapping[str, Release]) -> Release | None:
    """Give the release with the figure that began the alert."""
    series = f"{event.key.stage}/{event.key.subject}"
    own = [each.release for each in event.figures if (each.series, each.reference_period) == (series, event.reference_period)]
    return next((releases[name] for name in own if name is not None and name in releases), None)


def _changes(open_: _Open, end: Event) -> Iterator[Change]:
    """Pair the figures that the alert was announced with with those that it was retracted on, where they differ."""
    for after in end.figures:
        before = open_.figures.get((after.series, after.reference_period))
        if before is not None and before.value != after.value:
            yield Change(before=before, after=after)


def _acknowledged(first: Event, level: Level, said: Sequence[Act], *, until: date | None) -> Act | None:
    """Give who has seen the alert, at its level or a higher one."""
    state = AlertState(key=first.key, state="active", level=level, since=first.known_on)
    return acts.acknowledgement(state, [act for act in said if until is None or act.known_on <= until])
