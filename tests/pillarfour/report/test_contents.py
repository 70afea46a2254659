"""Tests of what a report says, in both languages, and of what it hides outside the task force."""

import re
from dataclasses import replace
from datetime import date

import pytest

from pillarfour.alerts.model import Change, Figure
from pillarfour.delivery.wording import ENGLISH, wording
from pillarfour.report.contents import compose
from pillarfour.report.document import Document, Table
from pillarfour.report.model import Report, Scorecard, Tried
from pillarfour.report.speaker import Speaker


def said(document: Document) -> str:
    """Give every text of a report, one a line."""
    lines = [document.title, document.subtitle, *document.banners, *document.brief]
    for section in document.sections:
        lines.append(section.title)
        for block in section.blocks:
            lines += [str(getattr(block, name)) for name in ("text", "alt", "caption") if hasattr(block, name)]
            lines += getattr(block, "lines", ())
            lines += [" | ".join(row) for row in ((block.columns, *block.rows) if isinstance(block, Table) else ())]
    return "\n".join([*lines, *document.footer])


@pytest.fixture
def english(report: Report) -> str:
    return said(compose(report, ENGLISH))


def test_the_brief_gives_each_stage_and_the_alerts(report: Report):
    """One sentence a stage, a gap said as a gap; then what began, ended and stands, what is held and overdue."""

    assert compose(report, ENGLISH).brief == (
        "Darién: 25,332 persons in August 2021; on the month before +6,519 (+35\u00a0%), on the year before +25,326.",
        "Mexico: nothing published yet.",
        "In the quarter 1 alert began, 1 ended and 2 stand at its end.",
        "1 release is held and not used.",
        "Overdue: Mexico.",
    )


def test_a_missing_figure_is_never_zero(english: str):
    """Mexico has no month at all, and China none in May; zeros that are published stay zeros."""

    assert "August 2021 | 25,332\u00a0* | not published" in english
    assert "Nothing is published yet: that is a gap, not a zero." in english
    assert "China | 4 | −1 | +1" in english


def test_months_that_can_be_revised_are_marked(english: str):
    """Those of the publisher's open year."""

    assert "January 2021 | 1,071\u00a0* | not published\nDecember 2020 | 971 | not published" in english
    assert "January 2021 to August 2021 can still be revised." in english


def test_alerts_are_told_with_their_outcome(english: str):
    """Who acknowledged it, that nobody did, and when it ended."""

    assert "Acknowledged by R. Díaz on 13 July 2021: call held at 10:00." in english
    assert "It stands. Not acknowledged." in english
    told = "WARNING, alert since 12 May 2021: Haitian families, Darién, rise: 6,527 persons in June 2021, 3\u00a0× what was expected."
    assert f"{told} Resolved on 12 August 2021." in english


def test_an_alert_that_was_lowered_names_both_levels(report: Report, life):
    """It stands at the lower one, and began neither there nor at the highest for certain: only its day is said."""
    text = said(compose(replace(report, alerts=(life(level="watch", highest="emergency"),)), ENGLISH))

    assert "WATCH, alert since 12 July 2021: Haitian families, Darién: 6,527 persons in June 2021" in text
    assert "It stands. Its highest level was EMERGENCY. Not acknowledged." in text


def test_a_retraction_gives_the_figures_before_and_after(report: Report, life):
    """As announced, and as they are now."""
    figure = Figure(series="darien/haitian", reference_period="2021-06", value=6527.0)
    gone = life(how="retracted", ended=date(2021, 8, 12), changes=(Change(before=figure, after=replace(figure, value=527.0)),))
    text = said(compose(replace(report, alerts=(gone,)), ENGLISH))

    assert "Retracted on 12 August 2021. The figure of June 2021 was announced as 6,527 and is 527 now." in text


def test_delays_are_given_as_median_and_worst(english: str):
    """Of the quarter and of the year."""

    assert "by month and country | 1 | 12 (12) | 0 (0)" in english
    assert "by month and country | 3 | 12.5 (15) | 0 (1)" in english


def test_the_score_of_the_period_before_is_told(english: str):
    """Every outcome with its number, and plainly that no scorecard is kept."""

    assert "5 alerts of a movement began from 1 April 2021 to 30 June 2021. As known on 30 September 2021:" in english
    assert "confirmed by the next stage on the way: 2" in english
    assert "No scorecard of the triggers on past events is kept: run pillarfour scorecard." in english


STATES = {
    "unreadable": "The kept scorecard cannot be read",
    "other_rules": "The kept scorecard is of another set of triggers",
    "later": "rests on figures that came out after this report's date",
}


