"""The conditions of ``triggers.yaml``: leaves that look at a series, and all / any / not / at_least of them.

A new leaf is a class here and a key of ``Test``; a test goes through ``LEAVES`` and names each table that it is still missing from.
CONTRIBUTING.md lists them.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pillarfour.alerts.model import Level
from pillarfour.recipe import Facts
from pillarfour.strict_yaml import Location
from pillarfour.triggers.names import known, wrong

Direction = Literal["up", "down"]
DetectorName = Annotated[str, known("detector")]
SourceName = Annotated[str, known("source")]
BreakName = Annotated[str, known("break")]
StageName = Annotated[str, known("stage")]

LONGEST = 120
"""Periods that a rule looks back, at the most: ten years of months."""


class DetectorLeaf(Facts):
    """A detector's score reaches a threshold; 1 is the detector's own alarm.

    The floor is what the figure must reach for a rise, and what must have been expected for a fall.
    """

    use: DetectorName
    direction: Direction
    score: float = Field(default=1.0, gt=0)
    floor: float | None = Field(default=None, ge=0)


class LevelLeaf(Facts):
    """The figure itself, in its unit: ``counts`` where a trigger spans stages that count persons and stages that count events."""

    at_least: float | None = Field(default=None, ge=0)
    at_most: float | None = Field(default=None, ge=0)
    unit: Literal["persons", "events", "counts"]

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise wrong("no bound; give at_least or at_most")
        return self


class GrowthLeaf(Facts):
    """The figure against the one ``over_periods`` before: at least ``factor`` times it, or for a factor under 1 at most.

    The floor is what the figure must reach for a rise, and what the earlier figure must have been for a fall.
    """

    over_periods: int = Field(ge=1, le=LONGEST)
    factor: float = Field(gt=0)
    floor: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _moving(self) -> Self:
        if self.factor == 1:
            raise wrong("a factor of 1 is no growth; give more for a rise, less for a fall")
        return self


class NewHighLeaf(Facts):
    """The figure exceeds every one of the ``over_periods`` before it."""

    over_periods: int = Field(ge=2, le=LONGEST)
    floor: float | None = Field(default=None, ge=0)


class ShareLeaf(Facts):
    """The figure as a share of its stage's total, in the period itself or ``periods_before`` it.

    The floor is what the stage's total must reach: a share of a handful says nothing. A nationality that is not published apart is
    at most as many as *other*.
    """

    at_least: float | None = Field(default=None, gt=0, le=1)
    at_most: float | None = Field(default=None, ge=0, lt=1)
    periods_before: int = Field(default=0, ge=0, le=LONGEST)
    floor: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise wrong("no bound; give at_least or at_most")
        return self


class RevisionLeaf(Facts):
    """The stage's newest release moved a figure that an earlier one gave, by this share of it and by the floor at least.

    The newest ``over_periods`` periods are looked at.
    """

    share: float = Field(gt=0)
    floor: float = Field(ge=1)
    over_periods: int = Field(default=24, ge=1, le=LONGEST)


class BreakLeaf(Facts):
    """A structural break of the stage, as the register has it, is in force in the period; or began at most ``within_months`` before."""

    id: BreakName | None = None
    within_months: int | None = Field(default=None, ge=1, le=60)


class StalenessLeaf(Facts):
    """A source's next period is overdue by so many days, counted from when its publisher usually has it out."""

    source: SourceName
    days: int = Field(ge=1, le=3650)


class UpstreamLeaf(Facts):
    """Corridor confirmation: this trigger was met at an earlier stage, at this level or above, within the months before."""

    stage: StageName
    level: Level
    within_months: int = Field(ge=1, le=24)


class ForecastLeaf(Facts):
    """What is expected of the figure itself, by an earlier stage that leads it, in one of the ``within_months`` after the newest one.

    Held against the central expectation, or with ``by: lower`` against the lower end of its range; as far as the lag reaches. Where no lag
    is usable it is open. A lag is looked for among all the pairs that the trigger asks about, and chance is corrected for as many.
    """

    from_: StageName = Field(alias="from")
    within_months: int = Field(ge=1, le=12)
    at_least: float = Field(gt=0)
    unit: Literal["persons", "events", "counts"]
    by: Literal["expected", "lower"] = "expected"


