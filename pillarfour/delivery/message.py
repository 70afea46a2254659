"""What a message says of new alerts, sentence by sentence; the templates only lay it out."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from pillarfour.alerts.model import LEVELS, AlertKey, Condition, Evidence, Level, State, Transition
from pillarfour.delivery.night import News, Night
from pillarfour.delivery.wording import BASIS, day, estimate, many, multiple, named, number, one_line, period
from pillarfour.model import Release
from pillarfour.report.charts import Chart

RECENT_PERIODS = 6
RELEASES_SHOWN = 4
LONGEST_SUBJECT = 150

_ORDER: tuple[State, ...] = ("active", "retracted", "resolved", "pending", "quiet")
_GROUPS = {"all": "all of these:", "any": "any of these:", "not": "not this:"}
_HELD = {True: "met", False: "not met", None: "open, a figure is missing"}
_MARKS = {"live": "", "past": "PAST NIGHT", "exercise": "EXERCISE"}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One line of why an alert stands as it does; ``depth`` is its place in the condition's tree."""

    depth: int
    met: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One period of a chart, in words."""

    period: str
    observed: str
    expected: str
    usual: str
    alarm: bool


def in_order(night: Night) -> list[News]:
    """Put what matters most first, and the alerts of one movement together."""
    first: dict[object, int] = {}
    for news in sorted(night.news, key=_gravity):
        first.setdefault(news.transition.case_id or news.transition.key, len(first))
    return sorted(night.news, key=lambda news: (first[news.transition.case_id or news.transition.key], _gravity(news)))


def subject(night: Night) -> str:
    """Name the highest new level, its alert and its figure; or say that nothing is new, and what stands."""
    marks = f"[{_MARKS[night.mark]}] " if _MARKS[night.mark] else ""
    news = in_order(night)
    if news:
        more = f"; and {many(len(news) - 1, 'other change')}" if len(news) > 1 else ""
        return f"{marks}[{label(news[0])}] {_shortened(headline(news[0]))}{more} (pillarfour)"
    faults = [many(len(night.held), "release") + " held"] * bool(night.held) + [many(len(night.failed), "document") + " failed"] * bool(
        night.failed
    )
    return f"{marks}[quiet] {'; '.join((_nothing_new(night), *faults))} (pillarfour)"


def label(news: News) -> str:
    """Name the level of an alert that stands, or what became of it."""
    transition = news.transition
    return named(transition.level) if transition.after == "active" else transition.after


def opening(night: Night) -> str:
    """Say what, where, how much and since when, before anything else."""
    mark = {"live": "", "past": f"Derived again for {day(night.known_on)}. ", "exercise": "EXERCISE, no real alert. "}[night.mark]
    news = in_order(night)
    if not news:
        return f"{mark}{_nothing_new(night)}."
    more = f" {many(len(news) - 1, 'other change')} below." if len(news) > 1 else ""
    return f"{mark}{headline(news[0])}. {change(news[0])}{more}"


def headline(news: News) -> str:
    """Read as ``Haitian nationals, Darién: 6,527 in June 2021, 3 × what was expected``."""
    return f"{news.topic}: {figure(news.transition.condition)}"


def change(news: News) -> str:
    """Say since when, for how many periods the figures have been unusual, and what it was before."""
    run = _run_of_alarms(news.chart) if news.transition.after == "active" else ""
    return f"{_moved(news)}{run}."


def figure(condition: Condition) -> str:
    """Say a condition's newest figure and how it compares."""
    if condition.kind == "outage":
        overdue = f", {many(round(condition.value), 'day')} overdue" if condition.value else ""
        return (
            f"nothing published after {period(condition.reference_period)}{overdue}"
            if condition.reference_period
            else "nothing ever published"
        )
    if condition.value is None or condition.reference_period is None:
        return "no figure"
    told = f"{number(condition.value)} in {period(condition.reference_period)}"
    if condition.expected is None:
        return told
    return f"{told}, {multiple(condition.value, condition.expected) if condition.expected > 0 else 'none was expected'}"


def reasons(news: News) -> list[Reason]:
    """Give the condition in words, one line a node, for the level that was reached or left."""
    transition = news.transition
    evidence = transition.condition.evidence.get(transition.level or transition.level_before or transition.condition.pending or LEVELS[0])
    return list(_walk(evidence, depth=0)) if evidence else []


def clearing(news: News) -> list[Reason]:
    """Give the stop condition of an alert that stands, as far as it is from being met."""
    evidence = news.transition.condition.clear_evidence
    return list(_walk(evidence, depth=0)) if evidence and news.transition.after == "active" else []


