"""The generalized likelihood ratio chart."""

import numpy as np
import pytest

from detectors import make
from detectors.glr import YEAR_OF_MONTHS, Glr, GlrParameters, normal_limit, student
from detectors.level import estimate
from pillarfour.detection import INSUFFICIENT_HISTORY, OK

HISTORY = [100.0, 80, 120, 95, 105, 110, 70, 130, 100, 90, 115, 85] * 2


def test_the_score_is_the_strongest_stretch_of_the_window(panel_of):
    """Of stretches of one to six months the strongest counts, over what its length and the baseline allow."""
    recent = [112.0] * 6
    scores = Glr().detect(panel_of([HISTORY + recent]), judge="all")
    mean, dispersion, size = estimate(np.array([HISTORY]), np.ones((1, len(HISTORY)), dtype=bool))
    allowed = student(normal_limit(6, 0.5 / 12), mean, dispersion, size)[0]
    roots = []
    for length in range(1, 7):
        total, expected, shape = sum(recent[-length:]), length * mean[0], length / dispersion[0]
        evidence = total * np.log(total / expected) - (total + shape) * np.log((shape + total) / (shape + expected))
        roots.append(np.sqrt(2 * evidence / (1 + length / size[0])))

    assert np.argmax(roots) == 5
    assert not scores.alarm.any()
    assert scores.score[0, -1] == pytest.approx(max(roots) / allowed, rel=1e-7)


def test_a_bound_is_the_count_that_alarms(panel_of):
    """A person more than the bound alarms, one less does not, up and down."""
    recent = [130.0, 110, 128, 90, 105]
    scores = Glr().detect(panel_of([[*HISTORY, *recent, 100.0]]))
    tried = [
        scores.upper[0, 0] * (1 + 1e-6),
        scores.upper[0, 0] * (1 - 1e-6),
        scores.lower[0, 0] * (1 - 1e-6),
        scores.lower[0, 0] * (1 + 1e-6),
    ]
    found = Glr().detect(panel_of([[*HISTORY, *recent, count] for count in tried]))

    assert found.alarm[:, 0].tolist() == [True, False, True, False]
    assert found.direction[[0, 2], 0].tolist() == [1, -1]


def test_after_an_alarm_only_later_months_count(panel_of):
    """One month of thirty times the level alarms once; the next is judged without it."""
    scores = Glr().detect(panel_of([[*HISTORY, 100.0, 90, 110, 3000, 100, 105]]), judge="all")

    assert scores.alarm[0, -3:].tolist() == [True, False, False]
    assert abs(scores.score[0, -2]) < 0.5


def test_a_rise_that_no_month_shows_is_found_as_it_lasts(panel_of, draw_counts):
    """Half as many again, dispersed: few alarms in the first month, most within the window."""
    counts = draw_counts(200, 54, mean=100, dispersion=0.05)
    counts[:, 48:] = draw_counts(200, 54, mean=150, dispersion=0.05)[::-1, 48:]
    found = Glr().detect(panel_of(counts), judge="all").alarm[:, 48:].cumsum(axis=1) > 0

    assert found[:, 0].mean() < 0.5
    assert found[:, 5].mean() > 0.85


def test_the_window_says_how_much_history_is_needed():
    """A year before the window; two where the season is fitted, and one more for each wave more."""
    assert Glr(GlrParameters(window_periods=3)).least_history == YEAR_OF_MONTHS + 3
    assert Glr(GlrParameters(baseline="seasonal")).least_history == 24 + 6
    assert Glr(GlrParameters(baseline="seasonal", season_harmonics=3)).least_history == 48 + 6


def drawn_in_season(level_from_month_49: float) -> np.ndarray:
    """Draw five years at a season of 60 % up and down, with another level in the last."""
    rng = np.random.default_rng(11)
    at = np.arange(60) + rng.integers(12, size=(300, 1))
    means = 100 * np.exp(0.6 * np.sin(2 * np.pi * at / 12))
    means[:, 48:] *= level_from_month_49
    return rng.poisson(means * rng.gamma(20, 1 / 20, means.shape)).astype(float)


def test_a_season_neither_alarms_nor_hides_a_doubling(panel_of):
    """Against its season a series in control alarms at the stated rate, and a doubling is found in its first months.

    Against one level all year a third of the doublings are hidden for as long.
    """
    by_season, by_level = Glr(GlrParameters(baseline="seasonal")), Glr()
    rate = 12 * by_season.detect(panel_of(drawn_in_season(1)), judge="all").alarm[:, 30:].mean()
    doubled = panel_of(drawn_in_season(2))
    found = [each.detect(doubled, judge="all").alarm[:, 48:51].any(axis=1).mean() for each in (by_season, by_level)]

    assert rate == pytest.approx(0.5, rel=0.25)
    assert found[0] > 0.95
    assert found[1] < 0.75


