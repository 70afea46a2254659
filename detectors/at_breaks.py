"""Structural breaks: from which periods on the past is another country, and which of its periods are left out.

One mechanism for every detector: the periods that a judgement may not use are hidden from it, and it is asked again.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from detectors.stages import stage_and_subject
from pillarfour.breaks import StructuralBreak
from pillarfour.detection import AppliedBreak, Manner, Panel, Scores
from pillarfour.errors import DetectorError
from pillarfour.model import SeriesKey
from pillarfour.strict_yaml import unknown

S = TypeVar("S", bound=Scores)
Columns = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class History:
    """Series and judged periods that share what is hidden from them."""

    rows: Columns
    columns: Columns
    hidden: Flags
    """Shape (n_periods,)."""


def choose(
    panel: Panel, breaks: Sequence[StructuralBreak], *, method: str, restart_after: Sequence[str], leave_out: Sequence[str]
) -> tuple[AppliedBreak, ...]:
    """Find the breaks that are named, and which of the panel's series each of them touches.

    Raises
    ------
    DetectorError
        If a name is none of the breaks known.
    """
    known = {each.id: each for each in breaks}
    named: list[tuple[str, Manner]] = [*((name, "restart") for name in restart_after), *((name, "leave_out") for name in leave_out)]
    for name, _ in named:
        if name not in known:
            raise DetectorError(
                f"{method}: {unknown('structural break', name, known)}; data/structural_breaks.yaml lists them, with their sources"
            )
    found = [_apply(known[name], panel, manner) for name, manner in named]
    return tuple(each for each in found if each.series and each.first <= panel.periods[-1])


def _apply(each: StructuralBreak, panel: Panel, manner: Manner) -> AppliedBreak:
    first = _period_of(each.from_, panel)
    last = None if each.to is None else _period_of(each.to, panel)
    touched = tuple(key for key in panel.series if stage_of(key) in each.stages)
    return AppliedBreak(id=each.id, title=each.title, manner=manner, first=first, last=last, series=touched)


def _period_of(day: date, panel: Panel) -> pd.Period:
    return pd.Period(day, freq=panel.periods.freqstr)


def stage_of(key: Hashable) -> str:
    """Say at which stage a series is counted: ``darien`` of ``darien/HTI``, and of the same series as a night knew it; else its name."""
    if isinstance(key, tuple) and key:
        return stage_of(key[0])
    if isinstance(key, SeriesKey):
        return key.stage
    return stage_and_subject(key)[0] or str(key)


def rescore(whole: S, panel: Panel, breaks: Sequence[AppliedBreak], *, score: Callable[[Panel, Columns], S]) -> S:
    """Judge those periods again whose past has something to hide.

    Parameters
    ----------
    whole
        The scores of the panel as it is.
    score
        How the method judges some columns of a panel.

    Returns
    -------
    Scores
        With ``breaks`` as the ones applied.
    """
    made = replace(whole, **{name: getattr(whole, name).copy() for name in _matrices(whole)}, breaks=tuple(breaks))
    if whole.panel is not panel:  # the rows are no counts of the panel, but figures made of them
        made = replace(made, panel=replace(whole.panel, values=whole.panel.values.copy()))
    row_of = {key: row for row, key in enumerate(whole.panel.series)}
    for history in histories(panel, breaks, columns=whole.columns):
        seen = _hide(panel, history)
        part = score(seen, history.columns)
        rows = np.array([row_of[key] for key in part.panel.series], dtype=np.intp)
        for name in _matrices(part):
            getattr(made, name)[np.ix_(rows, np.searchsorted(whole.columns, history.columns))] = getattr(part, name)
        if part.panel is not seen:
            made.panel.values[np.ix_(rows, history.columns)] = part.panel.values[:, history.columns]
    return made


def histories(panel: Panel, breaks: Sequence[AppliedBreak], *, columns: Columns) -> Iterator[History]:
    """Give the series and periods that cannot be judged by all that precedes them, together where they share what they can."""
    touched = [frozenset(each.series) for each in breaks]
    touching = [frozenset(number for number, keys in enumerate(touched) if key in keys) for key in panel.series]
    for numbers in dict.fromkeys(touching):
        rows = np.array([row for row, found in enumerate(touching) if found == numbers], dtype=np.intp)
        hidden = _hidden(panel, [breaks[number] for number in sorted(numbers)], columns=columns)
        for pattern in np.unique(hidden, axis=0):
            if pattern.any():
                yield History(rows=rows, columns=columns[(hidden == pattern).all(axis=1)], hidden=pattern)


def _hidden(panel: Panel, breaks: Sequence[AppliedBreak], *, columns: Columns) -> Flags:
    """Say for each judged period which periods it may not use, shape (n_judged, n_periods)."""
    periods, judged = np.arange(len(panel.periods)), columns[:, None]
    hidden = np.zeros((len(columns), len(panel.periods)), dtype=bool)
    for each in breaks:
        first = each.first.ordinal - panel.periods[0].ordinal
        last = len(periods) if each.last is None else each.last.ordinal - panel.periods[0].ordinal
        if each.manner == "restart":
            hidden |= (periods < first) & (judged >= first)
        else:
            hidden |= (periods >= first) & (periods <= last) & (periods != judged) & (judged >= first)
    return hidden


def _hide(panel: Panel, history: History) -> Panel:
    end = int(history.columns.max()) + 1
    values = panel.values[history.rows, :end].copy()
    values[:, history.hidden[:end]] = np.nan
    return replace(panel, values=values, series=tuple(panel.series[row] for row in history.rows), periods=panel.periods[:end])


def _matrices(scores: Scores) -> list[str]:
    """Name what a result says of every series and judged period by its baseline."""
    shape = scores.score.shape
    return [
        each.name
        for each in fields(scores)
        if isinstance(getattr(scores, each.name), np.ndarray)
        and getattr(scores, each.name).shape == shape
        and not each.metadata.get("whole_record")
    ]
