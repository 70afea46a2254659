"""The register of structural breaks: when a series changed for reasons that are not the flow."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Self

from pydantic import AnyUrl, Field, field_validator, model_validator

from pillarfour import strict_yaml
from pillarfour.errors import ConfigurationError
from pillarfour.recipe import Facts

REGISTER = Path(__file__).resolve().parents[1] / "data" / "structural_breaks.yaml"


class StructuralBreak(Facts):
    """A change of law, definition or border, with its source."""

    id: str
    title: str
    stages: tuple[str, ...] = Field(min_length=1)
    from_: date = Field(alias="from")
    to: date | None = None
    source: AnyUrl

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to is not None and self.to < self.from_:
            raise ValueError(f"{self.id} ends on {self.to}, before it begins on {self.from_}; put the earlier day into from")
        return self


class Register(Facts):
    """The whole file."""

    breaks: tuple[StructuralBreak, ...]

    @field_validator("breaks")
    @classmethod
    def _each_id_once(cls, breaks: tuple[StructuralBreak, ...]) -> tuple[StructuralBreak, ...]:
        twice = [name for name, times in Counter(each.id for each in breaks).items() if times > 1]
        if twice:
            raise ValueError(f"{twice[0]} is the id of two breaks; a detector names one by it, so give each its own")
        return breaks

    def at(self, stage: str, known_on: date) -> tuple[StructuralBreak, ...]:
        """Give the breaks of a stage that had begun by a day, in the order of their dates."""
        return tuple(sorted((each for each in self.breaks if stage in each.stages and each.from_ <= known_on), key=lambda each: each.from_))


def load(path: Path = REGISTER) -> Register:
    """Read the register.

    Raises
    ------
    ConfigurationError
        Listing every fault with its line and column.
    """
    return strict_yaml.load(Register, path, error=ConfigurationError)
