"""The scorecard in plain words: a page of Markdown made of its figures and of nothing else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pillarfour.report import score_words as words
from pillarfour.report.score_words import Figures, days, interval, number, percent, table

HEADLINE = "E15"
"""The event that everybody asks about."""


def render(card: Figures) -> str:
    """Write the page."""
    sections = (_head, _in_short, _events, _untold, _detection, _false_alarms, _escalation, _outages, _beside, _chosen, _rules)
    return "\n".join(line for section in sections for line in section(card)).rstrip() + "\n"


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


def _beside(card: Figures) -> Iterator[str]:
    found = card["comparison"]
    yield "## Beside simpler rules"
    yield ""
    yield (
        f"Each rule is asked of the same {len(found['series'])} series on the same nights, with the same floors; its alerts "
        "stand until its "
        f"condition has not held for {card['rules']['baseline_ends_after']} figures, and only their beginnings count, also the "
        "triggers'. Its "
        "threshold is the one with the best mean lead among those with no more false alarms than the triggers: every doubt is the rule's "
        "benefit, since its threshold is chosen with hindsight and the triggers are not. *Lead* is a mean over all happenings, "
        "a miss counting "
        "as the last night of its window; *sooner* is by how many days the triggers tell sooner, negative where the rule does."
    )
    yield ""
    for name, title in (("labelled", "Labelled events"), ("mechanical", "Mechanical onsets")):
        yield f"{title}, all years:"
        yield ""
        yield from table(("rule", "false alarms", "told", "mean lead", "sooner", "verdict"), _versus(found, name))
        yield ""
    yield f"Onsets after {card['rules']['chosen_to'][:4]}, thresholds chosen at equal false alarms on the years before:"
    yield ""
    yield from table(("rule", "false alarms", "told", "mean lead", "sooner", "verdict"), _versus(found, "from 2023"))
    yield ""
    yield "![Lead and detection against false alarms](images/scorecard-curves.png)"
    yield ""


def _versus(found: Figures, name: str) -> Iterator[Sequence[str]]:
    yield ("**the triggers**", *_point(found["shipped"][name]), "", "")
    for method, each in found["methods"].items():
        row = each["from 2023"] if name == "from 2023" else each["all"][name]
        if row is None or row["sooner_days"] is None:
            yield (method, "", "", "", "", "no threshold has so few")
            continue
        sooner = row["sooner_days"]
        yield (method, *_point(row), f"{days(sooner['mean'])} {interval(sooner['interval'], days)}", sooner["verdict"])


def _point(row: Figures) -> Sequence[str]:
    return number(row["false_alarms"]), f"{row['told']} of {row['of']}", days(row["mean_censored_lead_days"])


def _chosen(card: Figures) -> Iterator[str]:
    yield "## How the operating point was chosen"
    yield ""
    yield (
        "By two things, neither of them an event: the false alarms a year that each detector is set to, and floors that are "
        "policy, each a "
        "round step above ordinary months on record before 2021 (`triggers.yaml` gives every one with its reason). Nothing was "
        "chosen on what "
        f"came after {card['rules']['chosen_to']}."
    )
    yield ""
    rows = (
        (f"`{name}`", each["method"], ", ".join(f"{key} {value}" for key, value in each["parameters"].items()), each["reason"])
        for name, each in card["detectors"].items()
    )
    yield from table(("detector", "method", "parameters", "reason"), rows)
    yield ""


def _rules(card: Figures) -> Iterator[str]:
    rules: Mapping[str, Any] = card["rules"]
    onset = rules["onset"]
    yield "## The rules of this score"
    yield ""
    points: Iterable[str] = (
        (
            "An alert may claim an event's part at a stage where it is at that stage, goes the expected way (surge up, "
            "collapse down, shift as its "
            "trigger says), and is about one of the event's nationalities, a group that holds one, or the total. The total may "
            "claim an event of "
            f"some nationalities only where they are at least {percent(rules['share_of_total'])} of it in a month of the "
            "quarter before or after, "
            "or are not published apart; an event of all nationalities is claimed by the total alone."
        ),
        (
            f"Its news, the beginning or a rise to a higher level, must fall between {rules['opens_days_before_onset']} days "
            "before the onset and "
            f"the publication of the {rules['late_by_publication']}th month counted from the onset's. By the publication of the "
            f"{rules['caught_by_publication']}nd it is caught, after it late; where the source says that the rise came later, "
            "all of the window is in time."
        ),
        (
            f"An alert at an earlier stage tells in advance from {rules['upstream_days_before_onset']} days before the onset to "
            "the floor. It is "
            "shown, and counts for nothing at the later stage."
        ),
        (f"A part is scored where at least {rules['least_months']} months of figures precede it."),
        (
            f"A mechanical onset is the month from which {onset['months']} months average at least {number(onset['factor'])} "
            "times (or at most the "
            f"inverse of) the {onset['months']} before, each of them on that side, where the larger average is at least "
            f"{number(onset['least'])} and "
            f"{percent(onset['share'])} of the series' highest month; of adjacent months the one with the greatest ratio. Only "
            "alerts of the "
            "same series may claim it. It is found in the final figures, with hindsight, and none of its numbers was tried out."
        ),
        (f"The bootstrap draws {rules['bootstrap']['resamples']} times with the seed {rules['bootstrap']['seed']}."),
    )
    yield from (f"- {point}" for point in points)
