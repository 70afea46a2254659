"""A release as one Parquet file: rows sorted by period, one row group a publisher's year, and what it says of itself in the footer."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pillarfour.errors import StoreError
from pillarfour.model import OBSERVATION
from pillarfour.recipe import Recipe
from pillarfour.store import schema
from pillarfour.store.calendar import PublisherYear
from pillarfour.store.entry import ENTRY, Entry, Summaries
from pillarfour.store.rows import Rows

FOOTER = b"pillarfour"

ENCODING: Mapping[str, Any] = {
    "compression": "snappy",
    "use_dictionary": [name for name in OBSERVATION.names if name != "locator"],
    "column_encoding": {"locator": "DELTA_BYTE_ARRAY"},
    "write_statistics": ["reference_period"],
    "write_page_checksum": True,
}
"""Locators differ in their last digits; rows are sorted by period, so its statistics let any reader skip row groups."""


class Outdated(StoreError):  # noqa: N818 - a reason to look again, not a fault
    """The file is no longer the one that the index describes: it was replaced meanwhile."""


def encode(rows: Rows, entry: Entry, recipe: Recipe) -> bytes:
    """Write a release as Parquet; the same release always gives the same bytes."""
    table = _with_provenance(rows, entry, recipe)
    described = {FOOTER: ENTRY.dump_json(entry), b"units": json.dumps(schema.units(recipe)).encode(), b"title": recipe.title.encode()}
    table = table.cast(schema.of_table(table.column_names).with_metadata(described))
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **ENCODING) as writer:
        for start, length in _years(rows.summaries, recipe.tolerance.year_ends):
            writer.write_table(table.slice(start, length), row_group_size=length)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _with_provenance(rows: Rows, entry: Entry, recipe: Recipe) -> pa.Table:
    size = rows.table.num_rows
    same = {
        "source": entry.source,
        "table": entry.table,
        "published_basis": entry.dating.published_basis,
        "release": entry.id,
        "document_sha256": entry.document_sha256,
    }
    first = pa.array(np.zeros(size, dtype=np.int32))
    columns: dict[str, Any] = {name: pa.DictionaryArray.from_arrays(first, pa.array([value])) for name, value in same.items()}
    columns["published_on"] = pa.repeat(pa.scalar(entry.published_on, pa.date32()), size)
    columns["retrieved_at"] = pa.repeat(pa.scalar(entry.retrieved_at, pa.timestamp("us", tz="UTC")), size)
    measures = rows.table["measure"].chunk(0) if size else pa.array([], pa.dictionary(pa.int32(), pa.string()))
    units = [recipe.measures[measure].unit for measure in measures.dictionary.to_pylist()]
    distinct = sorted(set(units))
    places = np.array([distinct.index(unit) for unit in units], dtype=np.int32)
    columns["unit"] = pa.DictionaryArray.from_arrays(pa.array(places[measures.indices.to_numpy()]), pa.array(distinct, pa.string()))
    columns |= {name: rows.table[name] for name in rows.table.column_names}
    return pa.Table.from_pydict({field.name: columns[field.name] for field in schema.of_table(rows.table.column_names)})


def _years(summaries: Mapping[str, Summaries], year_ends: int) -> Iterator[tuple[int, int]]:
    """Give the rows of each publisher's year as start and length: older years are read without the newer ones."""
    lengths: dict[int, int] = {}
    for covered in summaries.values():
        for period, rows in zip(covered.periods, covered.rows, strict=True):
            year = PublisherYear(year_ends).of(period)
            lengths[year] = lengths.get(year, 0) + rows
    start = 0
    for _, length in sorted(lengths.items()):
        if length:
            yield start, length
        start += length


def read_entry(path: Path, content: bytes) -> Entry:
    """Read what a release's file says of itself.

    Raises
    ------
    StoreError
        If the file is damaged.
    """
    try:
        return ENTRY.validate_json(pq.read_metadata(pa.BufferReader(content)).metadata[FOOTER])
    except (pa.ArrowException, KeyError, TypeError, ValueError) as cause:
        raise _damaged(path, cause) from cause


def read_cells(
    path: Path, entry: Entry, *, cells: Collection[tuple[str, str]] | None = None, columns: Sequence[str] | None = None
) -> pa.Table:
    """Read the rows of some measures and periods of a release, in the order of its file.

    Raises
    ------
    Outdated
        If the file was replaced since the entry was read.
    StoreError
        If the file is damaged.
    """
    try:
        return _read_cells(path, entry, cells=cells, columns=columns)
    except FileNotFoundError as cause:
        raise Outdated(f"{path}: is gone") from cause
    except (OSError, pa.ArrowException) as cause:
        raise _damaged(path, cause) from cause


def _damaged(path: Path, cause: Exception) -> StoreError:
    said = str(cause).strip()
    return StoreError(
        f"{path}: is no whole release ({said}); delete it and ingest its document again, whose bytes lie in raw/, under its name"
    )


def _read_cells(path: Path, entry: Entry, *, cells: Collection[tuple[str, str]] | None, columns: Sequence[str] | None) -> pa.Table:
    with pq.ParquetFile(path, memory_map=True, page_checksum_verification=True) as file:
        if file.metadata.metadata.get(FOOTER) != ENTRY.dump_json(entry):
            raise Outdated(f"{path}: was replaced")
        stretches = list(_stretches(entry, cells))
        ends = np.cumsum([file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)], dtype=np.int64)
        spans = list(enumerate(zip([0, *ends], ends, strict=False)))
        groups = [number for number, (first, end) in spans if any(start < end and first < stop for start, stop in stretches)]
        present = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
        read = file.read_row_groups(groups, columns=present, use_threads=False)
    numbers = np.concatenate([np.arange(0), *(np.arange(first, end) for number, (first, end) in spans if number in groups)])
    parts = [read.slice(int(np.searchsorted(numbers, start)), stop - start) for start, stop in stretches]
    return pa.concat_tables(parts) if parts else read.slice(0, 0)


def _stretches(entry: Entry, cells: Collection[tuple[str, str]] | None) -> Iterator[tuple[int, int]]:
    """Give where the wanted cells stand in the file, first row and end; neighbours are one stretch."""
    covered = entry.summaries.items()
    layout = sorted((period, measure, rows) for measure, part in covered for period, rows in zip(part.periods, part.rows, strict=True))
    start = begun = 0
    for period, measure, rows in layout:
        if cells is not None and (measure, period) not in cells:
            if begun < start:
                yield begun, start
            begun = start + rows
        start += rows
    if begun < start:
        yield begun, start
