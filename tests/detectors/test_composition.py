"""The mix of nationalities: its divergence, its chance, who moved it, and who is new."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from detectors import MIX_DETECTORS
from detectors.composition import Composition, CompositionParameters, divergences
from pillarfour.detection import STATUSES, Panel
from pillarfour.errors import DetectorError
from pillarfour.model import SeriesKey

SHARES = np.array([0.5, 0.2, 0.1, 0.1, 0.1])
CODES = ("HTI", "VEN", "ECU", "CUB", "OOO")


def flows(n_periods: int, seed: int = 4) -> np.ndarray:
    """Draw a stage in control: the flow moves by much, its mix by chance alone."""
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.dirichlet(SHARES * 20, n_periods).T * rng.gamma(2, 2000, n_periods)).astype(float)


def of(rows, subjects=CODES, stage="darien") -> Panel:
    values = np.array(rows, dtype=float)
    months = pd.period_range("2020-01", periods=values.shape[1], freq="M")
    return Panel(values=values, series=tuple(SeriesKey(stage=stage, subject=each) for each in subjects), periods=months, unit="persons")


def test_it_is_registered_apart():
    """A detector that judges rows together is not handed out among those that judge each alone."""
    assert MIX_DETECTORS["composition"] is Composition


mixes = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=4, max_size=4).filter(lambda shares: sum(shares) > 0.01)


@given(one=mixes, other=mixes)
def test_the_divergence_is_scipys_squared_distance(one, other):
    """In bits, between 0 and 1, the same both ways."""
    p, q = np.array(one) / sum(one), np.array(other) / sum(other)
    ours = divergences(p[None], q[None]).sum()

    assert ours == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-9)
    assert -1e-12 <= ours <= 1 + 1e-12
    assert ours == pytest.approx(divergences(q[None], p[None]).sum(), abs=1e-12)


def test_a_moved_mix_alarms_and_says_who():
    """One nationality takes half of the flow: a record, its name, and by how much; the flow's size does not matter."""
    counts = flows(40)
    moved, larger = counts.copy(), counts.copy()
    moved[1, -1] = counts[:, -1].sum() * 3
    larger[:, -1] *= 50
    scores, steady = Composition().detect(of(moved)), Composition().detect(of(larger))

    assert scores.panel.series == (SeriesKey(stage="darien", subject="mix"),)
    assert scores.panel.unit == "bits"
    assert scores.alarm.tolist() == [[True]]
    assert scores.leading.tolist() == [["VEN"]]
    assert scores.change[0, 0] == pytest.approx(0.6, abs=0.15)
    assert scores.p_value[0, 0] == pytest.approx(1 / 12)
    assert scores.panel.values[0, -1] > scores.upper[0, 0] > scores.expected[0, 0]
    assert steady.score[0, 0] == pytest.approx(Composition().detect(of(counts)).score[0, 0], rel=1e-9)


def test_a_change_goes_on_being_told():
    """The three newest months are no history yet."""
    counts = flows(40)
    counts[1, -4:] += counts[:, -4:].sum(axis=0) * 3

    assert Composition().detect(of(counts), judge="all").alarm[0, -4:].all()


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(5)), factor=st.integers(1, 1000))
def test_order_and_size_do_not_matter(order, factor):
    """Permuting nationalities or multiplying the flow changes no score."""
    counts = flows(24)
    one = Composition().detect(of(counts), judge="all")
    other = Composition().detect(of(counts[list(order)] * factor, [CODES[place] for place in order]), judge="all")

    np.testing.assert_allclose(one.score, other.score, rtol=1e-9)
    np.testing.assert_array_equal(one.leading, other.leading)


def test_later_months_change_nothing_and_newest_is_the_last_of_all():
    """Online means online."""
    counts = flows(40)
    whole = Composition().detect(of(np.hstack([counts, counts[::-1] * 9])), judge="all")
    known, newest = Composition().detect(of(counts), judge="all"), Composition().detect(of(counts))

    for name in ("score", "expected", "upper", "p_value", "change"):
        np.testing.assert_array_equal(getattr(whole, name)[:, :40], getattr(known, name))
        np.testing.assert_array_equal(getattr(known, name)[:, -1:], getattr(newest, name))


def test_totals_and_groups_are_not_counted_twice():
    """A total and a named group beside the nationalities they hold change nothing."""
    counts = flows(30)
    beside = np.vstack([counts, counts.sum(axis=0), counts[:2].sum(axis=0)])

    np.testing.assert_array_equal(
        Composition().detect(of(counts), judge="all").score,
        Composition().detect(of(beside, (*CODES, "total", "haitian")), judge="all").score,
    )


