"""How publishers revise their figures: by how much and which way at what age, how soon a figure stands, and which rows go."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pandas as pd
import pyarrow as pa

from pillarfour.errors import ConfigurationError
from pillarfour.model import DIMENSIONS, TOTAL, Release
from pillarfour.store import Store

SETTLED_SHARE = 0.01
"""A figure stands once it stays within one in a hundred of the last one known."""

RECORD = Path(__file__).resolve().parents[2] / "data" / "revisions.csv"
COLUMNS = ("source", "series", "reference_period", "reported", "reported_on", "later", "reference")

YOUNG = 3
"""A figure first read at this age in months or younger is seen from its start: no publisher here is slower."""

FROM_AGES = (1, 2, 3, 4, 5, 6, 7, 13)
"""Where the rows of a report begin [months]: those after half a year are read together."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure as it was published again and again.

    Parameters
    ----------
    series
        What is counted, and of whom: a nationality, or ``TOTAL``.
    readings
        Each earlier value and its age: months from the reference period to its publication, youngest first.
    last, last_age
        The last value known, and its age where that is known.
    """

    source: str
    series: str
    reference_period: str
    readings: tuple[tuple[int, int], ...]
    last: int
    last_age: int | None = None

    @property
    def settled_at(self) -> int | None:
        """The age from which every reading is within one in a hundred of the last; None where no reading before the last one is."""
        ages = None
        for age, value in reversed(self.readings):
            if abs(value - self.last) > SETTLED_SHARE * self.last:
                break
            ages = age
        return ages


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """Rows that counted something in one release and are not in the next that covers their month."""

    source: str
    earlier: str
    later: str
    rows: int
    counted: int


@dataclass(frozen=True, kw_only=True)
class Age:
    """The figures read at one age, against the last known.

    Parameters
    ----------
    months
        From this age on, to before the next row's.
    up, down, same
        How many rose afterwards, fell, or stayed.
    median_share, largest_share
        The size of what followed, as a share of the last known figure, whichever way; ``largest`` names where.
    """

    months: int
    up: int
    down: int
    same: int
    median_share: float
    largest_share: float
    largest: str

    @property
    def figures(self) -> int:
        """How many were read."""
        return self.up + self.down + self.same


@dataclass(frozen=True, kw_only=True)
class Revisions:
    """How one source revises.

    Parameters
    ----------
    basis
        ``releases``: original documents in the store; ``record``: figures as reported at the time, ``data/revisions.csv``.
    figures
        How many months and nationalities were read at least twice.
    settled
        Of those seen from their start, how many stand from each age [months] on; under None those of which no reading but the last does.
    """

    source: str
    basis: str
    figures: int
    ages: tuple[Age, ...]
    settled: Mapping[int | None, int]
    deletions: tuple[Deletion, ...] = ()

    @property
    def settled_median(self) -> int | None:
        """The age in months from which half of the figures stand; None where fewer than half are seen to."""
        ages = sorted(age for age, number in self.settled.items() if age is not None for _ in range(number))
        half = (sum(self.settled.values()) + 1) // 2
        return ages[half - 1] if 0 < half <= len(ages) else None


def report(figures: Iterable[Figure], deletions: Sequence[Deletion] = (), *, basis: str) -> list[Revisions]:
    """Sum up the figures of each source, by the age of their readings."""
    by_source: dict[str, list[Figure]] = {}
    for figure in figures:
        by_source.setdefault(figure.source, []).append(figure)
    return [
        Revisions(
            source=source,
            basis=basis,
            figures=len(found),
            ages=tuple(_ages(found)),
            settled=_tally(found),
            deletions=tuple(each for each in deletions if each.source == source),
        )
        for source, found in sorted(by_source.items())
    ]


def of_record(path: Path = RECORD) -> list[Figure]:
    """Read the figures that were reported at the time and are known otherwise, or the same, now.

    Raises
    ------
    ConfigurationError
        If the file has other columns, or a figure has two last values.
    """
    with path.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ConfigurationError(f"{path}: its columns are not {', '.join(COLUMNS)}; restore the file")
    by_figure: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for row in rows:
        by_figure.setdefault((row["source"], row["series"], row["reference_period"]), []).append(row)
    figures = []
    for (source, series, period), read in sorted(by_figure.items()):
        lasts = {int(row["later"]) for row in read}
        if len(lasts) > 1:
            raise ConfigurationError(f"{path}: {source} {series} {period} has the last values {sorted(lasts)}; keep one")
        readings = tuple(sorted((_age(period, row["reported_on"]), int(row["reported"])) for row in read))
        figures.append(Figure(source=source, series=series, reference_period=period, readings=readings, last=lasts.pop()))
    return figures


def of_store(store: Store, source: str) -> tuple[list[Figure], list[Deletion]]:
    """Read every figure that at least two original releases give, and the rows that were deleted; rebuilt documents revise nothing.

    Notes
    -----
    Of two releases of one table on one day the later counts, as for ``known_on``. A nationality whose row is gone is a deletion and no
    figure: it may count under *other* since.
    """
    read: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    deletions: list[Deletion] = []
    tables: dict[str, tuple[Release, pd.DataFrame]] = {}
    for release in store.releases(source):
        if release.rebuilt or release.status not in {"used", "accepted"}:
            continue
        rows = _rows(store, release)
        for key, value in _values(release, rows).items():
            read.setdefault(key, []).append((_age(key[2], str(release.published_on)), value))
        if release.table in tables:
            deletions += _deleted(*tables[release.table], release, rows)
        tables[release.table] = release, rows
    figures = []
    for (table, series, period), found in sorted(read.items()):
        if len(found) > 1 and any(value for _, value in found):
            *readings, (last_age, last) = found
            name = f"{table} {series}"
            figures.append(
                Figure(source=source, series=name, reference_period=period, readings=tuple(readings), last=last, last_age=last_age)
            )
    return figures, deletions


def _rows(store: Store, release: Release) -> pd.DataFrame:
    """Give a release's own rows, one a cell, and only the dimensions that it has."""
    columns = ["measure", "reference_period", *DIMENSIONS, "value", "release"]
    found = store.known_on(release.source, release.published_on, table=release.table, columns=columns, where={"release": [release.id]})
    kept = [name for name in columns[:-2] if found[name].null_count < len(found)]
    text = pa.table({name: found[name].cast(pa.string()) for name in kept} | {"value": found["value"]})
    return pd.DataFrame(text.to_pandas().fillna("").groupby(kept, as_index=False)["value"].sum())


