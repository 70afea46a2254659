"""The tables of docs/method.md for the methods that bench/calibration.py leaves out: measured false alarms beside stated ones.

``python bench/calibration_more.py [ears|threshold|breaks|best_available|state_space|regime|models|glr|glr_seasonal]``.
"""

# ruff: noqa: E402 - the path below comes first

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # a file beside this one has a package's name

from bench.calibration import IN_SEASON, draw, measure
from detectors.best_available import BestAvailable, BestAvailableParameters
from detectors.breaks import Breaks, BreaksParameters
from detectors.ears import Ears, EarsParameters
from detectors.glr import Glr, GlrParameters
from detectors.regime import Regime, RegimeParameters
from detectors.state_space import StateSpace, StateSpaceParameters
from detectors.stl import Stl, StlParameters
from detectors.threshold import Threshold, ThresholdParameters
from pillarfour.detection import Detector

Process = tuple[float, float, float]
"""A mean, a dispersion, a season."""

FEW_PROCESSES = ((100, 0.1, 0.6), (100, 0, 0.0), (100, 0.5, 0.0), (1000, 0.1, 0.3))
PROCESSES = ((1, 0, 0.0), (100, 0, 0.0), (10, 0.3, 0.0), (100, 0.1, 0.0), (100, 0.5, 0.0), (1000, 1.0, 0.0), (1000, 0.1, 0.3))
STATED = (0.5, 0.1)
MONTHS = 60


def table(
    named: Sequence[tuple[str, Detector]], *, n_series: int, judged: int = MONTHS // 2, processes: Sequence[Process] = PROCESSES
) -> Iterator[str]:
    """Give one row a process and one column a detector."""
    yield f"| mean | dispersion | season | {' | '.join(name for name, _ in named)} |"
    yield "|---|---|---|" + "---|" * len(named)
    for mean, dispersion, season in processes:
        panel = draw(n_series, MONTHS, mean=mean, dispersion=dispersion, season=season)
        cells = " | ".join(measure(detector, panel, judged) for _, detector in named)
        yield f"| {mean} | {dispersion} | {season} | {cells} |"


def ears() -> Iterator[str]:
    """Judge months 31-60 by each chart."""
    named = [
        (f"{method}, {stated} a year", Ears(EarsParameters(method=method, false_alarms_per_year=stated)))
        for stated in STATED
        for method in ("C1", "C2", "C3")
    ]
    return table(named, n_series=2000)


def threshold() -> Iterator[str]:
    """Judge months 41-60 for a new high or low, of the count and of its growth."""
    high, growth = Threshold(), Threshold(ThresholdParameters(quantity="growth"))
    rare = Threshold(ThresholdParameters(over_periods=36))
    named = [("count, 1 a year", high), ("growth, 1 a year", growth), ("count, new in 36 months, 0.65 a year", rare)]
    return table(named, n_series=2000, judged=20)


def fitted(detector: Callable[[float], Detector]) -> Iterator[str]:
    """Judge months 37-60 of a few series, which are fitted one by one."""
    named = [(f"{stated} a year", detector(stated)) for stated in STATED]
    return table(named, n_series=100, judged=24, processes=FEW_PROCESSES)


def state_space() -> Iterator[str]:
    """Judge by the state space model."""
    return fitted(lambda stated: StateSpace(StateSpaceParameters(false_alarms_per_year=stated)))


def breaks() -> Iterator[str]:
    """Judge months 31-60 by recursive residuals."""
    return table([(f"{stated} a year", Breaks(BreaksParameters(false_alarms_per_year=stated))) for stated in STATED], n_series=1000)


def best_available() -> Iterator[str]:
    """Judge months 31-60 by what can judge them."""
    named = [(f"{stated} a year", BestAvailable(BestAvailableParameters(false_alarms_per_year=stated))) for stated in STATED]
    return table(named, n_series=1000)


def glr() -> Iterator[str]:
    """Judge months 31-60 by the generalized likelihood ratio."""
    return table([(f"{stated} a year", Glr(GlrParameters(false_alarms_per_year=stated))) for stated in STATED], n_series=1000)


def glr_seasonal() -> Iterator[str]:
    """Judge months 43-60 with the season's means, and once without them."""
    named = [
        (f"{name}, {stated} a year", Glr(GlrParameters(false_alarms_per_year=stated, baseline="seasonal", season_harmonics=waves)))
        for stated in STATED
        for waves, name in ((1, "one wave"), (2, "two waves"))
    ]
    return table([*named, ("`history`, 0.5 a year", Glr())], n_series=1000, judged=18, processes=IN_SEASON)


def regime() -> Iterator[str]:
    """Judge by two regimes."""
    return fitted(lambda stated: Regime(RegimeParameters(false_alarms_per_year=stated)))


def models() -> Iterator[str]:
    """Judge months 37-60 by the other models of two methods, at half a false alarm a year."""
    named = [
        ("state_space, ets", StateSpace(StateSpaceParameters(model="ets"))),
        ("stl, seasons of 12 and 5 months", Stl(StlParameters(season_periods=(12, 5)))),
    ]
    return table(named, n_series=40, judged=24, processes=FEW_PROCESSES)


TABLES = {
    "models": models,
    "regime": regime,
    "best_available": best_available,
    "breaks": breaks,
    "ears": ears,
    "glr": glr,
    "glr_seasonal": glr_seasonal,
    "threshold": threshold,
    "state_space": state_space,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        for line in TABLES[name]():
            print(line, flush=True)
        print()
