"""What ``triggers.yaml`` says: strict, frozen, and readable without code."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from pillarfour import strict_yaml
from pillarfour.alerts.model import Kind, Level
from pillarfour.model import SeriesKey
from pillarfour.recipe import Facts
from pillarfour.strict_yaml import Location
from pillarfour.triggers.conditions import LONGEST, BreakLeaf, Direction, ForecastLeaf, Leaf, ScoredLeaf, StageName, StalenessLeaf, Test
from pillarfour.triggers.meaning import faults_of
from pillarfour.triggers.names import Distinct, free, known, once, wrong
from pillarfour.triggers.vocabulary import DetectorInstance, Group, Name, Recipient, Response, Stage, Title, Words

__all__ = ["Approval", "Group", "Held", "Rule", "Series", "Stage", "Top", "Trigger", "Triggers"]

TriggerStatus = Literal["test", "active", "retired"]


class Held(Facts):
    """A test must hold in so many of the newest periods, or after so many of the newest releases; ``of`` left out means all of them.

    Held in periods it is a matter of time: each period as it is known tonight. Held in releases it is a matter of trust: the newest period
    as it was known after each publication that supplied the stage, so that a figure which the next release takes back never counts.
    Releases of one day are one publication.
    """

    periods: int = Field(default=1, ge=1, le=LONGEST)
    releases: int | None = Field(default=None, ge=1, le=LONGEST)
    of: int = Field(default=0, ge=0, le=LONGEST)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if {"periods", "releases"} <= self.model_fields_set:
            raise wrong("periods and releases stand side by side; give one of them")
        if self.of and self.of < self.needed:
            raise wrong(f"{self.needed} of {self.of} {self.counted} can never hold; raise of")
        return self

    @property
    def counted(self) -> Literal["periods", "releases"]:
        """What is counted."""
        return "periods" if self.releases is None else "releases"

    @property
    def needed(self) -> int:
        """In how many of them the test must hold."""
        return self.periods if self.releases is None else self.releases

    @property
    def window(self) -> int:
        """How many of the newest are looked at."""
        return self.of or self.needed


class Rule(Test):
    """A condition and how long it must hold."""

    for_: Held = Field(default=Held(), alias="for")


class Top(Facts):
    """The nationalities that were ever among the ``nationalities`` largest of a stage, by the sum of ``over_periods`` successive periods.

    On a night only what is known on it counts. Who was once among the largest stays watched, so that an alert can end.
    """

    nationalities: int = Field(ge=1, le=30)
    over_periods: int = Field(default=12, ge=1, le=LONGEST)


class Series(Facts):
    """Which lines of counts a trigger watches: at each stage one subject, each of a list, or each of the largest nationalities."""

    stages: Annotated[tuple[StageName, ...], Distinct] = Field(min_length=1)
    subject: Annotated[str, known("subject")] | None = None
    for_each: Annotated[tuple[Annotated[str, known("subject")], ...], Field(min_length=1), Distinct] | None = None
    for_each_top: Top | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if [self.subject, self.for_each, self.for_each_top].count(None) != 2:  # noqa: PLR2004 - one of three
            raise wrong("give exactly one of subject, for_each and for_each_top")
        return self

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subject, or each of the list; nothing where the figures of the night say whom."""
        return (self.subject,) if self.subject is not None else self.for_each or ()


