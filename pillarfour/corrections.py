"""Mend a publisher's known error by declaration; the correction fails once the document no longer holds the error."""

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import reduce

import pyarrow as pa

from pillarfour.errors import ValidationError
from pillarfour.model import Parsed, Problem
from pillarfour.recipe import Correction

MEASURED = ("value", "locator")
"""The columns that are not part of a cell's key."""


def apply(parsed: Parsed, *, document: str, corrections: Iterable[Correction]) -> Parsed:
    """Apply the corrections that name this document, in their order.

    Parameters
    ----------
    parsed
        The table as read, with what does not add up.
    document
        The document's file name; a correction's ``document`` is a pattern such as ``sbo-encounters-fy19-fy22*.csv``.
    corrections
        The recipe's. ``drop`` takes the rows away; ``override`` sets columns; ``scale`` multiplies the counts; ``flag`` leaves the figures
        and holds the release until an analyst decides. A period without any row left is no longer covered, one that gets rows is.

    Returns
    -------
    Parsed
        The mended table. Where the rows found are not those the correction expects, nothing is changed and a problem says so.

    Raises
    ------
    ValidationError
        If a correction names a column that the table does not have, leaves a fraction, or makes two rows of one cell.
    """
    for correction in corrections:
        if fnmatchcase(document.casefold(), correction.document.casefold()):
            parsed = _apply(parsed, correction, document)
    return parsed


def _apply(parsed: Parsed, correction: Correction, document: str) -> Parsed:
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy, and most documents have no correction

    _check(parsed, correction)
    table = parsed.observations
    named = [pc.equal(table[column], _scalar(table, column, published, correction)) for column, published in correction.where.items()]
    mask = pc.fill_null(reduce(pc.and_, named), fill_value=False)
    found = table.filter(mask)
    rows, total = found.num_rows, pc.sum(found["value"]).as_py() or 0
    if (rows, total) != (correction.expect_rows, correction.expect_total):
        return _with_problem(
            parsed,
            correction,
            document,
            f"expects {correction.expect_rows} rows, {correction.expect_total:,} in all, and finds {rows}, {total:,}; it was not applied",
            "compare the document with the error described, then change the correction or end it",
        )
    if correction.action == "flag":
        return _with_problem(parsed, correction, document, correction.reason, "decide whether these figures may be used")
    if correction.action == "drop":
        return _mended(parsed, table.filter(pc.invert(mask)))
    return _mended(parsed, _override(table, mask, correction) if correction.action == "override" else _scale(table, mask, correction))


def _mended(parsed: Parsed, table: pa.Table) -> Parsed:
    """Give the rows with what they cover now: a period that lost its last row is missing, not zero; one that got its first is covered."""
    before, after = _periods(parsed.observations), _periods(table)
    covered = {(measure, period) for measure, periods in parsed.covers.items() for period in periods} - (before - after) | (after - before)
    measures = dict.fromkeys([*parsed.covers, *sorted(measure for measure, _ in after - before)])
    covers = {each: tuple(sorted(period for measure, period in covered if measure == each)) for each in measures}
    return replace(parsed, observations=table, covers=covers)


def _override(table: pa.Table, mask: pa.ChunkedArray, correction: Correction) -> pa.Table:
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy, and most documents have no correction

    changed = table
    for column, value in correction.set.items():
        kind = table.schema.field(column).type
        plain = table[column].cast(kind.value_type) if pa.types.is_dictionary(kind) else table[column]
        mended = pc.if_else(mask, _scalar(table, column, value, correction), plain)
        encoded = mended.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else mended
        changed = changed.set_column(changed.schema.get_field_index(column), table.schema.field(column), encoded)
    keys = [column for column in changed.column_names if column not in MEASURED]
    if changed.group_by(keys).aggregate([]).num_rows != table.group_by(keys).aggregate([]).num_rows:
        raise ValidationError(f"correction {correction.id}: makes two rows of one cell; mend its where or set")
    return changed


def _scale(table: pa.Table, mask: pa.ChunkedArray, correction: Correction) -> pa.Table:
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy, and most documents have no correction

    scaled = pc.multiply(table["value"].cast(pa.float64()), correction.factor)
    whole = pc.round(scaled)
    if pc.any(pc.and_(mask, pc.greater(pc.abs(pc.subtract(scaled, whole)), 1e-6))).as_py():
        raise ValidationError(
            f"correction {correction.id}: times {correction.factor} leaves a fraction of a person; mend its factor or where"
        )
    values = pc.if_else(mask, whole.cast(pa.int64()), table["value"])
    return table.set_column(table.schema.get_field_index("value"), table.schema.field("value"), values)


def _scalar(table: pa.Table, column: str, text: str, correction: Correction) -> pa.Scalar:
    if not pa.types.is_integer(table.schema.field(column).type):
        return pa.scalar(text)
    try:
        return pa.scalar(int(text), pa.int64())
    except ValueError as cause:
        raise ValidationError(f"correction {correction.id}: {column} {text!r} is not a whole number; mend it") from cause


def _check(parsed: Parsed, correction: Correction) -> None:
    if not correction.where:
        raise ValidationError(f"correction {correction.id}: names no rows; state its where")
    for column in (*correction.where, *correction.set):
        if column not in parsed.observations.column_names:
            known = ", ".join(parsed.observations.column_names)
            raise ValidationError(f"correction {correction.id}: table {parsed.table} has no column {column!r}; use one of {known}")


def _periods(table: pa.Table) -> set[tuple[str, str]]:
    unique = table.group_by(["measure", "reference_period"]).aggregate([])
    return set(zip(unique["measure"].to_pylist(), unique["reference_period"].to_pylist(), strict=True))


def _with_problem(parsed: Parsed, correction: Correction, document: str, message: str, remedy: str) -> Parsed:
    problem = Problem(rule=f"correction {correction.id}", place=document, message=f"correction {correction.id}: {message}", remedy=remedy)
    return replace(parsed, problems=(*parsed.problems, problem))
