"""A report as one HTML file: nothing is fetched, nothing runs, and every text stays in its field."""

from base64 import b64encode
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from pillarfour.delivery.wording import Wording, one_line
from pillarfour.report.document import Document


def render(document: Document, words: Wording) -> bytes:
    """Give the page's bytes, the same for the same document."""
    return _template().render(document=document, say=words.say, data=lambda image: b64encode(image).decode()).encode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pillarfour.report"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        finalize=one_line,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2")
