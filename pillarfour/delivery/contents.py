"""What stands in which place of a message: the fields of its template."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from pillarfour.alerts.model import Level
from pillarfour.delivery import backdrop, digest, message
from pillarfour.delivery.backdrop import charted
from pillarfour.delivery.case import Case, cases
from pillarfour.delivery.night import News, Night
from pillarfour.delivery.wording import Wording, one_line

__all__ = ["charted", "of_case", "of_digest"]

COLOURS: Final[dict[Level, str]] = {"emergency": "#7a0f1f", "warning": "#b0470a", "watch": "#6b5a00"}
OTHER_COLOUR: Final = "#3d5266"


def of_case(case: Case, night: Night, wording: Wording, *, cids: Iterable[str], now: datetime) -> tuple[str, dict[str, Any]]:
    """Give a case's subject line and the fields of its message.

    Parameters
    ----------
    cids
        What the pictures are called, in the order of the charted changes.
    now
        When the deadlines begin to run; those of a past night have passed.
    """
    names = iter(cids)
    releases = backdrop.newest_releases(case)
    older = backdrop.older_releases(case)
    fields = {
        "banners": message.banners(night, case, wording),
        "opening": message.opening(case, wording),
        "label": message.label(case.lead, wording),
        "colour": COLOURS.get(case.lead.transition.level, OTHER_COLOUR) if case.lead.transition.level else OTHER_COLOUR,
        "new": [_news(news, wording, cid=next(names, "") if news.chart else "") for news in case.news],
        "standing": [digest.standing(alert, wording) for alert in case.standing],
        "corridor": backdrop.corridor(case.lead.corridor, wording),
        "roles": backdrop.roles(case.lead, wording),
        "expected": backdrop.expected_next(case.lead.corridor, night, wording),
        "onward": backdrop.onward(case.lead.corridor, wording),
        "response": message.response(case, wording, now=None if night.mark == "past" else now),
        "caveats": backdrop.caveats(case, night, wording),
        "triggers": list({news.transition.key.trigger: news.transition.condition.rule_sha256 for news in case.news}.items()),
        "releases": [
            {"id": each.id, "published": backdrop.published(each, wording), "document": each.document, "sha256": each.document_sha256}
            for each in releases
        ],
        "older": wording.many("and {count} older release", "and {count} older releases", older) if older else "",
        "commands": [message.command(news, "show") for news in case.news],
        "derivations": [message.command(news, "derive") for news in case.news],
        "case": case.thread,
        "known_on": wording.day(night.known_on),
        "attributions": _attributions(night, {release.source for news in case.news for release in news.releases}, wording),
    }
    return one_line(message.subject(case, night, wording)), fields


def of_digest(night: Night, wording: Wording) -> tuple[str, dict[str, Any]]:
    """Give a digest's subject line and the fields of its message."""
    undelivered = wording.many(
        "{count} earlier message could not be delivered: pillarfour doctor",
        "{count} earlier messages could not be delivered: pillarfour doctor",
        night.undelivered,
    )
    fields = {
        "banners": [*message.banners(night, None, wording), *([undelivered] if night.undelivered else [])],
        "opening": f"{digest.opening(night, wording)}.",
        "new": [digest.new(case, wording) for case in cases(night)],
        "standing": [digest.standing(alert, wording) for alert in night.standing],
        "pending": [digest.pending(alert, wording) for alert in night.pending],
        "unannounced": [digest.unannounced(change, wording) for change in night.unannounced],
        "checked": digest.checked(night, wording),
        "held": [digest.held(release) for release in night.held],
        "failed": night.failed,
        "sources": [
            {
                "title": wording.fact(each.title),
                "line": digest.freshness(each, wording, known_on=night.known_on),
                "failures": [wording.say("failed: {failure}", failure=failure) for failure in each.failures],
            }
            for each in night.sources
        ],
        "known_on": wording.day(night.known_on),
        "attributions": _attributions(night, {source.source for source in night.sources}, wording),
    }
    return one_line(digest.subject(night, wording)), fields


def _attributions(night: Night, sources: set[str], wording: Wording) -> list[str]:
    return [wording.fact(each.attribution) for each in night.sources if each.attribution and each.source in sources]


def _news(news: News, wording: Wording, *, cid: str) -> dict[str, Any]:
    chart = news.chart
    return {
        "label": message.trial(wording, on_trial=news.on_trial) + message.label(news, wording),
        "headline": message.headline(news, wording),
        "change": message.change(news, wording),
        "certainty": message.certainty(news, wording),
        "parts": backdrop.parts(news, wording),
        "cid": cid,
        "unit": backdrop.unit(news.transition.condition.unit, wording),
        "recent": backdrop.recent(chart, wording) if chart else [],
        "why": message.why(news, wording),
        "ending": message.ending(news, wording),
    }
