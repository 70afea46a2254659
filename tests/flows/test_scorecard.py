"""The committed scorecard is what the bundle, the triggers and the code give."""

import json

import pytest

from flows import scorecard
from pillarfour.report import score_page


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Build the store of the bundle."""
    return scorecard.build_store(tmp_path_factory.mktemp("scorecard"))


@pytest.fixture(scope="module")
def kept(checkout):
    return json.loads((checkout / "docs" / "scorecard.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(settings, kept):
    """Replay and score; the forecasts, which take as long as all the rest, are held to the store by a test of their own."""
    return scorecard.document(scorecard.measure(settings, forecasts=False)) | {"nowcast": kept["nowcast"]}


def test_the_committed_scorecard_is_that_of_these_triggers(found, kept):
    """Run ``pillarfour scorecard`` and commit what it writes; the difference shows what a change of triggers does."""
    assert found == kept


@pytest.mark.slow
def test_the_committed_forecasts_are_those_of_the_store(settings, kept):
    """Made again on what was known on every publication since two years of the Darién were on record."""
    scored = scorecard.foresee(settings, triggers=settings.triggers)

    assert [(each.stage, each.subject, each.horizon, each.n) for each in scored] == [
        (each["stage"], each["subject"], each["horizon"], each["n"]) for each in kept["nowcast"]
    ]
    assert [each.mase for each in scored] == pytest.approx([each["mase"] for each in kept["nowcast"]], abs=2e-3)


def test_the_page_says_the_figures(found, checkout):
    """The page is made of the figures alone, and its pictures are there."""
    page = (checkout / "docs" / "scorecard.md").read_text(encoding="utf-8")

    assert score_page.render(found) == page
    assert all((checkout / "docs" / "images" / f"scorecard-{name}.png").exists() for name in {each["id"] for each in found["events"]})


def test_every_part_of_every_event_is_accounted_for(found):
    """Scored, or said why not; nothing is dropped."""
    events = {each["id"] for each in (*found["events"], *found["not_scored"])}

    assert len(events) == 25
    assert {each["status"] for each in found["events"]} <= {"caught", "late", "standing", "missed"}
    assert all((each["why"] is not None) == (each["status"] == "missed") for each in found["events"])


def test_every_rule_stands_beside_the_triggers(found):
    """Five simple rules and every detector alone, on the same series, with no more false alarms than the triggers."""
    comparison = found["comparison"]

    assert set(comparison["methods"]) == set(scorecard.OTHERS)
    assert len(scorecard.OTHERS) >= 14
    for method in comparison["methods"].values():
        for name, row in method["all"].items():
            assert row is None or row["false_alarms"] <= comparison["shipped"][name]["false_alarms"]
            assert row is None or row["of"] == comparison["shipped"][name]["of"]


def test_false_alarms_add_up(found):
    """Each trigger's false alarms are those listed, and those of its kind."""
    listed = [each["alert"].partition(":")[0] for each in found["false_alarms"]]

    for name, each in found["by_trigger"].items():
        assert listed.count(name) == each["false"]
    assert sum(each["all"]["false"] for each in found["costs"].values()) == len(listed)
