"""What editors know of the file of triggers."""

import json
from pathlib import Path

import jsonschema
import pytest

from detectors import METHODS
from pillarfour import strict_yaml
from pillarfour.errors import TriggerError
from pillarfour.triggers import editor_schema
from sources import SOURCES

RECIPES = {source.RECIPE.name: source.RECIPE for source in SOURCES}


@pytest.fixture(scope="module")
def schema(checkout: Path):
    return json.loads((checkout / "data" / "triggers.schema.json").read_text(encoding="utf-8"))


def faults(schema, text: str) -> list:
    document = json.loads(json.dumps(strict_yaml.plain(strict_yaml.parse(text, name="triggers.yaml", error=TriggerError)), default=str))
    return list(jsonschema.Draft202012Validator(schema).iter_errors(document))


def test_the_schema_is_in_step(checkout: Path):
    """Where it is not, write it anew: ``pillarfour triggers schema > data/triggers.schema.json``."""
    written = (checkout / "data" / "triggers.schema.json").read_text(encoding="utf-8")

    assert written == editor_schema.write(recipes=RECIPES, detectors=METHODS)


def test_the_shipped_file_names_its_schema_and_fits(checkout: Path, schema):
    """An editor finds it, and underlines nothing."""
    text = (checkout / "triggers.yaml").read_text(encoding="utf-8")

    assert text.startswith("# yaml-language-server: $schema=data/triggers.schema.json\n")
    assert faults(schema, text) == []


MISTAKES = [
    ("status: active", "status: on"),
    ("direction: up", "direction: upwards"),
    ("staleness: {source: panama_darien", "staleness: {source: panama_darian"),
    ("    owner: ", "    ownr: "),
    ("    response: surge\n", ""),
    ("for: {periods: 2, of: 3}", "for: {period: 2}"),
    ("nationalities: [HTI, BRA, CHL]", "nationalities: [Haiti, BRA]"),
    ("subject: haitian}", "subject: haitian, for_each: [HTI]}"),
    ("level: {at_least: 2000, unit: counts}", "level: {at_least: many, unit: counts}"),
    ("method: farrington", "method: farington"),
    ("parameters: {false_alarms_per_year: 0.5}", "parameters: {false_alarm_per_year: 0.5}"),
    ("parameters: {false_alarms_per_year: 0.5}", "parameters: {false_alarms_per_year: 50}"),
]


@pytest.mark.parametrize(("before", "after"), MISTAKES)
def test_a_mistake_is_underlined(before, after, checkout: Path, schema):
    """What is seen while typing need not be read from a terminal."""
    text = (checkout / "triggers.yaml").read_text(encoding="utf-8")
    assert before in text

    assert faults(schema, text.replace(before, after, 1))
