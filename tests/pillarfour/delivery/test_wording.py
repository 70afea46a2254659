"""Tests of how numbers, dates and names are written."""

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour.delivery import wording

EN, ES = wording.ENGLISH, wording.wording("es")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (EN.number(6527.0), "6,527"),
        (ES.number(6527.0), "6\u202f527"),
        (EN.number(0), "0"),
        (EN.number(0.4312), "0.43"),
        (EN.estimate(2147.4), "2,147"),
        (EN.estimate(3.26), "3.26"),
        (EN.multiple(6527, 2147.4), "3\u00a0× what was expected"),
        (EN.multiple(2553, 1000), "2.6\u00a0× what was expected"),
        (ES.multiple(6527, 12.3), "531\u00a0× lo esperado"),
        (EN.multiple(73, 5900), "1.2\u00a0% of what was expected"),
        (EN.multiple(0, 5900), "none of what was expected"),
        (EN.multiple(7, 0), "none was expected"),
        (EN.period("2021-06"), "June 2021"),
        (ES.period("2021-06"), "junio de 2021"),
        (EN.period("2020-W53"), "week 53 of 2020"),
        (ES.period("2020-W53"), "la semana 53 de 2020"),
        (EN.tick("2021-06"), "Jun\n2021"),
        (ES.tick("2021-01"), "ene\n2021"),
        (EN.day(date(2021, 8, 5)), "5 August 2021"),
        (ES.day(date(2021, 8, 5)), "5 de agosto de 2021"),
        (EN.moment(datetime(2021, 8, 5, 6, 7, tzinfo=UTC)), "5 August 2021, 06:07 UTC"),
        (ES.moment(datetime(2021, 8, 5, 6, 7, tzinfo=UTC)), "5 de agosto de 2021, 06:07 UTC"),
        (EN.many("{count} alert stands", "{count} alerts stand", 1), "1 alert stands"),
        (ES.many("{count} alert stands", "{count} alerts stand", 1200), "1\u202f200 alertas en pie"),
        (EN.listed(["a", "b", "c"]), "a, b and c"),
        (ES.listed(["a", "b", "c"]), "a, b y c"),
        (ES.either(["a", "b"]), "a o b"),
        (EN.level("emergency"), "EMERGENCY"),
        (ES.level("watch"), "VIGILANCIA"),
    ],
)
def test_figures_are_written_as_a_reader_writes_them(written: str, expected: str):
    """Counts in full, ratios in two digits, months by name, in both languages."""

    assert written == expected


def test_a_field_is_never_read_as_a_sentence():
    """Braces in a name stay braces."""

    assert ES.say("{value} in {period}", value="{period}", period="x{0}") == "{period} en x{0}"


@given(st.integers(min_value=0, max_value=10**12))
def test_a_count_is_never_rounded(count: int):
    """Counts are people's lives: what is written reads back as the same number."""

    assert int(EN.number(count).replace(",", "")) == count == int(ES.number(count).replace("\u202f", ""))


@given(st.text(st.characters(exclude_categories=())))
def test_a_field_stays_in_its_line(text: str):
    """No line end, control character or change of direction survives; a second pass changes nothing."""
    line = wording.one_line(text)

    assert line.splitlines() in ([], [line])
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in line)
    assert wording.one_line(line) == line
    line.encode()
