"""What was told, when, at which cost: detection, lead by publication date, false alarms, and how sure each figure is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from pillarfour.alerts.model import AlertKey
from pillarfour.evaluation.comparison import DAYS_PER_YEAR
from pillarfour.evaluation.matching import LEAST_MONTHS, UPSTREAM_DAYS, Alert, Happening, Record, claims
from pillarfour.model import SeriesKey
from pillarfour.triggers.conditions import Direction

Status = Literal["caught", "late", "standing", "missed"]
"""Told by the second publication; told after it; an alert of before stood and told nothing new; nothing at all."""

RESAMPLES, SEED = 2000, 20180101

Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one happening was told.

    Parameters
    ----------
    by
        The alert that told it first, or that stood.
    watch, warning
        The first nights in its window on which an alert told news at all, and of warning or above.
    upstream_by, upstream
        The first alert at an earlier stage within half a year before, and its night.
    """

    happening: Happening
    status: Status
    by: AlertKey | None = None
    watch: date | None = None
    warning: date | None = None
    upstream_by: AlertKey | None = None
    upstream: date | None = None

    @property
    def told(self) -> bool:
        """Whether there was news of it, in time or late."""
        return self.watch is not None

    @property
    def lead_days(self) -> int | None:
        """From its first news to the onset; negative after it."""
        return (self.happening.onset - self.watch).days if self.watch is not None else None

    @property
    def upstream_lead_days(self) -> int | None:
        """From the first news at an earlier stage to the onset."""
        return (self.happening.onset - self.upstream).days if self.upstream is not None else None

    @property
    def after_floor_days(self) -> int | None:
        """From the earliest day on which its own stage's figures could show it to its first news."""
        return (self.watch - self.happening.floor).days if self.watch is not None else None

    @property
    def censored_lead_days(self) -> int:
        """The lead, where nothing was told that of the last night of its window: a miss is never better than telling late."""
        return (self.happening.onset - (self.watch or self.happening.closes)).days


def tell(happening: Happening, alerts: Sequence[Alert]) -> Outcome:
    """Say how a happening was told by alerts that may claim it."""
    own = [alert for alert in alerts if alert.direction == happening.direction and alert.series in happening.series]
    window = happening.opens, happening.closes
    news = sorted((on, alert.key) for alert in own if (on := alert.within(*window)) is not None)
    warnings = [on for alert in own if (on := alert.within(*window, level="warning")) is not None]
    before = [alert for alert in alerts if alert.direction == happening.direction and alert.series in happening.upstream]
    since = (pd.Timestamp(happening.onset) - pd.Timedelta(days=UPSTREAM_DAYS)).date()
    in_advance = sorted((on, alert.key) for alert in before if (on := alert.within(since, happening.floor)) is not None)
    upstream, upstream_by = in_advance[0] if in_advance else (None, None)
    if news:
        status: Status = "caught" if news[0][0] <= happening.in_time else "late"
        return Outcome(
            happening=happening,
            status=status,
            by=news[0][1],
            watch=news[0][0],
            warning=min(warnings, default=None),
            upstream_by=upstream_by,
            upstream=upstream,
        )
    standing = sorted(alert.key for alert in own if alert.stood(happening.onset))
    return Outcome(
        happening=happening,
        status="standing" if standing else "missed",
        by=standing[0] if standing else None,
        upstream_by=upstream_by,
        upstream=upstream,
    )


@dataclass(frozen=True, kw_only=True)
class Proportion:
    """So many of so many, with Wilson's 95 % interval."""

    hits: int
    of: int

    @property
    def interval(self) -> Interval | None:
        """The interval; None where there is nothing to count."""
        if not self.of:
            return None
        low, high = proportion_confint(self.hits, self.of, method="wilson")
        return float(low), float(high)


@dataclass(frozen=True, kw_only=True)
class Incidence:
    """So many in so many years, with the exact 95 % interval of a Poisson count (Garwood 1936)."""

    count: int
    years: float

    @property
    def rate(self) -> float | None:
        """A year; None where nothing was watched."""
        return self.count / self.years if self.years > 0 else None

    @property
    def interval(self) -> Interval | None:
        """The interval; None where nothing was watched."""
        if self.years <= 0:
            return None
        low = float(stats.chi2.ppf(0.025, 2 * self.count)) / 2 if self.count else 0.0
        return low / self.years, float(stats.chi2.ppf(0.975, 2 * self.count + 2)) / 2 / self.years


