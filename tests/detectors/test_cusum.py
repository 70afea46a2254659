"""The negative-binomial CUSUM: its recursion, its baseline, its alarms."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from detectors.cusum import OVER_AFTER_PERIODS, Cusum, CusumParameters, Side
from detectors.level import estimate
from detectors.run_length import DISPERSIONS, LIMITS, MEANS, SIZES, LimitTable, evidence, log_rates
from detectors.seasonal_level import Seasons
from pillarfour.detection import INSUFFICIENT_HISTORY, OK, Panel


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


def side(slope: float, offset: float, *, limit: float = 5) -> Side:
    made = Side.at_zero(1, ratio=2, table=LimitTable(2, rate_per_period=1 / 48, most_periods=12))
    made.slope[:], made.offset[:], made.limit[:] = slope, offset, limit
    return made


@pytest.mark.shared
@pytest.mark.parametrize(("config", "ratio", "dispersion", "precision"), [("G6", 2.0, 0.1, 1e-8), ("G7", 1.5, 1e-13, 1e-6)])
def test_the_statistic_equals_the_reference(shared, config, ratio, dispersion, precision):
    """The recursion gives R surveillance's likelihood-ratio CUSUM for a fixed shift, negative binomial and, in the limit, Poisson."""
    reference = pd.read_csv(shared / "golden" / "glr" / f"{config}.csv")
    checked, chart = 0, side(1, 0)
    for _, rows in reference.groupby("series"):
        chart.statistic[:] = 0
        for observed, mean, stat, alarm in zip(rows.observed, rows.mu0, rows.stat, rows.alarm, strict=True):
            weighing = evidence(one(mean), one(dispersion), ratio)
            chart.slope, chart.offset = weighing.slope, weighing.offset
            far = chart.add(one(observed))
            assert chart.statistic[0] == pytest.approx(stat, rel=precision, abs=precision)
            assert bool(alarm) == (far[0] >= 1)
            chart.statistic[far >= 1] = 0
            checked += 1

    assert checked == len(reference) > 1000


