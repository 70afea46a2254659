"""Notices: a night's news with what machines ask of it beside, for CAP, webhooks and chat."""

from flows.tell import Teller
from pillarfour import lookups
from pillarfour.delivery.night import News, Night
from pillarfour.delivery.notice import Notice


def notices(teller: Teller, night: Night) -> list[Notice]:
    """Give one notice a piece of news."""
    return [_notice(teller, night, news) for news in night.news]


def _notice(teller: Teller, night: Night, news: News) -> Notice:
    key = news.transition.key
    trigger = next((each for each in teller.triggers.triggers if each.id == key.trigger), None)
    stage = next((each for each in teller.triggers.stages if each.id == key.stage), None)
    return Notice(
        news=news,
        mark=night.mark,
        title={language: getattr(trigger.title, language) if trigger else key.trigger for language in lookups.LANGUAGES},
        country=stage.country if stage else None,
        nationalities=_nationalities(teller, key.subject),
        notify=trigger.notify if trigger else (),
    )


def _nationalities(teller: Teller, name: str) -> tuple[str, ...]:
    if name in teller.triggers.groups:
        return teller.triggers.groups[name].nationalities
    return (name,) if name.isupper() else ()
