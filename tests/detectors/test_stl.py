"""STL, one step ahead: its decomposition, its prediction, its scale."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pydantic
import pytest
from statsmodels.tsa.seasonal import MSTL, STL

from detectors.stl import Stl, StlParameters, decompose, law_of, one_step_ahead
from pillarfour.detection import Panel
from pillarfour.errors import DetectorError

MONTHS = 12


@pytest.fixture(scope="module")
def seasonal(draw_counts):
    """One series of 72 months with a season."""
    return draw_counts(1, 72, mean=300, dispersion=0.05, season=0.5)[0]


def test_the_decomposition_is_statsmodels(seasonal):
    """Trend and season are those of statsmodels' robust STL with the same windows, to the last digits."""
    logs = np.log1p(seasonal)
    plain = STL(logs, period=MONTHS, seasonal=13, seasonal_deg=0, robust=True).fit(inner_iter=1, outer_iter=5)
    trend, seasons = decompose(logs, {MONTHS: 13}, StlParameters().settings)

    np.testing.assert_allclose(trend, plain.trend, rtol=1e-12)
    np.testing.assert_allclose(seasons[MONTHS], plain.seasonal, rtol=1e-12, atol=1e-12)


def test_the_prediction_is_the_last_trend_and_last_years_season(seasonal):
    """Month t is predicted from the decomposition of the months before t alone."""
    trend, seasons = decompose(np.log1p(seasonal[:60]), {MONTHS: 13}, StlParameters().settings)

    assert one_step_ahead(seasonal, MONTHS, StlParameters())[60] == pytest.approx(trend[-1] + seasons[MONTHS][-MONTHS], rel=1e-12)


def test_several_seasons_are_those_of_mstl(seasonal):
    """With lengths given, trend and seasons are statsmodels' MSTL, each season smoothed over as many years."""
    logs = np.log1p(seasonal)
    parameters = StlParameters(season_periods=(12, 5))
    options = {"seasonal_deg": 0, "robust": True, "inner_iter": 1, "outer_iter": 5}
    plain = MSTL(logs, periods=(5, 12), windows=(31, 13), stl_kwargs=options).fit()
    trend, seasons = decompose(logs, parameters.windows(MONTHS), parameters.settings)
    before, parts = decompose(logs[:60], parameters.windows(MONTHS), parameters.settings)

    np.testing.assert_allclose(trend, plain.trend, rtol=1e-12)
    np.testing.assert_allclose([seasons[5], seasons[12]], plain.seasonal.T, rtol=1e-12, atol=1e-12)
    assert one_step_ahead(seasonal, MONTHS, parameters)[60] == pytest.approx(before[-1] + parts[5][-5] + parts[12][-12], rel=1e-12)


def test_a_season_that_divides_no_year_narrows_the_range(panel_of):
    """A wave of five months beside the year's is expected by two seasons, and noise to one."""
    rng = np.random.default_rng(20210913)
    at = np.arange(72)
    counts = rng.poisson(2000 * np.exp(0.3 * np.sin(2 * np.pi * at / 12) + 0.6 * np.sin(2 * np.pi * at / 5)))
    one, two = (Stl(StlParameters(season_periods=periods)).detect(panel_of([counts]), judge="all") for periods in ((), (12, 5)))
    width = [np.nanmedian((scores.upper - scores.lower) / scores.expected) for scores in (one, two)]

    assert width[1] < 0.5 * width[0]
    assert np.isfinite(two.score[0, Stl.least_history :]).all()


def test_seasons_that_cannot_be_are_refused(panel_of, seasonal):
    """Twice the same length, one of a single period, or longer than a year."""
    for periods in ((12, 12), (12, 1)):
        with pytest.raises(pydantic.ValidationError, match="give each length once, of 2 periods or more"):
            StlParameters(season_periods=periods)
    with pytest.raises(DetectorError, match="stl: season_periods has 52, but the panel's year has 12"):
        Stl(StlParameters(season_periods=(52, 13))).detect(panel_of([seasonal]))


def test_the_month_itself_does_not_leak(panel_of, seasonal):
    """However far out a month is, what was expected of it stays the same."""
    usual, jump = seasonal[:61], seasonal[:61].copy()
    jump[-1] *= 50
    scores = Stl().detect(panel_of([usual, jump]))

    assert scores.expected[0, 0] == scores.expected[1, 0]
    assert scores.upper[0, 0] == scores.upper[1, 0]


def test_after_a_gap_the_season_keeps_its_months(panel_of):
    """Months not published before the judged one do not turn the season."""
    counts = np.tile([100.0, 120, 150, 200, 300, 500, 500, 300, 200, 150, 120, 100], 6) * np.tile([1.0, 1.02, 0.98], 24)
    counts[66:70] = np.nan
    scores = Stl().detect(panel_of([counts[:71]]))

    assert scores.expected[0, 0] == pytest.approx(counts[70], rel=0.06)


