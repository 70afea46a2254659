"""Broken and foreign documents: each is a ParseError, or a release held by a problem, that says what, where and what to do."""

import io
from datetime import UTC, datetime

import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from pillarfour.errors import ParseError
from pillarfour.model import Document
from sources.mexico_segob import parse


def change(row, column, value):
    def mutate(grid):
        cells = grid[row]
        cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = value

    return mutate


def title(text):
    return change(1, 0, text)


def drop(*rows):
    def mutate(grid):
        for row in sorted(rows, reverse=True):
            del grid[row]

    return mutate


def untitled(grid):
    del grid[:4]


def shuffled(grid):
    for row in grid[4:23]:
        row[1:3] = row[2:0:-1]


def unfigured(grid):
    for row in grid[5:23]:
        row[1:] = ["-"] * (len(row) - 1)


REFUSED = [
    (
        "another cuadro, of minors",
        change(0, 0, "Cuadro 3.1.3"),
        ["sheet 'Hoja1', row 5", "this is cuadro 3.1.3", "not cuadro 3.1.1 or 3.1", "bring one of these"],
    ),
    (
        "no cuadro's number anywhere",
        drop(0),
        ["does not say which cuadro it is", "bring one of these as published"],
    ),
    (
        "the press office's figures",
        title("Personas migrantes irregulares detectadas por el INM, enero a marzo de 2019"),
        ["sheet 'Hoja1', row 5", "INM", "another count", "bring SEGOB's own cuadro"],
    ),
    (
        "single columns after 2021",
        title("Eventos de personas en situación migratoria irregular en México, 2023"),
        ["a table of 2023", "months are columns", "layouts.definitions"],
    ),
    ("no header", drop(4), ["'Hoja1' with 25 rows", "nowhere a row with the months", "as published"]),
    ("an empty sheet", drop(*range(26)), ["'Hoja1' with 0 rows", "nowhere a row with the months"]),
    ("a month twice", change(4, 2, "Enero"), ["sheet 'Hoja1', row 5", "enero, enero, marzo", "each month once"]),
    ("months out of order", shuffled, ["sheet 'Hoja1', row 5", "febrero, enero, marzo", "each month once"]),
    ("a month missing", change(4, 2, "Marzo"), ["enero, marzo, marzo", "each month once"]),
    ("an unknown heading", change(4, 3, "Var. %"), ["row 5, column D", "'Var. %' is neither a month nor Total"]),
    ("two totals", change(4, 5, "Total general"), ["row 5", "more than one column is headed Total"]),
    ("two columns under one month", change(4, 3, ""), ["row 5, column C", "'Febrero' stands above 2 columns", "the Subtotal"]),
    ("no year", title("Eventos de extranjeros presentados ante la autoridad migratoria"), ["no title, and no file name, states the year"]),
    ("two years", change(2, 0, "Serie 2018 a 2019"), ["states the years 2018, 2019", "restore the title rows"]),
    ("no figures", unfigured, ["row 5", "no month has a figure below it"]),
]

