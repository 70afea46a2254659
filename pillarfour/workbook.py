"""Read workbooks, binary ``.xls`` and ``.xlsx`` told apart by their content, and name their cells for analysts."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pillarfour.errors import ParseError
from pillarfour.model import Document

DASHES = ("-", "–", "—")

_MARK = re.compile(r"(?:\s*\d{1,2}\s*/|\s*\(\d{1,2}\)|\s*\*+|\s*[¹²³⁴-⁹]+|(?<=[^\W\d])\d)+\s*$")
_COUNT = re.compile(r"(?:\d+|\d{1,3}(?:[, \u00a0\u2009\u202f']\d{3})+)(?:\.0+)?")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet of a workbook; ``rows[0][0]`` is its cell A1, and a blank cell is an empty text."""

    document: str
    name: str
    rows: Sequence[Sequence[Any]] = field(repr=False)

    def cell(self, row: int, column: int) -> Any:
        """Give a cell's value; blank beyond the last one."""
        cells = self.rows[row]
        return cells[column] if column < len(cells) else ""

    def place(self, row: int, column: int | None = None) -> str:
        """Name a row or a cell for an analyst who has the sheet open."""
        where = f"{self.document}: sheet {self.name!r}, row {row + 1}"
        return where if column is None else f"{where}, column {letters(column)}"

    def locator(self, row: int, column: int) -> str:
        """Name a cell as spreadsheets do, ``Cuadro 3.1!F12``."""
        return f"{self.name}!{letters(column)}{row + 1}"


def read(document: Document) -> tuple[Sheet, ...]:
    """Read every sheet.

    Raises
    ------
    ParseError
        If the document is no workbook, or a damaged one.
    """
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - a native library, needed only to read

    if document.content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise ParseError(f"{document.name}: a web page or XML saved under a workbook's name; download the workbook itself again")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(document.content))
        grids = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except CalamineError as cause:
        raise ParseError(_damaged(document, cause)) from cause
    except BaseException as cause:
        if type(cause).__module__ != "pyo3_runtime":  # a panic of the native library, which is no Exception
            raise
        raise ParseError(_damaged(document, cause)) from cause
    return tuple(
        Sheet(document=document.name, name=name, rows=[["" if _is_blank(cell) else cell for cell in row] for row in grid])
        for name, grid in grids.items()
    )


def count(cell: Any) -> int | None:
    """Read a count, printed as a number or as text, thousands apart or not; a dash is zero, and None is no count."""
    if isinstance(cell, str):
        text = cell.strip()
        if text in DASHES:
            return 0
        return int(re.sub(r"\D", "", text.partition(".")[0])) if _COUNT.fullmatch(text) else None
    if isinstance(cell, bool) or not isinstance(cell, int | float) or cell < 0 or not float(cell).is_integer():
        return None
    return int(cell)


def without_mark(text: str) -> str:
    """Take the mark of a footnote off a name: ``Estados Unidos 1/`` is Estados Unidos."""
    return _MARK.sub("", text).strip()


def letters(column: int) -> str:
    """Name a column, 0 being A, as spreadsheets do: A … Z, AA."""
    before, last = divmod(column, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)


def _is_blank(cell: Any) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _damaged(document: Document, cause: BaseException) -> str:
    reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    return f"{document.name}: not a workbook, or one cut short or damaged on its way ({reason}); download it again"
