"""The bundle's southwest border figures, written as CBP's files and read back by the real parser."""

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime

import pytest

from pillarfour.errors import ConfigurationError
from pillarfour.model import Document
from sources import us_cbp
from sources.rebuilt import us_cbp as writer


@pytest.fixture(scope="session")
def figures(checkout):
    return checkout / "data" / "bundle" / "us_cbp.csv.gz"


@pytest.fixture(scope="session")
def cells(figures):
    with gzip.open(figures, "rt", encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def documents(figures, tmp_path_factory):
    return writer.write(figures, tmp_path_factory.mktemp("us_cbp"))


@pytest.fixture(scope="session")
def releases(documents):
    return {
        path.name: us_cbp.parse(Document(name=path.name, content=path.read_bytes(), retrieved_at=datetime(2025, 7, 1, tzinfo=UTC)))
        for path in documents
    }


def _given(cells, months, *names: str) -> Counter:
    sums = Counter()
    for cell in cells:
        if cell["reference_period"] in months:
            sums[tuple(cell[name] for name in names)] += int(cell["encounters"])
    return sums


def _found(parsed, *names: str) -> dict:
    grouped = parsed.observations.group_by(list(names)).aggregate([("value", "sum")])
    return dict(zip(zip(*(grouped[name].to_pylist() for name in names), strict=True), grouped["value_sum"].to_pylist(), strict=True))


def test_one_document_a_month(releases):
    """October 2017 to May 2025, in the order of publication."""
    last_months = [parsed.covers["encounters"][-1] for parsed in releases.values()]

    assert len(last_months) == 92
    assert (last_months[0], last_months[-1]) == ("2017-10", "2025-05")
    assert last_months == sorted(set(last_months))


def test_no_document_has_a_problem(releases):
    """Names, months and categories are the publisher's."""
    assert {name: parsed.problems for name, parsed in releases.items() if parsed.problems} == {}


def test_each_document_gives_the_figures_of_its_months(releases, cells):
    """Figures out equal figures in, for every month and nationality of every document."""
    names = ("reference_period", "nationality")
    all_figures = _given(cells, {cell["reference_period"] for cell in cells}, *names)

    for parsed in releases.values():
        months = set(parsed.covers["encounters"])
        assert _found(parsed, *names) == {key: count for key, count in all_figures.items() if key[0] in months}


def test_the_last_document_gives_every_cell(releases, cells):
    """Area, component, authority and type come through as well, each cell once."""
    names = ("reference_period", "component", "area", "authority", "encounter_type", "nationality")
    parsed = releases["nationwide-encounters-fy22-fy25-may-aor.csv"]
    months = set(parsed.covers["encounters"])

    assert _found(parsed, *names) == _given(cells, months, *names)
    assert parsed.observations.num_rows == sum(cell["reference_period"] in months for cell in cells)


@pytest.mark.parametrize(
    ("name", "table", "first", "last"),
    [
        ("sbo-encounters-fy18-oct.csv", "southwest", "2017-10", "2017-10"),
        ("sbo-encounters-fy18.csv", "southwest", "2017-10", "2018-09"),
        ("sbo-encounters-fy18-fy19-mar.csv", "southwest", "2017-10", "2019-03"),
        ("nationwide-encounters-fy20-oct-aor.csv", "area", "2019-10", "2019-10"),
        ("nationwide-encounters-fy20-fy23-aor.csv", "area", "2019-10", "2023-09"),
        ("nationwide-encounters-fy21-fy24-nov-aor.csv", "area", "2020-10", "2023-11"),
        ("nationwide-encounters-fy22-fy25-may-aor.csv", "area", "2021-10", "2025-05"),
    ],
)
def test_names_and_windows_are_the_publishers(releases, name, table, first, last):
    """Four fiscal years up to the month; the closed year's name has no month."""
    parsed = releases[name]

    assert (parsed.table, parsed.covers["encounters"][0], parsed.covers["encounters"][-1]) == (table, first, last)


def test_the_open_year_is_marked_as_the_publisher_marks_it(documents):
    """FYTD for the elapsed months in all four years, Remaining for the rest, and 2024 (FYTD) for the open year alone."""
    (path,) = [path for path in documents if path.name == "nationwide-encounters-fy21-fy24-nov-aor.csv"]
    with path.open(encoding="ascii", newline="") as file:
        marks = {(row["Fiscal Year"], row["Month Grouping"], row["Month (abbv)"]) for row in csv.DictReader(file)}

    assert {mark for mark in marks if mark[1] == "FYTD"} == {
        (year, "FYTD", month) for year in ("2021", "2022", "2023", "2024 (FYTD)") for month in ("OCT", "NOV")
    }
    assert len(marks) == 3 * 12 + 2


@pytest.mark.parametrize(
    ("month", "known", "unknown"), [("dec", b",UC / Single Minors,", b",UAC,"), ("jan", b",UAC,", b",UC / Single Minors,")]
)
def test_the_demographic_is_renamed_in_2025(documents, month, known, unknown):
    """In every row of a file, as the publisher did."""
    (path,) = [path for path in documents if path.name == f"nationwide-encounters-fy22-fy25-{month}-aor.csv"]
    content = path.read_bytes()

    assert known in content
    assert unknown not in content


def test_the_same_figures_give_the_same_bytes(documents, figures, tmp_path):
    """So that a release's address does not change."""
    again = writer.write(figures, tmp_path)

    assert [path.name for path in again] == [path.name for path in documents]
    assert all(one.read_bytes() == other.read_bytes() for one, other in zip(again, documents, strict=True))


def test_a_nationality_of_no_name_is_an_error(tmp_path):
    """A figure that CBP's table could not show is not written."""
    row = "2023-10,U.S. Border Patrol,Del Rio Sector,Title 8,Apprehensions,FMUA,KAZ,1"
    (tmp_path / "figures.csv").write_text(f"{','.join(writer.COLUMNS)}\n{row}\n", encoding="ascii")

    with pytest.raises(ConfigurationError, match="2023-10: 'KAZ' is not declared in us_cbp"):
        writer.write(tmp_path / "figures.csv", tmp_path)


def test_other_columns_are_an_error(tmp_path):
    """The figures are the project's own: their columns do not shift."""
    (tmp_path / "figures.csv").write_text("month,encounters\n2023-10,1\n", encoding="ascii")

    with pytest.raises(ConfigurationError, match="the columns are month, encounters; write reference_period"):
        writer.write(tmp_path / "figures.csv", tmp_path)


@pytest.mark.shared
def test_the_bundle_holds_the_published_figures(cells, shared):
    """Row for row, with the one demographic under one name and TOTAL where no nationality is given."""
    with (shared / "data" / "figures" / "us_southwest_monthly.csv").open(encoding="ascii", newline="") as file:
        published = [
            (
                row["period"],
                row["component"],
                row["area"],
                row["authority"],
                row["type"],
                "UC / Single Minors" if row["demographic"] == "UAC" else row["demographic"],
                row["nationality"] or "TOTAL",
                row["events"],
            )
            for row in csv.DictReader(file)
        ]

    assert sorted(tuple(cell.values()) for cell in cells) == sorted(published)
