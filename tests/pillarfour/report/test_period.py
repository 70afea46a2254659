"""Tests of the periods that are reported on."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour.report.period import KINDS, ended

DAYS = {
    ("weekly", "2021-08-15"): ("2021-W32", "2021-08-09", "2021-08-15"),
    ("weekly", "2021-08-16"): ("2021-W32", "2021-08-09", "2021-08-15"),
    ("weekly", "2021-01-09"): ("2020-W53", "2020-12-28", "2021-01-03"),
    ("quarterly", "2021-09-30"): ("2021-Q3", "2021-07-01", "2021-09-30"),
    ("quarterly", "2021-09-29"): ("2021-Q2", "2021-04-01", "2021-06-30"),
    ("quarterly", "2022-01-01"): ("2021-Q4", "2021-10-01", "2021-12-31"),
}


@pytest.mark.parametrize("case", DAYS)
def test_a_day_reports_the_newest_period_that_is_over(case):
    """Its own last day included."""
    kind, day = case
    period = ended(kind, date.fromisoformat(day))

    assert (period.name, str(period.first), str(period.last)) == DAYS[case]


@given(st.sampled_from(KINDS), st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_periods_follow_each_other_without_a_gap(kind, day):
    """The one before ends on the day before, and each is its own newest on its last day and none of the next."""
    period = ended(kind, day)

    assert period.first <= period.last <= day
    assert period.before.last == period.first - timedelta(days=1)
    assert ended(kind, period.last) == period
    assert ended(kind, period.last - timedelta(days=1)) == period.before
