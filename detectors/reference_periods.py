"""Which past periods are compared with the judged one: windows around the same date of past years, and the seasons between them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from detectors.quasi_poisson import Design
from pillarfour.detection import Floats


def same_dates(column: int, *, years: int, periods_per_year: int, periods: pd.PeriodIndex | None = None) -> list[int]:
    """Find the column of the same date in each of the past years, newest first; negative before the panel begins.

    That is a whole year's number of columns back; for weeks, with their calendar given, the week that begins nearest.
    """
    if periods is None or periods.freqstr[0] != "W":
        return [column - year * periods_per_year for year in range(1, years + 1)]
    begins = periods[column].start_time
    return [column - round((begins - _years_before(begins, year)).days / 7) for year in range(1, years + 1)]


def _years_before(date: pd.Timestamp, years: int) -> pd.Timestamp:
    """Step back to the same date; 29 February becomes 1 March."""
    leap_day = (date.month, date.day) == (2, 29)
    return (date + pd.Timedelta(days=int(leap_day))).replace(year=date.year - years)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the baseline is laid out.

    Parameters
    ----------
    half_window_periods
        Periods of a window on either side of its date.
    seasonal_levels
        1 for the windows alone; else every period from the oldest window on is used, the windows are the judged period's level, and each
        gap between two windows is cut into one block less than this, the first of them one longer where it does not divide. A gap of
        fewer periods has a level a period.
    exclude_recent_periods
        Periods before the judged one that are left out.
    overwrite
        Assign short gaps as R surveillance does: blocks left without a period take the last period of the gap and the first of the
        window that follows it.
    """

    half_window_periods: int
    seasonal_levels: int
    exclude_recent_periods: int
    overwrite: bool = False


def make_design(centres: list[int], column: int, layout: Layout, *, days: Floats | None = None) -> Design | None:
    """Lay out the baseline of one judged period, or None where it would begin before the panel.

    Parameters
    ----------
    centres
        The same date in past years, newest first.
    days
        Time of each column; by default periods are equally long.
    """
    if centres[-1] - layout.half_window_periods < 0:
        return None
    last = column - layout.exclude_recent_periods - 1
    level_of = _levels([column, *centres], layout)
    chosen = np.array(sorted(each for each in level_of if each <= last), dtype=np.intp)
    levels = np.array([level_of[each] for each in chosen])
    order = np.argsort(levels, kind="stable")
    kept, sizes = np.unique(levels, return_counts=True)
    if layout.seasonal_levels not in kept:
        return None
    distance = chosen - column if days is None else days[chosen] - days[column]
    return Design(
        columns=chosen[order],
        sizes=tuple(int(size) for size in sizes),
        times=(distance / np.abs(distance).max())[order][:, None],
        judged_level=int(np.searchsorted(kept, layout.seasonal_levels)),
    )


def _levels(centres: list[int], layout: Layout) -> dict[int, int]:
    """Give every column from the oldest window up to the judged period a level; windows have the highest."""
    half, highest = layout.half_window_periods, layout.seasonal_levels
    level_of = {each: highest for centre in centres for each in range(centre - half, min(centre + half, centres[0]) + 1)}
    if highest == 1:
        return level_of
    for newer, older in pairwise(centres):
        first, length = older + half + 1, newer - older - 2 * half - 1
        blocks = highest - 1 if layout.overwrite else min(highest - 1, length)
        for block in range(blocks):
            size = length // blocks + (block < length % blocks)
            level_of.update((each, block + 1) for each in range(first, first + size))
            if not size:
                level_of[first - 1] = level_of[first] = block + 1
            first += size
    return level_of