@pytest.mark.parametrize("state", STATES)
def test_a_scorecard_that_does_not_fit_is_named_and_left_out(report: Report, state: str):
    """With its reason, and without its figures."""
    card = Scorecard(state=state, tried=(Tried(events="labelled surges", told=3, of=7, lead_days=20),))
    text = said(compose(replace(report, scorecard=card), ENGLISH))

    assert STATES[state] in text
    assert "3 of 7" not in text


def test_a_scorecard_that_fits_is_told(report: Report):
    """What the triggers told of, how early, and the alerts that nothing explains."""
    tried = (
        Tried(events="labelled surges", told=3, of=7, lead_days=-49),
        Tried(events="mechanical halvings", told=0, of=2, lead_days=None),
    )
    card = Scorecard(state="kept", first=date(2018, 1, 1), last=date(2021, 6, 30), tried=tried, alerts=40, false=12)
    text = said(compose(replace(report, scorecard=card), ENGLISH))

    assert "Surges on record | 3 of 7 | 49\nHalvings of a series | 0 of 2 | –" in text
    assert "12 of 40 alerts had no event behind them." in text


def test_a_report_of_nothing_is_whole(report: Report):
    """An empty ledger and a store without a release still say what is missing."""
    bare = replace(report, stages=report.stages[1:], alerts=(), delays=(), delays_year=(), score=replace(report.score, alerts=0))
    text = said(compose(bare, ENGLISH))

    assert "In the quarter 0 alerts began, 0 ended and 0 stand at its end." in text
    assert "No stage has published any figure yet." in text
    assert "No alert of a movement began from 1 April 2021 to 30 June 2021." in text
    assert text.count("None.") == 3


def test_a_report_is_whole_in_spanish(report: Report):
    """Months, numbers and sentences are Spanish ones, and no English sentence is left."""
    text = said(compose(report, wording("es")))

    assert "Informe trimestral, del 1 de julio de 2021 al 30 de septiembre de 2021" in text
    assert "Darién: 25\u202f332 personas en agosto de 2021; frente al mes anterior +6\u202f519 (+35\u00a0%)" in text
    assert "cierre de fronteras (pandemia), desde el 21 de marzo de 2020 (Darién)" in text
    assert re.findall(r"\b(?:the|and|since|alert|month|released?|of)\b", text.replace("page 1: 7 ≠ 8; ask SNM", "")) == []


def test_outside_the_task_force_small_counts_and_officers_words_are_hidden(report: Report):
    """Four Chinese are fewer than ten; so is what four could be worked out from, and who said what of an alert."""
    text = said(compose(report, ENGLISH, fewer_than=10))

    assert "China | fewer than 10 | not shown | not shown" in text
    assert "August 2020 | fewer than 10 | not published" in text
    assert "All nationalities | 25,332 | +6,519 (+35\u00a0%) | not shown" in text
    assert "Months with fewer than 10 are left out of the picture." in text
    assert "Díaz" not in text
    assert "7 ≠ 8" not in text
    assert "--external" in text


def test_a_picture_for_others_has_no_small_count(report: Report):
    """Drawn from what is left: the same as if the small month had never been known."""
    (darien, mexico), month = report.stages, 0
    chart = darien.chart
    without = replace(chart, observed=(None, *chart.observed[month + 1 :]))
    hidden = compose(report, ENGLISH, fewer_than=10).sections[1].blocks
    known = compose(replace(report, stages=(replace(darien, chart=without), mexico)), ENGLISH).sections[1].blocks

    assert [block.image for block in hidden if block.kind == "picture"] == [block.image for block in known if block.kind == "picture"]


def test_an_exercise_says_so_first(report: Report):
    """Before the title."""

    assert compose(replace(report, exercise="Sismo 2021"), ENGLISH).banners == (
        "EXERCISE (Sismo 2021): no real alert. Nothing here is to be acted upon.",
    )


CHANGES = {
    (6527, 4180): "+2,347 (+56\u00a0%)",
    (21, 7): "+14",
    (30, 10): "+20 (3\u00a0×)",
    (0, 20): "−20 (−100\u00a0%)",
    (20, 20): "0",
    (None, 20): "–",
    (20, None): "–",
}


@pytest.mark.parametrize("pair", CHANGES)
def test_a_change_is_written_with_its_ratio_where_that_says_something(pair):
    """Doubled and more as a multiple; of a handful, of nothing and of a gap no ratio."""

    assert Speaker(words=ENGLISH).change(*pair) == CHANGES[pair]
