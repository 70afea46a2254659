"""Whether the changes of one series come before those of another, and by how many months."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from detectors.prewhitening import both_published, bridged, chances, clipped, lagged, permutations, standardised, waves, whiten, without
from pillarfour.detection import Floats, Panel
from pillarfour.errors import DetectorError
from pillarfour.outlook import Lead, Reason

RESAMPLES = 999
SEED = 20210913
"""Drawn anew for every pair, so that no answer depends on which others are asked for."""

GRANGER_MEMORY = 2
"""Months of both pasts in the Granger test."""

Pair = tuple[Hashable, Hashable]
"""An upstream and a downstream series of the panel."""


class LeadLagParameters(BaseModel):
    """How sure a lead must be, and what it is looked for in.

    Parameters
    ----------
    false_leads
        The chance that any lag of any pair tried passes where all are independent. It is the threshold.
    granger_alpha
        The chance at which the Granger test, asked of a lag that has passed, lets one through that adds nothing to the downstream's past.
    longest_lag_months
        The longest lag tried; the shortest is 0, the same month.
    least_months
        Months that both must have published, without a long gap.
    least_median
        The median count that both must reach: below it a change is chance.
    longest_gap_months
        Missing months that a straight line bridges; a longer gap ends the history.
    season_harmonics
        Waves a year taken out of the changes of both.
    longest_memory_months
        The most lags of the autoregression that whitens the upstream changes; BIC chooses how many.
    first_clip_deviations, clip_deviations
        Robust standard deviations to which changes are clipped, before the season is taken out and after whitening, so that no single
        month makes a lead.
    block_months
        Months that are resampled together for the lag's interval.
    interval_coverage
        Of the lag's interval.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    false_leads: float = Field(default=0.05, gt=0, le=0.5)
    granger_alpha: float = Field(default=0.05, gt=0, le=1)
    longest_lag_months: int = Field(default=4, ge=1, le=12)
    least_months: int = Field(default=24, ge=18)
    least_median: float = Field(default=10, ge=0)
    longest_gap_months: int = Field(default=2, ge=0)
    season_harmonics: int = Field(default=2, ge=0, le=2)
    longest_memory_months: int = Field(default=3, ge=0, le=6)
    first_clip_deviations: float = Field(default=4.5, gt=0)
    clip_deviations: float = Field(default=3, gt=0)
    block_months: int = Field(default=3, ge=1)
    interval_coverage: float = Field(default=0.9, gt=0, lt=1)


@dataclass(frozen=True, kw_only=True)
class _Tested:
    """One pair's seasonless changes, as they are and whitened; their correlations, the chance of each lag among all, and of the lowest.

    Correlations are shrunk by the degrees of freedom that season and memory have taken: what is left over of independent series
    correlates by so much more than their permutations do.
    """

    changes: tuple[Floats, Floats]
    whitened: tuple[Floats, Floats]
    correlations: Floats
    chances: Floats
    opposite: float


