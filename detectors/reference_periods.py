"""Which past periods are compared with the judged one: windows around the same date of past years, and the seasons between them."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from detectors.quasi_poisson import Design

Columns = npt.NDArray[np.intp]


def same_dates(periods: pd.PeriodIndex, column: int, *, years: int, by_date: bool) -> list[int]:
    """Find the column of the same date in each of the past years, newest first; negative before the panel begins.

    Months and counted weeks lie a whole year's number of columns back. Calendar weeks by date: the week that begins nearest.
    """
    weekly = periods.freqstr[0] == "W"
    if not (weekly and by_date):
        return [column - year * (52 if weekly else 12) for year in range(1, years + 1)]
    begins = periods[column].start_time
    dates = [_years_before(begins, year) for year in range(1, years + 1)]
    return [column - round((begins - date).days / 7) for date in dates]


def _years_before(date: pd.Timestamp, years: int) -> pd.Timestamp:
    """Step back to the same date; 29 February becomes 1 March."""
    leap_day = (date.month, date.day) == (2, 29)
    return (date + pd.Timedelta(days=int(leap_day))).replace(year=date.year - years) if leap_day else date.replace(year=date.year - years)


def make_design(
    centres: list[int],
    column: int,
    *,
    half_window_periods: int,
    seasonal_levels: int,
    exclude_recent_periods: int,
    overwrite: bool = False,
    days: npt.NDArray[np.float64] | None = None,
) -> Design | None:
    """Lay out the baseline of one judged period, or None where it would begin before the panel.

    Parameters
    ----------
    centres
        The same date in past years, newest first.
    overwrite
        Assign short gaps as R surveillance does: blocks left without a period take the last period of the gap and the first of the
        window that follows it.
    days
        Time of each column; by default periods are equally long.

    Notes
    -----
    With one level the windows alone are used. With more, every period from the oldest window on is: the windows are the judged period's
    level, and each gap between two windows is cut into ``seasonal_levels - 1`` blocks, the first of them one longer where it does not
    divide; a gap of fewer periods has a level a period.
    """
    if centres[-1] - half_window_periods < 0:
        return None
    last = column - exclude_recent_periods - 1
    level_of = _levels([column, *centres], half_window_periods, seasonal_levels, overwrite=overwrite)
    chosen = np.array(sorted(each for each in level_of if each <= last), dtype=np.intp)
    levels = np.array([level_of[each] for each in chosen])
    order = np.argsort(levels, kind="stable")
    kept, sizes = np.unique(levels, return_counts=True)
    if seasonal_levels not in kept:
        return None
    distance = chosen - column if days is None else days[chosen] - days[column]
    return Design(
        columns=chosen[order],
        sizes=tuple(int(size) for size in sizes),
        times=(distance / np.abs(distance).max())[order][:, None],
        judged_level=int(np.searchsorted(kept, seasonal_levels)),
    )


def _levels(centres: list[int], half_window: int, seasonal_levels: int, *, overwrite: bool) -> dict[int, int]:
    """Give every column from the oldest window up to the judged period a level; windows have the highest."""
    level_of = {each: seasonal_levels for centre in centres for each in range(centre - half_window, min(centre + half_window, centres[0]) + 1)}
    if seasonal_levels == 1:
        return level_of
    for newer, older in zip(centres[:-1], centres[1:], strict=True):
        first, length = older + half_window + 1, newer - older - 2 * half_window - 1
        blocks = seasonal_levels - 1 if overwrite else min(seasonal_levels - 1, length)
        for block in range(blocks):
            size = length // blocks + (block < length % blocks)
            level_of.update((each, block + 1) for each in range(first, first + size))
            if not size:
                level_of[first - 1] = level_of[first] = block + 1
            first += size
    return level_of
