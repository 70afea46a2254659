"""Improved Farrington: the judged period against the same season of past years, past outbreaks weighed down, a trend where there is one."""

from dataclasses import fields

import numpy as np
import numpy.typing as npt

from detectors.base import Judgements
from detectors.farrington_baseline import FarringtonParameters
from detectors.farrington_judging import Judging
from detectors.shared_rows import BlockMethod, JudgeBlock
from pillarfour.detection import Panel


class Farrington(BlockMethod[FarringtonParameters]):
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
    series_at_once = 1024
    """Their baseline stays in the processor's cache."""

    def __init__(self, parameters: FarringtonParameters | None = None, *, processes: int = 1) -> None:
        super().__init__(parameters, processes=processes)
        self.least_history = self.parameters.least_periods(12)

    def false_alarms_per_year(self, panel: Panel) -> float:
        """Say how often a series in control alarms by chance, both directions together."""
        return self.parameters.chance(panel.periods_per_year) * panel.periods_per_year

    def judge_blocks(self, panel: Panel, columns: npt.NDArray[np.intp]) -> JudgeBlock:
        """Lay out the designs that all series share, and judge these periods alone."""
        judging = Judging(panel, self.parameters, columns)

        def judge_block(rows: slice, judged: Judgements) -> None:
            found = judging.judge(rows)
            for field in fields(Judgements):
                getattr(judged, field.name)[:] = getattr(found, field.name).T

        return judge_block
