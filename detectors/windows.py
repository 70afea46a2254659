"""Sliding windows over what is published: gaps closed, all series at once, and everything put back in its place."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectors.base import Judgements
from pillarfour.detection import CONSTANT, INSUFFICIENT_HISTORY, NO_DATA, OK, Floats

ROWS_AT_ONCE = 512
"""Series whose windows fit into a processor's cache together."""


@dataclass(frozen=True, kw_only=True)
class Packed:
    """Figures moved together to the left, so that "the last seven published" is a window whatever the gaps.

    Parameters
    ----------
    values
        Shape (n_series, n_periods); NaN behind the last published figure.
    gapped
        The series that were moved, shape (n_gapped,).
    order
        For each of those, the period that each figure came from, shape (n_gapped, n_periods).
    """

    values: Floats
    gapped: npt.NDArray[np.intp]
    order: npt.NDArray[np.intp]

    def back(self, judged: Floats) -> Floats:
        """Put figures by published rank back to their periods, in place."""
        if self.gapped.size:
            ranked = judged[self.gapped]
            ranked[np.isnan(self.values[self.gapped])] = np.nan
            judged[self.gapped[:, None], self.order] = ranked
        return judged


def pack(values: Floats) -> Packed:
    """Close the gaps of each series, which begin with the months before its first figure."""
    missing = np.isnan(values)
    gapped = np.flatnonzero(missing.any(axis=1))
    order = np.argsort(missing[gapped], axis=1, kind="stable")
    packed = values
    if gapped.size:
        packed = values.copy()
        packed[gapped] = np.take_along_axis(values[gapped], order, axis=1)
    return Packed(values=packed, gapped=gapped, order=order)


def moments(values: Floats, *, size: int, lag: int = 0) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the ``size`` figures that precede each, less the ``lag`` newest of them.

    Returns
    -------
    mean, deviation
        Each of the values' shape; NaN where the window is not full. In two passes, so that equal figures have no deviation at all.
    """
    mean, deviation = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    first = size + lag
    width = values.shape[1] - first
    if width <= 0:
        return mean, deviation
    total = values[:, :width].copy()
    for shift in range(1, size):
        total += values[:, shift : shift + width]
    total /= size
    squares = np.zeros_like(total)
    difference = np.empty_like(total)
    for shift in range(size):
        np.subtract(values[:, shift : shift + width], total, out=difference)
        difference *= difference
        squares += difference
    mean[:, first:] = total
    deviation[:, first:] = np.sqrt(squares / (size - 1))
    return mean, deviation


def statuses(counts: Floats, *, least: int) -> npt.NDArray[np.int8]:
    """Say of each figure whether it is published, has history enough, and belongs to a series that ever moved."""
    missing = np.isnan(counts)
    status = np.full(counts.shape, OK, dtype=np.int8)
    status[:, :least] = INSUFFICIENT_HISTORY
    gapped = np.flatnonzero(missing.any(axis=1))
    first = np.zeros(len(counts)) if not counts.size else counts[:, 0].copy()
    if gapped.size:
        rank = np.cumsum(~missing[gapped], axis=1, dtype=np.int32)
        status[gapped] = np.where(rank <= least, INSUFFICIENT_HISTORY, OK)
        first[gapped] = counts[gapped, missing[gapped].argmin(axis=1)]
    moved = counts != first[:, None]
    moved &= ~missing
    unmoved = np.flatnonzero(~moved[:, : least + 1].any(axis=1))
    never = ~np.logical_or.accumulate(moved[unmoved], axis=1)
    status[unmoved] = np.where(never & (status[unmoved] == OK), CONSTANT, status[unmoved])
    status[missing] = NO_DATA
    return status


def still(judged: Judgements, rows: slice, counts: Floats) -> None:
    """Expect of a series that never moved what it always was."""
    constant = judged.status[rows] == CONSTANT
    for figures in (judged.expected, judged.lower, judged.upper):
        figures[rows][constant] = counts[constant]
