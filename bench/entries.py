"""Which methods bench/accuracy.py asks, with which settings, and for how many series there is time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from detectors.best_available import BestAvailable, BestAvailableParameters
from detectors.breaks import Breaks, BreaksParameters
from detectors.cusum import Cusum, CusumParameters
from detectors.ears import Ears, EarsParameters
from detectors.farrington import Farrington
from detectors.farrington_baseline import FarringtonParameters
from detectors.glr import Glr, GlrParameters
from detectors.regime import Regime, RegimeParameters
from detectors.state_space import StateSpace, StateSpaceParameters
from detectors.stl import Stl, StlParameters
from detectors.threshold import Threshold, ThresholdParameters
from pillarfour.detection import Detector

A_LEVEL_A_MONTH = {"half_window_periods": 0, "seasonal_levels": 12, "exclude_recent_periods": 1}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A method that takes part: made for a rate a year, whether it is a chart, and for how many series a scenario there is time."""

    name: str
    made: Callable[[float], Detector]
    chart: bool = False
    series: int = 10**6


def farrington(name: str, **parameters: object) -> Entry:
    """Take part with some settings of farrington."""

    def made(rate: float) -> Detector:
        return Farrington(FarringtonParameters(false_alarms_per_year=rate, low_count_cases=0, **parameters), processes=2)

    return Entry(name=f"`farrington`, {name}", made=made)


def monthly() -> Iterator[Entry]:
    """Give the methods for months with long records."""
    yield farrington("as shipped: 5 years")
    yield farrington("`nb_plugin`", threshold_method="nb_plugin")
    yield farrington("`trend_alpha` = 0.05", trend_alpha=0.05)
    yield farrington("no trend", trend=False)
    yield farrington("`exclude_recent_periods` = 1", exclude_recent_periods=1)
    yield farrington("a level a month", **A_LEVEL_A_MONTH)
    yield farrington("9 years", baseline_years=9)
    yield farrington("9 years, a level a month", baseline_years=9, **A_LEVEL_A_MONTH)
    yield from charts()
    yield Entry(name="`state_space`", made=lambda rate: StateSpace(StateSpaceParameters(false_alarms_per_year=rate)), series=10)
    yield Entry(name="`stl`", made=lambda rate: Stl(StlParameters(false_alarms_per_year=rate)), series=10)
    yield Entry(name="`regime`", made=lambda rate: Regime(RegimeParameters(false_alarms_per_year=rate)), series=10)


def nine_years() -> Iterator[Entry]:
    """Give the methods beside R's with nine years."""
    yield farrington("9 years", baseline_years=9)
    yield farrington("9 years, `nb_plugin`", baseline_years=9, threshold_method="nb_plugin")
    yield farrington("9 years, a level a month", baseline_years=9, **A_LEVEL_A_MONTH)


def charts() -> Iterator[Entry]:
    """Give the methods for records of any length."""
    for baseline in ("history", "seasonal"):
        yield Entry(
            name=f"`cusum`, {baseline}",
            made=lambda rate, baseline=baseline: Cusum(CusumParameters(false_alarms_per_year=rate, baseline=baseline), processes=2),
            chart=True,
        )
        yield Entry(
            name=f"`glr`, {baseline}",
            made=lambda rate, baseline=baseline: Glr(GlrParameters(false_alarms_per_year=rate, baseline=baseline), processes=2),
            chart=True,
            series=100,
        )
    yield Entry(name="`breaks`", made=lambda rate: Breaks(BreaksParameters(false_alarms_per_year=rate)), chart=True, series=10)
    yield Entry(name="`ears`, C1", made=lambda rate: Ears(EarsParameters(method="C1", false_alarms_per_year=rate)))
    yield Entry(name="`ears`, C2", made=lambda rate: Ears(EarsParameters(method="C2", false_alarms_per_year=rate)))
    yield Entry(name="`ears`, C3", made=lambda rate: Ears(EarsParameters(method="C3", false_alarms_per_year=rate)), chart=True)
    yield Entry(name="`threshold`, a new high", made=lambda rate: Threshold(ThresholdParameters(false_alarms_per_year=rate)), chart=True)


def short() -> Iterator[Entry]:
    """Give the methods for months with short records."""
    yield farrington("1 year", baseline_years=1)
    yield from charts()
    yield Entry(name="`best_available`", made=lambda rate: BestAvailable(BestAvailableParameters(false_alarms_per_year=rate)), chart=True)


def weekly() -> Iterator[Entry]:
    """Give the methods for weeks: those that judge thousands of series at once."""
    weeks = {"half_window_periods": 3, "exclude_recent_periods": 26}
    yield farrington("5 years", **weeks)
    yield farrington("`nb_plugin`", **weeks, threshold_method="nb_plugin")
    yield farrington("9 years", **weeks, baseline_years=9)
    yield Entry(name="`cusum`, history", made=lambda rate: Cusum(CusumParameters(false_alarms_per_year=rate), processes=2), chart=True)
    yield Entry(name="`ears`, C2", made=lambda rate: Ears(EarsParameters(method="C2", false_alarms_per_year=rate)))