def _values(release: Release, rows: pd.DataFrame) -> dict[tuple[str, str, str], int]:
    """Sum a release by measure, month and nationality, and by measure and month, months without a row included."""
    values = {(release.table, f"{measure} {TOTAL}", period): 0 for measure, covered in release.covers.items() for period in covered}
    nationalities = rows["nationality"] if "nationality" in rows else [TOTAL] * len(rows)
    for measure, period, who, value in zip(rows["measure"], rows["reference_period"], nationalities, rows["value"], strict=True):
        for name in {who, TOTAL}:
            key = release.table, f"{measure} {name}", period
            values[key] = values.get(key, 0) + int(value)
    return values


def _deleted(before: Release, was: pd.DataFrame, after: Release, now: pd.DataFrame) -> Iterator[Deletion]:
    """Find the rows of an earlier release that the next one, which covers their month, has no more."""
    shared = [name for name in was.columns if name in now.columns and name != "value"]
    covered = {(measure, period) for measure, periods in after.covers.items() for period in periods}
    asked = pd.MultiIndex.from_frame(was[["measure", "reference_period"]]).isin(list(covered))
    held = was[(was["value"] > 0) & asked]
    joined = held.groupby(shared, as_index=False)["value"].sum().merge(now[shared].drop_duplicates(), on=shared, how="left", indicator=True)
    gone = joined[joined["_merge"] == "left_only"]
    if len(gone):
        yield Deletion(source=after.source, earlier=before.id, later=after.id, rows=len(gone), counted=int(gone["value"].sum()))


def _ages(figures: Sequence[Figure]) -> Iterator[Age]:
    by_age: dict[int, list[tuple[Figure, int]]] = {}
    for figure in figures:
        for age, value in figure.readings:
            by_age.setdefault(max(start for start in FROM_AGES if start <= max(age, FROM_AGES[0])), []).append((figure, value))
    for age, found in sorted(by_age.items()):
        moves = [(abs(figure.last - value) / max(figure.last, 1), figure) for figure, value in found]
        size, where = max(moves, key=lambda move: move[0])
        yield Age(
            months=age,
            up=sum(figure.last > value for figure, value in found),
            down=sum(figure.last < value for figure, value in found),
            same=sum(figure.last == value for figure, value in found),
            median_share=median(share for share, _ in moves),
            largest_share=size,
            largest=f"{where.series} {where.reference_period}" if size else "",
        )


def _tally(figures: Sequence[Figure]) -> dict[int | None, int]:
    ages = [figure.settled_at for figure in figures if figure.readings[0][0] <= YOUNG]
    return {age: ages.count(age) for age in sorted(set(ages), key=lambda age: (age is None, age))}


def _age(period: str, published: str) -> int:
    """Count the months from a reference period to a publication, of which at least the month is known."""
    return (pd.Period(published[:7], freq="M") - pd.Period(period, freq="M")).n


def totals(figures: Iterable[Figure]) -> list[Figure]:
    """Keep the figures of all nationalities together."""
    return [figure for figure in figures if figure.series.endswith(f" {TOTAL}")]
