"""The scores of the mixes of many nights at once: a stage is judged once for all nights on which its nationalities read the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pillarfour.detection import NO_DATA, AppliedBreak, Detector, Floats, MixScores, Panel
from pillarfour.model import SeriesKey
from pillarfour.triggers import watching
from pillarfour.triggers.judged import MIX
from pillarfour.triggers.night import Night
from pillarfour.triggers.vocabulary import BREAKS_BY

FIGURES = ("expected", "lower", "upper", "score", "p_value", "change")


@dataclass(frozen=True, kw_only=True)
class _Block:
    """A stage as it read on some night: its nationalities from the first published period to the newest one."""

    stage: str
    first: int
    figures: Mapping[str, Floats]

    @property
    def size(self) -> int:
        """How many periods it spans."""
        return len(next(iter(self.figures.values())))

    def begins(self, other: "_Block") -> bool:
        """Whether the other one reads the same as far as this one goes; who came later only is nobody in it."""
        if (self.stage, self.first) != (other.stage, other.first) or not self.figures.keys() <= other.figures.keys():
            return False
        theirs = {subject: figures[: self.size] for subject, figures in other.figures.items()}
        same = all(np.array_equal(figures, theirs[subject], equal_nan=True) for subject, figures in self.figures.items())
        return same and not any(np.nan_to_num(figures).any() for subject, figures in theirs.items() if subject not in self.figures)


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """Where a night's stage is found among the blocks that are judged."""

    at: int
    block: _Block


def score(nights: Sequence[Night], stages: Sequence[str], *, instances: Mapping[str, Detector]) -> list[dict[str, MixScores]]:
    """Let every detector of mixes judge every night's stages, as ``detect`` would night by night.

    Parameters
    ----------
    nights
        One at least.
    stages
        Those whose mix is watched.
    instances
        Detectors of mixes, by their names in the file.

    Returns
    -------
    list of dict
        Of each night the scores, by the detector's name; none of a detector where no stage has a nationality.
    """
    blocks: list[_Block] = []
    placed: list[list[_Placed]] = []
    for night in reversed(nights):
        found = [block for stage in stages if (block := _block(night.panel, stage)) is not None]
        placed.append([_place(block, blocks) for block in found])
    last = max(night.panel.periods[-1] for night in nights)
    judged = {name: [_judge(block, detector, last=last) for block in blocks] for name, detector in instances.items()}
    return [
        {name: _cut(found, night.panel, whole) for name, whole in judged.items() if found}
        for night, found in zip(nights, reversed(placed), strict=True)
    ]


def _block(panel: Panel, stage: str) -> _Block | None:
    keys = watching.mix(panel, stage)
    if not keys:
        return None
    row = {key: at for at, key in enumerate(panel.series)}
    counts = panel.values[[row[key] for key in keys]]
    published = np.flatnonzero(np.isfinite(counts).any(axis=0))
    first, end = (int(published[0]), int(published[-1]) + 1) if published.size else (0, 1)
    figures = {key.subject: counts[at, first:end] for at, key in enumerate(keys)}
    return _Block(stage=stage, first=panel.periods[0].ordinal + first, figures=figures)


def _place(block: _Block, blocks: list[_Block]) -> _Placed:
    """Find a longer block that begins as this one, or have it judged."""
    for at, other in enumerate(blocks):
        if block.begins(other):
            return _Placed(at=at, block=block)
    blocks.append(block)
    return _Placed(at=len(blocks) - 1, block=block)


def _judge(block: _Block, detector: Detector, *, last: pd.Period) -> MixScores:
    """Judge a block on a calendar that goes on to the last night's, so that it meets every break that a night has reached."""
    keys = tuple(SeriesKey(stage=block.stage, subject=subject) for subject in block.figures)
    periods = pd.period_range(pd.Period(ordinal=block.first, freq="M"), last, freq="M")
    values = np.full((len(keys), len(periods)), np.nan)
    values[:, : block.size] = list(block.figures.values())
    scores: Any = detector.detect(Panel(values=values, series=keys, periods=periods, unit="mixed"), judge="all")
    found: MixScores = scores
    return found


def _cut(found: Sequence[_Placed], panel: Panel, judged: Sequence[MixScores]) -> MixScores:
    """Take what one night knew: each stage's judgements up to its newest figure, nothing after it."""
    shape = (len(found), len(panel.periods))
    values = np.full(shape, np.nan)
    picked: dict[str, Any] = {name: np.full(shape, np.nan) for name in FIGURES}
    picked["status"] = np.full(shape, NO_DATA, dtype=np.int8)
    picked |= {"leading": np.full(shape, "", dtype=object), "unseen": np.empty(shape, dtype=object)}
    picked["unseen"].fill(())
    for row, place in enumerate(found):
        start, size = place.block.first - panel.periods[0].ordinal, place.block.size
        whole = judged[place.at]
        values[row, start : start + size] = whole.panel.values[0, :size]
        for name, figures in picked.items():
            figures[row, start : start + size] = getattr(whole, name)[0, :size]
    mixes = Panel(
        values=values,
        series=tuple(SeriesKey(stage=place.block.stage, subject=MIX) for place in found),
        periods=panel.periods,
        unit="bits",
    )
    breaks = tuple(_applied(found, panel, judged))
    return replace(judged[found[0].at], panel=mixes, columns=np.arange(shape[1]), breaks=breaks, **picked)


def _applied(found: Sequence[_Placed], panel: Panel, judged: Sequence[MixScores]) -> Iterator[AppliedBreak]:
    """Give the structural breaks that touch any of the night's stages by its newest period, in the order in which they are asked for."""
    of_stages = [{each.id: each for each in judged[place.at].breaks} for place in found]
    asked = judged[found[0].at].parameters
    for name in (name for manner in BREAKS_BY for name in asked.get(manner, ())):
        touched = [(breaks[name], place.block) for breaks, place in zip(of_stages, found, strict=True) if name in breaks]
        if touched and touched[0][0].first <= panel.periods[-1]:
            keys = (SeriesKey(stage=block.stage, subject=subject) for _, block in touched for subject in block.figures)
            yield replace(touched[0][0], series=tuple(keys))
