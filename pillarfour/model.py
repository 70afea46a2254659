"""The nouns of the pipeline: documents, releases, series, findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from typing import Literal

import pyarrow as pa

Basis = Literal["observed", "stated", "reconstructed"]
"""How a publication date is known: seen at the publisher's server, stated by document or analyst, or rebuilt from the source's rule."""

Status = Literal["used", "held", "accepted", "rejected"]

TOTAL = "TOTAL"
"""All nationalities, not broken down; a row of a table that has no other."""

OTHER = "OOO"
"""The nationalities that a table does not list apart."""

STATELESS = "XXA"
"""Stateless persons, by the code of ICAO Doc 9303."""

DIMENSIONS = ("stage", "nationality", "region", "area", "state", "component", "demographic", "authority", "encounter_type")
"""What a cell of a published table can be broken down by. A table leaves out what it does not have."""

_TEXT = pa.dictionary(pa.int32(), pa.string())

OBSERVATION = pa.schema(
    [
        ("source", _TEXT),
        ("table", _TEXT),
        ("measure", _TEXT),
        ("unit", _TEXT),
        ("reference_period", _TEXT),
        *((dimension, _TEXT) for dimension in DIMENSIONS),
        ("value", pa.int64()),
        ("published_on", pa.date32()),
        ("published_basis", _TEXT),
        ("retrieved_at", pa.timestamp("us", tz="UTC")),
        ("release", _TEXT),
        ("document_sha256", _TEXT),
        ("locator", pa.string()),
    ]
)
"""One row a cell. ``reference_period`` is ``2021-06`` or ``2021-W23``; ``value`` is in ``unit``."""

PARSED = pa.schema([OBSERVATION.field(name) for name in ("measure", "reference_period", *DIMENSIONS, "value", "locator")])
"""What ``parse`` gives; the store adds where the rows come from."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """Where a publisher keeps a document, in the order of publication."""

    url: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """The bytes a publisher let out, and what is known of how they came.

    Parameters
    ----------
    name
        The file's name as published.
    content
        The bytes, untouched.
    retrieved_at
        When we got it, aware, in UTC.
    url
        Where it was fetched; None when an analyst brought it.
    published_on, published_basis
        The server's ``Last-Modified`` (observed) or the analyst's word (stated); None where neither is known.
    rebuilt
        Whether it was written anew from published figures, in the publisher's layout, and is not the publisher's own.
    """

    name: str
    content: bytes = field(repr=False)
    retrieved_at: datetime
    url: str | None = None
    published_on: date | None = None
    published_basis: Basis | None = None
    rebuilt: bool = False

    @cached_property
    def sha256(self) -> str:
        """The document's address: its bytes' SHA-256, in hexadecimal."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, kw_only=True, order=True)
class Problem:
    """Why a release is held: the rule it breaks, where, and what to do."""

    rule: str
    place: str
    message: str
    remedy: str

    def __str__(self) -> str:
        """Read as one sentence a duty officer can act on."""
        return f"{self.place}: {self.message}; {self.remedy}"


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """One document read: its table's rows, the periods it covers, and what does not add up.

    Parameters
    ----------
    table
        The published table's name in the recipe.
    observations
        Rows by ``PARSED``, less the dimensions that the table does not have.
    covers
        For each measure, every reference period the document speaks about, those with no row included.
    stated_on
        The publication date the document itself states, if it does.
    problems
        Printed totals that fail, names and categories not known. Any of them holds the release.
    """

    table: str
    observations: pa.Table = field(repr=False)
    covers: Mapping[str, tuple[str, ...]]
    stated_on: date | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Release:
    """One publication of one table, as it is kept.

    Parameters
    ----------
    id
        ``<source>/<published_on>-<first eight digits of the document's SHA-256>``.
    covers
        For each measure, the reference periods that the release supplies.
    status
        ``used``, or ``held`` until an analyst has ``accepted`` or ``rejected`` it.
    rebuilt
        Whether its document was rebuilt from published figures; an original takes its place wherever one is known.
    """

    id: str
    source: str
    table: str
    published_on: date
    published_basis: Basis
    retrieved_at: datetime
    document: str
    document_sha256: str
    covers: Mapping[str, tuple[str, ...]]
    status: Status
    problems: tuple[Problem, ...] = ()
    rebuilt: bool = False


@dataclass(frozen=True, kw_only=True, order=True)
class SeriesKey:
    """One line of counts: who, at which stage of the corridor.

    Parameters
    ----------
    stage
        A corridor stage of ``triggers.yaml``, such as ``darien``.
    subject
        A nationality (ISO 3166-1 alpha-3), a named group, or ``total``.
    """

    stage: str
    subject: str

    def __str__(self) -> str:
        """Read as ``darien/haitian``."""
        return f"{self.stage}/{self.subject}"
