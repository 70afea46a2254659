"""The parity mode against R's farringtonFlexible, configuration by configuration; figures and rules are in the reference's own notes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.base import Judgements
from detectors.farrington import Farrington
from detectors.farrington_baseline import FarringtonParameters, _residuals, _weigh
from detectors.farrington_judging import Judging
from pillarfour.detection import Panel

pytestmark = pytest.mark.shared

CONFIGURATIONS = [f"F{number:02}" for number in range(1, 14)] + [f"W{number:02}" for number in range(1, 6)]
COMPARED = {"F01": 2550, "F02": 3600, "F04": 3600, "F06": 3600, "F12": 3600, "W01": 800, "W05": 600}
"""Points that must at least have been compared."""

FLAT = 1e-11
"""Change of log mean over the baseline that is a rounding error of an exact 0: R keeps such a trend or not by its last bit."""


def parameters_of(configuration: pd.Series) -> FarringtonParameters:
    method = {"nbPlugin": "nb_plugin"}.get(configuration.thresholdMethod, configuration.thresholdMethod)
    return FarringtonParameters(
        baseline_years=int(configuration.b),
        half_window_periods=int(configuration.w),
        seasonal_levels=int(configuration.noPeriods),
        exclude_recent_periods=int(configuration.pastWeeksNotIncluded),
        reweight=configuration.reweight == "TRUE",
        reweight_above=float(configuration.weightsThreshold),
        trend=configuration.trend == "TRUE",
        trend_alpha=float(configuration.pThresholdTrend),
        threshold_method=method,
        alpha=float(configuration.alpha),
        low_count_cases=int(configuration.limit54_cases),
        low_count_periods=int(configuration.limit54_periods),
        power=configuration.powertrans,
        reference="surveillance_dates" if configuration.epochAsDate == "TRUE" else "surveillance",
    )


def panels(path: Path, *, dated: bool) -> Iterator[tuple[Panel, list[str]]]:
    """Give all months on one calendar, and weeks series by series or where they share theirs, with the labels of the periods."""
    table = pd.read_csv(path)
    if path.stem == "monthly":
        wide = table.pivot_table(index="series", columns="period", values="value", dropna=False)
        labels = [str(month) for month in pd.period_range(wide.columns[0], wide.columns[-1], freq="M")]
        yield as_panel(wide.reindex(columns=labels), labels[0], "M"), labels
        return
    for (start, _), group in table.groupby([table.groupby("series").period.transform(how) for how in ("min", "size")]):
        if not (dated and "-W" in start):
            wide = group.pivot_table(index="series", columns="period", values="value", dropna=False)
            yield as_panel(wide, "2000-01-03" if "-W" in start else start, "W-SUN"), list(wide.columns)


def as_panel(wide: pd.DataFrame, start: str, freq: str) -> Panel:
    periods = pd.period_range(start, periods=wide.shape[1], freq=freq)
    return Panel(values=wide.to_numpy(float), series=tuple(wide.index), periods=periods, unit="cases")


def undecided(panel: Panel, parameters: FarringtonParameters, columns: np.ndarray) -> np.ndarray:
    """Tell where R itself decides nothing.

    A gap leaves a level with a single count, so that R divides by zero; or the trend's coefficient is exactly 0, so that whether its
    p-value of 1 is below a limit of 1 is a matter of rounding.
    """
    values = panel.values.T
    found = []
    for design in Judging(panel, parameters, columns).designs:
        if design is None:
            found.append(np.zeros(values.shape[1], dtype=bool))
            continue
        published = np.isfinite(values[design.columns]).astype(float)
        counts = np.nan_to_num(values[design.columns])
        size = design.sums(published)
        lonely = (size == 1).any(axis=0)
        apart = design.times - design.spread(design.sums(published * design.times) / np.maximum(size, 1))
        slope = (counts * apart).sum(axis=0) / np.maximum((counts * apart**2).sum(axis=0), 1)  # Newton's first step from 0
        tested = parameters.trend and parameters.trend_alpha == 1
        found.append(lonely | (tested & (np.abs(slope) < FLAT) & counts.any(axis=0)))
    return np.array(found).T


def judge(panel: Panel, labels: list[str], parameters: FarringtonParameters, *, newest: int) -> pd.DataFrame:
    columns = np.arange(max(len(labels) - newest, 0), len(labels))
    judged: Judgements = Farrington(parameters).judge_columns(panel, columns=columns)
    figures = {name: getattr(judged, name).ravel() for name in ("expected", "upper", "score", "p_value")}
    index = {"series": np.repeat(panel.series, len(columns)), "period": np.tile([labels[each] for each in columns], len(panel.series))}
    return pd.DataFrame(index | figures | {"undecided": undecided(panel, parameters, columns).ravel()})


@pytest.fixture(scope="module")
def compared(shared) -> Callable[[str], pd.DataFrame]:
    """Put R's figures and ours of one configuration side by side, without the points that R itself does not decide."""
    golden = shared / "golden"
    configurations = pd.read_csv(golden / "farrington" / "configs.csv", dtype=str).set_index("id")

    def compare(name: str) -> pd.DataFrame:
        configuration = configurations.loc[name]
        newest = 104 if configuration.max_eval == "104" else 10_000
        parameters = parameters_of(configuration)
        files = panels(golden / "inputs" / f"{configuration.input}.csv", dated=configuration.epochAsDate == "TRUE")
        ours = pd.concat([judge(panel, labels, parameters, newest=newest) for panel, labels in files])
        theirs = pd.read_csv(golden / "farrington" / f"{name}.csv")
        both = theirs.merge(ours, on=["series", "period"], suffixes=("_r", ""), validate="one_to_one")
        assert len(both) == len(theirs)
        return both[~(both.series.eq("simA_constant") | both.undecided)]

    return compare


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_parity_mode_equals_r(name, compared):
    """Expected counts and upper bounds are R's within 1e-8, alarms the same, scores and p-values too, in every configuration."""
    both = compared(name)
    score = both.score_r.where(both.alarm == 1, both.score_r.clip(-1, 1))

    assert len(both) >= COMPARED.get(name, 500)
    for ours, theirs in (("expected", both.expected_r), ("upper", both.upperbound), ("score", score), ("p_value", both.pvalue)):
        np.testing.assert_allclose(both[ours], theirs, rtol=1e-8, atol=1e-11, err_msg=ours)
    np.testing.assert_array_equal(both.score >= 1, both.alarm == 1)


