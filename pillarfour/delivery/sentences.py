"""The few sentences of a notice in English and Spanish, and how figures and dates stand in them."""

from datetime import date
from typing import Final

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from pillarfour.alerts.model import LEVELS, Kind, Level
from pillarfour.delivery.notice import Language, Notice, Shown, Words
from pillarfour.delivery.wording import one_line

LOCALE: Final[dict[Language, str]] = {"en": "en", "es": "es_419"}
LEVEL: Final[dict[Level, Words]] = {
    "watch": {"en": "WATCH", "es": "VIGILANCIA"},
    "warning": {"en": "WARNING", "es": "ADVERTENCIA"},
    "emergency": {"en": "EMERGENCY", "es": "EMERGENCIA"},
}
EVENT: Final[dict[Kind, Words]] = {
    "surge": {"en": "More arrivals than usual", "es": "Más llegadas de lo habitual"},
    "collapse": {"en": "Far fewer arrivals than usual", "es": "Muchas menos llegadas de lo habitual"},
    "outage": {"en": "A publication is overdue", "es": "Una publicación está atrasada"},
    "shift": {"en": "Who arrives has changed", "es": "Ha cambiado quiénes llegan"},
    "revision": {"en": "Published figures were revised", "es": "Se revisaron cifras publicadas"},
}
UNIT: Final[dict[str, Words]] = {"persons": {"en": "persons", "es": "personas"}, "events": {"en": "events", "es": "eventos"}}
MARK: Final[dict[str, Words]] = {
    "live": {"en": "", "es": ""},
    "exercise": {"en": "[EXERCISE] ", "es": "[EJERCICIO] "},
    "past": {"en": "[PAST NIGHT] ", "es": "[NOCHE PASADA] "},
}
ON_TRIAL: Final[Words] = {"en": "[TEST] ", "es": "[PRUEBA] "}
EVENTS_ARE_NOT_PERSONS: Final[Words] = {
    "en": "Events are not persons: whoever is met twice is counted twice.",
    "es": "Los eventos no son personas: quien es registrado dos veces cuenta dos veces.",
}
REBUILT: Final[Words] = {
    "en": "Rests on documents rebuilt from published figures, not on the publisher's originals.",
    "es": "Se basa en documentos reconstruidos a partir de cifras publicadas, no en los originales de la fuente.",
}
SENTENCE: Final[dict[str, Words]] = {
    "figure": {"en": "{value} {unit} in {period}", "es": "{value} {unit} en {period}"},
    "fewer": {"en": "fewer than {value} {unit} in {period}", "es": "menos de {value} {unit} en {period}"},
    "expected": {"en": "{figure}, expected {expected}", "es": "{figure}; se esperaban {expected}"},
    "none": {"en": "no figure", "es": "sin cifra"},
    "overdue": {
        "en": "nothing published after {period}, {value} days overdue",
        "es": "nada publicado después de {period}; {value} días de atraso",
    },
    "unpublished": {"en": "nothing ever published", "es": "nunca se ha publicado nada"},
    "week": {"en": "week {week} of {year}", "es": "la semana {week} de {year}"},
    "began": {"en": "{level} since {since}; before: no alert.", "es": "{level} desde el {since}; antes: sin alerta."},
    "raised": {"en": "Raised from {before} to {level}; alert since {since}.", "es": "Sube de {before} a {level}; alerta desde el {since}."},
    "lowered": {
        "en": "Lowered from {before} to {level}; alert since {since}.",
        "es": "Baja de {before} a {level}; alerta desde el {since}.",
    },
    "resolved": {"en": "Resolved; it was {before} since {since}.", "es": "Resuelta; era {before} desde el {since}."},
    "retracted": {
        "en": "RETRACTED: revised figures no longer support the {before} of {since}.",
        "es": "RETIRADA: las cifras revisadas ya no sustentan la {before} del {since}.",
    },
}
OVER: Final[dict[str, Words]] = {"resolved": {"en": "RESOLVED", "es": "RESUELTA"}, "retracted": {"en": "RETRACTED", "es": "RETIRADA"}}


def headline(notice: Notice, told: Shown, language: Language) -> str:
    """Read as ``WARNING: Haitian families, Darién: 6,527 persons in June 2021, expected 2,147``."""
    transition = notice.transition
    label = OVER[transition.after][language] if transition.after in OVER else _level(transition.level, language)
    marks = MARK[notice.mark][language] + (ON_TRIAL[language] if notice.on_trial else "")
    return one_line(f"{marks}{label}: {topic(notice, language)}: {figure(notice, told, language)}")


def topic(notice: Notice, language: Language) -> str:
    """Say who and where."""
    return one_line(", ".join(part for part in (notice.subject[language], notice.place[language]) if part))


def description(notice: Notice, told: Shown, language: Language) -> str:
    """Say which agreement, what changed, the figure, and what it is not; in English the reason too, which the ledger keeps in English."""
    said = [f"{notice.title[language]}.", change(notice, language), f"{topic(notice, language)}: {figure(notice, told, language)}."]
    if language == "en" and told.fewer_than is None:
        said.append(f"Reason: {notice.transition.reason}.")
    if notice.transition.condition.unit == "events":
        said.append(EVENTS_ARE_NOT_PERSONS[language])
    if notice.rebuilt:
        said.append(REBUILT[language])
    return one_line(" ".join(said))


def change(notice: Notice, language: Language) -> str:
    """Say what became of the alert, and since when it stands or stood."""
    transition = notice.transition
    name: str = transition.after
    if transition.after == "active":
        higher = LEVELS.index(transition.level or LEVELS[0]) > (LEVELS.index(transition.level_before) if transition.level_before else -1)
        name = "began" if transition.before != "active" else "raised" if higher else "lowered"
    return SENTENCE[name][language].format(
        level=_level(transition.level, language),
        before=_level(transition.level_before, language),
        since=day(notice.since, language),
    )


def figure(notice: Notice, told: Shown, language: Language) -> str:
    """Say the newest figure, with what was expected of it."""
    condition = notice.transition.condition
    if condition.kind == "outage":
        if condition.reference_period is None:
            return SENTENCE["unpublished"][language]
        overdue = number(told.value or 0, language)
        return SENTENCE["overdue"][language].format(period=period(condition.reference_period, language), value=overdue)
    value = told.value if told.fewer_than is None else told.fewer_than
    if value is None or condition.reference_period is None:
        return SENTENCE["none"][language]
    unit = UNIT[condition.unit][language] if condition.unit in UNIT else condition.unit
    sentence = SENTENCE["figure" if told.fewer_than is None else "fewer"][language]
    said = sentence.format(value=number(value, language), unit=unit, period=period(condition.reference_period, language))
    return (
        said
        if told.expected is None
        else SENTENCE["expected"][language].format(figure=said, expected=number(round(told.expected), language))
    )


def number(value: float, language: Language) -> str:
    """Write a count in full, as 6,527."""
    return format_decimal(value, format="#,##0.##", locale=LOCALE[language])


def period(name: str, language: Language) -> str:
    """Write ``2021-06`` as June 2021 or junio de 2021."""
    year, _, rest = name.partition("-")
    if rest.startswith("W"):
        return SENTENCE["week"][language].format(week=int(rest[1:]), year=year)
    return format_skeleton("yMMMM", date(int(year), int(rest), 1), locale=LOCALE[language])


def day(value: date, language: Language) -> str:
    """Write a date in full."""
    return format_date(value, format="d 'de' MMMM 'de' y" if language == "es" else "d MMMM y", locale=LOCALE[language])


def _level(level: Level | None, language: Language) -> str:
    return LEVEL[level][language] if level else "–"
