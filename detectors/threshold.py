"""Plain thresholds: a new high or low of the count, of its growth, or of its share of the flow; or figures that policy sets."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from detectors.base import Judgements, Parameters
from detectors.shared_rows import BlockMethod, JudgeBlock, judging_all
from detectors.stages import TOTAL, rows_by_stage, stage_and_subject
from detectors.windows import ROWS_AT_ONCE, pack, statuses, still
from pillarfour.detection import INSUFFICIENT_HISTORY, NO_DATA, OK, Floats, Panel
from pillarfour.errors import DetectorError

ROUNDING = 1e-9
"""Share of a bound below which figures are the same."""

HALF = 0.5
"""A person: between a count and the next."""


class ThresholdParameters(Parameters):
    """What is looked at, and what it is held against.

    Parameters
    ----------
    false_alarms_per_year
        How often chance brings a new high or a new low, both together; it says over how many periods the high is new.
    quantity
        ``count``; ``growth``: times the count of ``growth_over_periods`` earlier; ``share``: of the stage's total.
    over_periods
        A new high or low of so many periods, in place of ``false_alarms_per_year``.
    exclude_recent_periods
        Newest periods that the high is not new against, so that a rise goes on being told; it costs no false alarms.
    at_least, at_most
        Figures that policy sets, in the quantity's own unit [persons or events, times, share], in place of a new high or low. How often
        chance reaches them nobody can say: the stated rate is NaN.
    """

    false_alarms_per_year: float = Field(default=1, ge=0.01, le=2)
    quantity: Literal["count", "growth", "share"] = "count"
    growth_over_periods: int = Field(default=12, ge=1)
    over_periods: int | None = Field(default=None, ge=2)
    exclude_recent_periods: int = Field(default=3, ge=0)
    at_least: float | None = Field(default=None, gt=0)
    at_most: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one_threshold(self) -> Self:
        stated = {"false_alarms_per_year", "over_periods"} & {name for name in self.model_fields_set if getattr(self, name) is not None}
        by_policy = self.at_least is not None or self.at_most is not None
        if len(stated) + by_policy > 1:
            raise ValueError("false_alarms_per_year, over_periods and at_least or at_most each state the threshold; give one")
        if self.at_least is not None and self.at_most is not None and self.at_least <= self.at_most:
            raise ValueError(f"at_least is {self.at_least:g} and at_most {self.at_most:g}; at_least is the larger")
        return self

    @property
    def by_policy(self) -> bool:
        """Whether figures are set."""
        return self.at_least is not None or self.at_most is not None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is held against a threshold, of all series: the quantity, and the count that one of it would be."""

    quantity: Floats
    base: Floats


