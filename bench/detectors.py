"""What batched detectors cost beside a statsmodels loop of the same two-pass fit, R's farringtonFlexible, ruptures and statsforecast.

All sides judge the same simulated months in one run, within some six minutes. R is measured where it is installed; ``--with-r`` installs
Debian's first. ``--with-statsforecast`` fetches that into an environment of its own.
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
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the processes are the parallelism
sys.path[0] = str(Path(__file__).resolve().parents[1])  # this file has a package's name

import numpy as np
import pandas as pd
import statsmodels.api as sm
from ruptures import KernelCPD, Pelt
from scipy import stats

from detectors.cusum import Cusum
from detectors.ears import Ears
from detectors.farrington import Farrington
from detectors.farrington_baseline import FarringtonParameters
from detectors.reference_periods import Layout, make_design, same_dates
from detectors.threshold import Threshold
from pillarfour.detection import Detector, Panel

SERIES, PERIODS, PROCESSES = 20_000, 120, 2
LOOPED, LOOPED_PERIODS, IN_R, FITTED = 6, 10, 6, 20
"""Of these series the slow peers judge so many: all rates are a series-month or a series, and a peer takes no longer for the next one."""
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
TURNS = 3
"""How often each side of a ratio is measured: A B C A B C A B C."""
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
R = """
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
  cat(nrow(counts) * (ncol(counts) - 63) / c(took["elapsed"], took["user.self"] + took["sys.self"]), "\n")
}
"""
STATSFORECAST = """
import time
import numpy as np
from statsforecast.models import MSTL, AutoETS
counts = np.log1p(np.load("counts.npy"))
for name, make in (("AutoETS", lambda: AutoETS(season_length=12)), ("MSTL", lambda: MSTL(season_length=12))):
    make().fit(counts[0])  # compiles
    start = time.perf_counter()
    for series in counts:
        make().fit(series)
    print(f"statsforecast {name}: {len(counts) / (time.perf_counter() - start):,.1f} series a second, each fitted once")
"""
RUPTURES: dict[str, Callable[[np.ndarray], object]] = {
    "ruptures PELT, jump=1": lambda logs: Pelt(model="l2", min_size=12, jump=1).fit(logs).predict(pen=1.0),
    "ruptures KernelCPD, linear": lambda logs: KernelCPD(kernel="linear", min_size=12).fit(logs[:, None]).predict(pen=1.0),
}


def main() -> None:
    """Print what each side does in a second, and ratios as medians of turns."""
    sys.stdout.reconfigure(line_buffering=True)
    if "--with-r" in sys.argv and shutil.which("Rscript") is None:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "r-cran-surveillance"], check=True)
    counts = simulate(SERIES)
    began = time.perf_counter()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start")
    for number, (name, parameters) in enumerate(CASES.items(), start=1):
        compare(name, parameters, counts, number)
    for detector in (Cusum(processes=PROCESSES), Ears(processes=PROCESSES), Threshold(processes=PROCESSES)):
        detector.detect(panel_of(counts[:100]), judge="all")  # tables that a process makes once
        rates = [measure(detector, counts) for _ in range(TURNS)]
        print(f"{detector.name}, {PROCESSES} processes: {describe(rates)} series-months (bar {PLAIN_BAR:,} by the wall clock)")
    passes = [counts.size / seconds(lambda: counts + 1.0) for _ in range(TURNS)]
    print(f"one pass of numpy over the panel, 1 process: {statistics.median(passes):,.0f} series-months a second")
    few = np.log1p(counts[:FITTED])
    for name, search in RUPTURES.items():
        print(f"{name}: {FITTED / seconds(lambda search=search: [search(each) for each in few]):,.1f} series a second, each cut once")
    if "--with-statsforecast" in sys.argv:
        print(measure_statsforecast(counts[:FITTED]))
    for size in SIZES:
        took, gigabytes = in_a_process(size)
        print(f"farrington + cusum, newest of {size:7,} series x {PERIODS}: {took:6.2f} s of processor time, peak {gigabytes:.2f} GB")
    print(f"at most {MEMORY_BAR} GB is the bar; load {os.getloadavg()[0]:.1f} at the end, {time.perf_counter() - began:.0f} s in all")


def compare(name: str, parameters: FarringtonParameters, counts: np.ndarray, case: int) -> None:
    """Measure farrington, R and the statsmodels loop by turns."""
    detector = Farrington(parameters, processes=PROCESSES)
    ours, r, loop = [], [], []
    for _ in range(TURNS):
        ours.append(measure(detector, counts))
        r.append(measure_r(counts[:IN_R], case))
        loop.append(measure_loop(counts[:LOOPED], parameters))
    print(f"farrington, {name}, {PROCESSES} processes: {describe(ours)} judged series-months")
    for called, theirs, bar in (("R", r, BARS[name]), ("the statsmodels loop", loop, LOOP_BAR)):
        known = [(one, other) for one, other in zip(ours, theirs, strict=True) if other]
        if not known:
            print(f"  {called} was not measured: --with-r")
            continue
        wall = statistics.median(one.a_second / other.a_second for one, other in known)
        processor = statistics.median(one.a_processor_second / other.a_processor_second for one, other in known)
        print(
            f"  {called}, 1 process: {describe([other for _, other in known])}; {wall:,.0f} x by the wall clock (bar {bar:,}), "
            f"{processor:,.0f} x a process by processor time"
        )


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Series-months a second of the wall clock, and of the time that processors spent on them."""

    a_second: float
    a_processor_second: float


