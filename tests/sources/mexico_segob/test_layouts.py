"""Every layout that SEGOB has used is read exactly."""

import pytest

from pillarfour.model import PARSED
from sources.mexico_segob import parse


def figures(parsed, measure, period):
    table = parsed.observations.to_pylist()
    return {row["nationality"]: row["value"] for row in table if (row["measure"], row["reference_period"]) == (measure, period)}


def test_months_in_columns_count_presentations(plain, as_document):
    """To 2020 a month is one column, and what it counts are presentations."""
    parsed = parse(as_document(plain()))

    assert parsed.problems == ()
    assert parsed.table == "nationality"
    assert parsed.covers == {"presentations": ("2019-01", "2019-02", "2019-03")}
    assert figures(parsed, "presentations", "2019-01") == {"USA": 5, "HND": 1234, "DOM": 17, "KOR": 2, "MMR": 6, "XXA": 2}


def test_a_dash_in_an_elapsed_month_is_a_zero(plain, as_document):
    """A dash beside figures of the same month is counted as none."""
    parsed = parse(as_document(plain()))

    assert figures(parsed, "presentations", "2019-03") == {"USA": 0, "HND": 20, "DOM": 0, "KOR": 0, "MMR": 10, "XXA": 0}


def test_bands_count_the_subtotal_and_its_parts(banded, as_document):
    """From 2021 the month's figure is the one headed Subtotal; the parts beside it are measures of their own."""
    parsed = parse(as_document(banded()))

    assert parsed.problems == ()
    assert parsed.covers == dict.fromkeys(("presentations", "referrals", "apprehensions"), ("2023-01", "2023-02"))
    assert figures(parsed, "apprehensions", "2023-01") == {"SLV": 28, "HND": 60, "HTI": 12}
    assert figures(parsed, "presentations", "2023-01") == {"SLV": 20, "HND": 40, "HTI": 10}
    assert figures(parsed, "referrals", "2023-01") == {"SLV": 8, "HND": 20, "HTI": 2}
    assert figures(parsed, "apprehensions", "2023-02") == {"SLV": 10, "HND": 0, "HTI": 0}


@pytest.mark.parametrize("second", ["Conducidos", "Canalizados", "Canalizados1", "CANALIZADOS 2/"])
def test_the_second_part_goes_by_either_name(banded, as_document, second):
    """Conducidos were later called canalizados, with and without a footnote's mark."""
    parsed = parse(as_document(banded(second=second)))

    assert figures(parsed, "referrals", "2023-01") == {"SLV": 8, "HND": 20, "HTI": 2}


@pytest.mark.parametrize("year", [2011, 2012, 2019, 2021])
def test_each_title_of_the_first_definition_is_known(plain, as_document, year):
    """Alojados, asegurados, presentados: one definition, in 2021 as long as the months were single columns."""
    parsed = parse(as_document(plain(year)))

    assert list(parsed.covers) == ["presentations"]
    assert parsed.problems == ()


def test_the_definition_of_2021_is_told_by_the_layout(banded, as_document):
    """In 2021 the title was still that of presentations; the bands below it say that more is counted."""
    parsed = parse(as_document(banded(2021)))

    assert figures(parsed, "apprehensions", "2021-02") == {"SLV": 10, "HND": 0, "HTI": 0}


def test_months_to_come_are_not_covered(plain, as_document):
    """Months printed ahead as dashes or blanks are missing, not zero."""
    grid = plain()
    for row in grid[4:23]:
        row[4:4] = [] if len(row) < 5 else ["Abril", "Mayo"] if row[1] == "Enero" else ["-", ""]
    parsed = parse(as_document(grid))

    assert parsed.problems == ()
    assert parsed.covers == {"presentations": ("2019-01", "2019-02", "2019-03")}


def test_a_blank_cell_is_not_published(plain, as_document):
    """A blank in a month that others report gives no row: it is not known to be zero."""
    grid = plain()
    grid[10][2] = ""
    parsed = parse(as_document(grid))

    assert parsed.problems == ()
    assert "USA" not in figures(parsed, "presentations", "2019-02")


def test_total_general_may_stand_below(plain, as_document):
    """The total is found by its name, not by its place."""
    grid = plain()
    grid.insert(22, grid.pop(5))
    parsed = parse(as_document(grid))

    assert parsed.problems == ()
    assert figures(parsed, "presentations", "2019-02") == {"USA": 0, "HND": 30, "DOM": 5, "KOR": 0, "MMR": 4, "XXA": 2}


def test_two_names_of_one_nationality_are_added(plain, as_document):
    """A nationality printed under two names is one row that names both cells."""
    grid = plain()
    grid[19] = ["Myanmar", 2, "-", "-", 2]
    rows = [row for row in parse(as_document(grid)).observations.to_pylist() if row["nationality"] == "MMR"]

    assert [row["value"] for row in rows] == [8, 4, 10]
    assert rows[0]["locator"] == "Hoja1!B20, Hoja1!B21"


def test_federal_entities_are_a_table_of_their_own(entities, as_document):
    """Cuadro 3.1 gives states, of all nationalities; México is a state there."""
    parsed = parse(as_document(entities(), name="cuadro3.1.xls"))

    assert parsed.problems == ()
    assert parsed.table == "state"
    assert [(row["reference_period"], row["nationality"], row["state"], row["value"]) for row in parsed.observations.to_pylist()] == [
        ("2019-01", "TOTAL", "Chiapas", 4),
        ("2019-01", "TOTAL", "México", 1),
        ("2019-02", "TOTAL", "Chiapas", 3),
        ("2019-02", "TOTAL", "México", 0),
    ]


def test_the_year_may_come_from_the_file_s_name(plain, as_document):
    """Where an archivist removed the titles, the sheet's name says which cuadro it is and the file's name which year."""
    parsed = parse(as_document(plain()[4:], name="cuadro3.1.1_2018.xls", sheets=["Cuadro 3.1.1"]))

    assert parsed.covers == {"presentations": ("2018-01", "2018-02", "2018-03")}


def test_rows_are_of_the_parsed_schema_and_name_their_cell(plain, as_document):
    """Each row says in which cell of which sheet it stands, at the Mexican stage of the corridor."""
    observations = parse(as_document(plain())).observations

    assert all(field.type == PARSED.field(field.name).type for field in observations.schema)
    assert observations.slice(0, 1).to_pylist() == [
        {
            "measure": "presentations",
            "reference_period": "2019-01",
            "stage": "mexico",
            "nationality": "USA",
            "value": 5,
            "locator": "Hoja1!B11",
        }
    ]
