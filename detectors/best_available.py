"""The first of several methods that has history enough: long records by the better one, short ones by what can judge them."""

from dataclasses import dataclass, field, fields
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, model_validator

from detectors.base import Judgements, Method, Parameters
from detectors.breaks import Breaks, BreaksParameters
from detectors.cusum import Cusum, CusumParameters
from detectors.ears import Ears, EarsParameters
from detectors.farrington import Farrington
from detectors.farrington_baseline import FarringtonParameters
from detectors.state_space import StateSpace, StateSpaceParameters
from detectors.stl import Stl, StlParameters
from pillarfour.detection import CONSTANT, INSUFFICIENT_HISTORY, NO_DATA, NOT_CONVERGED, OK, Detector, Floats, Panel, Scores

Name = Literal["farrington", "stl", "state_space", "breaks", "cusum", "ears"]
Columns = npt.NDArray[np.intp]

NONE = -1
"""No method has answered."""


class BestAvailableParameters(Parameters):
    """Which methods, the best first.

    Parameters
    ----------
    methods
        Asked in this order, each with its own defaults and the same ``false_alarms_per_year``. ``ears`` is asked for C2, which needs
        less history than C3.
    """

    methods: tuple[Name, ...] = Field(default=("farrington", "cusum", "ears"), min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.methods)) < len(self.methods):
            raise ValueError(f"methods names one of {', '.join(self.methods)} twice; name each once")
        return self


@dataclass(frozen=True, kw_only=True)
class AnsweredScores(Scores):
    """Scores that say which method each of them is.

    Parameters
    ----------
    methods
        In the order in which they were asked.
    answered_by
        Index into ``methods``, shape (n_series, n_judged); -1 where none could judge.
    """

    methods: tuple[str, ...]
    answered_by: npt.NDArray[np.int8] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a series and judged period, with the ``method`` that answered; None where none could."""
        names = np.array([*self.methods, None], dtype=object)
        return super().to_frame().assign(method=names[self.answered_by.ravel()])


class BestAvailable(Method[BestAvailableParameters]):
    """Of every period of every series, the judgement of the first method that has one.

    Notes
    -----
    A method has one where its status is ``ok`` or ``constant``; one that did not converge leaves the answer to the next. Every method is
    held to the same rate, so the rate of the answers is the same; but a shift that one method still tells can be no news to the next.
    """

    name = "best_available"
    parameters_type = BestAvailableParameters
    least_history = 9

    def __init__(self, parameters: BestAvailableParameters | None = None) -> None:
        """Take the parameters and prepare the methods; the least history is the shortest of theirs."""
        super().__init__(parameters)
        self.members = tuple(member(name, rate=self.parameters.false_alarms_per_year) for name in self.parameters.methods)
        self.least_history = min(each.least_history for each in self.members)

    def score_columns(self, panel: Panel, columns: Columns) -> AnsweredScores:
        """Score these periods of every series, each with what precedes it alone, and say by which method."""
        judged, answered_by = self._ask(panel, columns)
        return AnsweredScores(**self.scored(panel, columns, judged), methods=self.parameters.methods, answered_by=answered_by)

    def judge(self, panel: Panel) -> Judgements:
        """Judge every period of every series."""
        return self._ask(panel, np.arange(len(panel.periods)))[0]

    def _ask(self, panel: Panel, columns: Columns) -> tuple[Judgements, npt.NDArray[np.int8]]:
        """Ask one method after the other, each about the series that are not wholly answered yet."""
        shape = (len(panel.series), len(columns))
        judged = Judgements.blank(shape, status=INSUFFICIENT_HISTORY)
        judged.status[np.isnan(panel.values[:, columns])] = NO_DATA
        answered_by = np.full(shape, NONE, dtype=np.int8)
        for order, asked in enumerate(self.members):
            open_rows = np.flatnonzero(((answered_by == NONE) & (judged.status != NO_DATA)).any(axis=1))
            if not open_rows.size:
                break
            some = Panel(
                values=panel.values[open_rows], series=tuple(panel.series[row] for row in open_rows), periods=panel.periods, unit=panel.unit
            )
            said = asked.detect(some, judge="newest" if len(columns) == 1 and columns[0] == len(panel.periods) - 1 else "all")
            _take(judged, answered_by, open_rows, said, order, columns)
        return judged, answered_by


def _take(judged: Judgements, answered_by: npt.NDArray[np.int8], rows: Columns, said: Scores, order: int, columns: Columns) -> None:  # noqa: PLR0913, PLR0917 - one step of asking
    """Take over what a method can judge and nobody before it could."""
    places = np.searchsorted(said.columns, columns)
    status = said.status[:, places]
    new = (answered_by[rows] == NONE) & ((status == OK) | (status == CONSTANT))
    failed = (answered_by[rows] == NONE) & (status == NOT_CONVERGED)
    judged.status[rows] = np.where(new, status, np.where(failed, NOT_CONVERGED, judged.status[rows]))
    answered_by[rows] = np.where(new, order, answered_by[rows])
    for each in fields(Judgements):
        if each.name != "status":
            figures: Floats = getattr(judged, each.name)
            figures[rows] = np.where(new, getattr(said, each.name)[:, places], figures[rows])


def member(name: Name, *, rate: float) -> Detector:
    """Make one of the methods, at this many false alarms a year."""
    made: dict[Name, Detector] = {
        "farrington": Farrington(FarringtonParameters(false_alarms_per_year=rate)),
        "stl": Stl(StlParameters(false_alarms_per_year=rate)),
        "state_space": StateSpace(StateSpaceParameters(false_alarms_per_year=rate)),
        "breaks": Breaks(BreaksParameters(false_alarms_per_year=rate)),
        "cusum": Cusum(CusumParameters(false_alarms_per_year=rate)),
        "ears": Ears(EarsParameters(method="C2", false_alarms_per_year=rate)),
    }
    return made[name]
