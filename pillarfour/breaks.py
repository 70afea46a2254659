"""The register of structural breaks: when a series changed for reasons that are not the flow."""

from datetime import date
from pathlib import Path

from pydantic import AnyUrl, Field

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


class Register(Facts):
    """The whole file."""

    breaks: tuple[StructuralBreak, ...]

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
