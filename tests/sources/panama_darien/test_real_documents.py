"""SNM's own documents, and the figures they are known to hold."""

import csv
from datetime import date

import pytest

from pillarfour.errors import ParseError
from pillarfour.model import OTHER, TOTAL
from sources import panama_darien

REVISED_LATER = {("2023-06", "COG"): (28, 30), ("2023-07", "COG"): (23, 25)}
"""As printed in September 2023, and as the figures have it since: four persons moved from *other* to Congo."""


@pytest.fixture(scope="module")
def figures(shared):
    with (shared / "data" / "figures" / "panama_darien_monthly.csv").open(encoding="utf-8", newline="") as file:
        return {(row["period"], row["nationality"]): int(row["persons"]) for row in csv.DictReader(file)}


@pytest.fixture
def parse(shared, document):
    return lambda name: panama_darien.parse(document((shared / "data" / "panama" / name).read_bytes(), name))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "months", "stated_on"),
    [
        ("IRREGULARES_POR_DARIEN_DICIEMBRE_2021.pdf", [f"2021-{month:02}" for month in range(1, 13)], date(2022, 1, 6)),
        ("TRANSITO_IRREGULAR_POR_DARIEN.pdf", [f"2023-{month:02}" for month in range(1, 9)], date(2023, 9, 19)),
    ],
)
def test_a_real_document_says_when_and_of_what_it_is(parse, name, months, stated_on):
    """Table, months and date are its own, and everything adds up."""
    parsed = parse(name)

    assert parsed.problems == ()
    assert parsed.table == "country"
    assert parsed.stated_on == stated_on
    assert parsed.covers == {"crossings": tuple(months)}
    assert parsed.observations.num_rows == 36 * len(months)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["IRREGULARES_POR_DARIEN_DICIEMBRE_2021.pdf", "TRANSITO_IRREGULAR_POR_DARIEN.pdf"])
def test_a_real_document_gives_exactly_its_figures(parse, figures, name):
    """Every listed country's every month is exact, what is left is other, and every month's sum is its total."""
    rows = parse(name).observations.to_pylist()

    cells = {(row["reference_period"], row["nationality"]): row["value"] for row in rows}
    assert len(cells) == len(rows)
    for period in {period for period, _ in cells}:
        listed = {key for key in cells if key[0] == period and key[1] != OTHER}
        for key in listed:
            assert (cells[key], figures.get(key, 0)) == REVISED_LATER.get(key, (figures.get(key, 0),) * 2)
        assert cells[period, OTHER] == figures[period, TOTAL] - sum(cells[key] for key in listed)


@pytest.mark.shared
def test_the_damaged_document_names_itself_and_the_remedy(shared, document):
    """What was damaged on its way is an error, never an empty table."""
    content = (shared / "data" / "panama" / "Dar_update.pdf").read_bytes()

    with pytest.raises(ParseError, match=r"Dar_update\.pdf: .*its streams do not decode: .*download it again"):
        panama_darien.parse(document(content, "Dar_update.pdf"))


@pytest.mark.shared
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_download_cut_short_is_an_error(shared, document, share):
    """Where the download broke off, there is an error, never a smaller table."""
    content = (shared / "data" / "panama" / "TRANSITO_IRREGULAR_POR_DARIEN.pdf").read_bytes()

    with pytest.raises(ParseError, match="download it again"):
        panama_darien.parse(document(content[: int(len(content) * share)]))


@pytest.mark.shared
def test_a_document_that_lost_only_its_end_is_read_whole(parse, shared, document):
    """Where all of the text is there, so are all of the figures."""
    name = "TRANSITO_IRREGULAR_POR_DARIEN.pdf"
    content = (shared / "data" / "panama" / name).read_bytes()

    assert panama_darien.parse(document(content[: int(len(content) * 0.99)])) == parse(name)


@pytest.mark.shared
def test_where_each_figure_stands_is_kept(parse):
    """A figure leads back to the page, row and column it was printed in."""
    rows = parse("TRANSITO_IRREGULAR_POR_DARIEN.pdf").observations.to_pylist()

    assert {"page 2, Haití, ene": 10222, "page 2, Chile (1), ago": 307}.items() <= {row["locator"]: row["value"] for row in rows}.items()
