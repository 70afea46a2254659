"""The weeks and quarters that are reported on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

Kind = Literal["weekly", "quarterly"]
KINDS: Final[tuple[Kind, ...]] = ("weekly", "quarterly")


@dataclass(frozen=True, kw_only=True)
class Period:
    """A week or a quarter, its last day included.

    Parameters
    ----------
    name
        ``2021-W32`` by ISO 8601, or ``2021-Q3``.
    """

    kind: Kind
    name: str
    first: date
    last: date

    @property
    def before(self) -> "Period":
        """The one before it."""
        return ended(self.kind, self.first - timedelta(days=1))


def ended(kind: Kind, day: date) -> Period:
    """Give the newest week or quarter whose last day is this one or an earlier one."""
    return _ENDED[kind](day)


def _week(day: date) -> Period:
    last = day - timedelta(days=day.isoweekday() % 7)
    return Period(kind="weekly", name=f"{last:%G-W%V}", first=last - timedelta(days=6), last=last)


def _quarter(day: date) -> Period:
    following = day + timedelta(days=1)
    last = date(following.year, following.month - (following.month - 1) % 3, 1) - timedelta(days=1)
    return Period(kind="quarterly", name=f"{last.year}-Q{last.month // 3}", first=date(last.year, last.month - 2, 1), last=last)


_ENDED: Final[Mapping[Kind, Callable[[date], Period]]] = {"weekly": _week, "quarterly": _quarter}
