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


@dataclass(frozen=True, kw_only=True)
class AlertState:
    """Where an alert stands after the nights so far: the sum of its ledger events."""

    key: AlertKey
    state: State = "quiet"
    level: Level | None = None
    since: date | None = None
    announced_period: str | None = None
    """The newest reference period already told."""


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A change of an alert's state, with its reason in words."""

    key: AlertKey
    known_on: date
    before: State
    after: State
    level_before: Level | None
    level: Level | None
    reason: str
    condition: Condition

    @property
    def reference_period(self) -> str | None:
        """The period of the figure that it rests on."""
        return self.condition.reference_period
