"""How far from its mean a count may lie by chance: three ways to bound the next count of a quasi-Poisson series."""

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from detectors.negative_binomial import chance_beyond, quantile, quantile_and_rest
from pillarfour.detection import Floats

Flags = npt.NDArray[np.bool_]

ThresholdMethod = Literal["predictive", "delta", "nb_plugin", "muan"]
Power = Literal["2/3", "1/2", "none"]
MOST_KURTOSIS = 6.0
"""That of an exponential law: beyond it, means are so small that quantiles are decided by who comes at all."""

LEAST_MEAN = 1e-200
"""So that what is divided by a mean stays finite."""

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
    degrees_of_freedom
        Of the estimate of the dispersion.
    """

    mean: Floats
    log_variance: Floats
    dispersion: Floats
    degrees_of_freedom: Floats

    def of(self, rows: npt.NDArray[np.intp]) -> "Prediction":
        """Take some series."""
        return Prediction(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


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

    def chance_beyond(self, counts: Floats, above: Flags) -> Floats:
        """Chance of a count at least as large where it is above, else at least as small."""
        away = counts**self.exponent - self.centre
        far = np.where(away == 0, 0, np.copysign(np.inf, away))
        distance = np.divide(away, self.deviation, out=far, where=self.deviation > 0)
        return np.asarray(special.ndtr(np.negative(distance, out=distance, where=above)))


class NegativeBinomial:
    """Quantiles of the count at the estimated mean, or at the mean's own bound on the log scale [1]_.

    References
    ----------
    .. [1] Salmon, M., Schumacher, D., Höhle, M. (2016). Journal of Statistical Software 70(10). doi:10.18637/jss.v070.i10
    """

    def __init__(self, prediction: Prediction, *, mean_at_bound: bool) -> None:
        self.dispersion = prediction.dispersion
        self.mean = prediction.mean
        self.error = np.sqrt(prediction.log_variance) if mean_at_bound else None

    def lower(self, chance: Floats) -> tuple[Floats, Floats]:
        """Least count that is no alarm, and the chance of a smaller one."""
        mean = self._mean_at(special.ndtri(chance))
        return quantile_and_rest(chance, mean, self.dispersion)

    def upper(self, chance: Floats) -> Floats:
        """Largest count that is no alarm."""
        return quantile(1 - chance, self.mean_above(chance), self.dispersion)

    def mean_above(self, chance: Floats) -> Floats:
        """Give the mean whose quantile is the upper bound."""
        return self._mean_at(-special.ndtri(chance))

    def _mean_at(self, deviations: Floats) -> Floats:
        if self.error is None:
            return self.mean
        with np.errstate(over="ignore", invalid="ignore"):  # a baseline that says nothing bounds nothing
            return np.asarray(self.mean * np.exp(deviations * self.error))

    def chance_beyond(self, counts: Floats, above: Flags) -> Floats:
        """Chance, at the estimated mean, of a count at least as large where it is above, else at least as small."""
        return chance_beyond(counts, above, self.mean, self.dispersion)


class Predictive(NegativeBinomial):
    """Quantiles of the count that take the errors of the mean and of the dispersion into account.

    The count's variance is phi mu + Var(mu), and chances go from Student's t to the normal law and from there to the negative binomial,
    as a normal count with an estimated variance would need. The estimate of phi is worth df / (1 + k / 2) degrees of freedom, where
    k = 6 (phi - 1) / mu + 1 / (phi mu) is a negative binomial's excess kurtosis.
    """

    def __init__(self, prediction: Prediction) -> None:
        super().__init__(prediction, mean_at_bound=False)
        self.dispersion = prediction.dispersion + prediction.mean * prediction.log_variance
        mean = np.maximum(prediction.mean, LEAST_MEAN)
        kurtosis = np.minimum(6 * (prediction.dispersion - 1) / mean + 1 / (prediction.dispersion * mean), MOST_KURTOSIS)
        self.degrees_of_freedom = prediction.degrees_of_freedom / (1 + kurtosis / 2)

    def lower(self, chance: Floats) -> tuple[Floats, Floats]:
        """Least count that is no alarm, and the chance of a smaller one."""
        bound, below = super().lower(self._known(chance))
        return bound, self._estimated(below)

    def upper(self, chance: Floats) -> Floats:
        """Largest count that is no alarm."""
        return super().upper(self._known(chance))

    def chance_beyond(self, counts: Floats, above: Flags) -> Floats:
        """Chance of a count at least as large where it is above, else at least as small."""
        return self._estimated(super().chance_beyond(counts, above))

    def _known(self, chance: Floats) -> Floats:
        """Give the chance in a law of known dispersion that lies as far out as this one does."""
        return np.asarray(special.ndtr(special.stdtrit(self.degrees_of_freedom, chance)))

    def _estimated(self, chance: Floats) -> Floats:
        return np.asarray(special.stdtr(self.degrees_of_freedom, special.ndtri(chance)))


def bounds_of(prediction: Prediction, method: ThresholdMethod, power: Power) -> Delta | NegativeBinomial:
    """Choose how to bound a prediction."""
    if method == "predictive":
        return Predictive(prediction)
    return Delta(prediction, power) if method == "delta" else NegativeBinomial(prediction, mean_at_bound=method == "muan")
