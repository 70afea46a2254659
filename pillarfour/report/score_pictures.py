"""The scorecard's pictures: each event with the nights on which it was told, and what sooner alerts cost."""

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from pillarfour.evaluation.timeline import Lane
from pillarfour.report.charts import ALARM, DOTS_PER_INCH, EXPECTED, FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVEL_COLOURS = {"watch": "#d9a300", "warning": "#d9661f", "emergency": ALARM}
LEVEL_SHAPES = {"watch": "o", "warning": "^", "emergency": "D"}


def draw_timeline(title: str, lanes: Sequence[Lane]) -> bytes:
    """Draw an event along the corridor, one stage below the other, as a PNG."""
    figure = _figure(height=1.1 + 1.75 * len(lanes))
    axes = figure.subplots(len(lanes), 1, sharex=True, squeeze=False)[:, 0]
    for place, (each, lane) in enumerate(zip(axes, lanes, strict=True)):
        _draw_lane(each, lane, labelled=place == 0)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)
    handles = {label: handle for each in axes for handle, label in zip(*each.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=6, frameon=False, fontsize=8.5)
    return _png(figure)


def draw_curves(curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """Draw lead and detection against false alarms: the best that each method's threshold gives, and the triggers as they are."""
    figure = _figure(height=7.2)
    lead, told = figure.subplots(2, 1, sharex=True)
    names = sorted(name for name in curves if name != "shipped")
    for place, name in enumerate(names):
        style = {"color": f"C{place % 10}", "linestyle": ("-", "--")[place // 10], "linewidth": 1.1}
        cost = [point["false_a_quiet_series_year"] for point in curves[name]]
        lead.step(cost, [point["mean_censored_lead_days"] for point in curves[name]], where="post", label=name, **style)
        told.step(cost, [100 * point["told"] for point in curves[name]], where="post", **style)
    for point in curves["shipped"]:
        marker = {"color": INK, "marker": "*", "markersize": 14, "linestyle": "none", "zorder": 5}
        lead.plot(point["false_a_quiet_series_year"], point["mean_censored_lead_days"], label="the triggers", **marker)
        told.plot(point["false_a_quiet_series_year"], 100 * point["told"], **marker)
    lead.set_ylabel("mean lead [days], a miss\ncounting as its window's end", fontsize=9)
    told.set_ylabel("told of 100 happenings", fontsize=9)
    told.set_xlabel("false alarms a quiet series-year", fontsize=9)
    for each in (lead, told):
        _plain(each)
    figure.legend(loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    return _png(figure)


def _draw_lane(axes: "Axes", lane: Lane, *, labelled: bool) -> None:
    nan = float("nan")
    axes.plot(
        [_place(month) for month in lane.months],
        [nan if count is None else count for count in lane.counts],
        color=INK,
        linewidth=1.4,
        marker="o",
        markersize=2.5,
        label="counted",
    )
    axes.axvline(_place(lane.onset), color=EXPECTED, linewidth=1.3, label="onset")
    axes.axvline(_place(lane.floor), color=FAINT, linewidth=1.2, linestyle=":", label="month of the onset published")
    top = max((count for count in lane.counts if count is not None), default=1.0) or 1.0
    for mark in lane.marks:
        axes.plot(
            _place(mark.on),
            1.12 * top,
            marker=LEVEL_SHAPES[mark.level],
            color=LEVEL_COLOURS[mark.level],
            markersize=7,
            linestyle="none",
            label=mark.level,
            clip_on=False,
        )
    axes.set_ylim(0, 1.25 * top)
    axes.set_title(f"{lane.stage}: {lane.of}", loc="left", fontsize=9, color="#333333")
    if labelled:
        axes.margins(x=0.02)
    _plain(axes)
    axes.xaxis_date()


def _plain(axes: "Axes") -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5, length=3, colors="#333333")


def _place(day: date) -> float:
    from matplotlib.dates import date2num  # noqa: PLC0415 - only drawing pays for it

    return float(date2num(day))  # type: ignore[no-untyped-call]


def _figure(*, height: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - only drawing pays for it
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(7.6, height), dpi=DOTS_PER_INCH * 2 // 3, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: "Figure") -> bytes:
    image = io.BytesIO()
    figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()
