"""A report as one HTML file: nothing is fetched, nothing runs, and every text stays in its field."""

from base64 import b64encode

from pillarfour.delivery import rendering
from pillarfour.delivery.wording import Wording
from pillarfour.report.document import Document


def render(document: Document, words: Wording) -> bytes:
    """Give the page's bytes, the same for the same document."""
    fields = {"document": document, "say": words.say, "data": lambda image: b64encode(image).decode()}
    return rendering.render("report.html.j2", fields, package="pillarfour.report").encode()
