"""What was known on a day."""

from datetime import date

import pyarrow as pa
import pytest

from pillarfour.errors import StoreError
from pillarfour.model import OBSERVATION

LATER = date(2030, 1, 1)


@pytest.fixture
def filled(store, make_document, no_power_cuts):  # noqa: ARG001 - stands for its effect
    """Fill a store with three releases of one table and one of another."""
    for counts, facts in (
        ({"2021-01": {"HTI": 5, "VEN": 7}}, {"published_on": "2021-02-10"}),
        ({"2021-01": {"HTI": 5, "VEN": 7}, "2021-02": {"HTI": 50}}, {"published_on": "2021-03-10"}),
        ({"2021-01": {"HTI": 6, "VEN": 7}, "2021-02": {"HTI": 51}, "2021-03": {}}, {"published_on": "2021-04-10"}),
        ({"2021-02": {"CUB": 51}}, {"published_on": "2021-03-20", "table": "south", "region": "coast"}),
    ):
        assert store.commit("made_up", *make_document(counts, **facts)).status in {"used", "held"}
    for release in store.releases():
        store.accept(release.id, reason="a test of reading, not of judging", by="nobody")
    return store


def cells(rows):
    return [(row["table"], row["reference_period"], row["nationality"], row["value"]) for row in rows.to_pylist()]


@pytest.mark.parametrize(
    ("day", "known"),
    [
        ("2021-02-09", []),
        ("2021-02-10", [("north", "2021-01", "HTI", 5), ("north", "2021-01", "VEN", 7)]),
        ("2021-03-10", [("north", "2021-01", "HTI", 5), ("north", "2021-01", "VEN", 7), ("north", "2021-02", "HTI", 50)]),
        ("2030-01-01", [("north", "2021-01", "HTI", 6), ("north", "2021-01", "VEN", 7), ("north", "2021-02", "HTI", 51)]),
    ],
)
def test_a_day_knows_the_newest_release_of_each_month(filled, day, known):
    """Before the first release there is nothing; overlapping releases never add up."""
    assert cells(filled.known_on("made_up", date.fromisoformat(day), table="north")) == known


def test_a_deletion_by_the_publisher_is_honoured(store, make_document):
    """A row that the newest release no longer has is gone, in a year that is still open."""
    store.commit("made_up", *make_document({"2021-01": {"HTI": 100, "CUB": 1}}, published_on="2021-02-10"))
    store.commit("made_up", *make_document({"2021-01": {"HTI": 100}}, published_on="2021-03-10"))

    assert cells(store.known_on("made_up", LATER)) == [("north", "2021-01", "HTI", 100)]


def test_on_one_day_the_release_that_reaches_further_wins(store, make_document):
    """Releases of the same day are ordered by the last month that they cover."""
    for counts in ({"2021-01": {"HTI": 102}, "2021-02": {"HTI": 1}}, {"2021-01": {"HTI": 100}}):
        store.commit("made_up", *make_document(counts, published_on="2021-03-10"))

    assert cells(store.known_on("made_up", LATER, where={"reference_period": ["2021-01"]})) == [("north", "2021-01", "HTI", 102)]


def test_before_the_first_release_the_columns_are_there(filled):
    """An empty answer has the columns of an observation, or those asked for."""
    assert filled.known_on("made_up", date(2020, 1, 1)).schema.equals(OBSERVATION)
    assert filled.known_on("made_up", date(2020, 1, 1), columns=["value", "area"]).schema.names == ["value", "area"]


def test_a_table_leaves_out_what_it_does_not_have(filled):
    """Only the dimensions that a table is broken down by are columns."""
    absent = {"stage", "area", "state", "component", "demographic", "authority", "encounter_type"}

    north, south = (filled.known_on("made_up", LATER, table=table).column_names for table in ("north", "south"))

    assert north == [name for name in OBSERVATION.names if name not in absent | {"region"}]
    assert south == [name for name in OBSERVATION.names if name not in absent]


def test_every_row_says_where_it_comes_from(filled):
    """Source, unit, dates, release, document and place stand beside each value."""
    (row,) = filled.known_on("made_up", LATER, table="south").to_pylist()
    release = next(release for release in filled.releases() if release.table == "south")

    assert (row["source"], row["measure"], row["unit"], row["value"], row["locator"]) == (
        "made_up",
        "arrivals",
        "events",
        51,
        "2021-02/CUB",
    )
    assert (row["published_on"], row["published_basis"], row["retrieved_at"]) == (date(2021, 3, 20), "observed", release.retrieved_at)
    assert (row["release"], row["document_sha256"]) == (release.id, release.document_sha256)


def test_tables_are_given_together_with_nulls_where_one_has_no_column(filled):
    """Without a table all are given; a column that one does not have is null there."""
    rows = filled.known_on("made_up", LATER)

    assert list(zip(rows["table"].to_pylist(), rows["region"].to_pylist(), strict=True)) == [("north", None)] * 3 + [("south", "coast")]
    assert rows.group_by("nationality").aggregate([("value", "sum")]).num_rows == 3


