"""Which series of a panel show the same stage of the corridor."""

from collections.abc import Hashable, Sequence

TOTAL = "total"
"""The subject of a stage's whole flow."""


def stage_and_subject(key: Hashable) -> tuple[str, str]:
    """Read a series' key, ``darien/HTI``; a key without a stroke has no stage."""
    stage, _, subject = str(key).rpartition("/")
    return stage, subject


def rows_by_stage(series: Sequence[Hashable]) -> dict[str, dict[str, int]]:
    """Give for each stage, in the panel's order, the row of each subject."""
    rows: dict[str, dict[str, int]] = {}
    for row, key in enumerate(series):
        stage, subject = stage_and_subject(key)
        rows.setdefault(stage, {})[subject] = row
    return rows
