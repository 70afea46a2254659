"""The mix of nationalities of a stage: whether it moved against its own history, and who came that never came before."""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from detectors.base import Judgements, Method, Parameters
from detectors.stages import TOTAL, rows_by_stage
from pillarfour.detection import CONSTANT, INSUFFICIENT_HISTORY, NO_DATA, OK, Floats, MixScores, Panel
from pillarfour.model import SeriesKey

NATIONALITY = re.compile(r"[A-Z]{3}")
ROUNDING = 1e-9
JUST_UNDER = 1 - 1e-9
"""Of a threshold: for a tie, which is no record."""

SMALLEST = 1e-12
"""Bits below which divergences are not told apart."""

Names = npt.NDArray[np.object_]
Mixes = npt.NDArray[np.object_]
Columns = npt.NDArray[np.intp]
Stages = dict[str, dict[str, int]]
"""For each stage, the row of each nationality."""


class CompositionParameters(Parameters):
    """How often chance may bring a record, and who counts as new.

    Parameters
    ----------
    false_alarms_per_year
        How often the mix of a stage in control moves further than ever by chance; it says against how many months.
    exclude_recent_periods
        Newest periods that are kept out of the history, so that a change goes on being told.
    unseen_at_least
        Persons or events in the judged period from which a nationality that was never seen before is named.
    """

    false_alarms_per_year: float = Field(default=1, ge=0.01, le=2)
    exclude_recent_periods: int = Field(default=3, ge=0)
    unseen_at_least: int = Field(default=10, ge=1)


@dataclass(frozen=True, kw_only=True)
class Mix:
    """One stage's month against its history."""

    status: int
    divergence: float = float("nan")
    expected: float = float("nan")
    highest: float = float("nan")
    p_value: float = float("nan")
    leading: str = ""
    change: float = float("nan")


class Composition(Method[CompositionParameters]):
    """Jensen-Shannon divergence of a month's mix from the mean mix of n others, held against those n months' own.

    Notes
    -----
    The judged month and n months before it are each held against the mean mix of the n others. If their mixes are exchangeable, each
    of the n + 1 divergences is equally likely to be the largest, so the judged month's is by chance with probability 1 / (n + 1),
    however dispersed the mixes and however small the flow: a permutation test in which every permutation is looked at, so it needs no
    seed. A divergence has no direction: the score is never negative, and ``change`` says who gained or lost.

    References
    ----------
    .. [1] Lin, J. (1991). IEEE Transactions on Information Theory 37(1), 145-151. doi:10.1109/18.61115
    .. [2] Vovk, V., Gammerman, A., Shafer, G. (2005). Algorithmic Learning in a Random World. Springer.
    """

    name = "composition"
    of_mixes = True
    parameters_type = CompositionParameters
    least_history = 14

    def __init__(self, parameters: CompositionParameters | None = None) -> None:
        """Take the parameters; the rate says how much history is needed."""
        super().__init__(parameters)
        self.least_history = self.history_periods(12) + self.parameters.exclude_recent_periods

    def history_periods(self, periods_per_year: int) -> int:
        """Say against how many periods a record comes by chance no more often than stated."""
        return max(int(np.ceil(periods_per_year / self.parameters.false_alarms_per_year - ROUNDING)) - 1, 1)

    def score_columns(self, panel: Panel, columns: Columns) -> MixScores:
        """Score the mix of every stage of the panel in these periods, each with what precedes it alone.

        Parameters
        ----------
        panel
            Series ``stage/nationality``. Of a stage, the subjects that are nationality codes make the mix; where none is one, all but
            the total. Totals and groups, which hold nationalities that stand apart, are left out.

        Returns
        -------
        MixScores
            One row a stage, series ``stage/mix``.
        """
        stages = {stage: nationalities(rows) for stage, rows in rows_by_stage(panel.series).items()}
        mixes = self._mixes(panel, stages, columns)
        judged = _judgements(mixes)
        values = np.full((len(stages), len(panel.periods)), np.nan)
        values[:, columns] = _gathered(mixes, "divergence")
        return MixScores(
            panel=Panel(values=values, series=_keys(panel.series, stages), periods=panel.periods, unit="bits"),
            columns=columns,
            **{name: getattr(judged, name) for name in Judgements.__dataclass_fields__},
            false_alarms_per_year=self.false_alarms_per_year(panel),
            method=self.name,
            leading=_gathered(mixes, "leading"),
            change=_gathered(mixes, "change"),
            unseen=self._unseen(panel, stages, columns),
        )

    def judge(self, panel: Panel) -> Judgements:
        """Judge every stage in every period; one row a stage, in bits."""
        stages = {stage: nationalities(rows) for stage, rows in rows_by_stage(panel.series).items()}
        return _judgements(self._mixes(panel, stages, np.arange(len(panel.periods))))

    def _mixes(self, panel: Panel, stages: Stages, columns: Columns) -> Mixes:
        size = self.history_periods(panel.periods_per_year)
        mixes = np.empty((len(stages), len(columns)), dtype=object)
        for place, rows in enumerate(stages.values()):
            counts = panel.values[[*rows.values()]]
            mixes[place] = [self._judge(counts, list(rows), int(at), size) for at in columns]
        return mixes

    def _judge(self, counts: Floats, names: list[str], at: int, size: int) -> Mix:
        """Hold a stage's month against the months before, over the nationalities that are published in all of them."""
        published = np.asarray(np.isfinite(counts).any(axis=0))
        if not published[at]:
            return Mix(status=NO_DATA)
        before = np.flatnonzero(published[:at] & (np.nansum(counts[:, :at], axis=0) > 0))
        history = before[: len(before) - self.parameters.exclude_recent_periods][-size:]
        if len(history) < size:
            return Mix(status=INSUFFICIENT_HISTORY)
        months = np.append(history, at)
        apart = np.flatnonzero(np.isfinite(counts[:, months]).all(axis=1))
        flows = counts[np.ix_(apart, months)]
        if not (flows.sum(axis=0) > 0).all():
            return Mix(status=NO_DATA)
        mixes = (flows / flows.sum(axis=0)).T
        if np.ptp(mixes, axis=0).max() == 0:
            return Mix(status=CONSTANT)
        others = (mixes.sum(axis=0) - mixes) / size
        parts = divergences(mixes, others)
        each = parts.sum(axis=1)
        leading = int(parts[-1].argmax())
        return Mix(
            status=OK,
            divergence=each[-1],
            expected=each[:-1].mean(),
            highest=each[:-1].max(),
            p_value=float((each >= each[-1]).mean()),
            leading=names[apart[leading]],
            change=mixes[-1, leading] - others[-1, leading],
        )

    def _unseen(self, panel: Panel, stages: Stages, columns: Columns) -> Names:
        """Name who came for the first time; only of nationalities that were published, and zero, in every earlier period of a history."""
        named = np.empty((len(stages), len(columns)), dtype=object)
        for place, rows in enumerate(stages.values()):
            counts = panel.values[[*rows.values()]]
            came_before = np.cumsum(np.nan_to_num(counts), axis=1) - np.nan_to_num(counts)
            told_before = np.cumsum(np.isfinite(counts), axis=1) - np.isfinite(counts)
            new = np.asarray((counts >= self.parameters.unseen_at_least) & (came_before == 0) & (told_before >= self.least_history))
            for order, at in enumerate(columns):
                named[place, order] = tuple(name for name, is_new in zip(rows, new[:, at], strict=True) if is_new)
        return named


