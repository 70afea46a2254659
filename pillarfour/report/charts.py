"""One picture an alert: what was counted, what was expected, and where it left the usual range."""

import io
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import isfinite
from textwrap import wrap
from typing import TYPE_CHECKING

import pandas as pd

from pillarfour.delivery.wording import ENGLISH, Wording
from pillarfour.detection import Floats, Scores
from pillarfour.errors import DeliveryError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, EXPECTED, BAND, ALARM, FAINT = "#111111", "#2f5d8a", "#c9d6e2", "#c22f1d", "#8a8a8a"
DOTS_PER_INCH = 150
SHOWN_PERIODS = 36
BREAK_LABEL_LENGTH = 34
TITLE_WIDTH = 40
"""Letters on a line of the title; a longer one takes two lines."""


@dataclass(frozen=True, kw_only=True)
class Break:
    """A known change of rule or of definition, from this period on."""

    period: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A series as a detector saw it; None where nothing is published or nothing could be expected.

    Parameters
    ----------
    title
        Who, and where.
    counts
        What is counted, in the words of the source's recipe.
    periods
        ``2021-06`` or ``2021-W23``, without a gap, oldest first.
    observed, expected, lower, upper
        In what ``counts`` says, one a period.
    alarms
        The periods in which the detector's threshold was reached.
    """

    title: str
    counts: str
    periods: tuple[str, ...]
    observed: tuple[float | None, ...]
    expected: tuple[float | None, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    alarms: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = ()

    def __post_init__(self) -> None:
        """Refuse columns that do not belong together."""
        if {len(self.observed), len(self.expected), len(self.lower), len(self.upper)} != {len(self.periods)} or not self.periods:
            raise DeliveryError(
                f"chart {self.title!r}: its columns differ in length or are empty; give one figure a period, None where there is none"
            )


def chart_of(scores: Scores, series: Hashable, *, title: str, counts: str, breaks: Sequence[Break] = ()) -> Chart:
    """Take one series out of a detector's scores: up to three years, from its first to its newest figure.

    Parameters
    ----------
    scores
        Judged at every period (``judge="all"``) for a whole line of what was expected; periods not judged stay without one.
    series
        One of the panel's series.
    """
    panel = scores.panel
    row = panel.series.index(series)
    values = panel.values[row]
    published = [column for column, value in enumerate(values) if isfinite(value)]
    end = published[-1] + 1 if published else len(values)
    window = range(max(published[0] if published else 0, end - SHOWN_PERIODS), end)
    judged = {int(column): position for position, column in enumerate(scores.columns)}
    alarm = scores.alarm[row]

    def at(judgements: Floats) -> tuple[float | None, ...]:
        return tuple(_figure(judgements[row, judged[column]]) if column in judged else None for column in window)

    return Chart(
        title=title,
        counts=counts,
        periods=tuple(_name(panel.periods[column]) for column in window),
        observed=tuple(_figure(values[column]) for column in window),
        expected=at(scores.expected),
        lower=at(scores.lower),
        upper=at(scores.upper),
        alarms=tuple(_name(panel.periods[column]) for column in window if column in judged and alarm[judged[column]]),
        breaks=tuple(breaks),
    )


def draw(chart: Chart, *, wording: Wording = ENGLISH) -> bytes:
    """Draw the chart as a PNG: the same chart gives the same bytes, readable in grey and on a phone.

    Parameters
    ----------
    wording
        The language of the legend, the months and the numbers; the chart's own texts are drawn as they are.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - half a second that only a night with alerts pays
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(5.4, 3.7), dpi=DOTS_PER_INCH, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    _draw_expected(axes, chart, wording)
    _draw_breaks(axes, chart)
    _draw_observed(axes, chart, wording)
    _dress(axes, chart, wording)
    title = "\n".join(wrap(_shorten(chart.title, 2 * TITLE_WIDTH), TITLE_WIDTH)[:2])
    axes.set_title(title, loc="left", fontsize=13, fontweight="bold", color=INK, pad=20, va="bottom", parse_math=False)
    axes.text(0, 1.03, _shorten(chart.counts, 66), transform=axes.transAxes, fontsize=9.5, color="#444444", va="bottom", parse_math=False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=10, handlelength=1.6, columnspacing=1.2)
    image = io.BytesIO()
    figure.savefig(image, format="png", metadata={"Software": None})
    return _with_few_colours(image.getvalue())