@pytest.mark.parametrize(
    ("where", "values"),
    [
        ({"nationality": ["HTI"]}, [6, 51]),
        ({"nationality": ["HTI", "VEN"], "reference_period": ["2021-01"]}, [6, 7]),
        ({"region": ["coast"]}, [51]),
        ({"table": ["south"], "measure": ["arrivals"]}, [51]),
        ({"measure": ["people"]}, []),
        ({"nationality": []}, []),
        ({"state": ["TX"]}, []),
        ({"published_on": ["2021-03-20"]}, [51]),
        ({"value": ["6", "7"]}, [6, 7]),
        ({}, [6, 7, 51, 51]),
    ],
)
def test_rows_are_kept_by_value(filled, where, values):
    """A condition keeps the rows that have one of its values, and all conditions must hold."""
    assert filled.known_on("made_up", LATER, where=where)["value"].to_pylist() == values


def test_columns_come_as_asked(filled):
    """Columns come in the order asked for, without those that only a condition needs; one that no table has is null."""
    rows = filled.known_on("made_up", LATER, columns=["value", "nationality", "area"], where={"table": ["south"], "region": ["coast"]})

    assert rows.to_pylist() == [{"value": 51, "nationality": "CUB", "area": None}]
    assert rows.schema.field("area").type == pa.dictionary(pa.int32(), pa.string())


def test_an_unknown_column_is_an_error(filled):
    """A misspelt column is not an empty answer."""
    with pytest.raises(StoreError, match="no column is called nationalty; there are source"):
        filled.known_on("made_up", LATER, where={"nationalty": ["HTI"]})


def test_a_value_that_a_column_cannot_have_is_an_error(filled):
    """A day that is no day is not an empty answer."""
    with pytest.raises(StoreError, match="published_on: yesterday cannot be compared with it"):
        filled.known_on("made_up", LATER, where={"published_on": ["yesterday"]})


def test_an_unknown_source_is_an_error(filled):
    """A source that the store was not told of is not an empty answer."""
    with pytest.raises(StoreError, match="no source is called 'made_down'; there are made_up"):
        filled.known_on("made_down", LATER)


def test_coverage_names_the_release_of_each_month_rows_or_none(filled):
    """A month that was covered and counted nobody is known to be zero; a month that nobody covered is missing."""
    releases = {release.published_on: release.id for release in filled.releases()}

    coverage = filled.coverage("made_up", LATER)

    assert coverage[("north", "arrivals", "2021-03")] == releases[date(2021, 4, 10)]
    assert coverage[("south", "arrivals", "2021-02")] == releases[date(2021, 3, 20)]
    assert ("north", "arrivals", "2021-04") not in coverage
    assert filled.coverage("made_up", date(2021, 3, 10), table="north") == {
        ("north", "arrivals", "2021-01"): releases[date(2021, 3, 10)],
        ("north", "arrivals", "2021-02"): releases[date(2021, 3, 10)],
    }


def test_a_release_replaced_under_a_reader_is_read_anew(filled, make_document, monkeypatch):
    """A reader that holds an index from before a replacement looks again, and never mixes the two."""
    from dataclasses import replace  # noqa: PLC0415

    index = filled._indexes["made_up"]
    stale = index.read()
    document, parsed = make_document({"2021-02": {"CUB": 51}}, published_on="2021-03-20", table="south", region="coast")
    new = parsed.observations.set_column(parsed.observations.column_names.index("value"), "value", pa.array([52]))
    filled.commit("made_up", document, replace(parsed, observations=new))
    looks = []
    fresh = index.read

    def read():
        looks.append(len(looks))
        return stale if len(looks) == 1 else fresh()

    monkeypatch.setattr(index, "read", read)

    assert filled.known_on("made_up", LATER, table="south")["value"].to_pylist() == [52]
    assert looks == [0, 1]


def test_a_release_damaged_within_is_named(filled):
    """Bytes lost on the disk, the file's size unchanged: an error that names the file and the remedy, and no figure."""
    path = next(filled.root.glob("observations/*/release=2021-04-10-*.parquet"))
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(len(content) // 2) + content[4 + len(content) // 2 :])

    with pytest.raises(StoreError, match=r"release=2021-04-10-\w+\.parquet: is no whole release \(.*\); delete it and ingest its document"):
        filled.known_on("made_up", LATER)


def test_no_byte_of_a_figure_changes_unseen(filled):
    """Wherever one byte of the pages is lost, the rows are named as damaged, not read as others."""
    known = filled.known_on("made_up", LATER)
    path = next(filled.root.glob("observations/*/release=2021-04-10-*.parquet"))
    content = path.read_bytes()
    pages_end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    unnamed = []
    for place in range(4, pages_end, 5):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        try:
            if filled.known_on("made_up", LATER) != known:
                unnamed.append(place)
        except StoreError:
            continue

    assert pages_end > 500
    assert unnamed == []
