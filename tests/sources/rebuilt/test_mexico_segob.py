"""The bundle's SEGOB figures come out of the parser as they went into the writer."""

import csv
from collections import defaultdict
from datetime import UTC, datetime

import pytest

from pillarfour import workbook
from pillarfour.errors import ConfigurationError
from pillarfour.model import OTHER, TOTAL, Document
from sources.mexico_segob import parse
from sources.rebuilt.mexico_segob import write

PUBLISHED = {2018: 131_445, 2019: 182_940, 2020: 82_379, 2021: 309_692, 2022: 441_409, 2023: 778_907}
INCOMPLETE = ("2024-09", "2024-10", "2024-11", "2024-12")


@pytest.fixture(scope="module")
def figures(checkout):
    return checkout / "data" / "bundle" / "mexico_segob.csv"


@pytest.fixture(scope="module")
def expected(figures):
    """Events by month and nationality, TOTAL apart."""
    events, totals = defaultdict(dict), {}
    with figures.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["nationality"] == TOTAL:
                totals[row["reference_period"]] = int(row["events"])
            else:
                events[row["reference_period"]][row["nationality"]] = int(row["events"])
    return events, totals


@pytest.fixture(scope="module")
def paths(figures, tmp_path_factory):
    return write(figures, tmp_path_factory.mktemp("documents"))


def read(path):
    return Document(name=path.name, content=path.read_bytes(), retrieved_at=datetime(2025, 6, 20, tzinfo=UTC))


@pytest.fixture(scope="module")
def parsed(paths):
    return {path.stem[-7:]: parse(read(path)) for path in paths}


def test_there_is_one_release_a_month(parsed, expected):
    """January 2018 to April 2025, each cumulative from January, by the definition of its year."""
    assert list(parsed) == sorted(expected[1])
    assert len(parsed) == 88
    for period, release in parsed.items():
        year, month = period.split("-")
        measure = "presentations" if year <= "2020" else "apprehensions"
        assert release.covers == {measure: tuple(f"{year}-{number:02}" for number in range(1, int(month) + 1))}


def test_no_release_is_held(parsed):
    """All printed sums hold and all names are known."""
    assert {period: release.problems for period, release in parsed.items() if release.problems} == {}


def test_figures_out_are_figures_in(parsed, expected):
    """Every month and nationality of every release, to the event; a nationality that had none is zero or absent."""
    events, totals = expected
    checked = 0
    for release in parsed.values():
        months = defaultdict(dict)
        for row in release.observations.to_pylist():
            assert row["nationality"] not in months[row["reference_period"]]
            months[row["reference_period"]][row["nationality"]] = row["value"]
        for period, values in months.items():
            assert {nationality: value for nationality, value in values.items() if value} == events[period]
            assert sum(values.values()) == totals[period]
            checked += 1
    assert checked == 7 * 78 + 10


def test_what_is_not_known_is_not_zero(parsed):
    """In the last months of 2024 the source lacks the minor nationalities: the cell is blank, and gives no row."""
    rows = parsed["2024-12"].observations.to_pylist()
    tajiks = {row["reference_period"]: row["value"] for row in rows if row["nationality"] == "TJK"}
    others = {row["reference_period"]: row["value"] for row in rows if row["nationality"] == OTHER}

    assert sorted(tajiks) == [f"2024-{month:02}" for month in range(1, 9)]
    assert {period: value for period, value in others.items() if value} == {"2024-09": 254, "2024-10": 230}
    assert not {"2024-11", "2024-12"} & others.keys()


def test_where_every_nationality_is_given_other_is_zero(parsed, expected):
    """A printed zero says that nobody stands outside the list, so that absence is zero in all months but the incomplete."""
    newest = {period[:4]: release for period, release in parsed.items()}
    others = {
        row["reference_period"]: row["value"]
        for release in newest.values()
        for row in release.observations.to_pylist()
        if row["nationality"] == OTHER
    }

    assert {period for period, value in others.items() if value == 0} == expected[1].keys() - {*INCOMPLETE, "2025-01"}


