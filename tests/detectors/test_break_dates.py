"""Breaks in hindsight: their dates with and without a season, and the classical tests."""

import numpy as np
import pandas as pd
import pytest
from ruptures import Pelt

from detectors.break_dates import check_constancy, date_breaks, date_seasonal_breaks, noise_variance, penalty_per_variance, segment
from detectors.segmented_regression import best_segments
from pillarfour.detection import Panel
from pillarfour.errors import DetectorError

LONG = 200
"""Months; of longer records the dates for every number of breaks are compared elsewhere."""


def test_a_break_is_dated_in_hindsight(panel_of, draw_counts):
    """The first month of each new level, and the levels; gaps do not move the dates, and a steady or short series has none."""
    counts = np.vstack([draw_counts(1, 84, mean=1000, dispersion=0.05), draw_counts(1, 84, mean=50, dispersion=0.1), np.full((1, 84), 3.0)])
    counts[0, 30:] *= 4
    counts[0, 60:] /= 8
    counts[0, [10, 11, 70]] = np.nan
    found = date_breaks(panel_of(counts))

    assert found.series.tolist() == ["series 0"] * 2
    assert found.period.astype(str).tolist() == ["2012-07", "2015-01"]
    assert found.after.tolist() == [pytest.approx(4000, rel=0.1), pytest.approx(500, rel=0.1)]
    assert date_breaks(panel_of(counts[:, :23])).empty


@pytest.mark.shared
@pytest.mark.parametrize(("config", "least_periods", "penalty"), [("P1", 2, 1.0), ("P2", 6, 3.0)])
def test_segments_equal_the_reference(shared, config, least_periods, penalty):
    """The cuts are those recorded of PELT with every period a candidate, and so is what they cost."""
    counts = dict(iter(pd.read_csv(shared / "golden" / "inputs" / "monthly.csv").groupby("series")))
    reference = pd.read_csv(shared / "golden" / "python" / f"{config}.csv").set_index("series")
    for name, row in reference.iterrows():
        logs = np.log1p(counts[name].value.dropna().to_numpy(dtype=float))
        ends = segment(logs, least_periods=least_periods, penalty=penalty)
        parts = np.split(logs, ends[:-1])
        objective = sum(((part - part.mean()) ** 2).sum() for part in parts) + penalty * len(parts[1:])
        assert ends == [*map(int, str(row.breaks).split())], name
        assert objective == pytest.approx(row.objective, rel=1e-8, abs=1e-8), name

    assert len(reference) == 43


@pytest.mark.shared
def test_dated_breaks_equal_strucchanges_where_the_question_is_the_same(shared):
    """With a penalty between what the last break of a level saves and what one more would, the cuts are R's best with so many breaks."""
    counts = dict(iter(pd.read_csv(shared / "golden" / "inputs" / "monthly.csv").groupby("series")))
    reference = pd.read_csv(shared / "golden" / "strucchange" / "S5.csv")
    compared = 0
    for name, rows in reference.groupby("series"):
        errors, cuts = rows.sort_values("nbreaks").rss.to_numpy(), dict(zip(rows.nbreaks, rows.breaks, strict=True))
        saved = -np.diff(errors)
        logs = np.log1p(counts[name].value.to_numpy(dtype=float))
        for number in range(1, len(saved)):
            fewer = min((errors[at] - errors[number]) / (number - at) for at in range(number))
            more = max(0, *((errors[number] - errors[at]) / (at - number) for at in range(number + 1, len(errors))))
            if fewer > more * 1.01:
                ends = segment(logs, least_periods=int(len(logs) * 0.15), penalty=(fewer + more) / 2)
                assert ends == [*map(int, str(cuts[number]).split()), len(logs)], name
                compared += 1

    assert compared > 40


@pytest.mark.shared
@pytest.mark.parametrize(("config", "season"), [("S4", "months"), ("S6", "wave")])
def test_seasonal_breaks_are_those_that_strucchange_selects(shared, config, season):
    """Of real and drawn series with their gaps around them, the breaks dated are those that R finds and counts."""
    counts = pd.read_csv(shared / "golden" / "inputs" / "monthly.csv").pivot_table(
        index="series", columns="period", values="value", dropna=False
    )
    reference = pd.read_csv(shared / "golden" / "strucchange" / f"{config}.csv").query("selected == 1").set_index("series")
    asked = pd.read_csv(shared / "golden" / "strucchange" / "configs.csv").set_index("id").loc[config]
    counts = counts[(counts.max(axis=1) > counts.min(axis=1)) & (counts.count(axis=1) < LONG)].loc[
        lambda table: table.index.isin(reference.index)
    ]
    months = pd.period_range(counts.columns[0], counts.columns[-1], freq="M")
    panel = Panel(values=counts.reindex(columns=months.astype(str)).to_numpy(float), series=tuple(counts.index), periods=months, unit="")
    found = date_seasonal_breaks(panel, season=season, least_periods=int(asked.h))
    last = dict.fromkeys(counts.index, "") | (found.period - 1).astype(str).groupby(found.series).agg(" ".join).to_dict()

    assert len(last) > 30
    assert last == reference.break_periods.fillna("")[counts.index].to_dict()


