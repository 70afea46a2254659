"""Breaks: recursive residuals, the CUSUMs, what is told online, and dates in hindsight."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.recursive_ls import RecursiveLS

from detectors.break_dates import check_constancy, date_breaks, noise_variance, penalty_per_variance, segment
from detectors.breaks import Breaks, BreaksParameters, limits_by_size, recursive_residuals
from pillarfour.errors import DetectorError

SHORT_ENOUGH = 70
"""Periods; the search through longer records takes long and tells nothing more."""


def harmonic(n_periods: int, *, trend: bool = True) -> np.ndarray:
    """Give a constant, a trend and one wave, as the reference runs have them."""
    at = np.arange(1, n_periods + 1)
    waves = [np.cos(2 * np.pi * at / 12), np.sin(2 * np.pi * at / 12)]
    return np.column_stack([np.ones(n_periods), *([at / 12] if trend else []), *waves])


def designs(config: str, n_periods: int) -> np.ndarray:
    if config in {"P12", "S2"}:
        return np.ones((n_periods, 1))
    if config == "S1":
        at = np.arange(n_periods)
        return np.column_stack([np.ones(n_periods), at + 1, *(at % 12 == month for month in range(1, 12))]).astype(float)
    return harmonic(n_periods)


@pytest.mark.shared
@pytest.mark.parametrize("config", ["P11", "P12"])
def test_residuals_and_cusums_equal_statsmodels_reference(shared, config):
    """Both the batched recursion and the classical tests give the recorded residuals, CUSUM and CUSUM of squares."""
    assert config in {each["id"] for each in json.loads((shared / "golden" / "python" / "configs.json").read_text())}
    checked = 0
    for name, rows in pd.read_csv(shared / "golden" / "python" / f"{config}.csv").groupby("series"):
        design, figures = designs(config, len(rows)), rows.x.to_numpy()
        first = design.shape[1]
        residuals = recursive_residuals(figures[None], design)[0, first:]
        np.testing.assert_allclose(residuals, rows.resid_recursive[first:], rtol=1e-8, atol=1e-8, err_msg=name)
        if np.ptp(figures) == 0:
            continue
        whole = check_constancy(figures, design)
        np.testing.assert_allclose(whole.residuals, rows.resid_recursive[first:], rtol=1e-8, atol=1e-8, err_msg=name)
        np.testing.assert_allclose(whole.cusum, rows.cusum[first:], rtol=1e-8, atol=1e-8, err_msg=name)
        np.testing.assert_allclose(whole.cusum_bound, rows.cusum_upper[first:], rtol=1e-8, err_msg=name)
        np.testing.assert_allclose(whole.cusum_squares, rows.cusum_squares[first:], rtol=1e-8, atol=1e-8, err_msg=name)
        checked += 1

    assert checked > 30


@pytest.mark.shared
@pytest.mark.parametrize("config", ["S1", "S2", "S3"])
def test_residuals_and_cusums_equal_strucchange(shared, config):
    """R's recursive residuals; and its process is the CUSUM over the root of the number of residuals."""
    counts = dict(iter(pd.read_csv(shared / "golden" / "inputs" / "monthly.csv").groupby("series")))
    checked = 0
    for name, rows in pd.read_csv(shared / "golden" / "strucchange" / f"{config}.csv").groupby("series"):
        figures = np.log1p(counts[name].value.to_numpy(dtype=float))
        if np.ptp(figures) == 0:
            continue
        design = designs(config, len(figures))
        residuals = recursive_residuals(figures[None], design)[0, design.shape[1] :]
        np.testing.assert_allclose(residuals, rows.recresid, rtol=1e-8, atol=1e-8, err_msg=name)
        process = check_constancy(figures, design).cusum / np.sqrt(len(residuals))
        np.testing.assert_allclose(process, rows.process, rtol=1e-8, atol=1e-8, err_msg=name)
        checked += 1

    assert checked > 30


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), n_series=st.integers(1, 4), harmonics=st.booleans())
def test_the_batched_recursion_is_statsmodels(seed, n_series, harmonics):
    """On random panels, every series' residuals are those of its own fit."""
    figures = np.random.default_rng(seed).normal(5, 1, size=(n_series, 30))
    design = harmonic(30) if harmonics else np.ones((30, 1))
    batched = recursive_residuals(figures, design)[:, design.shape[1] :]
    plain = [RecursiveLS(row, design).fit().resid_recursive[design.shape[1] :] for row in figures]

    np.testing.assert_allclose(batched, plain, rtol=1e-8, atol=1e-8)


