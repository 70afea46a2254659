"""The listing pages, as they link."""

import pytest

from pillarfour.errors import FetchError
from pillarfour.model import Link
from sources import us_cbp

NATIONWIDE, SOUTHWEST = (str(page) for page in us_cbp.RECIPE.web.pages)

NATIONWIDE_PAGE = """
<html><body><a href="/newsroom/stats">Stats and Summaries</a><table>
<tr><td><a
 href="/sites/default/files/2026-09/nationwide-encounters-fy23-fy26-aug-aor_0.csv" type="text/csv">FY23 - FY26 by AOR</a></td></tr>
<tr><td><a
 href="/sites/default/files/2026-09/nationwide-encounters-fy23-fy26-aug-aor.csv">FY23 - FY26 by AOR</a></td></tr>
<tr><td><a
 href="/sites/default/files/2026-09/nationwide-encounters-fy23-fy26-aug-state.csv">FY23 - FY26 by State</a></td></tr>
<tr><td><a
 href="/sites/default/files/2024-10/nationwide-encounters-fy21-fy24-state.csv">FY21 - FY24 by State</a></td></tr>
<tr><td><a
 href="/sites/default/files/assets/documents/2024-Oct/nationwide-encounters-fy21-fy24-aug-state.csv">FY21 - FY24 (FYTD)</a></td></tr>
<tr><td><a
 href="/sites/default/files/assets/documents/2023-Nov/nationwide-encounters-fy20-fy23-aor.csv">FY20 - FY23</a></td></tr>
<tr><td><a
 href="/sites/default/files/assets/documents/2023-Nov/nationwide-encounters-data-dictionary.pdf">Dictionary</a></td></tr>
</table></body></html>
"""
SOUTHWEST_PAGE = """
<html><body>
<a href="/sites/default/files/2025-09/sbo-encounters-fy22-fy25-aug.csv">FY22 - FY25</a>
<a href="/sites/default/files/assets/documents/2022-Oct/sbo-encounters-fy19-fy22.csv">FY19 - FY22</a>
<a href="/sites/default/files/assets/documents/2022-Oct/sbo-encounters-fy19-fy22.csv">the same again</a>
</body></html>
"""


class Pages:
    """A client of saved pages."""

    def __init__(self, **changed):
        self.pages = {NATIONWIDE: NATIONWIDE_PAGE, SOUTHWEST: SOUTHWEST_PAGE} | {
            {"nationwide": NATIONWIDE, "southwest": SOUTHWEST}[name]: page for name, page in changed.items()
        }

    def page(self, url):
        """Give the saved page."""
        return self.pages[url]

    def document(self, link):
        """Give what it was asked for."""
        return None if link.name == "unchanged.csv" else link


def test_links_come_oldest_first():
    """By last fiscal year, last month with the closed year after its months, folder and upload; closed years stay."""
    assert [link.name for link in us_cbp.discover(Pages())] == [
        "sbo-encounters-fy19-fy22.csv",
        "nationwide-encounters-fy20-fy23-aor.csv",
        "nationwide-encounters-fy21-fy24-aug-state.csv",
        "nationwide-encounters-fy21-fy24-state.csv",
        "sbo-encounters-fy22-fy25-aug.csv",
        "nationwide-encounters-fy23-fy26-aug-aor.csv",
        "nationwide-encounters-fy23-fy26-aug-state.csv",
        "nationwide-encounters-fy23-fy26-aug-aor_0.csv",
    ]


def test_links_start_at_the_publishers_root():
    """The pages link relative to the root of the site."""
    first = us_cbp.discover(Pages())[0]

    assert first.url == "https://www.cbp.gov/sites/default/files/assets/documents/2022-Oct/sbo-encounters-fy19-fy22.csv"


@pytest.mark.parametrize("page", ["nationwide", "southwest"])
def test_a_page_without_tables_is_an_error(page):
    """A page that moved is said, not taken for nothing new."""
    with pytest.raises(FetchError, match="lists no table of encounters; look whether the page moved"):
        us_cbp.discover(Pages(**{page: "<html><h1>Page not found</h1></html>"}))


def test_the_later_folder_is_the_later_upload():
    """One name uploaded in two months: the second stands after the first, however the folder is written."""
    folders = ("/assets/documents/2023-Nov/", "/assets/documents/2024-Jan/", "/2024-02/", "/2024-11/")
    links = [f'<a href="/sites/default/files{folder}sbo-encounters-fy21-fy24-oct.csv">x</a>' for folder in reversed(folders)]

    found = us_cbp.discover(Pages(southwest="".join(links)))
    assert [
        link.url.split("files")[1].rsplit("/", 1)[0] + "/" for link in found if link.name == "sbo-encounters-fy21-fy24-oct.csv"
    ] == list(folders)


@pytest.mark.parametrize(("name", "fetched"), [("unchanged.csv", False), ("changed.csv", True)])
def test_fetch_leaves_the_asking_to_the_client(name, fetched):
    """None means that the publisher says it has not changed."""
    assert (us_cbp.fetch(Pages(), Link(url="https://www.cbp.gov/" + name, name=name)) is not None) is fetched


def test_a_name_of_a_new_kind_is_not_passed_over():
    """It comes last, with any query: what it holds is told by its header, not by its name."""
    page = (
        SOUTHWEST_PAGE
        + '<a href="/sites/default/files/2025-10/SBO-Encounters-2022-2025.csv?v=2">new</a><a href="/drug-seizures.csv">no</a>'
    )

    assert us_cbp.discover(Pages(southwest=page))[-1].name == "SBO-Encounters-2022-2025.csv"
    assert len(us_cbp.discover(Pages(southwest=page))) == len(us_cbp.discover(Pages())) + 1
