"""What a night found: everything its message says, as plain facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from pillarfour.alerts.acts import Act
from pillarfour.alerts.model import AlertState, Condition, Evidence, Level, Transition
from pillarfour.lookups import Language
from pillarfour.model import Basis, Release
from pillarfour.outlook import Reason
from pillarfour.report.charts import Chart

Mark = Literal["live", "past", "exercise"]
"""A real night; a past date derived again; or an exercise."""

Words = Mapping[Language, str]
"""One text in each language."""

Role = Literal["sending", "transit", "transit_and_receiving", "receiving"]
"""What a country is to those who move."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Who and where, in the reader's words.

    Parameters
    ----------
    subject
        ``Haitian families``, ``All nationalities``, or a source's title.
    place
        The stage's name, such as ``Darién``; empty where there is none.
    counts
        What is counted, as the recipe's measure says it; empty where nothing is counted.
    """

    subject: Words
    place: Words = field(default_factory=dict)
    counts: str = ""

    def said(self, language: Language) -> str:
        """Read as ``Haitian families, Darién``."""
        return ", ".join(part for part in (self.subject[language], self.place.get(language, "")) if part)


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
    """One nationality behind a figure; None where it is not published apart."""

    name: Words
    value: float | None


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What is expected of a stage in a month that it has not published, by what an earlier stage has shown.

    Parameters
    ----------
    expected, lower, upper
        In the stage's unit; the range is to hold the figure as often as ``coverage`` says.
    upstream, lag_months
        The stage that it rests on, and how many months earlier.
    """

    period: str
    expected: float
    lower: float
    upper: float
    coverage: float
    upstream: Words
    lag_months: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """One stage of the corridor, and what is known there of those an alert is about.

    Parameters
    ----------
    stage
        As ``triggers.yaml`` calls it.
    country, role
        Where it is, and what that country is to them.
    newest_period, value
        The newest figure; None where nobody counts them apart there.
    year_before
        The same month's figure a year before.
    published_on, published_basis
        Of the release that supplies it.
    delay_days
        From the end of the month to its publication.
    next_period, next_expected_on
        Which month is due next, and when.
    level
        Of the highest alert that stands there for the same people.
    ahead
        What is expected there next, where an earlier stage has a usable lag.
    no_lag
        Why the alert's stage says nothing of it; None where it does, or was not asked.
    """

    stage: str
    title: Words
    country: Words
    role: Role
    unit: str
    newest_period: str | None = None
    value: float | None = None
    year_before: float | None = None
    published_on: date | None = None
    published_basis: Basis | None = None
    delay_days: int | None = None
    next_period: str | None = None
    next_expected_on: date | None = None
    level: Level | None = None
    ahead: tuple[Ahead, ...] = ()
    no_lag: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """What the signatories have agreed to do, and within how many hours."""

    within_hours: int
    action: Words


@dataclass(frozen=True, kw_only=True)
class News:
    """An alert that changed this night, with what an officer needs to judge it.

    Parameters
    ----------
    since
        The night from which the alert stands without a gap; for one that ended, had stood.
    parts
        The nationalities behind the figure in ``transition.condition.reference_period``: a group's, or the largest of all.
    origins
        Whose nationals it is about; empty where it is everybody.
    releases
        The releases it was read from, those of the condition.
    corridor
        The same people at each stage, in the order of travel.
    response
        What is agreed for the level reached, the step of the highest level last.
    on_trial
        Whether the trigger is under test and nobody is to act on it.
    lifted
        The silence that its rise ends.
    """

    transition: Transition
    topic: Topic
    since: date
    chart: Chart | None = None
    parts: tuple[Part, ...] = ()
    origins: tuple[Words, ...] = ()
    releases: tuple[Release, ...] = ()
    corridor: tuple[Place, ...] = ()
    response: tuple[Step, ...] = ()
    on_trial: bool = False
    lifted: Act | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An alert that stood before this night and still does; ``condition`` is this night's, ``notes`` what officers said of it.

    ``on_trial`` says that its trigger is under test and nobody is to act on it.
    """

    state: AlertState
    topic: Topic
    condition: Condition
    notes: tuple[str, ...] = ()
    on_trial: bool = False


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
        The lowest level's condition, with what kept it from being met.
    nearness
        1 would have met it; to put series in order, no chance. None where the figures give no measure.
    """

    trigger: str
    topic: Topic
    level: Level | None
    reference_period: str | None
    value: float | None
    needed: Evidence | None = None
    kind: str = "surge"
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
    pending
        What a level is met for, but not yet for long enough.
    held
        Releases kept but not used, each with its problems.
    undelivered
        How many earlier messages could not be delivered at all.
    exercise
        The exercise's name, where ``mark`` says that it is one.
    """

    known_on: date
    mark: Mark
    sources: tuple[Freshness, ...]
    news: tuple[News, ...] = ()
    unannounced: tuple[Unannounced, ...] = ()
    standing: tuple[Standing, ...] = ()
    pending: tuple[Standing, ...] = ()
    not_met: tuple[NotMet, ...] = ()
    held: tuple[Release, ...] = ()
    failed: tuple[FailedDocument, ...] = ()
    undelivered: int = 0
    exercise: str = ""

    @property
    def rebuilt(self) -> tuple[Freshness, ...]:
        """The sources whose documents are not the publishers' own."""
        return tuple(source for source in self.sources if source.rebuilt)


def as_json(night: Night) -> str:
    """Write the night as JSON; NaN becomes null."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - building the schema costs more than most commands take

    return TypeAdapter(Night).dump_json(night).decode()
