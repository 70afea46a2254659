"""The generalized likelihood ratio chart."""

import numpy as np
import pytest

from detectors.glr import YEAR_OF_MONTHS, Glr, GlrParameters, normal_limit, student
from detectors.level import estimate

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
    """A year before the window."""
    assert Glr(GlrParameters(window_periods=3)).least_history == YEAR_OF_MONTHS + 3


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
