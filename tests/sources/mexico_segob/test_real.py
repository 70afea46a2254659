"""SEGOB's real sheets by federal entity are read exactly."""

import csv
from datetime import UTC, datetime

import pytest

from pillarfour.model import Document
from sources.mexico_segob import parse

pytestmark = pytest.mark.shared


@pytest.fixture
def sheets(shared):
    paths = sorted((shared / "data" / "mexico").glob("extranjeros_estacion_*.xlsx"))
    documents = [Document(name=path.name, content=path.read_bytes(), retrieved_at=datetime(2021, 8, 26, tzinfo=UTC)) for path in paths]
    return [parse(document) for document in documents]


def test_every_state_and_month_is_as_transcribed(shared, sheets):
    """All 992 figures of 2019 to July 2021, none more and none fewer."""
    with (shared / "data" / "figures" / "mexico_by_state_2019_2021.csv").open(encoding="utf-8", newline="") as file:
        expected = {(row["period"], row["entidad"]): int(row["count"]) for row in csv.DictReader(file)}
    rows = [row for parsed in sheets for row in parsed.observations.to_pylist()]

    assert len(expected) == 992
    assert len(rows) == 992
    assert {(row["reference_period"], row["state"]): row["value"] for row in rows} == expected
    assert {(row["measure"], row["nationality"], row["stage"]) for row in rows} == {("presentations", "TOTAL", "mexico")}


def test_2021_as_first_published_counts_presentations(sheets):
    """January to July 2021 was 117,052 by the old definition; the later 130,065 is another measure, no revision."""
    parsed = sheets[-1]

    assert parsed.covers == {"presentations": tuple(f"2021-{month:02}" for month in range(1, 8))}
    assert sum(parsed.observations["value"].to_pylist()) == 117_052


def test_no_sheet_has_a_problem(sheets):
    """The archivist removed titles and totals, so that nothing fails."""
    assert [parsed.problems for parsed in sheets] == [(), (), ()]
