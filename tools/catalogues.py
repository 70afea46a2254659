"""Keep the message catalogues in step with the code: ``python tools/catalogues.py`` writes them, ``--check`` only says what is missing."""

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from ruamel.yaml import YAML

CHECKOUT = Path(__file__).resolve().parents[1]
CATALOGUES = CHECKOUT / "pillarfour" / "delivery" / "locale"
SPOKEN = ("pillarfour/delivery", "pillarfour/report")
KEYWORDS: dict[str, Any] = {"say": None, "many": (1, 2), "noted": (1, 2)}
TRIMMED = {"trim_blocks": "true", "lstrip_blocks": "true"}
PLACEHOLDER = re.compile(r"{(\w+)}")
DATED = datetime(2026, 11, 22, tzinfo=UTC)
"""Of the header, so that the files change only where their messages do."""


def messages() -> Iterator[str | tuple[str, ...]]:
    """Give every sentence of the code and of the templates, and what the fact files say to readers."""
    for folder in SPOKEN:
        for path in sorted((CHECKOUT / folder).glob("*.py")):
            yield from spoken(ast.parse(path.read_text(encoding="utf-8")))
        for found in extract_from_dir(
            CHECKOUT / folder, method_map=[("**/templates/**.j2", "jinja2")], options_map={"**": TRIMMED}, keywords=KEYWORDS
        ):
            yield found[2]
    yaml = YAML(typ="safe", pure=True)
    for path in sorted((CHECKOUT / "sources").glob("*.yaml")):
        recipe = yaml.load(path)
        yield recipe["title"]
        yield recipe["publisher"]["attribution"]
        yield from (measure["counts"] for measure in recipe["measures"].values())
    yield from (each["title"] for each in yaml.load(CHECKOUT / "data" / "structural_breaks.yaml")["breaks"])


def spoken(tree: ast.AST) -> Iterator[str | tuple[str, ...]]:
    """Give the sentences of a module, those inside of f-strings too, where Babel's own extraction does not look."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        if name in KEYWORDS:
            said = [part.value for part in node.args[: 1 if name == "say" else 2] if isinstance(part, ast.Constant)]
            if said:
                yield said[0] if name == "say" else tuple(said)


def catalogue(language: str) -> Path:
    """Say where a language's catalogue lies."""
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def template() -> Catalog:
    """Give a catalogue of all messages, not translated."""
    wanted = Catalog(project="pillarfour", charset="utf-8", creation_date=DATED)
    for message in messages():
        wanted.add(message)
    return wanted


def read(language: str) -> Catalog:
    """Read a language's catalogue as it is; one that is not there yet is empty."""
    path = catalogue(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def faults(language: str) -> list[str]:
    """Say what is not translated, no longer said, uncertain, or has other placeholders than the sentence."""
    wanted, found = template(), read(language)
    said = {message.id for message in wanted if message.id}
    kept = {message.id for message in found if message.id}
    faulty = [f"not in the catalogue: {missing!r}" for missing in sorted(said - kept, key=str)]
    faulty += [f"no longer said: {obsolete!r}" for obsolete in sorted(kept - said, key=str)]
    for message in found:
        if not message.id:
            continue
        sentences = message.id if isinstance(message.id, tuple) else (message.id,)
        translated = message.string if isinstance(message.string, tuple) else (message.string,)
        fields = [sorted(PLACEHOLDER.findall(text)) for text in (*sentences, *translated)]
        if not all(translated):
            faulty.append(f"not translated: {message.id!r}")
        elif message.fuzzy:
            faulty.append(f"uncertain: {message.id!r}")
        elif any(set(names) != set(fields[0]) for names in fields):
            faulty.append(f"other placeholders: {message.id!r}")
    return faulty


def write(language: str) -> None:
    """Bring a catalogue up to date, translations kept."""
    found = read(language)
    found.update(template(), no_fuzzy_matching=True)
    found.obsolete.clear()
    found.creation_date = found.revision_date = DATED
    found.header_comment = f"# pillarfour's messages, {language}"
    path = catalogue(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, found, no_location=True, sort_output=True, width=140)


def main() -> int:
    """Write every catalogue, or say what is wrong with them."""
    languages = sorted(path.name for path in CATALOGUES.iterdir() if path.is_dir())
    if "--check" not in sys.argv:
        for language in languages:
            write(language)
    faulty = [f"{language}: {fault}" for language in languages for fault in faults(language)]
    print("\n".join(faulty) or f"{', '.join(languages)}: in step")
    return bool(faulty)


if __name__ == "__main__":
    sys.exit(main())
