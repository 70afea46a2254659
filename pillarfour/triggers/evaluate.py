"""What each trigger says of each of its series on a night; pure."""

from dataclasses import dataclass, replace

from pillarfour.alerts.model import LEVELS, AlertKey, Condition, Evidence, Level
from pillarfour.model import SeriesKey
from pillarfour.triggers import leaves
from pillarfour.triggers.conditions import (
    DetectorLeaf,
    GrowthLeaf,
    Leaf,
    LevelLeaf,
    NewHighLeaf,
    StalenessLeaf,
    Test,
    UpstreamLeaf,
)
from pillarfour.triggers.night import Line, Night
from pillarfour.triggers.schema import Rule, Trigger, Triggers

SAID = {True: "met", False: "not met", None: "open"}


def evaluate(triggers: Triggers, night: Night) -> list[Condition]:
    """Ask every watched trigger of every one of its series, in the order of the file.

    Parameters
    ----------
    night
        What is known on the date; nothing else is looked at.

    Returns
    -------
    list of Condition
        One a trigger, stage and subject: the highest level met on the newest published period, and the evidence of every level.

    Raises
    ------
    TriggerError
        If the panel or the scores lack what a trigger watches.
    """
    return [
        _Question(triggers=triggers, trigger=trigger, night=night, series=SeriesKey(stage=stage, subject=subject)).condition()
        for trigger in triggers.triggers
        if trigger.watched
        for subject in trigger.series.subjects
        for stage in trigger.series.stages
    ]


@dataclass(frozen=True, kw_only=True)
class _Question:
    """One trigger asked of one series."""

    triggers: Triggers
    trigger: Trigger
    night: Night
    series: SeriesKey

    def condition(self) -> Condition:
        """Answer for the newest published period."""
        outage = self.trigger.kind == "outage"
        line = None if outage else self.line()
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
            rule_sha256=self.triggers.sha256(self.trigger.id),
            releases=tuple(sorted({release for root in (*evidence.values(), clear) for release in _releases(root)})),
        )
        if line is not None and column is not None:
            expected = _expected(evidence, level)
            return replace(found, reference_period=line.period(column), value=line.value(column), expected=expected)
        if outage and (fresh := self.night.freshness.get(self.series.subject)) is not None and fresh.due is not None:
            overdue = max((self.night.known_on - fresh.due).days, 0)
            return replace(found, reference_period=fresh.newest_period, value=float(overdue))
        return found

    def line(self) -> Line:
        """Give the series' figures and scores."""
        return self.night.line(self.series, unit=self.triggers.stage(self.series.stage).unit)

    def rule(self, rule: Rule, column: int | None) -> Evidence:
        """Ask a rule of the newest periods: periods as published, never nights."""
        if column is None:
            return Evidence(test=rule.kind, held=None, text=f"{self.series} has no figure yet")
        newest = self.test(rule, column)
        window = rule.for_.window
        if window == 1:
            return newest
        asked = {period: newest if period == column else self.test(rule, period) for period in range(column, column - window, -1)}
        held = leaves.enough(tuple(found.held for found in asked.values()), rule.for_.periods)
        line = self.line()
        told = ", ".join(f"{line.period(period)} {SAID[found.held]}" for period, found in asked.items())
        text = f"{told}: {rule.for_.periods} of {window} periods are asked for"
        return Evidence(test="for", held=held, text=text, parts=tuple(asked.values()))

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
        return Evidence(test=test.kind, held=held, text=text, parts=parts)

    def leaf(self, leaf: Leaf, column: int) -> Evidence:
        """Ask a leaf of one period."""
        match leaf:
            case StalenessLeaf():
                return leaves.ask_staleness(leaf, self.night)
            case UpstreamLeaf():
                return self.upstream(leaf, column)
            case LevelLeaf():
                return leaves.ask_level(leaf, self.line(), column)
            case DetectorLeaf():
                return leaves.ask_detector(leaf, self.line(), column)
            case GrowthLeaf():
                return leaves.ask_growth(leaf, self.line(), column)
            case NewHighLeaf():
                return leaves.ask_new_high(leaf, self.line(), column)

    def upstream(self, leaf: UpstreamLeaf, column: int) -> Evidence:
        """Ask the same trigger of an earlier stage, in this period and the months before it."""
        order = [stage.id for stage in self.triggers.stages]
        if order.index(self.series.stage) <= order.index(leaf.stage):
            return Evidence(test="upstream", held=False, text=f"{leaf.stage} is not upstream of {self.series.stage}")
        above = replace(self, series=SeriesKey(stage=leaf.stage, subject=self.series.subject))
        months = leaf.within_months * self.night.panel.periods_per_year // 12
        columns = range(max(column - months, 0), column + 1)
        rules = [rule for level, rule in self.trigger.levels.items() if LEVELS.index(level) >= LEVELS.index(leaf.level)]
        asked = {period: leaves.enough(tuple(above.rule(rule, period).held for rule in rules), 1) for period in columns}
        line = above.line()
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
            figures={"stage": leaf.stage, "level": leaf.level, "within_months": leaf.within_months, "reached": reached},
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
