"""EARS C1 to C3: their bounds, their memory, the reference's own rule."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from detectors.ears import Ears, EarsParameters, c3_limit, excess
from pillarfour.detection import NO_DATA, OK, STATUSES, Panel

HISTORY = [100.0, 80, 120, 95, 105, 110, 70, 130, 100, 90, 115, 85]


def surveillance(config) -> Ears:
    return Ears(
        EarsParameters(
            method=config.method,
            baseline_periods=config.baseline,
            alpha=config.alpha,
            least_deviation=config.minSigma,
            reference="surveillance",
        )
    )


@pytest.mark.shared
@pytest.mark.parametrize("number", range(1, 10))
def test_bounds_and_alarms_equal_the_reference(shared, number):
    """By its rule, all series in one panel: upper bounds to 1e-8, every alarm, and nothing said where R says nothing."""
    golden = shared / "golden"
    config = pd.read_csv(golden / "ears" / "configs.csv").set_index("id").loc[f"E{number}"]
    reference = pd.read_csv(golden / "ears" / f"E{number}.csv")
    counts = pd.read_csv(golden / "inputs" / f"{config.input}.csv")
    rows = {name: rows.value.to_numpy() for name, rows in counts.groupby("series") if name in set(reference.series)}
    longest = max(map(len, rows.values()))
    values = np.array([np.concatenate([np.full(longest - len(row), np.nan), row]) for row in rows.values()])
    months = pd.period_range("1990-01", periods=longest, freq="M")
    scores = surveillance(config).detect(Panel(values=values, series=tuple(rows), periods=months, unit="persons"), judge="all")
    checked = 0
    for row, name in enumerate(rows):
        expected = reference[reference.series == name]
        said = expected.upperbound.notna().to_numpy() & expected.observed.notna().to_numpy()
        upper, status, alarm = (figures[row, -len(expected) :] for figures in (scores.upper, scores.status, scores.alarm))
        np.testing.assert_allclose(upper[said], expected.upperbound[said], rtol=1e-8, atol=1e-8, err_msg=name)
        np.testing.assert_array_equal(alarm[said], expected.alarm[said] == 1, err_msg=name)
        assert (status[said] == OK).all()
        assert (status[~said] != OK).all()
        checked += said.sum()

    assert checked > 500


@pytest.mark.parametrize("size", [3, 4, 12])
def test_the_limit_of_c3_is_its_law_s_from_the_shortest_baseline_on(size):
    """Drawn normal figures pass it as often as stated, within the error of the drawing."""
    chance = 1 / 48
    drawn = np.random.default_rng(7).standard_normal((40_000, size + 5))
    windows = np.stack([drawn[:, start : start + size] for start in range(3)])
    distance = (drawn[:, -3:] - windows.mean(axis=2).T) / windows.std(axis=2, ddof=1).T
    above, below = excess(distance)
    now = distance[:, -1]
    rises = now + np.where(now >= -1, above[:, -1], 0) > c3_limit(size, chance)
    falls = -now + np.where(now <= 1, below[:, -1], 0) > c3_limit(size, chance)

    assert (rises.mean() + falls.mean()) / 2 == pytest.approx(chance, abs=4 * (chance / 80_000) ** 0.5)


def test_nobody_is_no_rise(panel_of, draw_counts):
    """Where few come, C3's memory of two months with somebody alone would pass its limit; a month of zero is not told as a rise."""
    counts = draw_counts(500, 60, mean=0.3, dispersion=0.5)
    scores = Ears().detect(panel_of(counts), judge="all")
    judged = scores.status == OK

    assert (scores.alarm & (scores.direction > 0)).any()
    np.testing.assert_array_equal((counts > scores.upper)[judged], (scores.score >= 1)[judged])
    np.testing.assert_array_equal((counts < scores.lower)[judged], (scores.score <= -1)[judged])