def describe(rates: list[Rate]) -> str:
    """Give the medians."""
    wall, processor = (statistics.median(getattr(rate, name) for rate in rates) for name in ("a_second", "a_processor_second"))
    return f"{wall:,.0f} a second, {processor:,.0f} a second of processor time"


def processor_seconds() -> float:
    """Sum what this process and those that it waited for have spent."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def rate(done: float, start: float, spent: float) -> Rate:
    """Divide what was done by both times."""
    return Rate(a_second=done / (time.perf_counter() - start), a_processor_second=done / (processor_seconds() - spent))


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


def measure(detector: Detector, counts: np.ndarray) -> Rate:
    """Judge every month: those count that a method with a baseline of years judges, and else all."""
    panel = panel_of(counts)
    start, spent = time.perf_counter(), processor_seconds()
    scores = detector.detect(panel, judge="all")
    took = rate(1, start, spent)
    done = float(np.isfinite(scores.expected).sum()) if detector.name == "farrington" else counts.size
    return Rate(a_second=done * took.a_second, a_processor_second=done * took.a_processor_second)


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure_loop(counts: np.ndarray, parameters: FarringtonParameters) -> Rate:
    """Fit twice with statsmodels, series by series and month by month."""
    layout = Layout(
        half_window_periods=parameters.half_window_periods,
        seasonal_levels=parameters.seasonal_levels,
        exclude_recent_periods=parameters.exclude_recent_periods,
    )
    start, spent = time.perf_counter(), processor_seconds()
    for column in range(PERIODS - LOOPED_PERIODS, PERIODS):
        design = make_design(same_dates(column, years=parameters.baseline_years, periods_per_year=12), column, layout)
        if design is None:
            raise RuntimeError
        levels = np.repeat(np.eye(len(design.sizes)), design.sizes, axis=0)
        for series in counts:
            fit_twice(series[design.columns], np.hstack([levels, design.times]), levels)
    return rate(len(counts) * LOOPED_PERIODS, start, spent)


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


def measure_r(counts: np.ndarray, case: int) -> Rate | None:
    """Run farringtonFlexible on the same series, or measure nothing where R is not installed."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "counts.csv", counts, delimiter=",", fmt="%d")
        (Path(folder) / "bench.R").write_text(R)
        done = subprocess.run(["Rscript", "bench.R", str(case)], cwd=folder, check=True, capture_output=True, text=True)
    wall, processor = map(float, done.stdout.split())
    return Rate(a_second=wall, a_processor_second=processor)


def measure_statsforecast(counts: np.ndarray) -> str:
    """Fit AutoETS and MSTL in an environment made for it and thrown away: its numpy is not the project's."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--prefer-binary", "statsforecast"], check=True, capture_output=True)
        np.save(Path(folder) / "counts.npy", counts)
        return subprocess.run([python, "-c", STATSFORECAST], cwd=folder, check=True, capture_output=True, text=True).stdout.rstrip()


def in_a_process(size: int) -> tuple[float, float]:
    """Judge the newest month of so many series in a process of its own, to see what it takes."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(judge_newest, (size,))


def judge_newest(size: int) -> tuple[float, float]:
    """Seconds of processor time, and gigabytes at most."""
    panel = panel_of(simulate(size))
    start = time.process_time()
    for detector in (Farrington(CASES["10 levels, nb_plugin"]), Cusum()):
        detector.detect(panel)
    return time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
