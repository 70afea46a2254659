"""A made-up source, and documents of it."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from pillarfour.model import PARSED, Document, Parsed
from pillarfour.recipe import Recipe
from pillarfour.store import Store

FIRST_RETRIEVED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def make_recipe() -> Callable[..., Recipe]:
    """Make the facts of ``made_up``: years end in September, closed years are frozen, open ones may move by a tenth."""

    def make(**changes) -> Recipe:
        facts = {
            "name": "made_up",
            "title": "Arrivals that never were",
            "publisher": {
                "name": "Nobody",
                "country": "PAN",
                "url": "https://example.org",
                "licence": "none",
                "attribution": "Source: nobody.",
            },
            "measures": {
                "arrivals": {"unit": "events", "counts": "Arrivals; a person who arrives twice is counted twice."},
                "people": {"unit": "persons", "counts": "Persons, once a month each.", "cumulative": False},
            },
            "cadence": {"usual_delay_days": 10, "latest_delay_days": 20, "day_of_next_month": 15},
            "web": {"pages": ["https://example.org"], "allowed_hosts": ["example.org"], "content_types": ["text/csv"]},
            "tables": {
                "north": {"title": "By nationality", "absent_nationality": "zero"},
                "south": {"title": "By nationality, seen otherwise", "absent_nationality": "zero"},
            },
            "tolerance": {"year_ends": 9, "closed": 0, "open": 0.1, "rows_may_vanish": False},
        }
        return Recipe.model_validate(facts | changes)

    return make


@pytest.fixture(scope="session")
def make_document() -> Callable[..., tuple[Document, Parsed]]:
    """Make a document from its counts by month and nationality, and what parsing it gives."""

    def make(  # noqa: PLR0913 - each test names only the few it is about
        counts: Mapping[str, Mapping[str, int]],
        *,
        published_on: str | None = None,
        basis: str = "observed",
        table: str = "north",
        measure: str = "arrivals",
        region: str | None = None,
        salt: str = "",
        **parsed,
    ) -> tuple[Document, Parsed]:
        rows = [
            {
                "measure": measure,
                "reference_period": month,
                "nationality": nationality,
                "region": region,
                "value": value,
                "locator": f"{month}/{nationality}",
            }
            for month, by_nationality in counts.items()
            for nationality, value in by_nationality.items()
        ]
        columns = [
            field
            for field in PARSED
            if field.name in {"measure", "reference_period", "nationality", "value", "locator"} or (field.name == "region" and region)
        ]
        document = Document(
            name=f"{table}-{max(counts)}.csv",
            content=json.dumps([counts, published_on, table, measure, region, salt], sort_keys=True).encode(),
            retrieved_at=FIRST_RETRIEVED,
            published_on=date.fromisoformat(published_on) if published_on else None,
            published_basis=basis if published_on else None,
        )
        facts = {"covers": {measure: tuple(sorted(counts))}} | parsed
        return document, Parsed(table=table, observations=pa.Table.from_pylist(rows, schema=pa.schema(columns)), **facts)

    return make


@pytest.fixture
def store(tmp_path: Path, make_recipe) -> Store:
    return Store(tmp_path / "store", {"made_up": make_recipe()})


@pytest.fixture
def open_store(tmp_path: Path, make_recipe) -> Callable[..., Store]:
    """Open a store whose source has other facts."""

    def opened(**changes) -> Store:
        return Store(tmp_path / "other", {"made_up": make_recipe(**changes)})

    return opened


@pytest.fixture(scope="session")
def read_tree() -> Callable[[Path], dict[str, bytes]]:
    """Give every file of a store with its bytes, less the locks, which are empty."""

    def read(root: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and path.parent.name != "locks"
        }

    return read


@pytest.fixture
def no_power_cuts(monkeypatch):
    """Let the disk answer at once where the many writes of a test need not outlast a power cut."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