def test_the_reference_bound_of_c3_holds_the_count_itself(panel_of):
    """R's C3 alarms on the two months before, whatever the judged one is: why it is not the rule here."""
    quiet = [[*HISTORY, 400.0, 400, count] for count in (0, 100, 400)]
    theirs = Ears(EarsParameters(reference="surveillance", alpha=0.025)).detect(panel_of(quiet))
    ours = Ears().detect(panel_of(quiet))

    assert theirs.score[1:, 0].tolist() == [1, pytest.approx(theirs.score[2, 0])]
    assert theirs.alarm[1:, 0].all()
    assert ours.alarm.all()
    assert ours.direction[:, 0].tolist() == [-1, 1, 1]
    assert ours.score[1, 0] < ours.score[2, 0]


def test_c1_is_the_t_prediction_of_seven_cube_roots(panel_of):
    """Bounds, score and p-value are those of the textbook's prediction interval."""
    scores = Ears(EarsParameters(method="C1", alpha=0.02)).detect(panel_of([[*HISTORY, 150]]))
    roots = np.cbrt(HISTORY[-7:])
    reach = stats.t.isf(0.02, 6) * np.sqrt(1 + 1 / 7) * roots.std(ddof=1)

    assert scores.expected[0, 0] == pytest.approx(roots.mean() ** 3)
    assert scores.upper[0, 0] == pytest.approx((roots.mean() + reach) ** 3)
    assert scores.lower[0, 0] == pytest.approx((roots.mean() - reach) ** 3)
    assert scores.score[0, 0] == pytest.approx((150 ** (1 / 3) - roots.mean()) / reach)
    distance = (150 ** (1 / 3) - roots.mean()) / roots.std(ddof=1) / np.sqrt(1 + 1 / 7)
    assert scores.p_value[0, 0] == pytest.approx(stats.t.sf(distance, 6))


def test_c2_keeps_the_two_newest_out(panel_of):
    """What happened in the two months before does not move the bounds of C2, and moves those of C1."""
    usual, risen = [*HISTORY, 100], [*HISTORY[:-2], 300, 300, 100]
    c1, c2 = (Ears(EarsParameters(method=name)).detect(panel_of([usual, risen])) for name in ("C1", "C2"))

    assert c2.upper[0, 0] == c2.upper[1, 0]
    assert c1.upper[0, 0] < c1.upper[1, 0]


def test_a_rise_goes_on_alarming_by_c3_alone(panel_of):
    """Three months into a rise C1 has got used to it; C3 has not."""
    counts = panel_of([[*HISTORY, 210.0, 200, 215]])
    alarms = {name: Ears(EarsParameters(method=name)).detect(counts, judge="all").alarm[0, -3:].tolist() for name in ("C1", "C3")}

    assert alarms == {"C1": [True, False, False], "C3": [True, True, True]}


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(0, 500), min_size=14, max_size=30),
    factor=st.sampled_from([8.0, 27.0, 1000.0]),
    method=st.sampled_from(["C1", "C2", "C3"]),
)
def test_alarm_and_bounds_say_the_same(counts, factor, method, panel_of):
    """A count beyond a bound alarms in its direction, no count is beyond both, and a mirror image of the history mirrors nothing away."""
    scores = Ears(EarsParameters(method=method)).detect(panel_of([np.array(counts) * factor]), judge="all")
    judged = scores.status == OK
    value = np.array([counts]) * factor

    assert (scores.lower[judged] <= scores.upper[judged]).all()
    clear = judged & (np.abs(np.abs(np.nan_to_num(scores.score)) - 1) > 1e-9)
    assert (((value > scores.upper) & (scores.direction > 0)) == (scores.alarm & (scores.direction > 0)))[clear].all()
    above = clear & (scores.lower > 0)
    assert (((value < scores.lower) & (scores.direction < 0)) == (scores.alarm & (scores.direction < 0)))[above].all()


