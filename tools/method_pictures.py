"""Draw for docs/method.md what each detector says of a real series: ``python tools/method_pictures.py [detector ...]``.

The series are those of the bundle, each up to a month in which the method has something to say, judged month by month with what
precedes it alone. Drawn in the style of the messages, into ``docs/images/method-<detector>.png``.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from detectors import METHODS, make
from pillarfour import breaks
from pillarfour.detection import Panel
from pillarfour.report.charts import Break, chart_of, draw

CHECKOUT = Path(__file__).resolve().parents[1]
IMAGES = CHECKOUT / "docs" / "images"
DARIEN = ("data/bundle/panama_darien.csv", "persons", "persons, Servicio Nacional de Migración de Panamá")
MEXICO = ("data/bundle/mexico_segob.csv", "events", "events, Unidad de Política Migratoria, SEGOB")
BORDER = ("data/bundle/us_cbp.csv.gz", "encounters", "encounters (events), U.S. Customs and Border Protection")
TOTAL = "TOTAL"
EVERYBODY = {"darien"}
"""Stages whose table lists everybody: who stands not in a month that is published is nobody."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A series, the last month shown, and how the method is asked."""

    of: tuple[str, str, str]
    stage: str
    subject: str
    title: str
    until: str
    parameters: dict[str, Any] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    """Structural breaks that are drawn."""


SCENES = {
    "stl": Scene(of=BORDER, stage="us_southwest", subject=TOTAL, title="U.S. southwest border", until="2025-05"),
    "cusum": Scene(of=DARIEN, stage="darien", subject="HTI", title="Darién, Haitians", until="2021-12"),
    "cusum-seasonal": Scene(
        of=DARIEN,
        stage="darien",
        subject=TOTAL,
        title="Darién, all nationalities, in season",
        until="2023-06",
        parameters={"baseline": "seasonal"},
    ),
    "glr": Scene(of=DARIEN, stage="darien", subject="ECU", title="Darién, Ecuadorians", until="2023-06"),
    "ears": Scene(of=DARIEN, stage="darien", subject="VEN", title="Darién, Venezuelans", until="2022-01"),
    "threshold": Scene(of=DARIEN, stage="darien", subject=TOTAL, title="Darién, all nationalities", until="2023-12"),
    "farrington": Scene(
        of=MEXICO,
        stage="mexico",
        subject="HND",
        title="Mexico, Hondurans",
        until="2024-10",
        parameters={"baseline_years": 3},
    ),
    "state_space": Scene(of=MEXICO, stage="mexico", subject="HND", title="Mexico, Hondurans", until="2023-12"),
    "breaks": Scene(of=DARIEN, stage="darien", subject="ECU", title="Darién, Ecuadorians", until="2023-06"),
    "composition": Scene(of=DARIEN, stage="darien", subject="mix", title="Darién, mix of nationalities", until="2023-12"),
    "best_available": Scene(of=DARIEN, stage="darien", subject="HTI", title="Darién, Haitians", until="2022-06"),
    "regime": Scene(of=BORDER, stage="us_southwest", subject=TOTAL, title="U.S. southwest border", until="2025-05"),
}
"""Each detector of the registry has one; the tests of the documentation look for its picture. After a hyphen, another scene of it."""


def panel_of(scene: Scene) -> Panel:
    """Take the series of the scene's stage from the bundle, as far as the scene goes."""
    path, unit, _ = scene.of
    rows = pd.read_csv(CHECKOUT / path)
    rows = rows[rows["reference_period"] <= scene.until]
    if scene.of is BORDER:
        rows = rows.assign(nationality=TOTAL)  # the parts of each month
    wide = rows.pivot_table(index="nationality", columns="reference_period", values=unit, aggfunc="sum", min_count=1)
    periods = pd.period_range(wide.columns[0], scene.until, freq="M")
    wide = wide.reindex(columns=periods.astype(str))
    if scene.stage in EVERYBODY:
        wide = wide.where(wide.notna() | wide.loc[TOTAL].isna(), 0)
    subjects = [name for name in wide.index if scene.subject in {"mix", name}]
    series = tuple(f"{scene.stage}/{name if name != TOTAL else 'total'}" for name in subjects)
    return Panel(values=wide.loc[subjects].to_numpy(dtype=float), series=series, periods=periods, unit=unit)


def picture(name: str, scene: Scene) -> bytes:
    """Judge every month, and draw the last three years."""
    method = name.partition("-")[0]
    known = breaks.load().breaks
    scores = make(method, **scene.parameters).detect(panel_of(scene), judge="all", breaks=known)
    shown = [Break(period=f"{each.from_:%Y-%m}", label=each.title) for each in known if each.id in scene.shown]
    counts = scene.of[2] if scores.panel.unit != "bits" else "bits of divergence from the months before"
    return draw(chart_of(scores, scores.panel.series[0], title=f"{method}: {scene.title}", counts=counts, breaks=shown))


def main() -> None:
    """Draw the detectors that are named, or all."""
    missing = set(METHODS) - set(SCENES)
    if missing:
        raise SystemExit(f"tools/method_pictures.py: no scene for {', '.join(sorted(missing))}; add one to SCENES")
    for method in sys.argv[1:] or SCENES:
        path = IMAGES / f"method-{method}.png"
        path.write_bytes(picture(method, SCENES[method]))
        print(path.relative_to(CHECKOUT))


if __name__ == "__main__":
    main()