class LeadLag:
    """Cross-correlation of pre-whitened changes with a permutation of the largest, Holm over pairs, and a Granger test of what passes.

    Notes
    -----
    See ``docs/method.md``.

    References
    ----------
    .. [1] Haugh, L. D. (1976). Journal of the American Statistical Association 71(354), 378-385. doi:10.1080/01621459.1976.10480353
    .. [2] Westfall, P. H., Young, S. S. (1993). Resampling-Based Multiple Testing. Wiley.
    .. [3] Holm, S. (1979). Scandinavian Journal of Statistics 6(2), 65-70.
    .. [4] Granger, C. W. J. (1969). Econometrica 37(3), 424-438. doi:10.2307/1912791
    """

    name = "lead_lag"
    parameters_type = LeadLagParameters

    def __init__(self, parameters: LeadLagParameters | None = None) -> None:
        """Take the parameters, or the defaults."""
        self.parameters = parameters or LeadLagParameters()

    def leads(self, panel: Panel, *, pairs: Sequence[Pair]) -> tuple[Lead, ...]:
        """Say of each pair whether the first leads the second, as far as the panel knows.

        Parameters
        ----------
        panel
            Monthly counts; figures of a month that only one of the two has published are read for nothing but the gain.
        pairs
            All that are to be tried: the correction is for as many of them as have history and people enough.

        Returns
        -------
        tuple of Lead
            One a pair, in their order.

        Raises
        ------
        DetectorError
            If the panel is not monthly, or has no such series.
        """
        if panel.periods.freqstr[0] != "M":
            raise DetectorError(f"lead_lag: periods are {panel.periods.freqstr}; give months")
        row = {key: at for at, key in enumerate(panel.series)}
        unknown = [key for pair in pairs for key in pair if key not in row]
        if unknown:
            raise DetectorError(f"lead_lag: the panel has no series {unknown[0]}; build it of all that the pairs name")
        known = [(panel.values[row[upstream]], panel.values[row[downstream]]) for upstream, downstream in pairs]
        blank = [self._blank(pair, counts) for pair, counts in zip(pairs, known, strict=True)]
        tested = {at: self._test(panel, known[at]) for at, lead in enumerate(blank) if lead.reason == "insignificant"}
        factors = holm_factors([found.chances.min() for found in tested.values()])
        for (at, found), (factor, corrected) in zip(tested.items(), factors, strict=True):
            blank[at] = self._judge(
                replace(blank[at], p_value=corrected), found, factor=factor, tried=len(tested), ahead=_ahead(*known[at])
            )
        return tuple(blank)

    def _blank(self, pair: Pair, counts: tuple[Floats, Floats]) -> Lead:
        """Say what can be said before a test."""
        months = both_published(*counts, longest_gap=self.parameters.longest_gap_months)
        both = np.isfinite(counts[0][months]) & np.isfinite(counts[1][months])
        few = both.any() and min(np.median(each[months][both]) for each in counts) < self.parameters.least_median
        reason: Reason = "too_short" if both.sum() < self.parameters.least_months else "too_few" if few else "insignificant"
        return Lead(upstream=pair[0], downstream=pair[1], n_months=int(both.sum()), reason=reason)

    def _test(self, panel: Panel, counts: tuple[Floats, Floats]) -> _Tested:
        months = both_published(*counts, longest_gap=self.parameters.longest_gap_months)
        upstream, downstream = (np.ascontiguousarray(each[months]).tobytes() for each in counts)
        return _test(self.parameters, int(panel.periods.month[months[0]]), upstream, downstream)

    def _judge(self, lead: Lead, found: _Tested, *, factor: float, tried: int, ahead: int) -> Lead:
        """Choose the lag: the strongest beyond chance that reaches past the downstream's newest month."""
        lead = replace(lead, correlations=tuple(map(float, found.correlations)))
        beyond = [lag for lag in np.argsort(-found.correlations) if found.chances[lag] * factor <= self.parameters.false_leads]
        adding = {int(lag): granger(*found.changes, lag=int(lag)) for lag in beyond}
        leading = [lag for lag, p_value in adding.items() if p_value <= self.parameters.granger_alpha]
        if not leading:
            opposed = not beyond and found.opposite * tried <= self.parameters.false_leads
            return replace(lead, reason="wrong_sign", lag_months=int(found.correlations.argmin())) if opposed else lead
        telling = [lag for lag in leading if lag + ahead > 0]
        lag = (telling or leading)[0]
        return replace(
            lead,
            reason=None if telling else "published_first",
            lag_months=lag,
            lag_interval=self._interval(*found.whitened),
            granger_p_value=adding[lag],
            gain_months=lag + ahead,
        )

    def _interval(self, upstream: Floats, downstream: Floats) -> tuple[int, int]:
        """Resample blocks of months, and give the central range of the lag with the largest correlation."""
        products = upstream[:, None] * lagged(downstream, lags=self.parameters.longest_lag_months)
        size, block = len(products), self.parameters.block_months
        starts = np.random.default_rng(SEED).integers(size, size=(RESAMPLES, -(-size // block)))
        chosen = (starts[:, :, None] + np.arange(block)).reshape(RESAMPLES, -1)[:, :size] % size
        strongest = products[chosen].sum(axis=1).argmax(axis=1)
        outside = (1 - self.parameters.interval_coverage) / 2
        low, high = np.quantile(strongest, (outside, 1 - outside), method="inverted_cdf")
        return int(low), int(high)


@lru_cache(maxsize=4096)
def _test(asked: LeadLagParameters, first_month: int, *counts: bytes) -> _Tested:
    """Correlate the whitened changes of both, and hold each lag against the largest of permuted ones; past nights ask the same again."""
    known = [np.frombuffer(each) for each in counts]
    months = (first_month + np.arange(known[0].size - 1)) % 12 + 1
    season = waves(months, harmonics=asked.season_harmonics)
    upstream, downstream = (without(season, clipped(np.diff(bridged(each)), deviations=asked.first_clip_deviations)) for each in known)
    filtered = whiten(upstream, downstream, longest_memory=asked.longest_memory_months)
    first, second = (standardised(clipped(each, deviations=asked.clip_deviations)) for each in filtered)
    shifted = lagged(second, lags=asked.longest_lag_months)
    spent = season.shape[1] + upstream.size - first.size
    found = first @ shifted * np.sqrt(max(1 - spent / first.size, 0))
    permuted = first[permutations(first.size)] @ shifted
    return _Tested(
        changes=(upstream, downstream),
        whitened=(first, second),
        correlations=found,
        chances=chances(found, permuted.max(axis=1)),
        opposite=float(chances(-found, -permuted.min(axis=1)).min()),
    )


def _ahead(upstream: Floats, downstream: Floats) -> int:
    """Say by how many months the upstream figures reach further; negative where the downstream is published first."""
    newest = [int(np.flatnonzero(np.isfinite(each))[-1]) for each in (upstream, downstream)]
    return newest[0] - newest[1]


def holm_factors(p_values: Sequence[float]) -> list[tuple[float, float]]:
    """Give for each p-value the factor of Holm's correction, and the p-value so corrected; a factor grows behind what is not rejected."""
    order = np.argsort(p_values, kind="stable")
    factors: list[tuple[float, float]] = [(1.0, 1.0)] * len(order)
    highest = 0.0
    for rank, at in enumerate(order):
        factor = float(len(order) - rank)
        highest = max(highest, min(factor * p_values[at], 1.0))
        factors[at] = (max(factor, highest / p_values[at]), highest)
    return factors


def granger(upstream: Floats, downstream: Floats, *, lag: int) -> float:
    """Ask whether the upstream at a lag and the month before it adds to the downstream's own past (statsmodels' F test).

    The upstream is moved so that the lag asked for stands as the month before; so a lag of 0 can be asked too. A perfect fit gives 0.
    """
    from statsmodels.tools.sm_exceptions import InfeasibleTestError  # noqa: PLC0415 - as above
    from statsmodels.tsa.stattools import grangercausalitytests  # noqa: PLC0415 - as above

    size = downstream.size
    moved = np.full(size, np.nan)
    offset = lag - 1
    moved[max(offset, 0) : size + min(offset, 0)] = upstream[max(-offset, 0) : size - max(offset, 0)]
    both = np.column_stack([downstream, moved])
    try:
        tests = grangercausalitytests(both[np.isfinite(both).all(axis=1)], [GRANGER_MEMORY])
    except InfeasibleTestError:
        return 0.0  # a perfect fit: the downstream repeats the upstream
    return float(tests[GRANGER_MEMORY][0]["ssr_ftest"][1])
