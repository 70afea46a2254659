"""What a message says of everything that is not new: what stands, what was checked, how fresh the sources are."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pillarfour.delivery.message import figure
from pillarfour.delivery.night import Freshness, Night, NotMet, Standing, Unannounced
from pillarfour.delivery.wording import BASIS, day, many, moment, named, number, period

NEAREST_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One trigger that stayed silent: how often it was asked, and where it came nearest."""

    trigger: str
    title: str
    nearest: tuple[str, ...]
    rest: str


def standing(alert: Standing) -> str:
    """Say in one line which alert still stands, and how its newest figure is."""
    since = f" since {day(alert.state.since)}" if alert.state.since else ""
    notes = "".join(f"; {note}" for note in alert.notes)
    return f"{named(alert.state.level)}{since}: {alert.topic}: {figure(alert.condition)} ({alert.state.key.trigger}){notes}"


def unannounced(change: Unannounced) -> str:
    """Say in one line what changed without being news, and why it is none."""
    transition = change.transition
    now = named(transition.level) if transition.after == "active" else transition.after
    before = named(transition.level_before) if transition.before == "active" else transition.before
    return f"{change.topic}: {before} → {now}: {transition.reason} ({transition.key.trigger}; no news: {transition.unannounced_because})"


def checked(night: Night) -> list[Checked]:
    """Group what was checked and not met by trigger, nearest first."""
    found = sorted(night.not_met, key=lambda entry: entry.trigger)
    return [_checked(trigger, list(entries)) for trigger, entries in groupby(found, key=lambda entry: entry.trigger)]


def freshness(source: Freshness, *, known_on: date) -> list[str]:
    """Say how far a source reaches, when more is due, when it was looked at, and what failed."""
    newest = "no figures yet"
    if source.newest_period:
        newest = f"newest figures {period(source.newest_period)}"
        if source.published_on and source.published_basis:
            newest += f", published {day(source.published_on)} ({BASIS[source.published_basis]})"
        if source.days_since is not None:
            newest += f", {many(source.days_since, 'day')} ago" if source.days_since else ", today"
    return [
        newest,
        *([_expected(source.next_expected_on, known_on=known_on)] if source.next_expected_on else []),
        f"last looked {moment(source.last_looked_at)}" if source.last_looked_at else "never looked at the publisher's pages",
        *(["rebuilt from published figures, not the publisher's originals"] if source.rebuilt else []),
        *(f"failed: {failure}" for failure in source.failures),
    ]


def _checked(trigger: str, entries: list[NotMet]) -> Checked:
    entries.sort(key=lambda entry: (-(entry.nearness if entry.nearness is not None else float("-inf")), str(entry.topic)))
    rest = len(entries) - NEAREST_SHOWN
    return Checked(
        trigger=trigger,
        title=f"{trigger}: not met for {many(len(entries), 'series', 'series')}",
        nearest=tuple(_nearest(entry) for entry in entries[:NEAREST_SHOWN]),
        rest=f"and {number(rest)} further from it" if rest > 0 else "",
    )


def _nearest(entry: NotMet) -> str:
    told = (
        f"{number(entry.value)} in {period(entry.reference_period)}" if entry.value is not None and entry.reference_period else "no figure"
    )
    return f"{entry.topic}: {told}" + (f"; {named(entry.level)} not met: {entry.needed}" if entry.needed else "")


def _expected(day_expected: date, *, known_on: date) -> str:
    late = (known_on - day_expected).days
    return f"next expected {day(day_expected)}" + (f", {many(late, 'day')} late" if late > 0 else "")
