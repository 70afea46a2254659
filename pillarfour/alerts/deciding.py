"""All of a night's decisions: what changes, whether it is news, and of which movement it is a part; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pillarfour.alerts.acts import Act
from pillarfour.alerts.cases import Corridor, assign
from pillarfour.alerts.lifecycle import decide, end_unasked, follow
from pillarfour.alerts.model import AlertKey, AlertState, Condition, Transition
from pillarfour.alerts.revision import revised, with_figures
from pillarfour.alerts.telling import announce
from pillarfour.model import SeriesKey
from pillarfour.triggers.evaluate import ask
from pillarfour.triggers.night import Night
from pillarfour.triggers.schema import Triggers


def ask_on(
    conditions: Sequence[Condition], states: Mapping[AlertKey, AlertState], *, triggers: Triggers, known: Night
) -> Iterator[Condition]:
    """Ask also about alerts whose series tonight's figures leave out, though the rule is the one that they were last decided by.

    A nationality whose figures are revised or missing may not be among the largest any more: figures end its alert, as any other, and
    their absence does not.
    """
    asked = {condition.key for condition in conditions}
    for key in sorted(states.keys() - asked):
        state = states[key]
        trigger = next((each for each in triggers.triggers if each.id == key.trigger and each.watched), None)
        if state.state not in {"active", "pending"} or trigger is None or trigger.series.for_each_top is None:
            continue
        series = SeriesKey(stage=key.stage, subject=key.subject)
        if state.rule_sha256 == triggers.sha256(key.trigger) and (series in known.rows or not _published(known, key.stage)):
            night = known if series in known.rows else _with_nothing_of(known, series)
            yield with_figures(ask(triggers, night, key), night)


def _published(known: Night, stage: str) -> bool:
    """Whether the night knows any figure of a stage."""
    rows = [row for series, row in known.rows.items() if series.stage == stage]
    return bool(np.isfinite(known.panel.values[rows]).any())


def _with_nothing_of(known: Night, series: SeriesKey) -> Night:
    """Give the night with a line of which nothing is published."""
    values = np.vstack([known.panel.values, np.full(len(known.panel.periods), np.nan)])
    return replace(known, panel=replace(known.panel, values=values, series=(*known.panel.series, series)))


def decide_all(
    conditions: Sequence[Condition],
    states: Mapping[AlertKey, AlertState],
    *,
    triggers: Triggers,
    known: Night,
    silences: Mapping[AlertKey, Act],
) -> list[Transition]:
    """Decide every alert of a night: what changes, whether it is news, and of which movement it is a part.

    Parameters
    ----------
    conditions
        What each trigger found, with its figures.
    states
        Where every alert stood before; those that no trigger asks about any more are ended.
    """
    found: list[Transition | None] = []
    for condition in conditions:
        state = states[condition.key]
        decided = decide(state, condition, known_on=known.known_on, revision=revised(state, triggers, known))
        cooldown = triggers.trigger(condition.key.trigger).cooldown_days
        found.append(decided and announce(decided, state, silence=silences.get(condition.key), cooldown_days=cooldown))
    asked = {condition.key for condition in conditions}
    left = sorted(states.keys() - asked)
    found += [end_unasked(states[key], known_on=known.known_on, why=_unasked(key, triggers)) for key in left]
    transitions = [transition for transition in found if transition is not None]
    after = {**states, **{each.key: follow(states[each.key], each) for each in transitions}}
    corridor = Corridor(
        stages=tuple(stage.id for stage in triggers.stages), groups={name: group.nationalities for name, group in triggers.groups.items()}
    )
    return assign(transitions, after.values(), corridor=corridor)


def _unasked(key: AlertKey, triggers: Triggers) -> str:
    """Say why no rule asks about an alert any more."""
    trigger = next((each for each in triggers.triggers if each.id == key.trigger), None)
    if trigger is None:
        return f"trigger {key.trigger} is no longer in the file of triggers"
    return f"trigger {key.trigger} no longer watches {key.stage}/{key.subject}" if trigger.watched else f"trigger {key.trigger} is retired"
