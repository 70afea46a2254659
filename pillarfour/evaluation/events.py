"""The labelled events: what happened, when, to whom, and at which stages it should show."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AnyUrl, Field, StringConstraints, model_validator

from pillarfour import strict_yaml
from pillarfour.errors import ConfigurationError
from pillarfour.recipe import Facts

EVENTS = Path(__file__).resolve().parents[2] / "data" / "events.yaml"

Class = Literal["surge", "collapse", "policy", "data_error", "definition"]
Expected = Literal["up", "down", "later_up"]
"""Which way the figures should go: at once, or for ``later_up`` after some months."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Event(Facts):
    """Something that happened, as others have told it.

    Parameters
    ----------
    onset, precision
        The day; the first of the month where only the month or the season is known.
    expected
        Of each stage, which way its figures should go; nothing where no source says so.
    unseen
        Why it cannot show in the record, and is not scored.
    """

    id: Annotated[str, StringConstraints(pattern="^[ED][0-9]{2}$")]
    title: Words
    class_: Class = Field(alias="class")
    onset: date
    precision: Literal["day", "month", "season"]
    nationalities: Literal["all"] | tuple[Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")], ...]
    expected: Mapping[Literal["darien", "mexico", "us_southwest"], tuple[Expected, ...]] = Field(min_length=1)
    evidence: Words
    note: Words | None = None
    unseen: Words | None = None
    source: AnyUrl

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.precision != "day" and self.onset.day != 1:
            raise ValueError(f"the onset of a {self.precision} is its first day; write {self.onset.replace(day=1)}")
        return self


class Events(Facts):
    """The whole file."""

    events: tuple[Event, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [event.id for event in self.events]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} stands twice; give every event one id")
        return self


def load(path: Path = EVENTS) -> tuple[Event, ...]:
    """Read the labelled events, in the order of their onset.

    Raises
    ------
    ConfigurationError
        Listing every fault with its line and column.
    """
    return tuple(sorted(strict_yaml.load(Events, path, error=ConfigurationError).events, key=lambda event: (event.onset, event.id)))