class CompositionLeaf(Facts):
    """The mix of nationalities of the stage moved as far as the detector's own alarm, which is a score of 1: further than in its history.

    The floor is what the stage's total must reach: the mix of a handful says nothing. ``share`` is by how much the share of the
    nationality that leads must have moved, as a part of one: where mixes are steady, a record is a small thing.
    """

    use: DetectorName
    score: float = Field(default=1.0, gt=0)
    share: float | None = Field(default=None, gt=0, lt=1)
    floor: float | None = Field(default=None, ge=0)


class AtLeast(Facts):
    """So many of a list of tests."""

    n: int = Field(ge=1)
    of: tuple["Test", ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.n > len(self.of):
            raise wrong(f"{self.n} of {len(self.of)} tests can never hold; lower n")
        return self


Leaf = (
    DetectorLeaf
    | LevelLeaf
    | GrowthLeaf
    | NewHighLeaf
    | ShareLeaf
    | CompositionLeaf
    | RevisionLeaf
    | BreakLeaf
    | StalenessLeaf
    | UpstreamLeaf
    | ForecastLeaf
)
ScoredLeaf = DetectorLeaf | CompositionLeaf
"""Those that rest on a detector, which they name by ``use``."""

COMPOSED = ("all", "any", "not", "at_least")


class Test(Facts):
    """One node of a condition: exactly one of its keys."""

    __test__ = False  # pytest: this is no test class

    all_: tuple["Test", ...] | None = Field(default=None, alias="all", min_length=1)
    any_: tuple["Test", ...] | None = Field(default=None, alias="any", min_length=1)
    not_: "Test | None" = Field(default=None, alias="not")
    at_least: AtLeast | None = None
    detector: DetectorLeaf | None = None
    level: LevelLeaf | None = None
    growth: GrowthLeaf | None = None
    new_high: NewHighLeaf | None = None
    share: ShareLeaf | None = None
    composition: CompositionLeaf | None = None
    revision: RevisionLeaf | None = None
    break_in_force: BreakLeaf | None = None
    staleness: StalenessLeaf | None = None
    upstream: UpstreamLeaf | None = None
    forecast: ForecastLeaf | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [key for key in (*COMPOSED, *LEAVES) if getattr(self, _attribute(key)) is not None]
        if len(given) != 1:
            said = f"{' and '.join(given)} stand side by side" if given else "an empty condition"
            raise wrong(f"{said}; give exactly one of {', '.join((*COMPOSED, *LEAVES))}, and join several by all or any")
        return self

    @cached_property
    def kind(self) -> str:
        """Which of its keys it has."""
        return next(key for key in (*COMPOSED, *LEAVES) if getattr(self, _attribute(key)) is not None)

    @cached_property
    def leaf(self) -> Leaf | None:
        """What it looks at; None where it is composed."""
        found: Leaf | None = getattr(self, self.kind) if self.kind in LEAVES else None
        return found

    @cached_property
    def parts(self) -> tuple["Test", ...]:
        """What it is composed of; nothing where it is a leaf."""
        if self.at_least is not None:
            return self.at_least.of
        return self.all_ or self.any_ or ((self.not_,) if self.not_ is not None else ())

    def step(self, number: int) -> Location:
        """Give the way from this node to one of its parts."""
        match self.kind:
            case "not":
                return ("not",)
            case "at_least":
                return ("at_least", "of", number)
        return (self.kind, number)

    def leaves(self, location: Location = ()) -> Iterator[tuple[Location, Leaf, bool]]:
        """Give every leaf with its location and whether a ``not`` turns it round."""
        if self.leaf is not None:
            yield (*location, self.kind), self.leaf, False
        for number, part in enumerate(self.parts):
            for place, leaf, turned in part.leaves((*location, *self.step(number))):
                yield place, leaf, turned != (self.kind == "not")


LEAVES = tuple(name for name in Test.model_fields if name.rstrip("_") not in COMPOSED)
"""The keys of the leaves, in the order in which messages list them."""


def _attribute(key: str) -> str:
    return f"{key}_" if key in {"all", "any", "not"} else key
