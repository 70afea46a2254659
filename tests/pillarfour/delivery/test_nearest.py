"""Tests of what a silent trigger says."""

import pytest

from pillarfour.alerts.model import AlertKey, Condition, Evidence
from pillarfour.delivery.nearest import not_met
from pillarfour.delivery.night import Topic
from pillarfour.delivery.reasons import lacking
from pillarfour.delivery.wording import ENGLISH

TOPIC = Topic(subject={"en": "Honduran nationals", "es": "Nacionales de Honduras"}, counts="events")


def condition(**evidence: Evidence) -> Condition:
    return Condition(
        key=AlertKey(trigger="mexico-surge", stage="mexico", subject="HND"),
        kind="surge",
        level=None,
        clear=True,
        reference_period="2021-04",
        value=12993,
        expected=11000,
        unit="events",
        evidence=evidence,
        rule_sha256="0" * 64,
    )


def leaf(text: str, *, held: bool | None = False, **figures: float) -> Evidence:
    return Evidence(test="level", held=held, text=text, figures=figures)


def test_the_lowest_level_is_the_nearest():
    """What a silent trigger would have needed is told for its lowest level, and only what was missing."""
    found = not_met(
        condition(
            emergency=leaf("12,993 is below 60,000", value=12993, at_least=60000),
            watch=Evidence(
                test="all",
                held=False,
                text="",
                parts=(leaf("older than a year", held=True), leaf("12,993 is below 15,000", value=12993, at_least=15000)),
            ),
        ),
        topic=TOPIC,
    )

    assert (found.level, found.value) == ("watch", 12993)
    assert lacking(found.needed, ENGLISH, names={}) == "the figure is at least 15,000"
    assert found.nearness == pytest.approx(12993 / 15000)


@pytest.mark.parametrize(
    ("figures", "nearness"),
    [
        ({"score": 1.2, "threshold": 1.5, "value": 3, "direction": "up"}, 0.8),
        ({"score": -1.2, "threshold": 1.5, "value": 3, "direction": "down"}, 0.8),
        ({"value": 200, "at_most": 100}, 0.5),
        ({"value": 150, "before": 100, "factor": 2}, 0.75),
        ({"value": 80, "before": 100, "factor": 0.4}, 0.5),
        ({"value": 80, "highest": 100}, 0.8),
        ({"overdue_days": 3, "days": 30}, 0.1),
        ({"value": None, "at_least": 100}, None),
        ({"score": -3.0, "threshold": 1.5, "direction": "up"}, None),
        ({}, None),
    ],
)
def test_nearness_is_one_at_the_threshold(figures: dict[str, float], nearness: float | None):
    """Each kind of leaf is measured by what it asks for, in its direction."""
    found = not_met(condition(watch=leaf("x", **figures)), topic=TOPIC)

    assert found.nearness == (nearness if nearness is None else pytest.approx(nearness))


def told(evidence: Evidence) -> tuple[str, float | None]:
    found = not_met(condition(watch=evidence), topic=TOPIC)
    assert found.needed is not None
    return lacking(found.needed, ENGLISH, names={}), found.nearness


def test_of_a_duration_only_the_newest_period_can_be_near():
    """What earlier periods lacked cannot be mended any more."""
    newest, earlier = leaf("newest", value=9, at_least=10), leaf("earlier", value=1, at_least=10)

    assert told(Evidence(test="for", held=False, text="1 of 2", parts=(newest, earlier))) == (
        "the figure is at least 10",
        pytest.approx(0.9),
    )


def test_a_duration_not_yet_reached_is_told_as_such():
    """The newest period is met, but not for long enough."""
    parts = (leaf("newest", held=True), leaf("earlier"))
    needed, _ = told(Evidence(test="for", held=False, text="1 of 2 periods", figures={"needed": 2}, parts=parts))

    assert needed == "2 of 2 months are asked for"


@pytest.mark.parametrize(
    ("test", "needed", "nearness"),
    [
        ("all", "the figure is at least 10 and the figure is at least 20", 0.05),
        ("any", "the figure is at least 10, or the figure is at least 20", 0.9),
    ],
)
def test_parts_are_told_and_measured_as_they_are_joined(test: str, needed: str, nearness: float):
    """All are as far as the farthest of them, any as near as the nearest."""
    parts = (leaf("a", value=9, at_least=10), leaf("b", value=1, at_least=20))

    assert told(Evidence(test=test, held=False, text="", parts=parts)) == (needed, pytest.approx(nearness))


def test_a_negation_is_told_as_a_whole():
    """What stands under a not is met, and would mislead if it were listed as it is."""
    negation = Evidence(test="not", held=False, text="", parts=(leaf("it is", held=True, value=12, at_least=10),))

    assert told(negation)[0] == "the figure is under 10"
