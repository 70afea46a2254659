"""Small cuadros of each era, and the workbooks they make."""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
import xlwt

from pillarfour.model import Document

Grid = list[list[object]]

TITLES = {
    2011: "Eventos de extranjeros alojados en estaciones migratorias, según continente y país de nacionalidad, 2011",
    2012: "Eventos de extranjeros asegurados por la autoridad migratoria, según continente y país de nacionalidad, 2012",
    2019: "Eventos de extranjeros presentados ante la autoridad migratoria, según continente y país de nacionalidad, 2019",
    2021: "Eventos de extranjeros presentados ante la autoridad migratoria, según continente y país de nacionalidad, 2021",
    2023: "Eventos de personas en situación migratoria irregular en México, según continente y país de nacionalidad, 2023",
}


@pytest.fixture
def plain() -> Callable[..., Grid]:
    """Make a cuadro whose months are columns."""

    def make(year: int = 2019) -> Grid:
        return [
            ["Cuadro 3.1.1"],
            [TITLES[year]],
            [],
            [],
            ["Continente/ país de nacionalidad", "Enero", "Febrero", "Marzo", "Total"],
            ["Total general", 1266, 41, 30, 1337],
            [],
            ["América", 1256, 35, 20, 1311],
            [],
            ["América del Norte", 5, "-", "-", 5],
            ["Estados Unidos 1/", 5, "-", "-", 5],
            [],
            ["América Central", "1,234", 30, 20, "1,284"],
            ["Honduras", "1,234", 30, 20, "1,284"],
            [],
            ["Islas del Caribe", 17, 5, "-", 22],
            ["Dominicana, Rep.", 17, 5, "-", 22],
            [],
            ["Asia", 8, 4, 10, 22],
            ["Corea, Rep. (Sur)", 2, "-", "-", 2],
            ["Mianmar (Birmania)", 6, 4, 10, 20],
            [],
            ["Apátridas", 2, 2, "-", 4],
            [],
            ["1/ Incluye residentes."],
            ["Fuente: Unidad de Política Migratoria."],
        ]

    return make


@pytest.fixture
def banded() -> Callable[..., Grid]:
    """Make a cuadro whose months are bands of three columns."""

    def make(year: int = 2023, second: str = "Canalizados 2/") -> Grid:
        parts = ["Presentados", second, "Subtotal"]
        return [
            ["Cuadro 3.1.1"],
            [TITLES[year]],
            [],
            [],
            ["", "Enero", "", "", "Febrero", "", "", "Total", "", ""],
            ["País de nacionalidad", *parts, *parts, "Presentados", second, "Total"],
            ["Total general", 70, 30, 100, 7, 3, 10, 77, 33, 110],
            [],
            ["América", 70, 30, 100, 7, 3, 10, 77, 33, 110],
            [],
            ["América Central", 60, 28, 88, 7, 3, 10, 67, 31, 98],
            ["El Salvador", 20, 8, 28, 7, 3, 10, 27, 11, 38],
            ["Honduras", 40, 20, 60, "-", "-", "-", 40, 20, 60],
            [],
            ["Islas del Caribe", 10, 2, 12, "-", "-", "-", 10, 2, 12],
            ["Haití", 10, 2, 12, "-", "-", "-", 10, 2, 12],
            [],
            ["2/ Personas canalizadas al DIF."],
        ]

    return make


@pytest.fixture
def entities() -> Callable[..., Grid]:
    """Make cuadro 3.1, by federal entity."""

    def make() -> Grid:
        return [
            ["Cuadro 3.1"],
            ["Eventos de extranjeros presentados ante la autoridad migratoria, según entidad federativa, 2019"],
            ["Entidad federativa", "Ene.", "Feb.", "Total"],
            ["Total general", 5, 3, 8],
            ["Chiapas", 4, 3, 7],
            ["México", 1, 0, 1],
        ]

    return make


@pytest.fixture
def as_document() -> Callable[..., Document]:
    """Write sheets as a binary workbook."""

    def write(*grids: Sequence[Sequence[object]], name: str = "cuadro3.1.1_.xls", sheets: Sequence[str] = ("Hoja1", "Hoja2")) -> Document:
        book = xlwt.Workbook()
        for title, grid in zip(sheets, grids, strict=False):
            sheet = book.add_sheet(title)
            for row, cells in enumerate(grid):
                for column, cell in enumerate(cells):
                    if cell != "":
                        sheet.write(row, column, cell)
        content = io.BytesIO()
        book.save(content)
        return Document(name=name, content=content.getvalue(), retrieved_at=datetime(2024, 3, 1, tzinfo=UTC))

    return write
