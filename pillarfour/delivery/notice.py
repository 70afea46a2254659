"""One announced change of an alert, for machines, feeds and short messages."""

from dataclasses import dataclass
from typing import Final

from pillarfour.alerts.model import Transition
from pillarfour.delivery.night import Mark, News, Words

COUNTED: Final = frozenset({"persons", "events"})
"""The units of people's lives; an outage's days are no count of persons, and never hidden."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A piece of news as it is told to machines.

    Parameters
    ----------
    title
        The trigger's.
    country
        Where it is, ISO 3166-1 alpha-3; None where the stage is no longer one.
    nationalities
        The nationalities that the subject stands for, ISO 3166-1 alpha-3; none where it is all of them, or a source.
    notify
        The groups of readers that the trigger names.
    """

    news: News
    mark: Mark
    title: Words
    country: str | None
    nationalities: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()

    @property
    def transition(self) -> Transition:
        """What changed."""
        return self.news.transition


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

    Small counts can be recognised persons. What was expected goes with them, and so must the reasons, which repeat both.
    """
    condition = notice.transition.condition
    if condition.unit in COUNTED and condition.value is not None and condition.value < fewer_than:
        return Shown(value=None, expected=None, fewer_than=fewer_than)
    return Shown(value=condition.value, expected=condition.expected)
