"""Two histories side by side."""

from datetime import date

import pytest

from pillarfour.alerts.model import AlertKey
from pillarfour.evaluation.comparison import Episode, History, Rate, compare


def episode(*levels: tuple[str, date], subject: str = "total", ended: date | None = None) -> Episode:
    key = AlertKey(trigger="darien-surge", stage="darien", subject=subject)
    return Episode(key=key, levels=dict(levels), ended=ended, how="resolved" if ended else None)


MAY, JULY, MARCH = date(2021, 5, 12), date(2021, 7, 12), date(2022, 3, 12)
ONE = episode(("watch", MAY), ("warning", JULY), ended=MARCH)


def history(*episodes: Episode, alerts: int = 3) -> History:
    return History(episodes=episodes, rates=(Rate(trigger="darien-surge", alerts=alerts, years=6.0, series=2, budget=0.5),))


def test_the_same_history_changes_nothing():
    """A review of a change without effect says so in one line."""
    lines = list(compare(history(ONE), history(ONE)).lines())

    assert lines[0] == "No alert would have been another."
    assert lines[-1].split() == ["darien-surge", "3:", "0.5", "[0.1,", "1.5];", "0.25", "of", "0.5"]


def test_an_alert_comes_goes_or_changes():
    """Alerts of one series are the same where they stood at the same time."""
    sooner = episode(("warning", MAY), ended=MARCH)
    later = episode(("watch", date(2023, 1, 12)))
    other = episode(("watch", MAY), subject="HTI")

    assert compare(history(ONE), history(sooner)).changed == ((ONE, sooner),)
    assert (compare(history(ONE), history(later)).gone, compare(history(ONE), history(later)).new) == ((ONE,), (later,))
    assert compare(history(ONE, other), history(ONE)).gone == (other,)
    assert "- darien-surge:darien/HTI  watch 2021-05-12, stands" in compare(history(ONE, other), history(ONE)).lines()


@pytest.mark.parametrize(("alerts", "lower", "upper"), [(0, 0.0, 3.689), (3, 0.619, 8.767), (10, 4.795, 18.39)])
def test_the_interval_is_the_exact_one_of_a_poisson_count(alerts, lower, upper):
    """As tabled by Garwood (1936)."""
    found = Rate(trigger="x", alerts=alerts, years=1.0, series=1, budget=None).interval

    assert found == pytest.approx((lower, upper), abs=5e-3)
