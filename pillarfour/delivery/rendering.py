"""Texts and pages from templates, whose fields keep to their place."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pillarfour.delivery.wording import one_line


def render(template: str, fields: Mapping[str, Any], *, package: str) -> str:
    """Fill in a template of this package; every field is kept in its line, and escaped where the template is HTML."""
    return _environment(package).get_template(template).render(fields)


@cache
def _environment(package: str) -> Environment:
    return Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        finalize=one_line,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
