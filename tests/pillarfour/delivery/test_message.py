"""Tests of what a message says."""

from dataclasses import replace
from datetime import date

import pytest

from pillarfour.alerts.model import Condition, Transition
from pillarfour.delivery import digest, message
from pillarfour.delivery.night import Freshness, News, Night, NotMet, Topic


def changed(news: News, *, condition=None, **transition) -> News:
    """Change a transition, and its condition."""
    before: Transition = news.transition
    return replace(news, transition=replace(before, condition=replace(before.condition, **(condition or {})), **transition))


@pytest.fixture
def news(haitian_night: Night) -> News:
    return haitian_night.news[0]


def test_the_subject_says_level_who_where_how_much_and_how_unusual(haitian_night: Night):
    """The officer knows from the list of messages."""

    assert message.subject(haitian_night) == "[WARNING] Haitian nationals, Darién: 6,527 in June 2021, 3 × what was expected (pillarfour)"


def test_the_opening_says_what_where_how_much_and_since_when(haitian_night: Night):
    """The first line stands alone."""

    assert message.opening(haitian_night) == (
        "Haitian nationals, Darién: 6,527 in June 2021, 3 × what was expected. WARNING since 12 July 2021; before: no alert."
    )


def test_a_quiet_night_says_what_stands_and_what_failed(quiet_night: Night):
    """Silence is never ambiguous."""

    assert (
        message.subject(quiet_night)
        == "[quiet] Nothing new on 12 July 2021; 1 alert standing; 1 release held; 1 document failed (pillarfour)"
    )
    assert (
        message.subject(replace(quiet_night, standing=(), held=(), failed=()))
        == "[quiet] Nothing new on 12 July 2021; no alerts standing (pillarfour)"
    )


@pytest.mark.parametrize(
    ("mark", "start"), [("exercise", "[EXERCISE] [WARNING] "), ("past", "[PAST NIGHT] [WARNING] "), ("live", "[WARNING] ")]
)
def test_exercises_and_past_nights_are_marked(haitian_night: Night, mark, start):
    """Nobody takes an exercise or a replay for news."""

    assert message.subject(replace(haitian_night, mark=mark)).startswith(start + "Haitian")


def test_the_highest_level_leads(haitian_night: Night, news: News):
    """An emergency comes before a warning, an alert that stands before one that ended, and the subject counts the rest."""
    emergency = changed(news, level="emergency", key=replace(news.transition.key, subject="total"))
    ended = changed(news, after="resolved", before="active", level=None, level_before="emergency")
    night = replace(haitian_night, news=(ended, news, emergency))

    assert [message.label(entry) for entry in message.in_order(night)] == ["EMERGENCY", "WARNING", "resolved"]
    assert message.subject(night).startswith("[EMERGENCY] ")
    assert "; and 2 other changes (pillarfour)" in message.subject(night)
    assert message.opening(night).endswith(" 2 other changes below.")


@pytest.mark.parametrize(
    ("transition", "said"),
    [
        ({"before": "quiet", "after": "active", "level_before": None}, "WARNING since 12 July 2021; before: no alert."),
        ({"before": "active", "after": "active", "level_before": "watch"}, "Raised from WATCH to WARNING; alert since 12 July 2021."),
        (
            {"before": "active", "after": "active", "level_before": "emergency"},
            "Lowered from EMERGENCY to WARNING; alert since 12 July 2021.",
        ),
        ({"before": "active", "after": "active", "level_before": "warning"}, "Still WARNING; alert since 12 July 2021."),
        ({"before": "active", "after": "resolved", "level": None, "level_before": "watch"}, "Resolved; it was WATCH since 12 July 2021."),
        (
            {"before": "active", "after": "retracted", "level": None, "level_before": "watch"},
            "RETRACTED: revised figures no longer support the WATCH of 12 July 2021.",
        ),
        ({"before": "quiet", "after": "pending", "level": None}, "Pending EMERGENCY: to be confirmed before it is an alert."),
        ({"before": "pending", "after": "quiet", "level": None}, "No longer pending; no alert."),
    ],
)
def test_every_change_is_said_in_words(news: News, transition, said):
    """Each step of an alert's life has its sentence."""

    assert message.change(changed(news, condition={"pending": "emergency"}, **transition)) == said


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"kind": "collapse", "value": 73, "expected": 5900.0}, "73 in June 2021, 1.2 % of what was expected"),
        ({"kind": "collapse", "value": 0}, "0 in June 2021, none of what was expected"),
        ({"expected": None}, "6,527 in June 2021"),
        ({"expected": 0.0}, "6,527 in June 2021, none was expected"),
        ({"kind": "outage", "value": 12.0, "unit": "days"}, "nothing published after June 2021, 12 days overdue"),
        ({"kind": "outage", "value": 0.0, "unit": "days"}, "nothing published after June 2021"),
        ({"kind": "outage", "value": None, "reference_period": None}, "nothing ever published"),
        ({"value": None}, "no figure"),
    ],
)
def test_a_missing_figure_is_never_a_zero(news: News, condition, said):
    """Collapse, zero, outage and no figure are four different sentences."""
    told: Condition = changed(news, condition=condition).transition.condition

    assert message.figure(told) == said


