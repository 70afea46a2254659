"""The cases leave no active trigger out."""

from pathlib import Path

from detectors import METHODS
from pillarfour.triggers import case_file, reading
from pillarfour.triggers.cases import Ran, uncovered
from sources import SOURCES


def test_every_active_trigger_has_a_case_that_fires_and_one_that_stays_silent(checkout: Path):
    """A trigger that nobody has seen fire, or keep still, is not to be trusted."""
    recipes = {source.RECIPE.name: source.RECIPE for source in SOURCES}
    triggers = reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=recipes)
    files = [case_file.load(path, triggers=triggers) for path in sorted(Path(__file__).parent.glob("*.yaml"))]
    written = [Ran(file="", trigger=file.trigger, case=case, faults=()) for file in files for case in file.cases]

    assert written
    assert uncovered(triggers, written) == []
