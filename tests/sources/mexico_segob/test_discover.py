"""The publisher's index pages lead to the cuadros, oldest first."""

import pytest

from pillarfour.errors import FetchError
from pillarfour.model import Link
from sources.mexico_segob import RECIPE, discover, fetch

ROOT = "https://portales.segob.gob.mx"
INDEX = ROOT + "/es/PoliticaMigratoria/CuadrosBOLETIN?Anual={}&Secc=3"
FOLDER = "/work/models/PoliticaMigratoria/CEM/Estadisticas/Boletines_Estadisticos"

PAGE = """<html><body><h2>Extranjeros presentados y devueltos, {year}</h2>
<a href="{folder}/{year}/Cuadros{year}/{name}"><img src="xls.gif"></a>
<a href="{folder}/{year}/Cuadros{year}/{name}">Cuadro 3.1.1 Continente y país de nacionalidad</a>
<a href="{folder}/{year}/Cuadros{year}/cuadro3.1.xls">Cuadro 3.1</a>
<a href="{folder}/{year}/Cuadros{year}/cuadro3.1.3.xls">Cuadro 3.1.3</a>
<a href="{folder}/{year}/Cuadros{year}/cuadro_3.1.1.pdf">PDF</a>
</body></html>"""


class Pages:
    """A client that knows its pages by heart, and no document newer than ours."""

    def __init__(self, pages):
        self.page = pages.__getitem__
        self.document = {}.get


def page(year, name):
    return PAGE.format(year=year, folder=FOLDER, name=name)


@pytest.fixture(autouse=True)
def _in_2025(monkeypatch):
    monkeypatch.setenv("PILLARFOUR_NOW", "2025-02-10T06:00:00+00:00")


@pytest.mark.parametrize("name", ["cuadro_3.1.1.xls", "cuadro3.1.1_.xls", "cuadro3.1.1.xls", "cuadro3.1.1.xlsx"])
def test_the_cuadro_is_found_by_each_of_its_names(name):
    """The file's name changes from year to year; its neighbours are left alone."""
    client = Pages({INDEX.format(2024): page(2024, "cuadro3.1.1_.xls"), INDEX.format(2025): page(2025, name)})

    assert discover(client) == [
        Link(url=f"{ROOT}{FOLDER}/2024/Cuadros2024/cuadro3.1.1_.xls", name="cuadro3.1.1_.xls"),
        Link(url=f"{ROOT}{FOLDER}/2025/Cuadros2025/{name}", name=name),
    ]


def test_a_year_that_has_just_begun_may_have_no_cuadro():
    """January is published in March; until then this year's page lists none."""
    client = Pages({INDEX.format(2024): page(2024, "cuadro3.1.1_.xls"), INDEX.format(2025): "<html><body>2025</body></html>"})

    assert [link.name for link in discover(client)] == ["cuadro3.1.1_.xls"]


def test_an_empty_answer_is_an_error():
    """The publisher sends empty pages at times; they are no news that nothing was published."""
    client = Pages({INDEX.format(2024): page(2024, "cuadro3.1.1_.xls"), INDEX.format(2025): " \r\n"})

    with pytest.raises(FetchError, match=r"Anual=2025&Secc=3: the publisher sent an empty page, .*; look again later"):
        discover(client)


def test_a_page_without_last_year_s_cuadro_is_an_error():
    """A link that went missing means that the page has changed."""
    client = Pages({INDEX.format(2024): "<html><body>Cuadros</body></html>", INDEX.format(2025): ""})

    with pytest.raises(FetchError, match=r"Anual=2024.*no link to cuadro 3.1.1 of 2024; look at the page and mend layouts.link"):
        discover(client)


def test_fetch_passes_on_that_nothing_has_changed():
    """No document where the publisher says that it is the one we have."""
    assert fetch(Pages({}), Link(url=ROOT, name="cuadro3.1.1.xls")) is None


def test_certificates_go_unverified_here_alone_and_with_a_reason():
    """The exception is this source's own, and says why."""
    assert RECIPE.web.tls.verify is False
    assert "chain" in str(RECIPE.web.tls.reason)
