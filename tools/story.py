"""Redraw the story of 2021 from the store: three counts along the corridor, and each alert on the day on which it could be known.

``python tools/story.py`` builds a store of the bundle in a folder of its own, replays the triggers of the totals and of Haitian families
from 2018 on, and writes ``docs/images/story-2021.png`` and the figures behind it, ``docs/images/story-2021.csv``.
"""

import csv
import io
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from flows import ingest
from flows.detect import load_triggers
from flows.replay import RememberingReader, run
from pillarfour.alerts.model import rank
from pillarfour.evaluation.replay import only
from pillarfour.evaluation.told import said
from pillarfour.report.charts import ALARM, DOTS_PER_INCH, INK
from pillarfour.settings import CHECKOUT, Settings
from pillarfour.store import Store
from sources import SOURCES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURE = CHECKOUT / "docs" / "images" / "story-2021.png"
TABLE = PICTURE.with_suffix(".csv")
COLUMNS = ("what", "stage", "subject", "reference_period", "known_on", "level", "value", "unit")

TRIGGERS = ("darien-surge", "mexico-surge", "us-southwest-surge", "haitian-corridor")
STAGES = {"darien": "Darién crossings", "mexico": "Mexico, apprehensions", "us_southwest": "U.S. southwest, encounters"}
SUBJECTS = {"total": "All", "haitian": "Haitian families"}
MONTHS = tuple(f"2021-{month:02}" for month in range(1, 13))
FROM, UNTIL, COMPLETE = date(2018, 1, 1), date(2021, 12, 31), date(2022, 6, 30)
DEL_RIO = date(2021, 9, 13)
"""From this day on the camp under the bridge grew, to near fifteen thousand people."""

MARKS = {"watch": ("o", "white"), "warning": ("^", "#e08a00"), "emergency": ("s", ALARM)}
BARS = "#b9c3cc"


@dataclass(frozen=True, kw_only=True, order=True)
class Row:
    """A month's figure, or an alert that rose to a level on the night ``known_on``."""

    what: str
    stage: str
    subject: str
    reference_period: str
    known_on: str
    level: str
    value: int
    unit: str


def main() -> int:
    """Write the picture and its figures."""
    with tempfile.TemporaryDirectory() as work:
        settings = Settings(store=Path(work) / "store", inbox=Path(work) / "inbox")
        store = ingest.open_store(settings)
        for source in SOURCES:
            print(source.RECIPE.name, sum(1 for _ in ingest.ingest_local(source, store, settings)), "documents")
        rows = story(store, settings)
    TABLE.write_text(table(rows), encoding="utf-8", newline="")
    PICTURE.write_bytes(draw(rows))
    return 0


def story(store: Store, settings: Settings) -> list[Row]:
    """Take the year's figures from the store, and its alerts from a replay."""
    return [*figures(store, settings), *sorted(alerts(store, settings), key=lambda row: (row.known_on, row.stage, row.subject))]


def figures(store: Store, settings: Settings) -> Iterator[Row]:
    """Give each stage's months, all and the Haitian group, as known once the year was published."""
    triggers = only(load_triggers(settings), *TRIGGERS)
    reader = RememberingReader(store=store, triggers=triggers)
    for name in STAGES:
        stage = triggers.stage(name)
        panel = reader.stage(stage, COMPLETE).panel
        rows = {str(key): row for row, key in enumerate(panel.series)}
        for subject in SUBJECTS:
            for month in MONTHS:
                value = panel.values[rows[f"{name}/{subject}"], list(panel.periods.astype(str)).index(month)]
                yield Row(
                    what="figure",
                    stage=name,
                    subject=subject,
                    reference_period=month,
                    known_on="",
                    level="",
                    value=int(value),
                    unit=stage.unit,
                )


def alerts(store: Store, settings: Settings) -> Iterator[Row]:
    """Give each rise of an alert in the year, on the night from which it could be known."""
    triggers = only(load_triggers(settings), *TRIGGERS)
    decided = run(RememberingReader(store=store, triggers=triggers), start=FROM, end=UNTIL)
    for line in (line for each in said(triggers, decided) for line in each.told):
        if line.decided_on.year == UNTIL.year and rank(line.level) > rank(line.level_before) and line.value is not None:
            yield Row(
                what="alert",
                stage=line.stage,
                subject=line.subject,
                reference_period=str(line.reference_period),
                known_on=str(line.decided_on),
                level=str(line.level),
                value=int(line.value),
                unit=line.unit,
            )


def table(rows: Iterable[Row]) -> str:
    """Write the rows as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(row, column) for column in COLUMNS] for row in rows)
    return text.getvalue()


def draw(rows: Iterable[Row]) -> bytes:
    """Draw a stage a row, all and the Haitian group beside each other; the axis is the calendar, so an alert stands where it was known."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - half a second that only a picture pays
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(5.4, 7.0), dpi=DOTS_PER_INCH, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(STAGES), len(SUBJECTS), sharex=True, squeeze=False)
    every = list(rows)
    for line, stage in enumerate(STAGES):
        for column, (subject, name) in enumerate(SUBJECTS.items()):
            axes = grid[line][column]
            _panel(axes, [row for row in every if (row.stage, row.subject) == (stage, subject)])
            title = f"{STAGES[stage]}\n{name}" if name == SUBJECTS["total"] else f"\n{name}"
            axes.set_title(title, loc="left", fontsize=11.5, fontweight="bold", color=INK)
    _legend(figure)
    image = io.BytesIO()
    figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()


def _panel(axes: "Axes", rows: list[Row]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415 - as in draw

    counted = {row.reference_period: row.value for row in rows if row.what == "figure"}
    middle = {month: date.fromisoformat(f"{month}-15") for month in counted}
    axes.bar([_day(middle[month]) for month in counted], list(counted.values()), width=26, color=BARS, linewidth=0)
    axes.axvline(_day(DEL_RIO), color=INK, linewidth=1, linestyle=(0, (2, 2)))
    for row in (row for row in rows if row.what == "alert"):
        known, about = _day(date.fromisoformat(row.known_on)), row.reference_period
        shape, fill = MARKS[row.level]
        if about in middle:
            axes.plot([_day(middle[about]), known], [row.value, row.value], color=INK, linewidth=1.1, zorder=3)
        axes.plot(known, row.value, marker=shape, markersize=8, markerfacecolor=fill, markeredgecolor=INK, linestyle="none", zorder=4)
    axes.set_xlim(_day(date(2021, 1, 1)), _day(date(2022, 1, 1)))
    axes.set_ylim(0, max(counted.values()) * 1.12)
    axes.set_xticks([_day(date(2021, month, 15)) for month in (1, 4, 7, 10)], ["Jan", "Apr", "Jul", "Oct"])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1000:g}k" if value else "0"))
    axes.tick_params(labelsize=11, length=3, colors="#333333")
    axes.grid(axis="y", color="#e3e3e3", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _legend(figure: "Figure") -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415 - as in draw
    from matplotlib.patches import Patch  # noqa: PLC0415

    handles = [
        Patch(color=BARS, label="counted in the month"),
        *(
            Line2D([], [], marker=shape, markerfacecolor=fill, markeredgecolor=INK, color=INK, linewidth=1.1, markersize=8, label=level)
            for level, (shape, fill) in MARKS.items()
        ),
        Line2D([], [], color=INK, linewidth=1, linestyle=(0, (2, 2)), label="Del Río, from 13 Sep"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=10.5, handlelength=1.8, columnspacing=1.2)


def _day(day: date) -> int:
    return day.toordinal()


if __name__ == "__main__":
    sys.exit(main())