def nationalities(rows: dict[str, int]) -> dict[str, int]:
    """Give the subjects of a stage that add up to its flow: its nationality codes, else all but the total."""
    coded = {subject: row for subject, row in rows.items() if NATIONALITY.fullmatch(subject)}
    return coded or {subject: row for subject, row in rows.items() if subject != TOTAL}


def divergences(mixes: Floats, others: Floats) -> Floats:
    """Give each nationality's part of the Jensen-Shannon divergence between two mixes [bits]; the parts sum to between 0 and 1."""
    middle = (mixes + others) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(np.minimum(mix, middle) > 0, mix * np.log2(mix / middle), 0) for mix in (mixes, others)]
    return np.asarray(parts[0] + parts[1]) / 2


def _judgements(mixes: Mixes) -> Judgements:
    """Score a divergence beyond every one of the history's by how many times it is the largest; a tie is no record."""
    divergence, highest, status = _gathered(mixes, "divergence"), _gathered(mixes, "highest"), _gathered(mixes, "status")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(divergence > 0, divergence / np.maximum(highest, SMALLEST), 0)
    score = np.where(divergence > highest, np.maximum(ratio, 1), np.minimum(ratio, JUST_UNDER))
    return Judgements(
        expected=_gathered(mixes, "expected"),
        lower=np.full_like(score, np.nan),
        upper=highest,
        score=np.where(status == OK, score, np.nan),
        p_value=_gathered(mixes, "p_value"),
        status=status.astype(np.int8),
    )


def _gathered(mixes: Mixes, name: str) -> Any:
    """Give one figure of every mix, shape (n_stages, n_judged)."""
    kind = object if name == "leading" else float
    return np.array([getattr(mix, name) for mix in mixes.ravel()], dtype=kind).reshape(mixes.shape)


def _keys(series: tuple[Hashable, ...], stages: Stages) -> tuple[Hashable, ...]:
    if all(isinstance(key, SeriesKey) for key in series):
        return tuple(SeriesKey(stage=stage, subject="mix") for stage in stages)
    return tuple(f"{stage}/mix" for stage in stages)