def recent(chart: Chart) -> list[Row]:
    """Give the newest periods of a chart as a table, for readers without pictures."""
    columns = zip(chart.periods, chart.observed, chart.expected, chart.lower, chart.upper, strict=True)
    return [
        Row(
            period=period(name),
            observed="not published" if observed is None else number(observed),
            expected="–" if expected is None else estimate(expected),
            usual="–" if lower is None or upper is None else f"{estimate(lower)}–{estimate(upper)}",
            alarm=name in chart.alarms,
        )
        for name, observed, expected, lower, upper in list(columns)[-RECENT_PERIODS:]
    ]


def parts(news: News) -> str:
    """Read as ``Haiti 5,293 + Brazil 323 + Chile 911``."""
    return " + ".join(f"{part.name} {'not published apart' if part.value is None else number(part.value)}" for part in news.parts)


def caveats(news: News, *, night: Night) -> list[str]:
    """Say what the figures are not, and what is known to disturb them."""
    sources = {release.source for release in news.releases}
    rebuilt = [source.title for source in night.rebuilt if source.source in sources]
    uncertain = sum(release.published_basis == "reconstructed" for release in news.releases)
    held = sum(release.source in sources for release in night.held)
    return [
        *([f"What is counted: {news.topic.counts}."] if news.topic.counts else []),
        *(["Events are not persons: whoever is met twice is counted twice."] if news.transition.condition.unit == "events" else []),
        *(f"Documents of {title}: rebuilt from published figures, not the publisher's originals." for title in rebuilt),
        *(
            [f"Publication dates reconstructed from the publisher's usual calendar: {uncertain} of {len(news.releases)}."]
            if uncertain
            else []
        ),
        *([f"Newer figures may exist: {many(held, 'release')} of this source held and not used."] if held else []),
        *(f"Known break from {period(known.period)}: {known.label}." for known in (news.chart.breaks if news.chart else ())),
        *news.caveats,
    ]


def command(news: News) -> str:
    """Give the command that shows the alert and derives it again."""
    return f"pillarfour alerts show {shlex.quote(one_line(news.transition.key))}"


def newest_releases(news: News) -> list[Release]:
    """Give the newest releases an alert was read from; the command names all of them."""
    return sorted(news.releases, key=lambda release: (release.published_on, release.id), reverse=True)[:RELEASES_SHOWN]


def published(release: Release) -> str:
    """Read as ``published 12 July 2021, reconstructed …``."""
    return f"published {day(release.published_on)}, {BASIS[release.published_basis]}"


def _nothing_new(night: Night) -> str:
    return f"Nothing new on {day(night.known_on)}; {many(len(night.standing), 'alert')} standing"


def _moved(news: News) -> str:
    transition = news.transition
    now, before = named(transition.level), named(transition.level_before)
    match transition.after:
        case "active" if transition.before != "active":
            return f"{now} since {day(news.since)}; before: no alert"
        case "active":
            return f"{_move(transition)}; alert since {day(news.since)}"
        case "resolved":
            return f"Resolved; it was {before} since {day(news.since)}"
        case "retracted":
            return f"RETRACTED: revised figures no longer support the {before} of {day(news.since)}"
        case "pending":
            return f"Pending {named(transition.condition.pending)}: to be confirmed before it is an alert"
        case _:
            return "No longer pending; no alert"


def _move(transition: Transition) -> str:
    now, before = named(transition.level), named(transition.level_before)
    if transition.level == transition.level_before:
        return f"Still {now}"
    raised = _rank(transition.level) > _rank(transition.level_before)
    return f"{'Raised' if raised else 'Lowered'} from {before} to {now}"


def _gravity(news: News) -> tuple[int, int, AlertKey]:
    return (_ORDER.index(news.transition.after), -_rank(news.transition.level), news.transition.key)


def _rank(level: Level | None) -> int:
    return LEVELS.index(level) if level else -1


def _run_of_alarms(chart: Chart | None) -> str:
    if chart is None:
        return ""
    published_periods = [name for name, observed in zip(chart.periods, chart.observed, strict=True) if observed is not None]
    run = 0
    while run < len(published_periods) and published_periods[-1 - run] in chart.alarms:
        run += 1
    unit = "week" if "W" in chart.periods[-1] else "month"
    return f"; outside the usual range for {many(run, unit)}, since {period(published_periods[-run])}" if run > 1 else ""


def _walk(evidence: Evidence, *, depth: int) -> Iterator[Reason]:
    yield Reason(depth=depth, met=_HELD[evidence.held], text=evidence.text or _GROUPS.get(evidence.test, evidence.test))
    for part in evidence.parts:
        yield from _walk(part, depth=depth + 1)


def _shortened(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1].rstrip()}…"
