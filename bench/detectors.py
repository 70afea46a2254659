"""What batched detectors cost beside a statsmodels loop of the same two-pass fit and beside R's farringtonFlexible.

All sides judge the same simulated months in one run. R is measured where it is installed; ``--with-r`` installs Debian's first.
"""

# ruff: noqa: E402 - the path below comes first

import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the processes are the parallelism
sys.path[0] = str(Path(__file__).resolve().parents[1])  # this file has a package's name

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from detectors.cusum import Cusum
from detectors.ears import Ears
from detectors.farrington import Farrington
from detectors.farrington_baseline import FarringtonParameters
from detectors.reference_periods import Layout, make_design, same_dates
from detectors.threshold import Threshold
from pillarfour.detection import Detector, Panel

SERIES, PERIODS, PROCESSES = 20_000, 120, 2
LOOPED, LOOPED_PERIODS, IN_R = 6, 10, 6
CASES = {
    "1 level, delta": FarringtonParameters(
        half_window_periods=3, seasonal_levels=1, exclude_recent_periods=3, threshold_method="delta", trend_alpha=1, alpha=0.01
    ),
    "10 levels, nb_plugin": FarringtonParameters(
        half_window_periods=3, seasonal_levels=10, exclude_recent_periods=3, threshold_method="nb_plugin", trend_alpha=1, alpha=0.01
    ),
}
BARS = {"1 level, delta": 2500, "10 levels, nb_plugin": 1200}
LOOP_BAR, PLAIN_BAR, MEMORY_BAR = 500, 5_000_000, 1.5
PAIRS = 3
"""How often each side of a ratio is measured, by turns: A B A B A B."""
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
SCRIPT = """
suppressPackageStartupMessages(library(surveillance))
counts <- as.matrix(read.csv("counts.csv", header = FALSE))
case <- list(list(p = 1, m = "delta"), list(p = 10, m = "nbPlugin"))[[as.integer(commandArgs(TRUE))]]
{
  took <- system.time(for (i in seq_len(nrow(counts))) {
    series <- sts(observed = matrix(counts[i, ]), start = c(2000, 1), frequency = 12)
    farringtonFlexible(series, control = list(range = 64:ncol(counts), b = 5, w = 3, reweight = TRUE, weightsThreshold = 2.58,
      verbose = FALSE, glmWarnings = FALSE, alpha = 0.01, trend = TRUE, pThresholdTrend = 1, limit54 = c(5, 4), powertrans = "2/3",
      fitFun = "algo.farrington.fitGLM.flexible", populationOffset = FALSE, noPeriods = case$p, pastWeeksNotIncluded = 3,
      thresholdMethod = case$m))
  })
  cat(nrow(counts) * (ncol(counts) - 63) / took["elapsed"], "\n")
}
"""


def main() -> None:
    """Print series-months a second, and ratios as medians of pairs."""
    sys.stdout.reconfigure(line_buffering=True)
    if "--with-r" in sys.argv and shutil.which("Rscript") is None:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "r-cran-surveillance"], check=True)
    counts = simulate(SERIES)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start")
    for number, (name, parameters) in enumerate(CASES.items(), start=1):
        detector = Farrington(parameters, processes=PROCESSES)
        compare(f"farrington, {name}", detector, counts, lambda number=number: measure_r(counts[:IN_R], number), "R", BARS[name])
        looped = partial(measure_loop, counts[:LOOPED], parameters)
        compare(f"farrington, {name}", detector, counts, looped, "the statsmodels loop", LOOP_BAR)
    for detector in (Cusum(processes=PROCESSES), Ears(processes=PROCESSES), Threshold(processes=PROCESSES)):
        detector.detect(panel_of(counts[:100]), judge="all")  # tables that a process makes once
        rates = [measure(detector, counts) for _ in range(PAIRS)]
        print(f"{detector.name}, {PROCESSES} processes: {statistics.median(rates):12,.0f} series-months/s (bar {PLAIN_BAR:,})")
    passes = [counts.size / seconds(lambda: counts + 1.0) for _ in range(PAIRS)]
    print(f"one pass of numpy over the panel, 1 process: {statistics.median(passes):12,.0f} series-months/s")
    for size in SIZES:
        took, gigabytes = in_a_process(size)
        print(f"farrington + cusum, newest of {size:7,} series x {PERIODS}: {took:6.2f} s, peak {gigabytes:.2f} GB (bar {MEMORY_BAR})")
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def compare(name: str, detector: Farrington, counts: np.ndarray, peer: Callable[[], float | None], called: str, bar: int) -> None:  # noqa: PLR0913, PLR0917 - a line of the report
    """Measure both by turns, and print the median ratio."""
    pairs = [(measure(detector, counts), peer()) for _ in range(PAIRS)]
    known = [(ours, theirs) for ours, theirs in pairs if theirs]
    if not known:
        print(f"{name}: {called} was not measured: --with-r")
        return
    ours, theirs = (statistics.median(side) for side in zip(*known, strict=True))
    ratio = statistics.median(one / other for one, other in known)
    print(f"{name}, {PROCESSES} processes: {ours:9,.0f}/s, {called} {theirs:5.0f}/s: {ratio:7,.0f} x (bar {bar:,})")


