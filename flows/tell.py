"""Tell: a night's findings as the facts of its message."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from flows.corridor import Scene, titled
from flows.detect import Reader
from flows.ingest import Outcome
from flows.outlook import outlook
from pillarfour import breaks, clock, lookups
from pillarfour.alerts import acts
from pillarfour.alerts.acts import Act
from pillarfour.alerts.model import LEVELS, AlertKey, AlertState, Condition, Transition
from pillarfour.delivery.nearest import not_met
from pillarfour.delivery.night import FailedDocument, Freshness, Mark, News, Night, Standing, Step, Topic, Unannounced, Words
from pillarfour.model import Release, SeriesKey
from pillarfour.outlook import Outlook
from pillarfour.recipe import Recipe
from pillarfour.report.charts import Break, Chart, chart_of
from pillarfour.settings import Settings
from pillarfour.store import Store
from pillarfour.triggers.conditions import DetectorLeaf
from pillarfour.triggers.night import Night as Known
from pillarfour.triggers.schema import Stage, Triggers
from sources import SOURCES


@dataclass(frozen=True, kw_only=True)
class Teller:
    """All that the message of one night is told from."""

    settings: Settings
    store: Store
    triggers: Triggers
    known: Known
    releases: Mapping[str, Release]
    register: breaks.Register

    @classmethod
    def of(cls, settings: Settings, store: Store, triggers: Triggers, found: Known) -> "Teller":
        """Gather what the message needs beside the findings."""
        releases = {release.id: release for release in store.releases() if release.published_on <= found.known_on}
        return cls(settings=settings, store=store, triggers=triggers, known=found, releases=releases, register=breaks.load())

    @cached_property
    def outlook(self) -> Outlook:
        """What is expected downstream; looked for once a night, and only where an alert has a stage further on."""
        return outlook(Reader(store=self.store, triggers=self.triggers), known_on=self.known.known_on)

    @cached_property
    def trials(self) -> frozenset[str]:
        """The triggers that are under test."""
        return frozenset(trigger.id for trigger in self.triggers.triggers if trigger.status == "test")

    def night(  # noqa: PLR0913 - a night is all of these
        self,
        conditions: Sequence[Condition],
        transitions: Sequence[Transition],
        states: Mapping[AlertKey, AlertState],
        *,
        before: Mapping[AlertKey, AlertState],
        said: Sequence[Act] = (),
        outcomes: Iterable[Outcome],
        undelivered: int,
    ) -> Night:
        """Put the night together.

        Parameters
        ----------
        states, before
            Where every alert stands after this night's transitions, and where it stood.
        said
            What officers have said of alerts.
        outcomes
            What became of each document looked at.
        undelivered
            How many earlier messages were given up.
        """
        announced = [each for each in transitions if each.unannounced_because is None and "active" in {each.before, each.after}]
        changed = {transition.key for transition in announced}
        failed = [outcome for outcome in outcomes if outcome.result == "failed"]
        silences = acts.silences(said, known_on=self.known.known_on)
        silent = {condition.key: condition for condition in conditions if condition.key not in changed}
        standing = {key: states[key] for key in silent if key in states and states[key].state in {"active", "pending"}}
        kept = {
            key: Standing(
                state=state,
                topic=self.topic(key),
                condition=silent[key],
                notes=_notes(state, said, silences.get(key)),
                on_trial=key.trigger in self.trials,
            )
            for key, state in standing.items()
        }
        return Night(
            known_on=self.known.known_on,
            mark=mark(self.known.known_on, self.settings),
            exercise=self.settings.exercise,
            sources=tuple(self.source(source.RECIPE, failed) for source in SOURCES),
            news=tuple(
                replace(
                    self.news(each, states[each.key] if each.after == "active" else before[each.key], states=states),
                    lifted=silences.get(each.key) if each.raises else None,
                )
                for each in announced
            ),
            unannounced=tuple(
                Unannounced(transition=each, topic=self.topic(each.key)) for each in transitions if each.unannounced_because is not None
            ),
            standing=tuple(each for each in kept.values() if each.state.state == "active"),
            pending=tuple(each for each in kept.values() if each.state.state == "pending"),
            not_met=tuple(not_met(condition, topic=self.topic(key)) for key, condition in silent.items() if key not in standing),
            held=tuple(release for release in self.releases.values() if release.status == "held"),
            failed=tuple(FailedDocument(source=each.source, document=each.document, message=each.detail) for each in failed),
            undelivered=undelivered,
        )

    def source(self, recipe: Recipe, failed: Iterable[Outcome]) -> Freshness:
        """Say how far a source reaches."""
        fresh = self.known.freshness[recipe.name]
        supplier = self.releases[fresh.releases[-1]] if fresh.releases else None
        return Freshness(
            source=recipe.name,
            title=recipe.title,
            newest_period=fresh.newest_period,
            published_on=fresh.published_on,
            published_basis=supplier.published_basis if supplier else None,
            days_since=(self.known.known_on - fresh.published_on).days if fresh.published_on else None,
            next_expected_on=fresh.due,
            last_looked_at=fresh.looked_at,
            failures=tuple(outcome.detail for outcome in failed if outcome.source == recipe.name),
            attribution=recipe.publisher.attribution,
            rebuilt=supplier is not None and supplier.rebuilt,
        )

    def news(self, transition: Transition, state: AlertState, *, states: Mapping[AlertKey, AlertState]) -> News:
        """Tell of one transition with what an officer needs to judge it; ``state`` is the alert that it begins, changes or ends."""
        key = transition.key
        releases = tuple(self.releases[release] for release in transition.condition.releases)
        scene = Scene(
            triggers=self.triggers,
            known=self.known,
            releases=self.releases,
            condition=transition.condition,
            outlook=lambda: self.outlook,
        )
        return News(
            transition=transition,
            topic=self.topic(key),
            since=state.since or transition.known_on,
            chart=self.chart(transition.condition),
            parts=tuple(scene.parts()),
            origins=tuple(scene.origins()),
            releases=releases,
            corridor=tuple(scene.corridor(state for state in states.values() if state.key.trigger not in self.trials)),
            response=tuple(self.response(transition)),
            on_trial=key.trigger in self.trials,
        )

    def response(self, transition: Transition) -> Iterator[Step]:
        """Give what the signatories have agreed to do up to the level reached; an alert that falls or stays begins no deadline anew."""
        if transition.after != "active" or transition.level is None or not transition.raises:
            return
        agreed = self.triggers.responses[self.triggers.trigger(transition.key.trigger).response]
        for level in LEVELS[: LEVELS.index(transition.level) + 1]:
            if level in agreed.levels:
                step = agreed.levels[level]
                yield Step(within_hours=step.within_hours, action={"en": step.en, "es": step.es})

    def topic(self, key: AlertKey) -> Topic:
        """Name who and where in the reader's words."""
        titles = {source.RECIPE.name: source.RECIPE.title for source in SOURCES}
        if key.subject in titles:
            return Topic(subject=dict.fromkeys(lookups.LANGUAGES, titles[key.subject]))
        if key.stage not in {stage.id for stage in self.triggers.stages}:
            return Topic(subject=self.subject(key.subject), place=dict.fromkeys(lookups.LANGUAGES, key.stage))
        stage = self.triggers.stage(key.stage)
        return Topic(subject=self.subject(key.subject), place=titled(stage.title), counts=_counts(stage))

    def subject(self, name: str) -> Words:
        """Name a group, a nationality, or all of them."""
        if name in self.triggers.groups:
            return titled(self.triggers.groups[name].title)
        if name == "total":
            return {"en": "All nationalities", "es": "Todas las nacionalidades"}
        if not name.isupper():
            return dict.fromkeys(lookups.LANGUAGES, name)
        return {"en": f"Nationals of {lookups.name(name, 'en')}", "es": f"Nacionales de {lookups.name(name, 'es')}"}

    def asked(self, key: AlertKey) -> bool:
        """Whether a trigger still asks about an alert; one whose trigger was retired has only its past."""
        watched = {trigger.id for trigger in self.triggers.triggers if trigger.watched}
        return key.trigger in watched and SeriesKey(stage=key.stage, subject=key.subject) in self.known.panel.series

    def chart(self, condition: Condition) -> Chart | None:
        """Draw the series as the trigger's first detector judges it; an outage has none."""
        key = condition.key
        series = SeriesKey(stage=key.stage, subject=key.subject)
        if not self.asked(key):
            return None
        detectors = [
            leaf.use
            for _, rule in self.triggers.trigger(key.trigger).rules()
            for _, leaf, _ in rule.leaves()
            if isinstance(leaf, DetectorLeaf)
        ]
        judging = [name for name in detectors if name in self._answering(condition)] or detectors
        if not judging or condition.reference_period is None:
            return None
        stage = self.triggers.stage(key.stage)
        return chart_of(
            self.known.scores[judging[0]],
            series,
            title=self.topic(key).said("en"),
            counts=_counts(stage),
            breaks=[
                Break(period=each.from_.strftime("%Y-%m"), label=each.title) for each in self.register.at(key.stage, self.known.known_on)
            ],
        )

    def _answering(self, condition: Condition) -> set[str]:
        """Name the detectors that could judge the newest period."""
        series = SeriesKey(stage=condition.key.stage, subject=condition.key.subject)
        line = self.known.line(series, unit=condition.unit)
        judging = [name for name, scores in self.known.scores.items() if series in scores.panel.series]
        return {name for name in judging if line.newest is not None and line.judged(name, line.newest).status == "ok"}


def mark(known_on: date, settings: Settings) -> Mark:
    """Tell tonight from a past night, and both from an exercise."""
    if settings.exercise:
        return "exercise"
    return "past" if known_on < clock.today() else "live"


def _counts(stage: Stage) -> str:
    recipes = {source.RECIPE.name: source.RECIPE for source in SOURCES}
    first = stage.observed_by[0]
    return recipes[first.source].measures[first.measure].counts


def _notes(state: AlertState, said: Sequence[Act], silence: Act | None) -> tuple[str, ...]:
    """Give what officers said of an alert that holds still."""
    return tuple(str(act) for act in (acts.acknowledgement(state, said), silence) if act is not None)
