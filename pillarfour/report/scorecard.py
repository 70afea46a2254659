"""The kept scorecard of the triggers, where it is about the same triggers and knows nothing that the report may not."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ValidationError

from pillarfour.report.model import Scorecard, Tried
from pillarfour.triggers.schema import Triggers

ALL = "all"
"""Of the years that a scorecard tells apart, all together."""


class _Nights(BaseModel):
    first: date
    last: date


class _Told(BaseModel):
    hits: int
    of: int


class _Lead(BaseModel):
    median: float


class _Group(BaseModel):
    told: _Told
    lead_days: _Lead | None


class _Cost(BaseModel):
    alerts: int
    false: int


class _Kept(BaseModel):
    """As much of ``docs/scorecard.json`` as a report tells."""

    nights: _Nights
    triggers: Mapping[str, str]
    detection: Mapping[str, Mapping[str, _Group]]
    costs: Mapping[str, Mapping[str, _Cost]]


def read(path: Path, *, triggers: Triggers, known_on: date) -> Scorecard:
    """Read what a report of a date may tell of it: nothing where it was made with other triggers, or later figures than the date's."""
    if not path.exists():
        return Scorecard(state="missing")
    try:
        kept = _Kept.model_validate_json(path.read_bytes())
    except ValidationError:
        return Scorecard(state="unreadable")
    if dict(kept.triggers) != {trigger.id: triggers.sha256(trigger.id) for trigger in triggers.triggers}:
        return Scorecard(state="other_rules")
    if kept.nights.last > known_on:
        return Scorecard(state="later")
    tried = (
        Tried(
            events=name, told=years[ALL].told.hits, of=years[ALL].told.of, lead_days=lead.median if (lead := years[ALL].lead_days) else None
        )
        for name, years in kept.detection.items()
        if ALL in years and years[ALL].told.of
    )
    costs = [years[ALL] for years in kept.costs.values() if ALL in years]
    return Scorecard(
        state="kept",
        first=kept.nights.first,
        last=kept.nights.last,
        tried=tuple(tried),
        alerts=sum(each.alerts for each in costs),
        false=sum(each.false for each in costs),
    )
