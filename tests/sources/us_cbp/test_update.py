"""The monthly update, the one place that counts persons. No original page is at hand; the sentences are CBP's."""

from datetime import date

import pytest

from pillarfour.errors import ParseError
from sources import us_cbp

PAGE = """<!DOCTYPE html><html><head><title>CBP Releases July 2021 Operational Update</title></head><body>
<h1>CBP Releases July 2021 Operational Update</h1><div>Release Date</div><div>Thu, 08/12/2021</div>
<h2>CBP Enforcement Numbers for July 2021</h2>
<p>{sentence}</p>
<p>In total, there were 212,672 encounters along the Southwest Border.</p>
<p>A total of 845,307 unique individuals have been encountered year-to-date during Fiscal Year 2021.</p></body></html>"""


@pytest.fixture
def update(document):
    def make(sentence: str, page: str = PAGE):
        return document(page.format(sentence=sentence).encode(), "cbp-releases-july-2021-operational-update.html")

    return make


@pytest.mark.parametrize(
    "sentence",
    [
        "The number of unique encounters in July 2021 was 154,288.",
        "The number of unique individuals encountered in July 2021 was 154,288, a 9 percent rise.",
        "The number of <b>unique individuals</b>\n encountered along the southwest border in July&nbsp;2021 was 154,288.",
        "The number of unique encounters in July 2021 was 154,288. The number of unique encounters in July 2021 was 154,288.",
    ],
)
def test_the_sentence_is_one_figure_of_persons(update, sentence):
    """Month and figure as stated, the total of all nationalities at the southwest border."""
    parsed = us_cbp.parse(update(sentence))

    (row,) = parsed.observations.to_pylist()
    locator = row.pop("locator")
    assert row == {
        "measure": "unique_individuals",
        "reference_period": "2021-07",
        "stage": "us_southwest",
        "nationality": "TOTAL",
        "region": "southwest",
        "value": 154_288,
    }
    assert locator.startswith("character ")
    assert (parsed.table, parsed.covers) == ("southwest", {"unique_individuals": ("2021-07",)})
    assert parsed.stated_on == date(2021, 8, 12)
    assert us_cbp.RECIPE.measures["unique_individuals"].unit == "persons"


def test_a_page_without_its_date_states_none(update):
    """The recipe's rule dates it then."""
    page = PAGE.replace("Thu, 08/12/2021", "")

    assert us_cbp.parse(update("The number of unique encounters in July 2021 was 154,288.", page)).stated_on is None


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("Encounters fell.", "without the sentence of the monthly update"),
        ("The number of unique encounters in July was 154,288.", "without the sentence"),
        ("The number of unique encounters in July 2021 was about 154,288.", "without the sentence"),
        ("The number of unique encounters in July 2021 was 154.3 thousand.", "without the sentence"),
        ("The number of unique encounters in July 2021 was 154,28.", "without the sentence"),
        ("The number of unique encounters in Fiscal Year 2021 was 1,072,000.", "without the sentence"),
        ("The number of unique individuals encountered nationwide in March 2022 was 159,900.", "is not said of the southwest border"),
        ("The number of unique encounters in Juli 2021 was 154,288.", "does not state one month and one figure"),
        (
            "The number of unique encounters in July 2021 was 154,288. The number of unique encounters in June 2021 was 153,718.",
            "does not state one month and one figure",
        ),
        (
            "The number of unique encounters in July 2021 was 154,288. The number of unique encounters in July 2021 was 154,289.",
            "does not state one month and one figure",
        ),
    ],
)
def test_a_doubtful_sentence_is_refused(update, sentence, message):
    """No month, no place or no figure is ever guessed."""
    with pytest.raises(ParseError, match=message) as refusal:
        us_cbp.parse(update(sentence))
    assert str(refusal.value).startswith("cbp-releases-july-2021-operational-update.html: ")


def test_a_page_that_names_no_border_is_refused(update):
    """The table is of the southwest border."""
    with pytest.raises(ParseError, match="is not said of the southwest border"):
        us_cbp.parse(update("The number of unique encounters in July 2021 was 154,288.", PAGE.replace("along the Southwest Border", "")))
