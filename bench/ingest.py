"""What ingestion costs beside pandas, and what a question costs beside reading its answer from one file.

Both sides are measured in one run, alternating, each the median of its repetitions.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pillarfour.model import Document, Parsed
from pillarfour.store import Store
from sources import us_cbp

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "cbp" / "nationwide-encounters-fy20-fy23-aor.csv"
RELEASES = 100
REPETITIONS = 15
RETRIEVED = datetime(2024, 3, 1, tzinfo=UTC)


def main() -> None:
    """Print the two ratios."""
    if not REAL.exists():
        sys.exit(f"{REAL}: the real document is not there; put it there to measure")
    with tempfile.TemporaryDirectory() as folder:
        measure_ingest(Path(folder))
        measure_known_on(Path(folder))


def measure_ingest(folder: Path) -> None:
    """Keep, parse, validate and commit the real file into a fresh store, beside ``pandas.read_csv`` of it."""
    stores = (open_store(folder / f"fresh-{number}") for number in range(REPETITIONS + 1))

    def ingest() -> None:
        document = Document(name=REAL.name, content=REAL.read_bytes(), retrieved_at=RETRIEVED)
        next(stores).commit(us_cbp.RECIPE.name, document, us_cbp.parse(document))

    ours, theirs = side_by_side(ingest, lambda: pd.read_csv(REAL))
    print(f"ingest    parse + validate + commit {ours:7.1f} ms   pandas.read_csv    {theirs:6.1f} ms   ratio {ours / theirs:4.2f}   bar 4")


def measure_known_on(folder: Path) -> None:
    """Ask what was known after a hundred releases, beside reading the answer from one Parquet file."""
    root = folder / "hundred"
    store = open_store(root)
    for document, parsed in monthly_releases():
        release = store.commit(us_cbp.RECIPE.name, document, parsed)
        if release.status != "used":
            sys.exit(f"{release.id}: {release.status}: {release.problems[0]}")
    day = date(2030, 1, 1)
    answer = store.known_on(us_cbp.RECIPE.name, day)
    single = folder / "answer.parquet"
    pq.write_table(answer, single)
    for name, asked in (
        ("opened anew", lambda: open_store(root).known_on(us_cbp.RECIPE.name, day)),
        ("kept open", lambda: store.known_on(us_cbp.RECIPE.name, day)),
    ):
        ours, theirs = side_by_side(asked, lambda: pq.read_table(single))
        print(
            f"known_on  {RELEASES} releases, store {name:<14}{ours:7.1f} ms   {len(answer):,} rows read  {theirs:6.1f} ms   "
            f"ratio {ours / theirs:4.2f}   bar 3"
        )


def open_store(root: Path) -> Store:
    """Open a store that knows the one source."""
    return Store(root, {us_cbp.RECIPE.name: us_cbp.RECIPE})


def side_by_side(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Give the median times of two things done in turn [ms]; the first round warms up and does not count."""
    rounds = [[_milliseconds(each) for each in (ours, theirs)] for _ in range(REPETITIONS + 1)]
    first, second = zip(*rounds[1:], strict=True)
    return statistics.median(first), statistics.median(second)


def _milliseconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def monthly_releases() -> Iterator[tuple[Document, Parsed]]:
    """Make releases of the real size: each of four fiscal years up to its month, filled with the real file's months."""
    real = us_cbp.parse(Document(name=REAL.name, content=REAL.read_bytes(), retrieved_at=RETRIEVED))
    column = real.observations["reference_period"].combine_chunks()
    rows = {month: np.flatnonzero(column.indices.to_numpy() == place) for place, month in enumerate(column.dictionary.to_pylist())}
    for last in pd.period_range("2015-10", periods=RELEASES, freq="M"):
        fiscal_year = last.year + (last.month > 9)  # noqa: PLR2004 - the fiscal year ends in September
        months = pd.period_range(pd.Period(year=fiscal_year - 4, month=10, freq="M"), last)
        taken = [rows[str(month)] for month in _within_the_file(months)]
        table = real.observations.take(np.concatenate(taken))
        names = pa.DictionaryArray.from_arrays(
            np.repeat(np.arange(len(months), dtype=np.int32), [len(part) for part in taken]), [str(month) for month in months]
        )
        table = table.set_column(table.column_names.index("reference_period"), "reference_period", names)
        document = Document(name=f"made-up-{last}.csv", content=str(last).encode(), retrieved_at=RETRIEVED)
        yield document, Parsed(table=real.table, observations=table, covers={"encounters": tuple(map(str, months))})


def _within_the_file(months: pd.PeriodIndex) -> pd.PeriodIndex:
    """Move months by whole multiples of four years into October 2019 to September 2023."""
    start = pd.Period("2019-10", freq="M")
    return pd.PeriodIndex([start + (month - start).n % 48 for month in months])


if __name__ == "__main__":
    main()
