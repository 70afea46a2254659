"""All that the triggers may look at on a night: what was known, how it scores, and how fresh it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from pillarfour.breaks import StructuralBreak
from pillarfour.detection import OK, STATUSES, Floats, MixScores, Panel, Scores
from pillarfour.errors import TriggerError
from pillarfour.model import SeriesKey
from pillarfour.outlook import Outlook
from pillarfour.triggers.judged import MIX, Judged, JudgedMix


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """How far a source reaches on a night, and when somebody last looked.

    Parameters
    ----------
    newest_period
        The newest reference period of a release in use, such as ``2021-06``; None where there is none.
    published_on
        When that release came out.
    looked_at
        The last visit to the publisher's page, whether or not it brought anything.
    usual_delay_days
        From the end of a period until its publication, by the source's recipe.
    """

    source: str
    newest_period: str | None
    usual_delay_days: int
    published_on: date | None = None
    looked_at: datetime | None = None
    releases: tuple[str, ...] = ()

    @property
    def due(self) -> date | None:
        """When the period after the newest is usually out."""
        if self.newest_period is None:
            return None
        following = pd.Period(self.newest_period, freq="M") + 1
        return following.end_time.date() + timedelta(days=self.usual_delay_days)


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A stage as it was known the day before its newest release.

    Parameters
    ----------
    supplied
        The releases that supplied each reference period.
    """

    panel: Panel = field(repr=False)
    supplied: Mapping[str, tuple[str, ...]] = field(repr=False, default_factory=dict)

    @cached_property
    def rows(self) -> Mapping[SeriesKey, int]:
        """The panel's row of each series."""
        return {key: row for row, key in enumerate(self.panel.series) if isinstance(key, SeriesKey)}


@dataclass(frozen=True, kw_only=True)
class EarlierLine:
    """One series of it."""

    earlier: Earlier
    row: int

    def value_of(self, period: str) -> float | None:
        """Give the figure of a period; None where there was none."""
        panel = self.earlier.panel
        column = pd.Period(period, freq="M").ordinal - panel.periods[0].ordinal
        value = float(panel.values[self.row, column]) if 0 <= column < len(panel.periods) else float("nan")
        return None if np.isnan(value) else value

    def releases(self, periods: Iterable[str]) -> tuple[str, ...]:
        """Give the releases that supplied these periods then."""
        return tuple(sorted({release for period in periods for release in self.earlier.supplied.get(period, ())}))


