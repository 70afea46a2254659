"""Documents that are broken in one way each: an error, or a release that is held, with file, place and remedy."""

import re
from datetime import UTC, datetime

import pytest

from pillarfour.errors import ParseError
from sources import panama_darien

HEADER = ["País", "Total", "Ene.", "Feb.", "Mar.", "Abr.", "May.", "Jun.", "Jul.", "Ago.", "Sep.", "Oct.", "Nov.", "Dic."]
ANNUAL_TITLE = "Cuadro No. 2 TRÁNSITO IRREGULAR DE EXTRANJEROS POR LA FRONTERA CON COLOMBIA POR PAÍS SEGÚN ORDEN DE IMPORTANCIA: {years}"


def refused(document, content, *, saying, name="darien.pdf"):
    """Expect an error that begins with the file's name, holds what is wrong, and ends with a remedy."""
    with pytest.raises(ParseError) as caught:
        panama_darien.parse(document(content, name))
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert re.search(saying, message), message


def held(document, content, *, rules, saying, name="darien.pdf"):
    """Expect problems of these rules, one of which reads so, each naming the file."""
    problems = panama_darien.parse(document(content, name)).problems
    assert {problem.rule for problem in problems} == rules
    assert all(problem.place.startswith(name) and problem.remedy for problem in problems)
    assert any(re.search(saying, str(problem)) for problem in problems), problems


@pytest.mark.parametrize("content", [b"", b"  \r\n\r\n"])
def test_an_empty_file_is_refused(document, content):
    """Nothing was downloaded."""

    refused(document, content, saying="the file is empty; download it again")


def test_a_web_page_is_refused(document):
    """A server's apology is no table."""

    refused(document, b"<!DOCTYPE html><html><body>403</body></html>", saying="a web page, not a PDF or CSV; download the document")


def test_another_format_is_refused(document):
    """A workbook or an image is neither of the layouts."""

    refused(document, b"PK\x03\x04\0\0\0\0", saying="neither a PDF nor a CSV; download SNM's PDF")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_a_truncated_pdf_is_refused(document, printed, rows, share):
    """A download that broke off does not decode."""
    content = printed(rows)

    refused(document, content[: int(len(content) * share)], saying="cut short or damaged on its way; download it again")


def test_damaged_streams_are_refused(document, printed, rows):
    """A PDF that opens and holds no text is damaged, not empty."""
    content = re.sub(
        rb"(?s)(/FlateDecode.*?stream\n)(.*?)(\nendstream)", lambda found: found[1] + b"\xff" * len(found[2]) + found[3], printed(rows)
    )

    refused(document, content, saying="holds no text, its streams do not decode: .*download it again")


def test_a_pdf_without_the_country_table_is_refused(document, printed, rows):
    """The table by region is not the table by country, even with the same header."""
    title = "Cuadro No. 001 TRÁNSITO IRREGULAR DE EXTRANJEROS POR LA FRONTERA CON COLOMBIA POR REGIÓN SEGÚN ORDEN DE IMPORTANCIA: AÑO 2021"

    refused(document, printed(rows, title=title), saying="0 tables are titled 'Cuadro No. 003 .* take SNM's yearly document")


def test_two_country_tables_are_refused(document, printed, rows):
    """Which of two tables counts is not ours to guess."""
    again = "Cuadro No. 003 TRÁNSITO IRREGULAR POR PAÍS SEGÚN ORDEN DE IMPORTANCIA: AÑO 2020"

    refused(document, printed(rows, notes=[again]), saying="2 tables are titled")


@pytest.mark.parametrize(
    "years", ["AÑOS 2010-2019", "AÑO 2010-2019", "AÑO 2010 - 2019", "AÑOS 2010 AL 2019", "AÑO 2010 A 2019", "AÑO 2010/2019"]
)
def test_annual_figures_are_refused_by_their_title(document, printed, years):
    """A year's figure is never read as January's."""
    header = ["País", "Total", *map(str, range(2010, 2020))]
    row = ["Total", "100", *["10"] * 10]

    refused(
        document,
        printed([row, ["Cuba", *row[1:]]], title=ANNUAL_TITLE.format(years=years), header=header),
        saying="annual tables 2010-2019 have no months",
    )


def test_annual_figures_are_refused_by_their_header(document, printed):
    """Even under a title of one year, columns that are years are no months."""
    header = ["País", "Total", *map(str, range(2010, 2020))]
    row = ["Total", "100", *["10"] * 10]

    refused(
        document,
        printed([row, ["Cuba", *row[1:]]], title=ANNUAL_TITLE.format(years="AÑO 2019"), header=header),
        saying="page 1: the country table's header reads 'País Total 2010 2011 .*mend the layout in panama_darien.yaml",
    )


@pytest.mark.parametrize(
    "header",
    [
        [*HEADER[:2], "Feb.", "Ene.", *HEADER[4:]],
        [HEADER[0], *HEADER[2:], "Total"],
        ["Nacionalidad", *HEADER[1:]],
        HEADER[:-1],
        [*HEADER, "%"],
    ],
)
def test_a_changed_header_is_refused(document, printed, rows, header):
    """Columns that moved, were renamed, came or went are not guessed."""

    refused(document, printed(rows, header=header), saying="page 1: the country table's header reads '.*expected is 'pais total ene feb")


@pytest.mark.parametrize("cell", ["n/d", "1.893", "18 93", "1,89", "-5", "1,893*", "", "1234567890"])
def test_a_cell_that_is_no_figure_is_refused(document, printed, rows, cell):
    """Text, another notation or an empty cell where a figure belongs names its row and column."""
    rows[1][4] = cell

    refused(document, printed(rows), saying=f"page 1, Haití, mar: {re.escape(repr(cell))} is not a figure; compare with the publisher")


