"""The classical CUSUM of standardized counts against R's, configuration by configuration."""

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from detectors import make
from detectors.cusum_surveillance import AsSurveillanceParameters, chart, run_length, standardize
from pillarfour.detection import INSUFFICIENT_HISTORY, NO_DATA, NOT_CONVERGED, OK, Panel


@pytest.mark.shared
@pytest.mark.parametrize("config", ["Q1", "Q2", "Q3", "Q4", "Q5"])
def test_the_chart_equals_the_reference(shared, config):
    """Means, statistics and bounds are R surveillance's for every transformation and every way to the means, and so is each alarm."""
    golden = shared / "golden"
    asked = pd.read_csv(golden / "cusum" / "configs.csv", keep_default_na=False).set_index("id").loc[config]
    theirs = pd.read_csv(golden / "cusum" / f"{config}.csv").set_index(["series", "period"])
    counts = pd.read_csv(golden / "inputs" / "monthly.csv").pivot_table(index="series", columns="period", values="value", dropna=False)
    months = pd.period_range(counts.columns[0], counts.columns[-1], freq="M")
    counts = counts.reindex(columns=months.astype(str))
    detector = make(
        "cusum",
        reference="surveillance",
        transform=asked.trans,
        reference_value=float(asked.k),
        decision_limit=float(asked.h),
        history_periods=int(asked.range_start) - 1,
        known_mean=None if asked.m in {"NULL", "glm"} else float(asked.m),
        baseline="seasonal" if asked.m == "glm" else "history",
    )
    panel = Panel(values=counts.to_numpy(float), series=tuple(counts.index), periods=months, unit="persons")
    ours = detector.detect(panel, judge="all")
    at = tuple(axis.get_indexer(theirs.index.get_level_values(name)) for name, axis in zip(theirs.index.names, counts.axes, strict=True))

    assert len(theirs) == 3524
    np.testing.assert_allclose(ours.expected[at], theirs.m, rtol=1e-8)
    np.testing.assert_allclose(ours.score[at] * float(asked.h), theirs.cusum, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(ours.upper[at], theirs.upperbound, rtol=1e-8, atol=1e-8)
    np.testing.assert_array_equal(ours.score[at] >= 1, theirs.alarm == 1)
    assert (ours.status[at] == OK).all()


@given(
    counts=st.lists(st.integers(0, 500), min_size=1, max_size=20), mean=st.floats(1, 300), transform=st.sampled_from(["rossi", "anscombe"])
)
def test_a_count_above_the_bound_alarms_and_one_below_does_not(counts, mean, transform):
    """Where the statistic has not run so far ahead that R's square hides its sign, bound and alarm say the same of every count."""
    values, means = np.array([counts], dtype=float), np.full((1, len(counts)), mean)
    statistic, upper = chart(values, means, reference_value=1.04, limit=2.26, transform=transform)
    before = np.concatenate([[0], statistic[0, :-1]])
    plain = (before < 3.3 + np.sqrt(mean)) & (np.abs(values[0] - upper[0]) > 1e-6)

    np.testing.assert_array_equal((values[0] > upper[0])[plain], (statistic[0] >= 2.26)[plain])


@pytest.mark.parametrize("transform", ["standard", "rossi", "anscombe"])
def test_standardized_counts_have_mean_0_and_variance_1(transform):
    """A Poisson count of a large mean is nearly a standard normal figure by every transformation."""
    figures = standardize(np.random.default_rng(5).poisson(400, 100_000).astype(float), np.full(100_000, 400.0), transform)

    assert figures.mean() == pytest.approx(0, abs=0.05)
    assert figures.var() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("limit", "periods"), [(4, 336), (5, 930)])
def test_run_lengths_are_those_of_the_textbook(limit, periods):
    """Twice those of the two-sided charts built for a shift of one deviation, 168 and 465 periods in control."""
    assert run_length(limit, 0.5) == pytest.approx(periods, rel=0.005)


def test_without_patience_the_chart_is_a_single_look():
    """With no limit at all, what alarms is a figure above the reference value."""
    assert run_length(0, 1.5) == pytest.approx(1 / norm.sf(1.5))


@pytest.mark.parametrize(("transform", "allowed"), [("rossi", (0.75, 1.25)), ("anscombe", (0.75, 1.3)), ("standard", (1, 1.8))])
def test_the_stated_rate_is_that_of_poisson_counts_of_a_known_mean(transform, allowed):
    """Alarms begin as often as asked, within three Monte-Carlo errors; R's plain standardization, skewed, begins too often."""
    asked = AsSurveillanceParameters(reference="surveillance", false_alarms_per_year=0.5)
    limit, counts = asked.chart_limit(12), np.random.default_rng(8).poisson(50, (3000, 120)).astype(float)
    statistic, _ = chart(counts, np.full(counts.shape, 50.0), reference_value=1.04, limit=limit, transform=transform)
    alarmed = statistic >= limit
    watched = np.where(alarmed.any(axis=1), alarmed.argmax(axis=1) + 1, 120)
    measured = 12 * alarmed.any(axis=1).sum() / watched.sum()

    assert asked.alarms_per_year(12) == pytest.approx(0.5)
    assert allowed[0] * 0.5 <= measured <= allowed[1] * 0.5


def test_gaps_are_passed_over_and_what_has_no_mean_is_not_judged(panel_of):
    """A month not published keeps the statistic; before the history is whole, and after one of nobody, there is no chart."""
    counts = np.random.default_rng(4).poisson([[20.0], [20], [20]], (3, 60)).astype(float)
    counts[1, 40], counts[2, :36] = np.nan, 0
    judged = make("cusum", reference="surveillance", baseline="seasonal").detect(panel_of(counts), judge="all")

    assert judged.status[1, [0, 35, 39, 40, 41]].tolist() == [INSUFFICIENT_HISTORY, INSUFFICIENT_HISTORY, OK, NO_DATA, OK]
    assert np.isnan(judged.score[1, 40])
    assert judged.false_alarms_per_year == pytest.approx(0.5)
    assert (judged.status[2, 36:] == NOT_CONVERGED).all()
    assert (judged.status[0, 36:] == OK).all()


def test_parameters_of_the_chart_are_refused_without_it():
    """Who sets R's limit and forgets to ask for R's chart is told."""
    with pytest.raises(pydantic.ValidationError, match="decision_limit is of R's chart; say reference surveillance too"):
        AsSurveillanceParameters(decision_limit=2.26)


def test_of_another_chart_nothing_is_said_of_r_s():
    """What a result was asked for names R's parameters where they hold, and only there."""
    said = [set(AsSurveillanceParameters(reference=reference).model_dump()) for reference in (None, "surveillance")]

    assert said[1] - said[0] == {"transform", "reference_value", "decision_limit", "history_periods", "known_mean"}
    assert "reference" in said[0]


@pytest.mark.parametrize("baseline", ["history", "seasonal"])
def test_the_history_is_the_least_history(baseline, panel_of):
    """What is not judged for lack of history is what the instance says beforehand."""
    detector = make("cusum", reference="surveillance", history_periods=14, baseline=baseline)
    status = detector.detect(panel_of([[5, 7, 4, 6] * 5]), judge="all").to_frame()["status"]

    assert detector.least_history == 14
    assert (status == "insufficient_history").to_numpy().nonzero()[0].tolist() == [*range(14)]
