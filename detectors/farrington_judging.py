"""Judge some series at some periods: who has a baseline, what it says, and how far the count lies from that."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectors.base import Judgements
from detectors.farrington_baseline import EXACT, Baselines, FarringtonParameters
from detectors.farrington_surveillance import BY_DATE, BY_INDEX, judge_as_surveillance
from detectors.prediction_bounds import Prediction, bounds_of
from detectors.quasi_poisson import Design
from detectors.reference_periods import Layout, make_design, same_dates
from pillarfour.detection import CONSTANT, INSUFFICIENT_HISTORY, NO_DATA, NOT_CONVERGED, OK, Floats, Panel

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class _Chunk:
    """Some series, period by period, shape (n_periods, n_series): counts with 0 where not published, and running sums from 0 on."""

    counts: Floats
    published: Flags
    cases: Floats
    history: npt.NDArray[np.intp]

    @classmethod
    def of(cls, values: Floats) -> "_Chunk":
        periods = np.ascontiguousarray(values.T)
        published = np.isfinite(periods)
        counts = np.where(published, periods, 0)
        nothing = np.zeros((1, counts.shape[1]), dtype=int)
        return cls(
            counts=counts,
            published=published,
            cases=np.concatenate([nothing, np.cumsum(counts, axis=0)]),
            history=np.concatenate([nothing, np.cumsum(published, axis=0)]),
        )


class Judging:
    """The designs of the judged periods, which all series share."""

    def __init__(self, panel: Panel, parameters: FarringtonParameters, columns: npt.NDArray[np.intp]) -> None:
        self.values = panel.values
        self.parameters = parameters
        self.columns = columns
        self.chance = parameters.chance(panel.periods_per_year)
        self.as_surveillance = parameters.reference is not None
        self.least_periods = 0 if self.as_surveillance else parameters.least_periods(panel.periods_per_year)
        self.rules = {None: EXACT, "surveillance": BY_INDEX, "surveillance_dates": BY_DATE}[parameters.reference]
        by_date = parameters.reference == "surveillance_dates"
        days = panel.periods.start_time.asi8 / 864e11 if by_date else None
        layout = Layout(
            half_window_periods=parameters.half_window_periods,
            seasonal_levels=parameters.seasonal_levels,
            exclude_recent_periods=parameters.exclude_recent_periods,
            overwrite=self.as_surveillance,
        )
        dates = panel.periods if by_date or not self.as_surveillance else None
        self.designs = [
            make_design(
                same_dates(column, years=parameters.baseline_years, periods_per_year=panel.periods_per_year, periods=dates),
                column,
                layout,
                days=days,
            )
            for column in columns.tolist()
        ]

    def judge(self, part: slice) -> Judgements:
        """Judge the series of one part; arrays of shape (n_judged, n_series)."""
        chunk = _Chunk.of(self.values[part])
        judged = Judgements.blank((len(self.columns), chunk.counts.shape[1]), status=NO_DATA)
        for place, (column, design) in enumerate(zip(self.columns.tolist(), self.designs, strict=True)):
            self._judge_column(chunk, column, design, judged, place)
        return judged

    def _judge_column(self, chunk: _Chunk, column: int, design: Design | None, judged: Judgements, place: int) -> None:
        status = judged.status[place]
        now = chunk.published[column]
        status[now] = INSUFFICIENT_HISTORY
        if design is None:
            return
        used, told = self._usable(chunk.published[design.columns], design)
        rows = np.flatnonzero(now & told & (chunk.history[column] >= self.least_periods))
        if not rows.size:
            return
        every = rows.size == len(now)
        counts, current = chunk.counts[design.columns], chunk.counts[column]
        if not every:
            counts, current, used = counts.take(rows, axis=1), current[rows], used if used.shape[1] == 1 else used.take(rows, axis=1)
        counts = counts if used.all() else counts * used
        baseline = Baselines(design, self.parameters, rules=self.rules).describe(counts, used)
        status[rows] = np.where(baseline.converged, OK, NOT_CONVERGED)
        if not self.as_surveillance:
            status[rows[_constant(counts, used, current)]] = CONSTANT
        sound = np.flatnonzero(baseline.converged)
        rows, current = rows[sound], current[sound]
        figures = self._score(current, chunk, column, rows, baseline.prediction.of(sound))
        for name, values in zip(("expected", "lower", "upper", "score", "p_value"), figures, strict=True):
            getattr(judged, name)[place, rows] = values

    def _usable(self, published: Flags, design: Design) -> tuple[Floats, Flags | bool]:
        """Say which reference counts are used, 1 or 0, and which series have enough of them.

        A level with one count would be fitted exactly and say nothing of the rest: it is left out. The judged period's own level needs
        half of its periods, and at least two.
        """
        if published.all() and min(design.sizes) > 1:
            return np.ones((len(published), 1)), True
        used = published.astype(float)
        per_level = design.sums(used)
        used *= design.spread(per_level) > 1
        per_level[per_level == 1] = 0
        own, size = per_level[design.judged_level], design.sizes[design.judged_level]
        freedom = per_level.sum(axis=0) - (per_level > 0).sum(axis=0) - self.parameters.trend
        return used, (own >= max(2, 0 if self.as_surveillance else size / 2)) & (freedom >= 1)

    def _score(
        self, counts: Floats, chunk: _Chunk, column: int, rows: npt.NDArray[np.intp], prediction: Prediction
    ) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        first = max(column + 1 - self.parameters.low_count_periods, 0)
        earlier = (chunk.cases[column] - chunk.cases[first])[rows]
        if not self.as_surveillance:
            return judge_both_ways(counts, earlier, prediction, self.parameters, self.chance)
        complete = (chunk.history[column + 1] - chunk.history[first])[rows] == self.parameters.low_count_periods
        cases = np.where(complete, earlier + counts, np.nan)
        return judge_as_surveillance(counts, cases, prediction, self.parameters, self.chance)


def judge_both_ways(
    counts: Floats, earlier: Floats, prediction: Prediction, parameters: FarringtonParameters, chance: float
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Judge counts against their law: expected, lower, upper, score and p-value, each of shape (n_series,).

    Parameters
    ----------
    earlier
        Cases published in the periods of the low-count rule that precede the judged one; the upper bound is at least what they lack.
    chance
        Of a false alarm, both directions together.
    """
    bounds = bounds_of(prediction, parameters.threshold_method, parameters.power)
    lower, spent = bounds.lower(np.full(counts.shape, chance / 2))
    upper = np.maximum(bounds.upper(chance - spent), parameters.low_count_cases - earlier - 1)
    centre = np.clip(prediction.mean, lower, upper)
    above = counts >= centre
    reach = np.where(above, np.floor(upper) + 1 - centre, centre - np.ceil(lower) + 1)
    return prediction.mean, lower, upper, (counts - centre) / reach, bounds.chance_beyond(counts, above)


def _constant(counts: Floats, used: Floats, current: Floats) -> Flags:
    """Tell the series whose used counts and judged count are all alike."""
    return np.asarray(((counts == current) | (used == 0)).all(axis=0))
