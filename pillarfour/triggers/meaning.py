"""What strict words cannot refuse: a trigger whose parts contradict each other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pillarfour.strict_yaml import Location
from pillarfour.triggers.conditions import (
    CompositionLeaf,
    DetectorLeaf,
    ForecastLeaf,
    LevelLeaf,
    RevisionLeaf,
    ShareLeaf,
    StalenessLeaf,
    UpstreamLeaf,
)
from pillarfour.triggers.names import Names

if TYPE_CHECKING:
    from pillarfour.triggers.schema import Trigger

DIRECTIONS = {"surge": "up", "collapse": "down"}


def faults_of(trigger: "Trigger", names: Any) -> Iterator[tuple[Location, str]]:
    """Give each contradiction with its location; without the names known, only those the trigger shows by itself."""
    yield from _classes(trigger)
    yield from _directions(trigger)
    yield from _shares(trigger)
    yield from _upstream(trigger, names)
    yield from _forecasts(trigger, names)
    if isinstance(names, Names):
        yield from _subjects(trigger, names)
        yield from _methods(trigger, names)
        yield from _units(trigger, names)


def _classes(trigger: "Trigger") -> Iterator[tuple[Location, str]]:
    """Keep surge, collapse and outage apart: a missing month is never a collapse."""
    for place, rule in trigger.rules():
        for below, leaf, _ in rule.leaves():
            if isinstance(leaf, StalenessLeaf) and trigger.kind != "outage":
                yield (*place, *below), f"a missing month is no {trigger.kind}; staleness belongs in a trigger of kind outage"
            if not isinstance(leaf, StalenessLeaf) and trigger.kind == "outage":
                yield (*place, *below), "an outage is judged by staleness alone; move this to a trigger of another kind"
        if trigger.kind == "outage" and rule.for_.window > 1:
            yield (*place, "for"), "an outage is judged by the calendar alone; ask for more days, and take for out"
    if trigger.kind == "revision":
        for level, rule in trigger.levels.items():
            if not any(isinstance(leaf, RevisionLeaf) and not turned for _, leaf, turned in rule.leaves()):
                yield ("levels", level), "a revision is judged by what a release moved; ask for a revision, or change the kind"
    if trigger.kind == "outage" and trigger.series.for_each_top is not None:
        yield ("series", "for_each_top"), "the subject of an outage is a source; name it"


def _directions(trigger: "Trigger") -> Iterator[tuple[Location, str]]:
    """Hold every detector of a level to the way that the trigger goes."""
    implied = DIRECTIONS.get(trigger.kind)
    if implied and trigger.direction not in {None, implied}:
        yield ("direction",), f"a {trigger.kind} goes {implied}; leave the direction out or change the kind"
        return
    wanted = implied or trigger.direction
    for place, rule in trigger.rules():
        for below, leaf, turned in rule.leaves():
            if isinstance(leaf, DetectorLeaf) and wanted and place[0] == "levels" and (leaf.direction == wanted) == turned:
                named = f"a {trigger.kind}" if implied else "the trigger"
                yield (
                    (*place, *below, "direction"),
                    f"{named} goes {wanted}; turn the direction or change the {'kind' if implied else 'trigger'}",
                )


def _shares(trigger: "Trigger") -> Iterator[tuple[Location, str]]:
    for place, rule in trigger.rules():
        for below, leaf, _ in rule.leaves():
            if isinstance(leaf, ShareLeaf) and "total" in trigger.series.subjects:
                yield (*place, *below), "the total's share of itself is always 1; ask a nationality or a group for its share"
            if isinstance(leaf, CompositionLeaf) and trigger.series.subjects != ("total",):
                yield (*place, *below), "a mix is of all nationalities of a stage; make the subject total"
            if isinstance(leaf, ShareLeaf) and leaf.at_least is not None and leaf.at_most is not None and leaf.at_least > leaf.at_most:
                yield (*place, *below), f"no share is at least {leaf.at_least:g} and at most {leaf.at_most:g}; swap them"
            if isinstance(leaf, LevelLeaf) and leaf.at_least is not None and leaf.at_most is not None and leaf.at_least > leaf.at_most:
                yield (*place, *below), f"no figure is at least {leaf.at_least:g} and at most {leaf.at_most:g}; swap them"


def _upstream(trigger: "Trigger", names: Any) -> Iterator[tuple[Location, str]]:
    order = names.words["stage"] if isinstance(names, Names) else trigger.series.stages
    for place, rule in trigger.rules():
        for below, leaf, _ in rule.leaves():
            if not isinstance(leaf, UpstreamLeaf) or leaf.stage not in order:
                continue
            if leaf.stage not in trigger.series.stages:
                yield (*place, *below, "stage"), f"the trigger does not watch {leaf.stage}; add it to its stages"
            elif all(order.index(stage) <= order.index(leaf.stage) for stage in trigger.series.stages):
                yield (*place, *below, "stage"), f"no stage of the trigger lies after {leaf.stage}; name an earlier one"
            if leaf.level not in trigger.levels:
                yield (*place, *below, "level"), f"the trigger has no level {leaf.level}; give one of {', '.join(trigger.levels)}"


def _forecasts(trigger: "Trigger", names: Any) -> Iterator[tuple[Location, str]]:
    """Ask forecasts of stages further on, of who is named, and on the newest figure."""
    order = names.words["stage"] if isinstance(names, Names) else ()
    for place, rule in trigger.rules():
        for below, leaf, _ in rule.leaves():
            if not isinstance(leaf, ForecastLeaf):
                continue
            before = [
                stage
                for stage in trigger.series.stages
                if {stage, leaf.from_} <= {*order} and order.index(stage) <= order.index(leaf.from_)
            ]
            if before:
                yield (*place, *below, "from"), f"{leaf.from_} is not upstream of {before[0]}; name a stage before all of the trigger's"
            if rule.for_.window > 1 and rule.for_.counted == "periods":
                yield (*place, "for"), "a forecast is made from the newest figure alone; hold it in releases, not in periods"
            if trigger.series.for_each_top is not None:
                yield ("series", "for_each_top"), "a forecast is of who is named; give subject or for_each"


def _subjects(trigger: "Trigger", names: Names) -> Iterator[tuple[Location, str]]:
    sources = names.words["source"]
    for number, subject in enumerate(trigger.series.subjects):
        place: Location = ("series", "subject") if trigger.series.subject is not None else ("series", "for_each", number)
        if trigger.kind == "outage" and subject not in sources:
            yield place, f"the subject of an outage is a source; known: {', '.join(sources)}"
        elif trigger.kind != "outage" and subject in sources:
            yield place, f'"{subject}" is a source; a {trigger.kind} is of total, a nationality or a group'


def _methods(trigger: "Trigger", names: Names) -> Iterator[tuple[Location, str]]:
    """Ask detectors of what they judge: a series by itself, or a stage's nationalities together."""
    for place, rule in trigger.rules():
        for below, leaf, _ in rule.leaves():
            if isinstance(leaf, DetectorLeaf) and leaf.use in names.mixes:
                yield (*place, *below, "use"), f'"{leaf.use}" judges the mix of a stage; ask it by composition: {{use: {leaf.use}}}'
            if isinstance(leaf, CompositionLeaf) and leaf.use in names.words["detector"] and leaf.use not in names.mixes:
                remedy = f"known: {', '.join(sorted(names.mixes))}" if names.mixes else "define one with method: composition"
                yield (*place, *below, "use"), f'"{leaf.use}" judges each series by itself, not the mix of a stage; {remedy}'


def _units(trigger: "Trigger", names: Names) -> Iterator[tuple[Location, str]]:
    """Hold every level to the unit of the stages it is asked of: events are not persons."""
    units = {stage: unit for stage in trigger.series.stages if (unit := names.units.get(stage)) is not None}
    common = next(iter(units.values()), "counts") if len(set(units.values())) == 1 else "counts"
    for place, rule in trigger.rules():
        for below, leaf, _ in rule.leaves():
            if isinstance(leaf, LevelLeaf | ForecastLeaf) and units and leaf.unit != common:
                published = ", ".join(f"{stage} {unit}" for stage, unit in units.items())
                yield (*place, *below, "unit"), f"the stages publish {published}; write unit: {common}"
