"""Tests of what a message says."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pillarfour.alerts.acts import Act
from pillarfour.alerts.model import Change, Condition, Evidence, Figure, Transition
from pillarfour.delivery import backdrop, contents, digest, message
from pillarfour.delivery.case import Case, cases
from pillarfour.delivery.night import Freshness, News, Night, NotMet, Topic
from pillarfour.delivery.wording import ENGLISH, wording

SPANISH = wording("es")


def changed(news: News, *, condition=None, **transition) -> News:
    """Change a transition, and its condition."""
    before: Transition = news.transition
    return replace(news, transition=replace(before, condition=replace(before.condition, **(condition or {})), **transition))


@pytest.fixture
def news(haitian_night: Night) -> News:
    return haitian_night.news[0]


@pytest.fixture
def case(haitian_night: Night) -> Case:
    (found,) = cases(haitian_night)
    return found


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (ENGLISH, "[WARNING] Haitian nationals, Darién: 6,527{} in June 2021, 3\u00a0× what was expected (pillarfour)"),
        (SPANISH, "[ADVERTENCIA] Nacionales de Haití, Darién: 6\u202f527{} en junio de 2021, 3\u00a0× lo esperado (pillarfour)"),
    ],
)
def test_the_subject_says_level_who_where_how_much_and_how_unusual(haitian_night: Night, case: Case, news: News, language, said: str):
    """The officer knows from the list of messages; persons go without saying there, events never do."""
    persons = replace(case, news=(changed(news, condition={"unit": "persons"}),))

    assert message.subject(case, haitian_night, language) == said.format(" events" if language is ENGLISH else " eventos")
    assert message.subject(persons, haitian_night, language) == said.format("")
    assert message.opening(persons, ENGLISH).startswith("Haitian nationals, Darién: 6,527 persons in June 2021, ")


def test_a_quiet_night_says_what_stands_and_what_failed(quiet_night: Night):
    """Silence is never ambiguous."""

    assert (
        digest.subject(quiet_night, ENGLISH)
        == "[digest] 12 July 2021: nothing new; 1 alert stands; 1 release held; 1 document failed (pillarfour)"
    )
    assert (
        digest.subject(replace(quiet_night, standing=(), held=(), failed=()), SPANISH)
        == "[resumen] 12 de julio de 2021: nada nuevo; 0 alertas en pie (pillarfour)"
    )


def test_the_highest_level_leads(haitian_night: Night, news: News):
    """An emergency comes before a warning, an alert that stands before one that ended, and each case has its own message."""
    emergency = changed(news, level="emergency", key=replace(news.transition.key, subject="total"))
    ended = changed(
        news, after="resolved", before="active", level=None, level_before="emergency", key=replace(news.transition.key, stage="x")
    )
    found = cases(replace(haitian_night, news=(ended, news, emergency)))

    assert [message.label(case.lead, ENGLISH) for case in found] == ["EMERGENCY", "WARNING", "RESOLVED"]


def test_what_is_only_pending_is_left_to_the_digest(haitian_night: Night, news: News):
    """An alert that is none yet wakes nobody."""

    assert cases(replace(haitian_night, news=(changed(news, after="pending", level=None),))) == []


@pytest.mark.parametrize(
    ("transition", "said"),
    [
        ({"before": "quiet", "after": "active", "level_before": None}, "Alert since 12 July 2021; before, none."),
        ({"before": "active", "after": "active", "level_before": "watch"}, "Raised from WATCH to WARNING; alert since 12 July 2021."),
        (
            {"before": "active", "after": "active", "level_before": "emergency"},
            "Lowered from EMERGENCY to WARNING; alert since 12 July 2021.",
        ),
        ({"before": "active", "after": "active", "level_before": "warning"}, "Still WARNING; alert since 12 July 2021."),
        (
            {"before": "active", "after": "resolved", "level": None, "level_before": "watch"},
            "Resolved; it was WATCH, alert since 12 July 2021.",
        ),
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

    assert message.change(changed(news, condition={"pending": "emergency"}, **transition), ENGLISH) == said


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"kind": "collapse", "value": 73, "expected": 5900.0}, "73 events in June 2021, 1.2\u00a0% of what was expected"),
        ({"kind": "collapse", "value": 0}, "0 events in June 2021, none of what was expected"),
        ({"expected": None}, "6,527 events in June 2021"),
        ({"expected": 0.0}, "6,527 events in June 2021, none was expected"),
        ({"expected": 5e-324}, "6,527 events in June 2021, none was expected"),
        ({"kind": "outage", "value": 12.0, "unit": "days"}, "nothing published after June 2021, 12 days overdue"),
        ({"kind": "outage", "value": 0.0, "unit": "days"}, "nothing published after June 2021"),
        ({"kind": "outage", "value": None, "reference_period": None}, "nothing ever published"),
        ({"value": None}, "no figure"),
    ],
)
def test_a_missing_figure_is_never_a_zero(news: News, condition, said):
    """Collapse, zero, outage and no figure are four different sentences."""
    told: Condition = changed(news, condition=condition).transition.condition

    assert message.figure(told, ENGLISH) == said


@pytest.mark.parametrize(
    ("condition", "transition", "said"),
    [
        ({}, {}, "Haitian nationals, Darién: "),
        ({}, {"after": "resolved", "before": "active"}, "Haitian nationals, Darién, rise: "),
        ({"kind": "collapse"}, {"after": "retracted", "before": "active"}, "Haitian nationals, Darién, fall: "),
        ({"kind": "surge", "expected": None}, {}, "Haitian nationals, Darién, rise: "),
        ({"kind": "shift", "expected": None}, {}, "Haitian nationals, Darién, change in who arrives: "),
        ({"kind": "revision", "expected": None}, {}, "Haitian nationals, Darién, revised figures: "),
        ({"kind": "outage", "unit": "days"}, {"after": "resolved", "before": "active"}, "Haitian nationals, Darién: "),
    ],
)
def test_the_headline_says_what_it_is_about_where_the_figure_does_not(news: News, condition, transition, said: str):
    """The end of a rise and the beginning of a fall can come on one night, of the same people and with the same figure."""

    assert message.headline(changed(news, condition=condition, **transition), ENGLISH).startswith(said)


def test_a_run_of_alarms_is_counted_to_its_first_month(news: News, case: Case):
    """Three unusual months in a row are said so; the month that broke an earlier run is not passed over."""
    chart = replace(news.chart, alarms=("2021-01", "2021-02", "2021-04", "2021-05", "2021-06"))

    assert ", outside the usual range since April 2021. " in message.opening(replace(case, news=(replace(news, chart=chart),)), ENGLISH)


def test_the_largest_are_not_taken_for_the_whole(news: News):
    """What the nationalities named leave of the figure is named too; where they are all of it, nothing is."""

    assert backdrop.parts(news, ENGLISH) == "Haiti 5,293, Brazil 323 and Chile 911"
    assert backdrop.parts(replace(news, parts=news.parts[:2]), ENGLISH) == "Haiti 5,293, Brazil 323 and others 911"
    assert backdrop.parts(replace(news, parts=news.parts[:2]), SPANISH) == "Haití 5\u202f293, Brasil 323 y otras 911"


def test_a_share_of_a_year_before_is_said_to_be_one(news: News):
    """Now and then are two shares."""
    figures = {"share": 0.0037, "total": 40929.0, "value": 151.0, "reference_period": "2020-06", "at_most": 0.03, "periods_before": 12}
    leaf = Evidence(test="share", held=True, text="", figures=figures)
    told = changed(
        news, condition={"evidence": {"warning": leaf}, "clear_evidence": Evidence(test="not", held=False, text="", parts=(leaf,))}
    )

    assert message.why(told, ENGLISH) == ["In June 2020 it was 0.37\u00a0% of the 40,929 of all nationalities."]
    assert message.ending(told, ENGLISH) == ["It ends after a month in which the share 12 months before was above 3\u00a0%."]
    assert message.ending(told, SPANISH) == ["Termina tras un mes en que la proporción de 12 meses antes fuera mayor que 3\u00a0%."]


def test_a_retraction_names_the_changed_figures(news: News):
    """What was announced, and what it is now."""
    before = Figure(series="darien/total", reference_period="2025-01", value=9002)
    told = changed(news, before="active", after="retracted", changes=(Change(before=before, after=replace(before, value=1710)),))

    assert message.why(told, ENGLISH) == ["The figure of January 2025 was announced as 9,002 and is 1,710 now."]
    assert message.why(told, SPANISH) == ["La cifra de enero de 2025 se anunció como 9\u202f002 y ahora es 1\u202f710."]


def test_an_alert_that_no_rule_asks_about_is_not_ended_by_figures(news: News):
    """A change of the rules is said as one."""
    told = changed(news, before="active", after="resolved", level=None, condition={"evidence": {}, "clear_evidence": None})

    assert message.why(told, ENGLISH) == ["The rules have changed: no trigger asks about it any more. No figure has ended it."]


def test_the_nearest_deadline_comes_first(case: Case, news: News):
    """Each step once, with the time it ends; a past night's have passed."""
    later = replace(news.response[0], within_hours=72, action={"en": "Check the figures.", "es": "Verificar las cifras."})
    both = replace(case, news=(replace(news, response=(later, *news.response)), news))
    now = datetime(2021, 7, 12, 11, 5, tzinfo=UTC)

    assert message.response(both, ENGLISH, now=now) == [
        "within 24 hours, by 13 July 2021, 11:05 UTC: Tell the reception centres at the next stage.",
        "within 72 hours, by 15 July 2021, 11:05 UTC: Check the figures.",
    ]
    assert message.response(both, SPANISH, now=None) == [
        "en un plazo de 24 horas: Avisar a los albergues de la etapa siguiente.",
        "en un plazo de 72 horas: Verificar las cifras.",
    ]


