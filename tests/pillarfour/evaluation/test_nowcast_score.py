"""How forecasts are scored."""

import numpy as np
import pytest

from pillarfour.evaluation.nowcast_score import Outcome, naive_scale, score


def outcome(**changed):
    said = {"stage": "mexico", "subject": "HTI", "horizon": 1, "expected": 90.0, "lower": 50.0, "upper": 120.0, "actual": 100.0}
    return Outcome(**(said | {"year_before": 60.0, "newest": 80.0, "scale": 20.0, "nominal": 0.8} | changed))


def test_errors_are_in_units_of_seasonal_naive():
    """Two forecasts that miss by 10 and 30, seasonal naive by 40 and 40, the last figure by 20 and 20, where its usual error was 20."""
    (found,) = score([outcome(), outcome(expected=130.0, upper=140.0)])

    assert (found.stage, found.subject, found.horizon, found.n, found.nominal) == ("mexico", "HTI", 1, 2, 0.8)
    assert (found.mase, found.mase_naive, found.mase_last) == pytest.approx((1.0, 2.0, 1.0))


def test_coverage_counts_figures_inside_the_range():
    """At the edge is inside."""
    (found,) = score([outcome(), outcome(actual=120.0), outcome(actual=121.0), outcome(actual=49.0)])

    assert found.coverage == 0.5


def test_each_series_and_horizon_is_scored_apart():
    """In the order of stage, subject and horizon."""
    found = score([outcome(horizon=2), outcome(stage="darien"), outcome(subject="ECU"), outcome()])

    assert [(each.stage, each.subject, each.horizon) for each in found] == [
        ("darien", "HTI", 1),
        ("mexico", "ECU", 1),
        ("mexico", "HTI", 1),
        ("mexico", "HTI", 2),
    ]


@pytest.mark.parametrize("missing", [{"actual": np.nan}, {"year_before": np.nan}, {"scale": np.nan}, {"scale": 0.0}])
def test_what_cannot_be_compared_is_left_out(missing):
    """A month that is not out yet, or without a year before: never an invented zero."""
    assert score([outcome(**missing)]) == ()


def test_the_scale_is_the_error_of_the_same_month_a_year_before():
    """Over the months that have one; a gap is left out."""
    counts = np.array([*range(12), *range(10, 22)], dtype=float)
    counts[3] = np.nan

    assert naive_scale(counts) == 10
    assert np.isnan(naive_scale(counts[:12]))
