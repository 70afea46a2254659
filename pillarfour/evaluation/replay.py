"""Past nights in their order, decided as the nightly decides them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pillarfour.alerts.deciding import ask_on, decide_all
from pillarfour.alerts.lifecycle import follow
from pillarfour.alerts.model import AlertKey, AlertState, Condition, Transition
from pillarfour.alerts.revision import with_figures
from pillarfour.triggers.evaluate import Yesterday, evaluate
from pillarfour.triggers.night import Night
from pillarfour.triggers.schema import Triggers


@dataclass(frozen=True, kw_only=True)
class Decided:
    """One night: what each trigger found, what changed, and where every alert stands after it."""

    night: Night = field(repr=False)
    conditions: tuple[Condition, ...] = field(repr=False)
    transitions: tuple[Transition, ...]
    states: Mapping[AlertKey, AlertState] = field(repr=False)


def replay(triggers: Triggers, nights: Sequence[Night], *, changed: Sequence[frozenset[str]] | None = None) -> Iterator[Decided]:
    """Ask and decide every night in turn, from a quiet start.

    Parameters
    ----------
    nights
        With their scores, in the order of their dates.
    changed
        Of each night, the stages of which anything is known that was not known the night before; by default all of them.
    """
    hashes = {trigger.id: triggers.sha256(trigger.id) for trigger in triggers.triggers}
    states: dict[AlertKey, AlertState] = {}
    yesterday: dict[AlertKey, Condition] = {}
    for number, night in enumerate(nights):
        kept = None if changed is None or not number else Yesterday(conditions=yesterday, changed=changed[number])
        found = evaluate(triggers, night, hashes=hashes, yesterday=kept)
        conditions = [each if yesterday.get(each.key) is each else with_figures(each, night) for each in found]
        conditions += ask_on(conditions, states, triggers=triggers, known=night)
        states = {**{each.key: AlertState(key=each.key) for each in conditions}, **states}
        transitions = decide_all(conditions, states, triggers=triggers, known=night, silences={})
        states |= {transition.key: follow(states[transition.key], transition) for transition in transitions}
        yesterday = {condition.key: condition for condition in conditions}
        yield Decided(night=night, conditions=tuple(conditions), transitions=tuple(transitions), states=dict(states))


def only(triggers: Triggers, *names: str) -> Triggers:
    """Give the file with some of its triggers alone."""
    return triggers.model_copy(update={"triggers": tuple(trigger for trigger in triggers.triggers if trigger.id in names)})
