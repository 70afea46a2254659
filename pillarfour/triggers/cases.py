"""Cases run through the nightly's own evaluation and life cycle, on figures written down beside them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from pillarfour import breaks, lookups
from pillarfour.alerts.model import AlertKey, AlertState, Transition
from pillarfour.delivery import message
from pillarfour.delivery.night import News, Topic
from pillarfour.delivery.wording import ENGLISH
from pillarfour.detection import Detector, Floats, Panel
from pillarfour.evaluation import foreseeing, replay, scoring
from pillarfour.evaluation.replay import Decided
from pillarfour.model import SeriesKey
from pillarfour.outlook import Foretell
from pillarfour.recipe import Recipe
from pillarfour.triggers import case_file, watching
from pillarfour.triggers.case_file import Case, CaseFile, Expected, NightCase, figures_of
from pillarfour.triggers.night import Earlier, Freshness, Night
from pillarfour.triggers.schema import Triggers


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A case and how it went; without faults it passed."""

    file: str
    trigger: str
    case: Case
    faults: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What cases are run with: the file of triggers, its detectors, how forecasts are made, and the sources' facts."""

    triggers: Triggers
    instances: Mapping[str, Detector]
    recipes: Mapping[str, Recipe]
    foretell: Foretell

    def run(self, folder: Path) -> Iterator[Ran]:
        """Run every case of a folder, file by file.

        Raises
        ------
        TriggerError
            If a file is wrong.
        """
        for path in sorted(folder.glob("*.yaml")):
            file = case_file.load(path, triggers=self.triggers)
            yield from (self.run_case(path.name, file, case) for case in file.cases)

    def run_case(self, name: str, file: CaseFile, case: Case) -> Ran:
        """Run one case."""
        triggers = replay.only(self.triggers, file.trigger)
        told = _Told(case=case, triggers=triggers, recipes=self.recipes)
        scored = scoring.score([told.night(day) for day in told.asked()], triggers, instances=self.instances)
        nights = told.linked(foreseeing.foresee(scored, triggers, foretell=self.foretell))
        decided = {each.night.known_on: each for each in replay.replay(triggers, nights)}
        last: dict[AlertKey, Transition] = {}
        faults: list[str] = []
        for day, each in decided.items():
            last |= {transition.key: transition for transition in each.transitions}
            for asked in (night for night in case.nights if night.on == day):
                faults += [f"{day}: {fault}" for fault in _faults(asked, each, last, triggers)]
        return Ran(file=name, trigger=file.trigger, case=case, faults=tuple(faults))


def uncovered(triggers: Triggers, ran: Sequence[Ran]) -> list[str]:
    """Name every active trigger that no case makes fire, or that no case keeps silent."""
    fires = {each.trigger for each in ran if each.case.fires}
    silent = {each.trigger for each in ran if each.case.silent}
    active = [trigger.id for trigger in triggers.triggers if trigger.status == "active"]
    missing = [(name, "fires") for name in active if name not in fires] + [(name, "stays silent") for name in active if name not in silent]
    return [f"trigger {name}: no case in which it {what}; write one in tests/triggers/{name}.yaml" for name, what in sorted(missing)]


def render(transition: Transition, state: AlertState, triggers: Triggers) -> str:
    """Say a change as the message to the task force opens."""
    key = transition.key
    stage = triggers.stage(key.stage)
    if key.subject in triggers.groups:
        subject = triggers.groups[key.subject].title.en
    else:
        subject = "All nationalities" if key.subject == "total" else f"Nationals of {lookups.name(key.subject, 'en')}"
    outage = transition.kind == "outage"
    topic = Topic(subject={"en": key.subject}) if outage else Topic(subject={"en": subject}, place={"en": stage.title.en})
    news = News(transition=transition, topic=topic, since=state.since or transition.known_on)
    return f"{message.label(news, ENGLISH)}: {message.headline(news, ENGLISH)}. {message.change(news, ENGLISH)}"


def _faults(asked: NightCase, found: Decided, last: Mapping[AlertKey, Transition], triggers: Triggers) -> Iterator[str]:
    standing = {f"{key.stage}/{key.subject}": state for key, state in found.states.items() if state.state == "active"}
    stands = ", ".join(f"{name} {state.level}" for name, state in standing.items()) or "nothing"
    changes = {f"{key.stage}/{key.subject}": transition for key, transition in last.items()}
    states = {f"{key.stage}/{key.subject}": state for key, state in found.states.items()}
    wanted = {each.alert for each in asked.expect}
    for name in sorted(standing.keys() - wanted):
        yield f"{name} must not stand, but is at {standing[name].level}: {changes[name].reason}"
    for expected in asked.expect:
        yield from _unmet(expected, states.get(expected.alert), changes.get(expected.alert), stands)
    if asked.rendered is not None:
        text = "\n".join(render(each, found.states[each.key], triggers) for each in found.transitions if each.unannounced_because is None)
        if _plain(text) != _plain(asked.rendered):
            yield f"rendered as:\n{text}\nand not as:\n{asked.rendered.strip()}"


def _plain(text: str) -> list[str]:
    """Give the lines with every space a plain one: a space that does not break looks the same in a case."""
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def _unmet(expected: Expected, state: AlertState | None, change: Transition | None, stands: str) -> Iterator[str]:
    now = "quiet" if state is None else state.state
    if now != expected.state:
        yield f"{expected.alert} must be {expected.state}, but is {now}; there stands {stands}"
    elif state is not None and expected.level not in {None, state.level}:
        yield f"{expected.alert} must be at {expected.level}, but is at {state.level}"
    elif expected.because is not None and (change is None or expected.because not in change.reason):
        yield f'{expected.alert}: "{expected.because}" is not in its reason: {change.reason if change else "it never changed"}'


