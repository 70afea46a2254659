"""What each method finds at the same rate of false alarms as R's farringtonFlexible, on outbreaks that are known; for docs/method.md.

Monthly counts in the manner of Noufaily et al. (2013): a scenario is a level, a trend, a season and a dispersion; past outbreaks lie in
the baseline, and one outbreak in the 24 months that are judged. False alarms are counted on the same series without that outbreak. Each
method's threshold is moved, scenario by scenario, to where it has as many false alarms as R had at alpha = 0.01.

``python bench/accuracy.py [--full] [--series N] [--with-r]``: ten minutes on two cores; ``--full`` adds scenarios, series, settings of
R, and the methods that fit each series by itself. R is asked where it is installed; ``--with-r`` installs Debian's first.
"""

# ruff: noqa: E402 - the path below comes first

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[0] = str(Path(__file__).resolve().parents[1])  # a file beside this one has a package's name

import numpy as np
import numpy.typing as npt
import pandas as pd

from detectors.breaks import Breaks, BreaksParameters
from detectors.cusum import Cusum, CusumParameters
from detectors.ears import Ears, EarsParameters
from detectors.farrington import Farrington
from detectors.farrington_baseline import FarringtonParameters
from detectors.state_space import StateSpace, StateSpaceParameters
from detectors.stl import Stl, StlParameters
from pillarfour.detection import Detector, Panel

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PERIODS, JUDGED, PAST = 144, 24, (60, 120)
ALPHA = 0.01
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
FEW = (1, 4, 8, 12, 13, 16, 17, 20, 24, 25, 28, 32, 36, 37, 40)
DRAWS = 200
"""Of the bootstrap over series."""

R_CASES = {"R farringtonFlexible, 10 levels, 5 years": (10, 5)}
R_MORE = {"R farringtonFlexible, 1 level, 5 years": (1, 5), "R farringtonFlexible, 10 levels, 9 years": (10, 9)}
"""Asked too with ``--full``."""
SCRIPT = """
suppressPackageStartupMessages({library(surveillance); library(parallel)})
counts <- as.matrix(read.csv("counts.csv", header = FALSE))
ask <- read.csv("ask.csv")
judge <- function(i) {
  range <- ask$first[i]:ask$last[i]
  series <- sts(observed = matrix(counts[i, ]), start = c(2000, 1), frequency = 12)
  found <- tryCatch(farringtonFlexible(series, control = list(range = range, b = %d, w = 2, reweight = TRUE, weightsThreshold = 2.58,
    verbose = FALSE, glmWarnings = FALSE, alpha = 0.01, trend = TRUE, pThresholdTrend = 1, limit54 = c(0, 4), powertrans = "2/3",
    fitFun = "algo.farrington.fitGLM.flexible", populationOffset = FALSE, noPeriods = %d, pastWeeksNotIncluded = 6,
    thresholdMethod = "nbPlugin")), error = function(e) NULL)
  alarms <- if (is.null(found)) rep(NA, length(range)) else as.integer(alarms(found))
  data.frame(row = i, column = range, alarm = alarms)
}
all <- do.call(rbind, mclapply(seq_len(nrow(counts)), judge, mc.cores = 2))
write.csv(all, "alarms.csv", row.names = FALSE)
"""


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Series of one scenario after the other."""

    scenario: npt.NDArray[np.intp]
    quiet: Floats
    """Without an outbreak in the months judged, shape (n_series, n_periods)."""
    current: Floats
    """With one."""
    outbreak: Flags
    """From its first case to its last, same shape."""


def simulate(scenarios: tuple[int, ...], n_series: int) -> Simulated:
    """Draw so many series a scenario, the same on every machine."""
    rng = np.random.default_rng(20130309)
    drawn = [_draw(rng, number, series) for number in scenarios for series in range(n_series)]
    quiet, current, outbreak = (np.array(part) for part in zip(*drawn, strict=True))
    return Simulated(scenario=np.repeat(scenarios, n_series), quiet=quiet, current=quiet + current, outbreak=outbreak)


def _draw(rng: np.random.Generator, number: int, series: int) -> tuple[Floats, Floats, Flags]:
    (theta, beta, cosine, sine, phi), (waves, trend) = GROUPS[(number - 1) // 6], VARIANTS[(number - 1) % 6]
    months = np.arange(1, PERIODS + 1)
    angle = 2 * np.pi * np.outer(np.arange(1, waves + 1), months) / 12
    season = (cosine * np.cos(angle) + sine * np.sin(angle)).sum(axis=0)
    mean = np.exp(theta + np.log(52 / 12) + (beta * 52 / 12 * months if trend else 0) + season)
    counts = (rng.negative_binomial(mean / (phi - 1), 1 / phi) if phi > 1 else rng.poisson(mean)).astype(float)
    deviation = np.sqrt(phi * mean)
    for size in (2, 3, 5, 10):
        counts += _outbreak(rng, deviation, strength=size, start=int(rng.integers(*PAST)), end=PAST[1])
    start = int(rng.integers(PERIODS - JUDGED, PERIODS - 3))
    current = _outbreak(rng, deviation, strength=series % 10 + 1, start=start, end=PERIODS)
    cases = np.flatnonzero(current)
    lasting = np.zeros(PERIODS, dtype=bool)
    lasting[cases[0] : cases[-1] + 1] = True
    return counts, current, lasting


def _outbreak(rng: np.random.Generator, deviation: Floats, *, strength: float, start: int, end: int) -> Floats:
    """Add a Poisson number of cases, in proportion to a count's deviation, spread by a log-normal law of whole months."""
    size = 0
    while size < 2:  # noqa: PLR2004 - fewer are no outbreak
        size = int(rng.poisson(strength * deviation[start]))
    places = start + np.floor(rng.lognormal(0, 0.5, size)).astype(int)
    return np.bincount(places[places < end], minlength=PERIODS).astype(float) if (places < end).any() else np.eye(PERIODS)[start] * size


