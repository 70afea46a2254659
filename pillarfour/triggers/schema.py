"""What ``triggers.yaml`` says: strict, frozen, and readable without code."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import ErrorDetails

from pillarfour import strict_yaml
from pillarfour.alerts.model import Kind, Level
from pillarfour.model import DIMENSIONS, SeriesKey
from pillarfour.recipe import Facts
from pillarfour.strict_yaml import Location
from pillarfour.triggers.conditions import SourceName, StageName, Test, UpstreamLeaf
from pillarfour.triggers.meaning import faults_of
from pillarfour.triggers.names import Names, known, once, wrong

Role = Literal["sending", "transit", "transit_and_receiving", "receiving"]
TriggerStatus = Literal["test", "active", "retired"]
Unit = Literal["persons", "events"]

Nationality = Annotated[str, known("nationality")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Words = Annotated[str, Field(min_length=1)]


class Title(Facts):
    """A name to show, in the task force's two languages."""

    en: Words
    es: Words


class Group(Facts):
    """Nationalities that move as one, and why."""

    title: Title
    nationalities: tuple[Nationality, ...] = Field(min_length=2)
    reason: Words


class ObservedBy(Facts):
    """A published series that observes a stage; ``where`` picks its rows by dimension."""

    source: SourceName
    table: str
    measure: str
    where: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _published(self, info: ValidationInfo) -> Self:
        found: list[tuple[Location, str]] = [
            (("where", key), strict_yaml.unknown("dimension", key, DIMENSIONS)) for key in self.where if key not in DIMENSIONS
        ]
        if isinstance(info.context, Names):
            recipe = info.context.recipes[self.source]
            for kind, word, words in (("table", self.table, recipe.tables), ("measure", self.measure, recipe.measures)):
                if word not in words:
                    found.append(((kind,), strict_yaml.unknown(f"{kind} of {self.source}", word, list(words))))
        if found:
            raise strict_yaml.several(found)
        return self


class Stage(Facts):
    """A place on the way where somebody counts; the list is in the order of travel.

    ``observed_by`` is in the order of preference.
    """

    id: Annotated[Name, once("stage")]
    title: Title
    country: Nationality
    role: Role
    unit: Unit
    observed_by: tuple[ObservedBy, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_unit(self, info: ValidationInfo) -> Self:
        if isinstance(info.context, Names):
            found: list[tuple[Location, str]] = []
            for number, series in enumerate(self.observed_by):
                unit = info.context.recipes[series.source].measures[series.measure].unit
                if unit != self.unit:
                    message = f"{series.source} counts {series.measure} in {unit}, the stage in {self.unit}; give the stage the same unit"
                    found.append((("observed_by", number, "measure"), message))
            if found:
                raise strict_yaml.several(found)
        return self


class DetectorInstance(Facts):
    """A method with its parameters, under a name that conditions use; parameters left out have the method's defaults."""

    method: Annotated[str, known("method")]
    parameters: Mapping[str, Any] = {}
    reason: Words

    @model_validator(mode="after")
    def _taken(self, info: ValidationInfo) -> Self:
        if isinstance(info.context, Names) and self.parameters:
            model = info.context.methods[self.method].parameters_type
            try:
                model.model_validate(dict(self.parameters))
            except ValidationError as cause:
                raise strict_yaml.several([_parameter_fault(fault, self.method, model) for fault in cause.errors()]) from cause
        return self


class Response(Facts):
    """What the signatories do at each level, and within how many hours."""

    title: Title
    levels: Mapping[Level, "Action"] = Field(min_length=1)


class Action(Facts):
    """One step of a response."""

    within_hours: int = Field(ge=1)
    en: Words
    es: Words


class Recipient(Facts):
    """Who is told; addresses come from configuration."""

    title: Title


class Held(Facts):
    """A test must hold in so many of the newest periods; ``of`` left out means all of them."""

    periods: int = Field(default=1, ge=1)
    of: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.of and self.of < self.periods:
            raise wrong(f"{self.periods} of {self.of} periods can never hold; raise of")
        return self

    @property
    def window(self) -> int:
        """How many of the newest periods are looked at."""
        return self.of or self.periods


class Rule(Test):
    """A condition and how long it must hold."""

    for_: Held = Field(default=Held(), alias="for")


class Series(Facts):
    """Which lines of counts a trigger watches: at each stage one subject, or each of a list."""

    stages: tuple[StageName, ...] = Field(min_length=1)
    subject: Annotated[str, known("subject")] | None = None
    for_each: tuple[Annotated[str, known("subject")], ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.subject is None) == (self.for_each is None):
            raise wrong("give exactly one of subject and for_each")
        return self

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subject, or each of the list."""
        return (self.subject,) if self.subject is not None else self.for_each or ()


class Trigger(Facts):
    """An agreement: what is watched, when each level is reached, what follows, and why."""

    id: Annotated[Name, once("trigger")]
    title: Title
    status: TriggerStatus
    kind: Kind
    owner: Words
    rationale: Words
    references: tuple[Words, ...] = Field(min_length=1)
    series: Series
    levels: Mapping[Level, Rule] = Field(min_length=1)
    clear: Rule
    """When the alert ends: not where its start no longer holds, but where this does."""
    response: Annotated[str, known("response")]
    notify: tuple[Annotated[str, known("recipient")], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _means_something(self, info: ValidationInfo) -> Self:
        if found := list(faults_of(self, info.context)):
            raise strict_yaml.several(found)
        return self

    @property
    def watched(self) -> bool:
        """Whether the nightly asks it; a test trigger is asked and recorded as such."""
        return self.status != "retired"

    def rules(self) -> Iterator[tuple[Location, Rule]]:
        """Give the rule of each level, and of the end, with its location."""
        for level, rule in self.levels.items():
            yield ("levels", level), rule
        yield ("clear",), self.clear


class Triggers(Facts):
    """The whole file."""

    version: Literal[1]
    groups: Mapping[Name, Group]
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
        """Give every line of counts that a watched trigger needs, in travel order; outages need none."""
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
        """Give a trigger's content hash: of its canonical JSON with all that it refers to, so that any change of meaning shows."""
        trigger = self.trigger(name)
        leaves = [leaf for _, rule in trigger.rules() for _, leaf, _ in rule.leaves()]
        upstream = {leaf.stage for leaf in leaves if isinstance(leaf, UpstreamLeaf)}
        used = {leaf.use for leaf in leaves if hasattr(leaf, "use")}
        content = {
            "trigger": _content(trigger),
            "detectors": {use: _content(self.detectors[use]) for use in used},
            "groups": {subject: _content(self.groups[subject]) for subject in trigger.series.subjects if subject in self.groups},
            "stages": {stage.id: _content(stage) for stage in self.stages if stage.id in upstream.union(trigger.series.stages)},
            "response": _content(self.responses[trigger.response]),
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(canonical.encode()).hexdigest()


def _content(facts: Facts) -> dict[str, Any]:
    return facts.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _parameter_fault(fault: ErrorDetails, method: str, model: type[BaseModel]) -> tuple[Location, str]:
    location: Location = ("parameters", *fault["loc"])
    if fault["type"] == "extra_forbidden":
        return location, strict_yaml.unknown(f"parameter of {method}", str(location[-1]), list(model.model_fields))
    return location, strict_yaml.said(fault)
