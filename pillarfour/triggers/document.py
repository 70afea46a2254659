"""``docs/triggers.md``, written from ``triggers.yaml``: what each trigger says, for readers who open no YAML."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pillarfour.alerts.model import LEVELS
from pillarfour.triggers import examples
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
from pillarfour.triggers.schema import Rule, Trigger, Triggers


def write(triggers: Triggers) -> str:
    """Write the page, in Markdown."""
    return "\n".join(_page(triggers)) + "\n"


def sentence(leaf: Leaf) -> str:
    """Say in words what a leaf asks for."""
    return SAID[type(leaf)](leaf)


def watched(trigger: Trigger) -> str:
    """Say whom a trigger watches."""
    top = trigger.series.for_each_top
    if top is None:
        return ", ".join(trigger.series.subjects)
    return f"whoever was ever among the {top.nationalities} largest nationalities of {_periods(top.over_periods)}"


def _page(triggers: Triggers) -> Iterator[str]:
    yield "# The triggers"
    yield ""
    yield "Written from [`triggers.yaml`](../triggers.yaml) by `pillarfour.triggers.document`; change that file, not this one."
    yield ""
    yield "| trigger | kind | watches | status |"
    yield "| --- | --- | --- | --- |"
    for trigger in triggers.triggers:
        watches = f"{watched(trigger)} at {', '.join(trigger.series.stages)}"
        yield f"| [{trigger.title.en}](#{trigger.id}) | {trigger.kind} | {watches} | {trigger.status} |"
    yield ""
    yield from _terms(triggers)
    for trigger in triggers.triggers:
        yield from _trigger(trigger, triggers)
    yield from _sector()
    yield ""
    yield from _southbound()


def _southbound() -> Iterator[str]:
    yield "## The way back"
    yield ""
    yield (
        "People also walk south, and no trigger here says so: none of the sources read so far publishes the way back by month and "
        "nationality. Once one does it becomes a stage of its own, such as `darien_southbound`, behind all others, because it comes after "
        "them on the way; surge, collapse and mix then need no code. One thing does: the alerts of one people at two stages are one case, "
        "so a stage will have to say which way it counts before a rise to the south may stand beside one to the north. A fall in the "
        "northward count is never read as people going back."
    )


def _sector() -> Iterator[str]:
    yield "## A sector, a field office, a state"
    yield ""
    yield (
        "A stage can be a part of what a table counts: `where` picks its rows by the dimensions that the source lists under `picks`, such "
        "as `area` and `state` of `us_cbp` or `state` of `mexico_segob`; a name that is none of them is refused with its place. A "
        "release that says nothing of the part leaves it without a figure, never at zero. The bundled figures are not broken down so far, "
        "so no shipped trigger does this; with the publisher's own files by area it reads:"
    )
    yield ""
    yield "```yaml"
    yield examples.SECTOR.rstrip("\n")
    yield "```"


def _terms(triggers: Triggers) -> Iterator[str]:
    yield "## Stages, in the order of travel"
    yield ""
    for stage in triggers.stages:
        tables = "; ".join(f"`{series.source}` {series.table}, {series.measure}" for series in stage.observed_by)
        place = f"`{stage.id}`, {stage.country}, {stage.role.replace('_', ' ')}"
        yield f"- **{stage.title.en}** / {stage.title.es} ({place}): counts {stage.unit}; {tables}."
    yield ""
    yield "## Groups"
    yield ""
    for name, group in triggers.groups.items():
        yield f"- **{group.title.en}** / {group.title.es} (`{name}`: {', '.join(group.nationalities)}). {group.reason}"
    yield ""
    yield "## Detectors"
    yield ""
    for name, instance in triggers.detectors.items():
        parameters = ", ".join(f"{key} {value}" for key, value in instance.parameters.items()) or "the method's defaults"
        yield f"- **{name}** ({instance.method}; {parameters}). {instance.reason}"
    yield ""
    yield "## Responses"
    yield ""
    for name, response in triggers.responses.items():
        yield f"- **{response.title.en}** / {response.title.es} (`{name}`)"
        for level in LEVELS:
            if (action := response.levels.get(level)) is not None:
                yield f"  - {level}, within {action.within_hours} hours: {action.en} / {action.es}"
    yield ""


def _trigger(trigger: Trigger, triggers: Triggers) -> Iterator[str]:
    yield f'## <a id="{trigger.id}"></a>{trigger.title.en}'
    yield ""
    yield f"*{trigger.title.es}* · `{trigger.id}` · {trigger.kind} · {trigger.status} · owner: {trigger.owner}"
    yield ""
    yield f"Watches {watched(trigger)} at {', '.join(trigger.series.stages)}."
    yield ""
    yield trigger.rationale
    yield ""
    for level in LEVELS:
        if level in trigger.levels:
            yield f"- **{level}**{_lasting(trigger.levels[level])}"
            yield from _tree(trigger.levels[level], "  ")
    yield f"- **ends**{_lasting(trigger.clear)}"
    yield from _tree(trigger.clear, "  ")
    yield ""
    yield from _terms_of(trigger)
    told = ", ".join(triggers.recipients[name].title.en for name in trigger.notify)
    links = ", ".join(f"<{link}>" for link in trigger.references)
    yield f"Response: {triggers.responses[trigger.response].title.en}. Told: {told}. References: {links}."
    yield ""


def _terms_of(trigger: Trigger) -> Iterator[str]:
    terms = []
    if trigger.cooldown_days:
        terms.append(f"For {trigger.cooldown_days} days after news of it lesser changes go to the digest; a rise is always told.")
    if trigger.false_alarms_per_year is not None:
        terms.append(f"Budget: {trigger.false_alarms_per_year:g} false alarms a year of one series.")
    if trigger.approval is not None:
        terms.append(f"Approved by {trigger.approval.by} on {trigger.approval.on}.")
    if terms:
        yield " ".join(terms)
        yield ""


def _bounds(at_least: float | None, at_most: float | None, *, form: str) -> str:
    bounds = {"at least": at_least, "at most": at_most}
    return " and ".join(f"{side} {bound:{form}}" for side, bound in bounds.items() if bound is not None)


def _tree(test: Test, indent: str) -> Iterator[str]:
    if test.leaf is not None:
        yield f"{indent}- {sentence(test.leaf)}"
        return
    if test.not_ is not None and test.not_.leaf is not None:
        yield f"{indent}- not: {sentence(test.not_.leaf)}"
        return
    joined = {"all": "all of", "any": "any of", "not": "not"}.get(test.kind) or (f"at least {test.at_least.n} of" if test.at_least else "")
    yield f"{indent}- {joined}:"
    for part in test.parts:
        yield from _tree(part, f"{indent}  ")


def _lasting(rule: Rule) -> str:
    held = rule.for_
    if held.window == 1:
        return ":"
    when = "in" if held.counted == "periods" else "after"
    return (
        f", {when} {held.needed} of the newest {held.window} {held.counted}:"
        if held.needed < held.window
        else f", {when} each of the newest {held.window} {held.counted}:"
    )


def _periods(number: int) -> str:
    return f"{number} periods" if number > 1 else "1 period"


def _floor(floor: float | None, what: str) -> str:
    return f", and {what} is at least {floor:,.0f}" if floor is not None else ""


def _level(leaf: LevelLeaf) -> str:
    return f"the figure is {_bounds(leaf.at_least, leaf.at_most, form=',.0f')} {leaf.unit}"


def _detector(leaf: DetectorLeaf) -> str:
    side, what = {"up": ("above", "the figure"), "down": ("below", "the expectation")}[leaf.direction]
    return f"`{leaf.use}` scores {leaf.score:g} or more {side} what it expects{_floor(leaf.floor, what)}"


def _growth(leaf: GrowthLeaf) -> str:
    side, what = ("at least", "the figure") if leaf.factor > 1 else ("at most", "the earlier figure")
    return f"the figure is {side} {leaf.factor:g} times that of {_periods(leaf.over_periods)} before{_floor(leaf.floor, what)}"


def _new_high(leaf: NewHighLeaf) -> str:
    return f"the figure exceeds each of the {_periods(leaf.over_periods)} before{_floor(leaf.floor, 'the figure')}"


def _share(leaf: ShareLeaf) -> str:
    when = f" {_periods(leaf.periods_before)} before" if leaf.periods_before else ""
    bounds = _bounds(leaf.at_least, leaf.at_most, form=".1%")
    return f"the share of the stage's total{when} is {bounds}{_floor(leaf.floor, 'the total')}"


def _composition(leaf: CompositionLeaf) -> str:
    far = "further than" if leaf.score == 1 else f"{leaf.score:g} times as far as"
    moved = f", and the share of one of them by {100 * leaf.share:g} points" if leaf.share is not None else ""
    return f"by `{leaf.use}` the stage's mix of nationalities moves {far} ever in its history{moved}{_floor(leaf.floor, 'the total')}"


def _revision(leaf: RevisionLeaf) -> str:
    moved = f"by {leaf.share:.0%} and by {leaf.floor:,.0f} or more"
    return f"the newest release moves a figure of the newest {_periods(leaf.over_periods)} {moved}"


def _break(leaf: BreakLeaf) -> str:
    named = f"the structural break `{leaf.id}`" if leaf.id else "a structural break of the stage"
    return f"{named} is in force{f', begun within {leaf.within_months} months' if leaf.within_months else ''}"


def _staleness(leaf: StalenessLeaf) -> str:
    return f"the next period of `{leaf.source}` is overdue by {leaf.days} day{'s' if leaf.days != 1 else ''} or more"


def _upstream(leaf: UpstreamLeaf) -> str:
    when = f"in the same month or the {leaf.within_months} before"
    return f"at stage `{leaf.stage}` this trigger reached {leaf.level} or above {when}"


def _forecast(leaf: ForecastLeaf) -> str:
    least = "the lower end of what is" if leaf.by == "lower" else "what is"
    when = (
        f"in one of the {leaf.within_months} months after the newest figure"
        if leaf.within_months > 1
        else "in the month after the newest figure"
    )
    return f"by a usable lag behind stage `{leaf.from_}`, {least} expected {when} is at least {leaf.at_least:,.0f} {leaf.unit}"


SAID: Mapping[type[Leaf], Callable[[Any], str]] = {
    BreakLeaf: _break,
    CompositionLeaf: _composition,
    DetectorLeaf: _detector,
    ForecastLeaf: _forecast,
    GrowthLeaf: _growth,
    LevelLeaf: _level,
    NewHighLeaf: _new_high,
    RevisionLeaf: _revision,
    ShareLeaf: _share,
    StalenessLeaf: _staleness,
    UpstreamLeaf: _upstream,
}
"""How each kind of leaf is said."""
