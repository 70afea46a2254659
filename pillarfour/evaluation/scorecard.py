"""The scorecard as one document of plain figures: sorted and rounded, so that the same triggers give the same text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from pillarfour.alerts.model import LEVELS, Level
from pillarfour.evaluation import beside, matching, onsets, operating, score
from pillarfour.evaluation.comparison import Episode
from pillarfour.evaluation.matching import Alert, Record
from pillarfour.evaluation.measured import CHOSEN_TO, KINDS, Measured
from pillarfour.evaluation.revisions import Revisions
from pillarfour.evaluation.score import Costs, Incidence, Outcome, Proportion
from pillarfour.model import SeriesKey

MOVED = 1.5
"""Half as many again, or two thirds: under it a quarter is said to have moved little."""


def document(measured: Measured) -> dict[str, Any]:
    """Put the whole scorecard together."""
    named = [each for each in measured.onsets if any((series, each.direction) in measured.named for series in each.series)]
    labelled, mechanical = measured.outcomes(measured.parts[0]), measured.outcomes(named)
    return {
        "known_on": measured.last,
        "nights": {"first": measured.first, "last": measured.last},
        "triggers": {trigger.id: measured.triggers.sha256(trigger.id) for trigger in measured.triggers.triggers},
        "detectors": {
            name: {"method": each.method, "parameters": dict(each.parameters), "reason": each.reason}
            for name, each in sorted(measured.triggers.detectors.items())
        },
        "rules": _rules(),
        "events": [_told(each, measured.record) for each in labelled],
        "not_scored": [{"id": each.event, "stage": each.stage, "reason": each.reason} for each in measured.parts[1]],
        "onsets": [_told(each, measured.record) for each in mechanical],
        "detection": _detection(labelled, mechanical),
        "costs": _costs(measured),
        "by_trigger": _by_trigger(measured),
        "false_alarms": [_alert(each) for each in measured.costs(measured.of_kind(*KINDS)).false],
        "escalation": _escalation(measured),
        "outages": [{"alert": str(each.key), "levels": dict(each.levels), "ended": each.ended} for each in _outages(measured)],
        "nowcast": [asdict(each) for each in sorted(measured.nowcast, key=lambda each: (each.stage, each.subject, each.horizon))],
        "revisions": [_revised(each) for each in sorted(measured.revisions, key=lambda each: each.source)],
        "comparison": beside.comparison(measured),
    }


def plain(value: Any) -> Any:
    """Round and sort until the same figures are the same text."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float | np.floating):
        return None if not np.isfinite(value) else round(float(value), 3)
    return int(value) if isinstance(value, int | np.integer) else str(value)


def _rules() -> dict[str, Any]:
    return {
        "opens_days_before_onset": matching.OPENS_DAYS,
        "upstream_days_before_onset": matching.UPSTREAM_DAYS,
        "caught_by_publication": matching.IN_TIME,
        "late_by_publication": matching.AT_ALL,
        "least_months": matching.LEAST_MONTHS,
        "share_of_total": matching.TOTAL_SHARE,
        "onset": {"months": onsets.MONTHS, "factor": onsets.FACTOR, "least": onsets.LEAST_COUNTS, "share": onsets.LEAST_SHARE},
        "baseline_ends_after": operating.ENDS_AFTER,
        "chosen_to": CHOSEN_TO,
        "bootstrap": {"resamples": score.RESAMPLES, "seed": score.SEED},
    }


def _told(outcome: Outcome, record: Record) -> dict[str, Any]:
    each = outcome.happening
    return {
        "id": each.id,
        "title": each.title,
        "class": each.kind,
        "stage": each.stage,
        "direction": "later up" if each.later else each.direction,
        "onset": each.onset,
        "floor": each.floor,
        "status": outcome.status,
        "by": outcome.by,
        "first_watch": outcome.watch,
        "first_warning": outcome.warning,
        "lead_days": outcome.lead_days,
        "after_floor_days": outcome.after_floor_days,
        "upstream_by": outcome.upstream_by,
        "upstream": outcome.upstream,
        "upstream_lead_days": outcome.upstream_lead_days,
        "why": _why(outcome, record),
        "figures": {str(series): _quarters(series, each.onset, record) for series in sorted(each.series)}
        if each.kind != "mechanical"
        else {},
    }


def _why(outcome: Outcome, record: Record) -> str | None:
    """Say why nothing was told: nobody watches, the figures did not move so far, or the rules did not reach what moved."""
    each = outcome.happening
    if outcome.told or outcome.status == "standing":
        return None
    if not each.series:
        return f"no trigger watches these nationalities for a {'rise' if each.direction == 'up' else 'fall'} at this stage"
    moved = {}
    for series in sorted(each.series):
        before, after = _quarters(series, each.onset, record).values()
        if before is not None and after is not None:
            moved[series] = (after + 0.5) / (before + 0.5), before, after
    if not moved:
        return "no figures by nationality were published yet"
    pick = max if each.direction == "up" else min
    series, (ratio, before, after) = pick(moved.items(), key=lambda item: item[1][0])
    still = ratio < MOVED if each.direction == "up" else ratio > 1 / MOVED
    said = "the figures moved little" if still else "the figures moved, but no level was reached"
    return f"{said}: {series} {before:,.0f} → {after:,.0f} a month"


def _quarters(series: SeriesKey, onset: date, record: Record) -> dict[str, float | None]:
    month = pd.Period(onset, freq="M").ordinal
    found = {"before": record.counts(series, month - 3, month - 1), "after": record.counts(series, month, month + 2)}
    return {name: round(float(np.nanmean(counts))) if np.isfinite(counts).any() else None for name, counts in found.items()}


