"""What a release says of itself without its rows; it stands in the release's own file and in the index."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from pydantic import TypeAdapter

from pillarfour.model import Problem, Release, Status
from pillarfour.store.dating import Dating

Cell = tuple[str, str, str]
"""Table, measure and reference period: what one release supplies as a whole."""

USABLE: frozenset[Status] = frozenset({"used", "accepted"})


class Summary(NamedTuple):
    """The rows of one measure and period.

    ``total`` and ``regions`` are in the measure's unit; ``keys`` is a digest of which cells count more than zero, whatever their order.
    """

    rows: int
    total: int
    keys: str
    regions: Mapping[str, int]


NOTHING = Summary(rows=0, total=0, keys=f"{0:016x}", regions={})


@dataclass(frozen=True, kw_only=True)
class Summaries:
    """The summaries of one measure's periods, column by column; a region without rows in a period is None there."""

    periods: tuple[str, ...]
    rows: tuple[int, ...]
    totals: tuple[int, ...]
    keys: tuple[str, ...]
    regions: Mapping[str, tuple[int | None, ...]]

    @classmethod
    def of(cls, by_period: Mapping[str, Summary]) -> "Summaries":
        """Take them apart, in the order of their periods."""
        ordered = sorted(by_period.items())
        regions = sorted({region for _, summary in ordered for region in summary.regions})
        return cls(
            periods=tuple(period for period, _ in ordered),
            rows=tuple(summary.rows for _, summary in ordered),
            totals=tuple(summary.total for _, summary in ordered),
            keys=tuple(summary.keys for _, summary in ordered),
            regions={region: tuple(summary.regions.get(region) for _, summary in ordered) for region in regions},
        )

    def by_period(self) -> dict[str, Summary]:
        """Put them together again."""
        regions = [
            {region: total for region, totals in self.regions.items() if (total := totals[place]) is not None}
            for place in range(len(self.periods))
        ]
        return dict(zip(self.periods, map(Summary, self.rows, self.totals, self.keys, regions), strict=True))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A release, with a summary of every period that it covers.

    Parameters
    ----------
    dimensions
        What its rows are broken down by.
    problems
        What the document itself shows to be wrong; what other releases show is judged anew each time.
    summaries
        By measure and reference period, in order; a period without rows is covered nevertheless.
    """

    source: str
    table: str
    dating: Dating
    retrieved_at: datetime
    document: str
    document_sha256: str
    rebuilt: bool
    dimensions: tuple[str, ...]
    problems: tuple[Problem, ...]
    summaries: Mapping[str, Summaries]

    @cached_property
    def id(self) -> str:
        """Its name in the project."""
        return f"{self.source}/{self.published_on}-{self.document_sha256[:8]}"

    @property
    def file(self) -> str:
        """The name of its Parquet file."""
        return f"release={self.id.partition('/')[2]}.parquet"

    @property
    def published_on(self) -> date:
        """The day on which the publisher let it out."""
        return self.dating.published_on

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """What it supplies."""
        return tuple((self.table, measure, period) for measure, covered in self.summaries.items() for period in covered.periods)

    @cached_property
    def contents(self) -> Mapping[Cell, Summary]:
        """What it supplies, summed up."""
        by_measure = (covered.by_period().values() for covered in self.summaries.values())
        return dict(zip(self.cells, chain.from_iterable(by_measure), strict=True))

    @cached_property
    def order(self) -> tuple[date, str, str]:
        """Where it stands among its source's releases: a later one wins."""
        return (self.published_on, max(covered.periods[-1] for covered in self.summaries.values()), self.document_sha256)

    def last(self, measure: str) -> str:
        """Give the last period that it covers for a measure."""
        return self.summaries[measure].periods[-1]

    @cached_property
    def regions(self) -> frozenset[str]:
        """The regions that it breaks down by."""
        return frozenset(region for covered in self.summaries.values() for region in covered.regions)

    def after(self, held: "Entry") -> "Entry":
        """Give this entry for bytes that are held already: first come with their name and time, dated by the better evidence."""
        dating = min(self.dating, held.dating, key=Dating.rank)
        rebuilt = self.rebuilt or held.rebuilt
        return replace(self, dating=dating, retrieved_at=held.retrieved_at, document=held.document, rebuilt=rebuilt)


class Verdict(NamedTuple):
    """Whether a release may be used, and all that speaks against it."""

    status: Status
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An entry as it lies in the store: its file's size and hash, and its verdict."""

    entry: Entry
    bytes: int
    sha256: str
    verdict: Verdict

    @property
    def usable(self) -> bool:
        """Whether its rows are used."""
        return self.verdict.status in USABLE

    def release(self) -> Release:
        """Give it as the rest of the project knows it."""
        entry = self.entry
        return Release(
            id=entry.id,
            source=entry.source,
            table=entry.table,
            published_on=entry.published_on,
            published_basis=entry.dating.published_basis,
            retrieved_at=entry.retrieved_at,
            document=entry.document,
            document_sha256=entry.document_sha256,
            covers={measure: covered.periods for measure, covered in entry.summaries.items()},
            status=self.verdict.status,
            problems=self.verdict.problems,
            rebuilt=entry.rebuilt,
        )


ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
"""Entries to JSON and back; the same entry always gives the same bytes."""
