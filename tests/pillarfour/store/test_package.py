"""Any reader opens the store, and its description is true."""

import json
from datetime import date
from hashlib import sha256

import duckdb
import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

LATER = date(2030, 1, 1)


@pytest.fixture
def filled(store, make_document):
    """Fill a store with two tables of other columns, one release held."""
    store.commit("made_up", *make_document({"2021-01": {"HTI": 5, "VEN": 7}}))
    store.commit("made_up", *make_document({"2021-02": {"CUB": 11}}, table="south", region="coast"))
    store.commit("made_up", *make_document({"2021-01": {"HTI": 500}}, published_on="2022-01-01"))
    return store


def read_dataset(folder):
    return ds.dataset(folder).to_table().to_pandas()


def read_hive_dataset(folder):
    return ds.dataset(folder, partitioning=ds.HivePartitioning.discover(infer_dictionary=True)).to_table().to_pandas()


def read_duckdb(folder):
    return duckdb.sql(f"SELECT * FROM read_parquet('{folder}/**/*.parquet', union_by_name = true)").to_arrow_table().to_pandas()  # noqa: S608 - a path of this test


@pytest.mark.parametrize("read", [read_dataset, read_hive_dataset, pd.read_parquet, read_duckdb])
def test_any_reader_opens_the_store(filled, read):
    """Every release's rows come out of the folder with their source, whichever library reads it."""
    frame = read(filled.root / "observations")

    assert sorted(frame["value"]) == [5, 7, 11, 500]
    assert set(frame["source"].astype(str)) == {"made_up"}
    assert set(frame["release"].astype(str)) == {release.id for release in filled.releases()}
    assert set(frame["locator"]) == {"2021-01/HTI", "2021-01/VEN", "2021-02/CUB"}


def test_duckdb_sees_dates_as_dates(filled):
    """Days and times keep their types."""
    types = duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{filled.root}/observations/**/*.parquet', union_by_name = true)").fetchall()  # noqa: S608
    kinds = {name: kind for name, kind, *_ in types}

    assert (kinds["published_on"], kinds["retrieved_at"], kinds["value"]) == ("DATE", "TIMESTAMP WITH TIME ZONE", "BIGINT")
    assert kinds["region"] == "VARCHAR"


def test_a_release_file_describes_itself(filled):
    """Columns, units, codes and the release's own facts stand in the Parquet file."""
    release = filled.find("made_up", filled.releases()[0].document_sha256)
    schema = pq.read_schema(filled.root / "observations/source=made_up" / f"release={release.id.split('/')[1]}.parquet")

    assert schema.field("value").metadata[b"description"] == b"The count, in the row's unit."
    assert b"OOO" in schema.field("nationality").metadata[b"codes"]
    assert json.loads(schema.metadata[b"units"])["arrivals"]["unit"] == "events"
    assert json.loads(schema.metadata[b"pillarfour"])["document"] == release.document


def test_months_of_a_year_stand_in_a_row_group_of_their_own(store, make_document):
    """Rows are sorted by month and grouped by publisher's year, so that an older year is read alone."""
    store.commit("made_up", *make_document({"2021-10": {"HTI": 1}, "2020-10": {"HTI": 2, "VEN": 3}, "2021-09": {"HTI": 4}}))
    (path,) = store.root.glob("observations/*/*.parquet")
    file = pq.ParquetFile(path)

    assert [file.read_row_group(number)["reference_period"].to_pylist() for number in range(file.num_row_groups)] == [
        ["2020-10", "2020-10", "2021-09"],
        ["2021-10"],
    ]


def test_the_package_lists_every_file_with_its_hash(filled):
    """What an analyst takes away can be checked byte by byte, and says on which terms it was published."""
    package = json.loads((filled.root / "datapackage.json").read_text(encoding="utf-8"))

    assert len(package["resources"]) == len(list(filled.root.glob("observations/*/*.parquet"))) == 3
    for resource in package["resources"]:
        content = (filled.root / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{sha256(content).hexdigest()}"
        assert resource["bytes"] == len(content)
        assert [field["name"] for field in resource["schema"]["fields"]] == pq.read_schema(filled.root / resource["path"]).names
        assert resource["sources"][0]["attribution"] == "Source: nobody."
        assert resource["licenses"] == [{"title": "none", "path": "https://example.org/"}]
    assert [resource["status"] for resource in package["resources"]] == ["used", "used", "held"]


def test_the_package_has_units_and_codes(filled):
    """The schema says what is counted and what the codes mean."""
    package = json.loads((filled.root / "datapackage.json").read_text(encoding="utf-8"))
    fields = {field["name"]: field for field in package["resources"][0]["schema"]["fields"]}

    assert fields["value"]["type"] == "integer"
    assert fields["value"]["units"]["people"]["unit"] == "persons"
    assert fields["nationality"]["codes"]["OOO"] == "the nationalities that the table does not list apart"


def test_the_package_follows_a_decision(filled):
    """An accepted release is shown as such at once."""
    held = next(release for release in filled.releases() if release.status == "held")

    filled.accept(held.id, reason="is right", by="Ana")

    package = json.loads((filled.root / "datapackage.json").read_text(encoding="utf-8"))
    assert [resource["status"] for resource in package["resources"]] == ["used", "used", "accepted"]
