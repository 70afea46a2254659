"""What the layouts say, read from tables printed for the purpose."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillarfour.model import OTHER
from sources import panama_darien

EXPECTED = {
    ("2021-01", "HTI"): 623,
    ("2021-02", "HTI"): 981,
    ("2021-03", "HTI"): 1893,
    ("2021-01", "CUB"): 176,
    ("2021-02", "CUB"): 205,
    ("2021-03", "CUB"): 198,
    ("2021-01", "CHL"): 57,
    ("2021-02", "CHL"): 71,
    ("2021-03", "CHL"): 253,
    ("2021-01", OTHER): 22,
    ("2021-02", OTHER): 19,
    ("2021-03", OTHER): 0,
}


def cells(parsed):
    return {(row["reference_period"], row["nationality"]): row["value"] for row in parsed.observations.to_pylist()}


def rules(parsed):
    return {problem.rule for problem in parsed.problems}


def test_the_table_is_read_to_the_last_month_whose_total_is_not_a_dash(document, printed, rows):
    """Dashes stand for zero in months that have passed, and for nothing in months to come."""

    parsed = panama_darien.parse(document(printed(rows)))

    assert cells(parsed) == EXPECTED
    assert parsed.covers == {"crossings": ("2021-01", "2021-02", "2021-03")}
    assert parsed.stated_on == date(2021, 4, 12)
    assert parsed.problems == ()
    assert set(parsed.observations["stage"].to_pylist()) == {"darien"}


def test_the_sentence_tells_zero_months_from_months_to_come(document, printed, rows):
    """Where nobody crossed, the month is covered with zeros, as in April 2020."""
    note = "Cifras preliminares al 30 de abril del 2021 sujetas a revisión y actualización."

    parsed = panama_darien.parse(document(printed(rows, notes=[note], created=datetime(2021, 5, 12, tzinfo=UTC))))

    assert parsed.covers["crossings"][-1] == "2021-04"
    assert cells(parsed) == EXPECTED | {("2021-04", code): 0 for code in ("HTI", "CUB", "CHL", OTHER)}
    assert parsed.problems == ()


def test_other_tables_and_notes_are_left_alone(document, printed, rows):
    """What stands below the country table belongs to another table, and is passed over by its name."""
    notes = [
        "(1) Hijos de ciudadanos haitianos cuyos registros de nacimiento corresponde a estos países.",
        "Cuadro No. 004 TRÁNSITO IRREGULAR DE EXTRANJEROS POR LA FRONTERA CON COLOMBIA SEGÚN CONDICIÓN: AÑO 2021",
        "Adultos",
        "78%",
    ]

    parsed = panama_darien.parse(document(printed(rows, notes=notes)))

    assert cells(parsed) == EXPECTED
    assert parsed.problems == ()


def test_the_order_of_rows_does_not_matter(document, printed, rows):
    """Countries are sorted anew each month."""

    assert cells(panama_darien.parse(document(printed([rows[0], *reversed(rows[1:])])))) == EXPECTED


@pytest.mark.parametrize("separator", [";", ";;", " ; ", "   ", "\t", "   ;  "])
@pytest.mark.parametrize("encoding", ["cp850", "utf-8", "utf-8-sig", "latin-1"])
def test_the_portals_csv_is_read_whatever_separates_and_encodes_it(document, portal, rows, separator, encoding):
    """Delimiters move and double, and the code page is not to be trusted."""

    parsed = panama_darien.parse(document(portal(rows, separator=separator, encode=encoding), "darien.csv"))

    assert parsed.table == "open_data"
    assert cells(parsed) == EXPECTED
    assert parsed.stated_on is None
    assert parsed.problems == ()


def test_a_code_page_mistaken_and_saved_again_is_undone(document, portal, rows):
    """Where CP850 was read as Latin-1 and saved as UTF-8, í is ¡ and ú is £."""
    content = portal(rows).decode("latin-1").encode("utf-8")
    assert "Hait¡" in content.decode("utf-8")

    assert cells(panama_darien.parse(document(content, "darien.csv"))) == EXPECTED


def test_quoted_thousands_between_commas_are_read(document, portal, rows):
    """A comma within quotes is a thousand's, one outside separates."""
    quoted = [[f'"{cell}"' if "," in cell else cell for cell in row] for row in rows]

    assert cells(panama_darien.parse(document(portal(quoted, separator=","), "darien.csv"))) == EXPECTED


def test_the_portals_notes_are_ignored_by_name(document, portal, rows):
    """Sources and notes below the table are no rows."""
    content = portal(rows) + "\r\n\r\nFuente: Servicio Nacional de Migración;;;\r\n".encode("cp850")

    assert cells(panama_darien.parse(document(content, "darien.csv"))) == EXPECTED


counts = st.lists(st.lists(st.integers(0, 99_999), min_size=3, max_size=3), min_size=5, max_size=5)


@given(counts=counts, last=st.integers(1, 3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_printed_is_what_is_read(document, printed, counts, last):
    """Any table that adds up comes back as it was."""
    names = {"Haití": "HTI", "Guyana Francesa": "GUF", "Brasil (1)": "BRA", "Rep. Dominicana": "DOM", "Otros Países": OTHER}
    months = [row[:last] for row in counts]
    sums = [sum(column) for column in zip(*months, strict=True)]
    table = [
        [name, f"{sum(row):,}", *(f"{count:,}" if count else "-" for count in row), *["-"] * (12 - last)]
        for name, row in zip(("Total", *names), (sums, *months), strict=True)
    ]
    until = f"Cifras preliminares al {(31, 28, 31)[last - 1]} de {panama_darien.MONTH_NAMES[last - 1]} del 2021"

    parsed = panama_darien.parse(document(printed(table, notes=[until])))

    assert parsed.problems == ()
    assert cells(parsed) == {
        (f"2021-{month:02}", code): count
        for code, row in zip(names.values(), months, strict=True)
        for month, count in enumerate(row, start=1)
    }


@given(place=st.tuples(st.integers(0, 4), st.integers(1, 13)), value=st.integers(0, 9_999))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_single_misprint_passes(document, printed, rows, place, value):
    """One figure that differs from the true one holds the release, whichever it is: its row or its column fails."""
    row, column = place
    changed = [list(cells) for cells in rows]
    changed[row][column] = f"{value:,}" if value else "-"
    is_same = changed[row][column] == rows[row][column]

    parsed = panama_darien.parse(document(printed(changed)))

    assert is_same == (rules(parsed) == set())
