"""What a night found: everything its message says, as plain facts."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pillarfour.alerts.model import LEVELS, AlertState, Condition, Evidence, Level, Transition
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
        The night from which the alert has stood without a gap.
    clears
        What would end it, in words.
    parts
        The nationalities behind a group's figure in ``transition.condition.reference_period``.
    releases
        The releases it was read from, those of the condition.
    caveats
        What is known to disturb these figures: structural breaks, changes of definition.
    """

    transition: Transition
    topic: Topic
    since: date
    clears: str
    chart: Chart | None = None
    parts: tuple[Part, ...] = ()
    releases: tuple[Release, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An alert that stood before this night and still does; ``condition`` is this night's."""

    state: AlertState
    topic: Topic
    condition: Condition


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
        1 would have met it; None where the figures give no measure.
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
        This night's transitions.
    held
        Releases kept but not used, each with its problems.
    undelivered
        How many earlier messages could not be delivered at all.
    """

    known_on: date
    mark: Mark
    sources: tuple[Freshness, ...]
    news: tuple[News, ...] = ()
    standing: tuple[Standing, ...] = ()
    not_met: tuple[NotMet, ...] = ()
    held: tuple[Release, ...] = ()
    failed: tuple[FailedDocument, ...] = ()
    undelivered: int = 0

    @property
    def rebuilt(self) -> tuple[Freshness, ...]:
        """The sources whose documents are not the publishers' own."""
        return tuple(source for source in self.sources if source.rebuilt)


def not_met(condition: Condition, *, topic: Topic) -> NotMet:
    """Say what a silent condition would have needed for its lowest level."""
    level = next((level for level in LEVELS if level in condition.evidence), None)
    evidence = condition.evidence[level] if level else None
    return NotMet(
        trigger=condition.key.trigger,
        topic=topic,
        level=level,
        reference_period=condition.reference_period,
        value=condition.value,
        needed=_needed(evidence) if evidence else "",
        nearness=_nearness(evidence, collapse=condition.kind == "collapse") if evidence else None,
    )


def as_json(night: Night) -> str:
    """Write the night as JSON; NaN becomes null."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - building the schema costs more than most commands take

    return TypeAdapter(Night).dump_json(night).decode()


def _failing(evidence: Evidence) -> tuple[Evidence, ...]:
    """Give the parts that keep a condition from being met; none for a leaf, and a negation counts as a leaf."""
    return () if evidence.test == "not" else tuple(part for part in evidence.parts if not part.held)


def _needed(evidence: Evidence) -> str:
    parts = _failing(evidence)
    return (" or " if evidence.test == "any" else "; ").join(map(_needed, parts)) if parts else evidence.text


def _nearness(evidence: Evidence, *, collapse: bool) -> float | None:
    """Measure by the nearest part where any would do, by the farthest where all are needed."""
    if parts := _failing(evidence):
        found = [near for part in parts if (near := _nearness(part, collapse=collapse)) is not None]
        return (max if evidence.test == "any" else min)(found, default=None)
    score, value, threshold = (evidence.figures.get(name) for name in ("score", "value", "threshold"))
    if isinstance(score, (int, float)):
        return -float(score) if collapse else float(score)
    if not (isinstance(value, (int, float)) and isinstance(threshold, (int, float)) and value > 0 and threshold > 0):
        return None
    return threshold / value if collapse else value / threshold
