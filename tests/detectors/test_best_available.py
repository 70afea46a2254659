"""Which method answers, and that its answer is its own."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import detectors.best_available
from detectors.best_available import BestAvailable, BestAvailableParameters, member
from pillarfour.detection import NOT_CONVERGED, STATUSES

FIGURES = ("expected", "lower", "upper", "score", "p_value")


def test_the_first_that_can_judge_answers(draw_counts, panel_of):
    """Nobody for nine months, ears to the year, cusum until past years are known, then farrington; and it says so."""
    scores = BestAvailable().detect(panel_of(draw_counts(2, 90, mean=100, dispersion=0.1)), judge="all")
    frame = scores.to_frame()
    spans = {name: len(rows) for name, rows in frame[frame.series == "series 0"].groupby("method", sort=False, dropna=False)}
    needed = {name: member(name, rate=0.5).least_history for name in scores.methods}

    assert list(spans)[1:] == ["ears", "cusum", "farrington"]
    assert list(spans.values())[:3] == [9, 3, needed["farrington"] - needed["cusum"]]
    assert frame.status[frame.method.isna()].eq("insufficient_history").all()


def test_an_answer_is_that_methods_own(draw_counts, panel_of):
    """Every figure is what the method alone says of the same panel at the same rate."""
    panel = panel_of(draw_counts(3, 90, mean=30, dispersion=0.3, season=0.3))
    scores = BestAvailable(BestAvailableParameters(false_alarms_per_year=0.2)).detect(panel, judge="all")
    for order, name in enumerate(scores.methods):
        alone = member(name, rate=0.2).detect(panel, judge="all")
        answered = scores.answered_by == order
        assert answered.any()
        for figures in FIGURES:
            np.testing.assert_allclose(getattr(scores, figures)[answered], getattr(alone, figures)[answered], rtol=1e-12)


def test_series_of_any_length_stand_side_by_side(draw_counts, panel_of):
    """Each series is answered by what its own history allows."""
    counts = draw_counts(4, 90, mean=100, dispersion=0.1)
    counts[1, :60], counts[2, :79], counts[3, :87] = np.nan, np.nan, np.nan
    scores = BestAvailable().detect(panel_of(counts))

    assert scores.to_frame().method.tolist()[:3] == ["farrington", "cusum", "ears"]
    assert scores.answered_by[3, 0] == -1
    assert STATUSES[scores.status[3, 0]] == "insufficient_history"


def test_what_did_not_converge_leaves_the_answer_to_the_next(draw_counts, panel_of, monkeypatch):
    """A failed fit is no answer while another method has one, and is told where none has."""
    counts = panel_of(draw_counts(1, 60, mean=100, dispersion=0.1))
    monkeypatch.setattr("detectors.state_space.estimate", lambda *_, **__: None)
    answered = BestAvailable(BestAvailableParameters(methods=("state_space", "cusum"))).detect(counts)
    alone = BestAvailable(BestAvailableParameters(methods=("state_space",))).detect(counts)

    assert answered.to_frame().method.tolist() == ["cusum"]
    assert alone.status.tolist() == [[NOT_CONVERGED]]
    assert alone.answered_by.tolist() == [[-1]]


def test_the_order_is_the_analysts(draw_counts, panel_of):
    """Whatever stands first is asked first; a method named twice or not known is refused."""
    counts = panel_of(draw_counts(1, 60, mean=100, dispersion=0.1))

    assert BestAvailable(BestAvailableParameters(methods=("ears", "cusum"))).detect(counts).to_frame().method.tolist() == ["ears"]
    with pytest.raises(ValidationError, match="name each once"):
        BestAvailableParameters(methods=("cusum", "cusum"))
    with pytest.raises(ValidationError, match="farrington"):
        BestAvailableParameters(methods=("fourier",))


@pytest.mark.shared
def test_in_mid_2021_the_short_methods_carry_the_load(shared, panel_of):
    """The Darién's record begins in 2020: the Haitian rise of June 2021 is told, by cusum."""
    figures = pd.read_csv(shared / "data" / "figures" / "panama_darien_monthly.csv")
    group = figures[figures.nationality.isin(["HTI", "BRA", "CHL"])].groupby("period").persons.sum()
    months = pd.period_range("2020-01", "2021-06", freq="M").astype(str)
    row = BestAvailable().detect(panel_of([group.reindex(months, fill_value=0)], start="2020-01")).to_frame().iloc[0]

    assert (row.method, row.alarm, row.direction) == ("cusum", True, 1)


def test_every_name_makes_its_method():
    """The list of names and the methods made are the same."""
    names = detectors.best_available.Name.__args__

    assert [member(name, rate=0.3).name for name in names] == list(names)
    assert {member(name, rate=0.3).parameters.false_alarms_per_year for name in names} == {0.3}