def _detection(labelled: Sequence[Outcome], mechanical: Sequence[Outcome]) -> dict[str, Any]:
    groups = {
        "labelled surges": [each for each in labelled if each.happening.kind == "surge"],
        "labelled policies, rise expected": [
            each for each in labelled if each.happening.kind != "surge" and each.happening.direction == "up"
        ],
        "labelled policies and collapses, fall expected": [each for each in labelled if each.happening.direction == "down"],
        "mechanical doublings": [each for each in mechanical if each.happening.direction == "up"],
        "mechanical halvings": [each for each in mechanical if each.happening.direction == "down"],
    }
    return {
        name: {
            "all": _summary(found),
            "to 2022": _summary([each for each in found if each.happening.onset <= CHOSEN_TO]),
            "from 2023": _summary([each for each in found if each.happening.onset > CHOSEN_TO]),
        }
        for name, found in groups.items()
    }


def _summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    status = {name: sum(each.status == name for each in outcomes) for name in ("caught", "late", "standing", "missed")}
    told = [each for each in outcomes if each.told]
    groups = [score.movement(each.happening) for each in told]
    standing = [each for each in outcomes if each.status != "missed"]
    return {
        "of": len(outcomes),
        **status,
        "told": _proportion(Proportion(hits=len(told), of=len(outcomes))),
        "told_or_standing": _proportion(Proportion(hits=len(standing), of=len(outcomes))),
        "lead_days": _with_interval(score.median_interval([each.lead_days or 0 for each in told], groups=groups)),
        "after_floor_days": _with_interval(score.median_interval([each.after_floor_days or 0 for each in told], groups=groups)),
    }


def _proportion(found: Proportion) -> dict[str, Any]:
    return {"hits": found.hits, "of": found.of, "share": found.hits / found.of if found.of else None, "interval": found.interval}


def _with_interval(found: tuple[float, score.Interval] | None) -> dict[str, Any] | None:
    return None if found is None else {"median": found[0], "interval": found[1]}


def _costs(measured: Measured) -> dict[str, Any]:
    ranges = {"all": (None, None), "to 2022": (None, CHOSEN_TO), "from 2023": (date(CHOSEN_TO.year + 1, 1, 1), None)}
    return {
        kind: {name: _cost(measured.costs(measured.of_kind(kind), first=first, last=last)) for name, (first, last) in ranges.items()}
        for kind in KINDS
    }


def _cost(found: Costs) -> dict[str, Any]:
    false, quiet = (Incidence(count=len(found.false), years=years) for years in (found.years, found.quiet_years))
    matched = len(found.alerts) - len(found.false)
    return {
        "series": found.watches,
        "alerts": len(found.alerts),
        "false": len(found.false),
        "series_years": found.years,
        "quiet_series_years": found.quiet_years,
        "false_a_series_year": {"rate": false.rate, "interval": false.interval},
        "false_a_quiet_series_year": {"rate": quiet.rate, "interval": quiet.interval},
        "precision": _proportion(Proportion(hits=matched, of=len(found.alerts))),
        "alerts_a_month": len(found.alerts) / (found.years * 12) * found.watches if found.years else None,
        "share_of_time_in_alert": found.alert_years / found.years if found.years else None,
    }


def _by_trigger(measured: Measured) -> dict[str, Any]:
    """Give each trigger's cost, and its false alarms a year of quiet of the whole trigger: all its series together."""
    rows = {}
    for trigger in measured.triggers.triggers:
        on = [watch for watch in measured.watches if watch.key.trigger == trigger.id]
        if not on:
            continue
        found = measured.costs(on)
        quiet = Incidence(count=len(found.false), years=found.quiet_years / len(on))
        rows[trigger.id] = {
            **_cost(found),
            "kind": trigger.kind,
            "budget_a_series_year": trigger.false_alarms_per_year,
            "false_a_quiet_trigger_year": {"rate": quiet.rate, "interval": quiet.interval},
        }
    return rows


def _alert(alert: Alert) -> dict[str, Any]:
    return {"alert": alert.key, "direction": alert.direction, "levels": {level: on for on, level in alert.news}, "ended": alert.ended}


def _escalation(measured: Measured) -> dict[str, Any]:
    """Say how far alerts rose: those that rise should be the true ones."""
    found = measured.costs(measured.of_kind("surge", "collapse"))
    false = {(alert.key, alert.began) for alert in found.false}
    reached: dict[Level, list[Alert]] = {
        level: [each for each in found.alerts if each.within(date.min, date.max, level=level)] for level in LEVELS
    }
    waited = [
        (warned - alert.began).days
        for alert in found.alerts
        if alert.news[0][1] == "watch" and (warned := alert.within(date.min, date.max, level="warning")) is not None
    ]
    return {
        "reached": {
            level: _proportion(Proportion(hits=sum((each.key, each.began) not in false for each in alerts), of=len(alerts)))
            for level, alerts in reached.items()
        },
        "watches_that_rose": len(waited),
        "watches": sum(alert.news[0][1] == "watch" for alert in found.alerts),
        "median_days_from_watch_to_warning": float(np.median(waited)) if waited else None,
    }


def _revised(found: Revisions) -> dict[str, Any]:
    ages = [{**asdict(age), "figures": age.figures} for age in found.ages]
    return {
        "source": found.source,
        "basis": found.basis,
        "figures": found.figures,
        "settled_median_months": found.settled_median,
        "ages": ages,
    }


def _outages(measured: Measured) -> list[Episode]:
    outages = [each for each in measured.episodes if measured.triggers.trigger(each.key.trigger).kind == "outage"]
    return sorted(outages, key=lambda each: (each.began, each.key))