def test_the_memory_ends_with_a_month_on_the_other_side():
    """After a rise, a fall beyond one deviation forgets the rise, and remembers itself."""
    above, below = excess(np.array([[0.0, 3, -2.5, 0]]))

    assert (above[0, 3], below[0, 3]) == (0, 1.5)
    assert above[0, 2] == 2


@pytest.mark.parametrize("chance", [1 / 24, 1 / 48, 1 / 240])
def test_the_limit_of_c3_is_exact_for_normal_figures(chance):
    """Drawn figures pass the limit as often as stated, within three Monte-Carlo errors."""
    rng = np.random.default_rng(5)
    figures = rng.standard_normal((200_000, 12))
    mean = np.stack([figures[:, at - 9 : at - 2].mean(axis=1) for at in (9, 10, 11)], axis=1)
    deviation = np.stack([figures[:, at - 9 : at - 2].std(axis=1, ddof=1) for at in (9, 10, 11)], axis=1)
    distance = (figures[:, 9:] - mean) / deviation
    above, _ = excess(distance)
    rise = distance[:, -1] + np.where(distance[:, -1] >= -1, above[:, -1], 0)

    assert (rise > c3_limit(7, chance)).mean() == pytest.approx(chance, rel=0.02 + 3 / np.sqrt(chance * len(figures)))


def test_gaps_are_bridged_but_for_the_reference(panel_of):
    """The last seven published months are the baseline; the reference says nothing where its seven calendar months have a gap."""
    counts = panel_of([[*HISTORY, np.nan, 110, np.nan, 100]])
    ours = Ears(EarsParameters(method="C1")).detect(counts, judge="all")
    closed = Ears(EarsParameters(method="C1")).detect(panel_of([[*HISTORY, 110, 100]]))
    theirs = Ears(EarsParameters(method="C1", reference="surveillance")).detect(counts)

    assert ours.upper[0, -1] == closed.upper[0, 0]
    assert ours.status[0, [-2, -4]].tolist() == [NO_DATA, NO_DATA]
    assert STATUSES[theirs.status[0, 0]] == "insufficient_history"


def test_the_threshold_is_stated_once(panel_of):
    """A chance a judgement is told as a rate a year by the calendar; both at once are refused."""
    panel = panel_of([[*HISTORY, 100]])

    assert Ears(EarsParameters(alpha=0.01)).detect(panel).false_alarms_per_year == pytest.approx(0.24)
    assert Ears(EarsParameters(alpha=0.01, reference="surveillance")).detect(panel).false_alarms_per_year == pytest.approx(0.12)
    with pytest.raises(ValidationError, match="both state the threshold"):
        EarsParameters(alpha=0.01, false_alarms_per_year=0.5)
    with pytest.raises(ValidationError, match="belongs to the reference rule"):
        EarsParameters(least_deviation=1)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["C1", "C2", "C3"])
@pytest.mark.parametrize(
    ("process", "allowed"),
    [
        ({"mean": 100, "dispersion": 0.1}, (0.75, 1.25)),
        ({"mean": 100, "dispersion": 0.5}, (0.75, 1.25)),
        ({"mean": 20, "dispersion": 1}, (0.75, 1.25)),
        ({"mean": 100, "dispersion": 0}, (0.3, 1)),  # documented: fewer where counts are as steady as a Poisson's
        ({"mean": 1000, "dispersion": 0.1, "season": 0.3}, (1, 3.2)),  # documented: a season is not expected, and alarms
    ],
)
def test_ears_alarms_as_often_as_it_says(method, process, allowed, panel_of, draw_counts):
    """In control, half a false alarm a year is measured within the documented range."""
    scores = Ears(EarsParameters(method=method)).detect(panel_of(draw_counts(1500, 40, **process)), judge="all")
    each = scores.alarm[:, 12:].mean(axis=1) * 12

    assert allowed[0] * 0.5 - 3 * each.std() / 1500**0.5 <= each.mean() <= allowed[1] * 0.5 + 3 * each.std() / 1500**0.5