HELD = [
    ("Total general wrong", change(5, 2, 42), "printed_total", ["row 6, column C", "Total general is 42", "add up to 41"]),
    ("a region's sum wrong", change(12, 1, "1,235"), "printed_total", ["row 13, column B", "América Central is 1,235", "add up to 1,234"]),
    ("a continent's sum wrong", change(7, 3, 21), "printed_total", ["row 8, column D", "América is 21", "its regions add up to 20"]),
    (
        "a country's total wrong",
        change(13, 4, "1,283"),
        "printed_total",
        ["row 14, column E", "Honduras is 1,283", "its months add up to 1,284"],
    ),
    ("a row lost", drop(20), "printed_total", ["row 19, column B", "Asia is 8", "its countries add up to 2"]),
    ("cut off below Total general", drop(*range(13, 26)), "printed_total", ["row 6, column B", "Total general is 1,266"]),
    ("Total general lost", drop(5), "total_missing", ["row 5", "no row Total general below"]),
    (
        "an unknown country",
        change(13, 0, "Hondurras"),
        "unknown_nationality",
        ["row 14", "'Hondurras'", "'Honduras'", "data/countries.csv"],
    ),
    ("an unknown region", change(18, 0, "Medio Oriente"), "unknown_nationality", ["row 19", "'Medio Oriente'", "layouts.subtotals"]),
    ("text in a number's cell", change(13, 2, "n.d."), "not_a_count", ["row 14, column C", "'n.d.' is no count"]),
    ("a point for thousands", change(13, 1, "1.234"), "not_a_count", ["row 14, column B", "'1.234' is no count"]),
    ("a broken number", change(13, 2, 30.5), "not_a_count", ["row 14, column C", "30.5 is no count"]),
    ("an absurd number", change(13, 2, 3e12), "not_a_count", ["row 14, column C", "is no count"]),
    ("a negative number", change(13, 2, -30), "not_a_count", ["row 14, column C", "-30 is no count"]),
    ("a country twice", change(20, 0, "Corea, Rep. (Sur)"), "name_twice", ["row 21", "stands in row 20 too", "keep the row that is right"]),
    ("figures without a name", change(13, 0, ""), "row_name", ["row 14", "counts beside no name"]),
    ("a country without figures", change(23, 0, "Cuba"), "no_figures", ["row 24", "'Cuba' has no figures"]),
    ("a text among the rows", change(14, 0, "Sin desagregar"), "no_figures", ["row 15", "'Sin desagregar' has no figures"]),
]


