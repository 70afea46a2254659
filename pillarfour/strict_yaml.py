"""YAML 1.2 read strictly: NO is Norway, a duplicate or unknown key is an error, and every error has its line and column."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import pydantic
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from pillarfour.errors import PillarfourError

Model = TypeVar("Model", bound=pydantic.BaseModel)
Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Text:
    """A YAML document and where each of its values stands."""

    name: str
    root: Any

    def place(self, location: Location) -> str:
        """Say where a value stands, as ``triggers.yaml:41:7``; the nearest one that exists where it does not."""
        line, column = 1, 1
        node = self.root
        for step in location:
            try:
                if isinstance(node, CommentedMap):
                    line, column = (position + 1 for position in (node.lc.value(step) if step in node else node.lc.key(step)))
                elif isinstance(node, CommentedSeq):
                    line, column = (position + 1 for position in node.lc.item(step))
                node = node[step]
            except (KeyError, IndexError, TypeError):
                break
        return f"{self.name}:{line}:{column}"


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


def validate(model: type[Model], text: Text, *, error: type[PillarfourError]) -> Model:
    """Build the model, or raise ``error`` with every fault, a line each."""
    try:
        return model.model_validate(_plain(text.root))
    except pydantic.ValidationError as cause:
        raise error("\n".join(faults(cause, text, model))) from cause


def faults(cause: pydantic.ValidationError, text: Text, model: type[pydantic.BaseModel]) -> Iterator[str]:
    """Say each fault of a failed validation with its place."""
    for fault in cause.errors(include_url=False):
        location = tuple(fault["loc"])
        path = ".".join(str(step) for step in location) or "the document"
        if fault["type"] == "extra_forbidden":
            yield f"{text.place(location)}: {path}: unknown key{suggest(str(location[-1]), sorted(model.model_fields))}"
        else:
            yield f"{text.place(location)}: {path}: {fault['msg']}"


def suggest(word: str, known: Sequence[str]) -> str:
    """Offer the nearest known word: ``; did you mean "farrington"?``, or nothing."""
    near = get_close_matches(word, known, n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def load(model: type[Model], path: Path, *, error: type[PillarfourError], check: Callable[[Model], None] | None = None) -> Model:
    """Read and validate in one go."""
    loaded = validate(model, read(path, error=error), error=error)
    if check is not None:
        check(loaded)
    return loaded


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    return node