class Approval(Facts):
    """Who agreed to a trigger as it stands; ``sha256`` is its content hash on that day."""

    by: Words
    on: date
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Trigger(Facts):
    """An agreement: what is watched, when each level is reached, what follows, and why."""

    id: Annotated[Name, once("trigger")]
    title: Title
    status: TriggerStatus
    kind: Kind
    owner: Words
    approval: Approval | None = None
    rationale: Words
    references: tuple[Words, ...] = Field(min_length=1)
    series: Series
    direction: Direction | None = None
    """Which way the figures are expected to go; a surge goes up and a collapse down."""
    levels: Mapping[Level, Rule] = Field(min_length=1)
    clear: Rule
    """When the alert ends: not where its start no longer holds, but where this does."""
    cooldown_days: int = Field(default=0, ge=0, le=366)
    """For so long after news of the alert its lesser changes go to the digest; a rise is always told."""
    false_alarms_per_year: float | None = Field(default=None, gt=0)
    """The budget: how many false alarms a year of one series the signatories put up with."""
    response: Annotated[str, known("response")]
    notify: Annotated[tuple[Annotated[str, known("recipient")], ...], Distinct] = Field(min_length=1)

    @model_validator(mode="after")
    def _means_something(self, info: ValidationInfo) -> Self:
        if found := list(faults_of(self, info.context)):
            raise strict_yaml.several(found)
        return self

    @property
    def watched(self) -> bool:
        """Whether the nightly asks it; a test trigger is asked and recorded as such."""
        return self.status != "retired"

    @property
    def by_the_clock(self) -> bool:
        """Whether its answer can change on a night on which nothing was published."""
        return self.asks(StalenessLeaf) or self.asks(BreakLeaf)

    @cached_property
    def rests_on(self) -> frozenset[str]:
        """The stages whose figures its answers follow from: those that it watches, and those that its forecasts are made from."""
        return frozenset(self.series.stages).union(leaf.from_ for leaf in self.leaves if isinstance(leaf, ForecastLeaf))

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every leaf of every rule."""
        return tuple(leaf for _, rule in self.rules() for _, leaf, _ in rule.leaves())

    def asks(self, kind: type[Leaf]) -> bool:
        """Whether any of its rules has a leaf of this kind."""
        return any(isinstance(leaf, kind) for leaf in self.leaves)

    def rules(self) -> Iterator[tuple[Location, Rule]]:
        """Give the rule of each level, and of the end, with its location."""
        for level, rule in self.levels.items():
            yield ("levels", level), rule
        yield ("clear",), self.clear


class Triggers(Facts):
    """The whole file."""

    version: Literal[1]
    groups: Mapping[Annotated[Name, AfterValidator(free)], Group]
    stages: tuple[Stage, ...] = Field(min_length=1)
    detectors: Mapping[Name, DetectorInstance]
    responses: Mapping[Name, Response]
    recipients: Mapping[Name, Recipient]
    triggers: tuple[Trigger, ...] = Field(min_length=1)

    def stage(self, name: str) -> Stage:
        """Give the stage of this name."""
        return next(stage for stage in self.stages if stage.id == name)

    def trigger(self, name: str) -> Trigger:
        """Give the trigger of this name."""
        return next(trigger for trigger in self.triggers if trigger.id == name)

    def series(self) -> tuple[SeriesKey, ...]:
        """Give every line of counts that the file names for a watched trigger, in travel order; outages need none."""
        order = [stage.id for stage in self.stages]
        keys = {
            SeriesKey(stage=stage, subject=subject)
            for trigger in self.triggers
            if trigger.watched and trigger.kind != "outage"
            for stage in trigger.series.stages
            for subject in trigger.series.subjects
        }
        return tuple(sorted(keys, key=lambda key: (order.index(key.stage), key.subject)))

    def sha256(self, name: str) -> str:
        """Give a trigger's content hash: of its canonical JSON with all that it refers to, so that any change of meaning shows.

        Its approval is left out: it approves the rest.
        """
        trigger = self.trigger(name)
        leaves = trigger.leaves
        used = {leaf.use for leaf in leaves if isinstance(leaf, ScoredLeaf)}
        content = {
            "trigger": _content(trigger.model_copy(update={"approval": None})),
            "detectors": {use: _content(self.detectors[use]) for use in used},
            "groups": {subject: _content(self.groups[subject]) for subject in trigger.series.subjects if subject in self.groups},
            "stages": {stage.id: _content(stage) for stage in self.stages if stage.id in trigger.rests_on},
            "response": _content(self.responses[trigger.response]),
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(canonical.encode()).hexdigest()


def _content(facts: Facts) -> dict[str, Any]:
    return facts.model_dump(mode="json", by_alias=True, exclude_defaults=True)
