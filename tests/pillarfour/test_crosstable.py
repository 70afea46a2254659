"""Rows of counts are read whole or signalled, and printed sums are held to their parts."""

from pillarfour import crosstable
from pillarfour.workbook import Sheet

SHEET = Sheet(
    document="book.xls",
    name="Hoja1",
    rows=[["Total", 3, 5], [], ["Haití 1/", 1, "x"], ["Cuba", "", 5], ["HAITI", 1, 1], ["", 9], ["Cuba", "Cuba", 1], ["1/ Nota"]],
)


def read(names_end=1, columns=(1, 2)):
    return crosstable.read(SHEET, range(len(SHEET.rows)), names_end=names_end, columns=columns)


def test_rows_have_a_name_and_their_counts():
    """A blank cell has no count, an unreadable one has None, and a name loses the mark of its footnote."""
    assert [(row.name, dict(row.values)) for row in read().rows][:3] == [
        ("Total", {1: 3, 2: 5}),
        ("Haití", {1: 1, 2: None}),
        ("Cuba", {2: 5}),
    ]


def test_texts_without_counts_are_kept_apart():
    """A footnote is a text, and no row."""
    assert list(read().texts) == [(7, "1/ Nota")]


def test_what_cannot_be_read_is_signalled():
    """Names twice or missing and cells that are no counts are problems with their places."""
    found = [(problem.rule, problem.place.removeprefix("book.xls: sheet 'Hoja1', ")) for problem in read().problems]

    assert found == [
        ("not_a_count", "row 3, column C"),
        ("name_twice", "row 5"),
        ("row_name", "row 6"),
        ("name_twice", "row 7"),
        ("not_a_count", "row 7, column B"),
    ]


def test_two_names_in_a_row_are_signalled():
    """Which of them the counts belong to is not guessed."""
    assert [problem.rule for problem in read(names_end=2, columns=[2]).problems if problem.place.endswith("row 7")] == ["row_name"]


def test_a_printed_sum_is_held_to_its_parts():
    """A sum that fails names its cell and both figures."""
    total = read().rows[0]
    (problem,) = crosstable.check(SHEET, total, 2, [1, 5], what="the rows")

    assert str(problem).startswith("book.xls: sheet 'Hoja1', row 1, column C: Total is 5, but the rows add up to 6; compare with")
    assert list(crosstable.check(SHEET, total, 1, [1, 2], what="the rows")) == []


def test_a_sum_over_an_unreadable_part_is_not_judged():
    """The cell that cannot be read is the problem, not the sum."""
    assert list(crosstable.check(SHEET, read().rows[0], 2, [None, 5], what="the rows")) == []
