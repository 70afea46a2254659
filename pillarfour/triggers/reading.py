"""Reading ``triggers.yaml``: every fault at once, each with its place, the trigger it is in, and a remedy."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pillarfour import strict_yaml
from pillarfour.alerts.model import LEVELS
from pillarfour.detection import Detector
from pillarfour.errors import TriggerError
from pillarfour.recipe import Recipe
from pillarfour.strict_yaml import Location
from pillarfour.triggers import names
from pillarfour.triggers.schema import Triggers


def load(path: Path, *, detectors: Mapping[str, type[Detector]], recipes: Mapping[str, Recipe]) -> Triggers:
    """Read and check the file.

    Parameters
    ----------
    detectors
        The registry of methods, by name.
    recipes
        The registry of sources' facts, by name.

    Raises
    ------
    TriggerError
        Listing every fault as ``triggers.yaml:41:7: trigger darien-surge, level warning: unknown detector "farington"; did you mean ...``.
    """
    return validate(strict_yaml.read(path, error=TriggerError), detectors=detectors, recipes=recipes)


def validate(text: strict_yaml.Text, *, detectors: Mapping[str, type[Detector]], recipes: Mapping[str, Recipe]) -> Triggers:
    """Check a file that is already read."""
    document = strict_yaml.plain(text)
    known = names.collect(document, detectors=detectors, recipes=recipes)
    return strict_yaml.validate(Triggers, text, error=TriggerError, context=known, called=caller(document))


def instances(triggers: Triggers, *, detectors: Mapping[str, type[Detector]]) -> dict[str, Detector]:
    """Make each detector that the file names, with its parameters."""
    made: dict[str, Detector] = {}
    for name, instance in triggers.detectors.items():
        method = detectors[instance.method]
        made[name] = method(method.parameters_type.model_validate(dict(instance.parameters)))
    return made


def caller(document: Any) -> Callable[[Location], str]:
    """Name a place as the file's reader would: trigger darien-surge, level warning."""

    def called(location: Location) -> str:
        match location:
            case ("triggers" | "stages" as section, int(number), *rest):
                thing = f"{section.removesuffix('s')} {_id(document, section, number)}"
            case ("groups" | "detectors" | "responses" | "recipients" as section, str(name), *rest):
                thing = f"{section.removesuffix('s')} {name}"
            case _:
                return strict_yaml.dotted(location)
        match rest:
            case ("levels", str(level), *_) if level in LEVELS:
                return f"{thing}, level {level}"
            case ("clear", *_):
                return f"{thing}, clear"
            case (str(key), *_):
                return f"{thing}, {key}"
        return thing

    return called


def _id(document: Any, section: str, number: int) -> str:
    entry = document[section][number]
    return str(entry["id"]) if isinstance(entry, Mapping) and "id" in entry else f"number {number + 1}"
