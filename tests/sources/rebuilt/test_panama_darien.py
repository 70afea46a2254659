"""The bundle's Darién documents."""

import csv
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from pillarfour.errors import ConfigurationError
from pillarfour.model import TOTAL, Document
from sources import panama_darien
from sources.rebuilt.panama_darien import write


@pytest.fixture(scope="module")
def bundle(checkout):
    return checkout / "data" / "bundle" / "panama_darien.csv"


@pytest.fixture(scope="module")
def figures(bundle):
    with bundle.open(encoding="utf-8", newline="") as file:
        return {(row["reference_period"], row["nationality"]): int(row["persons"]) for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def written(bundle, tmp_path_factory):
    return write(bundle, tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def parsed(written):
    return [
        panama_darien.parse(Document(name=path.name, content=path.read_bytes(), retrieved_at=datetime(2025, 6, 1, tzinfo=UTC)))
        for path in written
    ]


def test_figures_out_are_figures_in(figures, parsed):
    """Each document gives every figure of its year to date, and zero where it lists a country without one."""
    assert len(parsed) == 64
    for release in parsed:
        periods = set(release.covers["crossings"])
        cells = {(row["reference_period"], row["nationality"]): row["value"] for row in release.observations.to_pylist()}
        expected = {key: persons for key, persons in figures.items() if key[0] in periods and key[1] != TOTAL}
        assert {key: value for key, value in cells.items() if value > 0} == expected
        assert release.problems == ()
        assert release.observations.num_rows == len(cells)


def test_every_month_has_its_document(written, parsed):
    """One release a month from January 2020 to April 2025, in order, each to its month."""
    months = [f"{year}-{month:02}" for year in range(2020, 2026) for month in range(1, 13)][:64]

    assert [path.stem[-7:] for path in written] == months
    assert [release.covers["crossings"][-1] for release in parsed] == months
    assert [len(release.covers["crossings"]) for release in parsed] == [int(month[-2:]) for month in months]


def test_months_without_a_crossing_are_zero_and_covered(parsed):
    """April 2020 is a month in which nobody crossed, not one that is missing."""
    april = parsed[3]

    values = [row["value"] for row in april.observations.to_pylist() if row["reference_period"] == "2020-04"]
    assert april.covers["crossings"][-1] == "2020-04"
    assert values
    assert set(values) == {0}


def test_no_document_states_a_date(parsed):
    """A rebuilt document is dated by the recipe's rule, never by the day it was written."""

    assert {release.stated_on for release in parsed} == {None}


def test_writing_again_gives_the_same_bytes(bundle, written, tmp_path):
    """A release's id is made of its document's bytes."""
    again = write(bundle, tmp_path)

    assert [sha256(path.read_bytes()).hexdigest() for path in again] == [sha256(path.read_bytes()).hexdigest() for path in written]


def test_a_document_says_that_it_is_rebuilt(written):
    """Nobody who opens one takes it for SNM's own."""

    assert all("Documento reconstruido".encode("latin-1") in path.read_bytes() for path in written)


@pytest.mark.shared
def test_the_bundle_is_the_published_figures(shared, figures):
    """Every figure of the range, and none that is not published; three months are zero."""
    with (shared / "data" / "figures" / "panama_darien_monthly.csv").open(encoding="utf-8", newline="") as file:
        published = {(row["period"], row["nationality"]): int(row["persons"]) for row in csv.DictReader(file)}

    zero = {(f"2020-{month}", TOTAL): 0 for month in ("04", "05", "07")}
    assert figures == {key: persons for key, persons in published.items() if "2020-01" <= key[0] <= "2025-04"} | zero


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2021-01,TOTAL,10,iom\n2021-01,HTI,9,iom\n", r"figures.csv: 2021-01: the nationalities add up to 9, TOTAL is 10; restore"),
        ("2021-01,HTI,9,iom\n", r"2021-01: the nationalities add up to 9, TOTAL is None; restore"),
        ("2021-01,TOTAL,0,iom\n2021-03,TOTAL,0,iom\n", r"2021-03: an earlier month of 2021 is missing; restore"),
    ],
)
def test_wrong_figures_are_not_written(tmp_path, text, message):
    """A figure lost from the bundle is an error, not another document."""
    figures = tmp_path / "figures.csv"
    figures.write_text(f"reference_period,nationality,persons,source\n{text}", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=message):
        write(figures, tmp_path)
