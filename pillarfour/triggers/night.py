"""All that the triggers may look at on a night: what was known, how it scores, and how fresh it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from pillarfour.detection import OK, STATUSES, Floats, Panel, Scores
from pillarfour.errors import TriggerError
from pillarfour.model import SeriesKey


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
class Judged:
    """One figure as one detector sees it."""

    status: str
    score: float
    expected: float
    lower: float
    upper: float
    p_value: float
    false_alarms_per_year: float


@dataclass(frozen=True, kw_only=True)
class Night:
    """What is known on a date.

    Parameters
    ----------
    panel
        Every series that the triggers watch (``Triggers.series()``), as known on the date.
    scores
        Of each detector instance over that panel, every period judged, by the instance's name.
    freshness
        Of each source, by its name.
    releases
        The releases that supply a stage's reference period.
    """

    known_on: date
    panel: Panel = field(repr=False)
    scores: Mapping[str, Scores] = field(repr=False)
    freshness: Mapping[str, Freshness]
    releases: Mapping[tuple[str, str], tuple[str, ...]] = field(repr=False, default_factory=dict)

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """The names of the panel's periods."""
        return tuple(self.panel.periods.astype(str))

    def line(self, key: SeriesKey, *, unit: str) -> "Line":
        """Give one series of the panel.

        Raises
        ------
        TriggerError
            If the panel was not built from ``Triggers.series()``.
        """
        try:
            row = self.panel.series.index(key)
        except ValueError as cause:
            raise TriggerError(f"panel: no series {key}; build the panel of all that Triggers.series() gives") from cause
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
        counts: Floats = panel.values[self.row]  # noqa: PD011 - a field of Panel, no pandas accessor
        return counts

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

    def releases(self, *columns: int) -> tuple[str, ...]:
        """Give the releases that supply these periods of the stage."""
        found = {release for column in columns for release in self.night.releases.get((self.key.stage, self.period(column)), ())}
        return tuple(sorted(found))

    def judged(self, detector: str, column: int) -> Judged:
        """Give what a detector says of a period."""
        scores = self.night.scores[detector]
        (found,) = np.nonzero(scores.columns == column)
        if self.key not in scores.panel.series or not found.size:
            raise TriggerError(f"scores of {detector}: {self.key} {self.period(column)} is not judged; detect with judge='all'")
        place = scores.panel.series.index(self.key), int(found[0])
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
