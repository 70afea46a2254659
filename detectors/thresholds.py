"""How far from its mean a count may lie by chance: three ways to bound the next count of a quasi-Poisson series."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from detectors.negative_binomial import chance_from, chance_up_to, quantile
from pillarfour.detection import Floats

ThresholdMethod = Literal["delta", "nb_plugin", "muan"]
Power = Literal["2/3", "1/2", "none"]
EXPONENTS = {"2/3": 2 / 3, "1/2": 1 / 2, "none": 1.0}


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What the baseline says of the judged period, each of shape (n_series,).

    Parameters
    ----------
    mean
        Expected count.
    log_variance
        Variance of the estimate of its logarithm.
    dispersion
        Variance over mean of a count, at least 1.
    """

    mean: Floats
    log_variance: Floats
    dispersion: Floats


class Delta:
    """Normal law of a power of the count, with the mean's own error [1]_.

    With y^a, its variance is a^2 mu^(2a - 1) tau, tau = phi + Var(mu) / mu; a = 2/3 takes away the skewness of a Poisson count.

    References
    ----------
    .. [1] Farrington, C. P. et al. (1996). Journal of the Royal Statistical Society A 159(3), 547-563.
    """

    def __init__(self, prediction: Prediction, power: Power) -> None:
        self.exponent = EXPONENTS[power]
        total = prediction.dispersion + prediction.mean * prediction.log_variance
        self.centre = prediction.mean**self.exponent
        # mu^(2a - 1) is 0 at mean 0 for 2/3, 1 for 1/2
        self.deviation = self.exponent * np.sqrt(prediction.mean ** (2 * self.exponent - 1) * total)

    def lower(self, chance: Floats) -> tuple[Floats, Floats]:
        """Bound from below, and the chance of a count below it: none where it would lie below nobody."""
        bound = self.centre + special.ndtri(chance) * self.deviation
        return np.maximum(bound, 0) ** (1 / self.exponent), np.where(bound > 0, chance, 0.0)

    def upper(self, chance: Floats) -> Floats:
        """Bound from above."""
        return np.asarray((self.centre - special.ndtri(chance) * self.deviation) ** (1 / self.exponent))

    def chance_above(self, counts: Floats) -> Floats:
        """Chance of a count at least as large."""
        return np.asarray(special.ndtr(-self._distance(counts)))

    def chance_below(self, counts: Floats) -> Floats:
        """Chance of a count at least as small."""
        return np.asarray(special.ndtr(self._distance(counts)))

    def _distance(self, counts: Floats) -> Floats:
        away = counts**self.exponent - self.centre
        return np.divide(away, self.deviation, out=np.sign(away) * np.inf, where=self.deviation > 0)


class NegativeBinomial:
    """Quantiles of the count at the estimated mean, or at the mean's own bound on the log scale [1]_.

    References
    ----------
    .. [1] Salmon, M., Schumacher, D., Höhle, M. (2016). Journal of Statistical Software 70(10). doi:10.18637/jss.v070.i10
    """

    def __init__(self, prediction: Prediction, *, mean_at_bound: bool) -> None:
        self.dispersion = prediction.dispersion
        self.mean = prediction.mean
        self.error = np.sqrt(prediction.log_variance) * mean_at_bound

    def lower(self, chance: Floats) -> tuple[Floats, Floats]:
        """Least count that is no alarm, and the chance of a smaller one."""
        mean = self.mean * np.exp(special.ndtri(chance) * self.error)
        bound = quantile(chance, mean, self.dispersion)
        return bound, chance_up_to(bound - 1, mean, self.dispersion)

    def upper(self, chance: Floats) -> Floats:
        """Largest count that is no alarm."""
        return quantile(1 - chance, self.mean_above(chance), self.dispersion)

    def mean_above(self, chance: Floats) -> Floats:
        """Give the mean whose quantile is the upper bound."""
        return np.asarray(self.mean * np.exp(-special.ndtri(chance) * self.error))

    def chance_above(self, counts: Floats) -> Floats:
        """Chance of a count at least as large, at the estimated mean."""
        return chance_from(counts, self.mean, self.dispersion)

    def chance_below(self, counts: Floats) -> Floats:
        """Chance of a count at least as small, at the estimated mean."""
        return chance_up_to(counts, self.mean, self.dispersion)


def bounds_of(prediction: Prediction, method: ThresholdMethod, power: Power) -> Delta | NegativeBinomial:
    """Choose how to bound a prediction."""
    return Delta(prediction, power) if method == "delta" else NegativeBinomial(prediction, mean_at_bound=method == "muan")
