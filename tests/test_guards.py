"""Guards: the tests ran on what they claim to have run on."""

import os
import shutil
from pathlib import Path

import pytest


def test_the_packages_come_from_this_checkout(checkout: Path):
    """Four plain names that others use too are imported from here."""
    import detectors  # noqa: PLC0415 - the import itself is what is tested
    import flows  # noqa: PLC0415
    import pillarfour  # noqa: PLC0415
    import sources  # noqa: PLC0415

    for package in (detectors, flows, pillarfour, sources):
        assert Path(package.__file__).parent.parent == checkout


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="asserts that CI has the real documents; this is not CI")
def test_ci_has_the_real_documents(shared: Path):
    """In CI no test on real documents is skipped."""

    assert (shared / "golden" / "README.md").exists()


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="asserts that CI has a browser; this is not CI")
def test_ci_has_a_browser():
    """In CI the layout of messages is looked at."""

    assert shutil.which("chromium") is not None
