"""One announced change of an alert, for machines, feeds and short messages."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pillarfour.alerts.model import Evidence, Transition
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
    reasons
        Whether they may see why: reasons repeat the figure, and those of the months that it was compared with.
    """

    value: float | None
    expected: float | None
    fewer_than: int | None = None
    reasons: bool = True


def shown(notice: Notice, *, fewer_than: int = 0) -> Shown:
    """Hide a count below ``fewer_than``, and what it could be worked out from; 0 shows everything.

    Small counts can be recognised persons. What was expected goes with them, and so do the reasons, which repeat both; the reasons go
    alone where the figure is large and one that it was compared with is not.
    """
    condition = notice.transition.condition
    if condition.unit not in COUNTED:
        return Shown(value=condition.value, expected=condition.expected)
    if condition.value is not None and condition.value < fewer_than:
        return Shown(value=None, expected=None, fewer_than=fewer_than, reasons=False)
    small = any(count < fewer_than for count in _counts(notice.transition))
    return Shown(value=condition.value, expected=condition.expected, reasons=not small)


def _counts(transition: Transition) -> Iterator[float]:
    """Give every count that a reason may name."""
    yield from (figure.value for change in transition.changes for figure in (change.before, change.after))
    condition = transition.condition
    asked = [*condition.evidence.values(), *([condition.clear_evidence] if condition.clear_evidence else [])]
    while asked:
        evidence = asked.pop()
        asked += evidence.parts
        yield from _counted(evidence)


def _counted(leaf: Evidence) -> Iterator[float]:
    named = ("value", "other", "total") if leaf.test == "composition" else ("value", "other", "total", "before", "highest")
    found = [leaf.figures.get(name) for name in named]
    found += [each.get(name) for each in leaf.figures.get("revised") or () for name in ("was", "now")]
    yield from (count for count in found if isinstance(count, (int, float)))