def test_caveats_name_what_the_figures_are_not(haitian_night: Night, case: Case, news: News):
    """Events are not persons, rebuilt is not original, reconstructed is not seen."""
    rebuilt = replace(news, releases=tuple(replace(release, rebuilt=True) for release in news.releases))
    told = "\n".join(backdrop.caveats(replace(case, news=(rebuilt,)), haitian_night, ENGLISH))

    assert "crossings (persons counted at each crossing)" in told
    assert "Events are not persons" in told
    assert "2 of 2 documents were rebuilt from published figures and are not the publisher's originals." in told
    assert "2 of 2 publication dates were not seen" in told
    assert "Known break from April 2020: Panama closes its land border." in told


def test_caveats_are_told_only_where_they_hold(haitian_night: Night, case: Case, news: News):
    """Persons are not called events, nor originals rebuilt."""
    persons = changed(news, condition={"unit": "persons"})
    seen = replace(persons, releases=tuple(replace(release, published_basis="observed") for release in news.releases))
    told = "\n".join(backdrop.caveats(replace(case, news=(seen,)), haitian_night, ENGLISH))

    assert not any(words in told for words in ("Events are not persons", "rebuilt", "not seen"))


def test_a_held_release_of_the_same_source_is_a_caveat(haitian_night: Night, case: Case, news: News):
    """Who reads an alert learns that a newer release of that source is not in it."""
    held = replace(news.releases[0], status="held")

    assert "Newer figures may exist: 1 release of this source is held and not used." in backdrop.caveats(
        case, replace(haitian_night, held=(held,)), ENGLISH
    )


