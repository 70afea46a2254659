"""What a document would be as a release, before the store is asked whether it has it already."""

from dataclasses import dataclass
from datetime import UTC

from pillarfour.errors import ValidationError
from pillarfour.model import DIMENSIONS, Document, Parsed
from pillarfour.recipe import Recipe
from pillarfour.store.dating import date_document
from pillarfour.store.entry import Entry
from pillarfour.store.rows import Rows, arrange


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A release not yet written."""

    entry: Entry
    rows: Rows


def draft_release(document: Document, parsed: Parsed, *, recipe: Recipe) -> Draft:
    """Date a document's rows, sort them and sum them up.

    Raises
    ------
    ValidationError
        If the source does not have its table or measure, its rows contradict what it says it covers, or its date cannot be.
    """
    for kind, name, declared in [("table", parsed.table, recipe.tables), *(("measure", name, recipe.measures) for name in parsed.covers)]:
        if name not in declared:
            raise ValidationError(f"{document.name}: {recipe.name} has no {kind} {name!r}; it has {', '.join(declared)}")
    periods = [period for covered in parsed.covers.values() for period in covered]
    if not periods:
        raise ValidationError(f"{document.name}: covers no period; the parser of {recipe.name} must refuse such a document")
    dating = date_document(document, parsed=parsed, last_period=max(periods), recipe=recipe)
    rows = arrange(parsed, document=document.name)
    entry = Entry(
        source=recipe.name,
        table=parsed.table,
        dating=dating,
        retrieved_at=document.retrieved_at.astimezone(UTC),
        document=document.name,
        document_sha256=document.sha256,
        rebuilt=document.rebuilt,
        dimensions=tuple(name for name in DIMENSIONS if name in parsed.observations.column_names),
        problems=tuple(sorted(set(parsed.problems))),
        summaries=rows.summaries,
    )
    return Draft(entry=entry, rows=rows)
