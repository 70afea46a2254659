"""CSV read strictly, beyond what one source's documents show."""

import string
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour import csv_document
from pillarfour.errors import ParseError
from pillarfour.model import Document

HEADERS = {"one": ("a", "b"), "two": ("a", "c", "count")}


def _document(text: str) -> Document:
    return Document(name="x.csv", content=text.encode(), retrieved_at=datetime(2024, 1, 1, tzinfo=UTC))


def _dictionary(values: list[str]) -> pa.DictionaryArray:
    return pa.array(values).dictionary_encode()


words = st.text(string.ascii_letters + ' ,"', min_size=1)


@given(rows=st.lists(st.tuples(words, words), min_size=1), line_end=st.sampled_from(["\n", "\r\n"]))
def test_cells_come_out_as_they_went_in(rows, line_end):
    """Quotes, commas and blanks included, each in its row."""

    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"'

    text = line_end.join(["a,b", *(",".join(map(quoted, row)) for row in rows), ""])
    table, found = csv_document.read(_document(text), headers=HEADERS)

    assert table == "one"
    assert list(zip(found["a"].to_pylist(), found["b"].to_pylist(), strict=True)) == rows


@given(cells=st.lists(st.tuples(*[st.sampled_from("xyz")] * 3), min_size=1))
def test_combinations_are_the_rows_they_number(cells):
    """Each row's number leads to its own values, and equal rows share one."""
    places, named = csv_document.combinations(*(_dictionary(list(column)) for column in zip(*cells, strict=True)))

    assert [named[place] for place in places.to_pylist()] == cells
    assert len(named) == len(set(cells))


@given(cells=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1))
def test_a_repeated_row_is_refused_and_no_other(cells):
    """By all columns together."""
    key = [_dictionary([str(value) for value in column]) for column in zip(*cells, strict=True)]

    if len(set(cells)) == len(cells):
        csv_document.refuse_repeated(_document("x"), key)
    else:
        with pytest.raises(ParseError, match="give the same cell"):
            csv_document.refuse_repeated(_document("x"), key)


def test_a_key_of_very_many_combinations_is_still_exact():
    """Forty columns of ten values are more combinations than one integer holds."""
    values = [str(place % 10) for place in range(100)]
    key = [_dictionary(values)] * 39

    csv_document.refuse_repeated(_document("x"), [*key, _dictionary([str(place // 10) for place in range(100)])])
    with pytest.raises(ParseError, match="lines 2 and 12 give the same cell"):
        csv_document.refuse_repeated(_document("x"), [*key, key[0]])


def test_the_nearest_header_is_named():
    """So that the analyst sees what was edited."""
    with pytest.raises(ParseError, match=r"line 1: .* the nearest, two, it lacks 'count' and has 'counts'; did you mean \"count\""):
        csv_document.read(_document("a,c,counts\n1,2,3\n"), headers=HEADERS)


@pytest.mark.parametrize("text", ["a,c,count\r1,2,3\r", "a" * 200_000], ids=["line ends of old Macintoshes", "no line end at all"])
def test_what_has_no_header_line_is_refused(text):
    """It is an error of the document, not of the program: the documents beside it are read."""
    with pytest.raises(ParseError, match=r"line 1: is no header \(.+\); fetch the publisher's own file"):
        csv_document.read(_document(text), headers=HEADERS)


def test_many_faults_are_counted_not_listed():
    """The first three, and how many more."""
    _, rows = csv_document.read(_document("a,c,count\n" + "1,2,few\n" * 5), headers=HEADERS)

    with pytest.raises(ParseError, match="lines 2, 3, 4 and 2 more: count 'few' is no whole number; fetch"):
        csv_document.whole_numbers(_document(""), rows, "count")


def test_translate_joins_equal_values():
    """Two published names of one thing are one value."""
    translated = csv_document.translate(_dictionary(["UAC", "UC", "FMUA"]), ["minors", "minors", None])

    assert translated.to_pylist() == ["minors", "minors", None]
    assert translated.dictionary.to_pylist() == ["minors"]
