"""One trigger asked of one series on a night: its levels, what ends it, and the evidence of each; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pillarfour.alerts.model import LEVELS, AlertKey, Condition, Evidence, Level
from pillarfour.errors import TriggerError
from pillarfour.model import SeriesKey
from pillarfour.outlook import Outlook
from pillarfour.triggers import foreseen, leaves, surroundings, watching
from pillarfour.triggers.conditions import (
    BreakLeaf,
    CompositionLeaf,
    DetectorLeaf,
    ForecastLeaf,
    GrowthLeaf,
    Leaf,
    LevelLeaf,
    NewHighLeaf,
    RevisionLeaf,
    ShareLeaf,
    StalenessLeaf,
    Test,
    UpstreamLeaf,
)
from pillarfour.triggers.night import Line, Night
from pillarfour.triggers.schema import Rule, Trigger, Triggers

SAID = {True: "met", False: "not met", None: "open"}


ASKED: Mapping[type[Leaf], Callable[[Any, Line, int], Evidence]] = {
    BreakLeaf: surroundings.ask_break,
    CompositionLeaf: surroundings.ask_composition,
    DetectorLeaf: leaves.ask_detector,
    GrowthLeaf: leaves.ask_growth,
    LevelLeaf: leaves.ask_level,
    NewHighLeaf: leaves.ask_new_high,
    RevisionLeaf: surroundings.ask_revision,
    ShareLeaf: surroundings.ask_share,
}
"""How each kind of leaf is asked of one period of a series; staleness is of a source, upstream and forecast also of another stage."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One trigger asked of one series."""

    triggers: Triggers
    trigger: Trigger
    night: Night
    series: SeriesKey
    sha256: str

    def condition(self) -> Condition:
        """Answer for the newest published period."""
        outage = self.trigger.kind == "outage"
        line = None if outage else self.line
        column = 0 if line is None else line.newest
        evidence = {level: self.rule(self.trigger.levels[level], column) for level in LEVELS if level in self.trigger.levels}
        clear = self.rule(self.trigger.clear, column)
        level = _highest({level: found.held for level, found in evidence.items()})
        pending = _highest({level: _newest(found).held for level, found in evidence.items()})
        found = Condition(
            key=AlertKey(trigger=self.trigger.id, stage=self.series.stage, subject=self.series.subject),
            kind=self.trigger.kind,
            level=level,
            pending=pending if level is None or (pending is not None and LEVELS.index(pending) > LEVELS.index(level)) else None,
            clear=clear.held,
            reference_period=None,
            value=None,
            expected=None,
            unit="days" if outage else self.triggers.stage(self.series.stage).unit,
            evidence=evidence,
            clear_evidence=clear,
            rule_sha256=self.sha256,
            releases=tuple(sorted({release for root in (*evidence.values(), clear) for release in _releases(root)})),
        )
        if line is not None and column is not None:
            expected = _expected(evidence, level)
            return replace(found, reference_period=line.period(column), value=line.value(column), expected=expected)
        if outage and (fresh := self.night.freshness.get(self.series.subject)) is not None and fresh.due is not None:
            overdue = max((self.night.known_on - fresh.due).days, 0)
            return replace(found, reference_period=fresh.newest_period, value=float(overdue))
        return found

    @cached_property
    def line(self) -> Line:
        """Give the series' figures and scores."""
        return self.night.line(self.series, unit=self.triggers.stage(self.series.stage).unit)

    @property
    def outlook(self) -> Outlook:
        """Give what is expected of the trigger's series."""
        try:
            return self.night.outlooks[self.trigger.id]
        except KeyError as cause:
            raise TriggerError(
                f"night: nothing is foreseen for trigger {self.trigger.id}; put the night through foreseeing.foresee"
            ) from cause

    def rule(self, rule: Rule, column: int | None) -> Evidence:
        """Ask a rule of the newest periods or after the newest releases: as published, never nights."""
        if column is None:
            return Evidence(test=rule.kind, held=None, text=f"{self.series} has no figure yet")
        newest = self.test(rule, column)
        window = rule.for_.window
        if window == 1:
            return newest
        if rule.for_.counted == "releases":
            return self.after_releases(rule, newest, column)
        asked = {period: newest if period == column else self.test(rule, period) for period in range(column, column - window, -1)}
        held = leaves.enough(tuple(found.held for found in asked.values()), rule.for_.periods)
        line = self.line
        told = ", ".join(f"{line.period(period)} {SAID[found.held]}" for period, found in asked.items())
        text = f"{told}: {rule.for_.periods} of {window} periods are asked for"
        return Evidence(test="for", held=held, text=text, figures={"needed": rule.for_.periods}, parts=tuple(asked.values()))

    def after_releases(self, rule: Rule, newest: Evidence, column: int) -> Evidence:
        """Ask a rule of the newest period as it was known after each of the stage's newest publications; tonight is after the last one."""
        window, needed = rule.for_.window, rule.for_.needed
        told = [f"tonight ({self.line.period(column)}) {SAID[newest.held]}"]
        parts = [newest]
        for night in self.night.after.get(self.series.stage, ())[: window - 1]:
            then = replace(self, night=night)
            at = then.line.newest if then.asked else None
            parts.append(Evidence(test=rule.kind, held=None, text=f"{self.series} was not watched") if at is None else then.test(rule, at))
            period = "no figure" if at is None else then.line.period(at)
            told.append(f"as published on {night.known_on} ({period}) {SAID[parts[-1].held]}")
        missing = window - len(parts)
        held = leaves.enough((*(found.held for found in parts), *[None] * missing), needed)
        lacking = f", {missing} not published yet" if missing else ""
        text = f"{', '.join(told)}{lacking}: {needed} of {window} releases are asked for"
        return Evidence(test="for", held=held, text=text, figures={"needed": needed, "releases": window}, parts=tuple(parts))

    @property
    def asked(self) -> bool:
        """Whether the night knows the series, and its trigger watched it then."""
        return self.series in self.night.rows and self.series.subject in watching.subjects(
            self.trigger, self.series.stage, self.night.panel
        )

    def test(self, test: Test, column: int) -> Evidence:
        """Ask one node of one period."""
        if test.leaf is not None:
            return self.leaf(test.leaf, column)
        parts = tuple(self.test(part, column) for part in test.parts)
        answers = tuple(part.held for part in parts)
        if test.kind == "not":
            held = None if answers[0] is None else not answers[0]
            return Evidence(test="not", held=held, text=f"not ({parts[0].text})", parts=parts)
        needed = {"all": len(parts), "any": 1}.get(test.kind) or (test.at_least.n if test.at_least else 1)
        held = leaves.enough(answers, needed)
        counts = f"{sum(answer is True for answer in answers)} of {len(parts)} hold"
        unsettled = sum(answer is None for answer in answers)
        text = f"{counts}{f', {unsettled} open' if unsettled else ''}; {'all' if needed == len(parts) else f'at least {needed}'} asked for"
        return Evidence(test=test.kind, held=held, text=text, figures={"needed": needed}, parts=parts)

    def leaf(self, leaf: Leaf, column: int) -> Evidence:
        """Ask a leaf of one period."""
        if isinstance(leaf, StalenessLeaf):
            return surroundings.ask_staleness(leaf, self.night)
        if isinstance(leaf, UpstreamLeaf):
            return self.upstream(leaf, column)
        if isinstance(leaf, ForecastLeaf):
            return foreseen.ask_forecast(leaf, self.line, column, outlook=self.outlook)
        return ASKED[type(leaf)](leaf, self.line, column)

    def upstream(self, leaf: UpstreamLeaf, column: int) -> Evidence:
        """Ask the same trigger of an earlier stage, in this period and the months before it."""
        order = [stage.id for stage in self.triggers.stages]
        if order.index(self.series.stage) <= order.index(leaf.stage):
            return Evidence(test="upstream", held=False, text=f"{leaf.stage} is not upstream of {self.series.stage}")
        above = replace(self, series=SeriesKey(stage=leaf.stage, subject=self.series.subject))
        if above.series not in self.night.rows:
            return Evidence(test="upstream", held=False, text=f"{self.series.subject} has no figure at {leaf.stage}")
        months = leaf.within_months * self.night.panel.periods_per_year // 12
        columns = range(max(column - months, 0), column + 1)
        figures = {"stage": leaf.stage, "level": leaf.level, "within_months": leaf.within_months, "series": str(above.series)}
        if not columns:
            text = f"nothing is on record of {leaf.stage} by {self.line.period(column)}"
            return Evidence(test="upstream", held=None, text=text, figures={**figures, "reached": []})
        rules = [rule for level, rule in self.trigger.levels.items() if LEVELS.index(level) >= LEVELS.index(leaf.level)]
        asked = {period: leaves.enough(tuple(above.rule(rule, period).held for rule in rules), 1) for period in columns}
        line = above.line
        reached = [line.period(period) for period, held in asked.items() if held]
        span = f"{line.period(columns[0])} to {line.period(column)}"
        text = (
            f"{leaf.stage} reached {leaf.level} in {', '.join(reached)}"
            if reached
            else f"{leaf.stage} did not reach {leaf.level} in {span}"
        )
        return Evidence(
            test="upstream",
            held=leaves.enough(tuple(asked.values()), 1),
            text=text,
            figures={**figures, "reached": reached},
            releases=line.releases(*columns),
        )


def _highest(held: dict[Level, bool | None]) -> Level | None:
    return next((level for level in reversed(LEVELS) if held.get(level)), None)


def _newest(evidence: Evidence) -> Evidence:
    return evidence.parts[0] if evidence.test == "for" else evidence


def _releases(evidence: Evidence) -> set[str]:
    return set(evidence.releases).union(*(_releases(part) for part in evidence.parts))


def _expected(evidence: dict[Level, Evidence], level: Level | None) -> float | None:
    """Find what was expected of the newest figure: the first detector's word, of the level met before the others."""
    roots = sorted(evidence.items(), key=lambda item: item[0] != level)
    return next((found for _, root in roots if (found := _first_expected(_newest(root))) is not None), None)


def _first_expected(evidence: Evidence) -> float | None:
    found = evidence.figures.get("expected")
    if found is not None:
        return float(found)
    return next((below for part in evidence.parts if (below := _first_expected(part)) is not None), None)