def test_a_season_is_not_taken_for_levels(panel_of, draw_counts):
    """One break in a strong season is dated to the month, with the levels of whole years; a season that turns is a break too."""
    season = np.exp(np.sin(2 * np.pi * np.arange(90) / 12))
    counts = draw_counts(2, 90, mean=1000, dispersion=0.02) * season
    counts[0, 41:] *= 3
    counts[1, 41:] *= season[:49] / season[41:]
    counts[0, [3, 60]] = np.nan
    found = date_seasonal_breaks(panel_of(counts))

    assert found.series.tolist() == ["series 0", "series 1"]
    assert found.period.astype(str).tolist() == ["2013-06", "2013-06"]
    assert found.before.tolist() == [pytest.approx(1000, rel=0.1)] * 2
    assert found.after.tolist() == [pytest.approx(3000, rel=0.1), pytest.approx(1000, rel=0.1)]


def test_weeks_are_dated_in_their_season():
    """A weekly level lasts two years where nothing else is said, and breaks in the week that it does."""
    season = np.exp(0.5 * np.sin(2 * np.pi * np.arange(312) / 52))
    counts = np.random.default_rng(3).poisson(300 * season)[None].astype(float)
    counts[:, 150:] *= 1.6
    weeks = pd.period_range("2015-01-05", periods=312, freq="W")
    found = date_seasonal_breaks(Panel(values=counts, series=("weekly",), periods=weeks, unit="persons"))

    assert found.period.tolist() == [weeks[150]]


def test_too_short_a_season_is_refused(panel_of):
    """Twelve months have no period to spare for twelve parameters; what never moved has no break."""
    with pytest.raises(DetectorError, match="12 periods do not tell a level and a season; give more than 12"):
        date_seasonal_breaks(panel_of(np.ones((1, 90))), season="months", least_periods=12)
    assert date_seasonal_breaks(panel_of(np.ones((1, 90)))).empty


def test_the_cuts_are_the_best_where_pelt_misses_them():
    """Of drawn records every one is cut at the least penalized error; ruptures' PELT prunes the best cuts of some away."""
    rng = np.random.default_rng(0)
    missed = 0
    for _ in range(150):
        n_periods, least = int(rng.integers(30, 70)), int(rng.integers(2, 13))
        logs = rng.standard_normal(n_periods) + np.repeat(3 * rng.standard_normal(12), 6)[:n_periods]
        penalty = rng.uniform(0.5, 8)
        found, pruned = segment(logs, least_periods=least, penalty=penalty), Pelt("l2", min_size=least, jump=1).fit(logs).predict(penalty)
        costs = [sum(part.var() * len(part) + penalty for part in np.split(logs, ends[:-1])) for ends in (found, pruned)]
        best = best_segments(logs, np.ones((n_periods, 1)), least_periods=least)
        assert costs[0] == pytest.approx(min(each.squared_error + penalty * len(each.ends) for each in best))
        missed += costs[1] > costs[0] * (1 + 1e-9)

    assert missed


def test_the_noise_is_told_in_spite_of_breaks():
    """Three large breaks hardly move the estimate, and a record that mostly stands still has one."""
    noise = np.random.default_rng(1).standard_normal(400)

    assert noise_variance(noise + np.repeat([0, 50, -20, 9], 100)) == pytest.approx(1, rel=0.2)
    assert noise_variance(np.array([0.0] * 20 + [2.0])) == pytest.approx(0.1)


def test_a_record_with_gaps_has_no_classical_test():
    """The remedy is named."""
    with pytest.raises(DetectorError, match="leave those periods out"):
        check_constancy(np.array([1, np.nan, 2, 3]), np.ones((4, 1)))


def test_constancy_is_told():
    """Noise around a level passes; a shifted level does not."""
    noise = np.random.default_rng(2).standard_normal(60)

    assert check_constancy(noise, np.ones((60, 1))).constant
    assert not check_constancy(noise + np.repeat([0, 4], 30), np.ones((60, 1))).constant


@pytest.mark.slow
def test_steady_records_have_false_breaks_as_often_as_stated(panel_of, draw_counts):
    """One steady record in twenty has a break made by chance, within three Monte-Carlo errors and a quarter."""
    records = panel_of(draw_counts(300, 60, mean=1000, dispersion=0.1))
    share = date_breaks(records).series.nunique() / 300

    assert share == pytest.approx(0.05, abs=0.0125 + 3 * (0.05 * 0.95 / 300) ** 0.5)
    assert penalty_per_variance(60, 12, 0.01) > penalty_per_variance(60, 12, 0.05)


@pytest.mark.slow
def test_steady_seasons_hardly_ever_break(panel_of, draw_counts):
    """Of steady seasonal records the criterion finds breaks in fewer than one in twenty, as documented."""
    records = panel_of(draw_counts(200, 72, mean=300, dispersion=0.2, season=0.5))

    assert date_seasonal_breaks(records).series.nunique() <= 0.05 * 200
