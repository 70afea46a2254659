"""What a night found: everything its message says, as plain facts."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pillarfour.alerts.model import AlertState, Condition, Level, Transition
from pillarfour.model import Basis, Release
from pillarfour.report.charts import Chart

Mark = Literal["live", "past", "exercise"]
"""A real night; a past date derived again; or an exercise."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Who and where, in the reader's words.

    Parameters
    ----------
    subject
        ``Haitian nationals``, ``all nationalities``, or a source's title.
    place
        The stage's name, such as ``Darién``; empty where there is none.
    counts
        What is counted, as the recipe's measure says it; empty where nothing is counted.
    """

    subject: str
    place: str = ""
    counts: str = ""

    def __str__(self) -> str:
        """Read as ``Haitian nationals, Darién``."""
        return ", ".join(part for part in (self.subject, self.place) if part)


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """How far a source's figures reach, and when it was last looked at.

    Parameters
    ----------
    published_on, published_basis
        Of the release that supplies ``newest_period``.
    days_since
        From ``published_on`` to the night.
    failures
        What went wrong on this night's looks, in words.
    attribution
        The sentence that the publisher's terms ask for.
    rebuilt
        Whether its documents were rebuilt from published figures and are not the publisher's originals.
    """

    source: str
    title: str
    newest_period: str | None = None
    published_on: date | None = None
    published_basis: Basis | None = None
    days_since: int | None = None
    next_expected_on: date | None = None
    last_looked_at: datetime | None = None
    failures: tuple[str, ...] = ()
    attribution: str = ""
    rebuilt: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """One nationality's share of a group's figure; None where it is not published apart."""

    name: str
    value: float | None


@dataclass(frozen=True, kw_only=True)
class News:
    """An alert that changed this night, with what an officer needs to judge it.

    Parameters
    ----------
    since
        The night from which the alert stands without a gap; for one that ended, had stood.
    clears
        What would end it, in words, beside the condition's own evidence.
    parts
        The nationalities behind a group's figure in ``transition.condition.reference_period``.
    releases
        The releases it was read from, those of the condition.
    caveats
        What is known to disturb these figures: structural breaks, changes of definition.
    response
        What the trigger's owner has agreed to do, step by step.
    case
        The movement that it is a part of, and what else stands in it, in words.
    """

    transition: Transition
    topic: Topic
    since: date
    clears: str = ""
    chart: Chart | None = None
    parts: tuple[Part, ...] = ()
    releases: tuple[Release, ...] = ()
    caveats: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    case: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An alert that stood before this night and still does; ``condition`` is this night's, ``notes`` what officers said of it."""

    state: AlertState
    topic: Topic
    condition: Condition
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unannounced:
    """A change that is recorded and is no news, because of a silence, a cool-down, or because it was told before."""

    transition: Transition
    topic: Topic


@dataclass(frozen=True, kw_only=True)
class NotMet:
    """A trigger that was checked and stayed silent.

    Parameters
    ----------
    level
        The level it came nearest to.
    needed
        The failing part of the condition, with the figure and what it would have had to be.
    nearness
        1 would have met it; to put series in order, no chance. None where the figures give no measure.
    """

    trigger: str
    topic: Topic
    level: Level | None
    reference_period: str | None
    value: float | None
    needed: str
    nearness: float | None = None


@dataclass(frozen=True, kw_only=True)
class FailedDocument:
    """A document that could not be read, and what to do."""

    source: str
    document: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Night:
    """What was looked at, found, and not found, as known on one date.

    Parameters
    ----------
    known_on
        The date of knowledge: nothing later was used.
    news
        This night's transitions that are announced.
    unannounced
        The others.
    held
        Releases kept but not used, each with its problems.
    undelivered
        How many earlier messages could not be delivered at all.
    """

    known_on: date
    mark: Mark
    sources: tuple[Freshness, ...]
    news: tuple[News, ...] = ()
    unannounced: tuple[Unannounced, ...] = ()
    standing: tuple[Standing, ...] = ()
    not_met: tuple[NotMet, ...] = ()
    held: tuple[Release, ...] = ()
    failed: tuple[FailedDocument, ...] = ()
    undelivered: int = 0

    @property
    def rebuilt(self) -> tuple[Freshness, ...]:
        """The sources whose documents are not the publishers' own."""
        return tuple(source for source in self.sources if source.rebuilt)


def as_json(night: Night) -> str:
    """Write the night as JSON; NaN becomes null."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - building the schema costs more than most commands take

    return TypeAdapter(Night).dump_json(night).decode()
