"""How a reader is spoken to: sentences in their language, numbers, months and names as they write them, each kept inside its line."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.dates import format_date, format_datetime, format_skeleton
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from pillarfour.alerts.model import Level
from pillarfour.lookups import Language

CATALOGUES: Final = Path(__file__).with_name("locale")
LEAST_WHOLE: Final = 10
LEAST_WRITTEN: Final = 0.005
"""What is less is written as nought."""
SPACES: Final = re.compile("[^\\S\u00a0\u202f]+")
GROUP: Final = "\u202f"
"""What stands between thousands in Spanish: point and comma differ from country to country, the narrow space reads in all."""


def one_line(text: object) -> str:
    """Keep a field inside its line: no line ends, no control characters, none that turn the writing direction."""
    kept = (" " if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} else character for character in str(text))
    return SPACES.sub(" ", "".join(kept)).strip(" ")


def noted(one: str, more: str, /) -> tuple[str, str]:
    """Mark a sentence, for one and for more, that is translated elsewhere."""
    return one, more


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One language: its catalogue and its ways of writing. English is what the code says; ``wording`` gives the others."""

    language: Language
    catalogue: NullTranslations = field(repr=False, compare=False)

    def say(self, message: str, /, **fields: object) -> str:
        """Translate a sentence, then put its fields in; a field is never read as a sentence."""
        return _kept_together(self.catalogue.gettext(message)).format(**fields)

    def many(self, one: str, more: str, count: int, /, **fields: object) -> str:
        """Translate a sentence about a number of things, which it has as ``{count}``."""
        return _kept_together(self.catalogue.ngettext(one, more, count)).format(count=self.number(count), **fields)

    def fact(self, text: str) -> str:
        """Translate what a fact file says, such as a source's title; what the catalogue does not have stays as it is."""
        return self.catalogue.gettext(text) if text else ""

    def number(self, value: float) -> str:
        """Write a count in full, as 6,527; a share or a rate with two decimals."""
        return self._grouped(format_decimal(value, format="#,##0.##", locale="en"))

    def estimate(self, value: float) -> str:
        """Write what was expected: in whole numbers, and with two decimals only where they matter."""
        return self.number(round(value) if abs(value) >= LEAST_WHOLE else value)

    def bits(self, value: float) -> str:
        """Write a divergence with three decimals, as 0.083."""
        return self._grouped(format_decimal(value, format="0.000", locale="en"))

    def ratio(self, value: float) -> str:
        """Write a ratio in two digits, as 2.6 or 35."""
        return self.number(round(value)) if value >= LEAST_WHOLE else self._grouped(format_decimal(value, format="@#", locale="en"))

    def percent(self, share: float) -> str:
        """Write a share of one, as 1.2 %."""
        return f"{self._grouped(format_decimal(share * 100, format='@#', locale='en'))}\u00a0%"

    def multiple(self, value: float, expected: float) -> str:
        """Say how a figure compares with what was expected."""
        if expected < LEAST_WRITTEN:
            return self.say("none was expected")
        if value == 0:
            return self.say("none of what was expected")
        if value >= expected:
            return self.say("{times} × what was expected", times=self.ratio(value / expected))
        return self.say("{percent} of what was expected", percent=self.percent(value / expected))

    def period(self, name: str) -> str:
        """Write ``2021-06`` as June 2021 and ``2021-W23`` as week 23 of 2021."""
        year, _, rest = name.partition("-")
        if rest.startswith("W"):
            return self.say("week {week} of {year}", week=int(rest[1:]), year=year)
        return format_skeleton("yMMMM", date(int(year), int(rest), 1), locale=self.language)

    def tick(self, name: str) -> str:
        """Write a period on an axis, as Jun and below it 2021."""
        year, _, rest = name.partition("-")
        return name if rest.startswith("W") else f"{format_date(date(int(year), int(rest), 1), 'MMM', locale=self.language)}\n{year}"

    def day(self, value: date) -> str:
        """Write a date as 15 August 2021."""
        return format_date(value, format=self.say("d MMMM y"), locale=self.language)

    def moment(self, value: datetime) -> str:
        """Write a time as 15 August 2021, 06:00 UTC."""
        return format_datetime(value, format=self.say("d MMMM y, HH:mm 'UTC'"), locale=self.language)

    def listed(self, items: Sequence[str]) -> str:
        """Write ``a, b and c``."""
        return format_list(items, style="standard", locale="en_GB" if self.language == "en" else self.language)

    def either(self, items: Sequence[str]) -> str:
        """Write ``a, b or c``."""
        return format_list(items, style="or", locale="en_GB" if self.language == "en" else self.language)

    def level(self, level: Level | None) -> str:
        """Write a level so that nobody overlooks it."""
        names = {"watch": self.say("WATCH"), "warning": self.say("WARNING"), "emergency": self.say("EMERGENCY")}
        return names[level] if level else self.say("no alert")

    def _grouped(self, written: str) -> str:
        return written if self.language == "en" else written.replace(",", GROUP)


@cache
def wording(language: Language) -> Wording:
    """Give a language's wording; English is what the code itself says, another's catalogue is compiled on first use."""
    if language == "en":
        return ENGLISH
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Wording(language=language, catalogue=Translations(compiled))


def _kept_together(sentence: str) -> str:
    """Let no line end between a number and its sign."""
    return sentence.replace(" ×", "\u00a0×")


ENGLISH: Final = Wording(language="en", catalogue=NullTranslations())
"""What the code itself says."""
