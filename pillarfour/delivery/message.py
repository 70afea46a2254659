"""What a message says of a case, sentence by sentence, in one language; the templates only lay it out."""

import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from pillarfour.alerts.model import Condition, Evidence
from pillarfour.delivery import reasons
from pillarfour.delivery.case import Case
from pillarfour.delivery.night import News, Night, Topic
from pillarfour.delivery.wording import Wording, one_line

LONGEST_SUBJECT = 150


def subject(case: Case, night: Night, wording: Wording) -> str:
    """Name the level, who and where, the figure, and how unusual it is."""
    more = len(case.news) - 1
    counted = "; " + wording.many("and {count} more", "and {count} more", more) if more else ""
    said = _shortened(headline(case.lead, wording, brief=True))
    return f"{marks(night, case.lead, wording)}[{label(case.lead, wording)}] {said}{counted} (pillarfour)"


def marks(night: Night, news: News | None, wording: Wording) -> str:
    """Say in the subject what is no real night, and what is under test."""
    said = {
        "live": "",
        "past": f"[{wording.say('PAST NIGHT')}] ",
        "exercise": f"[{wording.say('EXERCISE')}{f': {_shortened(night.exercise, 40)}' if night.exercise else ''}] ",
    }[night.mark]
    return said + trial(wording, on_trial=news is not None and news.on_trial)


def trial(wording: Wording, *, on_trial: bool) -> str:
    """Mark an alert whose trigger is under test; what stands beside it is not."""
    return f"[{wording.say('TEST')}] " if on_trial else ""


def banners(night: Night, case: Case | None, wording: Wording) -> list[str]:
    """Say before anything else what nobody is to act on."""
    found = []
    if night.mark == "exercise":
        name = night.exercise or wording.say("without a name")
        found.append(wording.say("EXERCISE ({name}): no real alert. Nothing here is to be acted upon.", name=name))
    if night.mark == "past":
        found.append(wording.say("A past night, derived again from what was known on {day}.", day=wording.day(night.known_on)))
    if case is not None and case.lead.on_trial:
        found.append(wording.say("TEST: this trigger is on trial. Nothing here is to be acted upon."))
    return found


def label(news: News, wording: Wording) -> str:
    """Name the level of an alert that stands, or what became of it."""
    names = {
        "resolved": wording.say("RESOLVED"),
        "retracted": wording.say("RETRACTED"),
        "pending": wording.say("PENDING"),
        "quiet": wording.say("NO ALERT"),
    }
    after = news.transition.after
    return wording.level(news.transition.level) if after == "active" else names[after]


def opening(case: Case, wording: Wording) -> str:
    """Say what, where, how much, since when and how sure, before anything else."""
    news = case.lead
    return " ".join(
        part for part in (f"{headline(news, wording)}{_run(news, wording)}.", change(news, wording), certainty(news, wording)) if part
    )


def headline(news: News, wording: Wording, *, brief: bool = False) -> str:
    """Read as ``Haitian families, Darién: 6,527 persons in June 2021, 3 × what was expected``."""
    transition = news.transition
    what = matter(news.topic, transition.condition, wording, ended=transition.after != "active")
    return f"{what}: {figure(transition.condition, wording, brief=brief)}"


def matter(topic: Topic, condition: Condition, wording: Wording, *, ended: bool = False) -> str:
    """Say who and where, and what about them where the figure does not: without anything expected of it, or of an alert that ended.

    A source's title is looked up in the catalogue.
    """
    said = wording.fact(topic.said(wording.language))
    if condition.kind == "outage" or (condition.expected is not None and not ended):
        return said
    abouts = {
        "surge": wording.say("rise"),
        "collapse": wording.say("fall"),
        "shift": wording.say("change in who arrives"),
        "revision": wording.say("revised figures"),
    }
    return f"{said}, {abouts[condition.kind]}"


def counted(value: float, unit: str, period: str, wording: Wording) -> str:
    """Read as ``6,527 persons in June 2021``; a share or a number of days has its own words."""
    units = {"persons": wording.say("persons"), "events": wording.say("events")}
    fields = {"value": wording.number(value), "period": wording.period(period)}
    if unit not in units:
        return wording.say("{value} in {period}", **fields)
    return wording.say("{value} {unit} in {period}", unit=units[unit], **fields)


def figure(condition: Condition, wording: Wording, *, brief: bool = False) -> str:
    """Say a condition's newest figure, what it counts, and how it compares; with ``brief`` persons go without saying, events never."""
    if condition.kind == "outage":
        if condition.reference_period is None:
            return wording.say("nothing ever published")
        period = wording.period(condition.reference_period)
        if not condition.value:
            return wording.say("nothing published after {period}", period=period)
        return wording.many(
            "nothing published after {period}, {count} day overdue",
            "nothing published after {period}, {count} days overdue",
            round(condition.value),
            period=period,
        )
    if condition.value is None or condition.reference_period is None:
        return wording.say("no figure")
    unit = "" if brief and condition.unit == "persons" else condition.unit
    told = counted(condition.value, unit, condition.reference_period, wording)
    if condition.expected is None:
        return told
    return f"{told}, {wording.multiple(condition.value, condition.expected)}"


