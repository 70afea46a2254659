"""One announced change of an alert, in both languages: what machines, feeds and short messages are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from pillarfour.alerts.model import Transition
from pillarfour.delivery.night import Mark

Language = Literal["en", "es"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "es")
Words = Mapping[Language, str]
"""One text in each language."""

COUNTED: Final = frozenset({"persons", "events"})
"""The units of people's lives; an outage's days are no count of persons, and never hidden."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A change as it is told to machines.

    Parameters
    ----------
    on_trial
        Whether the trigger is under test and nobody is to act on it.
    rebuilt
        Whether it rests on documents rebuilt from published figures.
    since
        The night from which the alert stands; for one that ended, had stood.
    title
        The trigger's.
    subject, place
        Who and where, as ``Haitian families`` and ``Darién``.
    country
        Where it is, ISO 3166-1 alpha-3; None where the stage is no longer one.
    nationalities
        The nationalities that the subject stands for, ISO 3166-1 alpha-3; none where it is all of them, or a source.
    response
        What is agreed for the level reached, step by step.
    notify
        The groups of readers that the trigger names.
    """

    transition: Transition
    mark: Mark
    since: date
    title: Words
    subject: Words
    place: Words
    country: str | None
    nationalities: tuple[str, ...] = ()
    response: Mapping[Language, tuple[str, ...]]
    notify: tuple[str, ...] = ()
    on_trial: bool = False
    rebuilt: bool = False


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A notice's newest figure as a reader may see it.

    Parameters
    ----------
    value, expected
        None where there is none, and where it is not shown.
    fewer_than
        The number below which the figure lies and is not shown; None where it is shown.
    """

    value: float | None
    expected: float | None
    fewer_than: int | None = None


def shown(notice: Notice, *, fewer_than: int = 0) -> Shown:
    """Hide a count below ``fewer_than``, and what it could be worked out from; 0 shows everything.

    Small counts can be recognised persons. What was expected goes with them, and so must the reason, which repeats both.
    """
    condition = notice.transition.condition
    if condition.unit in COUNTED and condition.value is not None and condition.value < fewer_than:
        return Shown(value=None, expected=None, fewer_than=fewer_than)
    return Shown(value=condition.value, expected=condition.expected)
