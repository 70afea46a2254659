"""The scorecard in plain words: a page of Markdown made of its figures and of nothing else."""

from collections.abc import Iterator, Sequence

from pillarfour.report import score_method as method
from pillarfour.report import score_words as words
from pillarfour.report.score_words import Figures, days, interval, number, percent, table

HEADLINE = "E15"
"""The event that everybody asks about."""


def render(card: Figures) -> str:
    """Write the page."""
    ours = (_head, _in_short, _events, _untold, _detection, _false_alarms, _escalation, _outages)
    rest = (method.beside, method.nowcast, method.revised, method.chosen, method.rules)
    return "\n".join(line for section in (*ours, *rest) for line in section(card)).rstrip() + "\n"


def _head(card: Figures) -> Iterator[str]:
    yield "# Scorecard"
    yield ""
    yield (
        f"What the triggers would have told on past nights, on exactly what was published by each: {card['nights']['first']} to "
        f"{card['nights']['last']}, on the bundled figures. Written by `pillarfour scorecard`; CI writes it again and fails "
        "when this page "
        "differs. All figures with their intervals are in [scorecard.json](scorecard.json)."
    )
    yield ""
    yield (
        "The bundled figures are as last revised and their publication dates are reconstructed from each publisher's habit, so "
        "the record "
        "cannot show what an early figure that was later revised would have done; leads are true to within some days."
    )
    yield ""


def _in_short(card: Figures) -> Iterator[str]:
    yield "## In short"
    yield ""
    yield from words.headline(card, HEADLINE)
    yield from words.surges(card)
    yield from words.quiet(card)
    yield from words.against(card)
    yield ""


def _events(card: Figures) -> Iterator[str]:
    yield "## The labelled events"
    yield ""
    yield (
        "*Told* is the night of the first news and its alert, *lead* the days from it to the onset (negative: after it), "
        "*floor* the days "
        "from the onset until its month was published at that stage, before which that stage's figures could tell nobody. *Upstream* is "
        "the lead of the first alert at an earlier stage. *Standing*: an alert of before stood and told nothing new."
    )
    yield ""
    head = ("event", "stage", "expected", "onset", "", "told", "by", "lead", "floor", "warning", "upstream")
    yield from table(head, (_event(each) for each in card["events"]))
    yield ""
    for name in dict.fromkeys(each["id"] for each in card["events"]):
        title = next(each["title"] for each in card["events"] if each["id"] == name)
        yield f"![{name}: {words.plain_title(title)}](images/scorecard-{name}.png)"
        yield ""


def _event(each: Figures) -> Sequence[str]:
    floor = days(words.between(each["onset"], each["floor"]))
    upstream = f"{days(each['upstream_lead_days'])} `{each['upstream_by']}`" if each["upstream_by"] else ""
    by = f"`{each['by']}`" if each["by"] else ""
    return (
        f"{each['id']} {words.plain_title(each['title'])}",
        each["stage"],
        each["direction"],
        each["onset"],
        each["status"],
        each["first_watch"] or "",
        by,
        days(each["lead_days"]),
        f"−{floor}",
        each["first_warning"] or "",
        upstream,
    )


def _untold(card: Figures) -> Iterator[str]:
    yield "## What was missed, and why"
    yield ""
    missed = [each for each in card["events"] if each["status"] == "missed"]
    rows = ((f"{each['id']} {words.plain_title(each['title'])}", each["stage"], each["direction"], each["why"]) for each in missed)
    yield from table(("event", "stage", "expected", "why"), rows)
    yield ""
    yield "Not scored, because the record cannot speak of them:"
    yield ""
    rows_ = ((each["id"], each["stage"], each["reason"]) for each in card["not_scored"])
    yield from table(("event", "stage", "why"), rows_)
    yield ""
    onsets = [each for each in card["onsets"] if each["status"] == "missed"]
    yield f"Of {len(card['onsets'])} mechanical onsets {len(onsets)} were missed; the largest of them:"
    yield ""
    largest = sorted(onsets, key=lambda each: (-words.size(each["title"]), each["id"]))[:15]
    yield from table(("onset", "mean of the quarter before → from it on"), ((each["id"], each["title"]) for each in largest))
    yield ""


