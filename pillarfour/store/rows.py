"""A document's rows, sorted by period, and a summary of each period to judge and find them by."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pillarfour.errors import ValidationError
from pillarfour.model import DIMENSIONS, PARSED, Parsed
from pillarfour.store.entry import NOTHING, Summaries, Summary

Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A document's rows, sorted by period and measure, with a summary of each."""

    table: pa.Table
    summaries: Mapping[str, Summaries]


def arrange(parsed: Parsed, *, document: str) -> Rows:
    """Sort a document's rows and sum them up by measure and period.

    Raises
    ------
    ValidationError
        If the rows are not what ``PARSED`` says, or stand outside the periods that the document covers.
    """
    table = _checked(parsed, document)
    periods, period_codes = _ranked(table["reference_period"])
    measures, measure_codes = _ranked(table["measure"])
    blocks = period_codes * len(measures) + measure_codes
    if (np.diff(blocks) < 0).any():
        order = np.argsort(blocks, kind="stable")
        blocks, table = blocks[order], table.take(order)
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    cells = [(measures[block % len(measures)], periods[block // len(measures)]) for block in blocks[starts].tolist()]
    found = dict(zip(cells, _summaries(table, starts), strict=True))
    outside = [cell for cell in cells if cell[1] not in parsed.covers.get(cell[0], ())]
    if outside:
        raise ValidationError(f"{document}: has rows of {' '.join(outside[0])}, which it does not say it covers; mend its source's parser")
    return Rows(
        table=table,
        summaries={
            measure: Summaries.of({period: found.get((measure, period), NOTHING) for period in periods})
            for measure, periods in sorted(parsed.covers.items())
            if periods
        },
    )


def _checked(parsed: Parsed, document: str) -> pa.Table:
    columns = {}
    for name in parsed.observations.column_names:
        if name not in PARSED.names:
            raise ValidationError(f"{document}: {name!r} is no column of a document; mend its source's parser")
        column, kind = parsed.observations[name], PARSED.field(name).type
        if column.type != kind:
            column = column.dictionary_encode() if pa.types.is_string(column.type) and pa.types.is_dictionary(kind) else column.cast(kind)
        columns[name] = column.unify_dictionaries().combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    for name in ("measure", "reference_period", "value"):
        if name not in columns or columns[name].null_count:
            raise ValidationError(f"{document}: has rows without {name}; mend its source's parser")
    if len(columns["value"]) and np.min(columns["value"].to_numpy()) < 0:
        raise ValidationError(f"{document}: has a count below zero; mend its source's parser, or declare a correction")
    return pa.Table.from_pydict(columns)


def _ranked(column: pa.ChunkedArray) -> tuple[list[str], Integers]:
    """Give the column's distinct values in order, and each row's place among them; -1 where it is null."""
    array = column.combine_chunks()
    values, places = np.unique(np.array(array.dictionary.to_pylist(), dtype=object), return_inverse=True)
    return values.tolist(), np.append(places, -1)[_codes(array)]


def _summaries(table: pa.Table, starts: Integers) -> list[Summary]:
    if not len(starts):
        return []
    values = table["value"].to_numpy()
    rows = np.diff(starts, append=len(values))
    totals = np.add.reduceat(values, starts)
    keys = np.add.reduceat(np.where(values > 0, _key_hashes(table), np.uint64(0)), starts)
    blocks = zip(rows.tolist(), totals.tolist(), keys.tolist(), _by_region(table, values, rows), strict=True)
    return [Summary(rows=count, total=total, keys=f"{key:016x}", regions=regions) for count, total, key, regions in blocks]


def _key_hashes(table: pa.Table) -> Hashes:
    """Hash each row's dimensions, the same on every machine; sums of these do not depend on the rows' order."""
    mixed = np.zeros(table.num_rows, dtype=np.uint64)
    for name in DIMENSIONS:
        if name in table.column_names:
            column = table[name].combine_chunks()
            words = [f"{name}={value}" for value in column.dictionary.to_pylist()] + [f"{name} is null"]
            hashes = np.array([int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little") for word in words], dtype=np.uint64)
            mixed = (mixed ^ hashes[_codes(column)]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(32)
    return mixed


def _codes(column: pa.DictionaryArray) -> Integers:
    """Give each row's place in the dictionary; -1, the last, where it is null."""
    indices: Integers = (column.indices.fill_null(-1) if column.null_count else column.indices).to_numpy()
    return indices


def _by_region(table: pa.Table, values: Integers, rows: Integers) -> list[dict[str, int]]:
    if "region" not in table.column_names:
        return [{} for _ in rows]
    names, codes = _ranked(table["region"])
    places = np.repeat(np.arange(len(rows)), rows), codes
    totals, counted = np.zeros((len(rows), len(names) + 1), dtype=np.int64), np.zeros((len(rows), len(names) + 1), dtype=bool)
    np.add.at(totals, places, values)
    counted[places] = True
    return [{name: int(totals[block, place]) for place, name in enumerate(names) if counted[block, place]} for block in range(len(rows))]
