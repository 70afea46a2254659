"""The Early Aberration Reporting System's C1, C2 and C3: a period against the few before it, for short histories."""

from functools import lru_cache
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from scipy import special

from detectors.base import Judgements, Parameters
from detectors.shared_rows import BlockMethod, JudgeBlock, judging_all
from detectors.windows import ROWS_AT_ONCE, moments, pack, statuses, still
from pillarfour.detection import CONSTANT, INSUFFICIENT_HISTORY, NO_DATA, OK, Floats, Panel

LAG = {"C1": 0, "C2": 2, "C3": 2}
"""Newest periods that are kept out of the baseline, so that a rise that has begun does not hide itself."""

MEMORY = 2
"""Periods whose excess C3 adds to the judged one's."""

POINTS = 17
"""Two to this power points on which the law of C3 is summed."""

JUST_UNDER = 1 - 1e-9
"""Of a threshold: where a bound is not passed that the sum or the reference rule's ratio passes."""

FEWEST = 0.5
"""Persons below which a mean is not taken for the truth."""


class EarsParameters(Parameters):
    """Which of the three charts, and over how many periods.

    Parameters
    ----------
    method
        ``C1``: the baseline ends with the period before. ``C2``: two periods earlier. ``C3``: as C2, with the excess of the two
        periods before added, so that a rise keeps alarming while it enters the baseline.
    baseline_periods
        Published periods of which mean and deviation are taken.
    alpha
        Chance of an alarm a judgement and direction, in place of ``false_alarms_per_year``.
    least_deviation
        Of the reference rule alone: smallest standard deviation of the baseline, in the panel's unit.
    reference
        ``surveillance``: the rule of R's ``surveillance::earsC``, digit by digit; upward only, and no baseline with a gap.
    """

    method: Literal["C1", "C2", "C3"] = "C3"
    baseline_periods: int = Field(default=7, ge=3, le=36)
    alpha: float | None = Field(default=None, gt=0, lt=0.5)
    least_deviation: float = Field(default=0, ge=0)
    reference: Literal["surveillance"] | None = None

    @model_validator(mode="after")
    def _one_threshold(self) -> Self:
        if self.alpha is not None and "false_alarms_per_year" in self.model_fields_set:
            raise ValueError("alpha and false_alarms_per_year both state the threshold; give one")
        if self.least_deviation and not self.reference:
            raise ValueError("least_deviation belongs to the reference rule; the counts' own noise is the least deviation otherwise")
        return self