def _detection(card: Figures) -> Iterator[str]:
    yield "## Detection and lead"
    yield ""
    yield (
        "Intervals of shares are Wilson's, of medians a bootstrap over movements (what begins in one quarter in one direction is drawn "
        f"together); all at 95 %. Whatever was chosen was chosen on the years to {card['rules']['chosen_to'][:4]}; those after "
        "are a test."
    )
    yield ""
    head = (
        "happenings",
        "years",
        "of",
        "caught",
        "late",
        "standing",
        "missed",
        "told",
        "told or standing",
        "median lead",
        "after the floor",
    )
    rows = ((group, years, *_summary(found)) for group, each in card["detection"].items() for years, found in each.items())
    yield from table(head, rows)
    yield ""


def _summary(found: Figures) -> Sequence[str]:
    return (
        *(number(found[name]) for name in ("of", "caught", "late", "standing", "missed")),
        f"{percent(found['told']['share'])} {interval(found['told']['interval'], percent)}",
        f"{percent(found['told_or_standing']['share'])} {interval(found['told_or_standing']['interval'], percent)}",
        words.median(found["lead_days"]),
        words.median(found["after_floor_days"]),
    )


def _false_alarms(card: Figures) -> Iterator[str]:
    yield "## False alarms"
    yield ""
    yield (
        "An alert is false where it matches no labelled event and no mechanical onset. *Quiet* years are those outside every "
        "window in which "
        "something could be told of the series. A series-year is one series watched for a year; a trigger-year is a trigger "
        "with all its series. "
        "Intervals are exact for a Poisson count."
    )
    yield ""
    head = ("kind", "years", "alerts", "false", "a series-year", "a quiet series-year", "precision", "alerts a month", "time in alert")
    rows = ((kind, years, *_cost(found)) for kind, each in card["costs"].items() for years, found in each.items())
    yield from table(head, rows)
    yield ""
    columns = ("trigger", "series", "alerts", "false", "a quiet series-year", "a quiet trigger-year", "at most one")
    yield from table(columns, ((f"`{name}`", *_trigger(found)) for name, found in card["by_trigger"].items()))
    yield ""
    yield "Every false alarm:"
    yield ""
    told = ((f"`{each['alert']}`", _levels(each), each["ended"] or "stands") for each in card["false_alarms"])
    yield from table(("alert", "told", "ended"), told)
    yield ""


def _cost(found: Figures) -> Sequence[str]:
    return (
        number(found["alerts"]),
        number(found["false"]),
        words.rate(found["false_a_series_year"]),
        words.rate(found["false_a_quiet_series_year"]),
        f"{percent(found['precision']['share'])} {interval(found['precision']['interval'], percent)}",
        number(found["alerts_a_month"]),
        percent(found["share_of_time_in_alert"]),
    )


def _trigger(found: Figures) -> Sequence[str]:
    quiet = found["false_a_quiet_trigger_year"]
    held = "" if quiet["rate"] is None else "yes" if quiet["rate"] <= 1 else "no"
    return (
        number(found["series"]),
        number(found["alerts"]),
        number(found["false"]),
        words.rate(found["false_a_quiet_series_year"]),
        words.rate(quiet),
        held,
    )


def _escalation(card: Figures) -> Iterator[str]:
    found = card["escalation"]
    yield "## Escalation"
    yield ""
    rows = (
        (level, number(each["of"]), f"{percent(each['share'])} {interval(each['interval'], percent)}")
        for level, each in found["reached"].items()
    )
    yield from table(("alerts that reached", "so many", "of them true"), rows)
    yield ""
    yield (
        f"Of {found['watches']} alerts that began as a watch {found['watches_that_rose']} rose to a warning, after a median of "
        f"{number(found['median_days_from_watch_to_warning'])} days."
    )
    yield ""


def _levels(each: Figures) -> str:
    return ", ".join(f"{level} {on}" for level, on in each["levels"].items())


def _outages(card: Figures) -> Iterator[str]:
    yield "## Outages"
    yield ""
    yield (
        "The record has no labelled outage: the bundle has every month, each dated by its publisher's habit. So an outage "
        "alert in it can only be "
        "about the end of the record. A wrong collapse in place of an outage cannot arise: a month without a figure is never judged."
    )
    yield ""
    rows = ((f"`{each['alert']}`", _levels(each)) for each in card["outages"])
    yield from table(("alert", "told"), rows)
    yield ""
