"""What surrounds a case: its figures month by month, the corridor, who is behind it, what disturbs the figures, where they come from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pillarfour.delivery import facts
from pillarfour.delivery.case import Case
from pillarfour.delivery.night import Ahead, News, Night, Place, Role
from pillarfour.delivery.wording import Wording, noted
from pillarfour.model import Basis, Release
from pillarfour.report.charts import Break, Chart

RECENT_PERIODS = 6
RELEASES_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class Row:
    """One period of a chart, in words."""

    period: str
    observed: str
    expected: str
    usual: str
    alarm: bool


def recent(chart: Chart, wording: Wording) -> list[Row]:
    """Give the newest periods of a chart as a table, for readers without pictures."""
    columns = zip(chart.periods, chart.observed, chart.expected, chart.lower, chart.upper, strict=True)
    return [
        Row(
            period=wording.period(name),
            observed=wording.say("not published") if observed is None else wording.number(observed),
            expected="–" if expected is None else wording.estimate(expected),
            usual="–" if lower is None or upper is None else f"{wording.estimate(lower)}–{wording.estimate(upper)}",
            alarm=name in chart.alarms,
        )
        for name, observed, expected, lower, upper in list(columns)[-RECENT_PERIODS:]
    ]


def charted(news: News, wording: Wording) -> Chart | None:
    """Give the chart in the reader's language."""
    chart = news.chart
    if chart is None:
        return None
    breaks = tuple(Break(period=each.period, label=wording.fact(each.label)) for each in chart.breaks)
    return replace(
        chart, title=wording.fact(news.topic.said(wording.language)), counts=unit(news.transition.condition.unit, wording), breaks=breaks
    )


def unit(name: str, wording: Wording) -> str:
    """Name what a month's figure counts."""
    return {"persons": wording.say("persons a month"), "events": wording.say("events a month")}.get(name, name)


def parts(news: News, wording: Wording) -> str:
    """Read as ``Haiti 5,293, Brazil 323 and Chile 911``; what they leave of the figure is said to be others'."""
    said = [
        wording.say("{name} not published apart", name=part.name[wording.language])
        if part.value is None
        else f"{part.name[wording.language]} {wording.number(part.value)}"
        for part in news.parts
    ]
    rest = (news.transition.condition.value or 0) - sum(part.value or 0 for part in news.parts)
    if said and rest > 0:
        said.append(wording.say("others {count}", count=wording.number(rest)))
    return wording.listed(said) if said else ""


def roles(news: News, wording: Wording) -> list[str]:
    """Say which country is what to these people."""
    titles: dict[Role, str] = {
        "sending": wording.say("Sending"),
        "transit": wording.say("Transit"),
        "transit_and_receiving": wording.say("Transit and receiving"),
        "receiving": wording.say("Receiving"),
    }
    origins = [each[wording.language] for each in news.origins]
    said = [wording.say("Nationals of: {names}", names=wording.listed(origins))] if origins else []
    for role, title in titles.items():
        countries = list(dict.fromkeys(place.country[wording.language] for place in news.corridor if place.role == role))
        said += [f"{title}: {wording.listed(countries)}"] if countries else []
    return said


def caveats(case: Case, night: Night, wording: Wording) -> list[str]:
    """Say what the figures are not, and what is known to disturb them; once for the whole case."""
    releases = _releases(case)
    sources = {release.source for release in releases}
    rebuilt = sum(release.rebuilt for release in releases)
    uncertain = sum(release.published_basis == "reconstructed" for release in releases)
    held = sum(release.source in sources for release in night.held)
    breaks = dict.fromkeys((each.period, each.label) for news in case.news if news.chart for each in news.chart.breaks)
    fields = {"all": wording.number(len(releases))}
    said = list(dict.fromkeys(wording.fact(news.topic.counts) for news in case.news if news.topic.counts))
    if any(news.transition.condition.unit == "events" for news in case.news):
        said.append(wording.say("Events are not persons."))
    if any(news.transition.condition.kind != "outage" for news in case.news):
        said.append(wording.say("The newest figures are first figures, and are often revised."))
    if rebuilt:
        one, more = noted(
            "{count} of {all} documents was rebuilt from published figures and is not the publisher's original.",
            "{count} of {all} documents were rebuilt from published figures and are not the publisher's originals.",
        )
        said.append(wording.many(one, more, rebuilt, **fields))
    if uncertain:
        one, more = noted(
            "{count} of {all} publication dates was not seen, and follows the publisher's usual calendar.",
            "{count} of {all} publication dates were not seen, and follow the publisher's usual calendar.",
        )
        said.append(wording.many(one, more, uncertain, **fields))
    if held:
        one, more = noted(
            "Newer figures may exist: {count} release of this source is held and not used.",
            "Newer figures may exist: {count} releases of these sources are held and not used.",
        )
        said.append(wording.many(one, more, held))
    for period, label in breaks:
        said.append(wording.say("Known break from {period}: {label}.", period=wording.period(period), label=wording.fact(label)))
    return said


