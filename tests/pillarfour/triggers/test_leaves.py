"""Every leaf is known wherever leaves are asked, written down, and told."""

from dataclasses import replace
from datetime import date
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from pillarfour import lookups
from pillarfour.alerts.model import Evidence
from pillarfour.delivery import clauses, facts, reasons
from pillarfour.delivery.wording import wording
from pillarfour.detection import INSUFFICIENT_HISTORY, OK, MixScores, Panel
from pillarfour.model import SeriesKey
from pillarfour.triggers import document, question, surroundings
from pillarfour.triggers.conditions import LEAVES, CompositionLeaf, ForecastLeaf, Leaf, StalenessLeaf, Test, UpstreamLeaf
from pillarfour.triggers.night import Night

LANGUAGES = ("en", "es")


def test_every_leaf_is_a_key_of_a_condition_and_has_its_sentence():
    """What can be written can be asked, and is said on the page of triggers."""
    kinds = set(get_args(Leaf))

    assert len(LEAVES) == len(kinds) >= 10
    assert {kind for name in LEAVES for kind in get_args(Test.model_fields[name].annotation) if kind is not type(None)} == kinds
    assert set(document.SAID) == kinds
    assert set(question.ASKED) == kinds - {ForecastLeaf, StalenessLeaf, UpstreamLeaf}


@pytest.mark.parametrize("name", LEAVES)
def test_every_leaf_has_its_words_in_the_mail(name):
    """What it found, what it asks, and how decisive it is; a detector's and another stage's are said apart."""
    assert (name in facts.FOUND) != (name in facts.PLACED)
    assert name in clauses.ASKED or name in {"detector", "upstream"}
    assert name in reasons.ORDER


MOVED = {
    "reference_period": "2022-01",
    "value": 4702,
    "detector": "mix",
    "status": "ok",
    "score": 2.41,
    "threshold": 1.0,
    "share": 0.1,
    "divergence": 0.377,
    "highest": 0.156,
    "leading": "VEN",
    "change": 0.315,
    "unseen": ["CMR", "NPL"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_moved_mix_is_told_with_who_and_by_how_much(language):
    """The divergence against the largest of its history, the nationality that leads, its points, and who is new."""
    said = facts.sentence(Evidence(test="composition", held=True, text="", figures=MOVED), wording(language), turned=False, names={})

    for told in ("0.377", "0.156", "31.5", lookups.name("VEN", language), lookups.name("CMR", language), lookups.name("NPL", language)):
        assert told in said
    assert ("Never seen there before" in said) is (language == "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("figures", [MOVED, {**MOVED, "share": None}, {**MOVED, "share": None, "threshold": 2.0}])
def test_what_a_mix_would_have_to_do_is_said_with_its_opposite(language, figures):
    """The end of an alert is told in the words of its condition, turned round."""
    leaf = Evidence(test="composition", held=True, text="the leaf's own text", figures=figures)
    plain, turned = (clauses.said(leaf, wording(language), names={}, turned=each) for each in (False, True))

    assert plain != turned
    assert leaf.text not in plain + turned


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mix_that_moved_little_is_not_called_a_record(language):
    """Where the condition is not met the figures are given, and nobody is named."""
    figures = {**MOVED, "divergence": 0.1, "score": 0.64}
    said = facts.sentence(Evidence(test="composition", held=False, text="", figures=figures), wording(language), turned=True, names={})

    assert "0.100" in said
    assert lookups.name("VEN", language) not in said


@pytest.mark.parametrize(("language", "words"), [("en", "after 2 of the newest 2 releases"), ("es", "tras 2 de las 2 publicaciones")])
def test_releases_are_told_as_releases_and_not_as_months(language, words):
    """Held after two publications of one month is not held in two months."""
    part = Evidence(test="level", held=True, text="", figures={"value": 9002, "at_least": 5000, "reference_period": "2025-01"})
    held = Evidence(test="for", held=True, text="", figures={"needed": 2, "releases": 2}, parts=(part, part))

    assert any(words in sentence for sentence in reasons.why(held, wording(language), names={}))
    assert any(words in sentence for sentence in reasons.ending(held, wording(language), names={}))


def mixed(*, score: float, status: int = OK, change: float = 0.2, total: float = 4000, unseen: tuple[str, ...] = ()) -> Night:
    """Give a night on which one stage's mix has been judged once."""
    panel = Panel(
        values=np.array([[total], [1000.0]]),
        series=(SeriesKey(stage="darien", subject="total"), SeriesKey(stage="darien", subject="VEN")),
        periods=pd.period_range("2022-01", periods=1, freq="M"),
        unit="persons",
    )
    scores = MixScores(
        panel=replace(panel, values=np.array([[0.3]]), series=(SeriesKey(stage="darien", subject="mix"),), unit="bits"),
        columns=np.arange(1),
        **{name: np.array([[0.1]]) for name in ("expected", "lower", "upper", "p_value")},
        score=np.array([[score]]),
        status=np.array([[status]], dtype=np.int8),
        false_alarms_per_year=1.0,
        method="composition",
        leading=np.array([["VEN"]], dtype=object),
        change=np.array([[change]]),
        unseen=np.array([[None]], dtype=object),
    )
    scores.unseen[0, 0] = unseen
    return Night(known_on=date(2022, 2, 12), panel=panel, scores={"mix": scores}, freshness={})


@pytest.mark.parametrize(
    ("known", "held"),
    [
        (mixed(score=1.0), True),
        (mixed(score=0.99), False),
        (mixed(score=1.5, change=-0.2), True),
        (mixed(score=1.5, change=0.09), False),
        (mixed(score=1.5, total=1999), False),
        (mixed(score=float("nan"), status=INSUFFICIENT_HISTORY), None),
        (mixed(score=1.5, total=float("nan")), None),
        (replace(mixed(score=1.5), scores={}), None),
    ],
)
def test_a_mix_is_held_against_threshold_share_and_floor(known, held):
    """A record of a handful, or of a few points, is none; what cannot be judged is open."""
    leaf = CompositionLeaf(use="mix", share=0.1, floor=2000)
    line = known.line(SeriesKey(stage="darien", subject="total"), unit="persons")

    assert surroundings.ask_composition(leaf, line, 0).held is held


def test_who_is_new_is_a_nationality_and_rests_on_its_figure():
    """Other and stateless are nobody's name; a revision of who led or came is one of the alert's figures."""
    line = mixed(score=2.0, unseen=("CMR", "OOO", "XXA")).line(SeriesKey(stage="darien", subject="total"), unit="persons")
    found = surroundings.ask_composition(CompositionLeaf(use="mix"), line, 0)

    assert found.figures["unseen"] == ["CMR"]
    assert found.figures["beside"] == ["darien/VEN", "darien/CMR"]
    assert "first seen: CMR" in found.text