def change(news: News, wording: Wording) -> str:
    """Say since when, and what it was before."""
    transition, since = news.transition, wording.day(news.since)
    before = wording.level(transition.level_before)
    match transition.after:
        case "active":
            return " ".join(each for each in (_stands(news, wording), _lifted(news, wording)) if each)
        case "resolved":
            return wording.say("Resolved; it was {before}, alert since {since}.", before=before, since=since)
        case "retracted":
            return wording.say("RETRACTED: revised figures no longer support the {before} of {since}.", before=before, since=since)
        case "pending":
            pending = wording.level(transition.condition.pending)
            return wording.say("Pending {level}: to be confirmed before it is an alert.", level=pending)
        case _:
            return wording.say("No longer pending; no alert.")


def _lifted(news: News, wording: Wording) -> str:
    """Say which silence the rise ends, and what it was for."""
    if news.lifted is None or news.lifted.until is None:
        return ""
    return wording.say(
        "This ends the silence that {author} set until {day} ({reason}).",
        author=news.lifted.author,
        day=wording.day(news.lifted.until),
        reason=news.lifted.reason,
    )


def _stands(news: News, wording: Wording) -> str:
    transition, since = news.transition, wording.day(news.since)
    if transition.before != "active":
        return wording.say("Alert since {since}; before, none.", since=since)
    level, before = wording.level(transition.level), wording.level(transition.level_before)
    if transition.level == transition.level_before:
        return wording.say("Still {level}; alert since {since}.", level=level, since=since)
    if transition.raises:
        return wording.say("Raised from {before} to {level}; alert since {since}.", level=level, before=before, since=since)
    return wording.say("Lowered from {before} to {level}; alert since {since}.", level=level, before=before, since=since)


def certainty(news: News, wording: Wording) -> str:
    """Say how many tests agree; nothing where none was asked."""
    evidence = _evidence(news)
    if evidence is None or news.transition.after != "active":
        return ""
    found = reasons.agreement(evidence)
    if not found.judged:
        return ""
    unable = wording.many("; {count} could not be asked", "; {count} could not be asked", found.unable) if found.unable else ""
    return wording.many(
        "How sure: {agree} of {count} test agrees{unable}.",
        "How sure: {agree} of {count} tests agree{unable}.",
        found.judged,
        agree=wording.number(found.agree),
        unable=unable,
    )


def why(news: News, wording: Wording) -> list[str]:
    """Say in plain sentences what the change rests on."""
    transition, names = news.transition, _names(news, wording)
    if transition.changes:
        return [
            wording.say(
                "The figure of {period} was announced as {was} and is {now} now.",
                period=wording.period(each.after.reference_period),
                was=wording.number(each.before.value),
                now=wording.number(each.after.value),
            )
            for each in transition.changes
        ]
    if not transition.condition.evidence:
        return [wording.say("The rules have changed: no trigger asks about it any more. No figure has ended it.")]
    if transition.after == "resolved" and transition.condition.clear_evidence is not None:
        return reasons.why(transition.condition.clear_evidence, wording, names=names)
    evidence = _evidence(news)
    return reasons.why(evidence, wording, names=names) if evidence else []


def ending(news: News, wording: Wording) -> list[str]:
    """Say what would end an alert that stands, and how far that is met."""
    evidence = news.transition.condition.clear_evidence
    if evidence is None or news.transition.after != "active":
        return []
    return reasons.ending(evidence, wording, names=_names(news, wording))


def response(case: Case, wording: Wording, *, now: datetime | None) -> list[str]:
    """Say what is agreed, the nearest deadline first; ``now`` is when it begins to run, None where it does not.

    A trigger on trial asks nothing of anybody beside one that is not.
    """
    asked = [news for news in case.news if news.on_trial is case.lead.on_trial]
    steps = {step.action[wording.language]: step.within_hours for news in asked for step in news.response}
    said = []
    for action, hours in sorted(steps.items(), key=lambda step: step[1]):
        within = wording.many("within {count} hour", "within {count} hours", hours)
        by = wording.say(", by {moment}", moment=wording.moment(now + timedelta(hours=hours))) if now is not None else ""
        said.append(f"{within}{by}: {action}")
    return said


def command(news: News, what: Literal["show", "derive"]) -> str:
    """Give the command that shows the alert, or works this change of it out again."""
    night = f" --known-on {news.transition.known_on}" if what == "derive" else ""
    return f"pillarfour alerts {what} {shlex.quote(one_line(news.transition.key))}{night}"


def _evidence(news: News) -> Evidence | None:
    condition = news.transition.condition
    level = news.transition.level or news.transition.level_before or condition.pending
    return condition.evidence.get(level) if level else None


def _names(news: News, wording: Wording) -> Mapping[str, str]:
    return {place.stage: place.title[wording.language] for place in news.corridor}


def _run(news: News, wording: Wording) -> str:
    """Say since when the figures have been out of their usual range without a break."""
    chart = news.chart
    if chart is None or news.transition.after != "active":
        return ""
    periods = [name for name, observed in zip(chart.periods, chart.observed, strict=True) if observed is not None]
    run = 0
    while run < len(periods) and periods[-1 - run] in chart.alarms:
        run += 1
    return wording.say(", outside the usual range since {period}", period=wording.period(periods[-run])) if run > 1 else ""


def _shortened(text: str, length: int = LONGEST_SUBJECT) -> str:
    line = one_line(text)
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"
