"""YAML 1.2 read strictly: NO is Norway, a duplicate or unknown key is an error, and every error has its line and column."""

import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import pydantic
from pydantic_core import ErrorDetails, PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from pillarfour.errors import PillarfourError

Model = TypeVar("Model", bound=pydantic.BaseModel)
Location = tuple[str | int, ...]

SUBJECT = re.compile(r"^(Input|[A-Z][a-z]+) should")
"""How a message of pydantic's begins."""

DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")

FEW = 20
"""Up to so many known words are listed where none looks like the one written."""


@dataclass(frozen=True)
class Text:
    """A YAML document and where each of its values stands."""

    name: str
    root: Any

    def place(self, location: Location, *, key: bool = False) -> str:
        """Say where a value, or its key, stands, as ``triggers.yaml:41:7``; the nearest one that exists where it does not."""
        line, column = 1, 1
        node = self.root
        for depth, step in enumerate(location, start=1):
            try:
                if isinstance(node, CommentedMap):
                    find = node.lc.key if step not in node or (key and depth == len(location)) else node.lc.value
                    line, column = (position + 1 for position in find(step))
                elif isinstance(node, CommentedSeq):
                    line, column = (position + 1 for position in node.lc.item(step))
                node = node[step]
            except (KeyError, IndexError, TypeError):
                break
        return f"{self.name}:{line}:{column}"


def dotted(location: Location) -> str:
    """Name a value by its path, as ``web.tls.reason``."""
    return ".".join(str(step) for step in location) or "the document"


def read(path: Path, *, error: type[PillarfourError]) -> Text:
    """Read a file, or raise ``error`` naming line, column and remedy."""
    try:
        return parse(path.read_text(encoding="utf-8"), name=path.name, error=error)
    except OSError as cause:
        raise error(f"{path}: cannot be read ({cause.strerror}); put the file there or name another") from cause
    except UnicodeDecodeError as cause:
        raise error(f"{path}: byte {cause.start} is not UTF-8; save the file as UTF-8") from cause


def parse(text: str, *, name: str, error: type[PillarfourError]) -> Text:
    """Read a text, or raise ``error`` naming line, column and remedy."""
    yaml = YAML(typ="rt", pure=True)
    yaml.version = (1, 2)
    yaml.allow_duplicate_keys = False
    try:
        return Text(name, yaml.load(io.StringIO(text)))
    except MarkedYAMLError as cause:
        mark = cause.problem_mark or cause.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        said = (cause.problem or cause.context or "is not YAML").splitlines()[0]
        raise error(f"{place}: {said}; mend the YAML there") from cause
    except ValueError as cause:
        raise error(f"{_impossible_date(text, name)}: {cause}; write a day of the calendar, as 2021-06-30") from cause


def validate(
    model: type[Model],
    text: Text,
    *,
    error: type[PillarfourError],
    context: Any = None,
    called: Callable[[Location], str] = dotted,
) -> Model:
    """Build the model, or raise ``error`` with every fault, a line each.

    Parameters
    ----------
    context
        What the model's validators may ask, such as the names known.
    called
        How a reader names the value at a location.
    """
    try:
        return model.model_validate(plain(text), context=context)
    except pydantic.ValidationError as cause:
        raise error("\n".join(faults(cause, text, model, called=called))) from cause


def faults(
    cause: pydantic.ValidationError, text: Text, model: type[pydantic.BaseModel], *, called: Callable[[Location], str] = dotted
) -> Iterator[str]:
    """Say each fault of a failed validation with its place, in the order of the document."""
    found = [place for fault in cause.errors(include_url=False) for place in _located(fault, model)]
    lines = [(text.place(location, key=key), f"{called(location)}: {message}") for location, key, message in found]
    for place, message in sorted(lines, key=lambda line: [int(part) for part in line[0].rsplit(":", 2)[1:]]):
        yield f"{place}: {message}"


