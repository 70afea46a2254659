"""What every detector shares: its parameters' manners, its argument checks, and how its scores are put together."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeVar, cast, get_args

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from detectors import at_breaks
from pillarfour.breaks import StructuralBreak, load
from pillarfour.detection import OK, Floats, Judge, Panel, Scores
from pillarfour.errors import DetectorError


class Parameters(BaseModel):
    """Frozen and strict: an unknown name is an error.

    Parameters
    ----------
    false_alarms_per_year
        How often a series in control may alarm by chance, both directions together. It is the threshold.
    restart_after, leave_out
        Structural breaks, by their ids in the register: nothing before the break is used once it has begun; or the break's own periods
        are not used. Series of other stages are judged as ever.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    false_alarms_per_year: float = Field(default=0.5, ge=0.01, le=2)
    restart_after: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_manner(self) -> Self:
        both = set(self.restart_after) & set(self.leave_out)
        if both:
            raise ValueError(f"{min(both)} stands in restart_after and in leave_out; name it in one of them")
        return self


@dataclass(frozen=True, kw_only=True)
class Judgements:
    """Every period of a panel, judged with what precedes it alone; the arrays are filled row by row, all of shape (n_series, n_periods)."""

    expected: Floats
    lower: Floats
    upper: Floats
    score: Floats
    p_value: Floats
    status: npt.NDArray[np.int8]

    @classmethod
    def blank(cls, shape: tuple[int, ...], *, status: int) -> "Judgements":
        """Start with nothing judged."""
        figures = {name: np.full(shape, np.nan) for name in ("expected", "lower", "upper", "score", "p_value")}
        return cls(**figures, status=np.full(shape, status, dtype=np.int8))

    def scored_where_able(self) -> Self:
        """Take the score from what could not be judged."""
        unable = self.status != OK
        for figures in (self.score, self.p_value):
            np.copyto(figures, np.nan, where=unable)
        return self


P = TypeVar("P", bound=Parameters)


class Method(ABC, Generic[P]):
    """Parameters, and nothing else that lasts; a method says only how it judges a whole panel online."""

    name: str
    parameters_type: type[BaseModel]
    least_history: int
    of_mixes = False

    def __init__(self, parameters: P | None = None) -> None:
        """Take the parameters, or the defaults; another detector's are a ``DetectorError``."""
        taken = self.parameters_type() if parameters is None else parameters
        if not isinstance(taken, self.parameters_type):
            raise DetectorError(f"{self.name}: takes {self.parameters_type.__qualname__}, not {type(taken).__qualname__}; build those")
        self.parameters = cast("P", taken)

    def detect(self, panel: Panel, *, judge: Judge = "newest", breaks: Sequence[StructuralBreak] | None = None) -> Scores:
        """Score the panel's last period of every series, or every period, each with what precedes it alone.

        Parameters
        ----------
        breaks
            Those that the parameters may name; by default the register of the project, ``data/structural_breaks.yaml``.
        """
        columns = self.columns_to_judge(panel, judge)
        named = {"restart_after": self.parameters.restart_after, "leave_out": self.parameters.leave_out}
        if breaks is None:
            breaks = load().breaks if any(named.values()) else ()
        applied = at_breaks.choose(panel, breaks, method=self.name, **named)
        scores = replace(self.score_columns(panel, columns), parameters=self.parameters.model_dump())
        return at_breaks.rescore(scores, panel, applied, score=self.score_columns) if applied else scores

    def score_columns(self, panel: Panel, columns: npt.NDArray[np.intp]) -> Scores:
        """Score these periods of every series by all that precedes them; a method that says more of them says it here."""
        return Scores(**self.scored(panel, columns, self.judge_columns(panel, columns=columns)))

    def scored(self, panel: Panel, columns: npt.NDArray[np.intp], judged: Judgements) -> dict[str, Any]:
        """Give the fields of scores."""
        return {
            "panel": panel,
            "columns": columns,
            "expected": judged.expected,
            "lower": judged.lower,
            "upper": judged.upper,
            "score": judged.score,
            "p_value": judged.p_value,
            "status": judged.status,
            "false_alarms_per_year": self.false_alarms_per_year(panel),
            "method": self.name,
        }

    def columns_to_judge(self, panel: Panel, judge: Judge) -> npt.NDArray[np.intp]:
        """Refuse what no detector can take, and give the columns wanted, shape (n_judged,)."""
        n_periods = len(panel.periods)
        if judge not in get_args(Judge):
            raise DetectorError(f"{self.name}: judge is {judge!r}; say newest or all")
        if n_periods == 0:
            raise DetectorError(f"{self.name}: the panel has no period; give at least one")
        if np.isinf(panel.values).any():
            row, column = np.argwhere(np.isinf(panel.values))[0]
            raise DetectorError(f"{self.name}: {panel.series[row]} {panel.periods[column]}: an infinite count; give NaN for not published")
        return np.arange(n_periods - 1 if judge == "newest" else 0, n_periods)

    def false_alarms_per_year(self, panel: Panel) -> float:  # noqa: ARG002 - a threshold stated a judgement needs the calendar
        """Say how often a series in control alarms by chance, both directions together."""
        return self.parameters.false_alarms_per_year

    def judge_columns(self, panel: Panel, *, columns: npt.NDArray[np.intp]) -> Judgements:
        """Judge these periods alone, shape (n_series, n_judged); a method that can do so without the others says how."""
        judged = self.judge(panel).scored_where_able()
        return Judgements(**{name: getattr(judged, name)[:, columns] for name in Judgements.__dataclass_fields__})

    @abstractmethod
    def judge(self, panel: Panel) -> Judgements:
        """Judge every period of a checked panel."""
