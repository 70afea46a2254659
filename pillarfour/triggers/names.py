"""The names that ``triggers.yaml`` may use: what it defines itself, and what the registries hand in."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from pillarfour import breaks, lookups, strict_yaml
from pillarfour.detection import Detector
from pillarfour.model import OTHER, STATELESS, TOTAL
from pillarfour.recipe import Recipe
from pillarfour.strict_yaml import Location

DEFINED = {"group": "groups", "detector": "detectors", "response": "responses", "recipient": "recipients"}
"""What the file defines in mappings, by name."""

LISTED = {"stage": "stages", "trigger": "triggers"}
"""What the file defines in lists, by ``id``."""

REMEDY = {"nationality": "; give an ISO 3166-1 alpha-3 code, such as HTI"}


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the validators of the file may ask.

    Parameters
    ----------
    words
        The names of each kind, in the order of the file, one given twice twice.
    methods
        The registry of detectors.
    recipes
        The registry of sources' facts.
    units
        What each stage says that it counts.
    mixes
        The detectors of the file that judge a stage's nationalities together.
    """

    words: Mapping[str, tuple[str, ...]]
    methods: Mapping[str, type[Detector]]
    recipes: Mapping[str, Recipe]
    units: Mapping[str, str]
    mixes: frozenset[str]


def collect(document: Any, *, detectors: Mapping[str, type[Detector]], recipes: Mapping[str, Recipe]) -> Names:
    """Collect the names from a document that may still be wrong in any way."""
    root = document if isinstance(document, Mapping) else {}
    words = {kind: _keys(root.get(section)) for kind, section in DEFINED.items()}
    words |= {kind: _ids(root.get(section)) for kind, section in LISTED.items()}
    words["method"] = tuple(detectors)
    words["source"] = tuple(recipes)
    words["break"] = tuple(each.id for each in breaks.load().breaks)
    words["nationality"] = tuple(sorted({code for code, _ in lookups.load().display} - {OTHER, STATELESS, TOTAL}))
    words["subject"] = ("total", *words["group"], *words["nationality"], *words["source"])
    mixes = frozenset(_mixes(root.get("detectors"), detectors))
    return Names(words=words, methods=detectors, recipes=recipes, units=_units(root.get("stages")), mixes=mixes)


def known(kind: str) -> AfterValidator:
    """Refuse a word that is no name of this kind, and offer the nearest; without a context every word passes."""

    def check(word: str, info: ValidationInfo) -> str:
        names = info.context
        if isinstance(names, Names) and word not in names.words[kind]:
            raise wrong(strict_yaml.unknown(kind, word, names.words[kind], remedy=REMEDY.get(kind, "")))
        return word

    return AfterValidator(check)


def once(kind: str) -> AfterValidator:
    """Refuse a name that two things of this kind have."""

    def check(word: str, info: ValidationInfo) -> str:
        names = info.context
        if isinstance(names, Names) and names.words[kind].count(word) > 1:
            raise wrong(f'{kind} "{word}" is given twice; name one of them otherwise')
        return word

    return AfterValidator(check)


def distinct(words: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list in which a name stands twice: people would be counted twice, and news be told twice."""
    again: list[tuple[Location, str]] = [
        ((number,), f'"{word}" is given twice; take one out') for number, word in enumerate(words) if word in words[:number]
    ]
    if again:
        raise strict_yaml.several(again)
    return words


Distinct = AfterValidator(distinct)
"""On a list of names: each stands in it once."""


def free(word: str, info: ValidationInfo) -> str:
    """Refuse a name for a group that already means the total of all, or a source."""
    names = info.context
    if isinstance(names, Names) and word in {"total", *names.words["source"]}:
        raise wrong(f'"{word}" is already the name of {"the total of all" if word == "total" else "a source"}; name the group otherwise')
    return word


def wrong(message: str) -> PydanticCustomError:
    """Make an error of a message that may hold braces."""
    return PydanticCustomError("wrong", "{message}", {"message": message})


def _keys(section: Any) -> tuple[str, ...]:
    return tuple(str(key) for key in section) if isinstance(section, Mapping) else ()


def _mixes(section: Any, detectors: Mapping[str, type[Detector]]) -> Iterator[str]:
    for name, instance in section.items() if isinstance(section, Mapping) else ():
        method = instance.get("method") if isinstance(instance, Mapping) else None
        if isinstance(method, str) and method in detectors and detectors[method].of_mixes:
            yield str(name)


def _units(section: Any) -> dict[str, str]:
    entries: Collection[Any] = section if isinstance(section, list) else ()
    return {str(entry["id"]): str(entry["unit"]) for entry in entries if isinstance(entry, Mapping) and {"id", "unit"} <= entry.keys()}


def _ids(section: Any) -> tuple[str, ...]:
    entries: Collection[Any] = section if isinstance(section, list) else ()
    return tuple(str(entry["id"]) for entry in entries if isinstance(entry, Mapping) and "id" in entry)
