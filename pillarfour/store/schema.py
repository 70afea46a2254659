"""What each column says, for Parquet's metadata and for the data package."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from pillarfour.model import DIMENSIONS, OBSERVATION, OTHER, STATELESS, TOTAL
from pillarfour.recipe import Recipe

COLUMNS: Mapping[str, str] = {
    "source": "Which of the project's sources the figure comes from.",
    "table": "Which of the source's published tables. Tables of one source may show the same events: never add them up.",
    "measure": "What is counted; see the units. Measures are never added up.",
    "unit": "events or persons. A person counted twice is two events.",
    "reference_period": "What the figure is about: a month as 2021-06, or an ISO week as 2021-W23.",
    "stage": "The stage of the corridor that the table observes.",
    "nationality": "ISO 3166-1 alpha-3, or one of the codes.",
    "region": "Part of the border.",
    "area": "Sector or field office.",
    "state": "State or federal entity.",
    "component": "The authority's component that counted.",
    "demographic": "Age and family group, as published.",
    "authority": "The title of law applied.",
    "encounter_type": "Apprehension, inadmissible or expulsion.",
    "value": "The count, in the row's unit.",
    "published_on": "The day on which the publisher let the figure out.",
    "published_basis": "How that day is known: observed, stated or reconstructed.",
    "retrieved_at": "When the document was first retrieved.",
    "release": "The release that the row belongs to. Releases overlap: for each table, measure and period use the newest one only.",
    "document_sha256": "SHA-256 of the document; its bytes lie in raw/ under this name.",
    "locator": "Where in the document the figure stands.",
}

CODES: Mapping[str, Mapping[str, str]] = {
    "nationality": {
        TOTAL: "all nationalities, of a table that has no other",
        OTHER: "the nationalities that the table does not list apart",
        STATELESS: "stateless persons",
    }
}


def of_table(columns: Iterable[str]) -> pa.Schema:
    """Give the schema of a table that has some of the dimensions, each column with what it says."""
    absent = set(DIMENSIONS).difference(columns)
    return pa.schema([field.with_metadata(_description(field.name)) for field in OBSERVATION if field.name not in absent])


def _description(column: str) -> dict[str, str]:
    described = {"description": COLUMNS[column]}
    return described | {"codes": json.dumps(CODES[column])} if column in CODES else described


def units(recipe: Recipe) -> dict[str, dict[str, str]]:
    """Give each measure's unit, and what it counts."""
    return {name: {"unit": measure.unit, "counts": measure.counts} for name, measure in sorted(recipe.measures.items())}


def frictionless(columns: Iterable[str], recipe: Recipe) -> dict[str, Any]:
    """Give the schema as a Frictionless table schema, with units and codes."""
    fields: list[dict[str, Any]] = []
    for field in of_table(columns):
        described: dict[str, Any] = {"name": field.name, "type": _frictionless_type(field.type), "description": COLUMNS[field.name]}
        if field.name == "value":
            described |= {"units": units(recipe), "constraints": {"required": True, "minimum": 0}}
        if field.name in CODES:
            described["codes"] = CODES[field.name]
        fields.append(described)
    return {"fields": fields}


def _frictionless_type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_date(kind):
        return "date"
    return "datetime" if pa.types.is_timestamp(kind) else "string"
