"""The cases of ``tests/triggers``: figures in compact notation, a clock, releases and revisions, and what must stand when."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from pillarfour import strict_yaml
from pillarfour.alerts.model import Level, State
from pillarfour.errors import TriggerError
from pillarfour.model import OTHER
from pillarfour.recipe import Facts
from pillarfour.strict_yaml import Location
from pillarfour.triggers.names import wrong
from pillarfour.triggers.schema import Triggers
from pillarfour.triggers.vocabulary import Words

STEP = re.compile(r"(\d+(?:\.\d+)?|_)(?:x([1-9]\d{0,3}))?", re.ASCII)
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


def figures_of(text: str | int) -> tuple[float | None, ...]:
    """Read ``100x11 300x2 _ 0``: 100 eleven times, 300 twice, one not published, zero.

    Raises
    ------
    PydanticCustomError
        Naming the first word that is none of these.
    """
    found: list[float | None] = []
    for word in str(text).split():
        step = STEP.fullmatch(word)
        if step is None:
            raise wrong(f'"{word}" is no figure; write 300, 300x2 for two of them, _ for not published')
        found += [None if step[1] == "_" else float(step[1])] * int(step[2] or 1)
    return tuple(found)


def _notation(text: str | int) -> str | int:
    figures_of(text)
    return text


def _series(text: str) -> str:
    if text.count("/") != 1:
        raise wrong(f'"{text}" is no series; write a stage and a subject, as darien/haitian')
    return text


Notation = Annotated[str | int, AfterValidator(_notation)]
SeriesName = Annotated[str, AfterValidator(_series)]


class Says(Facts):
    """A release that says something else than the figures, or first says it: out on a day, with its periods and what it gives for each."""

    on: date
    series: SeriesName
    figures: Mapping[Month, Notation] = Field(min_length=1)


class Withheld(Facts):
    """A source that publishes nothing from one day to another; what was due comes on the last day."""

    source: str
    from_: date = Field(alias="from")
    to: date


class Expected(Facts):
    """An alert that must stand: its series, level, and words of the reason that it was last changed for."""

    alert: SeriesName
    state: State = "active"
    level: Level | None = None
    because: str | None = None


class NightCase(Facts):
    """One night of the clock: every alert that must stand after it, and no other; an empty list means that none may."""

    on: date
    expect: tuple[Expected, ...]
    rendered: str | None = None
    """The night's changes as text, a line each; see ``cases.render``."""


class Case(Facts):
    """What a trigger must say of some figures.

    The clock starts on the first night: nothing is decided before it. Each period is published so many days after its end as the
    source's recipe calls usual, unless it is withheld or a release says it earlier.
    """

    case: Words
    starts: Month
    figures: Mapping[SeriesName, Notation] = Field(min_length=1)
    says: tuple[Says, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    nights: tuple[NightCase, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [night.on for night in self.nights]
        if days != sorted(set(days)):
            raise wrong("the nights are out of order; put them by their dates, each once")
        return self

    @property
    def fires(self) -> bool:
        """Whether an alert must stand on any of its nights."""
        return any(expected.state == "active" for night in self.nights for expected in night.expect)

    @property
    def silent(self) -> bool:
        """Whether no alert may have changed by any of its nights: one that has ended did fire."""
        return not any(night.expect for night in self.nights)


class CaseFile(Facts):
    """The cases of one trigger."""

    trigger: Words
    cases: tuple[Case, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _known(self, info: ValidationInfo) -> Self:
        if isinstance(info.context, Triggers) and (found := list(_faults(self, info.context))):
            raise strict_yaml.several(found)
        return self


def load(path: Path, *, triggers: Triggers) -> CaseFile:
    """Read the cases of a trigger.

    Raises
    ------
    TriggerError
        Listing every fault as ``darien-surge.yaml:12:5: cases.0.nights: …``.
    """
    return strict_yaml.validate(CaseFile, strict_yaml.read(path, error=TriggerError), error=TriggerError, context=triggers)


def _faults(file: CaseFile, triggers: Triggers) -> list[tuple[Location, str]]:
    """Find names that the file of triggers does not know."""
    names = [trigger.id for trigger in triggers.triggers]
    if file.trigger not in names:
        return [(("trigger",), strict_yaml.unknown("trigger", file.trigger, names))]
    watched = triggers.trigger(file.trigger).series
    stages = [stage.id for stage in triggers.stages]
    sources = {by.source for stage in triggers.stages for by in stage.observed_by}
    found: list[tuple[Location, str]] = []
    for number, case in enumerate(file.cases):
        at: Location = ("cases", number)
        named = [((*at, "figures", name), name) for name in case.figures]
        named += [((*at, "says", place, "series"), each.series) for place, each in enumerate(case.says)]
        expected = [
            ((*at, "nights", night, "expect", place, "alert"), each.alert)
            for night, asked in enumerate(case.nights)
            for place, each in enumerate(asked.expect)
        ]
        found += [
            (place, strict_yaml.unknown("stage", name.partition("/")[0], stages))
            for place, name in (*named, *expected)
            if name.partition("/")[0] not in stages
        ]
        found += [
            (place, f"the trigger does not watch {name}; expect one of its own series")
            for place, name in expected
            if name.partition("/")[0] in stages and not _watches(watched, name)
        ]
        found += [
            ((*at, "withheld", place, "source"), strict_yaml.unknown("source", each.source, sources))
            for place, each in enumerate(case.withheld)
            if each.source not in sources
        ]
    return found


def _watches(series: object, name: str) -> bool:
    stage, _, subject = name.partition("/")
    stages, subjects = getattr(series, "stages", ()), getattr(series, "subjects", ())
    return stage in stages and (subject in subjects or (not subjects and subject != OTHER))
