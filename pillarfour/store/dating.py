"""When a document was let out, and how that is known."""

from dataclasses import dataclass
from datetime import date, timedelta

from pillarfour.errors import ValidationError
from pillarfour.model import Basis, Document, Parsed
from pillarfour.recipe import Recipe
from pillarfour.store.calendar import first_day, last_day

CREDIBILITY: tuple[Basis, ...] = ("observed", "stated", "reconstructed")

ZONES = timedelta(days=1)
"""How far a day, where the publisher or the analyst is, may be ahead of the day in UTC."""


@dataclass(frozen=True, kw_only=True)
class Dating:
    """A publication date and its basis."""

    published_on: date
    published_basis: Basis

    def rank(self) -> tuple[bool, date, int]:
        """Order datings of the same bytes, the best first: any evidence before a rule, then the earliest day.

        A server that is moved gives its old files a late ``Last-Modified``; the bytes were out before.
        """
        return (self.published_basis == "reconstructed", self.published_on, CREDIBILITY.index(self.published_basis))


def date_document(document: Document, *, parsed: Parsed, last_period: str, recipe: Recipe) -> Dating:
    """Date a document: by what came with it, else by what it says, else by the source's rule for its last period.

    Raises
    ------
    ValidationError
        If that is before its last period began, or after the document was retrieved.
    """
    if document.published_on is not None:
        dating = Dating(published_on=document.published_on, published_basis=document.published_basis or "stated")
    elif parsed.stated_on is not None:
        dating = Dating(published_on=parsed.stated_on, published_basis="stated")
    else:
        dating = Dating(published_on=_by_rule(last_period, recipe), published_basis="reconstructed")
    if dating.published_on < first_day(last_period):
        raise ValidationError(
            f"{document.name}: published on {dating.published_on} ({dating.published_basis}), before {last_period} began, which it counts; "
            "give the right day with --published-on"
        )
    if dating.published_basis != "reconstructed" and dating.published_on > document.retrieved_at.date() + ZONES:
        raise ValidationError(
            f"{document.name}: published on {dating.published_on} ({dating.published_basis}), but it was here on "
            f"{document.retrieved_at.date()} already; give the right day with --published-on"
        )
    return dating


def _by_rule(last_period: str, recipe: Recipe) -> date:
    cadence, end = recipe.cadence, last_day(last_period)
    if cadence.days_after_period is not None:
        return end + timedelta(days=cadence.days_after_period)
    next_month = end.replace(day=1) + timedelta(days=31)
    return next_month.replace(day=cadence.day_of_next_month or 1)