def median_interval(figures: Sequence[float], *, groups: Sequence[object]) -> tuple[float, Interval] | None:
    """Give a median and its 95 % bootstrap interval; None of nothing.

    Parameters
    ----------
    groups
        What each figure belongs to: figures of one group are drawn together, since one movement shows in several series.
    """
    return _bootstrapped(figures, groups, np.median) if figures else None


def mean_interval(figures: Sequence[float], *, groups: Sequence[object]) -> tuple[float, Interval] | None:
    """Give a mean and its 95 % bootstrap interval; None of nothing."""
    return _bootstrapped(figures, groups, np.mean) if figures else None


def _bootstrapped(figures: Sequence[float], groups: Sequence[object], statistic: object) -> tuple[float, Interval]:
    of = np.asarray(figures, dtype=float)
    names = sorted({str(group) for group in groups})
    members = [np.array([at for at, group in enumerate(groups) if str(group) == name]) for name in names]
    random = np.random.default_rng(SEED)
    drawn = random.integers(len(members), size=(RESAMPLES, len(members)))
    values = [statistic(of[np.concatenate([members[at] for at in picks])]) for picks in drawn]  # type: ignore[operator]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(statistic(of)), (float(low), float(high))  # type: ignore[operator]


def movement(happening: Happening) -> str:
    """Name what happens together: one direction, one quarter of a year; a labelled event by its own id."""
    return happening.id if happening.kind != "mechanical" else f"{happening.direction} {pd.Period(happening.onset, freq='Q')}"


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One trigger, or one method, on one series in one direction, from the night on which there was history enough to the last night."""

    key: AlertKey
    direction: Direction
    first: date
    last: date

    @property
    def series(self) -> SeriesKey:
        """Which line of counts it is about."""
        return SeriesKey(stage=self.key.stage, subject=self.key.subject)


def watches(keys: Iterable[tuple[AlertKey, Direction]], record: Record, *, last: date) -> list[Watch]:
    """Say from when on each was watched: once the least history was published."""
    found = []
    for key, way in sorted(set(keys)):
        series = SeriesKey(stage=key.stage, subject=key.subject)
        if series not in record.panel.series:
            continue
        known = np.flatnonzero(np.isfinite(record.panel.values[record.panel.series.index(series)]))
        if len(known) < LEAST_MONTHS:
            continue
        first = record.publication(series.stage, record.panel.periods[0].ordinal + int(known[LEAST_MONTHS - 1]))
        if first is not None:
            found.append(Watch(key=key, direction=way, first=first, last=last))
    return found


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What the alerts of some watches came to.

    Parameters
    ----------
    years, quiet_years, alert_years
        Of one series watched: in all, outside every window of a happening, and with an alert standing.
    """

    alerts: tuple[Alert, ...] = field(repr=False)
    false: tuple[Alert, ...]
    years: float
    quiet_years: float
    alert_years: float
    watches: int


def costs(alerts: Sequence[Alert], happenings: Sequence[Happening], on: Sequence[Watch], *, first: date, last: date) -> Costs:
    """Count the alerts that began from one night to another, and those that no happening explains.

    Parameters
    ----------
    on
        Who was watched; alerts of others, and those that began before there was history enough, are left out.
    """
    started = {watch.key: watch for watch in on}
    mine = [alert for alert in alerts if alert.key in started and max(first, started[alert.key].first) <= alert.began <= last]
    false = [alert for alert in mine if next(claims(alert, happenings), None) is None]
    years = quiet = standing = 0.0
    for watch in on:
        begin, end = max(first, watch.first), min(last, watch.last)
        if begin > end:
            continue
        days = np.zeros((end - begin).days + 1, dtype=bool)
        years += len(days)
        for alert in alerts:
            if alert.key == watch.key:
                _mark(days, begin, alert.began, alert.ended or end)
        standing += days.sum()
        days[:] = False
        for happening in happenings:
            if happening.direction == watch.direction and watch.series in happening.series:
                _mark(days, begin, happening.opens, happening.closes)
        quiet += len(days) - days.sum()
    return Costs(
        alerts=tuple(mine),
        false=tuple(false),
        years=years / DAYS_PER_YEAR,
        quiet_years=quiet / DAYS_PER_YEAR,
        alert_years=float(standing) / DAYS_PER_YEAR,
        watches=len(on),
    )


def _mark(days: np.ndarray[tuple[int], np.dtype[np.bool_]], begin: date, first: date, last: date) -> None:
    days[max((first - begin).days, 0) : max((last - begin).days + 1, 0)] = True
