"""The three tables, as small documents."""

import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour.model import PARSED
from sources import us_cbp


def test_a_row_becomes_a_cell_with_its_place(table, area_rows):
    """Fiscal months become calendar months, names become codes, and the locator is the line."""
    parsed = us_cbp.parse(table(area_rows))

    assert parsed.table == "area"
    assert parsed.problems == ()
    assert parsed.observations.to_pylist()[2] == {
        "measure": "encounters",
        "reference_period": "2023-10",
        "stage": "us_northern",
        "nationality": "CHN",
        "region": "northern",
        "area": "Swanton Sector",
        "component": "U.S. Border Patrol",
        "demographic": "Unaccompanied Children / Single Minors",
        "authority": "Title 8",
        "encounter_type": "Apprehensions",
        "value": 3,
        "locator": "line 4",
    }


@pytest.mark.parametrize("layout", ["area", "state", "southwest"])
def test_every_column_is_handled(layout):
    """A column is a year, a month, a count, or has declared values: none is skipped in silence."""
    apart = {"Fiscal Year", "Month (abbv)", "Encounter Count"}

    assert set(us_cbp.LAYOUTS.headers[layout]) - apart <= set(us_cbp.KNOWN)


def test_every_declared_nationality_has_a_code():
    """The names the YAML declares are the codes its tables list."""
    codes = {us_cbp.lookups.nationality(name) for name in us_cbp.LAYOUTS.citizenships["Citizenship"]}

    assert codes == set(us_cbp.RECIPE.tables["area"].listed) == set(us_cbp.RECIPE.tables["state"].listed)


def test_the_state_table_has_state_and_no_component(table):
    """A table leaves out what it does not have."""
    parsed = us_cbp.parse(table(["2024 (FYTD),FYTD,OCT,Southwest Land Border,TX,FMUA,VENEZUELA,Title 8,1"], layout="state"))

    assert parsed.table == "state"
    assert parsed.observations.column_names == [name for name in PARSED.names if name not in {"area", "component", "encounter_type"}]
    assert parsed.observations["state"].to_pylist() == ["TX"]


def test_the_southwest_table_is_of_the_southwest_border(table):
    """It has no region column; its rows carry the region, and Other is the nationalities not listed."""
    parsed = us_cbp.parse(table(["2024 (FYTD),FYTD,OCT,U.S. Border Patrol,FMUA,Other,Title 8,Apprehensions,1178.0"], layout="southwest"))

    assert parsed.table == "southwest"
    (row,) = parsed.observations.to_pylist()
    assert (row["region"], row["stage"], row["nationality"], row["value"]) == ("southwest", "us_southwest", "OOO", 1178)


def test_all_nationalities_is_the_total(table):
    """Rebuilt documents of fiscal 2018 and 2019 give no nationality."""
    parsed = us_cbp.parse(table(["2018,FYTD,OCT,U.S. Border Patrol,FMUA,All Nationalities,Title 8,Apprehensions,4836"], layout="southwest"))

    assert parsed.observations["nationality"].to_pylist() == ["TOTAL"]
    assert parsed.problems == ()


@pytest.mark.parametrize(("published", "kept"), [("UAC", 2), ("UC / Single Minors", 2), ("FMUA", 1)])
def test_one_demographic_has_one_name(table, area_rows, published, kept):
    """CBP renamed unaccompanied children in 2025; a series does not break on it."""
    name = us_cbp.KNOWN["Demographic"][published]
    demographics = us_cbp.parse(table(area_rows)).observations["demographic"].to_pylist()

    assert demographics.count(name) == kept


def test_covers_lists_each_month_once(table, area_rows):
    """A document speaks of every month from its first to its last, an explicit zero included."""
    parsed = us_cbp.parse(table(area_rows))

    assert parsed.covers == {"encounters": ("2023-09", "2023-10", "2023-11")}
    assert pc.sum(parsed.observations["value"]).as_py() == 27
    assert 0 in parsed.observations["value"].to_pylist()


def test_month_grouping_is_no_part_of_a_cell(table, area_rows):
    """Two releases group the same month differently; one file that did would count it twice."""
    remaining = [row.replace(",FYTD,", ",Remaining,") for row in area_rows]

    assert us_cbp.parse(table(remaining)).observations.equals(us_cbp.parse(table(area_rows)).observations)
    with pytest.raises(us_cbp.ParseError, match="lines 2 and 7 give the same cell"):
        us_cbp.parse(table([*area_rows, remaining[0]]))


def test_the_open_year_is_the_year(table, area_rows):
    """2024 (FYTD) is 2024, and a file that wrote both would repeat its cells."""
    closed = [row.replace("2024 (FYTD)", "2024") for row in area_rows]

    assert us_cbp.parse(table(closed)).observations.equals(us_cbp.parse(table(area_rows)).observations)
    with pytest.raises(us_cbp.ParseError, match="lines 3 and 7 give the same cell"):
        us_cbp.parse(table([*area_rows, closed[1]]))


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_line_ends_do_not_move_lines(table, area_rows, line_end):
    """Line N is line N, in CRLF as in LF."""
    parsed = us_cbp.parse(table(area_rows, line_end=line_end))

    assert parsed.observations["locator"].to_pylist() == ["line 2", "line 3", "line 4", "line 5", "line 6"]
    assert parsed.problems == ()


def test_the_columns_are_those_of_the_model(table, area_rows):
    """Names and types are the store's."""
    schema = us_cbp.parse(table(area_rows)).observations.schema

    assert [schema.field(name) for name in schema.names] == [PARSED.field(name) for name in schema.names]


@given(count=st.integers(0, 10**9), spelling=st.sampled_from(["{}", "{}.0", "{:,}", "{:,}.0"]))
def test_a_count_is_read_as_written(table, area_rows, count, spelling):
    """12, 12.0 and 1,234 are whole numbers, exactly."""
    row = area_rows[0].rsplit(",", 1)[0] + f',"{spelling.format(count)}"'

    assert us_cbp.parse(table([row])).observations["value"].to_pylist() == [count]


@given(order=st.permutations(range(5)))
def test_the_order_of_rows_does_not_matter(table, area_rows, order):
    """Publishers sort as they like: the cells are the same."""

    def cells(rows):
        return {tuple(sorted((name, value) for name, value in row.items() if name != "locator")) for row in rows.to_pylist()}

    assert cells(us_cbp.parse(table([area_rows[place] for place in order])).observations) == cells(
        us_cbp.parse(table(area_rows)).observations
    )


@given(period=st.dates().map(lambda day: f"{max(day.year, 2000)}-{day.month:02}"))
def test_fiscal_and_calendar_months_are_inverse(period):
    """October 2023 is the first month of fiscal 2024, and back."""
    assert us_cbp.calendar_month(*us_cbp.fiscal_month(period)) == period
