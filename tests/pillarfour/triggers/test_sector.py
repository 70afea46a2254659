"""The example of a stage that is one sector, run on the publisher's own file by area."""

import csv
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from detectors import METHODS
from flows import detect
from pillarfour import strict_yaml
from pillarfour.errors import TriggerError
from pillarfour.evaluation import replay
from pillarfour.model import Document, SeriesKey
from pillarfour.store import Store
from pillarfour.triggers import reading
from pillarfour.triggers.evaluate import evaluate
from sources import us_cbp

RECIPES = detect.RECIPES


@pytest.fixture(scope="module")
def example(checkout: Path) -> str:
    """Take the example out of the page that analysts read."""
    page = (checkout / "docs" / "triggers.md").read_text(encoding="utf-8")
    return page.split("```yaml\n")[1].split("```")[0]


def with_example(checkout: Path, example: str):
    """Read the shipped file with the example's stages and triggers put behind its own."""
    shipped = strict_yaml.plain(strict_yaml.read(checkout / "triggers.yaml", error=TriggerError))
    added = strict_yaml.plain(strict_yaml.parse(example, name="example", error=TriggerError))
    written = StringIO()
    YAML().dump({**shipped, **{key: [*shipped[key], *added[key]] for key in added}}, written)
    return reading.validate(
        strict_yaml.parse(written.getvalue(), name="triggers.yaml", error=TriggerError), detectors=METHODS, recipes=RECIPES
    )


def test_the_example_is_a_right_file(checkout: Path, example):
    """What the page shows can be copied."""
    triggers = with_example(checkout, example)

    assert triggers.stage("del_rio").observed_by[0].where == {"area": "Del Rio Sector"}
    assert triggers.trigger("del-rio-haitians").levels["warning"].for_.releases == 2


def test_a_sector_that_is_none_is_refused(checkout: Path, example):
    """The name is the publisher's, not the town's."""
    with pytest.raises(TriggerError, match=r'observed_by: unknown area of us_cbp area "Del Río Sector"; did you mean "Del Rio Sector"\?'):
        with_example(checkout, example.replace("area: Del Rio Sector", "area: Del Río Sector"))


@pytest.mark.shared
def test_the_sector_alone_shows_what_happened_at_its_bridge(checkout: Path, example, shared: Path, tmp_path: Path):
    """In September 2021 the sector counted 15,951 Haitians: the sum of its rows, and the alert says so."""
    path = shared / "data" / "cbp" / "nationwide-encounters-fy20-fy23-aor.csv"
    document = Document(
        name=path.name,
        content=path.read_bytes(),
        retrieved_at=datetime(2024, 1, 1, tzinfo=UTC),
        published_on=date(2023, 11, 15),
        published_basis="stated",
    )
    store = Store(tmp_path / "store", RECIPES)
    store.commit("us_cbp", document, us_cbp.parse(document))
    triggers = replay.only(with_example(checkout, example), "del-rio-haitians")
    night = detect.score(store, triggers, known_on=date(2023, 12, 1))
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Area of Responsibility"] == "Del Rio Sector" and row["Citizenship"] == "HAITI"]
    counted = sum(int(row["Encounter Count"]) for row in rows if (row["Fiscal Year"], row["Month (abbv)"]) == ("2021", "SEP"))
    line = night.line(SeriesKey(stage="del_rio", subject="HTI"), unit="events")
    (asked,) = evaluate(triggers, night)

    assert counted > 10000
    assert line.value(night.periods.index("2021-09")) == counted
    assert asked.level is None
    assert asked.evidence["warning"].held is False
