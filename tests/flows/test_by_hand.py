"""Documents taken in by hand: publishers' own files, in any order."""

import csv
import random
from pathlib import Path

import pytest

NOW = "2024-11-01T11:00:00+00:00"
OCTOBER_2023 = {
    "2023-11-20": 240_988,
    "2023-12-20": 240_986,
    "2024-01-20": 240_981,
    "2024-02-20": 240_942,
    "2024-03-20": 240_932,
    "2024-10-20": 240_927,
}
"""Encounters at the southwest border in October 2023, as known after the releases of October to February, and after the year's close."""


@pytest.fixture
def by_hand(tmp_path) -> dict[str, str]:
    """Give the settings of an empty store without the bundle."""
    return {
        "PILLARFOUR_BUNDLE": "false",
        "PILLARFOUR_INBOX": str(tmp_path / "inbox"),
        "PILLARFOUR_STORE": str(tmp_path / "store"),
        "PILLARFOUR_NOW": NOW,
    }


def table(result) -> list[dict[str, str]]:
    assert result.code == 0, result.errors
    return list(csv.DictReader(result.output.splitlines()))


@pytest.mark.shared
@pytest.mark.slow
def test_cbps_own_files_give_one_store_in_any_order(pillarfour, shared, by_hand, contents, tmp_path):
    """Every real file, twice, in two orders: identical stores, and October 2023 as it was known after each release."""
    files = sorted((shared / "data" / "cbp").glob("*.csv"))
    stores = tmp_path / "sorted", tmp_path / "shuffled"
    shuffled = random.Random(2).sample(files, len(files))  # noqa: S311 - the same order each time
    done = [
        pillarfour("ingest", "us_cbp", *order, "--json", **(by_hand | {"PILLARFOUR_STORE": str(store)}))
        for store, order in zip(stores, (files, shuffled), strict=True)
    ]

    assert [each.code for each in done] == [0, 0], done[0].output
    assert [row["result"] for row in done[0].json] == ["new"] * len(files)
    assert contents(stores[0]) == contents(stores[1])
    asked = ["observations", "--source", "us_cbp", "--table", "state", "--where", "region=southwest", "--by", "period,region"]
    known = {
        day: {
            row["period"]: int(row["value"])
            for row in table(pillarfour(*asked, "--known-on", day, **(by_hand | {"PILLARFOUR_STORE": str(stores[1])})))
        }
        for day in OCTOBER_2023
    }
    assert {day: values["2023-10"] for day, values in known.items()} == OCTOBER_2023
    assert sum(value for period, value in known["2024-10-20"].items() if "2023-10" <= period <= "2024-09") == 2_135_005


@pytest.mark.shared
def test_observations_by_period_and_region_print_those_columns_and_the_value(pillarfour, shared, by_hand):
    """In that order, and nothing before the first release."""
    pillarfour("ingest", "us_cbp", shared / "data" / "cbp" / "nationwide-encounters-fy21-fy24-oct-state.csv", **by_hand)
    asked = ["observations", "--source", "us_cbp", "--table", "state", "--by", "period,region"]
    before = pillarfour(*asked, "--known-on", "2023-11-19", **by_hand)
    after = pillarfour(*asked, "--known-on", "2023-11-20", **by_hand)

    assert before.output.splitlines() == ["period,region,value"]
    assert after.output.splitlines()[0] == "period,region,value"
    assert "2023-10,southwest,240988" in after.output.splitlines()


@pytest.mark.shared
def test_observations_say_days_alike_in_every_format(pillarfour, shared, by_hand):
    """A day is a day in JSON as in CSV, and no moment that another time zone would put on the day before."""
    pillarfour("ingest", "us_cbp", shared / "data" / "cbp" / "nationwide-encounters-fy21-fy24-oct-state.csv", **by_hand)
    asked = ["observations", "--source", "us_cbp", "--where", "period=2023-10", "--where", "state=TX", "--where", "nationality=HTI"]
    as_json, as_csv = pillarfour(*asked, "--format", "json", **by_hand).json, table(pillarfour(*asked, **by_hand))

    assert as_json
    assert [{name: str(cell) for name, cell in row.items()} for row in as_json] == as_csv
    assert {row["published_on"] for row in as_json} == {"2023-11-20"}