@pytest.mark.parametrize(("fault", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_document_of_no_known_layout_is_refused(plain, as_document, fault, said):
    """What is not cuadro 3.1.1 or 3.1 is refused with the file, the place and the remedy."""
    grid = plain()
    fault(grid)

    with pytest.raises(ParseError) as caught:
        parse(as_document(grid, name="descarga.xls"))
    for words in ("descarga.xls", *said):
        assert words in str(caught.value)


@pytest.mark.parametrize(("fault", "rule", "said"), [case[1:] for case in HELD], ids=[case[0] for case in HELD])
def test_a_document_that_does_not_add_up_is_held(plain, as_document, fault, rule, said):
    """What can be read but not trusted has a problem with the file, the cell and the remedy."""
    grid = plain()
    fault(grid)
    problems = parse(as_document(grid)).problems
    found = [str(problem) for problem in problems if problem.rule == rule]

    assert any(all(words in text for words in ("cuadro3.1.1_.xls: sheet 'Hoja1'", *said)) for text in found), problems


def test_an_unknown_country_has_no_nationality(plain, as_document):
    """A name that is not known keeps its figures and never becomes other."""
    grid = plain()
    grid[13][0] = "Hondurras"
    rows = parse(as_document(grid)).observations.to_pylist()

    assert [row["value"] for row in rows if row["nationality"] is None] == [1234, 30, 20]


@pytest.mark.parametrize(
    ("column", "heading", "said"),
    [
        (2, "Devueltos", ["row 6, column C", "headed 'devueltos'", "subtotal, presentados"]),
        (3, "Presentados", ["row 5, column B", "'Enero' stands above 3 columns", "not exactly one is the Subtotal"]),
        (2, "Presentados", ["row 5, column B", "'Enero' stands above 3 columns"]),
    ],
)
def test_an_unknown_column_in_a_band_is_refused(banded, as_document, column, heading, said):
    """Every column under a month is known, and one of them is the Subtotal."""
    grid = banded()
    grid[5][column] = heading

    with pytest.raises(ParseError) as caught:
        parse(as_document(grid))
    for words in ("cuadro3.1.1_.xls", *said):
        assert words in str(caught.value)


def test_parts_that_miss_their_subtotal_are_held(banded, as_document):
    """Presentados and canalizados add up to the Subtotal, in each row and month."""
    grid = banded()
    grid[12][1] = 41
    problems = [str(problem) for problem in parse(as_document(grid)).problems]

    assert any("row 13, column D: Honduras is 60, but its presentados and canalizados add up to 61" in text for text in problems)


def test_bands_before_2021_are_refused(banded, as_document):
    """Before 2021 nobody counted by the second definition."""
    grid = banded()
    grid[1][0] = "Eventos de extranjeros presentados ante la autoridad migratoria, 2019"

    with pytest.raises(ParseError, match="a table of 2019 counts whose months are bands"):
        parse(as_document(grid))


def test_an_unknown_state_is_held(entities, as_document):
    """A federal entity that is not known holds the release and names the row."""
    grid = entities()
    grid[4][0] = "Chapas"
    (problem,) = parse(as_document(grid)).problems

    assert str(problem) == (
        "cuadro3.1.1_.xls: sheet 'Hoja1', row 5: 'Chapas' is no federal entity known; add it to layouts.entities in mexico_segob.yaml"
    )


def test_two_sheets_that_match_are_refused(plain, as_document):
    """Which of two cuadros is meant is for the analyst to say."""
    with pytest.raises(ParseError, match=r"cuadro3.1.1_.xls: the sheets 'Hoja1' and 'Hoja2' are a cuadro each; keep one in a file"):
        parse(as_document(plain(), plain()))


def test_a_sheet_without_months_is_passed_over(plain, as_document):
    """An index sheet beside the cuadro does no harm."""
    assert parse(as_document([["Índice"]], plain())).table == "nationality"


def test_the_column_of_the_year_is_believed_only_if_it_is_one(as_document):
    """A column headed año that holds something else is refused."""
    grid = [["entidad", "ano", "ene"], ["Chiapas", "s/d", 3]]

    with pytest.raises(ParseError, match=r"sheet 'Cuadro 3.1', row 1: 's/d' in the column of the year is no year"):
        parse(as_document(grid, sheets=["Cuadro 3.1"]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a workbook"),
        (b"<html><body>Error 503</body></html>", "a web page or XML saved under a workbook's name"),
        (b"\xef\xbb\xbf\r\n<?xml version='1.0'?><Workbook/>", "a web page or XML"),
        (b"%PDF-1.7 ...", "not a workbook"),
        (b"PK\x03\x04 but no more", "not a workbook"),
    ],
)
def test_what_is_no_workbook_is_refused(content, said):
    """A file is told by its content, not by the name it was saved under."""
    with pytest.raises(ParseError, match=r"cuadro3\.1\.1\.xls: ") as caught:
        parse(Document(name="cuadro3.1.1.xls", content=content, retrieved_at=datetime(2024, 3, 1, tzinfo=UTC)))

    assert said in str(caught.value)
    assert "again" in str(caught.value)


def test_a_workbook_cut_short_is_refused(plain, as_document):
    """A download that broke off is no smaller table."""
    whole = as_document(plain())

    for share in (0.2, 0.5, 0.9):
        cut = Document(name=whole.name, content=whole.content[: int(len(whole.content) * share)], retrieved_at=whole.retrieved_at)
        with pytest.raises(ParseError, match="cut short or damaged on its way"):
            parse(cut)


WHOLE = io.BytesIO()
_book = xlwt.Workbook()
_sheet = _book.add_sheet("Cuadro 3.1")
for _row, _cells in enumerate([["entidad", "ano", "ene"], ["Chiapas", 2019, 4], ["Oaxaca", 2019, 7]]):
    for _column, _cell in enumerate(_cells):
        _sheet.write(_row, _column, _cell)
_book.save(WHOLE)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE.getvalue()) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_damage_never_escapes_as_anything_but_a_parse_error(damage):
    """Whatever bytes are damaged, the reader answers or refuses; a panic of the native library is a refusal too."""
    content = bytearray(WHOLE.getvalue())
    for place, byte in damage:
        content[place] = byte
    damaged = Document(name="cuadro3.1.xls", content=bytes(content), retrieved_at=datetime(2024, 3, 1, tzinfo=UTC))
    try:
        table = parse(damaged).table
    except ParseError as refused:
        table = str(refused)
    assert table == "state" or table.startswith("cuadro3.1.xls: ")
