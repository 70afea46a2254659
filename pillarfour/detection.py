"""What goes into a detector and what comes out."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from pillarfour.breaks import StructuralBreak
from pillarfour.errors import DetectorError

if TYPE_CHECKING:
    from statsmodels.iolib.summary import Summary

Judge = Literal["newest", "all"]
Manner = Literal["restart", "leave_out"]
"""Of a structural break: begin anew with it, or leave its periods out of what later ones are held against."""

STATUSES = ("ok", "insufficient_history", "no_data", "not_converged", "constant")
OK, INSUFFICIENT_HISTORY, NO_DATA, NOT_CONVERGED, CONSTANT = range(len(STATUSES))

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Counts of many series on one calendar.

    Parameters
    ----------
    values
        Counts [unit], shape (n_series, n_periods). NaN marks a period not yet published, or not published apart; 0 is zero.
    series
        What each row is, such as a ``SeriesKey``; no two alike.
    periods
        What each column is: months or weeks, without a gap.
    unit
        ``events`` or ``persons``, or for mixed panels what the reader must know.
    """

    values: Floats
    series: tuple[Hashable, ...]
    periods: pd.PeriodIndex
    unit: str

    def __post_init__(self) -> None:
        """Refuse what is no panel."""
        if self.values.shape != (len(self.series), len(self.periods)):
            raise DetectorError(
                f"panel: values have shape {self.values.shape}, but there are {len(self.series)} series "
                f"and {len(self.periods)} periods; give one row a series and one column a period"
            )
        if self.periods.freqstr[0] not in "MW":
            raise DetectorError(f"panel: periods are {self.periods.freqstr}; give months or weeks")
        if len(self.periods) > 1 and not (np.diff(self.periods.asi8) == 1).all():
            raise DetectorError("panel: the calendar has gaps or is out of order; give every period once, NaN where nothing is published")
        if (self.values < 0).any():
            row, column = np.argwhere(self.values < 0)[0]
            raise DetectorError(
                f"panel: {self.series[row]} {self.periods[column]}: a count of {self.values[row, column]:g}; counts are never negative"
            )

    @property
    def periods_per_year(self) -> int:
        """12 for months, 52 for weeks."""
        return 12 if self.periods.freqstr[0] == "M" else 52


def name_period(period: pd.Period) -> str:
    """Write a month as 2021-06, a week as 2021-W23."""
    return str(period) if period.freqstr[0] == "M" else str(period.end_time.strftime("%G-W%V"))


@dataclass(frozen=True, kw_only=True)
class AppliedBreak:
    """A structural break that judgements took into account.

    Parameters
    ----------
    first, last
        The periods that hold its first and its last day; no last one where it is still in force.
    series
        Those of the panel that it touches.
    """

    id: str
    title: str
    manner: Manner
    first: pd.Period
    last: pd.Period | None
    series: tuple[Hashable, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How far each judged period of each series lies from what was expected.

    Parameters
    ----------
    panel
        What was judged.
    columns
        Which of the panel's columns were judged, shape (n_judged,).
    expected, lower, upper
        In the panel's unit, shape (n_series, n_judged); NaN where there is none.
    score
        1 at the upper threshold, -1 at the lower one; NaN where there is none.
    p_value
        Chance of a period at least as far out, one-sided; NaN for methods that give a run length instead.
    status
        Index into ``STATUSES``, shape (n_series, n_judged).
    false_alarms_per_year
        How often a series in control would alarm by chance, as stated by the method.
    method
        The detector's name.
    parameters
        What it was asked for, by name.
    breaks
        The structural breaks that were applied.
    """

    panel: Panel = field(repr=False)
    columns: npt.NDArray[np.intp]
    expected: Floats
    lower: Floats
    upper: Floats
    score: Floats
    p_value: Floats
    status: npt.NDArray[np.int8]
    false_alarms_per_year: float
    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    breaks: tuple[AppliedBreak, ...] = ()

    @property
    def direction(self) -> npt.NDArray[np.int8]:
        """1 above, -1 below, 0 at what was expected or not judged."""
        return np.sign(np.nan_to_num(self.score)).astype(np.int8)

    @property
    def alarm(self) -> npt.NDArray[np.bool_]:
        """Whether a threshold was reached."""
        return np.abs(np.nan_to_num(self.score)) >= 1

    def summary(self, *, alarms_shown: int = 10) -> "Summary":
        """Say what was judged, how often chance alarms beside what did, and the strongest alarms, as statsmodels' results do."""
        from pillarfour.score_summary import summarise  # noqa: PLC0415 - it reads these scores, and prints by statsmodels

        return summarise(self, alarms_shown=alarms_shown)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a series and judged period, in that order."""
        n_series, n_judged = self.score.shape
        return pd.DataFrame(
            {
                "series": np.repeat(np.array([str(key) for key in self.panel.series], dtype=object), n_judged),
                "period": np.tile(np.array([name_period(period) for period in self.panel.periods[self.columns]], dtype=object), n_series),
                "value": self.panel.values[:, self.columns].ravel(),
                "expected": self.expected.ravel(),
                "lower": self.lower.ravel(),
                "upper": self.upper.ravel(),
                "score": self.score.ravel(),
                "p_value": self.p_value.ravel(),
                "alarm": self.alarm.ravel(),
                "direction": self.direction.ravel(),
                "status": np.array(STATUSES, dtype=object)[self.status.ravel()],
            }
        )


@dataclass(frozen=True, kw_only=True)
class MixScores(Scores):
    """One row a stage, ``stage/mix``, in bits of divergence, and who made it; ``panel`` holds the divergences, not the counts.

    Parameters
    ----------
    leading
        The nationality whose share contributes most to the divergence, shape (n_stages, n_judged); an empty word where none is judged.
    change
        Its share in the judged period less its share before.
    unseen
        The nationalities that came for the first time, in the panel's order, a tuple a stage and judged period.
    """

    leading: npt.NDArray[np.object_] = field(repr=False)
    change: Floats = field(repr=False)
    unseen: npt.NDArray[np.object_] = field(repr=False, metadata={"whole_record": True})


class Detector(Protocol):
    """A method with its parameters; it has no memory."""

    name: str
    parameters_type: type[Any]
    """The frozen model of its parameters; what a file of triggers says is validated against it."""
    least_history: int
    """Published months before the judged one without which it says ``insufficient_history``."""
    of_mixes: bool
    """Whether it judges a stage's nationalities together, and gives ``MixScores``; else each series by itself."""

    def __init__(self, parameters: Any = None) -> None:
        """Take a frozen pydantic model of parameters, or the defaults."""

    def detect(self, panel: Panel, *, judge: Judge = "newest", breaks: Sequence[StructuralBreak] | None = None) -> Scores:
        """Score the newest period of every series, or every one with what precedes it; ``breaks``, else the project's, are known."""
        ...
