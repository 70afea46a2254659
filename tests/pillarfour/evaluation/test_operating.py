"""Methods at equal cost: beginnings, floors, sweeps, and the benefit of the doubt."""

from datetime import date

import numpy as np
import pytest

from pillarfour.alerts.model import AlertKey
from pillarfour.evaluation import operating
from pillarfour.evaluation.matching import Happening
from pillarfour.evaluation.operating import Asked, Bench, Point
from pillarfour.evaluation.score import Watch
from pillarfour.model import SeriesKey

SERIES = SeriesKey(stage="darien", subject="total")
PLACE = (SERIES, "up")
NIGHTS = tuple(date(2021, month, 12) for month in range(1, 13))


def asked(scores, counts=None):
    return {
        SERIES: Asked(
            nights=NIGHTS[: len(scores)],
            counts=np.array(counts or [9000.0] * len(scores)),
            usual=np.full(len(scores), 9000.0),
            scores={"method": np.array(scores, dtype=float)},
        )
    }


@pytest.fixture
def bench():
    june = Happening(
        id="x",
        title="x",
        kind="mechanical",
        stage="darien",
        direction="up",
        later=False,
        onset=date(2021, 6, 1),
        floor=date(2021, 7, 12),
        in_time=date(2021, 8, 12),
        closes=date(2021, 9, 12),
        series=frozenset({SERIES}),
    )
    watch = Watch(key=AlertKey(trigger="t", stage="darien", subject="total"), direction="up", first=NIGHTS[0], last=NIGHTS[-1])
    return Bench(happenings=(june,), places={PLACE: watch}, floors={PLACE: 5000.0})


def begin(bench, scores, *, threshold=1.0, counts=None):
    return [on.month for on in operating.begin(asked(scores, counts), bench, method="method", threshold=threshold)[PLACE]]


def test_no_night_is_told_twice(bench):
    """An alert stands until its condition has not held for three figures."""
    assert begin(bench, [0, 2, 2, 0, 0, 2, 0, 0, 0, 2]) == [2, 10]


def test_the_floor_holds_for_every_method(bench):
    """However far out, a month under the floor says nothing; nor does one that cannot be judged."""
    assert begin(bench, [9, 9, 9], counts=[4999.0, 5000.0, 9000.0]) == [2]
    assert begin(bench, [float("nan"), 9, 9]) == [2]


def test_a_point_counts_false_alarms_and_leads(bench):
    """January matches nothing; July is told 41 days after the onset; a miss has the window's last night."""
    point = bench.point({PLACE: [date(2021, 1, 12), date(2021, 7, 12)]}, threshold=1.0)

    assert (point.false_alarms, point.leads, point.told) == (1, (-41,), (True,))
    assert bench.point({}, threshold=1.0).leads == (-103,)


def test_part_of_the_years_is_excused_by_what_came_near(bench):
    """An alert of the last year's end that tells of something of this year is not false."""
    early = bench.within(date(2021, 1, 1), date(2021, 4, 30))

    assert early.happenings == ()
    assert early.point({PLACE: [date(2021, 4, 12)]}, threshold=1.0, among=bench).false_alarms == 0
    assert early.point({PLACE: [date(2021, 4, 12)]}, threshold=1.0).false_alarms == 1


def test_a_sweep_goes_from_the_loosest_to_the_strictest(bench):
    """Each threshold is a score that occurred; at the greatest only the greatest is left."""
    swept = operating.sweep(asked([0.5, 1, 2, 0, 0, 0, 3]), bench, method="method")

    assert [threshold for threshold, _ in swept] == [0.5, 1, 2, 3]
    assert [on.month for on in swept[-1][1][PLACE]] == [7]


def test_every_doubt_is_the_methods_benefit():
    """Of what costs no more, the best lead; nothing where all cost more."""
    points = [
        Point(threshold=threshold, false_alarms=false, leads=(lead,), told=(True,))
        for threshold, false, lead in [(1, 9, 50), (2, 3, 10), (3, 2, 20), (4, 0, -5)]
    ]

    assert operating.equal(points, false_alarms=3) == points[2]
    assert operating.equal(points[:1], false_alarms=3) is None
