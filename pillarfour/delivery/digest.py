"""What a night's digest says: what is new, what stands, waits or is silenced, what was checked, how fresh the sources are."""

import shlex
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pillarfour.delivery import backdrop, message, reasons
from pillarfour.delivery.case import Case, cases
from pillarfour.delivery.night import Freshness, Night, NotMet, Standing, Unannounced
from pillarfour.delivery.wording import Wording, one_line
from pillarfour.model import Release


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One trigger that stayed silent: where it came nearest, and how many series were further from it."""

    trigger: str
    title: str
    nearest: str
    rest: str


def subject(night: Night, wording: Wording) -> str:
    """Say what is new and what stands, or what is wrong."""
    return f"{message.marks(night, None, wording)}[{wording.say('digest')}] {opening(night, wording)} (pillarfour)"


def opening(night: Night, wording: Wording) -> str:
    """Say the night in one line."""
    found = cases(night)
    new = (
        wording.many("{count} case is new or changed", "{count} cases are new or changed", len(found))
        if found
        else wording.say("nothing new")
    )
    stand = wording.many("{count} alert stands", "{count} alerts stand", len(night.standing) + _standing_anew(night))
    said = [
        f"{wording.day(night.known_on)}: {new}",
        stand,
        *([wording.many("{count} pending", "{count} pending", len(night.pending))] if night.pending else []),
        *([wording.many("{count} release held", "{count} releases held", len(night.held))] if night.held else []),
        *([wording.many("{count} document failed", "{count} documents failed", len(night.failed))] if night.failed else []),
    ]
    return "; ".join(said)


def new(case: Case, wording: Wording) -> str:
    """Say in one line what a message of this night is about."""
    mark = message.trial(wording, on_trial=case.lead.on_trial)
    return f"{mark}{message.label(case.lead, wording)}: {message.headline(case.lead, wording)}"


def standing(alert: Standing, wording: Wording) -> str:
    """Say in one line which alert still stands, and how its newest figure is."""
    said = message.figure(alert.condition, wording)
    topic = message.matter(alert.topic, alert.condition, wording)
    level = wording.level(alert.state.level)
    begun = wording.say("{level}, alert since {since}", level=level, since=wording.day(alert.state.since)) if alert.state.since else level
    mark = message.trial(wording, on_trial=alert.on_trial)
    return f"{mark}{begun}: {topic}: {said}" + "".join(f"; {note}" for note in alert.notes)


def pending(alert: Standing, wording: Wording) -> str:
    """Say in one line what waits to be confirmed."""
    level, topic = wording.level(alert.condition.pending), message.matter(alert.topic, alert.condition, wording)
    return message.trial(wording, on_trial=alert.on_trial) + wording.say(
        "{level} to be confirmed: {topic}: {figure}", level=level, topic=topic, figure=message.figure(alert.condition, wording)
    )


def unannounced(change: Unannounced, wording: Wording) -> str:
    """Say in one line what changed without being news, and why it is none."""
    transition = change.transition
    now = wording.level(transition.level) if transition.after == "active" else wording.say("no alert")
    before = wording.level(transition.level_before)
    topic = wording.fact(change.topic.said(wording.language))
    return f"{topic}: {before} → {now} ({transition.key.trigger}): {transition.unannounced_because}"


def checked(night: Night, wording: Wording) -> list[Checked]:
    """Say of each trigger where it came nearest; that no source is overdue, the sources say themselves."""
    found = sorted((entry for entry in night.not_met if entry.kind != "outage"), key=lambda entry: entry.trigger)
    return [_checked(trigger, list(entries), wording) for trigger, entries in groupby(found, key=lambda entry: entry.trigger)]


def held(release: Release) -> dict[str, object]:
    """Say which release is kept and not used, why, and what an analyst can do; the problems in the words of the check that found them."""
    name = shlex.quote(one_line(release.id))
    return {
        "id": release.id,
        "document": release.document,
        "problems": release.problems,
        "accept": f'pillarfour releases accept {name} --reason "…"',
        "reject": f'pillarfour releases reject {name} --reason "…"',
    }


def freshness(source: Freshness, wording: Wording, *, known_on: date) -> str:
    """Say how far a source reaches, when more is due, and when it was looked at."""
    said = [wording.say("no figures yet")]
    if source.newest_period:
        said = [wording.period(source.newest_period)]
        if source.published_on and source.published_basis:
            known = backdrop.basis(source.published_basis, wording)
            said = [f"{said[0]}, " + wording.say("published {day} ({basis})", day=wording.day(source.published_on), basis=known)]
    if source.next_expected_on:
        said.append(_expected(source.next_expected_on, wording, known_on=known_on))
    looked = source.last_looked_at
    said.append(wording.say("last looked {moment}", moment=wording.moment(looked)) if looked else wording.say("page never looked at"))
    if source.rebuilt:
        said.append(wording.say("rebuilt, not original"))
    return "; ".join(said)


def _standing_anew(night: Night) -> int:
    return sum(news.transition.after == "active" for news in night.news)


def _checked(trigger: str, entries: list[NotMet], wording: Wording) -> Checked:
    nearest = min(entries, key=lambda entry: (-(entry.nearness if entry.nearness is not None else float("-inf")), entry.topic.said("en")))
    rest = len(entries) - 1
    return Checked(
        trigger=trigger,
        title=f"{trigger}:",
        nearest=f"{_nearest(nearest, wording)}.",
        rest=wording.many("{count} more is further from it.", "{count} more are further from it.", rest) if rest > 0 else "",
    )


def _nearest(entry: NotMet, wording: Wording) -> str:
    topic = wording.fact(entry.topic.said(wording.language))
    told = wording.say("no figure")
    if entry.value is not None and entry.reference_period:
        told = wording.say("{value} in {period}", value=wording.number(entry.value), period=wording.period(entry.reference_period))
    if entry.needed is None:
        return f"{topic}: {told}"
    needed = reasons.lacking(entry.needed, wording, names={})
    return f"{topic}: {told}; " + wording.say("{level} asks that {needed}", level=wording.level(entry.level), needed=needed)


def _expected(day_expected: date, wording: Wording, *, known_on: date) -> str:
    late = (known_on - day_expected).days
    expected = wording.say("next expected {day}", day=wording.day(day_expected))
    return expected if late <= 0 else wording.many("{expected}, {count} day late", "{expected}, {count} days late", late, expected=expected)
