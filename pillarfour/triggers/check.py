"""What ``pillarfour triggers check`` says: errors that refuse the file, and warnings that an analyst should look at."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pillarfour import strict_yaml
from pillarfour.alerts.model import LEVELS
from pillarfour.detection import Detector
from pillarfour.errors import TriggerError
from pillarfour.model import SeriesKey
from pillarfour.recipe import Recipe
from pillarfour.strict_yaml import Location
from pillarfour.triggers import reading
from pillarfour.triggers.approval import unapproved
from pillarfour.triggers.conditions import (
    CompositionLeaf,
    DetectorLeaf,
    ForecastLeaf,
    GrowthLeaf,
    LevelLeaf,
    NewHighLeaf,
    ScoredLeaf,
    StalenessLeaf,
    Test,
)
from pillarfour.triggers.rates import stated
from pillarfour.triggers.schema import Rule, Trigger, Triggers

SHORT_HISTORY_PERIODS = 24
"""A level that no detector can judge on two years of months warns nobody for as long."""

Found = Iterator[tuple[Location, str]]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The outcome: each a line with its place; a file without errors is in ``triggers``."""

    triggers: Triggers | None
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check(
    path: Path,
    *,
    detectors: Mapping[str, type[Detector]],
    recipes: Mapping[str, Recipe],
    tested: Collection[str] | None = None,
    histories: Mapping[SeriesKey, int] | None = None,
) -> Checked:
    """Read the file and say all that is wrong with it, or doubtful in it.

    Parameters
    ----------
    tested
        The triggers that have cases, where that is known.
    histories
        How many periods of each series are on record, where that is known.
    """
    try:
        text = strict_yaml.read(path, error=TriggerError)
        triggers = reading.validate(text, detectors=detectors, recipes=recipes)
    except TriggerError as refused:
        return Checked(triggers=None, errors=tuple(str(refused).splitlines()))
    called = reading.caller(strict_yaml.plain(text))
    doubts = [*_unused(triggers)]
    rates = {name: instance.false_alarms_per_year for name, instance in _rated(triggers, detectors).items()}
    for number, trigger in enumerate(triggers.triggers):
        if trigger.watched:
            found = [*_doubts(trigger, triggers, detectors, recipes), *_budget(trigger, rates)]
            found += [*_tests(trigger, tested), *_records(trigger, triggers, detectors, histories or {})]
            doubts += [(("triggers", number, *place), doubt) for place, doubt in found]

    def lines(found: Iterable[tuple[Location, str]]) -> tuple[str, ...]:
        return tuple(f"{text.place(place)}: {called(place)}: {said}" for place, said in found)

    return Checked(triggers=triggers, errors=lines(unapproved(triggers)), warnings=lines(doubts))


def _rated(triggers: Triggers, detectors: Mapping[str, type[Detector]]) -> dict[str, Any]:
    """Give the parameters of each detector instance, those left out by the method's defaults."""
    return {
        name: detectors[instance.method].parameters_type.model_validate(dict(instance.parameters))
        for name, instance in triggers.detectors.items()
    }


def _budget(trigger: Trigger, rates: dict[str, float]) -> Found:
    rate = stated(trigger, rates=rates)
    if trigger.false_alarms_per_year is not None and rate is not None and rate > trigger.false_alarms_per_year:
        said = f"its detectors alarm by chance up to {rate:.2g} times a year of one series, over the budget of"
        yield ("false_alarms_per_year",), f"{said} {trigger.false_alarms_per_year:g}; lower their rates, or raise the budget"


def _tests(trigger: Trigger, tested: Collection[str] | None) -> Found:
    if tested is not None and trigger.id not in tested:
        yield ("id",), f"never tested; write cases in tests/triggers/{trigger.id}.yaml"


def _records(trigger: Trigger, triggers: Triggers, detectors: Mapping[str, type[Detector]], histories: Mapping[SeriesKey, int]) -> Found:
    """Find detectors that the record of a series is too short for."""
    used = {leaf.use for leaf in trigger.leaves if isinstance(leaf, ScoredLeaf)}
    for stage in trigger.series.stages:
        for subject in trigger.series.subjects:
            known = histories.get(SeriesKey(stage=stage, subject=subject))
            for name in sorted(used):
                needed = detectors[triggers.detectors[name].method].least_history
                if known is not None and known <= needed:
                    yield ("series",), f"{stage}/{subject} has {known} periods on record, {name} needs more than {needed}; it stays open"


