"""The cases of the triggers as tests: each YAML file here is collected, case by case."""

from functools import cache
from pathlib import Path

import pytest

from detectors import METHODS
from flows.detect import foretell
from pillarfour.triggers import case_file, reading
from pillarfour.triggers.cases import Bench
from sources import SOURCES

RECIPES = {source.RECIPE.name: source.RECIPE for source in SOURCES}


@cache
def bench(checkout: Path) -> Bench:
    triggers = reading.load(checkout / "triggers.yaml", detectors=METHODS, recipes=RECIPES)
    return Bench(triggers=triggers, instances=reading.instances(triggers, detectors=METHODS), recipes=RECIPES, foretell=foretell)


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, file, case, **known):
        super().__init__(**known)
        self.file, self.case = file, case

    def runtest(self):
        """Run it."""
        ran = bench(Path(self.config.rootpath)).run_case(self.path.name, self.file, self.case)
        if ran.faults:
            pytest.fail("\n".join(ran.faults), pytrace=False)

    def reportinfo(self):
        """Say where it stands."""
        return self.path, None, f"{self.file.trigger}: {self.case.case}"


class CaseModule(pytest.File):
    """The cases of one trigger."""

    def collect(self):
        """Read the file."""
        file = case_file.load(self.path, triggers=bench(Path(self.config.rootpath)).triggers)
        for case in file.cases:
            yield CaseItem.from_parent(self, name=case.case, file=file, case=case)


def pytest_collect_file(file_path, parent):
    return CaseModule.from_parent(parent, path=file_path) if file_path.suffix == ".yaml" else None