def _draw_expected(axes: "Axes", chart: Chart, wording: Wording) -> None:
    places = range(len(chart.periods))
    lower, upper, expected = _gaps(chart.lower), _gaps(chart.upper), _gaps(chart.expected)
    if any(isfinite(value) for value in upper):
        axes.fill_between(places, lower, upper, color=BAND, linewidth=0, label=wording.say("usual range"))
        axes.plot(places, upper, color=EXPECTED, linewidth=0.6)
        axes.plot(places, lower, color=EXPECTED, linewidth=0.6)
    if any(isfinite(value) for value in expected):
        axes.plot(places, expected, color=EXPECTED, linewidth=1.6, linestyle=(0, (4, 2)), label=wording.say("expected"))
    for place in places:
        if isfinite(upper[place]) and not any(
            isfinite(value) for value in (*upper[max(0, place - 1) : place], *upper[place + 1 : place + 2])
        ):
            axes.vlines(place, lower[place], upper[place], color=BAND, linewidth=9, zorder=1)
            axes.plot(place, expected[place], color=EXPECTED, marker="_", markersize=11, markeredgewidth=1.6)


def _draw_breaks(axes: "Axes", chart: Chart) -> None:
    from matplotlib.patheffects import withStroke  # noqa: PLC0415 - as in draw

    shown: dict[str, list[str]] = {}
    for each in chart.breaks:
        if each.period in chart.periods:
            shown.setdefault(each.period, []).append(each.label)
    for period, labels in shown.items():
        place = chart.periods.index(period) - 0.5
        axes.axvline(place, color=FAINT, linewidth=1.2, linestyle=":")
        axes.annotate(
            "\n".join(_shorten(label, BREAK_LABEL_LENGTH) for label in labels),
            (place, 0.98),
            xycoords=("data", "axes fraction"),
            xytext=(-3, 0),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va="top",
            linespacing=1.1,
            fontsize=8.5,
            color="#444444",
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            parse_math=False,
        )


def _draw_observed(axes: "Axes", chart: Chart, wording: Wording) -> None:
    observed = _gaps(chart.observed)
    axes.plot(range(len(observed)), observed, color=INK, linewidth=2, marker="o", markersize=3.2, label=wording.say("counted"))
    marked = [place for place, period in enumerate(chart.periods) if period in chart.alarms]
    if marked:
        axes.plot(
            marked,
            [observed[place] for place in marked],
            linestyle="none",
            marker="D",
            markersize=8,
            markerfacecolor=ALARM,
            markeredgecolor="white",
            markeredgewidth=1,
            label=wording.say("alarm"),
            zorder=4,
        )
    _label_newest(axes, observed, wording)


def _label_newest(axes: "Axes", observed: Sequence[float], wording: Wording) -> None:
    from matplotlib.patheffects import withStroke  # noqa: PLC0415 - as in draw

    known = [place for place, value in enumerate(observed) if isfinite(value)]
    if known:
        last = known[-1]
        axes.annotate(
            _written(observed[last], wording, whole=_is_whole(observed)),
            (last, observed[last]),
            xytext=(9, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=12,
            fontweight="bold",
            color=INK,
            zorder=5,
            path_effects=[withStroke(linewidth=4, foreground="white")],
        )


def _dress(axes: "Axes", chart: Chart, wording: Wording) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415 - as in draw

    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_ylim(bottom=0)
    axes.margins(x=0.03)
    whole = _is_whole(_gaps(chart.observed))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=whole))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _written(value, wording, whole=whole)))
    count = len(chart.periods)
    step = max(1, -(-count // 5))
    ticks = list(range(count - 1, -1, -step))[::-1]
    axes.set_xticks(ticks, [wording.tick(chart.periods[place]) for place in ticks])
    axes.tick_params(labelsize=11, length=3, colors="#333333")
    axes.tick_params(axis="y", length=0)


def _with_few_colours(image: bytes) -> bytes:
    """Keep sixty-four colours: a third of the size, and the few pixels of an alarm keep their own."""
    from PIL import Image  # noqa: PLC0415 - comes with matplotlib

    small = io.BytesIO()
    with Image.open(io.BytesIO(image)) as full:
        full.convert("RGB").quantize(64, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            small, format="PNG", optimize=True
        )
    return small.getvalue()


def _figure(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _gaps(column: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in column]


def _is_whole(column: Sequence[float]) -> bool:
    return all(value.is_integer() for value in column if isfinite(value))


def _written(value: float, wording: Wording, *, whole: bool) -> str:
    return wording.number(round(value) if whole else value)


def _name(period: pd.Period) -> str:
    return str(period) if period.freqstr[0] == "M" else str(period.end_time.strftime("%G-W%V"))


def _shorten(text: str, length: int) -> str:
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