def several(found: Sequence[tuple[Location, str]]) -> PydanticCustomError:
    """Make one error of many faults, each at its location below the model that raises it."""
    return PydanticCustomError("several", "several faults", {"faults": list(found)})


def suggest(word: str, known: Collection[str]) -> str:
    """Offer the nearest known word, ``; did you mean "farrington"?``, or nothing."""
    near = get_close_matches(word, known, n=1) or get_close_matches(word.casefold(), known, n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def unknown(kind: str, word: str, known: Collection[str], *, remedy: str = "") -> str:
    """Say that a word is not known, and offer the nearest one, a remedy, or the list where it is short."""
    listed = f"; known: {', '.join(sorted(known))}" if 0 < len(known) <= FEW else ""
    return f'unknown {kind} "{word}"{suggest(word, known) or remedy or listed}'


def load(model: type[Model], path: Path, *, error: type[PillarfourError], check: Callable[[Model], None] | None = None) -> Model:
    """Read and validate in one go."""
    loaded = validate(model, read(path, error=error), error=error)
    if check is not None:
        check(loaded)
    return loaded


def plain(text: Text) -> Any:
    """Give the document as plain mappings and lists."""
    return _plain(text.root)


def _located(fault: ErrorDetails, model: type[pydantic.BaseModel]) -> Iterator[tuple[Location, bool, str]]:
    """Give each location, whether its key is at fault, and what is wrong."""
    location: Location = tuple(fault["loc"])
    if fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]:
        return  # items were given and each has its own fault
    if location and location[-1] == "[key]":
        location = location[:-1]
        yield location, True, said(fault)
    elif fault["type"] == "several":
        for below, message in fault["ctx"]["faults"]:
            yield location + tuple(below), False, message
    elif fault["type"] == "extra_forbidden":
        yield location, True, unknown("key", str(location[-1]), _keys(model, location[:-1]))
    elif fault["type"] == "invalid_key":
        yield location, True, f'"{location[-1]}" is no key; write a word, and a number without a separator of thousands, as 2000'
    elif fault["type"] == "missing":
        yield location[:-1], False, f'"{location[-1]}" is missing; add it'
    else:
        yield location, False, said(fault)


def said(fault: ErrorDetails) -> str:
    """Say what is wrong with a value, by its own name."""
    if fault["type"] == "literal_error":
        words = [option.strip("'") for option in fault["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        return f'"{fault["input"]}" is not one of {", ".join(words)}{suggest(str(fault["input"]), words)}'
    if fault["type"] == "model_type":
        return f"write keys with their values here, not {fault['input']!r}"
    name = next((step for step in reversed(fault["loc"]) if isinstance(step, str) and step != "[key]"), "it")
    return SUBJECT.sub(f"{name} should", fault["msg"], count=1)


def _keys(model: type[pydantic.BaseModel], location: Location) -> list[str]:
    """Give the keys that the model at a location takes; none where it is no model."""
    annotation: Any = model
    for step in location:
        fields = _fields(annotation)
        if fields is None:
            annotation = next((part for part in reversed(get_args(annotation)) if part is not Ellipsis), None)
        else:
            annotation = fields.get(str(step))
        annotation = _unwrapped(annotation)
    return sorted(_fields(annotation) or ())


def _fields(annotation: Any) -> dict[str, Any] | None:
    """Give a model's keys and what each takes; None where it is no model."""
    if not (isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel)):
        return None
    return {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}


def _unwrapped(annotation: Any) -> Any:
    """Take the type out of ``Annotated`` and out of ``| None``."""
    while get_origin(annotation) in {Annotated, Union, UnionType}:
        annotation = next((part for part in get_args(annotation) if part is not NoneType), None)
    return annotation


def _impossible_date(text: str, name: str) -> str:
    """Find the first date that is none: the only scalar that YAML itself computes."""
    for number, line in enumerate(text.splitlines(), start=1):
        for found in DATE.finditer(line):
            try:
                date.fromisoformat(found.group())
            except ValueError:
                return f"{name}:{number}:{found.start() + 1}"
    return name


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    return node
