"""The scorecard's page, second half: other rules, forecasts, revisions, and how it was all chosen and counted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pillarfour.report.score_words import Figures, days, interval, number, percent, table


def beside(card: Figures) -> Iterator[str]:
    """Hold the triggers against simpler rules."""
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


def nowcast(card: Figures) -> Iterator[str]:
    """Say how good the forecasts were."""
    yield "## What earlier stages let expect"
    yield ""
    yield (
        "Forecasts of a later stage by an earlier one, made on every publication since 2022 where a usable lag was found on what was known "
        "then, against what came. An error of 1 is that of the same month a year before (MASE); *last* carries the newest figure forward. "
        "Where a pair of stages is not here, no usable lag was ever found: so few forecasts are the finding."
    )
    yield ""
    head = ("series", "months ahead", "forecasts", "error", "seasonal naive", "last", "in the range", "promised")
    rows = (
        (
            f"{each['stage']}/{each['subject']}",
            number(each["horizon"]),
            number(each["n"]),
            *(f"{each[name]:.2f}" for name in ("mase", "mase_naive", "mase_last")),
            percent(each["coverage"]),
            percent(each["nominal"]),
        )
        for each in card["nowcast"]
    )
    yield from table(head, rows)
    yield ""


def revised(card: Figures) -> Iterator[str]:
    """Say how far young figures can be trusted."""
    yield "## How the sources revise"
    yield ""
    yield (
        "Figures as reported at the time against the last known (`data/revisions.csv`; `pillarfour revisions` tells of the releases in a "
        "store too). Shares are of the last known figure, whichever way."
    )
    yield ""
    head = ("source", "age in months", "figures", "rose", "fell", "same", "median", "largest")
    rows = (
        (each["source"], *(number(age[name]) for name in ("months", "figures", "up", "down", "same")), *_shares(age))
        for each in card["revisions"]
        for age in each["ages"]
    )
    yield from table(head, rows)
    yield ""


def _shares(age: Figures) -> Sequence[str]:
    return f"{100 * age['median_share']:.1f} %", f"{100 * age['largest_share']:.1f} % {age['largest']}".strip()


def chosen(card: Figures) -> Iterator[str]:
    """Say how the operating point was chosen."""
    yield "## How the operating point was chosen"
    yield ""
    yield (
        "By the false alarms a year that each detector is set to, and by floors that are policy, each a round step above "
        "ordinary months on record before 2021 (`triggers.yaml` gives every one with its reason). Which detectors, and after "
        "how many months a watch is told, was chosen among eleven sets by what each does to mechanical onsets to "
        f"{card['rules']['chosen_to'][:4]}, with no more false alarms than before. That falls rest on `ears` was chosen for its "
        "reason below, when its record after that year had been seen: read its later falls as no test."
    )
    yield ""
    rows = (
        (f"`{name}`", each["method"], ", ".join(f"{key} {value}" for key, value in each["parameters"].items()), each["reason"])
        for name, each in card["detectors"].items()
    )
    yield from table(("detector", "method", "parameters", "reason"), rows)
    yield ""


def rules(card: Figures) -> Iterator[str]:
    """State the rules of the score."""
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
