"""The picture of 2021 shows what the store and the replay say."""

import importlib.util
from datetime import date

import pytest

from flows import ingest
from pillarfour.settings import Settings


@pytest.fixture(scope="module")
def story(checkout):
    """Load the script by its path: tools are no package."""
    spec = importlib.util.spec_from_file_location("story", checkout / "tools" / "story.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_figures_behind_the_picture_are_those_of_the_store(story, whole, whole_night):
    """Month by month and alert by alert; a change of triggers or data is drawn again with ``python tools/story.py``."""
    assert whole_night.code == 0, whole_night.errors
    settings = Settings(store=whole["PILLARFOUR_STORE"])
    rows = story.story(ingest.open_store(settings), settings)

    assert story.table(rows) == story.TABLE.read_text(encoding="utf-8")
    assert len([row for row in rows if row.what == "figure"]) == 3 * 2 * 12
    assert story.draw(rows) == story.draw(rows)


def test_the_page_tells_what_the_figures_say(story, checkout):
    """Each day and figure of the text stands in the table."""
    page = (checkout / "docs" / "story.md").read_text(encoding="utf-8")
    rows = [line.split(",") for line in story.TABLE.read_text(encoding="utf-8").splitlines()]
    darien = {row[5]: (date.fromisoformat(row[4]), int(row[6])) for row in rows if row[:3] == ["alert", "darien", "haitian"]}
    mexico = {row[5]: date.fromisoformat(row[4]) for row in rows if row[:3] == ["alert", "mexico", "haitian"]}
    leads = [(story.DEL_RIO - darien[level][0]).days for level in ("watch", "warning", "emergency")]

    assert f"{leads[0]}, {leads[1]} and {leads[2]} days before\n  13 September" in page
    assert f"a warning on {darien['warning'][0]:%-d %B} ({darien['warning'][1]:,} persons in June)" in page
    assert f"an emergency on {darien['emergency'][0]:%-d %B} ({darien['emergency'][1]:,} in July)" in page
    assert f"warning of {mexico['warning']:%-d %B}" in page
    assert f"emergency on {mexico['emergency']:%-d %B}" in page
