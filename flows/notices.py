"""Notices: a night's news as short facts in both languages, for CAP, webhooks and chat."""

from flows.tell import Teller
from pillarfour import lookups
from pillarfour.alerts.model import LEVELS, Transition
from pillarfour.delivery.night import News, Night
from pillarfour.delivery.notice import LANGUAGES, Language, Notice, Words
from pillarfour.triggers.schema import Trigger
from sources import SOURCES

WITHIN: Words = {"en": "Within {hours} hours: {step}", "es": "En {hours} horas: {step}"}
ALL: Words = {"en": "All nationalities", "es": "Todas las nacionalidades"}
NATIONALS: Words = {"en": "Nationals of {country}", "es": "Nacionales de {country}"}


def notices(teller: Teller, night: Night) -> list[Notice]:
    """Give one notice a piece of news."""
    return [_notice(teller, night, news) for news in night.news]


def _notice(teller: Teller, night: Night, news: News) -> Notice:
    transition = news.transition
    key = transition.key
    trigger = next((each for each in teller.triggers.triggers if each.id == key.trigger), None)
    stage = next((each for each in teller.triggers.stages if each.id == key.stage), None)
    return Notice(
        transition=transition,
        mark=night.mark,
        since=news.since,
        title={language: getattr(trigger.title, language) if trigger else key.trigger for language in LANGUAGES},
        subject={language: _subject(teller, key.subject, language) for language in LANGUAGES},
        place={language: getattr(stage.title, language) if stage else key.stage for language in LANGUAGES},
        country=stage.country if stage else None,
        nationalities=_nationalities(teller, key.subject),
        response={language: _response(teller, trigger, transition, language) for language in LANGUAGES},
        notify=trigger.notify if trigger else (),
        on_trial=trigger is not None and trigger.status == "test",
        rebuilt=any(release.rebuilt for release in news.releases),
    )


def _subject(teller: Teller, name: str, language: Language) -> str:
    recipes = {source.RECIPE.name: source.RECIPE.title for source in SOURCES}
    if name in recipes:
        return recipes[name]
    if name in teller.triggers.groups:
        title: str = getattr(teller.triggers.groups[name].title, language)
        return title
    return ALL[language] if name == "total" else NATIONALS[language].format(country=lookups.name(name, language))


def _nationalities(teller: Teller, name: str) -> tuple[str, ...]:
    if name in teller.triggers.groups:
        return teller.triggers.groups[name].nationalities
    return (name,) if name.isupper() else ()


def _response(teller: Teller, trigger: Trigger | None, transition: Transition, language: Language) -> tuple[str, ...]:
    """Say what is agreed at the level reached and below it, and by when."""
    if trigger is None or transition.after != "active" or transition.level is None:
        return ()
    agreed = teller.triggers.responses[trigger.response].levels
    reached = [agreed[level] for level in LEVELS[: LEVELS.index(transition.level) + 1] if level in agreed]
    return tuple(WITHIN[language].format(hours=action.within_hours, step=getattr(action, language)) for action in reached)
