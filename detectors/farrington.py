"""Improved Farrington: the judged period against the same season of past years, past outbreaks weighed down, a trend where there is one."""

import multiprocessing
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from detectors.base import Judgements, Method
from detectors.farrington_baseline import FarringtonParameters
from detectors.farrington_judging import Judging
from pillarfour.detection import NO_DATA, Panel
from pillarfour.errors import DetectorError

CHUNK = 1024
"""Series fitted side by side: their baseline stays in the processor's cache."""

_inherited: list[Judging] = []
"""What a forked process was given to do."""


class Farrington(Method[FarringtonParameters]):
    """Quasi-Poisson regression on past years, judged by a quantile of the next count.

    Parameters
    ----------
    parameters
        What is compared, and what is an alarm.
    processes
        How many processes share the series; the result is the same to the last digit.

    Notes
    -----
    Counts at reference periods i have means exp(b_level(i) + c t_i) and variances phi times the mean. They are fitted, weighed down
    where they stand out, and fitted again; the judged count's law is bounded by one of three methods, at half the chance of a false
    alarm a direction. What the lower bound cannot use, because counts are whole and end at nobody, the upper one has. A score of 1 is
    the first count beyond a bound. See ``docs/method.md``.

    References
    ----------
    .. [1] Farrington, C. P. et al. (1996). Journal of the Royal Statistical Society A 159(3), 547-563.
    .. [2] Noufaily, A. et al. (2013). Statistics in Medicine 32(7), 1206-1222. doi:10.1002/sim.5595
    """

    name = "farrington"
    parameters_type = FarringtonParameters
    least_history = FarringtonParameters().least_periods(12)

    def __init__(self, parameters: FarringtonParameters | None = None, *, processes: int = 1) -> None:
        super().__init__(parameters)
        if processes < 1:
            raise DetectorError(f"{self.name}: processes is {processes}; say 1 or more")
        self.processes = processes
        self.least_history = self.parameters.least_periods(12)

    def false_alarms_per_year(self, panel: Panel) -> float:
        """Say how often a series in control alarms by chance, both directions together."""
        return self.parameters.chance(panel.periods_per_year) * panel.periods_per_year

    def judge(self, panel: Panel) -> Judgements:
        """Judge every period of every series."""
        return self.judge_columns(panel, columns=np.arange(len(panel.periods)))

    def judge_columns(self, panel: Panel, *, columns: npt.NDArray[np.intp]) -> Judgements:
        """Judge these periods, each with what precedes it alone."""
        judged = Judgements.blank((len(panel.series), len(columns)), status=NO_DATA)
        parts = [slice(start, start + CHUNK) for start in range(0, len(panel.series), CHUNK)]
        judging = Judging(panel, self.parameters, columns)
        if self.processes == 1:
            _gather(judged, parts, map(judging.judge, parts))
            return judged
        fork = multiprocessing.get_context("fork")  # the panel is inherited, not sent
        with ProcessPoolExecutor(self.processes, mp_context=fork, initializer=_inherited.append, initargs=(judging,)) as pool:
            _gather(judged, parts, pool.map(_judge_inherited, parts))
        return judged


def _judge_inherited(part: slice) -> Judgements:
    return _inherited[-1].judge(part)


def _gather(judged: Judgements, parts: list[slice], results: Iterable[Judgements]) -> None:
    for part, result in zip(parts, results, strict=True):
        for field in fields(Judgements):
            getattr(judged, field.name)[part] = getattr(result, field.name).T
