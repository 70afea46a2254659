"""The corridor: the people an alert is about at each of its stages, as known on the night."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pillarfour import lookups
from pillarfour.alerts.model import AlertState, Condition, Level, rank
from pillarfour.delivery.night import Ahead, Part, Place, Words
from pillarfour.model import OTHER, STATELESS, TOTAL, Release, SeriesKey
from pillarfour.outlook import Outlook
from pillarfour.triggers import watching
from pillarfour.triggers.night import Night as Known
from pillarfour.triggers.schema import Stage, Triggers
from pillarfour.triggers.vocabulary import Title

LARGEST_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One alert's people, along the way; the outlook is asked for where there is a stage further on."""

    triggers: Triggers
    known: Known
    releases: Mapping[str, Release]
    condition: Condition
    outlook: Callable[[], Outlook]

    @property
    def subject(self) -> str:
        """A nationality, a group, ``total``, or a source's name."""
        return self.condition.key.subject

    def corridor(self, states: Iterable[AlertState]) -> Iterator[Place]:
        """Give the newest figure of each stage, and when its next one is due; nothing for a source that is late."""
        levels: dict[str, Level | None] = {}
        for state in states:
            if state.key.subject == self.subject and state.state == "active":
                levels[state.key.stage] = max(levels.get(state.key.stage), state.level, key=rank)
        if self.condition.kind == "outage":
            return
        passed = False
        for stage in self.triggers.stages:
            place = self._place(stage, levels.get(stage.id))
            yield self._onward(place) if passed else place
            passed = passed or stage.id == self.condition.key.stage

    def parts(self) -> Iterator[Part]:
        """Give the nationalities behind the newest figure: a group's members, or the largest of all where each is known."""
        stage, group = self.condition.key.stage, self.triggers.groups.get(self.subject)
        period = self.condition.reference_period
        if period is None or self.condition.kind == "outage":
            return
        if group is not None:
            for code in group.nationalities:
                yield Part(name=_country(code), value=self._value(SeriesKey(stage=stage, subject=code), period))
        elif self.subject == "total" and stage in watching.whole(self.triggers):
            codes = [key.subject for key in self.known.rows if key.stage == stage and _is_nationality(key.subject)]
            figures = {code: found for code in codes if (found := self._value(SeriesKey(stage=stage, subject=code), period))}
            for code in sorted(figures, key=lambda code: (-figures[code], code))[:LARGEST_SHOWN]:
                yield Part(name=_country(code), value=figures[code])

    def origins(self) -> Iterator[Words]:
        """Name whose nationals it is about; nobody's where it is about all."""
        group = self.triggers.groups.get(self.subject)
        codes = group.nationalities if group is not None else (self.subject,) if _is_nationality(self.subject) else ()
        yield from map(_country, codes)

    def _place(self, stage: Stage, level: Level | None) -> Place:
        fresh = self.known.freshness[stage.observed_by[0].source]
        found = Place(
            stage=stage.id,
            title=titled(stage.title),
            country=_country(stage.country),
            role=stage.role,
            unit=stage.unit,
            level=level,
            next_period=str(pd.Period(fresh.newest_period, freq="M") + 1) if fresh.newest_period else None,
            next_expected_on=fresh.due,
        )
        key = SeriesKey(stage=stage.id, subject=self.subject)
        line = self.known.line(key, unit=stage.unit) if key in self.known.rows else None
        if line is None or line.newest is None:
            return found
        supplied = [self.releases[release] for release in line.releases(line.newest) if release in self.releases]
        newest = max(supplied, key=lambda release: release.published_on, default=None)
        period = line.period(line.newest)
        found = replace(found, newest_period=period, value=line.value(line.newest), year_before=line.value(line.newest - 12))
        if newest is None:
            return found
        delay = (newest.published_on - pd.Period(period, freq="M").end_time.date()).days
        return replace(found, published_on=newest.published_on, published_basis=newest.published_basis, delay_days=delay)

    def _onward(self, place: Place) -> Place:
        """Add what is expected of a stage further on, or why the alert's own stage says nothing of it."""
        found, key = self.outlook(), SeriesKey(stage=place.stage, subject=self.subject)
        titles = {stage.id: titled(stage.title) for stage in self.triggers.stages}
        lead = next((lead for lead in found.leads_to(key) if str(lead.upstream) == f"{self.condition.key.stage}/{self.subject}"), None)
        ahead = tuple(
            Ahead(
                period=str(each.period),
                expected=each.expected,
                lower=each.lower,
                upper=each.upper,
                coverage=each.coverage,
                upstream=titles[str(each.lead.upstream).partition("/")[0]],
                lag_months=each.lead.lag_months or 0,
            )
            for each in found.expected(key)
        )
        return replace(place, ahead=ahead, no_lag=None if ahead or lead is None else lead.reason)

    def _value(self, key: SeriesKey, period: str) -> float | None:
        if key not in self.known.rows:
            return None
        panel = self.known.panel
        value = float(panel.values[self.known.rows[key], panel.periods.get_loc(period)])
        return None if np.isnan(value) else value


def titled(title: Title) -> Words:
    """Give a title in each language."""
    return {"en": title.en, "es": title.es}


def _country(code: str) -> Words:
    return {"en": lookups.name(code, "en"), "es": lookups.name(code, "es")}


def _is_nationality(subject: str) -> bool:
    return subject.isupper() and subject not in {OTHER, STATELESS, TOTAL}