def panel_of(values: Floats) -> Panel:
    """Put series on a calendar."""
    months = pd.period_range("2000-01", periods=PERIODS, freq="M")
    return Panel(values=values, series=tuple(range(len(values))), periods=months, unit="cases")


def strength(detector: Detector, values: Floats) -> Floats:
    """Say how far above what is expected each judged month lies, in an order that a threshold can cut, shape (n_series, JUDGED)."""
    scores = detector.detect(panel_of(values), judge="all")
    judged = slice(-JUDGED, None)
    p_value, score, above = scores.p_value[:, judged], scores.score[:, judged], scores.direction[:, judged] > 0
    with np.errstate(divide="ignore"):
        order = np.where(np.isfinite(p_value), -np.log(p_value), score)
    return np.where(above & np.isfinite(order), order, -1.0)


def ask_r(simulated: Simulated, levels: int, years: int) -> tuple[Flags, Flags] | None:
    """Give R's alarms on the quiet series and on those with an outbreak, shape (n_series, JUDGED); None where R is not installed."""
    if shutil.which("Rscript") is None:
        return None
    n_series = len(simulated.scenario)
    first, last = simulated.outbreak.argmax(axis=1) + 1, PERIODS - simulated.outbreak[:, ::-1].argmax(axis=1)
    ask = pd.DataFrame({"first": [*[PERIODS - JUDGED + 1] * n_series, *first], "last": [*[PERIODS] * n_series, *last]})
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "counts.csv", np.vstack([simulated.quiet, simulated.current]), delimiter=",", fmt="%d")
        ask.to_csv(Path(folder) / "ask.csv", index=False)
        subprocess.run(["Rscript", "-e", SCRIPT % (years, levels)], cwd=folder, check=True)
        told = pd.read_csv(Path(folder) / "alarms.csv")
    alarms = np.zeros((2 * n_series, PERIODS), dtype=bool)
    alarms[told["row"] - 1, told["column"] - 1] = told["alarm"].fillna(0) > 0
    return alarms[:n_series, -JUDGED:], alarms[n_series:, -JUDGED:]


def methods(*, full: bool) -> Iterator[tuple[str, Detector, int]]:
    """Name each method, and how many series a scenario it is asked about."""
    same = {"alpha": 0.02, "low_count_cases": 0}
    everything = 10**6
    yield "farrington, as shipped (5 years)", Farrington(FarringtonParameters(**same)), everything
    yield "farrington, nb_plugin", Farrington(FarringtonParameters(**same, threshold_method="nb_plugin")), everything
    yield "farrington, trend_alpha 0.05", Farrington(FarringtonParameters(**same, trend_alpha=0.05)), everything
    yield "farrington, 9 years", Farrington(FarringtonParameters(**same, baseline_years=9)), everything
    yield "farrington, 9 years, trend_alpha 0.05", Farrington(FarringtonParameters(**same, baseline_years=9, trend_alpha=0.05)), everything
    yield "cusum", Cusum(CusumParameters(false_alarms_per_year=0.24)), everything
    yield "ears, C2", Ears(EarsParameters(method="C2", false_alarms_per_year=0.24)), everything
    yield "breaks", Breaks(BreaksParameters(false_alarms_per_year=0.24)), everything
    if full:
        yield "state_space", StateSpace(StateSpaceParameters(false_alarms_per_year=0.24)), 40
        yield "stl", Stl(StlParameters(false_alarms_per_year=0.24)), 20


def found(strengths: tuple[Floats, Floats], during: Flags, false_alarms: int) -> float:
    """Give the share of outbreaks found where the threshold leaves no more than so many false alarms."""
    quiet, current = strengths
    ordered = np.sort(quiet.ravel())[::-1]
    threshold = max(ordered[min(false_alarms, len(ordered) - 1)], 0)
    return float(((current > threshold) & during).any(axis=1).mean())


