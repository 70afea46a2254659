"""What a trigger finds on a night, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

Level = Literal["watch", "warning", "emergency"]
LEVELS: tuple[Level, ...] = ("watch", "warning", "emergency")

Kind = Literal["surge", "collapse", "outage", "shift", "revision"]
"""What sort of thing a trigger watches for; a missing month is an outage, never a collapse."""

State = Literal["quiet", "pending", "active", "resolved", "retracted"]


@dataclass(frozen=True, kw_only=True, order=True)
class AlertKey:
    """One alert: a trigger on one series. ``subject`` is a nationality, a group, ``total``, or a source's name for outages."""

    trigger: str
    stage: str
    subject: str

    def __str__(self) -> str:
        """Read as ``haitian-corridor:darien/haitian``."""
        return f"{self.trigger}:{self.stage}/{self.subject}"

    @classmethod
    def read(cls, text: str) -> "AlertKey":
        """Take a key as it is written; what is left out stays empty, and fits no alert."""
        trigger, _, series = text.partition(":")
        stage, _, subject = series.partition("/")
        return cls(trigger=trigger, stage=stage, subject=subject)


@dataclass(frozen=True, kw_only=True, order=True)
class Figure:
    """One published figure that an alert rests on, and the release that gave it."""

    series: str
    reference_period: str
    value: float
    release: str | None = None

    def __str__(self) -> str:
        """Read as ``9,002 (panama_darien/2025-02-12-1a2b3c4d)``."""
        return f"{self.value:,.0f}" + (f" ({self.release})" if self.release else "")


@dataclass(frozen=True, kw_only=True)
class Change:
    """A figure as it was announced, and as it is known now."""

    before: Figure
    after: Figure

    def __str__(self) -> str:
        """Read as ``darien/total in 2025-01: 9,002 (…) → 1,710 (…)``."""
        return f"{self.before.series} in {self.before.reference_period}: {self.before} → {self.after}"


@dataclass(frozen=True, kw_only=True)
class Revision:
    """What is left of an alert once figures that it was announced with have been revised.

    Parameters
    ----------
    changes
        The announced figures that read otherwise now.
    supported
        The highest level that any month since the alert began still reaches, or that a missing figure leaves open.
    """

    changes: tuple[Change, ...]
    supported: Level | None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One node of a condition as it stood on the night: a test with its figures, or all / any / not of its parts.

    Parameters
    ----------
    test
        ``all``, ``any``, ``not``, ``at_least``, ``for`` (its parts are the periods, newest first) or the leaf's kind, such as ``detector``.
    held
        Whether it was met; None where a missing figure leaves it open.
    text
        One sentence with the figures, for the officer.
    figures
        Value, threshold, expected, lower, upper, score, p_value, detector, unit, reference_period: what the leaf used.
    releases
        The releases whose rows it read.
    """

    test: str
    held: bool | None
    text: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    releases: tuple[str, ...] = ()
    parts: tuple["Evidence", ...] = ()


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What a trigger says of one series on one night, before any history is considered.

    Parameters
    ----------
    level
        The highest level whose condition is met; None where none is.
    clear
        Whether the stop condition is met; None where missing data leave it open.
    pending
        The highest level above it whose test is met on the newest period, but not yet for as long as it must.
    reference_period
        The newest period with a figure; None where there has never been one.
    value, expected, unit
        The newest figure and what was expected of it.
    rule_sha256
        The content hash of the trigger that was asked.
    figures
        The published figures behind the levels that are met.
    """

    key: AlertKey
    kind: Kind
    level: Level | None
    clear: bool | None
    reference_period: str | None
    value: float | None
    expected: float | None
    unit: str
    evidence: Mapping[Level, Evidence]
    rule_sha256: str
    releases: tuple[str, ...] = ()
    pending: Level | None = None
    clear_evidence: Evidence | None = None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What readers were last told of an alert."""

    on: date
    level: Level | None
    reference_period: str | None


@dataclass(frozen=True, kw_only=True)
class AlertState:
    """Where an alert stands after the nights so far: the sum of its ledger events.

    Parameters
    ----------
    announced_period
        The newest reference period already decided on.
    figures, periods
        The figures that it was announced with since it began, and the months that raised it; none once it has ended.
    heard
        What readers were last told, which a silence or a cool-down can leave behind the state.
    rule_sha256
        The rule that it was last decided by.
    """

    key: AlertKey
    state: State = "quiet"
    level: Level | None = None
    since: date | None = None
    announced_period: str | None = None
    kind: Kind | None = None
    figures: tuple[Figure, ...] = ()
    periods: tuple[str, ...] = ()
    heard: Heard | None = None
    rule_sha256: str | None = None
    case_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A change of an alert's state, with its reason in words.

    Parameters
    ----------
    changes
        The revised figures that it rests on; none where nothing was revised.
    unannounced_because
        Why it goes to the digest and not into the news; None where it is announced.
    case_id
        The movement that the alert is a part of.
    """

    key: AlertKey
    known_on: date
    before: State
    after: State
    level_before: Level | None
    level: Level | None
    reason: str
    condition: Condition
    changes: tuple[Change, ...] = ()
    unannounced_because: str | None = None
    case_id: str | None = None

    @property
    def kind(self) -> Kind:
        """What sort of thing its trigger watches for."""
        return self.condition.kind

    @property
    def reference_period(self) -> str | None:
        """The period of the figure that it rests on."""
        return self.condition.reference_period

    @property
    def rule_sha256(self) -> str:
        """The rule that it was decided by."""
        return self.condition.rule_sha256

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures that it was decided on, the revised ones among them."""
        return tuple(sorted({*self.condition.figures, *(change.after for change in self.changes)}))

    @property
    def raises(self) -> bool:
        """Whether the level is higher than before."""
        return rank(self.level) > rank(self.level_before)


def rank(level: Level | None) -> int:
    """Put levels in order, none before all."""
    return -1 if level is None else LEVELS.index(level)