def test_a_stage_that_counts_nobody_apart_says_so(news: News):
    """No figure is no zero."""
    darien, mexico = backdrop.corridor(news.corridor, ENGLISH)

    assert (darien["value"], darien["year_before"], darien["delay"]) == ("6,527", "135", "12 days after the month")
    assert (mexico["value"], mexico["period"]) == ("no figure", "")


def test_a_rise_that_ends_a_silence_says_whose_and_why(news: News):
    """The officer who had asked for quiet reads it in the first sentence."""
    silence = Act(
        key=news.transition.key,
        known_on=date(2021, 6, 20),
        kind="silenced",
        author="R. Díaz",
        reason="shelter full, known",
        recorded_at=datetime(2021, 6, 20, tzinfo=UTC),
        until=date(2021, 7, 31),
    )
    raised = replace(changed(news, before="active", after="active", level_before="watch"), lifted=silence)

    assert message.change(raised, ENGLISH).endswith("This ends the silence that R. Díaz set until 31 July 2021 (shelter full, known).")
    assert message.change(raised, SPANISH).endswith("que R. Díaz fijó hasta el 31 de julio de 2021 (shelter full, known).")


def test_the_command_cannot_run_another_one(news: News):
    """A key that ends the command and starts another is one quoted word."""
    hostile = changed(news, key=replace(news.transition.key, subject="x; rm -rf $HOME\n"))

    assert message.command(hostile, "show") == "pillarfour alerts show 'haitian-corridor:darien/x; rm -rf $HOME'"
    assert message.command(hostile, "derive") == "pillarfour alerts derive 'haitian-corridor:darien/x; rm -rf $HOME' --known-on 2021-07-12"


