"""Measure leads and forecasts for docs/method.md, and draw what was expected of one series beside what came.

``python tools/outlook.py rates`` prints how often independent series and planted leads are found; ``python tools/outlook.py score`` scores
the forecasts of past days against what came, and ``python tools/outlook.py picture`` writes a picture into docs/images. The last two read
the store of ``PILLARFOUR_STORE``.
"""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from detectors.lead_lag import LeadLag, LeadLagParameters
from flows.detect import Reader, load_triggers
from flows.ingest import open_store
from flows.outlook import figures, nowcast_score, outlook
from pillarfour.detection import Floats, Panel
from pillarfour.model import SeriesKey
from pillarfour.outlook import Forecast, Lead
from pillarfour.settings import Settings

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "method-nowcast.png"
SHOWN = SeriesKey(stage="mexico", subject="haitian")
START, END = date(2021, 1, 1), date(2025, 7, 1)
N_PAIRS, SEED = 400, 5
FAMILY = 39
"""Pairs that the project's triggers try on a night."""


def rates() -> None:
    """Print two tables: independent pairs, and planted leads of one month."""
    print("| months | counts | season | leads found where none is, of 5 % stated |\n|---|---|---|---|")
    for months, mean, dispersion, season in [
        (24, 100, 0.1, 0.0),
        (24, 100, 0.1, 0.6),
        (36, 1000, 0.5, 0.6),
        (60, 100, 0.0, 0.6),
        (60, 100, 0.1, 0.6),
        (60, 20, 0.3, 0.0),
    ]:
        found = leads(independent(months, mean, dispersion, season), false_leads=0.05)
        kind = "Poisson" if not dispersion else f"negative binomial, dispersion {dispersion:g}"
        print(f"| {months} | mean {mean}, {kind} | {season:g} | {share(found)} |")
    print("\n| months | own noise of the downstream | found at its lag, alone | among 39 |\n|---|---|---|---|")
    for months in (30, 60):
        for noise in (0.2, 0.4, 0.8):
            rows = planted(months, noise)
            both = [share(leads(rows, false_leads=chance), lag=1) for chance in (0.05, 0.05 / FAMILY)]
            print(f"| {months} | {noise / 0.4:g} of the upstream's changes | {both[0]} | {both[1]} |")


def independent(months: int, mean: float, dispersion: float, season: float) -> Floats:
    """Draw pairs in control, with trend, shape (2 N_PAIRS, months)."""
    rng = np.random.default_rng(SEED)
    at = np.arange(months) + rng.integers(12, size=(2 * N_PAIRS, 1))
    means = mean * np.exp(season * np.sin(2 * np.pi * at / 12) + 0.01 * np.arange(months))
    return rng.poisson(means * (rng.gamma(1 / dispersion, dispersion, size=means.shape) if dispersion else 1)).astype(float)


def planted(months: int, noise: float) -> Floats:
    """Draw upstream series that wander, and downstream ones that follow a month later."""
    rng = np.random.default_rng(SEED)
    walk = np.cumsum(rng.normal(0, 0.4, (N_PAIRS, months + 1)), axis=1)
    follows = walk[:, :-1] + rng.normal(0, noise, (N_PAIRS, months))
    return rng.poisson(500 * np.exp(np.vstack([walk[:, 1:], follows]))).astype(float)


def leads(counts: Floats, *, false_leads: float) -> list[Lead]:
    """Try each pair alone."""
    periods = pd.period_range("2015-01", periods=counts.shape[1], freq="M")
    panel = Panel(values=counts, series=tuple(range(len(counts))), periods=periods, unit="events")
    method = LeadLag(LeadLagParameters(false_leads=false_leads))
    return [method.leads(panel, pairs=[(at, N_PAIRS + at)])[0] for at in range(N_PAIRS)]


def share(found: list[Lead], *, lag: int | None = None) -> str:
    """Read as ``4.5 % ± 1.0``: of leads at this lag, or at any."""
    hits = [lead.lag_months is not None and lead.reason != "wrong_sign" and lag in {None, lead.lag_months} for lead in found]
    rate = float(np.mean(hits))
    return f"{100 * rate:.1f} % ± {100 * np.sqrt(rate * (1 - rate) / len(hits)):.1f}"


def score(reader: Reader) -> None:
    """Print the score of the forecasts made, and of those that a looser test would have let through."""
    for chance, granger in ((0.05, 0.05), (0.5, 1.0)):
        method = LeadLag(LeadLagParameters(false_leads=chance, granger_alpha=granger))
        print(f"\nfalse_leads {chance:g}, granger_alpha {granger:g}\n")
        print("| series | months ahead | forecasts | MASE | seasonal naive | last figure | in the 80 % range |")
        print("|---" * 7 + "|")
        for each in nowcast_score(reader, start=START, end=END, method=method):
            measured = f"{each.mase:.2f} | {each.mase_naive:.2f} | {each.mase_last:.2f} | {each.coverage:.0%}"
            print(f"| {each.stage}/{each.subject} | {each.horizon} | {each.n} | {measured} |")


def picture(reader: Reader) -> None:
    """Draw a series, and what was expected of it on each day that knew a usable lag."""
    import matplotlib.pyplot as plt  # noqa: PLC0415 - the other tables need no pictures

    final = figures(reader, known_on=END)
    counts = final.values[final.series.index(SHOWN)]
    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    axes.plot(final.periods.to_timestamp(), counts, color="#1f3b57", marker=".", label="published since")
    for forecast in expected(reader):
        at = forecast.period.to_timestamp()
        low, high = forecast.expected - forecast.lower, forecast.upper - forecast.expected
        axes.errorbar(at, forecast.expected, yerr=[[low], [high]], fmt="o", color="#c2571a", markersize=4, capsize=3, alpha=0.7)
    axes.set(
        title=f"{SHOWN}: expected by a usable lag, with its 80 % range", ylabel="events a month", xlim=(pd.Timestamp("2024-06-01"), None)
    )
    axes.set_yscale("log")
    axes.set_ylim(30, 12_000)
    figure.savefig(PICTURE, dpi=110)


def expected(reader: Reader) -> Iterator[Forecast]:
    """Give the last forecast of each month and horizon."""
    last: dict[tuple[pd.Period, int], Forecast] = {}
    for day in sorted({day for day in reader.published.values() if date(2025, 1, 1) <= day <= END}):
        last |= {(each.period, each.horizon_months): each for each in outlook(reader, known_on=day).expected(SHOWN)}
    yield from last.values()


def main(what: str) -> int:
    """Do one of the three."""
    if what == "rates":
        rates()
        return 0
    settings = Settings()
    reader = Reader(store=open_store(settings), triggers=load_triggers(settings))
    {"score": score, "picture": picture}[what](reader)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