class Threshold(BlockMethod[ThresholdParameters]):
    """A new high or low over so many periods that chance brings one as often as stated; or policy's own figures.

    Notes
    -----
    Of n + 1 exchangeable figures each is equally likely to be the highest. So the newest passes all of n others by chance with
    probability 1 / (n + 1), less where figures tie, whatever their law: n is where two directions give the stated rate. Which n makes no
    difference; here those that precede the ``exclude_recent_periods`` newest.

    References
    ----------
    .. [1] Vovk, V., Gammerman, A., Shafer, G. (2005). Algorithmic Learning in a Random World. Springer.
    """

    name = "threshold"
    parameters_type = ThresholdParameters
    least_history = 26
    series_at_once = ROWS_AT_ONCE

    def __init__(self, parameters: ThresholdParameters | None = None, *, processes: int = 1) -> None:
        """Take the parameters; they say how much history a month needs."""
        super().__init__(parameters, processes=processes)
        chosen = self.parameters
        growth = chosen.growth_over_periods if chosen.quantity == "growth" else 0
        self.least_history = growth + (0 if chosen.by_policy else self.over_periods(12) + chosen.exclude_recent_periods)

    def over_periods(self, periods_per_year: int) -> int:
        """Say over how many periods a high must be new to come by chance no more often than stated."""
        if self.parameters.over_periods is not None:
            return self.parameters.over_periods
        return int(np.ceil(2 * periods_per_year / self.parameters.false_alarms_per_year - ROUNDING)) - 1

    def false_alarms_per_year(self, panel: Panel) -> float:
        """Say how often chance brings a new high or low; NaN for figures that policy sets."""
        if self.parameters.by_policy:
            return float("nan")
        if self.parameters.over_periods is None:
            return self.parameters.false_alarms_per_year
        return 2 * panel.periods_per_year / (self.parameters.over_periods + 1)

    def judge_blocks(self, panel: Panel, columns: npt.NDArray[np.intp]) -> JudgeBlock:
        """Judge some hundred series at a time."""
        totals = rows_of_totals(panel) if self.parameters.quantity == "share" else None
        size = self.over_periods(panel.periods_per_year)

        def judge_block(rows: slice, judged: Judgements) -> None:
            counts = panel.values[rows]
            measured = self._measure(counts, None if totals is None else panel.values[totals[rows]])
            judged.p_value[:] = np.nan
            if self.parameters.by_policy:
                self._hold_against_policy(counts, measured, judged)
            else:
                self._hold_against_history(counts, measured, judged, size)

        return judging_all(judge_block, columns, n_periods=len(panel.periods))

    def _measure(self, counts: Floats, total: Floats | None) -> Measured:
        """Give the quantity and its base; the half person that lets growth from none be told is in both."""
        if total is not None:
            base = np.where(total > 0, total, np.nan)
            return Measured(quantity=counts / base, base=base)
        if self.parameters.quantity == "growth":
            lag = self.parameters.growth_over_periods
            base = np.full_like(counts, np.nan)
            base[:, lag:] = counts[:, :-lag] + HALF
            return Measured(quantity=(counts + HALF) / base, base=base)
        return Measured(quantity=counts, base=np.ones_like(counts))

    def _hold_against_history(self, counts: Floats, measured: Measured, judged: Judgements, size: int) -> None:
        """Score a new high or low; half a person lies between a tie and a new high."""
        lag = self.parameters.exclude_recent_periods
        packed = pack(measured.quantity)
        mean, low, high = (packed.back(each) for each in _window(packed.values, size=size, lag=lag))
        added = HALF if self.parameters.quantity == "growth" else 0
        expected, lowest, highest = (np.maximum(each * measured.base - added, 0) for each in (mean, low, high))
        upper = np.maximum(np.floor(highest + ROUNDING * (1 + highest)) + HALF, expected + HALF / 2)
        lower = np.minimum(np.ceil(lowest - ROUNDING * (1 + lowest)) - HALF, expected - HALF / 2)
        judged.expected[:], judged.upper[:], judged.lower[:] = expected, upper, np.maximum(lower, 0)
        difference = counts - expected
        judged.score[:] = difference / np.where(difference > 0, upper - expected, expected - lower)
        judged.status[:] = statuses(measured.quantity, least=size + lag)
        self._say_what_is_missing(counts, measured, judged)
        still(judged, slice(None), counts)

    def _hold_against_policy(self, counts: Floats, measured: Measured, judged: Judgements) -> None:
        """Score as many times the upper figure, or the lower figure as many times the count; reaching it is enough."""
        chosen = self.parameters
        base = measured.base - (HALF if chosen.quantity == "growth" else 0)
        up, down = np.zeros_like(counts), np.zeros_like(counts)
        judged.expected[:], judged.lower[:], judged.upper[:], judged.status[:] = np.nan, np.nan, np.nan, OK
        if chosen.at_least is not None:
            judged.upper[:] = np.maximum(chosen.at_least * base, HALF)
            up = counts / judged.upper[:]
        if chosen.at_most is not None:
            judged.lower[:] = chosen.at_most * base
            down = np.where(base > 0, (judged.lower[:] + HALF) / (counts + HALF), 0)
        judged.score[:] = np.where(up >= down, up, -down)
        self._say_what_is_missing(counts, measured, judged)

    def _say_what_is_missing(self, counts: Floats, measured: Measured, judged: Judgements) -> None:
        unsaid = NO_DATA if self.parameters.quantity == "share" else INSUFFICIENT_HISTORY
        judged.status[np.isnan(measured.quantity)] = unsaid
        judged.status[np.isnan(counts)] = NO_DATA


def rows_of_totals(panel: Panel) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Give for each series the row of its stage's total."""
    stages = rows_by_stage(panel.series)
    for stage, rows in stages.items():
        if TOTAL not in rows:
            raise DetectorError(f"threshold: a share of {stage or 'the flow'} needs its total; give the panel a series {stage}/{TOTAL}")
    return np.array([stages[stage_and_subject(key)[0]][TOTAL] for key in panel.series], dtype=np.intp)


def _window(values: Floats, *, size: int, lag: int) -> tuple[Floats, Floats, Floats]:
    """Mean, lowest and highest of the ``size`` figures that precede each, less the ``lag`` newest; NaN where the window is not full."""
    from scipy import ndimage  # noqa: PLC0415 - commands that detect nothing do not pay for it

    mean, low, high = (np.full(values.shape, np.nan) for _ in range(3))
    first = size + lag
    width = values.shape[1] - first
    if width <= 0:
        return mean, low, high
    missing = np.isnan(values)
    total = np.cumsum(values, axis=1)
    mean[:, first] = total[:, size - 1]
    mean[:, first + 1 :] = total[:, size : size + width - 1] - total[:, : width - 1]
    mean /= size
    middle = slice(size // 2, size // 2 + width)
    low[:, first:] = ndimage.minimum_filter1d(np.where(missing, np.inf, values), size, axis=1)[:, middle]
    high[:, first:] = ndimage.maximum_filter1d(np.where(missing, -np.inf, values), size, axis=1)[:, middle]
    for figures in (mean, low, high):
        figures[missing] = np.nan
    return np.clip(mean, low, high), low, high
