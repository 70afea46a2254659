"""A published country name's code: tolerant of case, accents and blanks, never a guess."""

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import pyarrow as pa

from pillarfour.errors import ConfigurationError

COUNTRIES = Path(__file__).resolve().parents[1] / "data" / "countries.csv"

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")
HEADER = ["code", "language", "name"]


@dataclass(frozen=True, kw_only=True)
class Names:
    """Every name known.

    Parameters
    ----------
    codes
        The code of each name, the name as ``normalise`` writes it.
    spellings
        The same names as they are published.
    display
        The name to show, by code and language: the first that the file gives.
    """

    codes: Mapping[str, str] = field(repr=False)
    spellings: Mapping[str, str] = field(repr=False)
    display: Mapping[tuple[str, str], str] = field(repr=False)


@lru_cache(maxsize=16_384)
def normalise(name: str) -> str:
    """Write a name without case, accents, typographic apostrophes and runs of blanks."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("’", "'"))
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


@cache
def load(path: Path = COUNTRIES) -> Names:
    """Read the file of names.

    Raises
    ------
    ConfigurationError
        If the header differs, a code lacks a name in either language, or one name has two codes.
    """
    codes: dict[str, str] = {}
    spellings: dict[str, str] = {}
    lines: dict[str, int] = {}
    display: dict[tuple[str, str], str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        if (header := next(reader, None)) != HEADER:
            raise ConfigurationError(f"{path.name}:1: the header is {header}; write {','.join(HEADER)}")
        for row in reader:
            place = f"{path.name}:{reader.line_num}"
            if len(row) != len(HEADER) or row[1] not in LANGUAGES or not row[2].strip():
                raise ConfigurationError(f"{place}: {row} is not a code, a language ({' or '.join(LANGUAGES)}) and a name; mend the line")
            code, language, published = row
            key = normalise(published)
            if codes.setdefault(key, code) != code:
                raise ConfigurationError(
                    f"{place}: {published!r} is {code} here and {codes[key]} in line {lines[key]}; keep the line that is right"
                )
            lines.setdefault(key, reader.line_num)
            spellings.setdefault(key, published)
            display.setdefault((code, language), published)
    for code, language in sorted({(code, language) for code, _ in display for language in LANGUAGES} - display.keys()):
        raise ConfigurationError(f"{path.name}: {code} has no name in {language!r}; add a line {code},{language},…")
    return Names(codes=codes, spellings=spellings, display=display)


def nationality(published: str) -> str | None:
    """Give a published name's ISO 3166-1 alpha-3 code, or OTHER, STATELESS or TOTAL; None where it is not known."""
    return load().codes.get(normalise(published))


def nationalities(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """Give the codes of a column of published names, null where not known; each unique name is looked up once.

    Parameters
    ----------
    column : pa.DictionaryArray
        Published names, shape (n_rows,).

    Returns
    -------
    pa.DictionaryArray
        Codes, shape (n_rows,), indexed by int32.
    """
    found = [None if published is None else nationality(published) for published in column.dictionary.to_pylist()]
    codes = {code: index for index, code in enumerate(dict.fromkeys(code for code in found if code is not None))}
    mapping = pa.array([None if code is None else codes[code] for code in found], pa.int32())
    return pa.DictionaryArray.from_arrays(mapping.take(column.indices), pa.array(list(codes), pa.string()))


def nearest(published: str) -> tuple[str, ...]:
    """Give up to three known names that look like this one, to offer in a message and for nothing else."""
    names = load()
    return tuple(names.spellings[key] for key in get_close_matches(normalise(published), names.codes, n=3))


def name(code: str, language: Language) -> str:
    """Give a code's name to show.

    Raises
    ------
    ConfigurationError
        If the code is not in ``data/countries.csv``.
    """
    try:
        return load().display[code, language]
    except KeyError as cause:
        raise ConfigurationError(
            f"{COUNTRIES.name}: no name in {language!r} for the code {code!r}; add a line {code},{language},…"
        ) from cause
