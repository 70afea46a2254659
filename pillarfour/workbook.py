"""Read workbooks, binary ``.xls`` and ``.xlsx`` told apart by their content, and name their cells for analysts."""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pillarfour import workbook_process
from pillarfour.errors import ConfigurationError, ParseError
from pillarfour.model import Document

ABSURD = 1_000_000_000
"""More than any count of people."""

LONGEST_SECONDS = 60
DASHES = ("-", "–", "—")

_MARK = re.compile(r"(?:\s*\d{1,2}\s*/|\s*\(\d{1,2}\)|\s*\*+|\s*[¹²³⁴-⁹]+|(?<=[^\W\d])\d)+\s*$")
_COUNT = re.compile(r"(?:\d{1,9}|\d{1,3}(?:[, \u00a0\u2009\u202f']\d{3}){1,2})(?:\.0+)?")


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
    if document.content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise ParseError(f"{document.name}: a web page or XML saved under a workbook's name; download the workbook itself again")
    answer = _open(document.content)
    if "error" in answer:
        said = f"not a workbook, or one cut short or damaged on its way ({answer['error']})"
        raise ParseError(f"{document.name}: {said}; download it again")
    return tuple(
        Sheet(document=document.name, name=name, rows=[["" if _is_blank(cell) else cell for cell in row] for row in rows])
        for name, rows in answer["sheets"]
    )


def count(cell: Any) -> int | None:
    """Read a count, printed as a number or as text, thousands apart or not; a dash is zero, and None is no count."""
    if isinstance(cell, str):
        text = cell.strip()
        if text in DASHES:
            return 0
        return int(re.sub(r"\D", "", text.partition(".")[0])) if _COUNT.fullmatch(text) else None
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not 0 <= cell < ABSURD or cell % 1:
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


def _open(content: bytes) -> dict[str, Any]:
    """Have a process of its own open the workbook, which may end it, hang it or make it ask for all memory."""
    package = importlib.util.find_spec("python_calamine")
    if package is None or package.origin is None:
        raise ConfigurationError("python-calamine is not installed; install the project again with make")
    command = [sys.executable, "-I", "-S", workbook_process.__file__, str(Path(package.origin).parents[1])]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=LONGEST_SECONDS, check=False)  # noqa: S603 - our own program
    except subprocess.TimeoutExpired:
        return {"error": f"not opened after {LONGEST_SECONDS} s"}
    if done.returncode != 0:
        return {"error": f"its reader ended with {done.returncode}"}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
