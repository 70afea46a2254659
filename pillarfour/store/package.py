"""The store described as a Frictionless data package, ``datapackage.json``: every release's file with its hash, schema and terms."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pillarfour.recipe import Recipe
from pillarfour.store import schema
from pillarfour.store.entry import Kept
from pillarfour.store.index import Index

DESCRIPTION = (
    "Every release as it was published. Releases overlap: for each table, measure and reference period use the rows of the newest release "
    "only, and none that is held or rejected. Tables of one source may show the same events, and events are not persons: "
    "never add up tables or measures."
)


def describe(indexes: Iterable[Index]) -> bytes:
    """Write the package's descriptor, one line a release; the same store always gives the same bytes."""
    held = [(index, kept) for index in indexes for kept in index.read()]
    recipes = {index.recipe.name: index.recipe for index, _ in held}
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
    for index, kept in held:
        alike = (index.recipe.name, kept.entry.dimensions)
        if alike not in schemas:
            schemas[alike] = schema.frictionless(kept.entry.dimensions, index.recipe)
        lines.append(json.dumps(_resource(index, kept) | {"schema": schemas[alike]}, ensure_ascii=False))
    listed = ",\n".join(lines)
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "resources": [\n{listed}\n]}}\n'.encode()


def _resource(index: Index, kept: Kept) -> dict[str, Any]:
    entry, recipe = kept.entry, index.recipe
    return {
        "name": entry.id.replace("/", "-"),
        "title": f"{recipe.tables[entry.table].title}, published on {entry.published_on} ({entry.dating.published_basis})",
        "path": f"observations/{index.folder.name}/{entry.file}",
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
