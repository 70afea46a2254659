"""Tests of what became of alerts."""

from dataclasses import replace
from datetime import date

import pytest

from pillarfour.alerts.cases import Corridor
from pillarfour.alerts.model import AlertKey, Figure
from pillarfour.delivery.night import Topic
from pillarfour.report import outcomes
from pillarfour.report.period import ended

CORRIDOR = Corridor(stages=("darien", "mexico", "us_southwest"), groups={"haitian": ("HTI", "BRA", "CHL")})
QUARTER = ended("quarterly", date(2021, 9, 30))


@pytest.fixture
def lives(releases):
    def read(*events, said=()):
        return outcomes.lives(events, said=said, releases=releases, topic=lambda key: Topic(subject={"en": key.subject, "es": key.subject}))

    return read


def test_a_life_goes_from_its_beginning_to_its_end(lives, event):
    """Raised once, then resolved; only pending before, which is no alert."""
    (life,) = lives(
        event("2021-06-12", "pending", level=None),
        event("2021-07-12", "active", before="pending"),
        event("2021-08-12", "active", before="active", level="emergency", reference_period="2021-07", value=15488.0),
        event("2021-11-12", "resolved", before="active", level=None, reference_period="2021-10", value=100.0),
    )

    assert (life.began, life.ended, life.how) == (date(2021, 7, 12), date(2021, 11, 12), "resolved")
    assert (life.level, life.highest, life.began_with, life.reference_period, life.value) == (
        "emergency",
        "emergency",
        "2021-06",
        "2021-07",
        15488.0,
    )
    assert (life.source, life.published_on, life.changes) == ("panama_darien", date(2021, 7, 12), ())


def test_an_alert_that_begins_again_has_a_second_life(lives, event):
    """What ended stays ended."""
    found = lives(
        event("2021-07-12", "active"),
        event("2021-08-12", "resolved", before="active", level=None),
        event("2021-09-12", "active", before="resolved", level="warning"),
    )

    assert [(life.began, life.ended) for life in found] == [(date(2021, 9, 12), None), (date(2021, 7, 12), date(2021, 8, 12))]


def test_a_retraction_names_the_figures_that_changed(lives, event):
    """As announced, and as they were found revised."""
    revised = Figure(series="darien/haitian", reference_period="2021-06", value=527.0, release="panama_darien/2021-08-12-bbbbbbbb")
    (life,) = lives(
        event("2021-07-12", "active"),
        event("2021-08-12", "retracted", before="active", level=None, figures=(revised,)),
    )

    assert life.how == "retracted"
    assert [(each.before.value, each.after.value) for each in life.changes] == [(6527.0, 527.0)]


def test_an_acknowledgement_is_of_its_alert_and_level(lives, event, act):
    """One of a lower level, or of an earlier life, says nothing of this one."""
    (seen,) = lives(event("2021-07-12", "active", level="warning"), said=[act])
    (risen,) = lives(event("2021-07-12", "active", level="emergency"), said=[act])
    (later,) = lives(event("2021-07-14", "active", level="warning"), said=[act])

    assert (seen.acknowledged, risen.acknowledged, later.acknowledged) == (act, None, None)


def test_a_period_has_whatever_stood_on_one_of_its_days(life):
    """Also what ended on its first day or began on its last; nothing that ended before or began after."""
    begun, gone = life(began=date(2021, 9, 30)), life(began=date(2021, 1, 12), ended=date(2021, 7, 1))
    before, after = life(began=date(2021, 1, 12), ended=date(2021, 6, 30)), life(began=date(2021, 10, 1))

    assert outcomes.during([begun, gone, before, after], QUARTER) == [begun, gone]


def test_delays_are_counted_from_the_end_of_the_month_and_from_the_publication(life):
    """12 and 20 days to the publication, 0 and 3 to the alert; outages and revisions have neither."""
    found = list(
        outcomes.delays(
            [
                life(),
                life(published_on=date(2021, 7, 20), began=date(2021, 7, 23)),
                life(kind="outage", source=None, published_on=None),
                life(kind="revision"),
            ],
            titles={"panama_darien": "Darién"},
        )
    )

    assert [(each.title, each.alerts, each.to_publication, each.to_alert) for each in found] == [("Darién", 2, (16.0, 20), (1.5, 3))]


NEXT = AlertKey(trigger="haitian-corridor", stage="mexico", subject="haitian")
LATER = [
    pytest.param({"key": NEXT}, "confirmed", id="the same people at the next stage"),
    pytest.param({"key": replace(NEXT, subject="HTI")}, "confirmed", id="a member of the group"),
    pytest.param({"key": replace(NEXT, subject="VEN")}, "open", id="other people"),
    pytest.param({"key": NEXT, "kind": "collapse"}, "open", id="the other direction"),
    pytest.param({"key": NEXT, "how": "retracted", "ended": date(2021, 9, 1)}, "open", id="retracted there"),
    pytest.param({"key": NEXT, "began": date(2021, 6, 30)}, "open", id="begun before"),
    pytest.param({"key": replace(NEXT, stage="us_southwest")}, "open", id="a stage further"),
]


@pytest.mark.parametrize(("changes", "outcome"), LATER)
def test_an_alert_is_confirmed_by_the_next_stage_on_the_way(life, changes, outcome):
    """By the same people and direction, begun while it stood."""
    other = life(**{"began": date(2021, 10, 20), **changes})
    score = outcomes.score([life(), other], QUARTER, corridor=CORRIDOR)

    assert getattr(score, outcome) == 1


def test_every_alert_of_a_movement_is_counted_once(life):
    """Retracted, resolved, standing at the last stage; an outage is none of them."""
    found = [
        life(how="retracted", ended=date(2021, 8, 12)),
        life(how="resolved", ended=date(2021, 8, 12)),
        life(key=replace(NEXT, stage="us_southwest", subject="VEN")),
        life(kind="outage"),
        life(began=date(2021, 10, 1)),
    ]
    score = outcomes.score(found, QUARTER, corridor=CORRIDOR)

    assert (score.alerts, score.confirmed, score.retracted, score.resolved, score.open, score.last_stage) == (3, 0, 1, 1, 0, 1)