def test_one_gap_does_not_silence_the_series(panel_of, seasonal):
    """A series with one NaN gets nothing but NaN from statsmodels; here the gap is bridged for the fit and not judged."""
    counts = seasonal.copy()
    counts[20] = np.nan
    gapless, gapped = (Stl().detect(panel_of([each])) for each in (seasonal, counts))

    assert gapped.expected[0, 0] == pytest.approx(gapless.expected[0, 0], rel=0.05)


def test_a_season_is_expected(panel_of, draw_counts):
    """The high month of every year is no news, and the same count in a low month is."""
    season = np.tile([100.0, 120, 150, 200, 300, 500, 500, 300, 200, 150, 120, 100], 6)
    counts = draw_counts(1, 72, mean=1000, dispersion=0.02)[0] / 1000 * season
    june, december = counts[:66].copy(), counts[:72].copy()
    december[-1] = june[-1] = 500
    alarms = [bool(Stl().detect(panel_of([each])).alarm[0, 0]) for each in (june, december)]

    assert alarms == [False, True]


def test_past_outbreaks_hardly_widen_the_bounds(panel_of, seasonal):
    """Three months of ten times the level leave the range of later months about where it was."""
    outbreak = seasonal.copy()
    outbreak[40:43] *= 10
    plain, robust = (Stl().detect(panel_of([each])) for each in (seasonal, outbreak))

    assert robust.expected[0, 0] == pytest.approx(plain.expected[0, 0], rel=0.3)
    assert robust.upper[0, 0] / robust.expected[0, 0] < 1.5 * plain.upper[0, 0] / plain.expected[0, 0]


def test_a_steady_series_keeps_the_noise_of_counting(panel_of):
    """Fewer than a Poisson count's own noise is never expected, so ten more than a hundred are no alarm."""
    scores = Stl().detect(panel_of([[100.0, 101] * 20 + [110], [100.0, 101] * 20 + [160]]))

    assert scores.alarm.tolist() == [[False], [True]]


@pytest.mark.parametrize("n_errors", [12, 25, 60])
def test_the_threshold_is_exact_for_normal_errors(n_errors):
    """A normal error beside the median of others passes the threshold as often as stated."""
    rng = np.random.default_rng(11)
    errors, new = rng.standard_normal((100_000, n_errors)), rng.standard_normal(100_000)
    distance = new / (np.median(np.abs(errors), axis=1) / 0.6744897501960817)
    threshold = law_of(n_errors).threshold(0.02)

    assert (distance > threshold).mean() == pytest.approx(0.02, rel=0.1)
    assert law_of(n_errors).tail(threshold) == pytest.approx(0.02)


def test_the_score_is_one_where_the_p_value_is_the_stated_chance(panel_of, seasonal):
    """Score and p-value tell the same distance: half a false alarm a year is one month in 48 on each side."""
    upper = Stl().detect(panel_of([seasonal])).upper[0, 0]
    at_bound = seasonal.copy()
    at_bound[-1] = upper
    scores = Stl().detect(panel_of([at_bound]))

    assert scores.score[0, 0] == pytest.approx(1)
    assert scores.p_value[0, 0] == pytest.approx(0.5 / 24)


def test_weeks_are_judged_like_months(draw_counts):
    """A weekly panel needs three years of weeks, and is judged on a season of 52."""
    counts = draw_counts(1, 160, mean=200, dispersion=0.05)
    counts[0, -1] *= 10
    panel = Panel(values=counts, series=("weekly",), periods=pd.period_range("2018-01-01", periods=160, freq="W"), unit="persons")
    scores = Stl().detect(panel, judge="all")

    assert scores.alarm[0, -1]
    assert np.isfinite(scores.score[0]).sum() == 160 - 3 * 52


def windows_and_settings(args: dict[str, Any]) -> tuple[dict[int, int], dict[str, Any]]:
    """Read what the reference was asked for; the windows of two seasons, where none are given, are statsmodels' 11 and 15."""
    if "period" in args:
        return {args["period"]: args["seasonal"]}, {name: value for name, value in args.items() if name not in {"period", "seasonal"}}
    return dict(zip(args["periods"], args.get("windows", (11, 15)), strict=True)), {}


@pytest.mark.shared
@pytest.mark.parametrize("config", ["P3", "P4", "P5", "P6", "P7"])
def test_the_decomposition_equals_the_reference(shared, config):
    """Months and weeks, robust or not, one season or two: trend and seasons are those recorded for real series."""
    golden = shared / "golden" / "python"
    asked = {each["id"]: each for each in json.loads((golden / "configs.json").read_text())}[config]["args"]
    windows, settings = windows_and_settings(asked)
    reference = pd.read_csv(golden / f"{config}.csv")
    for name, rows in reference.groupby("series"):
        trend, seasons = decompose(rows.x.to_numpy(), windows, settings)
        columns = ["seasonal"] if len(windows) == 1 else [f"seasonal_{length}" for length in windows]
        np.testing.assert_allclose(trend, rows.trend, rtol=1e-8, atol=1e-9, err_msg=name)
        for length, column in zip(windows, columns, strict=True):
            np.testing.assert_allclose(seasons[length], rows[column], rtol=1e-8, atol=1e-9, err_msg=name)

    assert reference.series.nunique() == (8 if config in {"P5", "P7"} else 43)