@given(increments=st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_the_recursion_is_the_largest_sum_that_ends_now(increments):
    """The statistic is the strongest evidence for a shift that began at any period and lasts."""
    chart = side(1, 0)
    for increment in increments:
        chart.add(one(increment))
    sums = [sum(increments[start:]) for start in range(len(increments))]

    assert chart.statistic[0] == pytest.approx(max(0, *sums), abs=1e-9)


def plain_limit(mean: float, dispersion: float, size: int, *, ratio: float, rate: float) -> float:
    """Interpolate log rates by scipy, and find where they pass the wanted one."""
    axes = np.log(MEANS), np.log(DISPERSIONS), 1 / SIZES[::-1]
    table = RegularGridInterpolator(axes, log_rates(ratio)[:, :, ::-1])
    at = [np.clip(x, axis.min(), axis.max()) for x, axis in zip((np.log(mean), np.log(dispersion), 1 / size), axes, strict=True)]
    return float(np.interp(-np.log(rate), -np.minimum.accumulate(table(at)[0]), LIMITS))


def steady(counts: np.ndarray):
    """Expect the same of every month."""

    def believe(begin: int, end: int):
        past = counts[begin:end]
        mean, dispersion, size = (float(each[0]) for each in estimate(past[None], np.ones((1, len(past)), dtype=bool)))
        return lambda _: mean, mean, dispersion, int(size)

    return believe


def seasonal(counts: np.ndarray, months: pd.PeriodIndex):
    """Expect of every month what its season says; ``counts`` and ``months`` are those published."""
    whole = pd.period_range(months[0], months[-1], freq="M")
    seasons = Seasons(pd.Series(counts, months).reindex(whole).to_numpy()[None], whole, harmonics=2)

    def believe(begin: int, end: int):
        season = seasons.estimate(np.array([0]), np.array([begin]), np.array([end]))
        expected = lambda now: season.means[months[now].month - 1, 0]  # noqa: E731 - one line
        return expected, season.means[:, 0].mean(), season.dispersion[0], int(season.effective_size[0])

    return believe


def plain_chart(counts: np.ndarray, believe, *, least: int, new_level_after: int, rate: float) -> np.ndarray:
    """Judge one series' published counts, one after the other; as slow as it is plain."""
    up = down = 0.0
    level_start = run_start = quiet = 0
    shift, side_of_shift, found = -1, 0, []
    for now in range(least, len(counts)):
        if up == down == 0:
            run_start = now
            if shift >= 0 and now - shift >= new_level_after:
                level_start, shift = shift, -1
            expected, mean, dispersion, size = believe(level_start, now if shift < 0 else shift)
            limits = [plain_limit(mean, dispersion, size, ratio=ratio, rate=rate) for ratio in (2, 0.5)]
        weigh = [evidence(one(expected(now)), one(dispersion), ratio) for ratio in (2, 0.5)]
        bounds = [(limit - s + w.offset[0]) / w.slope[0] for limit, s, w in zip(limits, (up, down), weigh, strict=True)]
        up, down = (max(0.0, s + w.slope[0] * counts[now] - w.offset[0]) for s, w in zip((up, down), weigh, strict=True))
        above, under = up / limits[0], down / limits[1]
        found.append((expected(now), max(bounds[1], 0), bounds[0], above if above >= under else -under))
        alarm = max(above, under) >= 1
        if alarm:
            shift, side_of_shift = run_start if shift < 0 else shift, 1 if above >= under else -1
        quiet = quiet + 1 if not alarm and (up if side_of_shift > 0 else down) == 0 else 0
        shift = -1 if quiet >= OVER_AFTER_PERIODS else shift
        up, down = (0.0, 0.0) if alarm else (up, down)
    return np.array(found).reshape(-1, 4)


@pytest.mark.parametrize("baseline", ["history", "seasonal"])
def test_all_series_at_once_are_the_plain_chart(baseline, panel_of, draw_counts):
    """Running sums, tables and blocks give, to 1e-10, what one series after the other gives: shifts, outbreaks and gaps too."""
    rng = np.random.default_rng(5)
    counts = np.vstack([draw_counts(6, 72, mean=mean, dispersion=0.3) for mean in (2, 60, 5000)])
    counts[::3, 50:] *= 7
    counts[1::3, 40:] //= 5
    counts[rng.random(counts.shape) < 0.03] *= 40
    counts[rng.random(counts.shape) < 0.05] = np.nan
    panel, asked = panel_of(counts), CusumParameters(baseline=baseline, season_harmonics=2)
    scores = Cusum(asked).detect(panel, judge="all")
    found = np.stack([scores.expected, scores.lower, scores.upper, scores.score], axis=-1)
    judged = scores.status == OK
    compared = 0
    for row, series in enumerate(counts):
        published = np.isfinite(series)
        some = series[published]
        believe = steady(some) if baseline == "history" else seasonal(some, panel.periods[published])
        plain = plain_chart(some, believe, least=Cusum(asked).least_history, new_level_after=12, rate=1 / 48)[-judged[row].sum() :]
        np.testing.assert_allclose(found[row][judged[row]], plain, rtol=1e-10, atol=1e-10)
        compared += len(plain)

    assert compared > (900 if baseline == "history" else 500)
    assert np.nansum(scores.alarm) > 50


def in_season(level_from_month_49: float, *, n_series: int = 300) -> np.ndarray:
    """Draw five years at a season of 60 % up and down, with another level in the last."""
    rng = np.random.default_rng(11)
    at = np.arange(60) + rng.integers(12, size=(n_series, 1))
    means = 100 * np.exp(0.6 * np.sin(2 * np.pi * at / 12))
    means[:, 48:] *= level_from_month_49
    return rng.poisson(means * rng.gamma(20, 1 / 20, means.shape)).astype(float)


def test_a_season_neither_alarms_nor_hides_a_doubling(panel_of):
    """Against its season a series in control alarms near the stated rate, and a doubling is found as in a series without season.

    Against one level all year it alarms half as often again, and a doubling is hidden by what the season adds to the dispersion.
    """
    by_season, by_level = Cusum(CusumParameters(baseline="seasonal")), Cusum()
    quiet, doubled = panel_of(in_season(1)), panel_of(in_season(2))
    rates = [12 * each.detect(quiet, judge="all").alarm[:, 30:].mean() for each in (by_season, by_level)]
    found = [each.detect(doubled, judge="all").alarm[:, 48:51].any(axis=1).mean() for each in (by_season, by_level)]
    rng = np.random.default_rng(12)
    even = rng.poisson(np.repeat([100, 200], [48, 12]) * rng.gamma(20, 1 / 20, (300, 60))).astype(float)

    assert 0.3 < rates[0] < 0.7
    assert rates[1] > 1.3 * rates[0]
    assert found[0] == pytest.approx(by_level.detect(panel_of(even), judge="all").alarm[:, 48:51].any(axis=1).mean(), abs=0.05)
    assert found[0] > 0.9
    assert found[1] < 0.8


def test_each_period_is_weighed_against_its_own_mean(panel_of):
    """What is expected of a judged month is its month's level, also while evidence gathers."""
    season = np.round(1000 * np.exp(0.5 * np.cos(2 * np.pi * np.arange(12) / 12)))
    noise = 1 + 0.1 * np.cos(2.39996 * np.arange(48) ** 2)
    scores = Cusum(CusumParameters(baseline="seasonal")).detect(panel_of([np.tile(season, 4) * noise.round(3)]), judge="all")
    rising = panel_of([np.concatenate([np.tile(season, 3) * noise[:36].round(3), season * 1.45])])
    during = Cusum(CusumParameters(baseline="seasonal")).detect(rising, judge="all")

    np.testing.assert_allclose(scores.expected[0, 36:], season, rtol=0.06)
    np.testing.assert_allclose(during.expected[0, 36:44], season[:8], rtol=0.06)
    assert 0 < during.score[0, 36] < during.score[0, 37]


def test_weeks_are_judged_in_season():
    """Eight years of dispersed weeks around a wave a year, in control, alarm as often as stated, also long after a first alarm.

    A new level must have lasted a year before it is one: a season fitted to fewer weeks would run away.
    """
    rng = np.random.default_rng(8)
    weeks = pd.period_range("2013-01-07", periods=416, freq="W-SUN")
    means = 200 * np.exp(0.7 * np.sin(2 * np.pi * weeks.start_time.day_of_year.to_numpy() / 365.25))
    counts = rng.poisson(means * rng.gamma(3, 1 / 3, (60, 416))).astype(float)
    panel = Panel(values=counts, series=tuple(range(60)), periods=weeks, unit="persons")
    scores = Cusum(CusumParameters(baseline="seasonal")).detect(panel, judge="all")

    assert (scores.status[:, :104] == INSUFFICIENT_HISTORY).all()
    assert (scores.status[:, 104:] == OK).all()
    assert 52 * scores.alarm[:, 260:].mean() == pytest.approx(0.5, abs=0.25)


def test_processes_share_the_series_to_the_last_digit(panel_of, draw_counts):
    """Two processes give what one gives."""
    panel = panel_of(draw_counts(Cusum.series_at_once + 5, 20, mean=30, dispersion=0.2))
    one_process, two = (Cusum(processes=processes).detect(panel, judge="all") for processes in (1, 2))

    np.testing.assert_array_equal(one_process.score, two.score)
    np.testing.assert_array_equal(one_process.status, two.status)


def test_scores_are_a_plain_loop_over_a_frozen_baseline(panel_of):
    """While evidence gathers, every score is the plain recursion against the baseline of the run's first month."""
    history = [65.0, 50, 160, 95, 120, 70, 140, 60, 150, 110, 115, 110] * 3
    rise = [165.0, 155, 160, 150]
    scores = Cusum().detect(panel_of([history + rise]), judge="all")
    mean, dispersion, _ = estimate(np.array([history]), np.ones((1, len(history)), dtype=bool))
    weighing, statistic, plain = evidence(mean, dispersion, 2.0), 0.0, []
    for count in rise:
        statistic = max(0.0, float(statistic + weighing.slope[0] * count - weighing.offset[0]))
        plain.append(statistic)
    judged = scores.score[0, -4:]

    assert scores.expected[0, -4:].tolist() == pytest.approx([mean[0]] * 4)
    assert judged / judged[0] == pytest.approx(np.array(plain) / plain[0])
    assert (np.diff(judged) > 0).all()


def test_a_single_period_never_says_more_than_its_score(panel_of):
    """The upper bound is the count at which this month would alarm."""
    history = [100.0, 80, 120, 95, 105, 110, 70, 130, 100, 90, 115, 85] * 3
    upper = Cusum().detect(panel_of([[*history, 100]])).upper[0, 0]

    assert Cusum().detect(panel_of([[*history, upper * 0.999], [*history, upper * 1.001]])).alarm.tolist() == [[False], [True]]


def test_nobody_ever_can_still_be_surprised(panel_of):
    """After a year of zeros one person is no alarm, and fifty are."""
    scores = Cusum().detect(panel_of([[0.0] * 12 + [1], [0.0] * 12 + [50]]))

    assert scores.alarm.tolist() == [[False], [True]]


def test_a_lasting_shift_alarms_for_a_year_and_is_then_the_level(panel_of, draw_counts):
    """The level before is remembered for twelve months from the shift's first sign; then the new one is what is expected."""
    counts = draw_counts(20, 72, mean=100, dispersion=0.05)
    counts[:, 36:] *= 8
    scores = Cusum().detect(panel_of(counts), judge="all")

    assert scores.alarm[:, 36:44].mean() > 0.95
    assert scores.alarm[:, 55:].mean() < 0.1
    assert np.median(scores.expected[:, 55:], axis=0) == pytest.approx(800, rel=0.1)
    assert np.median(scores.expected[:, 36:44], axis=0) == pytest.approx(100, rel=0.1)


def test_after_a_passing_outbreak_the_old_level_counts_again(panel_of, draw_counts):
    """Four months of outbreak, then the level as before: no alarm downward, and the same expectation."""
    counts = draw_counts(20, 60, mean=200, dispersion=0.05)
    counts[:, 36:40] *= 10
    scores = Cusum().detect(panel_of(counts), judge="all")

    assert scores.alarm[:, 36:40].all()
    assert scores.alarm[:, 40:].mean() < 0.06
    assert np.median(scores.expected[:, 50:]) == pytest.approx(200, rel=0.1)


def test_small_shifts_need_time(panel_of, draw_counts):
    """A doubling that no single month shows is found as it lasts."""
    counts = draw_counts(200, 54, mean=50, dispersion=0.3)
    counts[:, 48:] = draw_counts(200, 54, mean=100, dispersion=0.3)[::-1, 48:]
    found = Cusum().detect(panel_of(counts), judge="all").alarm[:, 48:].cumsum(axis=1) > 0

    assert found[:, 0].mean() < 0.35
    assert found[:, 5].mean() > 0.85


def test_a_rarer_false_alarm_costs_a_higher_bound(panel_of):
    """Half as many false alarms mean a wider range."""
    history = panel_of([[100.0, 80, 120, 95, 105, 110, 70, 130, 100, 90, 115, 85] * 2 + [100]])
    wide, narrow = (Cusum(CusumParameters(false_alarms_per_year=rate)).detect(history) for rate in (0.1, 1.0))

    assert wide.upper[0, 0] > narrow.upper[0, 0]
    assert wide.lower[0, 0] < narrow.lower[0, 0]


@pytest.mark.shared
def test_the_haitian_rise_of_2021_is_seen_in_june(shared, panel_of):
    """Known on 12 July 2021: with twelve months of baseline, four of them zero, June's figure alarms, and not one of the months before."""
    figures = pd.read_csv(shared / "data" / "figures" / "panama_darien_monthly.csv")
    group = figures[figures.nationality.isin(["HTI", "BRA", "CHL"])].groupby("period").persons.sum()
    months = pd.period_range("2020-01", "2021-08", freq="M").astype(str)
    scores = Cusum().detect(panel_of([group.reindex(months, fill_value=0)], start="2020-01"), judge="all")

    assert months[scores.alarm[0]].tolist() == ["2021-06", "2021-07", "2021-08"]