@pytest.mark.shared
def test_snms_own_documents_give_the_published_figures(pillarfour, shared, by_hand):
    """Both readable documents in, the damaged one named: every listed country exact, the small ones inside *other*, every total exact."""
    folder = shared / "data" / "panama"
    done = pillarfour("ingest", "panama_darien", *sorted(folder.glob("*.pdf")), "--json", **by_hand)
    results = {row["document"]: row["result"] for row in done.json}
    rows = table(pillarfour("observations", "--source", "panama_darien", "--by", "period,nationality", **by_hand))
    with (shared / "data" / "figures" / "panama_darien_monthly.csv").open(encoding="utf-8", newline="") as file:
        published = {(row["period"], row["nationality"]): int(row["persons"]) for row in csv.DictReader(file)}

    assert done.code == 1
    assert results == {
        "Dar_update.pdf": "failed",
        "IRREGULARES_POR_DARIEN_DICIEMBRE_2021.pdf": "new",
        "TRANSITO_IRREGULAR_POR_DARIEN.pdf": "new",
    }
    cells = {(row["period"], row["nationality"]): int(row["value"]) for row in rows}
    periods = {period for period, _ in cells}
    assert periods == {f"2021-{month:02}" for month in range(1, 13)} | {f"2023-{month:02}" for month in range(1, 9)}
    totals = {period: sum(value for key, value in cells.items() if key[0] == period) for period in periods}
    assert totals == {period: published[period, "TOTAL"] for period in periods}
    revised_later = {("2023-06", "COG"): 28, ("2023-07", "COG"): 23}
    listed = {key: value for key, value in cells.items() if key[1] != "OOO"}
    assert listed == {key: published.get(key, 0) for key in listed} | revised_later


def test_an_analysts_date_counts_whether_it_comes_first_or_later(pillarfour, by_hand, small_figures, contents, tmp_path):
    """The same file with its date and without, in both orders: the same store, dated by the analyst."""
    from sources.rebuilt import panama_darien  # noqa: PLC0415 - writes the one document that this needs

    document = panama_darien.write(small_figures / "panama_darien.csv", tmp_path)[0]
    stores = {"first": tmp_path / "first", "later": tmp_path / "later"}
    dated, undated = ["--published-on", "2020-02-10"], []
    for name, calls in {"first": (dated, undated), "later": (undated, dated)}.items():
        for options in calls:
            assert (
                pillarfour("ingest", "panama_darien", document, *options, **(by_hand | {"PILLARFOUR_STORE": str(stores[name])})).code == 0
            )
    (release,) = pillarfour("releases", "list", "--json", **(by_hand | {"PILLARFOUR_STORE": str(stores["later"])})).json

    assert (release["published_on"], release["basis"]) == ("2020-02-10", "stated")
    assert contents(stores["first"]) == contents(stores["later"])


def test_a_file_that_cannot_be_dated_so_stops_no_other(pillarfour, by_hand, small_figures, tmp_path):
    """A day before what the file counts is an error that names it; the file beside it is taken."""
    from sources.rebuilt import panama_darien  # noqa: PLC0415 - writes the two documents that this needs

    documents = panama_darien.write(small_figures / "panama_darien.csv", tmp_path)
    early, late = documents[0], documents[6]
    done = pillarfour("ingest", "panama_darien", late, early, "--published-on", "2020-03-01", "--json", **by_hand)

    assert done.code == 1
    assert {row["document"]: row["result"] for row in done.json} == {late.name: "failed", early.name: "new"}
    (failed,) = (row for row in done.json if row["result"] == "failed")
    assert "--published-on" in failed["detail"]


def test_the_inbox_and_the_command_do_the_same(pillarfour, by_hand, small_figures, contents, tmp_path):
    """A document put into the inbox for the night, and one taken by hand, leave the same releases."""
    from sources.rebuilt import panama_darien  # noqa: PLC0415 - writes the one document that this needs

    inbox = Path(by_hand["PILLARFOUR_INBOX"]) / "panama_darien"
    inbox.mkdir(parents=True)
    document = panama_darien.write(small_figures / "panama_darien.csv", tmp_path)[0].rename(inbox / "IRREGULARES_2020.pdf")
    by_command = tmp_path / "by-command"
    assert pillarfour("ingest", "panama_darien", document, **(by_hand | {"PILLARFOUR_STORE": str(by_command)})).code == 0
    assert pillarfour("nightly", **by_hand).code == 0

    kept = {name: content for name, content in contents(Path(by_hand["PILLARFOUR_STORE"])).items() if not name.startswith("outbox")}
    assert kept == contents(by_command)
