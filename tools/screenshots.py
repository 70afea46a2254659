"""Take pictures of a real night's messages and of a quarter's report for the documentation, in both languages, on a phone and a desk.

``python tools/screenshots.py`` builds a store of the bundle in a folder of its own, tells the night of 15 August 2021, reports the third
quarter of 2021, and writes ``docs/images``. It needs Chromium.
"""

import base64
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from PIL import Image

CHECKOUT = Path(__file__).resolve().parents[1]
IMAGES = CHECKOUT / "docs" / "images"
NIGHT = date(2021, 8, 15)
QUARTER_ENDS = date(2021, 9, 30)
REPORT_FROM = date(2021, 1, 1)
SHOWN = {"alert": ("Haitian families, Darién", "Familias haitianas, Darién"), "digest": ("[digest]", "[resumen]")}
WIDTHS = (360, 1200)
HEIGHT, NARROWEST = 7000, 500
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
FLAGS += ("--disable-component-update", "--disable-sync", "--hide-scrollbars")
ROUTES = "version: 1\nreaders:\n  - {name: es, way: smtp, address: es@example.org, language: es}\n"


def main() -> int:
    """Write every picture and its text."""
    browser = shutil.which("chromium")
    if browser is None:
        print("chromium is not installed; install it, then run this again")
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        for message in told(Path(work)):
            subject, language = str(message["Subject"]), str(message["Content-Language"])
            for name, starts in SHOWN.items():
                if any(start in subject for start in starts):
                    stem = f"{name}-{language}"
                    text = f"{subject}\n\n{said(message, 'plain')}".replace("\r\n", "\n")
                    (IMAGES / f"{stem}.txt").write_text(text, encoding="utf-8")
                    for width in WIDTHS:
                        photograph(browser, html(message), IMAGES / f"{stem}-{width}.png", width=width, work=Path(work))
        for language, page in reported(Path(work)).items():
            for width in WIDTHS:
                photograph(browser, page, IMAGES / f"report-{language}-{width}.png", width=width, work=Path(work))
    return 0


def told(work: Path) -> list[EmailMessage]:
    """Tell the night to a folder, in both languages."""
    (work / "routes.yaml").write_text(ROUTES)
    os.environ |= {"PILLARFOUR_ROUTES": str(work / "routes.yaml"), "PILLARFOUR_SMTP_HOST": "localhost"}
    from flows import alert, detect, ingest  # noqa: PLC0415 - the settings come first
    from flows.tell import Teller  # noqa: PLC0415
    from pillarfour.settings import Settings  # noqa: PLC0415
    from sources import SOURCES  # noqa: PLC0415

    settings = Settings(store=work / "store")
    store = ingest.open_store(settings)
    for source in SOURCES:
        list(ingest.ingest_local(source, store, settings))
    triggers = detect.load_triggers(settings)
    alert.alert(Teller.of(settings, store, triggers, detect.score(store, triggers, known_on=NIGHT)))
    found = sorted((work / "store" / "outbox").glob("*.eml"))
    return [message for path in found if isinstance(message := message_from_bytes(path.read_bytes(), policy=default), EmailMessage)]


def reported(work: Path) -> dict[str, str]:
    """Tell the nights of the quarter and of the half year before it to a ledger of their own, and report it in both languages."""
    from flows import alert, detect, ingest, report  # noqa: PLC0415 - as above
    from flows.tell import Teller  # noqa: PLC0415
    from pillarfour.settings import Settings  # noqa: PLC0415

    settings = Settings(store=work / "store", ledger_url=f"sqlite:///{work / 'quarter.sqlite'}", outbox=work / "quarter")
    store, triggers = ingest.open_store(settings), detect.load_triggers(settings)
    for night in sorted({release.published_on for release in store.releases() if REPORT_FROM <= release.published_on <= QUARTER_ENDS}):
        alert.alert(Teller.of(settings, store, triggers, detect.score(store, triggers, known_on=night)))
    found = report.Reporter.of(settings, known_on=QUARTER_ENDS).report("quarterly")
    return {path.stem[-2:]: path.read_text(encoding="utf-8") for path in report.write(found, settings, formats=("html",))}


def said(message: EmailMessage, kind: str) -> str:
    """Give the text or the HTML of a message."""
    return next(str(part.get_content()) for part in message.walk() if part.get_content_type() == f"text/{kind}")


def html(message: EmailMessage) -> str:
    """Give the HTML with its pictures inside."""
    page = said(message, "html")
    for part in message.walk():
        if part.get_content_maintype() == "image":
            data = base64.b64encode(part.get_content()).decode()
            page = page.replace(f"cid:{part['Content-ID'][1:-1]}", f"data:image/png;base64,{data}")
    return page


def photograph(browser: str, page: str, path: Path, *, width: int, work: Path) -> None:
    """Take a picture as wide as asked; the browser's own window is never as narrow as a phone, so the page stands in a frame."""
    (work / "page.html").write_text(page, encoding="utf-8")
    (work / "frame.html").write_text(
        f'<body style="margin:0"><iframe src="page.html" style="border:0;width:{width}px;height:{HEIGHT}px" scrolling="no"></iframe>'
    )
    with tempfile.TemporaryDirectory() as profile:
        size = f"--window-size={max(width, NARROWEST)},{HEIGHT}"
        command = [browser, *FLAGS, f"--user-data-dir={profile}", f"--screenshot={path}", size, str(work / "frame.html")]
        subprocess.run(command, check=True, capture_output=True)
    with Image.open(path) as taken:
        picture = taken.convert("RGB").crop((0, 0, width, HEIGHT))
    rows = [row for row in range(0, HEIGHT, 4) if len(picture.crop((0, row, width, row + 1)).getcolors(width) or ()) > 2]  # noqa: PLR2004 - paper and margin
    bottom = min(HEIGHT, max(rows, default=HEIGHT) + 24)
    picture.crop((0, 0, width, bottom)).quantize(128, method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
