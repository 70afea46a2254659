"""A source's facts, as its YAML states them."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator

from pillarfour import strict_yaml
from pillarfour.errors import ConfigurationError
from pillarfour.model import Document, Link, Parsed


class Facts(BaseModel):
    """Strict and frozen: an unknown key is an error, a fact never changes while the program runs."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Publisher(Facts):
    """Who lets the figures out, and on which terms."""

    name: str
    country: str = Field(pattern="^[A-Z]{3}$")
    url: HttpUrl
    licence: str
    attribution: str


class Measure(Facts):
    """What is counted. Events are not persons."""

    unit: Literal["events", "persons"]
    counts: str
    cumulative: bool = True
    """Whether each document repeats the periods of its year that earlier ones gave; if not, leaving them out is no loss."""


class Cadence(Facts):
    """When to expect the next publication, in days after the end of the newest reference period."""

    every: Literal["month"] = "month"
    usual_delay_days: int
    latest_delay_days: int
    day_of_next_month: int | None = None
    """The rule for a document whose publication date is not known: this day of the month after its last period."""
    days_after_period: int | None = None
    """The same, as a number of days after the end of its last period."""


class Tls(Facts):
    """How far the publisher's certificate is trusted; an exception states its reason."""

    authority: str | None = None
    """A PEM file beside the recipe: the chain up to its root, pinned in place of the public authorities. ``load`` makes it absolute."""
    verify: bool = True
    reason: str | None = None


class Web(Facts):
    """How to read the publisher's pages politely."""

    pages: tuple[HttpUrl, ...]
    """The listing pages."""
    allowed_hosts: tuple[str, ...]
    content_types: tuple[str, ...]
    pause_seconds: float = 1.5
    timeout_seconds: float = 30
    """For the connection, and for each wait for the next bytes."""
    deadline_seconds: float = 300
    """For one page or document as a whole, repeated attempts and waits included."""
    attempts: int = 4
    first_wait_seconds: float = 3
    max_megabytes: int = 50
    tls: Tls = Tls()


class Table(Facts):
    """One published table and how to read what it leaves out."""

    title: str
    absent_nationality: Literal["zero", "not_published", "zero_if_listed"]
    """A nationality without a row counts zero; is hidden in other; or counts zero if ``listed``, else is hidden."""
    listed: tuple[str, ...] = ()
    picks: Mapping[str, tuple[str, ...]] = {}
    """The dimensions by which a stage may pick its rows, and the values of each as kept, such as the names of sectors; nested ones are
    taken from all depths, so that a layout's own lists can be repeated here by their anchor."""

    @field_validator("picks", mode="before")
    @classmethod
    def _words(cls, picks: Any) -> Any:
        return {name: tuple(_leaves(values)) for name, values in picks.items()} if isinstance(picks, Mapping) else picks


def _leaves(values: Any) -> Iterator[Any]:
    if isinstance(values, Mapping | list | tuple):
        for below in values.values() if isinstance(values, Mapping) else values:
            yield from _leaves(below)
    else:
        yield values


class Correction(Facts):
    """A mended error of the publisher's; it fails once the document no longer holds the error."""

    id: str
    reason: str
    reference: str
    document: str
    """A pattern of file names."""
    action: Literal["drop", "override", "scale", "flag"]
    where: Mapping[str, str]
    set: Mapping[str, str] = {}
    factor: float = 1
    expect_rows: int
    expect_total: int


class Tolerance(Facts):
    """How far a new release may move what an earlier one said, as a share of a period's total."""

    year_ends: int = Field(ge=1, le=12)
    """The last month of the publisher's year; periods of ended years are closed."""
    closed: float
    open: float
    floor: int = 0
    """A move of at most this many is never too much, so that a month of 20 may gain 3 where the tolerance is a share."""
    rows_may_vanish: bool
    """Whether a row of a closed period may go missing, as when a small country moves into *other*."""


class Views(Facts):
    """Tables that show the same events: never added up, and equal where they overlap."""

    tables: tuple[str, ...]
    by: Literal["region"]


class Waiver(Facts):
    """A known fault that shall not hold a release, until a date."""

    rule: str
    table: str
    reference_period: str
    reason: str
    until: date


class Recipe(Facts):
    """All that is known of a source without running code."""

    name: str
    title: str
    publisher: Publisher
    measures: Mapping[str, Measure]
    cadence: Cadence
    web: Web
    tables: Mapping[str, Table]
    tolerance: Tolerance
    views: Views | None = None
    corrections: tuple[Correction, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    layouts: Mapping[str, Any] = {}
    """What only this source's module reads: headers, lookups, names to ignore."""


class Client(Protocol):
    """What a source needs of the web."""

    def page(self, url: str) -> str:
        """Read a listing page's text."""
        ...

    def document(self, link: Link) -> Document | None:
        """Fetch a document; None where the publisher says it has not changed."""
        ...


class Source(Protocol):
    """One module of ``sources``, by the recipe of its stem."""

    RECIPE: Recipe

    def discover(self, client: Client) -> list[Link]:
        """Find the newest documents on the publisher's pages, oldest first."""
        ...

    def fetch(self, client: Client, link: Link) -> Document | None:
        """Fetch one of them; None where it has not changed."""
        ...

    def parse(self, document: Document) -> Parsed:
        """Read a document, of any of the source's layouts; pure."""
        ...


def load(module_file: str) -> Recipe:
    """Read the YAML that shares a source module's stem.

    Parameters
    ----------
    module_file
        The module's ``__file__``.

    Raises
    ------
    ConfigurationError
        Listing every fault as ``us_cbp.yaml:12:3: ...``.
    """
    path = Path(module_file).with_suffix(".yaml")
    recipe = strict_yaml.load(Recipe, path, error=ConfigurationError)
    faults = list(_faults(recipe, path))
    if faults:
        raise ConfigurationError("\n".join(faults))
    tls = recipe.web.tls
    if tls.authority:
        pinned = tls.model_copy(update={"authority": str(path.parent / tls.authority)})
        recipe = recipe.model_copy(update={"web": recipe.web.model_copy(update={"tls": pinned})})
    return recipe


def _faults(recipe: Recipe, path: Path) -> Iterator[str]:
    if recipe.name != path.stem:
        yield f"{path.name}: name: {recipe.name!r} is not the file's stem; name it {path.stem!r}"
    if (recipe.cadence.day_of_next_month is None) == (recipe.cadence.days_after_period is None):
        yield f"{path.name}: cadence: give exactly one of day_of_next_month and days_after_period"
    if not recipe.web.tls.verify and not recipe.web.tls.reason:
        yield f"{path.name}: web.tls: verify is off without a reason; state the reason"
    if recipe.web.tls.authority and not (path.parent / recipe.web.tls.authority).is_file():
        yield f"{path.name}: web.tls: authority: {recipe.web.tls.authority!r} is not beside the recipe; put the PEM file there"
    for table in (*(recipe.views.tables if recipe.views else ()), *(waiver.table for waiver in recipe.waivers)):
        if table not in recipe.tables:
            yield f"{path.name}: {table!r} is not one of the tables {', '.join(recipe.tables)}"
