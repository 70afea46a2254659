"""Which periods are compared, on calendars that can be counted by hand."""

import numpy as np
import pandas as pd
import pytest

from detectors.reference_periods import Layout, make_design, same_dates


def months(column, *, years=2, **layout):
    given = {"half_window_periods": 2, "seasonal_levels": 10, "exclude_recent_periods": 2} | layout
    return make_design(same_dates(column, years=years, periods_per_year=12), column, Layout(**given))


def levels(design):
    """Give column -> place of its level, 0 for the oldest gap's first."""
    return dict(zip(design.columns.tolist(), np.repeat(np.arange(len(design.sizes)), design.sizes).tolist(), strict=True))


def test_one_level_is_the_windows_alone():
    """Two years, two months either side: ten months, and none of the recent ones."""
    design = months(40, seasonal_levels=1)

    assert sorted(design.columns) == [14, 15, 16, 17, 18, 26, 27, 28, 29, 30]
    assert design.sizes == (10,)


@pytest.mark.parametrize("excluded", [0, 1, 2, 5])
def test_recent_periods_are_left_out(excluded):
    """Of the judged window only what is older than the exclusion is used."""

    assert max(months(40, exclude_recent_periods=excluded, seasonal_levels=5).columns) == 40 - excluded - 1


def test_a_short_gap_has_a_level_a_month():
    """Seven months between windows cannot be nine blocks: each has its own level, the same in every year, and no window is cut."""
    found = levels(months(40))

    assert [found[column] for column in range(19, 26)] == list(range(7))
    assert [found[column] for column in range(31, 38)] == list(range(7))
    assert {found[column] for column in (14, 15, 16, 17, 18, 26, 27, 28, 29, 30)} == {7}


def test_r_overwrites_a_short_gap():
    """In the parity mode the last month of the gap and the first of the newer window have the last block's level."""
    found = levels(months(40, overwrite=True))

    assert [found[column] for column in range(19, 27)] == [0, 1, 2, 3, 4, 5, 6, 6]
    assert found[14] == found[27] == 7


def test_a_gap_that_does_not_divide_has_its_longest_blocks_first():
    """Seven months in three blocks: three, two, two."""
    found = levels(months(40, seasonal_levels=4))

    assert [found[column] for column in range(19, 26)] == [0, 0, 0, 1, 1, 2, 2]


def test_time_runs_up_to_the_judged_period():
    """The oldest reference is at -1, the judged period would be at 0."""
    design = months(40)

    assert design.times.min() == -1
    assert design.times.max() == -3 / 26
    assert design.columns[design.times.argmin()] == 14


def test_a_baseline_that_begins_before_the_panel_is_none():
    """The oldest window must be whole."""

    assert months(25) is None
    assert months(26) is not None


@pytest.mark.parametrize(("judged", "past"), [("2021-01-04", ["2020-01-06", "2019-01-07"]), ("2016-02-29", ["2015-03-02", "2014-03-03"])])
def test_weeks_are_compared_by_date(judged, past):
    """The same week of past years begins nearest to the same date, also after a year of 53 weeks."""
    weeks = pd.period_range("2012-01-02", "2022-01-03", freq="W-SUN")
    column = weeks.get_loc(pd.Period(judged, freq="W-SUN"))
    found = same_dates(column, years=2, periods_per_year=52, periods=weeks)

    assert [str(weeks[each].start_time.date()) for each in found] == past
