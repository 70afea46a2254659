"""What the past nights gave: the alerts, the record, and what every other method says; all that the scorecard is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pillarfour.alerts.model import AlertKey
from pillarfour.evaluation import matching, onsets, score
from pillarfour.evaluation.comparison import Episode
from pillarfour.evaluation.events import Event
from pillarfour.evaluation.matching import Alert, Happening, NotScored, Record
from pillarfour.evaluation.nowcast_score import NowcastScore
from pillarfour.evaluation.operating import Asked, Place
from pillarfour.evaluation.revisions import Revisions
from pillarfour.evaluation.score import Costs, Outcome, Watch
from pillarfour.model import SeriesKey
from pillarfour.triggers.schema import Triggers

CHOSEN_TO = date(2022, 12, 31)
"""Whatever is chosen is chosen on onsets and alerts up to here; what follows is reported apart."""

KINDS = ("surge", "collapse", "shift")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the past nights gave.

    Parameters
    ----------
    episodes, keys
        The triggers' alerts, and all that they were asked of.
    asked
        What every other method says, night by night.
    nowcast
        How good the forecasts of later stages were.
    revisions
        How each source revises.
    """

    triggers: Triggers = field(repr=False)
    events: tuple[Event, ...] = field(repr=False)
    episodes: tuple[Episode, ...] = field(repr=False)
    keys: frozenset[AlertKey] = field(repr=False)
    record: Record = field(repr=False)
    asked: Mapping[SeriesKey, Asked] = field(repr=False)
    methods: tuple[str, ...]
    nowcast: tuple[NowcastScore, ...] = ()
    revisions: tuple[Revisions, ...] = ()
    first: date
    last: date

    @cached_property
    def alerts(self) -> list[Alert]:
        """The alerts that are about figures."""
        return matching.alerts(self.episodes, self.triggers)

    @cached_property
    def parts(self) -> tuple[list[Happening], list[NotScored]]:
        """The labelled events by stage and direction, and what cannot be scored."""
        return matching.labelled(self.events, self.record)

    @cached_property
    def onsets(self) -> list[Happening]:
        """The mechanical onsets of every series that is watched, in the direction in which it is."""
        places = sorted((series, way) for way, watched in self.record.watched.items() for series in watched)
        found = [
            onset for series, way in places if series in self.record.panel.series for onset in onsets.find(self.record.panel, series, way)
        ]
        return sorted(matching.mechanical(found, self.record), key=lambda each: (each.onset, each.id))

    @cached_property
    def watches(self) -> list[Watch]:
        """Who was watched, from when on."""
        ways = [(key, way) for key in self.keys if (way := matching.direction(self.triggers.trigger(key.trigger))) is not None]
        return score.watches(ways, self.record, last=self.last)

    @cached_property
    def named(self) -> frozenset[Place]:
        """Who is watched by name for a surge or a collapse, in which direction."""
        return frozenset((watch.series, watch.direction) for watch in self.of_kind("surge", "collapse"))

    def outcomes(self, happenings: Sequence[Happening]) -> list[Outcome]:
        """Say how each was told."""
        return [score.tell(happening, self.alerts) for happening in happenings]

    def of_kind(self, *kinds: str) -> list[Watch]:
        """Keep the watches of some kinds of trigger."""
        return [watch for watch in self.watches if self.triggers.trigger(watch.key.trigger).kind in kinds]

    def costs(self, on: Sequence[Watch], *, first: date | None = None, last: date | None = None) -> Costs:
        """Count what the alerts of some watches came to."""
        everything = [*self.parts[0], *self.onsets]
        return score.costs(self.alerts, everything, on, first=first or self.first, last=last or self.last)
