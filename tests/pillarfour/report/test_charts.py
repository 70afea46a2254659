"""Tests of the charts."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pillarfour.delivery.wording import wording
from pillarfour.detection import Panel, Scores
from pillarfour.errors import DeliveryError
from pillarfour.report.charts import ALARM, BAND, INK, Break, Chart, chart_of, draw

OBSERVED = (1332.0, 1535.0, 972.0, 0.0, None, 135.0)
NONE = (None,) * 6
MONTHS = ("2020-01", "2020-02", "2020-03", "2020-04", "2020-05", "2020-06")


@pytest.fixture
def chart() -> Chart:
    return Chart(
        title="Haitian nationals, Darién",
        counts="crossings (persons counted at each crossing)",
        periods=MONTHS,
        observed=OBSERVED,
        expected=(None, 900.0, 900.0, 900.0, 900.0, 900.0),
        lower=(None, 500.0, 500.0, 500.0, 500.0, 500.0),
        upper=(None, 1400.0, 1400.0, 1400.0, 1400.0, 1400.0),
        alarms=("2020-02",),
        breaks=(Break(period="2020-04", label="Panama closes its land border"),),
    )


def image(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def colours(png: bytes) -> set[tuple[int, int, int]]:
    return {colour for _, colour in image(png).getcolors(maxcolors=1 << 20)}


def red(png: bytes) -> int:
    """Count the pixels of an alarm's colour, give or take the palette's rounding."""
    target = np.array([int(ALARM[place : place + 2], 16) for place in (1, 3, 5)])
    return int((np.abs(np.asarray(image(png)).astype(int) - target).sum(axis=2) < 12).sum())


def test_the_same_chart_gives_the_same_bytes(chart: Chart):
    """Two drawings are identical, byte by byte."""

    assert draw(chart) == draw(chart)


def test_a_chart_is_small_and_carries_no_date_or_maker(chart: Chart):
    """A phone on a slow line loads it, and its bytes tell nothing but the picture."""
    png = draw(chart)

    assert len(png) < 60_000
    assert image(png).size == (810, 555)
    assert Image.open(io.BytesIO(png)).info.keys() <= {"dpi"}


def test_the_words_and_months_are_the_readers(chart: Chart):
    """In Spanish the legend and the axis differ."""

    assert draw(chart, wording=wording("es")) != draw(chart)


def test_two_breaks_of_one_month_stand_side_by_side(chart: Chart):
    """Neither is drawn over the other."""
    twice = replace(chart, breaks=(*chart.breaks, Break(period="2020-04", label="another")))

    assert draw(twice) != draw(chart)


def test_alarms_are_marked(chart: Chart):
    """One alarm is seen, two are seen more, none is not seen."""
    none, one, two = (red(draw(replace(chart, alarms=alarms))) for alarms in ((), ("2020-02",), ("2020-01", "2020-02")))

    assert none == 0
    assert two > one > 100


def test_the_newest_figure_hides_no_alarm():
    """Its number stands beside the line, however the months before it went."""
    months = tuple(map(str, pd.period_range("2019-10", "2021-06", freq="M")))
    counts = (*[9000.0] * 15, 28000.0, 45000.0, 85651.0, 79000.0, 69000.0, 76861.0)
    nothing = (None,) * len(months)
    charts = [
        Chart(
            title="x",
            counts="x",
            periods=months,
            observed=counts,
            expected=nothing,
            lower=nothing,
            upper=nothing,
            alarms=months[at : at + 1],
        )
        for at in range(len(months))
    ]
    marked = [red(draw(chart)) for chart in charts[-5:]]

    assert min(marked) > 0.95 * max(marked)


def test_a_long_title_is_not_cut_at_the_edge(chart: Chart):
    """It takes a second line instead."""
    picture = np.asarray(image(draw(replace(chart, title="Norte de Centroamérica, Frontera suroeste de EE. UU."))))

    assert picture[:, -2:].min() > 250


def test_an_alarm_stands_out_in_grey():
    """Printed in grey, the marker's tone differs from the band's and from the line's by a quarter of the scale."""
    alarm, band, line = (
        np.dot([int(colour[place : place + 2], 16) for place in (1, 3, 5)], [0.299, 0.587, 0.114]) for colour in (ALARM, BAND, INK)
    )

    assert min(abs(alarm - band), abs(alarm - line)) > 60