def compare(strengths: tuple[Floats, Floats], in_r: tuple[Flags, Flags], during: Flags) -> tuple[float, float, float]:
    """Give R's share found, this method's at as many false alarms, and the standard error of their difference, by bootstrap over series."""

    def shares(rows: npt.NDArray[np.intp]) -> tuple[float, float]:
        quiet, current = strengths[0][rows], strengths[1][rows]
        by_r = float((in_r[1][rows] & during[rows]).any(axis=1).mean())
        return by_r, found((quiet, current), during[rows], int(in_r[0][rows].sum()))

    n_series = len(during)
    rng = np.random.default_rng(1)
    drawn = np.array([shares(rng.integers(n_series, size=n_series)) for _ in range(DRAWS)])
    by_r, ours = shares(np.arange(n_series))
    return by_r, ours, float((drawn[:, 1] - drawn[:, 0]).std())


def table(simulated: Simulated, rivals: Mapping[str, tuple[Flags, Flags]], *, full: bool) -> Iterator[str]:
    """Give R's rates a scenario, and each method's share found at them."""
    during = simulated.outbreak[:, -JUDGED:]
    scenarios = list(dict.fromkeys(simulated.scenario.tolist()))
    for rival, in_r in rivals.items():
        yield f"At the false alarms of {rival}, alpha {ALPHA}; outbreaks found, less R's, ± standard error of the difference"
        yield f"| method | all | {' | '.join(map(str, scenarios))} |"
        yield "|---" * (len(scenarios) + 2) + "|"
        rates = [in_r[0][simulated.scenario == number].mean() for number in scenarios]
        yield f"| R's false alarms, % | {100 * np.mean(rates):.2f} | {' | '.join(f'{100 * rate:.1f}' for rate in rates)} |"
        by_r = [(in_r[1] & during)[simulated.scenario == number].any(axis=1).mean() for number in scenarios]
        yield f"| R finds | {np.mean(by_r):.3f} | {' | '.join(f'{share:.2f}' for share in by_r)} |"
        for name, detector, most in methods(full=full):
            cells, differences, errors = [], [], []
            for number in scenarios:
                rows = np.flatnonzero(simulated.scenario == number)[:most]
                strengths = strength(detector, simulated.quiet[rows]), strength(detector, simulated.current[rows])
                r, ours, error = compare(strengths, (in_r[0][rows], in_r[1][rows]), during[rows])
                cells.append(f"{ours - r:+.2f} ± {error:.2f}")
                differences.append(ours - r)
                errors.append(error)
            whole = f"{np.mean(differences):+.3f} ± {np.sqrt(np.square(errors).sum()) / len(errors):.3f}"
            yield f"| {name} | {whole} | {' | '.join(cells)} |"
        yield ""


def nominal(simulated: Simulated, *, full: bool) -> Iterator[str]:
    """Give each method's own rates upward at its nominal threshold, of 1 % upward where it is exact."""
    during = simulated.outbreak[:, -JUDGED:]
    yield "| method, at its own threshold | false alarms upward, % | outbreaks found |"
    yield "|---|---|---|"
    for name, detector, most in methods(full=full):
        kept = np.concatenate(
            [np.flatnonzero(simulated.scenario == number)[:most] for number in dict.fromkeys(simulated.scenario.tolist())]
        )
        alarms = []
        for values in (simulated.quiet[kept], simulated.current[kept]):
            scores = detector.detect(panel_of(values), judge="all")
            alarms.append((scores.alarm & (scores.direction > 0))[:, -JUDGED:])
        share = (alarms[1] & during[kept]).any(axis=1)
        each = alarms[0].mean(axis=1)
        yield (
            f"| {name} | {100 * each.mean():.2f} ± {100 * each.std() / np.sqrt(len(each)):.2f} "
            f"| {share.mean():.3f} ± {share.std() / np.sqrt(len(share)):.3f} |"
        )
    yield ""


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--full", action="store_true", help="all scenarios, 500 series each, and the methods that fit each series by itself"
    )
    options.add_argument("--series", type=int, help="how many series a scenario")
    options.add_argument("--with-r", action="store_true", help="install Debian's r-cran-surveillance where it is not there")
    given = options.parse_args()
    if given.with_r and shutil.which("Rscript") is None:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "r-cran-surveillance"], check=True)
    n_series = given.series or (500 if given.full else 100)
    simulated = simulate(tuple(range(1, 43)) if given.full else FEW, n_series)
    asked = {name: ask_r(simulated, *case) for name, case in (R_CASES | (R_MORE if given.full else {})).items()}
    rivals = {name: alarms for name, alarms in asked.items() if alarms is not None}
    if not rivals:
        print("R is not installed: --with-r installs Debian's; without it there is no rate to compare at")
    print(f"{n_series} series a scenario")
    for line in (*table(simulated, rivals, full=given.full), *nominal(simulated, full=given.full)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