def test_the_nationalities_listed_in_the_recipe_are_given_in_the_incomplete_months(expected):
    """Zero may be inferred from absence only for those that the source gives in every month."""
    from sources.mexico_segob import RECIPE  # noqa: PLC0415 - the one test that needs it

    given = {tuple(sorted(expected[0][period].keys() - {OTHER})) for period in INCOMPLETE}

    assert given == {RECIPE.tables["nationality"].listed}


def test_year_sums_are_the_published_totals(expected):
    """The years that SEGOB has closed."""
    sums = defaultdict(int)
    for period, total in expected[1].items():
        sums[int(period[:4])] += total

    assert {year: sums[year] for year in PUBLISHED} == PUBLISHED


@pytest.mark.shared
def test_the_bundle_is_what_was_transcribed(shared, expected):
    """Each figure of the transcription, and of ours only the two remainders."""
    with (shared / "data" / "figures" / "mexico_segob_monthly.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["period"] >= "2018-01"]
    events, totals = expected
    transcribed = {(row["period"], row["nationality"].replace("STL", "XXA")): int(row["events"]) for row in rows}
    ours = {(period, nationality): value for period, values in events.items() for nationality, value in values.items()}
    ours |= {(period, TOTAL): value for period, value in totals.items()}

    assert len(transcribed) == 6122
    assert transcribed.items() <= ours.items()
    assert {key: ours[key] for key in ours.keys() - transcribed.keys()} == {("2024-09", OTHER): 254, ("2024-10", OTHER): 230}


def test_the_same_bytes_come_out_twice(figures, paths, tmp_path):
    """A rebuilt document has one SHA-256, on any day."""
    assert [path.read_bytes() for path in write(figures, tmp_path)] == [path.read_bytes() for path in paths]


def test_each_year_has_its_layout(paths):
    """The header's place, the bands from 2021 and the title from 2022 are those of SEGOB's own sheets."""
    seen = {}
    for path in paths:
        if path.stem.endswith("-02"):
            (sheet,) = workbook.read(read(path))
            header = next(index for index, row in enumerate(sheet.rows) if "Enero" in row)
            seen[path.stem[-7:-3]] = (header, sheet.rows[header + 1][1:3], sheet.rows[1][0].split(",")[0])
    presented = "Eventos de extranjeros presentados ante la autoridad migratoria"
    irregular = "Eventos de personas en situación migratoria irregular en México"

    assert seen["2019"][0::2] == (5, presented)
    assert seen["2020"][0::2] == (4, presented)
    assert seen["2021"] == (4, ["Subtotal", "Subtotal"], presented)
    assert seen["2022"] == (4, ["Subtotal", "Subtotal"], irregular)
    assert len(seen) == 8


def test_every_document_says_that_it_is_rebuilt(paths):
    """A copy that travels alone cannot be taken for an original; November and December 2024 are marked incomplete."""
    for path in (paths[0], paths[-1]):
        (sheet,) = workbook.read(read(path))
        assert "no es un original de la Secretaría de Gobernación" in sheet.rows[-1][0]
    (december,) = (path for path in paths if path.stem.endswith("2024-12"))
    (sheet,) = workbook.read(read(december))

    assert sheet.rows[-2][0].startswith("Las cifras de noviembre y diciembre son incompletas")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["2018-01,TOTAL,3,iom,", "2018-01,HTI,2,iom,"], "2018-01: the nationalities add up to 2, TOTAL is 3; restore the file"),
        (["2018-01,HTI,2,iom,"], "2018-01: the nationalities add up to 2, TOTAL is None"),
        (["2018-02,TOTAL,2,iom,", "2018-02,HTI,2,iom,"], "2018-02: an earlier month of 2018 is missing; restore the file"),
        (["2018-01,TOTAL,2,iom,", "2018-01,XYZ,2,iom,"], "2018-01: XYZ in no region; add it in sources/rebuilt/mexico_segob.py"),
    ],
)
def test_figures_that_do_not_hold_are_refused(tmp_path, rows, said):
    """A damaged file of figures never becomes a document."""
    figures = tmp_path / "mexico_segob.csv"
    figures.write_text("\n".join(["reference_period,nationality,events,source,note", *rows]), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=said):
        write(figures, tmp_path)
