"""Sustained doublings and halvings, found with hindsight by one rule, so that no score rests on a chosen list."""

from dataclasses import dataclass

import numpy as np

from pillarfour.detection import Floats, Panel
from pillarfour.model import SeriesKey
from pillarfour.triggers.conditions import Direction

MONTHS = 3
"""A quarter is held against the quarter before."""

FACTOR = 2.0
"""Twice, or half: the first round number that nobody disputes."""

LEAST_COUNTS, LEAST_SHARE = 1000, 0.1
"""The larger of the two quarters has this many a month, and this share of the series' highest month; under it a doubling moves nobody."""

APART = 6
"""Months before the same direction can begin anew."""


@dataclass(frozen=True, kw_only=True, order=True)
class Onset:
    """The first month of a sustained doubling or halving.

    Parameters
    ----------
    month
        Its ordinal among months.
    before, after
        Means of the quarter before and of the quarter that begins with it [counts a month].
    """

    series: SeriesKey
    direction: Direction
    month: int
    before: float
    after: float


def find(panel: Panel, series: SeriesKey, direction: Direction) -> list[Onset]:
    """Find the onsets of one series in its final figures.

    Notes
    -----
    A month begins a doubling where the mean of the three months from it on is at least twice the mean of the three before it, each of the
    three is above that mean, and the larger of the two means is at least ``LEAST_COUNTS`` and ``LEAST_SHARE`` of the highest month on
    record. Of adjacent months that do, the one with the greatest ratio is the onset. A halving is the mirror image. Half a count
    is added to every mean, so that a rise from nothing has a ratio.
    """
    counts = panel.values[panel.series.index(series)]
    before, after, steady = _quarters(counts, up=direction == "up")
    ratio = (after + 0.5) / (before + 0.5) if direction == "up" else (before + 0.5) / (after + 0.5)
    floor = max(LEAST_COUNTS, LEAST_SHARE * np.nanmax(counts, initial=0))
    begins = (ratio >= FACTOR) & steady & (np.fmax(before, after) >= floor)
    first = panel.periods[0].ordinal
    found: list[Onset] = []
    for column in _peaks(begins, np.where(begins, ratio, -np.inf)):
        if not found or first + column - found[-1].month >= APART:
            found.append(
                Onset(
                    series=series,
                    direction=direction,
                    month=first + column,
                    before=float(before[column]),
                    after=float(after[column]),
                )
            )
    return found


def _quarters(counts: Floats, *, up: bool) -> tuple[Floats, Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Give of each month the mean before it and from it on, and whether each month from it on stays on its side of the mean before."""
    before, after = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    steady = np.zeros(len(counts), dtype=bool)
    for column in range(MONTHS, len(counts) - MONTHS + 1):
        before[column], after[column] = counts[column - MONTHS : column].mean(), counts[column : column + MONTHS].mean()
        side = counts[column : column + MONTHS] - before[column]
        steady[column] = bool((side > 0).all() if up else (side < 0).all())
    return before, after, steady


def _peaks(begins: np.ndarray[tuple[int], np.dtype[np.bool_]], ratio: Floats) -> list[int]:
    """Of each run of months take the one with the greatest ratio."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], begins, [False]]).astype(np.int8)))
    return [int(start + np.argmax(ratio[start:end])) for start, end in edges.reshape(-1, 2)]