def newest_releases(case: Case) -> list[Release]:
    """Give the newest releases a case was read from; the command names all of them."""
    return sorted(_releases(case), key=lambda release: (release.published_on, release.id), reverse=True)[:RELEASES_SHOWN]


def older_releases(case: Case) -> int:
    """Count the others."""
    return max(len(_releases(case)) - RELEASES_SHOWN, 0)


def published(release: Release, wording: Wording) -> str:
    """Read as ``published 12 July 2021 (date not seen)``."""
    return wording.say("published {day} ({basis})", day=wording.day(release.published_on), basis=basis(release.published_basis, wording))


def basis(name: Basis, wording: Wording) -> str:
    """Say how a publication date is known."""
    return {
        "observed": wording.say("seen at the publisher's server"),
        "stated": wording.say("as stated"),
        "reconstructed": wording.say("date not seen"),
    }[name]


def _releases(case: Case) -> list[Release]:
    return list({release.id: release for news in case.news for release in news.releases}.values())


def expected_next(places: Iterable[Place], night: Night, wording: Wording) -> list[str]:
    """Say which month's figures are due next at each stage, the nearest first."""
    due = sorted(
        ((place.next_expected_on, place) for place in places if place.next_expected_on and place.next_period), key=lambda found: found[0]
    )
    said = []
    for day, place in due:
        late = (night.known_on - day).days
        fields = {"place": place.title[wording.language], "period": wording.period(str(place.next_period)), "day": wording.day(day)}
        one, more = noted(
            "{place}: {period} was due about {day}, {count} day late",
            "{place}: {period} was due about {day}, {count} days late",
        )
        expected = wording.say("{place}: {period}, about {day}", **fields)
        said.append(wording.many(one, more, late, **fields) if late > 0 else expected)
    return said


def onward(places: Iterable[Place], wording: Wording) -> list[str]:
    """Say what is expected at the stages further on, and when, or why no earlier stage says so."""
    asked = [place for place in places if place.ahead or place.no_lag]
    if not asked:
        return [wording.say("Time from one stage to the next: not estimated.")]
    return [line for place in asked for line in (_ahead(place, wording) if place.ahead else [_no_lag(place, wording)])]


def _ahead(place: Place, wording: Wording) -> list[str]:
    """Say what is expected, in a sentence for each earlier stage and lag that it rests on."""
    rests_on: dict[tuple[str, int, float], list[Ahead]] = {}
    for each in place.ahead:
        rests_on.setdefault((each.upstream[wording.language], each.lag_months, each.coverage), []).append(each)
    return [_expected(place, months, wording) for months in rests_on.values()]


def _expected(place: Place, months: Sequence[Ahead], wording: Wording) -> str:
    first = months[0]
    figures = [
        wording.say(
            "about {expected} in {period} ({lower}–{upper})",
            expected=wording.estimate(each.expected),
            period=wording.period(each.period),
            lower=wording.estimate(each.lower),
            upper=wording.estimate(each.upper),
        )
        for each in months
    ]
    fields = {
        "place": place.title[wording.language],
        "upstream": first.upstream[wording.language],
        "figures": wording.listed(figures),
        "share": wording.percent(first.coverage),
    }
    if not first.lag_months:
        return wording.say(
            "{place}, by the figures of {upstream} of the same month: {figures}. The range is to hold {share} of the time.", **fields
        )
    one, more = noted(
        "{place}, by the figures of {upstream} {count} month earlier: {figures}. The range is to hold {share} of the time.",
        "{place}, by the figures of {upstream} {count} months earlier: {figures}. The range is to hold {share} of the time.",
    )
    return wording.many(one, more, first.lag_months, **fields)


def _no_lag(place: Place, wording: Wording) -> str:
    why = facts.no_lag(place.no_lag or "insignificant", wording)
    return wording.say("{place}: no usable lag, {why}.", place=place.title[wording.language], why=why)


def corridor(places: Iterable[Place], wording: Wording) -> list[dict[str, str]]:
    """Give the same people at each stage: the newest figure, the year before, and how late it is published."""
    rows = []
    for place in places:
        delay = (
            wording.many("{count} day after the month", "{count} days after the month", place.delay_days)
            if place.delay_days is not None
            else ""
        )
        rows.append(
            {
                "place": place.title[wording.language],
                "level": wording.level(place.level) if place.level else "",
                "value": wording.say("no figure") if place.value is None else f"{wording.number(place.value)}",
                "unit": {"persons": wording.say("persons"), "events": wording.say("events")}.get(place.unit, place.unit),
                "period": wording.period(place.newest_period) if place.newest_period else "",
                "year_before": "–" if place.year_before is None else wording.number(place.year_before),
                "published": wording.day(place.published_on) if place.published_on else "",
                "delay": delay,
            }
        )
    return rows
