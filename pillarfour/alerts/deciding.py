"""All of a night's decisions: what changes, whether it is news, and of which movement it is a part; pure."""

from collections.abc import Mapping, Sequence

from pillarfour.alerts.acts import Act
from pillarfour.alerts.cases import Corridor, assign
from pillarfour.alerts.lifecycle import decide, end_unasked, follow
from pillarfour.alerts.model import AlertKey, AlertState, Condition, Transition
from pillarfour.alerts.revision import revised
from pillarfour.alerts.telling import announce
from pillarfour.triggers.night import Night
from pillarfour.triggers.schema import Triggers


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
