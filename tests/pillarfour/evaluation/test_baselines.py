"""The simple rules say what their names say, and look at nothing later."""

import numpy as np
import pandas as pd
import pytest

from pillarfour.detection import INSUFFICIENT_HISTORY, OK, Panel
from pillarfour.evaluation.baselines import BASELINES, Baseline
from pillarfour.model import SeriesKey


def judge(name, counts):
    panel = Panel(
        values=np.array([counts], dtype=float),
        series=(SeriesKey(stage="darien", subject="total"),),
        periods=pd.period_range("2018-01", periods=len(counts), freq="M"),
        unit="persons",
    )
    return Baseline(name).detect(panel, judge="all")


def test_a_doubling_on_the_year_is_one():
    """Twice the same month of the year before is 1, half is -1, within half a person."""
    assert judge("year-on-year", [1000] * 12 + [2000]).score[0, -1] == pytest.approx(1, abs=1e-3)
    assert judge("year-on-year", [1000] * 12 + [500]).score[0, -1] == pytest.approx(-1, abs=2e-3)


def test_a_high_is_beyond_every_month_before():
    """As many doublings beyond the highest; nothing between the highest and the lowest."""
    months = [500, 1000] * 6

    assert judge("12-month high", [*months, 2000]).score[0, -1] == pytest.approx(1, abs=1e-3)
    assert judge("12-month high", [*months, 900]).score[0, -1] == 0
    assert judge("12-month high", [*months, 250]).score[0, -1] == pytest.approx(-1, abs=4e-3)


def test_three_sigma_is_three():
    """The mean and deviation are those of the twelve months before."""
    months = [900, 1100] * 6
    deviation = np.std(months, ddof=1)

    assert judge("z-score", [*months, 1000 + 3 * deviation]).score[0, -1] == pytest.approx(3)


def test_a_season_that_returns_is_no_news():
    """A rise that comes every year is expected; one half as large again is not."""
    year = [1000, 1100, 1300, 2000, 3000, 2500, 1500, 1200, 1100, 1000, 1000, 900]
    grown = [round(count * (1 + place / 400)) for place, count in enumerate(year * 3)]

    assert abs(judge("seasonal naive", grown).score[0, -1]) < 1.5
    assert judge("seasonal naive", [*grown[:-1], 2 * grown[-1]]).score[0, -1] > 5


@pytest.mark.parametrize("name", list(BASELINES))
def test_nothing_later_is_looked_at(name):
    """Judgements of the first months are the same whatever follows, and a short history says so."""
    random = np.random.default_rng(0)
    counts = random.integers(100, 5000, 60)
    whole, part = judge(name, counts), judge(name, counts[:45])

    np.testing.assert_array_equal(whole.score[:, :45], part.score)
    assert whole.status[0, 0] == INSUFFICIENT_HISTORY
    assert whole.status[0, -1] == OK