@dataclass(frozen=True, kw_only=True)
class Night:
    """What is known on a date.

    Parameters
    ----------
    panel
        Every series that the triggers ask for (``watching.needed``), as known on the date.
    scores
        Of each detector instance over the series (``watching.scored``) or the mixes (``watching.mixed``) that it is asked of, every period
        judged, by the instance's name.
    freshness
        Of each source, by its name.
    releases
        The releases that supply a stage's reference period.
    before
        Of each stage whose revisions are watched, what was known before its newest release.
    breaks
        The structural breaks of each stage that had begun by the date.
    after
        Of each stage that a trigger looks back at by releases (``watching.held_releases``), the nights of its publications before the
        newest one, newest first; fewer where it has not published as often.
    outlooks
        Of each trigger that asks for forecasts, what is expected of its series (``watching.led``), by its id.
    """

    known_on: date
    panel: Panel = field(repr=False)
    scores: Mapping[str, Scores] = field(repr=False)
    freshness: Mapping[str, Freshness]
    releases: Mapping[tuple[str, str], tuple[str, ...]] = field(repr=False, default_factory=dict)
    before: Mapping[str, Earlier] = field(repr=False, default_factory=dict)
    breaks: Mapping[str, tuple[StructuralBreak, ...]] = field(repr=False, default_factory=dict)
    after: Mapping[str, tuple["Night", ...]] = field(repr=False, default_factory=dict)
    outlooks: Mapping[str, Outlook] = field(repr=False, default_factory=dict)

    @cached_property
    def rows(self) -> Mapping[SeriesKey, int]:
        """The panel's row of each series."""
        return {key: row for row, key in enumerate(self.panel.series) if isinstance(key, SeriesKey)}

    @cached_property
    def judged(self) -> Mapping[str, tuple[Mapping[SeriesKey, int], Mapping[int, int]]]:
        """Of each detector instance, the row of each series and the place of each of the panel's columns in its scores."""
        return {
            name: (
                {key: row for row, key in enumerate(scores.panel.series) if isinstance(key, SeriesKey)},
                {int(column): place for place, column in enumerate(scores.columns)},
            )
            for name, scores in self.scores.items()
        }

    def releases_to(self, stage: str, column: int) -> tuple[str, ...]:
        """Give the releases that supply a stage's periods up to a column; summed up once a stage."""
        if stage not in self.supplied:
            found: set[str] = set()
            upto = []
            for period in self.periods:
                supplied = self.releases.get((stage, period), ())
                if not found.issuperset(supplied):
                    found.update(supplied)
                    upto.append(tuple(sorted(found)))
                else:
                    upto.append(upto[-1] if upto else ())
            self.supplied[stage] = upto
        return self.supplied[stage][column] if column >= 0 else ()

    @cached_property
    def supplied(self) -> dict[str, list[tuple[str, ...]]]:
        """What ``releases_to`` has summed up."""
        return {}

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """The names of the panel's periods."""
        return tuple(self.panel.periods.astype(str))

    def line(self, key: SeriesKey, *, unit: str) -> "Line":
        """Give one series of the panel.

        Raises
        ------
        TriggerError
            If the panel was not built of all that ``watching.needed`` gives.
        """
        try:
            row = self.rows[key]
        except KeyError as cause:
            raise TriggerError(f"panel: no series {key}; build the panel of all that watching.needed gives") from cause
        return Line(key=key, unit=unit, row=row, night=self)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One series on one night."""

    key: SeriesKey
    unit: str
    row: int
    night: Night = field(repr=False)

    @property
    def counts(self) -> Floats:
        """Every figure, shape (n_periods,); NaN where nothing is published."""
        panel = self.night.panel
        counts: Floats = panel.values[self.row]
        return counts

    def beside(self, subject: str) -> "Line":
        """Give another series of the same stage."""
        return self.night.line(SeriesKey(stage=self.key.stage, subject=subject), unit=self.unit)

    def before(self) -> EarlierLine | None:
        """Give the series as it was known before the stage's newest release; None where nothing was."""
        earlier = self.night.before.get(self.key.stage)
        return EarlierLine(earlier=earlier, row=earlier.rows[self.key]) if earlier is not None and self.key in earlier.rows else None

    @property
    def newest(self) -> int | None:
        """The column of the newest figure; None where there has never been one."""
        known = np.flatnonzero(~np.isnan(self.counts))
        return int(known[-1]) if known.size else None

    def value(self, column: int) -> float | None:
        """Give the figure of a period; None where it is not published, or before the panel begins."""
        if column < 0:
            return None
        value = float(self.counts[column])
        return None if np.isnan(value) else value

    def period(self, column: int) -> str:
        """Name a period, also one before the panel begins."""
        return self.night.periods[column] if column >= 0 else str(self.night.panel.periods[0] + column)

    def releases_to(self, column: int) -> tuple[str, ...]:
        """Give the releases that supply a period of the stage and those before it."""
        return self.night.releases_to(self.key.stage, column)

    def releases(self, *columns: int) -> tuple[str, ...]:
        """Give the releases that supply these periods of the stage."""
        found = {release for column in columns for release in self.night.releases.get((self.key.stage, self.period(column)), ())}
        return tuple(sorted(found))

    def judged(self, detector: str, column: int) -> Judged:
        """Give what a detector says of a period."""
        scores = self.night.scores[detector]
        rows, columns = self.night.judged[detector]
        if self.key not in rows or column not in columns:
            raise TriggerError(f"scores of {detector}: {self.key} {self.period(column)} is not judged; detect with judge='all'")
        place = rows[self.key], columns[column]
        status = int(scores.status[place])
        return Judged(
            status=STATUSES[status],
            score=round(float(scores.score[place]), 6) if status == OK else float("nan"),
            expected=float(scores.expected[place]),
            lower=float(scores.lower[place]),
            upper=float(scores.upper[place]),
            p_value=float(scores.p_value[place]),
            false_alarms_per_year=scores.false_alarms_per_year,
        )

    def judged_mix(self, detector: str, column: int) -> JudgedMix | None:
        """Give what a detector says of the stage's mix in a period; None where the stage had no nationality to judge."""
        scores = self.night.scores.get(detector)
        if not isinstance(scores, MixScores):
            return None
        rows, columns = self.night.judged[detector]
        mix = SeriesKey(stage=self.key.stage, subject=MIX)
        if mix not in rows or column not in columns:
            return None
        place = rows[mix], columns[column]
        status = int(scores.status[place])
        return JudgedMix(
            status=STATUSES[status],
            score=round(float(scores.score[place]), 6) if status == OK else float("nan"),
            divergence=float(scores.panel.values[rows[mix], column]),
            highest=float(scores.upper[place]),
            p_value=float(scores.p_value[place]),
            leading=str(scores.leading[place]),
            change=float(scores.change[place]),
            unseen=tuple(scores.unseen[place]),
            false_alarms_per_year=scores.false_alarms_per_year,
        )
