"""What each trigger says of each of its series on a night; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pillarfour.alerts.model import AlertKey, Condition
from pillarfour.model import SeriesKey
from pillarfour.triggers import watching
from pillarfour.triggers.night import Night
from pillarfour.triggers.question import Question
from pillarfour.triggers.schema import Trigger, Triggers


@dataclass(frozen=True, kw_only=True)
class Yesterday:
    """What the same triggers said of the night before, and what has been published since.

    Parameters
    ----------
    changed
        The stages of which anything is known that was not known then.
    """

    conditions: Mapping[AlertKey, Condition]
    changed: frozenset[str]

    def answer(self, trigger: Trigger, key: AlertKey) -> Condition | None:
        """Give the condition of the night before where nothing that it rests on has changed."""
        if trigger.by_the_clock or not self.changed.isdisjoint(trigger.rests_on):
            return None
        return self.conditions.get(key)


def evaluate(
    triggers: Triggers, night: Night, *, hashes: Mapping[str, str] | None = None, yesterday: Yesterday | None = None
) -> list[Condition]:
    """Ask every watched trigger of every one of its series, in the order of the file.

    Parameters
    ----------
    night
        What is known on the date; nothing else is looked at.
    hashes
        Each trigger's content hash, where the caller has them at hand.
    yesterday
        For replays of many nights: what need not be asked again.

    Returns
    -------
    list of Condition
        One a trigger, stage and subject: the highest level met on the newest published period, and the evidence of every level.

    Raises
    ------
    TriggerError
        If the panel, the scores or the outlooks lack what a trigger watches.
    """
    known = hashes or {trigger.id: triggers.sha256(trigger.id) for trigger in triggers.triggers if trigger.watched}
    found = []
    for trigger in triggers.triggers:
        for key in watched_by(trigger, night) if trigger.watched else ():
            again = yesterday.answer(trigger, key) if yesterday is not None else None
            series = SeriesKey(stage=key.stage, subject=key.subject)
            question = Question(triggers=triggers, trigger=trigger, night=night, series=series, sha256=known[trigger.id])
            found.append(again if again is not None else question.condition())
    return found


def ask(triggers: Triggers, night: Night, key: AlertKey) -> Condition:
    """Ask one trigger of one series of the night's panel, whether or not it watches that series on the night.

    Raises
    ------
    TriggerError
        If the panel, the scores or the outlooks lack the series.
    """
    series = SeriesKey(stage=key.stage, subject=key.subject)
    trigger = triggers.trigger(key.trigger)
    return Question(triggers=triggers, trigger=trigger, night=night, series=series, sha256=triggers.sha256(key.trigger)).condition()


def watched_by(trigger: Trigger, night: Night) -> Iterator[AlertKey]:
    """Give what a trigger is asked of on a night, subject by subject, each in travel order."""
    at = {stage: watching.subjects(trigger, stage, night.panel) for stage in trigger.series.stages}
    for subject in dict.fromkeys(subject for found in at.values() for subject in found):
        for stage in trigger.series.stages:
            if subject in at[stage]:
                yield AlertKey(trigger=trigger.id, stage=stage, subject=subject)