@pytest.mark.parametrize("model", ["with_trend", "no_trend"])
def test_each_step_of_a_fit_equals_r(model, shared):
    """First fit, leverage, residuals, weights, second fit, dispersions and the error of the judged mean are R's."""
    golden = shared / "golden"
    configurations = pd.read_csv(golden / "farrington" / "configs.csv", dtype=str).set_index("id")
    fits = pd.read_csv(golden / "farrington" / "debug_fits.csv").query("model == @model")
    steps = pd.read_csv(golden / "farrington" / "debug_rows.csv").set_index(["config", "series", "period", "model"])
    for told in fits.itertuples():
        configuration = configurations.loc[told.config]
        parameters = parameters_of(configuration)
        files = panels(golden / "inputs" / f"{configuration.input}.csv", dated=configuration.epochAsDate == "TRUE")
        panel, labels = next((panel, labels) for panel, labels in files if told.series in panel.series and told.period in labels)
        judging = Judging(panel, parameters, np.array([labels.index(told.period)]))
        (design,) = judging.designs
        rows = steps.loc[(told.config, told.series, told.period, model)].set_index("ref_period")
        rows = rows.loc[[labels[column] for column in design.columns]]
        counts = panel.values[[panel.series.index(told.series)]].T[design.columns]
        first = judging.rules.fit(counts, np.ones_like(counts), design, trend=model == "with_trend")
        freedom = np.array([float(told.df)])
        left = _residuals(counts, np.ones_like(counts), first, freedom, reweighted=True)
        leverage = first.leverage(design)
        relative = (rows.y.to_numpy() ** (2 / 3) * first.fitted[:, 0] ** (-1 / 6) - first.fitted[:, 0] ** 0.5) * 1.5
        reweighted, weights = _weigh(left, first, design, above=parameters.reweight_above)
        weights = weights if reweighted.size else np.ones_like(counts)
        second = judging.rules.fit(counts, weights, design, trend=model == "with_trend")
        after = _residuals(counts, weights, second, freedom, reweighted=True)
        used = judging.rules.error_dispersion(after)
        deviation = np.sqrt(second.log_mean_variance(design) * used)

        assert len(rows) == told.n
        for ours, theirs in (
            (first.fitted[:, 0], rows.fitted1),
            (leverage[:, 0], rows.leverage1),
            (relative / np.sqrt(left.dispersion * (1 - leverage[:, 0])), rows.anscombe),
            (weights[:, 0], rows.omega),
            (second.fitted[:, 0], rows.fitted2),
            (left.dispersion, told.phi1),
            (after.dispersion, told.phi2),
            (used, told.dispersion_used_for_se),
            (np.log(second.mean), told.eta0),
            (deviation, told.se_eta0),
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10, err_msg=f"{told.config} {told.series}")


