"""Where the real documents lie."""

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
SHARED = CHECKOUT.parent / "shared"


@pytest.fixture(scope="session")
def checkout() -> Path:
    return CHECKOUT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of real documents, or skip; in CI its absence is a failure."""
    if not (SHARED / "data" / "README.md").exists():
        message = f"the publishers' real documents are not at {SHARED}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return SHARED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, where two processes share the work: the tests of a file, and all whole nights, which share a Prefect server."""
    for item in items:
        folder = item.path.relative_to(CHECKOUT).parts[1]
        item.add_marker(pytest.mark.xdist_group("nights" if folder == "flows" else str(item.path)))
