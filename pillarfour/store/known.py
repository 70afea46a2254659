"""What was known on a day: the rows of the newest usable release of each period."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pillarfour.errors import StoreError
from pillarfour.model import OBSERVATION
from pillarfour.store import release_file
from pillarfour.store.entry import Cell, Kept

CELL = ("table", "measure", "reference_period")
"""Columns that are the same in all rows of a cell: asking for some of their values spares reading the others."""


def choose(kept: Iterable[Kept], day: date, *, table: str | None = None) -> dict[Cell, Kept]:
    """Choose for each cell the newest usable release published on or before a day, given all releases in the order of publication.

    A rebuilt release is chosen only where no original is known.
    """
    chosen: dict[tuple[str, str], dict[str, Kept]] = {}
    for release in sorted(kept, key=lambda release: not release.entry.rebuilt):
        entry = release.entry
        if release.usable and entry.published_on <= day and table in (None, entry.table):
            for measure, covered in entry.summaries.items():
                chosen.setdefault((entry.table, measure), {}).update(dict.fromkeys(covered.periods, release))
    return {(*series, period): release for series, periods in chosen.items() for period, release in periods.items()}


def read(folder: Path, chosen: Mapping[Cell, Kept], *, columns: Sequence[str] | None, where: Mapping[str, Sequence[str]]) -> pa.Table:
    """Read the chosen cells' rows: table by table, release by release, each in the order of its file.

    Raises
    ------
    StoreError
        If a column is none of ``OBSERVATION``, or cannot have such a value.
    Outdated
        If a file was replaced since the releases were listed.
    """
    unknown = sorted({*(columns or ()), *where} - set(OBSERVATION.names))
    if unknown:
        raise StoreError(f"{folder}: no column is called {', '.join(unknown)}; there are {', '.join(OBSERVATION.names)}")
    needed = None if columns is None else [name for name in OBSERVATION.names if name in columns or name in where]
    wanted = [cell for cell in chosen if all(cell[place] in where.get(name, cell[place : place + 1]) for place, name in enumerate(CELL))]
    by_release: dict[str, list[Cell]] = {}
    for cell in wanted:
        by_release.setdefault(chosen[cell].entry.id, []).append(cell)
    by_order = sorted(by_release.values(), key=lambda cells: (cells[0][0], chosen[cells[0]].entry.order))

    def part(cells: list[Cell]) -> pa.Table:
        entry = chosen[cells[0]].entry
        return release_file.read_cells(folder / entry.file, entry, cells={cell[1:] for cell in cells}, columns=needed)

    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        parts = list(pool.map(part, by_order))
    rows = pa.concat_tables([*parts], promote_options="default").unify_dictionaries() if parts else OBSERVATION.empty_table()
    for name, values in where.items():
        rows = rows.filter(pc.field(name).isin(_typed(name, values))) if name in rows.column_names else rows.slice(0, 0)
    kept = [name for name in OBSERVATION.names if name in rows.column_names] if columns is None else list(columns)
    return pa.Table.from_pydict(
        {name: rows[name] if name in rows.column_names else pa.nulls(len(rows), OBSERVATION.field(name).type) for name in kept}
    )


def _typed(column: str, values: Sequence[str]) -> pa.Array:
    kind = OBSERVATION.field(column).type
    try:
        return pa.array(values, pa.string()).cast(kind.value_type if pa.types.is_dictionary(kind) else kind)
    except pa.ArrowInvalid as cause:
        raise StoreError(f"{column}: {', '.join(values)} cannot be compared with it ({cause}); it holds {kind}") from cause
