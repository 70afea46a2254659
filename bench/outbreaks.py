"""Series with outbreaks that are known, in the manner of Noufaily et al. (2013), by weeks and by months.

A scenario is a level, a trend, a season and a dispersion. Past outbreaks lie in the baseline, and one outbreak in the periods that are
judged. The scenarios' figures are partly from memory of the paper, and the monthly version is our own.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pillarfour.detection import Panel

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

GROUPS = (  # theta, beta a week, gamma 1, gamma 2, phi
    (0.1, 0.0025, 0.6, 0.6, 1.5),
    (-2.0, 0.005, 0.1, 0.3, 2.0),
    (1.5, 0.003, 0.2, -0.4, 1.0),
    (0.5, 0.002, 0.5, 0.5, 5.0),
    (2.5, 0.001, 1.0, 0.1, 3.0),
    (3.75, 0.001, 0.1, -0.1, 1.1),
    (5.0, 0.0001, 0.05, 0.01, 1.2),
)
VARIANTS = ((0, False), (1, False), (0, True), (1, True), (2, False), (2, True))
"""Waves a year, and whether there is a trend."""
SCENARIOS = tuple(range(1, len(GROUPS) * len(VARIANTS) + 1))
FEW = (1, 4, 8, 12, 13, 16, 17, 20, 24, 25, 28, 32, 36, 37, 40)
PAST_SIZES = (2, 3, 5, 10)
LARGEST = 10
"""Of the outbreaks judged, which are 1 to so many standard deviations large."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Months or weeks: how many, how many of them are judged, where past outbreaks lie, and by when the judged one begins."""

    frequency: str
    a_year: int
    periods: int
    judged: int
    past: tuple[int, int]
    begins_before: int

    @property
    def weeks(self) -> float:
        """How many weeks a period has."""
        return 52 / self.a_year

    def panel(self, values: Floats) -> Panel:
        """Put series on it."""
        periods = pd.period_range("2000-01-03", periods=values.shape[1], freq=self.frequency)
        return Panel(values=values, series=tuple(range(len(values))), periods=periods, unit="cases")


MONTHS = Calendar(frequency="M", a_year=12, periods=144, judged=24, past=(60, 120), begins_before=141)
WEEKS = Calendar(frequency="W-SUN", a_year=52, periods=624, judged=49, past=(312, 575), begins_before=618)


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Series of one scenario after the other."""

    calendar: Calendar
    scenario: npt.NDArray[np.intp]
    quiet: Floats
    """Without an outbreak in the periods judged, shape (n_series, n_periods)."""
    current: Floats
    """With one."""
    outbreak: Flags
    """From its first case to its last, same shape."""

    def of(self, rows: npt.NDArray[np.intp]) -> "Simulated":
        """Take some series."""
        taken = {name: getattr(self, name)[rows] for name in ("scenario", "quiet", "current", "outbreak")}
        return Simulated(calendar=self.calendar, **taken)

    def first(self, n_series: int) -> npt.NDArray[np.intp]:
        """Find the first so many series of each scenario."""
        return np.concatenate([np.flatnonzero(self.scenario == number)[:n_series] for number in np.unique(self.scenario)])

    @property
    def during(self) -> Flags:
        """The outbreak, in the periods judged, shape (n_series, n_judged)."""
        return self.outbreak[:, -self.calendar.judged :]


def simulate(scenarios: tuple[int, ...], n_series: int, calendar: Calendar) -> Simulated:
    """Draw so many series a scenario, the same on every machine."""
    rng = np.random.default_rng(20130309)
    drawn = [_draw(rng, number, series, calendar) for number in scenarios for series in range(n_series)]
    quiet, current, outbreak = (np.array(part) for part in zip(*drawn, strict=True))
    return Simulated(calendar=calendar, scenario=np.repeat(scenarios, n_series), quiet=quiet, current=quiet + current, outbreak=outbreak)


def _draw(rng: np.random.Generator, number: int, series: int, calendar: Calendar) -> tuple[Floats, Floats, Flags]:
    (theta, beta, cosine, sine, phi), (waves, trend) = GROUPS[(number - 1) // 6], VARIANTS[(number - 1) % 6]
    at = np.arange(1, calendar.periods + 1)
    angle = 2 * np.pi * np.outer(np.arange(1, waves + 1), at) / calendar.a_year
    season = (cosine * np.cos(angle) + sine * np.sin(angle)).sum(axis=0)
    mean = np.exp(theta + np.log(calendar.weeks) + (beta * calendar.weeks * at if trend else 0) + season)
    counts = (rng.negative_binomial(mean / (phi - 1), 1 / phi) if phi > 1 else rng.poisson(mean)).astype(float)
    deviation = np.sqrt(phi * mean)
    for size in PAST_SIZES:
        counts += _outbreak(rng, deviation, strength=size, start=int(rng.integers(*calendar.past)), end=calendar.past[1])
    start = int(rng.integers(calendar.periods - calendar.judged, calendar.begins_before))
    current = _outbreak(rng, deviation, strength=series % LARGEST + 1, start=start, end=calendar.periods)
    cases = np.flatnonzero(current)
    lasting = np.zeros(calendar.periods, dtype=bool)
    lasting[cases[0] : cases[-1] + 1] = True
    return counts, current, lasting


def _outbreak(rng: np.random.Generator, deviation: Floats, *, strength: float, start: int, end: int) -> Floats:
    """Add a Poisson number of cases, in proportion to a count's deviation, spread by a log-normal law of whole periods."""
    size = 0
    while size < 2:  # noqa: PLR2004 - fewer are no outbreak
        size = int(rng.poisson(strength * deviation[start]))
    places = start + np.floor(rng.lognormal(0, 0.5, size)).astype(int)
    length = len(deviation)
    return np.bincount(places[places < end], minlength=length).astype(float) if (places < end).any() else np.eye(length)[start] * size