@pytest.mark.parametrize(
    "changed",
    [
        {"observed": NONE, "alarms": ()},
        {"expected": NONE, "lower": NONE, "upper": NONE},
        {"expected": (*[None] * 5, 900.0), "lower": (*[None] * 5, 500.0), "upper": (*[None] * 5, 1400.0)},
        {"observed": (0.25, 0.31, 0.4, 0.12, None, 0.5)},
        {"breaks": (Break(period="1999-01", label="before anything shown"),)},
        {"periods": ("2020-W49", "2020-W50", "2020-W51", "2020-W52", "2020-W53", "2021-W01"), "alarms": (), "breaks": ()},
    ],
)
def test_incomplete_charts_are_drawn(chart: Chart, changed):
    """No figures at all, nothing expected, one period judged, shares, a break out of sight, weeks: each gives its own picture."""

    assert draw(replace(chart, **changed)) != draw(chart)


@settings(max_examples=8, deadline=None)
@given(text=st.text(st.characters(exclude_categories=()), max_size=30).map(lambda text: f"$\\frac{{{text}"))
def test_names_are_never_read_as_formulas(text: str):
    """A dollar sign, a backslash or a control character in a name neither fails nor typesets."""
    months = ("2021-05", "2021-06")
    hostile = Chart(
        title=text,
        counts=text,
        periods=months,
        observed=(1.0, 2.0),
        expected=(None, 1.0),
        lower=(None, 0.0),
        upper=(None, 2.0),
        breaks=(Break(period="2021-06", label=text),),
    )

    assert draw(hostile).startswith(b"\x89PNG")


def test_columns_of_different_length_are_refused(chart: Chart):
    """A chart that would shift figures against months is an error, not a picture."""
    with pytest.raises(DeliveryError, match="one figure a period"):
        replace(chart, observed=(1.0,))


@pytest.fixture
def scores() -> Scores:
    months = pd.period_range("2018-01", periods=42, freq="M")
    counts = np.vstack([np.arange(42.0), np.full(42, 7.0)])
    counts[0, 41] = np.nan
    columns = np.arange(30, 42)
    expected = np.tile(np.arange(12.0), (2, 1))
    score = np.zeros((2, 12))
    score[0, [3, 10]] = 1.0, -1.2
    return Scores(
        panel=Panel(values=counts, series=("darien/HTI", "darien/VEN"), periods=months, unit="events"),
        columns=columns,
        expected=expected,
        lower=expected - 1,
        upper=expected + 1,
        score=score,
        p_value=np.full((2, 12), np.nan),
        status=np.zeros((2, 12), dtype=np.int8),
        false_alarms_per_year=0.1,
        method="stl",
    )


def test_a_chart_ends_at_the_newest_figure(scores: Scores):
    """A month not yet published is not shown, and three years are."""
    chart = chart_of(scores, "darien/HTI", title="t", counts="c")

    assert (chart.periods[0], chart.periods[-1], len(chart.periods)) == ("2018-06", "2021-05", 36)
    assert (chart.observed[0], chart.observed[-1]) == (5.0, 40.0)


def test_a_chart_begins_at_the_first_figure(scores: Scores):
    """Months before anything was published are no empty half of the picture."""
    values = scores.panel.values.copy()
    values[0, :30] = np.nan
    chart = chart_of(replace(scores, panel=replace(scores.panel, values=values)), "darien/HTI", title="t", counts="c")

    assert (chart.periods[0], chart.observed[0]) == ("2020-07", 30.0)


def test_expectations_stand_at_their_own_period(scores: Scores):
    """What was judged is shown where it was judged, the rest is empty, and alarms carry their months."""
    chart = chart_of(scores, "darien/HTI", title="t", counts="c")
    at = dict(zip(chart.periods, zip(chart.expected, chart.lower, chart.upper, strict=True), strict=True))

    assert at["2020-06"] == (None, None, None)
    assert at["2020-07"] == (0.0, -1.0, 1.0)
    assert at["2021-05"] == (10.0, 9.0, 11.0)
    assert chart.alarms == ("2020-10", "2021-05")


def test_weeks_carry_their_iso_names():
    """The week that ends on 3 January 2021 is the fifty-third of 2020."""
    weeks = pd.period_range("2020-12-28", periods=2, freq="W-SUN")
    nothing = np.full((1, 0), np.nan)
    panel = Panel(values=np.array([[3.0, 4.0]]), series=("s",), periods=weeks, unit="persons")
    none = dict.fromkeys(("expected", "lower", "upper", "score", "p_value"), nothing)
    scores = Scores(
        panel=panel, columns=np.array([], dtype=np.intp), status=nothing.astype(np.int8), false_alarms_per_year=0.1, method="m", **none
    )

    assert chart_of(scores, "s", title="t", counts="c").periods == ("2020-W53", "2021-W01")
