"""The named things of ``triggers.yaml``: groups, stages, detectors with parameters, responses, recipients."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import ErrorDetails

from pillarfour import strict_yaml
from pillarfour.alerts.model import Level
from pillarfour.model import DIMENSIONS
from pillarfour.recipe import Facts
from pillarfour.strict_yaml import Location
from pillarfour.triggers.conditions import SourceName
from pillarfour.triggers.names import Distinct, Names, known, once

Role = Literal["sending", "transit", "transit_and_receiving", "receiving"]
Unit = Literal["persons", "events"]

BREAKS_BY = ("restart_after", "leave_out")
"""The parameters of detectors that name structural breaks."""

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
    nationalities: Annotated[tuple[Nationality, ...], Distinct] = Field(min_length=2)
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
            if self.table in recipe.tables:
                found += self._picks(recipe.tables[self.table].picks)
        if found:
            raise strict_yaml.several(found)
        return self

    def _picks(self, picks: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[Location, str]]:
        """Find rows that the table does not have; nothing where its recipe lists none."""
        for name, value in self.where.items() if picks else ():
            if name in picks and value not in picks[name]:
                yield ("where", name), strict_yaml.unknown(f"{name} of {self.source} {self.table}", value, picks[name])
            elif name in DIMENSIONS and name not in picks:
                yield ("where", name), f"{self.source} {self.table} picks no rows by {name}; known: {', '.join(picks)}"


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
            if found := list(self._unknown_breaks(info.context)):
                raise strict_yaml.several(found)
        return self

    def _unknown_breaks(self, names: Names) -> Iterator[tuple[Location, str]]:
        """Find structural breaks that the register does not have."""
        for manner in BREAKS_BY:
            for number, name in enumerate(self.parameters.get(manner, ())):
                if name not in names.words["break"]:
                    yield ("parameters", manner, number), strict_yaml.unknown("structural break", name, names.words["break"])


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


def _parameter_fault(fault: ErrorDetails, method: str, model: type[BaseModel]) -> tuple[Location, str]:
    location: Location = ("parameters", *fault["loc"])
    if fault["type"] == "extra_forbidden":
        return location, strict_yaml.unknown(f"parameter of {method}", str(location[-1]), list(model.model_fields))
    return location, strict_yaml.said(fault)
