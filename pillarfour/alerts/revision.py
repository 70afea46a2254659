"""What became of the figures that an alert was announced with, and what the alert would be without what was revised."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from pillarfour.alerts.cases import DIRECTIONS
from pillarfour.alerts.model import AlertState, Change, Condition, Evidence, Figure, Level, Revision, rank
from pillarfour.model import SeriesKey
from pillarfour.triggers.evaluate import ask
from pillarfour.triggers.night import Night
from pillarfour.triggers.schema import Triggers

OF_ITS_PAST = frozenset({"level", "growth", "new_high", "detector"})
"""The leaves that read their own series alone."""


def with_figures(condition: Condition, night: Night) -> Condition:
    """Name the published figures behind the levels that a condition meets, and the release of each."""
    met = [evidence for level, evidence in condition.evidence.items() if rank(level) <= rank(condition.level)]
    series = [f"{condition.key.stage}/{condition.key.subject}"] * (condition.level is not None and condition.reference_period is not None)
    cells = {(each, str(condition.reference_period)) for each in series} | {cell for evidence in met for cell in _cells(evidence)}
    found = (_figure(night, series, period) for series, period in sorted(cells))
    return replace(condition, figures=tuple(figure for figure in found if figure is not None))


def revised(state: AlertState, triggers: Triggers, night: Night) -> Revision | None:
    """Compare the figures that a standing alert was announced with with those known tonight; where one differs, ask each month again.

    Every month from the first that raised the alert to the newest is asked on tonight's figures, as if it were the newest. A month that
    raised it supports each level that is not refused by figures: what is missing now leaves the alert standing. Where nothing is missing,
    and the record alone is too short to say, it was so when the alert was raised, and the level would not have been met.

    Returns
    -------
    Revision or None
        None where every figure is as it was announced, or is not published any more.
    """
    if state.state != "active" or not state.periods or state.kind not in DIRECTIONS:
        return None
    now = ((before, _figure(night, before.series, before.reference_period)) for before in state.figures)
    changes = tuple(Change(before=before, after=after) for before, after in now if after is not None and after.value != before.value)
    if not changes:
        return None
    months = [column for column, period in enumerate(night.periods) if period >= min(state.periods)]
    supported = [_supported(state, _ask(state, triggers, night, column), night, night.periods[column]) for column in months]
    return Revision(changes=changes, supported=max(supported, key=rank, default=None))


def _ask(state: AlertState, triggers: Triggers, night: Night, column: int) -> Condition:
    """Ask the alert's trigger as if the month were the newest, also where the series was not among the largest by then.

    What was known after earlier releases is not asked again: revised figures are held against the rule, not against its patience.
    """
    values = night.panel.values.copy()
    values[:, column + 1 :] = np.nan
    then = replace(night, panel=replace(night.panel, values=values), after={})
    return ask(triggers, then, state.key)


def _supported(state: AlertState, condition: Condition, night: Night, period: str) -> Level | None:
    """Give the highest level that a month supports; a month that raised the alert also those that a missing figure leaves open."""
    raised = period in state.periods
    if condition.reference_period != period:
        return state.level if raised else None
    whole = _whole(state, night, period)
    unsettled = {level: found for level, found in condition.evidence.items() if raised and found.held is None}
    return max([condition.level, *(level for level, found in unsettled.items() if not (whole and _of_itself(found)))], key=rank)


def _whole(state: AlertState, night: Night, period: str) -> bool:
    """Whether no month of the alert's series is missing, from the first on record to this one, and none that it was announced with."""
    key = SeriesKey(stage=state.key.stage, subject=state.key.subject)
    counts = dict(zip(night.periods, night.line(key, unit="").counts, strict=True))
    known = [month for month, count in counts.items() if not np.isnan(count)]
    announced = {figure.reference_period for figure in state.figures if figure.series == str(key)}
    return announced.union(month for month in counts if known[0] <= month <= period).issubset(known)


def _of_itself(evidence: Evidence) -> bool:
    """Whether nothing but leaves that read their own series alone leave a condition open."""
    unsettled = [part for part in evidence.parts if part.held is None]
    return all(map(_of_itself, unsettled)) if unsettled else evidence.test in OF_ITS_PAST


def _cells(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Give each series and period whose figure a tree of evidence names."""
    figures = evidence.figures
    yield from ((str(series), str(figures["reference_period"])) for series in figures.get("beside", ()))
    yield from ((str(figures["series"]), str(period)) for period in figures.get("reached", ()))
    for value, period in (("value", "reference_period"), ("before", "before_period")):
        if _is_count(figures.get(value)) and "series" in figures and figures.get(period):
            yield str(figures["series"]), str(figures[period])
    for part in evidence.parts:
        yield from _cells(part)


def _is_count(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _figure(night: Night, series: str, period: str) -> Figure | None:
    """Look up what is known tonight; None where it is not published, or is no series of counts."""
    stage, _, subject = series.partition("/")
    key = SeriesKey(stage=stage, subject=subject)
    if key not in night.panel.series or period not in night.periods:
        return None
    line = night.line(key, unit="")
    column = night.periods.index(period)
    value = line.value(column)
    return (
        None
        if value is None
        else Figure(series=series, reference_period=period, value=value, release=next(iter(line.releases(column)), None))
    )
