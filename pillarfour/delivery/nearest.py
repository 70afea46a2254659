"""How near a trigger came that stayed silent, and what it would have needed."""

from collections.abc import Mapping
from typing import Any

from pillarfour.alerts.model import LEVELS, Condition, Evidence
from pillarfour.delivery.night import NotMet, Topic
from pillarfour.delivery.reasons import failing


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
        needed=evidence,
        kind=condition.kind,
        nearness=_nearness(evidence) if evidence else None,
    )


def _nearness(evidence: Evidence) -> float | None:
    """Measure by the nearest part where any would do, by the farthest where all are needed."""
    parts = failing(evidence)
    found = [near for part in parts if (near := _nearness(part)) is not None] if parts else _shares(evidence.figures)
    return (max if evidence.test == "any" else min)(found, default=None)


def _shares(figures: Mapping[str, Any]) -> list[float]:
    """Give each figure of a leaf as a share of what was asked of it."""

    def of(name: str) -> float:
        found = figures.get(name)
        return float(found) if isinstance(found, (int, float)) else float("nan")

    value, rise = of("value"), of("factor") * of("before")
    asked = (
        (-of("score") if figures.get("direction") == "down" else of("score"), of("threshold")),
        (value, of("at_least")),
        (of("at_most"), value),
        (value, of("highest")),
        (value, rise) if of("factor") > 1 else (rise, value),
        (of("overdue_days"), of("days")),
    )
    return [share / whole for share, whole in asked if share >= 0 and whole > 0]
