"""R surveillance's farringtonFlexible, asked about many series; Debian's package is its set-up."""

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.outbreaks import Flags, Simulated

ALPHA = 0.01
SCRIPT = """
suppressPackageStartupMessages({{library(surveillance); library(parallel)}})
counts <- as.matrix(read.csv("counts.csv", header = FALSE))
ask <- read.csv("ask.csv")
judge <- function(i) {{
  range <- ask$first[i]:ask$last[i]
  series <- sts(observed = matrix(counts[i, ]), start = c(2000, 1), frequency = {a_year})
  found <- tryCatch(farringtonFlexible(series, control = list(range = range, b = {years}, w = {half_window}, reweight = TRUE,
    weightsThreshold = 2.58, verbose = FALSE, glmWarnings = FALSE, alpha = {alpha}, trend = TRUE, pThresholdTrend = 1,
    limit54 = c(0, 4), powertrans = "2/3", fitFun = "algo.farrington.fitGLM.flexible", populationOffset = FALSE,
    noPeriods = {levels}, pastWeeksNotIncluded = {excluded}, thresholdMethod = "nbPlugin")), error = function(e) NULL)
  alarms <- if (is.null(found)) rep(NA, length(range)) else as.integer(alarms(found))
  data.frame(row = i, column = range, alarm = alarms)
}}
all <- do.call(rbind, mclapply(seq_len(nrow(counts)), judge, mc.cores = 2))
write.csv(all, "alarms.csv", row.names = FALSE)
"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How R is asked: its noPeriods, b, w and pastWeeksNotIncluded."""

    levels: int
    years: int
    half_window: int
    excluded: int


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """R's alarms, shape (n_series, n_judged): on the quiet series, and in the periods of the outbreak."""

    quiet: Flags
    current: Flags


def install() -> None:
    """Have R and its package from Debian where they are missing."""
    if shutil.which("Rscript") is None:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "r-cran-surveillance"], check=True)


def ask(simulated: Simulated, asked: Asked, *, kept: Path | None) -> Alarms | None:
    """Give R's alarms, None where R is not installed; with a folder, what was asked before is read from it."""
    calendar, n_series = simulated.calendar, len(simulated.scenario)
    script = SCRIPT.format(
        a_year=calendar.a_year, years=asked.years, half_window=asked.half_window, alpha=ALPHA, levels=asked.levels, excluded=asked.excluded
    )
    counts = np.vstack([simulated.quiet, simulated.current]).astype(np.int64)
    question = hashlib.sha256(script.encode() + counts.tobytes()).hexdigest()
    answer = None if kept is None else kept / f"{question}.csv"
    if answer is not None and answer.exists():
        told = pd.read_csv(answer)
    elif shutil.which("Rscript") is None:
        return None
    else:
        told = _run(script, counts, simulated)
        if answer is not None:
            answer.parent.mkdir(parents=True, exist_ok=True)
            told.to_csv(answer, index=False)
    alarms = np.zeros((2 * n_series, calendar.periods), dtype=bool)
    alarms[told["row"] - 1, told["column"] - 1] = told["alarm"].fillna(0) > 0
    return Alarms(quiet=alarms[:n_series, -calendar.judged :], current=alarms[n_series:, -calendar.judged :] & simulated.during)


def _run(script: str, counts: np.ndarray, simulated: Simulated) -> pd.DataFrame:
    calendar, n_series = simulated.calendar, len(simulated.scenario)
    first, last = simulated.outbreak.argmax(axis=1) + 1, calendar.periods - simulated.outbreak[:, ::-1].argmax(axis=1)
    begin = calendar.periods - calendar.judged + 1
    asked = pd.DataFrame({"first": [*[begin] * n_series, *first], "last": [*[calendar.periods] * n_series, *last]})
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "counts.csv", counts, delimiter=",", fmt="%d")
        asked.to_csv(Path(folder) / "ask.csv", index=False)
        subprocess.run(["Rscript", "-e", script], cwd=folder, check=True)
        return pd.read_csv(Path(folder) / "alarms.csv")
