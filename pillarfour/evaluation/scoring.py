"""The scores of many nights at once.

A detector judges a period by what precedes it in its own series and by nothing else; every detector of the registry is held to that by
the tests of the contract. So a series is judged once for all nights on which it reads the same, and each night takes what it knew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pillarfour.detection import NO_DATA, AppliedBreak, Detector, Floats, Panel, Scores
from pillarfour.evaluation import mixes
from pillarfour.model import SeriesKey
from pillarfour.triggers import watching
from pillarfour.triggers.night import Night
from pillarfour.triggers.schema import Triggers

FIGURES = ("expected", "lower", "upper", "score", "p_value")


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A series as it read on some night: its figures from the first to the newest one, and the period of the first."""

    key: SeriesKey
    first: int
    figures: Floats

    def begins(self, other: "_Line") -> bool:
        """Whether the other one reads the same as far as this one goes."""
        size = len(self.figures)
        return self.first == other.first and np.array_equal(self.figures, other.figures[:size], equal_nan=True)


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """Where a night's line is found among the lines that are judged."""

    row: int
    line: _Line


def score(nights: Sequence[Night], triggers: Triggers, *, instances: Mapping[str, Detector]) -> list[Night]:
    """Let every detector judge every night, as ``detect`` would night by night.

    Parameters
    ----------
    nights
        What was known on each, with no scores yet.

    Returns
    -------
    list of Night
        The same with their scores, over the series and the mixes that detectors are asked of.
    """
    if not nights:
        return []
    judged: dict[SeriesKey, list[int]] = {}
    lines: list[_Line] = []
    placed: list[tuple[Panel, list[_Placed]]] = []
    for night in reversed(nights):
        keys = watching.scored(triggers, night.panel)
        found = [_place(_line(night, key), lines, judged) for key in keys]
        row = {key: at for at, key in enumerate(night.panel.series)}
        panel = replace(night.panel, values=night.panel.values[[row[key] for key in keys]], series=keys)
        placed.append((panel, found))
    alone = {name: detector for name, detector in instances.items() if not detector.of_mixes}
    together = {name: detector for name, detector in instances.items() if detector.of_mixes}
    scores = {name: detector.detect(_stack(lines, nights), judge="all") for name, detector in alone.items()}
    of_mixes = mixes.score(nights, watching.mixed(triggers), instances=together)
    return [
        replace(night, scores={name: _cut(found, panel, whole) for name, whole in scores.items()} | mixed)
        for night, (panel, found), mixed in zip(nights, reversed(placed), of_mixes, strict=True)
    ]


def _line(night: Night, key: SeriesKey) -> _Line:
    counts = night.panel.values[night.rows[key]]
    published = np.flatnonzero(np.isfinite(counts))
    first, end = (int(published[0]), int(published[-1]) + 1) if published.size else (0, 0)
    return _Line(key=key, first=night.panel.periods[0].ordinal + first, figures=counts[first:end])


def _place(line: _Line, lines: list[_Line], judged: dict[SeriesKey, list[int]]) -> _Placed:
    """Find a longer line that begins as this one, or have it judged."""
    rows = judged.setdefault(line.key, [])
    for row in rows:
        if not len(line.figures) or line.begins(lines[row]):
            return _Placed(row=row, line=line)
    lines.append(line)
    rows.append(len(lines) - 1)
    return _Placed(row=rows[-1], line=line)


def _stack(lines: Sequence[_Line], nights: Sequence[Night]) -> Panel:
    """Put all lines to be judged on one calendar."""
    first = min(night.panel.periods[0] for night in nights)
    last = max(night.panel.periods[-1] for night in nights)
    periods = pd.period_range(first, last, freq="M")
    values = np.full((len(lines), len(periods)), np.nan)
    for row, line in enumerate(lines):
        start = line.first - first.ordinal
        values[row, start : start + len(line.figures)] = line.figures
    return Panel(values=values, series=tuple((line.key, row) for row, line in enumerate(lines)), periods=periods, unit="mixed")


def _cut(found: Sequence[_Placed], panel: Panel, whole: Scores) -> Scores:
    """Take what one night knew: each line's judgements up to its newest figure, nothing after it."""
    shift = panel.periods[0].ordinal - whole.panel.periods[0].ordinal
    columns = np.arange(len(panel.periods))
    rows = np.array([place.row for place in found], dtype=np.intp)
    first = np.array([place.line.first - panel.periods[0].ordinal for place in found], dtype=np.intp)
    ends = first + np.array([len(place.line.figures) for place in found], dtype=np.intp)
    known = (columns >= first[:, None]) & (columns < ends[:, None])
    picked = {name: getattr(whole, name)[np.ix_(rows, columns + shift)] for name in FIGURES}
    figures: dict[str, Any] = {name: np.where(known, taken, np.nan) for name, taken in picked.items()}
    status = np.where(known, whole.status[np.ix_(rows, columns + shift)], NO_DATA).astype(np.int8)
    return Scores(
        panel=panel,
        columns=columns,
        **figures,
        status=status,
        false_alarms_per_year=whole.false_alarms_per_year,
        method=whole.method,
        parameters=whole.parameters,
        breaks=tuple(_applied(found, panel, whole)),
    )


def _applied(found: Sequence[_Placed], panel: Panel, whole: Scores) -> Iterator[AppliedBreak]:
    """Give the structural breaks that touch the night's own series by its newest period."""
    for each in whole.breaks:
        series = tuple(key for key, place in zip(panel.series, found, strict=True) if (key, place.row) in each.series)
        if series and each.first <= panel.periods[-1]:
            yield replace(each, series=series)
