"""YAML read strictly."""

from collections.abc import Mapping

import pytest
from pydantic import BaseModel, ConfigDict, Field

from pillarfour import strict_yaml
from pillarfour.errors import ConfigurationError


class Leg(BaseModel):
    """A model inside a model."""

    model_config = ConfigDict(extra="forbid")
    country: str
    length_km: float = Field(default=1, gt=0)


class Route(BaseModel):
    """What is read."""

    model_config = ConfigDict(extra="forbid")
    name: str
    legs: tuple[Leg, ...] = Field(default=(), max_length=3)
    by_code: Mapping[str, Leg | None] = {}


def load(text: str) -> Route:
    return strict_yaml.validate(Route, strict_yaml.parse(text, name="route.yaml", error=ConfigurationError), error=ConfigurationError)


@pytest.mark.parametrize("word", ["NO", "no", "yes", "on", "off", "Y", "0o14x", "12:30:45", "1_000x"])
def test_a_word_stays_a_word(word):
    """NO is Norway: only true and false are truth values, in YAML 1.2."""

    assert load(f"name: {word}").name == word


WRONG = {
    "an unknown key": (
        "nam: x\nname: x",
        ['route.yaml:1:1: nam: unknown key "nam"; did you mean "name"?'],
    ),
    "an unknown key in a list": (
        "name: x\nlegs:\n  - {country: PAN}\n  - {contry: MEX}",
        [
            'route.yaml:4:5: legs.1: "country" is missing; add it',
            'route.yaml:4:6: legs.1.contry: unknown key "contry"; did you mean "country"?',
        ],
    ),
    "an unknown key in a mapping of models": (
        "name: x\nby_code:\n  PAN: {country: PAN, lenth_km: 3}",
        ['route.yaml:3:23: by_code.PAN.lenth_km: unknown key "lenth_km"; did you mean "length_km"?'],
    ),
    "a missing key": (
        "legs: []",
        ['route.yaml:1:1: the document: "name" is missing; add it'],
    ),
    "a value out of range": (
        "name: x\nlegs:\n  - {country: PAN, length_km: 0}",
        ["route.yaml:3:31: legs.0.length_km: length_km should be greater than 0"],
    ),
    "a scalar for a mapping": (
        "name: x\nlegs: [PAN]",
        ["route.yaml:2:8: legs.0: write keys with their values here, not 'PAN'"],
    ),
    "a duplicate key": (
        "name: x\nname: y",
        ['route.yaml:2:1: found duplicate key "name" with value "y" (original value: "x"); mend the YAML there'],
    ),
    "a tab as indentation": (
        "name: x\nlegs:\n\t- y",
        ["route.yaml:3:1: found character '\\t' that cannot start any token; mend the YAML there"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_document_says_what_and_where(case):
    """Each fault has its line, its column and the nearest right word."""
    text, messages = WRONG[case]

    with pytest.raises(ConfigurationError) as caught:
        load(text)
    assert str(caught.value).splitlines() == messages


def test_too_few_items_are_told_only_where_none_is_wrong():
    """An item at fault is not also counted as missing."""

    class Pair(BaseModel):
        both: tuple[Leg, ...] = Field(min_length=2)

    text = strict_yaml.parse("both:\n  - {country: PAN}\n  - {country: [1]}", name="pair.yaml", error=ConfigurationError)
    with pytest.raises(ConfigurationError) as caught:
        strict_yaml.validate(Pair, text, error=ConfigurationError)
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    """A file saved in another code page is refused, not guessed at."""
    path = tmp_path / "route.yaml"
    path.write_bytes("name: Darién".encode("latin-1"))

    with pytest.raises(ConfigurationError, match=r"byte 10 is not UTF-8; save the file as UTF-8"):
        strict_yaml.read(path, error=ConfigurationError)
