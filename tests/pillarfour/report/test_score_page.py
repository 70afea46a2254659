"""The page says its figures in plain words."""

import json

import pytest

from pillarfour.report import score_page, score_words


@pytest.fixture(scope="module")
def card(checkout):
    return json.loads((checkout / "docs" / "scorecard.json").read_text(encoding="utf-8"))


def test_the_page_answers_what_is_asked_first(card):
    """Lead and cost of the event that everybody asks about; surges told; quiet times; other rules; what was missed; how it was chosen."""
    page = score_page.render(card)

    for said in (
        "days before**",
        "Labelled surges at a stage with data",
        "quiet stretches",
        "Lead at equal false alarms",
        "What was missed, and why",
    ):
        assert said in page
    assert "How the operating point was chosen" in page


def test_a_goal_that_is_missed_is_said_to_be_missed(card):
    """The sentence follows the figure."""
    surges = card["detection"]["labelled surges"]["all"]
    few = {**surges, "told": {**surges["told"], "hits": 1, "share": 0.1}}
    worse = {**card, "detection": {**card["detection"], "labelled surges": {"all": few}}}

    assert "is not reached" in next(iter(score_words.surges(worse)))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (score_words.days(-41.0), "−41"),
        (score_words.percent(0.925), "92 %"),
        (score_words.number(None), ""),
        (score_words.number(0.123456), "0.12"),
        (score_words.rate({"rate": 0.5, "interval": [0.1, 1.5]}), "0.50 [0.10, 1.50]"),
        (score_words.rate({"rate": None, "interval": None}), ""),
    ],
)
def test_figures_are_said_as_people_read_them(said, expected):
    """A true minus, a share in hundredths, and nothing where there is nothing."""
    assert said == expected


def test_a_bar_in_a_cell_ends_no_column():
    """Markdown reads it as text."""
    assert list(score_words.table(("a",), [("x|y",)]))[-1] == "| x\\|y |"
    assert list(score_words.table(("a",), [])) == ["None."]
