"""Intervals are those of the textbooks; costs count every alert once."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pillarfour.alerts.model import AlertKey
from pillarfour.detection import Panel
from pillarfour.evaluation import score
from pillarfour.evaluation.matching import Alert, Happening, Record
from pillarfour.evaluation.score import Incidence, Proportion
from pillarfour.model import SeriesKey

KEY = AlertKey(trigger="t", stage="darien", subject="total")
SERIES = SeriesKey(stage="darien", subject="total")
PERIODS = pd.period_range("2019-01", "2022-12", freq="M")


@pytest.mark.parametrize(("hits", "of", "low", "high"), [(0, 10, 0.0, 0.278), (9, 10, 0.596, 0.982), (10, 10, 0.722, 1.0)])
def test_the_share_has_wilsons_interval(hits, of, low, high):
    """As tabled by Newcombe (1998)."""
    assert Proportion(hits=hits, of=of).interval == pytest.approx((low, high), abs=1e-3)


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.689), (3, 0.619, 8.767), (10, 4.795, 18.39)])
def test_the_rate_has_the_exact_interval(count, low, high):
    """As tabled by Garwood (1936), over two years."""
    assert Incidence(count=count, years=2.0).interval == pytest.approx((low / 2, high / 2), abs=5e-3)


def test_nothing_watched_has_no_rate():
    """No year is not zero a year."""
    assert (Incidence(count=0, years=0.0).rate, Proportion(hits=0, of=0).interval) == (None, None)


def test_the_bootstrap_draws_movements_together():
    """Ten series of one movement say as little as one: the interval has no width; a second run gives the same."""
    same = score.median_interval([5.0] * 5 + [9.0] * 5, groups=["a"] * 10)
    two = score.median_interval([5.0] * 5 + [9.0] * 5, groups=["a"] * 5 + ["b"] * 5)

    assert same == (7.0, (7.0, 7.0))
    assert two is not None
    assert two == (7.0, (5.0, 9.0))
    assert two == score.median_interval([5.0] * 5 + [9.0] * 5, groups=["a"] * 5 + ["b"] * 5)


@pytest.fixture
def watch():
    record = Record(
        panel=Panel(values=np.full((1, len(PERIODS)), 100.0), series=(SERIES,), periods=PERIODS, unit="persons"),
        published={("darien", period.ordinal): (period + 1).start_time.date().replace(day=12) for period in PERIODS},
        stages=("darien",),
        groups={},
        watched={"up": frozenset({SERIES}), "down": frozenset()},
    )
    [found] = score.watches([(KEY, "up")], record, last=date(2022, 12, 31))
    return found


def happening(onset: date, closes: date) -> Happening:
    return Happening(
        id="x",
        title="x",
        kind="mechanical",
        stage="darien",
        direction="up",
        later=False,
        onset=onset,
        floor=closes,
        in_time=closes,
        closes=closes,
        series=frozenset({SERIES}),
    )


def alert(on: date, ended: date | None = None) -> Alert:
    return Alert(key=KEY, direction="up", news=((on, "watch"),), ended=ended)


def test_a_series_is_watched_once_it_has_a_year(watch):
    """From the publication of the twelfth month on."""
    assert watch.first == date(2020, 1, 12)


def test_costs_are_counted_by_the_day(watch):
    """What matches nothing is false; quiet days are those outside every window; standing days are counted once."""
    year = date(2021, 1, 1), date(2021, 12, 31)
    alerts = [alert(date(2021, 2, 12), date(2021, 2, 22)), alert(date(2021, 7, 12), date(2021, 7, 22)), alert(date(2019, 2, 12))]
    found = score.costs(alerts[:2], [happening(date(2021, 6, 1), date(2021, 11, 12))], [watch], first=year[0], last=year[1])

    assert [each.began for each in found.false] == [date(2021, 2, 12)]
    assert len(found.alerts) == 2
    assert found.years * 365.25 == pytest.approx(365)
    assert (found.years - found.quiet_years) * 365.25 == pytest.approx(257)
    assert found.alert_years * 365.25 == pytest.approx(22)
    assert score.costs(alerts[2:], [], [watch], first=year[0], last=year[1]).alerts == ()


def test_a_miss_is_never_better_than_late_news():
    """A miss has the lead of its window's last night."""
    one = happening(date(2021, 6, 1), date(2021, 11, 12))

    assert score.tell(one, []).censored_lead_days == score.tell(one, [alert(date(2021, 11, 12))]).censored_lead_days
    assert score.tell(one, [alert(date(2021, 7, 12))]).censored_lead_days == -41