def _doubts(trigger: Trigger, triggers: Triggers, detectors: Mapping[str, type[Detector]], recipes: Mapping[str, Recipe]) -> Found:
    yield from _language(trigger)
    yield from _nesting(trigger)
    for level, rule in trigger.levels.items():
        for place, doubt in (*_floors(rule), *_history(rule, triggers, detectors), *_delays(rule, recipes)):
            yield ("levels", level, *place), doubt
        if level not in triggers.responses[trigger.response].levels:
            yield ("levels", level), f"the response {trigger.response} says nothing of {level}; add what the signatories do"


def _language(trigger: Trigger) -> Found:
    if trigger.title.en == trigger.title.es:
        yield ("title",), "the Spanish title is the English one; translate it"


def _floors(test: Test, *, floored: bool = False, place: Location = ()) -> Found:
    """Find tests against the past that a handful of people could meet."""
    leaf = test.leaf
    if isinstance(leaf, DetectorLeaf | GrowthLeaf | NewHighLeaf | CompositionLeaf) and leaf.floor is None and not floored:
        yield (*place, test.kind), "no floor; a handful could meet this: give one, or a level beside it"
    beside = test.kind == "all" and any(isinstance(part.leaf, LevelLeaf) and part.leaf.at_least for part in test.parts)
    for number, part in enumerate(test.parts):
        yield from _floors(part, floored=floored or beside, place=(*place, *test.step(number)))


def _history(rule: Rule, triggers: Triggers, detectors: Mapping[str, type[Detector]]) -> Found:
    leaves = list(rule.leaves())
    used = {leaf.use for _, leaf, _ in leaves if isinstance(leaf, ScoredLeaf)}
    if not used or any(isinstance(leaf, NewHighLeaf | GrowthLeaf) for _, leaf, _ in leaves):
        return
    needed = {name: detectors[triggers.detectors[name].method].least_history for name in used}
    if min(needed.values()) > SHORT_HISTORY_PERIODS:
        named = ", ".join(f"{name} ({periods} periods)" for name, periods in sorted(needed.items()))
        yield (), f"rests on {named} alone; add a detector for short histories"


def _delays(rule: Rule, recipes: Mapping[str, Recipe]) -> Found:
    for place, leaf, _ in rule.leaves():
        if isinstance(leaf, StalenessLeaf):
            cadence = recipes[leaf.source].cadence
            slack = cadence.latest_delay_days - cadence.usual_delay_days
            if leaf.days <= slack:
                yield (*place, "days"), f"{leaf.source} is at times {slack} days later than usual; give more than that"


def _nesting(trigger: Trigger) -> Found:
    """Find a level that is easier to reach than the one below it, where that is plain to see."""
    given = [level for level in LEVELS if level in trigger.levels]
    for lower, upper in pairwise(given):
        below, above = _least(trigger.levels[lower]), _least(trigger.levels[upper])
        for name in below.keys() & above.keys():
            if above[name] < below[name]:
                yield ("levels", upper), f"{name} {above[name]:g} is under the {below[name]:g} of {lower}; a higher level asks for more"


def _least(rule: Rule) -> dict[str, float]:
    """Give the smallest figure, score and delay that a rule asks for."""
    found: dict[str, list[float]] = {}
    for _, leaf, turned in rule.leaves():
        if turned:
            continue
        if isinstance(leaf, LevelLeaf) and leaf.at_least is not None:
            found.setdefault("at_least", []).append(leaf.at_least)
        if isinstance(leaf, ForecastLeaf):
            found.setdefault(f"forecast ({leaf.by})", []).append(leaf.at_least)
        if isinstance(leaf, ScoredLeaf):
            found.setdefault("score", []).append(leaf.score)
        if isinstance(leaf, StalenessLeaf):
            found.setdefault("days", []).append(leaf.days)
    return {name: min(figures) for name, figures in found.items()}


def _unused(triggers: Triggers) -> Found:
    """Find what the file defines and no trigger uses."""
    watched = [trigger for trigger in triggers.triggers if trigger.watched]
    used: dict[str, set[str]] = {
        "groups": {subject for trigger in watched for subject in trigger.series.subjects},
        "detectors": {leaf.use for trigger in watched for leaf in trigger.leaves if isinstance(leaf, ScoredLeaf)},
        "responses": {trigger.response for trigger in watched},
        "recipients": {name for trigger in watched for name in trigger.notify},
    }
    for section, names in used.items():
        for name in getattr(triggers, section):
            if name not in names:
                yield (section, name), "no trigger uses it; take it out, or use it"
