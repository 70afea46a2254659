"""Every leaf is known wherever leaves are asked, written down, and told."""

from typing import get_args

import pytest

from pillarfour import lookups
from pillarfour.alerts.model import Evidence
from pillarfour.delivery import clauses, facts, reasons
from pillarfour.delivery.wording import wording
from pillarfour.triggers import document, evaluate
from pillarfour.triggers.conditions import LEAVES, Leaf, StalenessLeaf, Test, UpstreamLeaf

LANGUAGES = ("en", "es")


def test_every_leaf_is_a_key_of_a_condition_and_has_its_sentence():
    """What can be written can be asked, and is said on the page of triggers."""
    kinds = set(get_args(Leaf))

    assert len(LEAVES) == len(kinds) >= 10
    assert {kind for name in LEAVES for kind in get_args(Test.model_fields[name].annotation) if kind is not type(None)} == kinds
    assert set(document.SAID) == kinds
    assert set(evaluate.ASKED) == kinds - {StalenessLeaf, UpstreamLeaf}


@pytest.mark.parametrize("name", LEAVES)
def test_every_leaf_has_its_words_in_the_mail(name):
    """What it found, what it asks, and how decisive it is; a detector's and another stage's are said apart."""
    assert name in facts.FOUND or name == "upstream"
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
