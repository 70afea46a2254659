"""Methods that judge blocks of series at once, in one process or in several that write into the same memory."""

import mmap
import multiprocessing
from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from itertools import pairwise
from math import prod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from detectors.base import Judgements, Method, Parameters
from pillarfour.detection import NO_DATA, Panel
from pillarfour.errors import DetectorError

P = TypeVar("P", bound=Parameters)
JudgeBlock = Callable[[slice, Judgements], None]
"""Takes a block's rows, and fills its judgements, every array of them."""

_inherited: list[Callable[[slice], None]] = []
"""What a forked process was given to do."""


class BlockMethod(Method[P]):
    """A method that vectorises over series: it says how a block of them is judged.

    Parameters
    ----------
    parameters
        The method's.
    processes
        How many processes share the series; the result is the same to the last digit.
    """

    series_at_once: int

    def __init__(self, parameters: P | None = None, *, processes: int = 1) -> None:
        super().__init__(parameters)
        if processes < 1:
            raise DetectorError(f"{self.name}: processes is {processes}; say 1 or more")
        self.processes = processes

    def judge(self, panel: Panel) -> Judgements:
        """Judge every period of every series."""
        return self.judge_columns(panel, columns=np.arange(len(panel.periods)))

    def judge_columns(self, panel: Panel, *, columns: npt.NDArray[np.intp]) -> Judgements:
        """Judge these periods, each with what precedes it alone."""
        shape = len(panel.values), len(columns)
        blocks = _share_out(shape[0], self.series_at_once, self.processes)
        alone = self.processes == 1 or len(blocks) == 1
        allocate = np.empty if alone else _allocate_shared
        figures = {name: allocate(shape, np.dtype(float)) for name in ("expected", "lower", "upper", "score", "p_value")}
        judged = Judgements(**figures, status=allocate(shape, np.dtype(np.int8)))
        judge = self.judge_blocks(panel, columns)

        def judge_rows(rows: slice) -> None:
            part = Judgements(**{field.name: getattr(judged, field.name)[rows] for field in fields(Judgements)})
            judge(rows, part)
            part.scored_where_able()

        if alone:
            for rows in blocks:
                judge_rows(rows)
            return judged
        fork = multiprocessing.get_context("fork")  # the panel is inherited, not sent
        with ProcessPoolExecutor(self.processes, mp_context=fork, initializer=_inherited.append, initargs=(judge_rows,)) as pool:
            list(pool.map(_judge_inherited, blocks))
        return judged

    @abstractmethod
    def judge_blocks(self, panel: Panel, columns: npt.NDArray[np.intp]) -> JudgeBlock:
        """Prepare what all series share, and give what judges a block of them."""


def _share_out(n_series: int, at_once: int, processes: int) -> list[slice]:
    """Cut the series into blocks of about the same size, as many for each process."""
    n_blocks = -(-n_series // at_once)
    n_blocks = min(-(-n_blocks // processes) * processes if n_blocks > 1 else 1, max(n_series, 1))
    bounds = np.linspace(0, n_series, n_blocks + 1).astype(int).tolist()
    return [slice(start, end) for start, end in pairwise(bounds)]


def _allocate_shared(shape: tuple[int, int], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Take memory that forked processes share."""
    return np.frombuffer(mmap.mmap(-1, max(prod(shape) * dtype.itemsize, 1)), dtype=dtype, count=prod(shape)).reshape(shape)


def _judge_inherited(rows: slice) -> None:
    _inherited[-1](rows)


def judging_all(judge: JudgeBlock, columns: npt.NDArray[np.intp], *, n_periods: int) -> JudgeBlock:
    """Make a block's whole record be judged, and keep these columns of it."""
    if len(columns) == n_periods:
        return judge

    def judge_and_keep(rows: slice, judged: Judgements) -> None:
        whole = Judgements.blank((len(judged.score), n_periods), status=NO_DATA)
        judge(rows, whole)
        for field in fields(Judgements):
            getattr(judged, field.name)[:] = getattr(whole, field.name)[:, columns]

    return judge_and_keep