def test_a_run_of_alarms_is_counted_to_its_first_month(news: News):
    """Three unusual months in a row are said so; the month that broke an earlier run is not passed over."""
    chart = replace(news.chart, alarms=("2021-01", "2021-02", "2021-04", "2021-05", "2021-06"))

    assert message.change(replace(news, chart=chart)).endswith("before: no alert; outside the usual range for 3 months, since April 2021.")


def test_reasons_give_the_tree_in_order(news: News):
    """Each node stands under its parent, with whether it was met; groups without words get theirs."""

    assert [(reason.depth, reason.met, reason.text) for reason in message.reasons(news)] == [
        (0, "met", "all of these:"),
        (1, "met", "stl: 6,527 in June 2021, expected 2,147, upper bound 3,865"),
        (1, "met", "6,527 is at least 1,000"),
        (1, "met", "not this:"),
        (2, "not met", "June 2021 is a known reporting error"),
    ]


def test_caveats_name_what_the_figures_are_not(haitian_night: Night, news: News):
    """Events are not persons, rebuilt is not original, reconstructed is not seen."""
    told = "\n".join(message.caveats(news, night=haitian_night))

    assert "What is counted: crossings (persons counted at each crossing)." in told
    assert "Events are not persons" in told
    assert "rebuilt from published figures, not the publisher's originals" in told
    assert "reconstructed from the publisher's usual calendar: 2 of 2" in told
    assert "Known break from April 2020: Panama closes its land border." in told


def test_caveats_are_told_only_where_they_hold(haitian_night: Night, news: News):
    """Persons are not called events, nor originals rebuilt."""
    persons = changed(news, condition={"unit": "persons"})
    seen = replace(persons, releases=tuple(replace(release, published_basis="observed") for release in news.releases))
    original = replace(haitian_night, sources=tuple(replace(source, rebuilt=False) for source in haitian_night.sources))
    told = "\n".join(message.caveats(seen, night=original))

    assert not any(words in told for words in ("Events are not persons", "rebuilt", "reconstructed"))


def test_a_held_release_of_the_same_source_is_a_caveat(haitian_night: Night, news: News):
    """Who reads an alert learns that a newer release of that source is not in it."""
    held = replace(news.releases[0], status="held")

    assert "Newer figures may exist: 1 release of this source held and not used." in message.caveats(
        news, night=replace(haitian_night, held=(held,))
    )


def test_the_command_cannot_run_another_one(news: News):
    """A key that ends the command and starts another is one quoted word."""
    hostile = changed(news, key=replace(news.transition.key, subject="x; rm -rf $HOME\n"))

    assert message.command(hostile) == "pillarfour alerts show 'haitian-corridor:darien/x; rm -rf $HOME'"


def test_the_digest_shows_the_nearest_first_and_counts_the_rest(quiet_night: Night):
    """Six series were asked; the four nearest are told and two are counted."""
    (mexico,) = digest.checked(quiet_night)

    assert mexico.title == "mexico-surge: not met for 6 series"
    assert [line.split(",")[0] for line in mexico.nearest] == [
        "Honduran nationals",
        "Guatemalan nationals",
        "Salvadoran nationals",
        "Cuban nationals",
    ]
    assert mexico.nearest[0] == "Honduran nationals, Mexico: 12,993 in April 2021; WATCH not met: 12,993 is below 15,000"
    assert mexico.rest == "and 2 further from it"


def test_a_series_without_a_figure_is_told_as_such(quiet_night: Night):
    """No figure is neither near nor far."""
    entry = NotMet(trigger="t", topic=Topic(subject="Haitian nationals"), level=None, reference_period=None, value=None, needed="")
    (told,) = digest.checked(replace(quiet_night, not_met=(entry,)))

    assert told.nearest == ("Haitian nationals: no figure",)


@pytest.mark.parametrize(
    ("expected_on", "line"),
    [(date(2021, 7, 10), "next expected 10 July 2021, 2 days late"), (date(2021, 7, 12), "next expected 12 July 2021")],
)
def test_lateness_is_counted_from_the_night(quiet_night: Night, expected_on: date, line: str):
    """On the day itself nothing is late."""
    source = replace(quiet_night.sources[0], next_expected_on=expected_on)

    assert line in digest.freshness(source, known_on=quiet_night.known_on)


def test_a_source_never_read_says_so():
    """Nothing is claimed of a source that has no figures and was not looked at."""

    assert digest.freshness(Freshness(source="s", title="S"), known_on=date(2021, 7, 12)) == [
        "no figures yet",
        "never looked at the publisher's pages",
    ]
