"""Tests of a night's facts."""

import json
import math
from dataclasses import replace

import pytest

from pillarfour.alerts.model import AlertKey, Condition, Evidence
from pillarfour.delivery.night import Night, Topic, as_json, not_met

TOPIC = Topic(subject="Honduran nationals", place="Mexico", counts="events")


def condition(*, kind="surge", **evidence: Evidence) -> Condition:
    return Condition(
        key=AlertKey(trigger="mexico-surge", stage="mexico", subject="HND"),
        kind=kind,
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


def test_a_night_is_json(haitian_night: Night):
    """Figures, dates, the condition's tree and the chart are all there for machines."""
    told = json.loads(as_json(haitian_night))

    assert told["known_on"] == "2021-07-12"
    assert told["news"][0]["transition"]["condition"]["evidence"]["warning"]["parts"][0]["figures"]["value"] == 6527
    assert told["news"][0]["chart"]["observed"][-1] == 6527
    assert [part["value"] for part in told["news"][0]["parts"]] == [5293, 323, 911]


def test_a_missing_figure_is_null_in_json(haitian_night: Night):
    """NaN is no JSON."""
    news = haitian_night.news[0]
    torn = replace(news.transition, condition=replace(news.transition.condition, value=math.nan))
    told = json.loads(as_json(replace(haitian_night, news=(replace(news, transition=torn),))), parse_constant=pytest.fail)

    assert told["news"][0]["transition"]["condition"]["value"] is None


def test_the_lowest_level_is_the_nearest():
    """What a silent trigger would have needed is told for its lowest level, and only what was missing."""
    found = not_met(
        condition(
            emergency=leaf("12,993 is below 60,000", value=12993, threshold=60000),
            watch=Evidence(
                test="all",
                held=False,
                text="",
                parts=(leaf("older than a year", held=True), leaf("12,993 is below 15,000", value=12993, threshold=15000)),
            ),
        ),
        topic=TOPIC,
    )

    assert (found.level, found.needed, found.value) == ("watch", "12,993 is below 15,000", 12993)
    assert found.nearness == pytest.approx(12993 / 15000)


@pytest.mark.parametrize(
    ("kind", "figures", "nearness"),
    [
        ("surge", {"score": 0.8, "value": 3, "threshold": 4}, 0.8),
        ("collapse", {"score": -0.8}, 0.8),
        ("collapse", {"value": 200, "threshold": 100}, 0.5),
        ("surge", {"value": 0, "threshold": 100}, None),
        ("outage", {}, None),
    ],
)
def test_nearness_is_one_at_the_threshold(kind: str, figures: dict[str, float], nearness: float | None):
    """Scores count where there are any, in the direction that the trigger watches."""
    found = not_met(condition(kind=kind, watch=leaf("x", **figures)), topic=TOPIC)

    assert found.nearness == (nearness if nearness is None else pytest.approx(nearness))


@pytest.mark.parametrize(("test", "needed", "nearness"), [("all", "a; b", 0.1), ("any", "a or b", 0.9)])
def test_parts_are_told_and_measured_as_they_are_joined(test: str, needed: str, nearness: float):
    """All are as far as the farthest of them, any as near as the nearest."""
    parts = (leaf("a", value=9, threshold=10), leaf("b", value=1, threshold=10))
    found = not_met(condition(watch=Evidence(test=test, held=False, text="", parts=parts)), topic=TOPIC)

    assert (found.needed, found.nearness) == (needed, pytest.approx(nearness))


def test_a_negation_is_told_as_a_whole():
    """What stands under a not is met, and would mislead if it were listed."""
    negation = Evidence(test="not", held=False, text="a correction is announced", parts=(leaf("it is", held=True),))

    assert not_met(condition(watch=negation), topic=TOPIC).needed == "a correction is announced"