def simulated(shared: Path, kind: str, n_series: int) -> tuple[Panel, pd.DataFrame]:
    table = pd.read_parquet(shared / "golden" / "sim" / f"{kind}_series.parquet").sort_values(["scenario", "rep", "t"])
    keys = table[["scenario", "rep"]].drop_duplicates()
    chosen = keys.iloc[:: len(keys) // n_series]
    table = table.merge(chosen, on=["scenario", "rep"])
    values = (table.base + table.past_outbreak).to_numpy(float).reshape(len(chosen), -1)
    start, freq = ("2000-01", "M") if kind == "monthly" else ("2000-01-03", "W-SUN")
    periods = pd.period_range(start, periods=values.shape[1], freq=freq)
    series = tuple(chosen.itertuples(index=False, name=None))
    return Panel(values=values, series=series, periods=periods, unit="cases"), chosen


@pytest.mark.parametrize(
    ("name", "kind", "n_series", "parameters"),
    [
        ("SM1", "monthly", 300, {"half_window_periods": 2, "seasonal_levels": 1, "exclude_recent_periods": 3}),
        ("SM2", "monthly", 300, {"half_window_periods": 2, "seasonal_levels": 10, "exclude_recent_periods": 6}),
        ("SW1", "weekly", 50, {"half_window_periods": 3, "seasonal_levels": 10, "exclude_recent_periods": 26}),
    ],
)
def test_simulated_series_have_r_s_bounds(name, kind, n_series, parameters, shared):
    """On a sample of the simulated outbreaks every upper bound and alarm is R's."""
    panel, _ = simulated(shared, kind, n_series)
    given = {"threshold_method": "nb_plugin", "alpha": 0.01, "trend_alpha": 1, "low_count_cases": 0, "reference": "surveillance"}
    first, last = (121, 144) if kind == "monthly" else (576, 624)
    columns = np.arange(first - 1, last)
    judged = Farrington(FarringtonParameters(**given, **parameters)).judge_columns(panel, columns=columns)
    theirs = pd.read_parquet(shared / "golden" / "sim" / f"farrington_{name}.parquet").query("kind == 'fpr'")
    theirs = theirs.set_index(["scenario", "rep", "t"])
    index = pd.MultiIndex.from_tuples([(*key, column + 1) for key in panel.series for column in columns])
    theirs = theirs.loc[index]

    assert len(theirs) == judged.upper.size
    np.testing.assert_array_equal(judged.upper.ravel(), theirs.upperbound)
    np.testing.assert_allclose(judged.expected.ravel(), theirs.expected, rtol=1e-8)
    np.testing.assert_array_equal(judged.score.ravel() >= 1, theirs.alarm == 1)
