"""Months and weeks, and the publisher's year they belong to."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from pillarfour.errors import ValidationError

DECEMBER = 12


@cache
def first_day(period: str) -> date:
    """Give the first day of ``2021-06`` or ``2021-W23``.

    Raises
    ------
    ValidationError
        If it is neither a month nor an ISO week.
    """
    try:
        year, part = period.split("-")
        return date.fromisocalendar(int(year), int(part[1:]), 1) if part.startswith("W") else date(int(year), int(part), 1)
    except ValueError as cause:
        raise ValidationError(f"reference period {period!r}: neither a month nor a week; write it as 2021-06 or 2021-W23") from cause


@cache
def last_day(period: str) -> date:
    """Give the last day of a month or a week."""
    first = first_day(period)
    return first + timedelta(days=6) if "W" in period else first.replace(day=monthrange(first.year, first.month)[1])


@dataclass(frozen=True)
class PublisherYear:
    """A publisher's year by its last month; the fiscal year 2023 of ``PublisherYear(9)`` ends in September 2023.

    A week belongs to the year of its Thursday, as in ISO 8601.
    """

    ends: int

    def of(self, period: str) -> int:
        """Give the year that a period belongs to."""
        return _year(self.ends, _anchor(period))

    def has_ended(self, year: int, *, with_last: str) -> bool:
        """Say whether a year is over for a release whose last period is ``with_last``: every period of it has been counted."""
        next_period = _anchor(with_last) + timedelta(days=7 if "W" in with_last else 31)
        return year < _year(self.ends, next_period)


def _year(ends: int, day: date) -> int:
    return day.year + (day.month > ends)


@cache
def _anchor(period: str) -> date:
    """Give the day that places a period: a week's Thursday, a month's first."""
    return first_day(period) + timedelta(days=3) if "W" in period else first_day(period)