def test_gaps_are_left_out_of_the_recursion():
    """A missing period is as if it had never been."""
    figures = np.random.default_rng(3).normal(5, 1, size=30)
    gapped, design = figures.copy(), harmonic(30)
    gapped[[7, 20]] = np.nan
    kept = np.isfinite(gapped)
    plain = RecursiveLS(figures[kept], design[kept]).fit().resid_recursive

    np.testing.assert_allclose(recursive_residuals(gapped[None], design)[0, kept][4:], plain[4:], rtol=1e-8)


def test_a_slow_break_is_told_by_its_sum(panel_of, draw_counts):
    """Half as many again, which few single months show, alarms in far more months where its evidence is added up."""
    counts = draw_counts(40, 60, mean=1000, dispersion=0.1)
    counts[:, 48:] *= 1.5
    told = {
        memory: Breaks(BreaksParameters(memory_periods=memory)).detect(panel_of(counts), judge="all").alarm[:, 48:].mean()
        for memory in (1, 12)
    }

    assert told[12] > 1.5 * told[1]


def test_a_new_level_is_told_for_a_year_and_then_is_the_level(panel_of, draw_counts):
    """Five times as many alarms for a year; after it the record begins with the new level, and a return is a fall."""
    counts = draw_counts(1, 96, mean=1000, dispersion=0.05)
    counts[:, 48:84] *= 5
    scores = Breaks().detect(panel_of(counts), judge="all")

    assert scores.alarm[0, 48:59].all()
    assert not scores.alarm[0, 62:84].any()
    assert scores.expected[0, 80] == pytest.approx(5000, rel=0.2)
    assert scores.score[0, 84] < -1


def test_the_limits_are_t_and_rise_with_the_windows():
    """One window alone is a plain t test; more windows cost a higher limit, and what rests on too little is never reached."""
    from scipy.stats import t  # noqa: PLC0415 - half a second for one test

    alone, many = limits_by_size(60, 1, 1 / 48), limits_by_size(60, 12, 1 / 48)

    assert alone[60, 0] == pytest.approx(t.isf(1 / 48, 59), rel=0.02)
    assert (many[60] > alone[60, 0]).all()
    assert np.isinf(many[8, 0])
    assert np.isinf(many[19, 11])


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
    """The cuts of PELT with every period a candidate are those recorded, or of the same objective."""
    counts = dict(iter(pd.read_csv(shared / "golden" / "inputs" / "monthly.csv").groupby("series")))
    reference = pd.read_csv(shared / "golden" / "python" / f"{config}.csv")
    same = 0
    for row in reference.itertuples():
        if len(counts[row.series]) != row.n or row.n > 100:
            continue  # the long records take minutes and tell nothing more
        logs = np.log1p(counts[row.series].value.to_numpy(dtype=float))
        ends = segment(logs, least_periods=least_periods, penalty=penalty)
        parts = np.split(logs, ends[:-1])
        objective = sum(((part - part.mean()) ** 2).sum() for part in parts) + penalty * len(parts[1:])
        assert objective == pytest.approx(row.objective, rel=1e-8, abs=1e-8)
        same += ends == [int(end) for end in str(row.breaks).split()]

    assert same >= 20


@pytest.mark.shared
def test_dated_breaks_equal_strucchanges_where_the_question_is_the_same(shared):
    """With a penalty between what the last break of a level saves and what one more would, the cuts are R's best with so many breaks."""
    counts = dict(iter(pd.read_csv(shared / "golden" / "inputs" / "monthly.csv").groupby("series")))
    reference = pd.read_csv(shared / "golden" / "strucchange" / "S5.csv")
    compared = 0
    for name, rows in reference[reference.n <= SHORT_ENOUGH].groupby("series"):
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
@pytest.mark.parametrize(
    ("process", "allowed"),
    [
        ({"mean": 100, "dispersion": 0.1}, (0.75, 1.25)),
        ({"mean": 1000, "dispersion": 0.1, "season": 0.3}, (0.75, 1.25)),
        ({"mean": 100, "dispersion": 0.5}, (0.75, 1.4)),  # documented: up to two fifths too many where dispersed, downward
        ({"mean": 100, "dispersion": 0}, (0.4, 1)),  # documented: fewer where counts are as steady as a Poisson's
    ],
)
def test_breaks_alarms_as_often_as_it_says(process, allowed, panel_of, draw_counts):
    """In control, half a false alarm a year is measured within the documented range."""
    scores = Breaks().detect(panel_of(draw_counts(800, 60, **process)), judge="all")
    each = scores.alarm[:, 36:].mean(axis=1) * 12

    assert allowed[0] * 0.5 - 3 * each.std() / 800**0.5 <= each.mean() <= allowed[1] * 0.5 + 3 * each.std() / 800**0.5