@dataclass(frozen=True, kw_only=True)
class _Statement:
    """A figure that a release gives, out on a day."""

    on: date
    series: SeriesKey
    column: int
    figure: float


class _Told:
    """A case as releases: what was said on which day."""

    def __init__(self, *, case: Case, triggers: Triggers, recipes: Mapping[str, Recipe]) -> None:
        self.case, self.triggers, self.recipes = case, triggers, recipes
        self.figures = {_key(name): figures_of(text) for name, text in case.figures.items()}
        longest = max(len(figures) for figures in self.figures.values())
        last = max([pd.Period(month, freq="M") for each in case.says for month in each.figures], default=pd.Period(case.starts, freq="M"))
        first = pd.Period(case.starts, freq="M")
        self.periods = pd.period_range(first, max(first + longest - 1, last), freq="M")
        self.keys = tuple(dict.fromkeys([*watching.needed(triggers), *self.figures]))
        self.source = {stage.id: stage.observed_by[0].source for stage in triggers.stages}
        self.statements = sorted(self._statements(), key=lambda each: each.on)

    def days(self) -> list[date]:
        """Give every date on which something was published from the first night to the last, and the nights themselves."""
        asked = [night.on for night in self.case.nights]
        return sorted({each.on for each in self.statements if asked[0] < each.on <= asked[-1]}.union(asked))

    def asked(self) -> list[date]:
        """Give the nights, and before them the publications that the trigger looks back at."""
        earlier = {each for day in self.days() for days in self._before(day).values() for each in days}
        return sorted(earlier.union(self.days()))

    def linked(self, scored: Sequence[Night]) -> list[Night]:
        """Give the nights, each with those that its trigger looks back at."""
        on = {night.known_on: night for night in scored}
        return [
            replace(on[day], after={stage: tuple(on[each] for each in days) for stage, days in self._before(day).items()})
            for day in self.days()
        ]

    def _before(self, day: date) -> dict[str, tuple[date, ...]]:
        """Give the days of each stage's publications before its newest one, newest first."""
        found: dict[str, tuple[date, ...]] = {}
        for stage, window in watching.held_releases(self.triggers).items():
            days = sorted({each.on for each in self._known(day) if each.series.stage == stage}, reverse=True)
            found[stage] = tuple(days[1:window])
        return found

    def night(self, day: date) -> Night:
        """Put together what was known on a day."""
        register = breaks.load()
        stages = [stage.id for stage in self.triggers.stages]
        newest = {stage: max((each.on for each in self._known(day) if each.series.stage == stage), default=None) for stage in stages}
        before = {stage: self._earlier(on - timedelta(days=1)) for stage, on in newest.items() if on is not None}
        return Night(
            known_on=day,
            panel=self._panel(self._values(day)),
            scores={},
            freshness={source: self._fresh(source, day) for source in self.recipes},
            releases=self._releases(day),
            before=before,
            breaks={stage: register.at(stage, day) for stage in stages},
        )

    def _statements(self) -> Iterator[_Statement]:
        for key, figures in self.figures.items():
            for column, figure in enumerate(figures):
                if figure is not None:
                    yield _Statement(on=self._published(key.stage, column), series=key, column=column, figure=figure)
        for each in self.case.says:
            for month, text in each.figures.items():
                (figure,) = figures_of(text)
                column = pd.Period(month, freq="M").ordinal - self.periods[0].ordinal
                yield _Statement(on=each.on, series=_key(each.series), column=column, figure=float("nan") if figure is None else figure)

    def _published(self, stage: str, column: int) -> date:
        source = self.source[stage]
        usual: date = self.periods[column].end_time.date() + timedelta(days=self.recipes[source].cadence.usual_delay_days)
        until = [each.to for each in self.case.withheld if each.source == source and each.from_ <= usual < each.to]
        return max(until, default=usual)

    def _known(self, day: date) -> Iterator[_Statement]:
        return (each for each in self.statements if each.on <= day)

    def _values(self, day: date) -> Floats:
        values = np.full((len(self.keys), len(self.periods)), np.nan)
        row = {key: at for at, key in enumerate(self.keys)}
        for each in self._known(day):
            values[row[each.series], each.column] = each.figure
        return values

    def _panel(self, values: Floats) -> Panel:
        return Panel(values=values, series=self.keys, periods=self.periods, unit="mixed")

    def _releases(self, day: date) -> dict[tuple[str, str], tuple[str, ...]]:
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for each in self._known(day):
            found[each.series.stage, str(self.periods[each.column])] = (f"{self.source[each.series.stage]}/{each.on}-00000000",)
        return found

    def _earlier(self, day: date) -> Earlier:
        supplied: dict[str, tuple[str, ...]] = {}
        for (_, period), releases in self._releases(day).items():
            supplied[period] = tuple(sorted({*supplied.get(period, ()), *releases}))
        return Earlier(panel=self._panel(self._values(day)), supplied=supplied)

    def _fresh(self, source: str, day: date) -> Freshness:
        columns = [each for each in self._known(day) if self.source[each.series.stage] == source]
        newest = max((each.column for each in columns), default=None)
        fresh = Freshness(source=source, newest_period=None, usual_delay_days=self.recipes[source].cadence.usual_delay_days)
        if newest is None:
            return fresh
        out = max(each.on for each in columns if each.column == newest)
        return replace(fresh, newest_period=str(self.periods[newest]), published_on=out, releases=(f"{source}/{out}-00000000",))


def _key(name: str) -> SeriesKey:
    stage, _, subject = name.partition("/")
    return SeriesKey(stage=stage, subject=subject)