def test_stages_are_judged_apart():
    """Each stage has a row, by its own history."""
    one, other = flows(30), flows(30, seed=9)
    names = tuple(f"{stage}/{code}" for stage in ("a", "b") for code in CODES)
    both = Panel(values=np.vstack([one, other]), series=names, periods=pd.period_range("2020-01", periods=30, freq="M"), unit="persons")
    scores = Composition().detect(both, judge="all")

    assert scores.panel.series == ("a/mix", "b/mix")
    np.testing.assert_array_equal(scores.score[1], Composition().detect(of(other), judge="all").score[0])


def test_who_never_came_before_is_named_once():
    """Ten of a nationality that was zero for years are told, nine are not, and neither is one not published before."""
    counts = np.vstack([flows(30), np.zeros((3, 30))])
    counts[5, 20], counts[5, 21], counts[6, 20] = 10, 80, 9
    counts[7, :20], counts[7, 20:] = np.nan, 50
    scores = Composition().detect(of(counts, (*CODES, "AFG", "IND", "CHN")), judge="all")

    assert scores.unseen[0, 20] == ("AFG",)
    assert [named for named in scores.unseen[0] if named] == [("AFG",)]


def test_a_nationality_not_published_apart_is_left_out_of_the_comparison():
    """It moves into the table's own rows from one month to the next: no news of the flow."""
    counts = flows(40)
    counts[2, :39] = np.nan

    assert np.abs(Composition().detect(of(counts)).score[0, 0]) < 1


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (flows(14), "insufficient_history"),
        (flows(15), "ok"),
        (np.full((5, 40), np.nan), "no_data"),
        (np.hstack([flows(39), np.zeros((5, 1))]), "no_data"),
        (np.full((5, 40), 7.0), "constant"),
        (flows(40)[:, ::-1] * 1e6, "ok"),
    ],
)
def test_each_case_has_its_status(rows, expected):
    """Too short, nothing published, nobody came, never moved: each says so."""
    scores = Composition().detect(of(rows))

    assert STATUSES[scores.status[0, 0]] == expected
    assert np.isfinite(scores.score[0, 0]) == (expected == "ok")


def test_the_rate_says_against_how_many_months():
    """One in n + 1: eleven months for one a year, twenty-three for one in two."""
    rare = Composition(CompositionParameters(false_alarms_per_year=0.5))

    assert (Composition().history_periods(12), rare.history_periods(12), rare.least_history) == (11, 23, 26)


def test_what_no_detector_can_take_is_an_error():
    """Another word for the periods wanted is refused by name."""
    with pytest.raises(DetectorError, match="composition: judge is 'last'"):
        Composition().detect(of(flows(20)), judge="last")


@pytest.mark.shared
def test_the_venezuelans_of_2022_are_seen(shared):
    """In the Darién the mix moves from Haitians to Venezuelans: it alarms from December 2021 until September 2022, and says so."""
    figures = pd.read_csv(shared / "data" / "figures" / "panama_darien_monthly.csv")
    months = pd.period_range("2020-01", "2025-04", freq="M").astype(str)
    counts = figures[figures.nationality != "TOTAL"].pivot_table(index="nationality", columns="period", values="persons", aggfunc="sum")
    counts = counts.reindex(columns=months).fillna(0)
    scores = Composition().detect(of(counts.to_numpy(), counts.index), judge="all")
    told = months[scores.alarm[0]].tolist()

    assert told[:10] == [*months[23:33]]
    assert set(scores.leading[0, 24:33]) == {"VEN"}
    assert not scores.alarm[0, 37:54].any()


@pytest.mark.slow
@pytest.mark.parametrize("flow", [50, 2000])
def test_chance_moves_the_mix_as_often_as_stated(flow):
    """Whatever the flow and however dispersed the mix: once a year, within a tenth and three Monte-Carlo errors."""
    rng, rates = np.random.default_rng(8), []
    for _ in range(250):
        shares = rng.dirichlet(SHARES * 10, 60).T
        counts = rng.poisson(shares * rng.gamma(2, flow / 2, 60)).astype(float)
        scores = Composition().detect(of(counts), judge="all")
        judged = scores.status[0, 20:] == 0
        rates.append(scores.alarm[0, 20:][judged].mean() * 12)

    assert np.mean(rates) == pytest.approx(1, abs=0.1 + 3 * np.std(rates) / 250**0.5)