def test_the_digest_shows_the_nearest_and_counts_the_rest(quiet_night: Night):
    """Six series were asked; the nearest is told with what it lacked, and five are counted."""
    (mexico,) = digest.checked(quiet_night, ENGLISH)

    assert mexico.title == "mexico-surge:"
    assert mexico.nearest == "Honduran nationals, Mexico: 12,993 in April 2021; WATCH asks that the figure is at least 15,000."
    assert mexico.rest == "5 more are further from it."


def test_a_series_without_a_figure_is_told_as_such(quiet_night: Night):
    """No figure is neither near nor far."""
    topic = Topic(subject={"en": "Haitian nationals", "es": "Nacionales de Haití"})
    entry = NotMet(trigger="t", topic=topic, level=None, reference_period=None, value=None)
    (told,) = digest.checked(replace(quiet_night, not_met=(entry,)), SPANISH)

    assert told.nearest == "Nacionales de Haití: sin cifra."


@pytest.mark.parametrize(
    ("expected_on", "line"),
    [(date(2021, 7, 10), "next expected 10 July 2021, 2 days late;"), (date(2021, 7, 12), "next expected 12 July 2021;")],
)
def test_lateness_is_counted_from_the_night(quiet_night: Night, expected_on: date, line: str):
    """On the day itself nothing is late."""
    source = replace(quiet_night.sources[0], next_expected_on=expected_on)

    assert line in digest.freshness(source, ENGLISH, known_on=quiet_night.known_on)


def test_a_source_never_read_says_so():
    """Nothing is claimed of a source that has no figures and was not looked at."""
    told = digest.freshness(Freshness(source="s", title="S"), ENGLISH, known_on=date(2021, 7, 12))

    assert told == "no figures yet; page never looked at"


def test_a_trigger_on_trial_leads_no_case_that_is_real(haitian_night: Night, news: News):
    """Nobody takes an alert for a test because one stands beside it, nor the test for an alert, and the test asks nothing."""
    step = replace(news.response[0], action={"en": "Try this.", "es": "Probar esto."})
    tried = changed(replace(news, on_trial=True, response=(step,)), level="emergency", case_id="2021-07-12-rise-darien-haitian")
    real = changed(news, after="resolved", before="active", level=None, level_before="watch", case_id="2021-07-12-rise-darien-haitian")
    (case,) = cases(replace(haitian_night, news=(tried, replace(real, response=()))))
    _, fields = contents.of_case(case, haitian_night, ENGLISH, cids=(), now=datetime(2021, 7, 12, tzinfo=UTC))

    assert message.subject(case, haitian_night, ENGLISH).startswith("[RESOLVED] ")
    assert message.banners(haitian_night, case, ENGLISH) == []
    assert [each["label"] for each in fields["new"]] == ["RESOLVED", "[TEST] EMERGENCY"]
    assert message.response(case, ENGLISH, now=None) == []


def test_the_digest_marks_what_is_on_trial(haitian_night: Night, news: News):
    """What is new, and what stands."""
    (case,) = cases(replace(haitian_night, news=(replace(news, on_trial=True),)))

    assert digest.new(case, SPANISH).startswith("[PRUEBA] ADVERTENCIA: ")
    assert digest.standing(replace(haitian_night.standing[0], on_trial=True), ENGLISH).startswith("[TEST] WATCH, alert since ")