class Ears(BlockMethod[EarsParameters]):
    r"""How many standard deviations a period lies from the mean of a few before it.

    Notes
    -----
    On the scale of cube roots, on which negative-binomial counts are nearly normal, z = (x - mean) / deviation. C1 and C2 alarm where
    \|z\| passes both the Student-t prediction limit of a mean and deviation taken from so few, and the normal one of a Poisson count.
    C3 adds to z how far beyond one the two periods before were on the same side, unless the period itself lies more than one on the
    other side; its limit is the quantile of that sum's law for normal counts. See ``docs/method.md``.

    References
    ----------
    .. [1] Hutwagner, L., Thompson, W., Seeman, G. M., Treadwell, T. (2003). Journal of Urban Health 80(2 Suppl 1), i89-i96.
    .. [2] Salmon, M., Schumacher, D., Höhle, M. (2016). Journal of Statistical Software 70(10). doi:10.18637/jss.v070.i10
    """

    name = "ears"
    parameters_type = EarsParameters
    least_history = 11
    series_at_once = ROWS_AT_ONCE

    def __init__(self, parameters: EarsParameters | None = None, *, processes: int = 1) -> None:
        """Take the parameters; the method and its baseline say how much history is needed."""
        super().__init__(parameters, processes=processes)
        chosen = self.parameters
        self.least_history = chosen.baseline_periods + LAG[chosen.method] + (MEMORY if chosen.method == "C3" else 0)

    def false_alarms_per_year(self, panel: Panel) -> float:
        """Say how often a series in control alarms by chance: both directions together, or upward alone by the reference rule."""
        if self.parameters.alpha is None:
            return self.parameters.false_alarms_per_year
        return self.parameters.alpha * panel.periods_per_year * (1 if self.parameters.reference else 2)

    def judge_blocks(self, panel: Panel, columns: npt.NDArray[np.intp]) -> JudgeBlock:
        """Judge some hundred series at a time."""
        directions = 1 if self.parameters.reference else 2
        chance = self.false_alarms_per_year(panel) / (directions * panel.periods_per_year)
        judge = self._judge_as_surveillance if self.parameters.reference else self._judge_block

        def judge_block(rows: slice, judged: Judgements) -> None:
            judge(panel.values[rows], judged, chance)

        return judging_all(judge_block, columns, n_periods=len(panel.periods))

    def _judge_block(self, counts: Floats, judged: Judgements, chance: float) -> None:
        """Score by cube roots, both ways."""
        method, size = self.parameters.method, self.parameters.baseline_periods
        packed = pack(np.cbrt(counts))
        mean, deviation = moments(packed.values, size=size, lag=LAG[method])
        normal = -special.ndtri(chance) * np.sqrt(1 + 1 / size)
        deviation = np.maximum(deviation, counting_noise(mean) * normal / t_limit(size, chance))
        distance = (packed.values - mean) / deviation
        judged.p_value[:] = np.nan
        if method == "C3":
            limit = c3_limit(size, chance)
            above, below = excess(distance)
            high, low = np.maximum(limit - above, -1), np.minimum(below - limit, 1)
            rise = distance + np.where(distance >= -1, above, 0)
            fall = -distance + np.where(distance <= 1, below, 0)
            score = np.where(rise >= fall, rise, -fall) / limit
            risen = np.flatnonzero(score >= 1)
            score.flat[risen[packed.values.flat[risen] == 0]] = JUST_UNDER  # what came before was a rise, but nobody is none
        else:
            limit = t_limit(size, chance)
            high, low = np.full_like(distance, limit), np.full_like(distance, -limit)
            score = distance / limit
            tail = special.stdtr(size - 1, -np.abs(distance) / np.sqrt(1 + 1 / size))
            judged.p_value[:] = packed.back(tail)
        judged.score[:] = packed.back(score)
        judged.expected[:] = packed.back(mean**3)
        judged.upper[:] = packed.back(np.maximum(mean + high * deviation, 0) ** 3)
        judged.lower[:] = packed.back(np.maximum(mean + low * deviation, 0) ** 3)
        judged.status[:] = statuses(counts, least=self.least_history)
        still(judged, slice(None), counts)

    def _judge_as_surveillance(self, counts: Floats, judged: Judgements, chance: float) -> None:
        """Score by R's rule: counts, a normal quantile, upward, and nothing said where a baseline has a gap or the bound is 0/0."""
        method, limit = self.parameters.method, -special.ndtri(chance)
        mean, deviation = moments(counts, size=self.parameters.baseline_periods, lag=LAG[method])
        deviation = np.maximum(deviation, self.parameters.least_deviation)
        with np.errstate(divide="ignore", invalid="ignore"):
            upper = mean + limit * deviation
            if method == "C3":
                beyond = np.maximum((counts - mean) / deviation - 1, 0)
                upper = counts + (limit - earlier(beyond, 1) - earlier(beyond, 2)) * deviation
            upper = np.maximum(upper, 0)
            ratio = np.nan_to_num((counts - mean) / (upper - mean))
        judged.expected[:], judged.upper[:], judged.lower[:], judged.p_value[:] = mean, upper, np.nan, np.nan
        judged.score[:] = np.where(counts > upper, np.maximum(ratio, 1), np.clip(ratio, -JUST_UNDER, JUST_UNDER))
        unsaid = np.where(deviation == 0, CONSTANT, INSUFFICIENT_HISTORY)
        judged.status[:] = np.where(np.isnan(counts), NO_DATA, np.where(np.isnan(upper), unsaid, OK))


def counting_noise(root: Floats) -> Floats:
    """Give the standard deviation of a Poisson count's cube root, by the delta method, where its mean is ``root`` cubed."""
    return np.asarray(1 / (3 * np.sqrt(np.maximum(root, FEWEST ** (1 / 3)))))


def earlier(values: Floats, periods: int) -> Floats:
    """Give each period the figure of some periods before; NaN where there is none."""
    moved = np.full_like(values, np.nan)
    moved[:, periods:] = values[:, :-periods]
    return moved


def excess(distance: Floats) -> tuple[Floats, Floats]:
    """Add up how far beyond one deviation the two periods before were, above and below.

    A month on the other side ends what was before it.
    """
    above, below = np.maximum(distance - 1, 0), np.maximum(-distance - 1, 0)
    last_above, last_below = earlier(above, 1), earlier(below, 1)
    return (
        last_above + np.where(last_below > 0, 0, earlier(above, 2)),
        last_below + np.where(last_above > 0, 0, earlier(below, 2)),
    )


def t_limit(size: int, chance: float) -> float:
    """Say how many baseline deviations a new figure exceeds with this chance on one side."""
    return float(-special.stdtrit(size - 1, chance) * np.sqrt(1 + 1 / size))


@lru_cache
def c3_limit(size: int, chance: float) -> float:
    """Say what C3's sum exceeds with this chance on one side, for independent normal figures; summed over Sobol points, not drawn."""
    from scipy.stats import qmc  # noqa: PLC0415 - commands that detect nothing do not pay for it

    length = size + LAG["C3"] + MEMORY + 1
    points = qmc.Sobol(length, scramble=False).random_base2(POINTS) + 0.5**POINTS / 2
    figures = special.ndtri(points[2:])  # the first two points have all coordinates equal
    mean, deviation = moments(figures, size=size, lag=LAG["C3"])
    told = ~(deviation == 0).any(axis=1)  # so have a few others those of a short baseline
    figures, mean, deviation = figures[told], mean[told], deviation[told]
    distance = (figures - mean) / deviation
    above, below = excess(distance)
    now = distance[:, -1]
    rise = now + np.where(now >= -1, above[:, -1], 0)
    fall = -now + np.where(now <= 1, below[:, -1], 0)
    return float(np.quantile(np.concatenate([rise, fall]), 1 - chance))