def simulate(n_series: int) -> np.ndarray:
    """Draw series of one to four hundred a month, with a season, growth and four dispersions."""
    rng = np.random.default_rng(1)
    months = np.arange(PERIODS)
    phase = rng.uniform(0, 1, (n_series, 1))
    means = np.exp(rng.uniform(0, 6, (n_series, 1)) + 0.004 * months + 0.4 * np.cos(2 * np.pi * (months / 12 + phase)))
    phi = rng.choice([1.001, 2, 5, 10], (n_series, 1))
    return rng.negative_binomial(means / (phi - 1), 1 / phi).astype(float)


def panel_of(counts: np.ndarray) -> Panel:
    """Put counts on a calendar."""
    periods = pd.period_range("2010-01", periods=counts.shape[1], freq="M")
    return Panel(values=counts, series=tuple(range(len(counts))), periods=periods, unit="persons")


def measure(detector: Detector, counts: np.ndarray) -> float:
    """Judge every month: series-months a second of those that a method with a baseline of years judges, and else of all."""
    panel = panel_of(counts)
    start = time.perf_counter()
    scores = detector.detect(panel, judge="all")
    took = time.perf_counter() - start
    return float((np.isfinite(scores.expected).sum() if detector.name == "farrington" else counts.size) / took)


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure_loop(counts: np.ndarray, parameters: FarringtonParameters) -> float:
    """Fit twice with statsmodels, series by series and month by month."""
    layout = Layout(
        half_window_periods=parameters.half_window_periods,
        seasonal_levels=parameters.seasonal_levels,
        exclude_recent_periods=parameters.exclude_recent_periods,
    )
    start = time.perf_counter()
    for column in range(PERIODS - LOOPED_PERIODS, PERIODS):
        design = make_design(same_dates(column, years=parameters.baseline_years, periods_per_year=12), column, layout)
        if design is None:
            raise RuntimeError
        levels = np.repeat(np.eye(len(design.sizes)), design.sizes, axis=0)
        for series in counts:
            fit_twice(series[design.columns], np.hstack([levels, design.times]), levels)
    return len(counts) * LOOPED_PERIODS / (time.perf_counter() - start)


def fit_twice(counts: np.ndarray, with_trend: np.ndarray, without: np.ndarray) -> float:
    """Fit, weigh down, fit again; once more without the trend where it runs above every reference count; bound by a quantile."""
    for regressors in (with_trend, without):
        weights = np.ones(len(counts))
        for _ in range(2):
            fit = sm.GLM(counts, regressors, family=sm.families.Poisson(), var_weights=weights).fit(scale="X2")
            mean, phi = fit.fittedvalues, max(fit.scale, 1)
            spared = phi * (1 - fit.get_hat_matrix_diag())
            residuals = 1.5 * (counts ** (2 / 3) * mean ** (-1 / 6) - mean**0.5) / np.sqrt(spared)
            weights = np.where(residuals > 2.58, np.maximum(residuals, 1) ** -2.0, 1)  # noqa: PLR2004 - the method's own limit
            weights *= len(counts) / weights.sum()
        expected = np.exp(fit.params[without.shape[1] - 1])
        if expected <= counts.max():
            break
    return float(stats.nbinom.ppf(0.99, expected / (phi + 1e-9 - 1), 1 / phi)) if phi > 1 else float(stats.poisson.ppf(0.99, expected))


def measure_r(counts: np.ndarray, case: int) -> float | None:
    """Run farringtonFlexible on the same series, or measure nothing where R is not installed."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "counts.csv", counts, delimiter=",", fmt="%d")
        (Path(folder) / "bench.R").write_text(SCRIPT)
        done = subprocess.run(["Rscript", "bench.R", str(case)], cwd=folder, check=True, capture_output=True, text=True)
    return float(done.stdout)


def in_a_process(size: int) -> tuple[float, float]:
    """Judge the newest month of so many series in a process of its own, to see what it takes."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(judge_newest, (size,))


def judge_newest(size: int) -> tuple[float, float]:
    """Seconds, and gigabytes at most."""
    panel = panel_of(simulate(size))
    start = time.perf_counter()
    for detector in (Farrington(CASES["10 levels, nb_plugin"]), Cusum()):
        detector.detect(panel)
    return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
