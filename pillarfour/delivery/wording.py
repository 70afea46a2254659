"""Numbers, months and names as a reader writes them, each kept inside its line."""

import unicodedata
from datetime import date, datetime
from typing import Final

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal, format_percent

from pillarfour.alerts.model import Level
from pillarfour.model import Basis

LOCALE: Final = "en"
LEAST_WHOLE: Final = 10

BASIS: Final[dict[Basis, str]] = {
    "observed": "seen at the publisher's server",
    "stated": "stated by the document or by an analyst",
    "reconstructed": "reconstructed from the publisher's usual calendar, not seen",
}


def one_line(text: object) -> str:
    """Keep a field inside its line: no line ends, no control characters, none that turn the writing direction."""
    kept = (" " if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} else character for character in str(text))
    return " ".join("".join(kept).split())


def number(value: float) -> str:
    """Write a count in full, as 6,527; a share or a rate with two decimals."""
    return format_decimal(value, format="#,##0.##", locale=LOCALE)


def estimate(value: float) -> str:
    """Write what was expected: in whole numbers, and with two decimals only where they matter."""
    return number(round(value) if abs(value) >= LEAST_WHOLE else value)


def multiple(value: float, expected: float) -> str:
    """Say how a figure compares with what was expected, which is above nought."""
    ratio = value / expected
    if value == 0:
        return "none of what was expected"
    if ratio >= 1:
        times = number(round(ratio)) if ratio >= LEAST_WHOLE else format_decimal(ratio, format="@#", locale=LOCALE)
        return f"{times} × what was expected"
    return f"{format_percent(ratio, format='@# %', locale=LOCALE)} of what was expected"


def period(name: str) -> str:
    """Write ``2021-06`` as June 2021 and ``2021-W23`` as week 23 of 2021."""
    year, _, rest = name.partition("-")
    if rest.startswith("W"):
        return f"week {int(rest[1:])} of {year}"
    return format_skeleton("yMMMM", date(int(year), int(rest), 1), locale=LOCALE)


def day(value: date) -> str:
    """Write a date as 15 August 2021."""
    return format_date(value, format="d MMMM y", locale=LOCALE)


def moment(value: datetime) -> str:
    """Write a time as 15 August 2021 06:00 UTC."""
    return format_datetime(value, format="d MMMM y HH:mm 'UTC'", locale=LOCALE)


def many(count: int, one: str, more: str | None = None) -> str:
    """Write ``1 alert``, ``2 alerts``, ``no alerts``."""
    return f"{number(count) if count else 'no'} {one if count == 1 else more or one + 's'}"


def named(level: Level | None) -> str:
    """Write a level so that nobody overlooks it."""
    return level.upper() if level else "no alert"