def test_in_season_a_bound_is_the_count_that_alarms(panel_of):
    """A person more than the bound alarms, one less does not, up and down, whatever the months before and however they differ."""
    chart, months = Glr(GlrParameters(baseline="seasonal", season_harmonics=2)), drawn_in_season(1)[:5, :50]
    scores = chart.detect(panel_of(months))
    for bound, direction in ((scores.upper, 1), (scores.lower, -1)):
        for factor, alarms in ((1 + direction * 1e-6, True), (1 - direction * 1e-6, False)):
            tried = months.copy()
            tried[:, -1] = bound[:, 0] * factor
            found = chart.detect(panel_of(tried))
            assert (found.alarm[:, 0] == alarms).all()
            assert (found.direction[:, 0] == direction).all()


def test_the_normal_chart_alarms_as_often_as_stated():
    """Figures drawn anew, not those the limit was found with: the rate of the restarting chart is met within a tenth."""
    window, wanted = 6, 1 / 24
    limit = normal_limit(window, wanted)
    figures = np.random.default_rng(99).standard_normal((2000, 400))
    restart, alarms = np.zeros(2000, dtype=int), 0
    for now in range(400):
        alarmed = np.zeros(2000, dtype=bool)
        for length in range(1, min(window, now + 1) + 1):
            stretch = figures[:, now + 1 - length : now + 1].sum(axis=1) / np.sqrt(length)
            alarmed |= (np.abs(stretch) >= limit) & (now + 1 - length >= restart)
        restart[alarmed] = now + 1
        alarms += alarmed.sum()

    assert alarms / figures.size == pytest.approx(wanted, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("harmonics", [1, 2])
@pytest.mark.parametrize(
    ("process", "allowed"),
    [
        ({"mean": 10, "dispersion": 0.3}, (0.75, 1.25)),
        ({"mean": 100, "dispersion": 0.1, "season": 0.6}, (0.75, 1.25)),
        ({"mean": 100, "dispersion": 0.5, "season": 0.6}, (0.75, 1.25)),
        ({"mean": 1000, "dispersion": 1, "season": 0.6}, (0.75, 1.25)),
        ({"mean": 10, "dispersion": 0, "season": 0.6}, (0.4, 1)),  # documented: fewer where counts are as steady as a Poisson's
    ],
)
def test_glr_in_season_alarms_as_often_as_it_says(process, harmonics, allowed, panel_of, draw_counts):
    """In control, with and without a season, half a false alarm a year is measured within the documented range."""
    asked = GlrParameters(baseline="seasonal", season_harmonics=harmonics)
    scores = Glr(asked).detect(panel_of(draw_counts(400, 60, **process)), judge="all")
    each = 12 * scores.alarm[:, 42:].mean(axis=1)
    rate, error = each.mean() / 0.5, each.std() / np.sqrt(len(each)) / 0.5

    assert allowed[0] - 2 * error <= rate <= allowed[1] + 2 * error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("process", "allowed"),
    [
        ({"mean": 10, "dispersion": 0.3}, (0.75, 1.25)),
        ({"mean": 100, "dispersion": 0.1}, (0.75, 1.25)),
        ({"mean": 100, "dispersion": 0.5}, (0.75, 1.25)),
        ({"mean": 1000, "dispersion": 1}, (0.75, 1.25)),
        ({"mean": 10, "dispersion": 0}, (0.4, 1)),  # documented: fewer where counts are as steady as a Poisson's
    ],
)
def test_glr_alarms_as_often_as_it_says(process, allowed, panel_of, draw_counts):
    """In control, half a false alarm a year is measured within the documented range."""
    scores = Glr().detect(panel_of(draw_counts(500, 60, **process)), judge="all")
    each = 12 * scores.alarm[:, 30:].mean(axis=1)
    rate, error = each.mean() / 0.5, each.std() / np.sqrt(len(each)) / 0.5

    assert allowed[0] - 2 * error <= rate <= allowed[1] + 2 * error


@pytest.mark.parametrize("method", ["cusum", "glr"])
def test_a_year_of_which_a_part_is_never_published_is_not_judged_in_season(method, panel_of):
    """Six years of January to August are history enough for one level all year, and none for a season."""
    counts = np.random.default_rng(1).poisson(100, (2, 72)).astype(float)
    counts[:, np.arange(72) % 12 > 7] = np.nan
    statuses = [make(method, baseline=baseline).detect(panel_of(counts[:, :68])).status for baseline in ("history", "seasonal")]

    assert (statuses[0] == OK).all()
    assert (statuses[1] == INSUFFICIENT_HISTORY).all()
