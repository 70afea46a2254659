"""Tests of how numbers, dates and names are written."""

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour.delivery import wording


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.number(6527.0), "6,527"),
        (wording.number(0), "0"),
        (wording.number(0.4312), "0.43"),
        (wording.estimate(2147.4), "2,147"),
        (wording.estimate(3.26), "3.26"),
        (wording.multiple(6527, 2147.4), "3 × what was expected"),
        (wording.multiple(2553, 1000), "2.6 × what was expected"),
        (wording.multiple(6527, 12.3), "531 × what was expected"),
        (wording.multiple(73, 5900), "1.2 % of what was expected"),
        (wording.multiple(0, 5900), "none of what was expected"),
        (wording.period("2021-06"), "June 2021"),
        (wording.period("2020-W53"), "week 53 of 2020"),
        (wording.day(date(2021, 8, 5)), "5 August 2021"),
        (wording.moment(datetime(2021, 8, 5, 6, 7, tzinfo=UTC)), "5 August 2021 06:07 UTC"),
        (wording.many(0, "alert"), "no alerts"),
        (wording.many(1, "alert"), "1 alert"),
        (wording.many(1200, "series", "series"), "1,200 series"),
    ],
)
def test_figures_are_written_as_a_reader_writes_them(written: str, expected: str):
    """Counts in full, ratios in two digits, months by name."""

    assert written == expected


@given(st.integers(min_value=0, max_value=10**12))
def test_a_count_is_never_rounded(count: int):
    """Counts are people's lives: what is written reads back as the same number."""

    assert int(wording.number(count).replace(",", "")) == count


@given(st.text(st.characters(exclude_categories=())))
def test_a_field_stays_in_its_line(text: str):
    """No line end, control character or change of direction survives; a second pass changes nothing."""
    line = wording.one_line(text)

    assert line.splitlines() in ([], [line])
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in line)
    assert wording.one_line(line) == line
    line.encode()
