"""Publishers' years."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour.errors import ValidationError
from pillarfour.store.calendar import PublisherYear, first_day, last_day


@pytest.mark.parametrize(
    ("ends", "period", "year"),
    [
        (12, "2021-01", 2021),
        (12, "2021-12", 2021),
        (9, "2020-10", 2021),
        (9, "2021-09", 2021),
        (12, "2020-W53", 2020),
        (12, "2021-W01", 2021),
        (9, "2021-W40", 2022),
        (9, "2021-W39", 2021),
    ],
)
def test_a_period_belongs_to_one_publishers_year(ends, period, year):
    """October opens a fiscal year that September ends; a week goes with its Thursday."""
    assert PublisherYear(ends).of(period) == year


@pytest.mark.parametrize(
    ("last", "ended"),
    [("2023-08", False), ("2023-09", True), ("2023-10", True), ("2022-09", False), ("2023-W38", False), ("2023-W39", True)],
)
def test_a_year_has_ended_with_its_last_period(last, ended):
    """The fiscal year 2023 has ended for a release that counts September 2023."""
    assert PublisherYear(9).has_ended(2023, with_last=last) is ended


@given(day=st.dates(date(2000, 1, 5), date(2050, 1, 1)), ends=st.integers(1, 12))
def test_months_fill_the_calendar(day, ends):
    """Every day lies in its month, and the month's year ends in the stated month."""
    month = f"{day:%Y-%m}"

    assert first_day(month) <= day <= last_day(month)
    year = PublisherYear(ends).of(month)
    assert date(year - 1, ends, 28) < last_day(month)
    assert first_day(month) <= date(year, ends, 28)


@pytest.mark.parametrize("period", ["2021", "2021-13", "2021-W54", "June 2021", "2021-00"])
def test_what_is_no_period_is_refused(period):
    """Neither a month nor a week: the message says how to write one."""
    with pytest.raises(ValidationError, match="neither a month nor a week; write it as"):
        first_day(period)
