"""The store described as a Frictionless data package, ``datapackage.json``: every release's file with its hash, schema and terms."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pillarfour.recipe import Recipe
from pillarfour.store import schema
from pillarfour.store.entry import Kept

DESCRIPTION = (
    "Every release as it was published. Releases overlap: for each table, measure and reference period use the rows of the newest release "
    "only, and none that is held or rejected. Tables of one source may show the same events, and events are not persons: "
    "never add up tables or measures."
)


def describe(releases: Iterable[tuple[Recipe, Sequence[Kept]]]) -> bytes:
    """Write the package's descriptor, one line a release; the same store always gives the same bytes."""
    held = [(recipe, kept) for recipe, kepts in releases for kept in kepts]
    recipes = {recipe.name: recipe for recipe, _ in held}
    head = {
        "name": "pillarfour",
        "profile": "data-package",
        "title": "Movements along the Darién – Mexico – United States corridor, as published",
        "description": DESCRIPTION,
        "licenses": [_licence(recipe) for recipe in recipes.values()],
        "sources": [_source(recipe) for recipe in recipes.values()],
    }
    schemas: dict[tuple[str, tuple[str, ...]], Mapping[str, Any]] = {}
    lines = []
    for recipe, kept in held:
        alike = (recipe.name, kept.entry.dimensions)
        if alike not in schemas:
            schemas[alike] = schema.frictionless(kept.entry.dimensions, recipe)
        lines.append(json.dumps(_resource(recipe, kept) | {"schema": schemas[alike]}, ensure_ascii=False))
    listed = ",\n".join(lines)
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "resources": [\n{listed}\n]}}\n'.encode()


def _resource(recipe: Recipe, kept: Kept) -> dict[str, Any]:
    entry = kept.entry
    return {
        "name": entry.id.replace("/", "-"),
        "title": f"{recipe.tables[entry.table].title}, published on {entry.published_on} ({entry.dating.published_basis})",
        "path": f"observations/source={recipe.name}/{entry.file}",
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": kept.bytes,
        "hash": f"sha256:{kept.sha256}",
        "status": kept.verdict.status,
        "rebuilt": entry.rebuilt,
        "licenses": [_licence(recipe)],
        "sources": [_source(recipe) | {"document": entry.document, "document_sha256": entry.document_sha256}],
    }


def _licence(recipe: Recipe) -> dict[str, str]:
    return {"title": recipe.publisher.licence, "path": str(recipe.publisher.url)}


def _source(recipe: Recipe) -> dict[str, str]:
    return {"title": recipe.publisher.name, "path": str(recipe.publisher.url), "attribution": recipe.publisher.attribution}
