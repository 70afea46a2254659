"""A report as a PDF: A4, its own fonts inside, the same bytes for the same report."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from fpdf import FPDF, FontFace
from fpdf.enums import Align, TableBordersLayout, VAlign

from pillarfour.delivery.wording import Wording, one_line
from pillarfour.report.document import Document, Heading, Items, Paragraph, Picture, Table

FONT: Final = "DejaVu"
MARGIN, WIDTH = 18.0, 174.0
"""In millimetres, of an A4 page."""
PICTURE_WIDTH = 110.0
LINE = 5.2
INK, FAINT, RULE, SHADE = (34, 34, 34), (85, 85, 85), (170, 170, 170), (238, 238, 238)
FIRST_COLUMN: Final = {2: 0.5, 3: 0.4, 4: 0.34, 5: 0.36}
"""The share of a table's width that the names of its rows take, by the number of its columns."""


class Paper(FPDF):
    """A4 pages with the report's name and the page's number at the foot."""

    def __init__(self, *, foot: str, page: Callable[[int], str]) -> None:
        super().__init__(format="A4")
        self.foot, self.numbered = foot, page
        folder = _fonts()
        self.add_font(FONT, "", folder / "DejaVuSans.ttf")
        self.add_font(FONT, "B", folder / "DejaVuSans-Bold.ttf")
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=MARGIN + 4)

    def footer(self) -> None:
        """Write the foot of a page."""
        self.set_y(-MARGIN)
        self.set_font(FONT, size=8)
        self.set_text_color(*FAINT)
        self.cell(0, LINE, self.foot)
        self.cell(0, LINE, self.numbered(self.page_no()), align=Align.R)


def render(document: Document, words: Wording, *, known_on: date) -> bytes:
    """Give the PDF's bytes; its date of creation is the report's own."""
    paper = Paper(
        foot=one_line(f"pillarfour · {document.subtitle}"),
        page=lambda number: words.say("page {number}", number=number),
    )
    paper.set_creation_date(datetime.combine(known_on, time(), UTC))
    paper.set_lang(document.language)
    paper.set_title(one_line(document.title))
    paper.set_creator("pillarfour")
    paper.add_page()
    for banner in document.banners:
        _write(paper, banner, size=11, bold=True, fill=True)
    _write(paper, document.title, size=17, bold=True, line=8)
    _write(paper, document.subtitle, size=9.5, colour=FAINT)
    paper.ln(2)
    _items(paper, Items(lines=document.brief), size=10.5)
    for section in document.sections:
        _title(paper, section.title)
        for block in section.blocks:
            _BLOCKS[block.kind](paper, block)
    _foot(paper, document)
    return bytes(paper.output())


def _title(paper: Paper, text: str) -> None:
    if paper.will_page_break(40):
        paper.add_page()
    paper.ln(5)
    paper.start_section(one_line(text))
    _write(paper, text, size=13, bold=True, line=7)
    paper.set_draw_color(*INK)
    paper.line(MARGIN, paper.get_y(), MARGIN + WIDTH, paper.get_y())
    paper.ln(2)


def _heading(paper: Paper, block: Heading) -> None:
    if paper.will_page_break(20):
        paper.add_page()
    paper.ln(2)
    _write(paper, block.text, size=10.5, bold=True)


def _paragraph(paper: Paper, block: Paragraph) -> None:
    _write(paper, block.text, size=8.5 if block.note else 10, colour=FAINT if block.note else INK)
    paper.ln(1)


def _items(paper: Paper, block: Items, *, size: float = 10) -> None:
    for line in block.lines:
        paper.set_font(FONT, size=size)
        paper.set_text_color(*INK)
        paper.cell(5, LINE, "•")
        paper.set_left_margin(MARGIN + 5)
        paper.multi_cell(WIDTH - 5, LINE, one_line(line), new_x="LMARGIN", new_y="NEXT", align=Align.L)
        paper.set_left_margin(MARGIN)
        paper.set_x(MARGIN)
        paper.ln(0.8)


def _picture(paper: Paper, block: Picture) -> None:
    image = BytesIO(block.image)
    paper.ln(1)
    paper.image(image, x=MARGIN + (WIDTH - PICTURE_WIDTH) / 2, w=PICTURE_WIDTH, alt_text=one_line(block.alt))
    paper.ln(2)


def _table(paper: Paper, block: Table) -> None:
    needed = 7 * (min(len(block.rows), 12) + 3)
    if paper.will_page_break(needed):
        paper.add_page()
    paper.ln(1)
    _write(paper, block.caption, size=9.5, bold=True)
    first = FIRST_COLUMN[len(block.columns)]
    rest = (1 - first) / (len(block.columns) - 1)
    aligned = Align.R if block.figures else Align.L
    paper.set_font(FONT, size=8.5)
    paper.set_text_color(*INK)
    paper.set_draw_color(*RULE)
    paper.set_fill_color(255, 255, 255)
    with paper.table(
        width=WIDTH,
        col_widths=(first, *(rest for _ in block.columns[1:])),
        text_align=(Align.L, *(aligned for _ in block.columns[1:])),
        headings_style=FontFace(emphasis="", color=FAINT),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        line_height=4.4,
        padding=(0.9, 1),
        v_align=VAlign.T,
    ) as table:
        for cells in (block.columns, *block.rows):
            row = table.row()
            for cell in cells:
                row.cell(one_line(cell))
    paper.ln(2)


def _foot(paper: Paper, document: Document) -> None:
    paper.ln(6)
    for sentence in document.footer:
        _write(paper, sentence, size=8, colour=FAINT, line=4.2)


def _write(  # noqa: PLR0913 - how a line looks is all of these
    paper: Paper,
    text: str,
    *,
    size: float,
    bold: bool = False,
    colour: tuple[int, int, int] = INK,
    line: float = LINE,
    fill: bool = False,
) -> None:
    paper.set_font(FONT, style="B" if bold else "", size=size)
    paper.set_text_color(*colour)
    if fill:
        paper.set_fill_color(*SHADE)
    paper.multi_cell(WIDTH, line, one_line(text), new_x="LMARGIN", new_y="NEXT", align=Align.L, fill=fill)


def _fonts() -> Path:
    """Say where matplotlib keeps DejaVu Sans, which has every letter that the two languages need."""
    import matplotlib as mpl  # noqa: PLC0415 - only a report that is written pays for it

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


_BLOCKS: Final[Mapping[str, Callable[[Paper, Any], None]]] = {
    "heading": _heading,
    "paragraph": _paragraph,
    "items": _items,
    "picture": _picture,
    "table": _table,
}