@pytest.mark.parametrize("keep", [slice(1, None), slice(0, 1)])
def test_a_table_without_total_or_countries_is_refused(document, printed, rows, keep):
    """Without both there is nothing to check against."""

    refused(document, printed(rows[keep]), saying="the country table has . rows Total and . countries.*download the document again")


def test_a_table_without_any_month_is_refused(document, printed, rows):
    """Nothing but dashes says nothing about any month."""
    empty = [[row[0], *["-"] * 13] for row in rows]

    refused(document, printed(empty), saying="page 1, Total: no month has a figure; wait")


@pytest.mark.parametrize(
    "notes",
    [
        ["Cifras preliminares al 31 de marzo del 2020"],
        ["Cifras preliminares al 31 de brumario del 2021"],
        ["Cifras preliminares al 31 de marzo del 2021", "Cifras preliminares al 30 de abril del 2021"],
    ],
)
def test_a_date_that_does_not_fit_is_refused(document, printed, rows, notes):
    """Another year, no month at all, or two dates: which month was the last is not known."""

    refused(document, printed(rows, notes=notes), saying="does not fit one table of 2021; ask SNM")


def test_a_row_that_does_not_add_up_holds_the_release(document, printed, rows):
    """A country's months are its total."""
    rows[1][1], rows[2][1] = "3,498", "578"

    held(
        document,
        printed(rows),
        rules={"row_total"},
        saying="darien.pdf: page 1, Haití: the figures add up to 3,497, printed is 3,498; compare with the publisher's page",
    )


def test_a_column_that_does_not_add_up_holds_the_release(document, printed, rows):
    """The countries of a month are its total."""
    rows[1][2], rows[1][3] = "624", "980"

    held(document, printed(rows), rules={"column_total"}, saying="page 1, Total, ene: the figures add up to 879, printed is 878")


def test_a_lost_row_holds_the_release(document, printed, rows):
    """A country that vanished with its line leaves every column short."""
    del rows[2]

    held(document, printed(rows), rules={"column_total"}, saying="page 1, Total, total: the figures add up to 3,919, printed is 4,498")


def test_an_unknown_country_holds_the_release_and_is_never_other(document, printed, rows):
    """A name that is not known has no nationality, and the message offers those that are near."""
    rows[2][0] = "Kuba"

    held(
        document,
        printed(rows),
        rules={"unknown_nationality"},
        saying=r"page 1, Kuba: 'Kuba' is not a known country; add .*nearest known: .*Cuba",
    )
    observations = panama_darien.parse(document(printed(rows))).observations.to_pylist()
    assert [row["value"] for row in observations if row["nationality"] is None] == [176, 205, 198]


def test_a_country_printed_twice_holds_the_release(document, printed, rows):
    """Two spellings of one country are one country."""
    rows[2][0] = "Chile (1)"

    held(document, printed(rows), rules={"duplicate_row"}, saying=r"page 1, Chile\(1\): CHL is also at page 1, Chile \(1\)")


def test_a_month_that_is_not_over_holds_the_release(document, printed, rows):
    """The 9,002 of the first two weeks of January 2025 were no month."""
    note = "Cifras preliminares al 15 de marzo del 2021"

    held(document, printed(rows, notes=[note]), rules={"partial_month"}, saying="15 de marzo del 2021' ends within a month; reject")


def test_figures_after_the_stated_month_hold_the_release(document, printed, rows):
    """The document contradicts itself."""
    note = "Cifras preliminares al 28 de febrero del 2021"

    held(
        document, printed(rows, notes=[note]), rules={"last_month"}, saying="page 1, Total, mar: a figure after 'Cifras preliminares al 28"
    )


def test_a_document_older_than_its_figures_holds_the_release(document, printed, rows):
    """A clock that was wrong gives no publication date."""

    held(
        document,
        printed(rows, created=datetime(2021, 3, 31, tzinfo=UTC)),
        rules={"stated_on"},
        saying="created on 2021-03-31, before mar was over; find out",
    )


def test_shifted_columns_are_refused(document, portal, rows):
    """A cell less in one line of the CSV is not filled up from the right."""
    del rows[1][4]

    refused(document, portal(rows), saying="line 5: 13 cells, expected are 14: the columns have shifted; restore", name="darien.csv")


def test_bare_thousands_between_commas_are_refused(document, portal, rows):
    """Where a comma may be either, nothing is guessed."""

    refused(document, portal(rows, separator=","), saying="line 4: .. cells, expected are 14: the columns have shifted", name="darien.csv")


def test_a_csv_without_its_header_is_refused(document, portal, rows):
    """Another table of the portal, or hand-edited columns, is not this one."""
    content = portal(rows).replace(b"pais;ene", b"Nacionalidad;enero")

    refused(document, content, saying="0 lines read 'pais ene feb .* download the CSV again", name="darien.csv")


@pytest.mark.parametrize("title", ["Tránsito irregular", "Tránsito irregular 2010-2019"])
def test_a_csv_whose_titles_name_no_single_year_is_refused(document, portal, rows, title):
    """The year stands only in the title, and is not guessed."""

    refused(
        document,
        portal(rows, titles=(title,)),
        saying="the lines above line 2 name . years, expected is one; write the year",
        name="darien.csv",
    )


def test_a_csv_that_ends_in_printed_zeros_is_held(document, portal, rows):
    """A zero may be a month in which nobody crossed or one to come; missing is not zero."""
    zeros = [[*row[:5], *["0"] * 9] for row in rows]

    held(
        document,
        portal(zeros),
        rules={"last_month"},
        saying="line 4, Total, dic: the last figure is 0, and nothing says",
        name="darien.csv",
    )
