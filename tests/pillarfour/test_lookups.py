"""Published country names and their codes."""

import csv
import random
import unicodedata

import pyarrow as pa
import pytest
from babel import Locale
from babel.core import get_global

from pillarfour import lookups
from pillarfour.errors import ConfigurationError
from pillarfour.model import OTHER, STATELESS, TOTAL

PUBLISHED = {
    # SNM
    "Rep. Dominicana": "DOM",
    "Siri Lanka": "LKA",
    "Sri Lanka": "LKA",
    "Tajikistán": "TJK",
    "Tayikistán": "TJK",
    "Guyana Francesa": "GUF",
    "Guyana": "GUY",
    "Congo": "COG",
    "Guinea": "GIN",
    "Otros Países": OTHER,
    # SEGOB
    "Dominicana, Rep.": "DOM",
    "Centroafricana, Rep.": "CAF",
    "Checa, Rep.": "CZE",
    "Corea, Rep. (Sur)": "KOR",
    "Micronesia, Rep.": "FSM",
    "Países Bajos (Holanda)": "NLD",
    "Mianmar (Birmania)": "MMR",
    "Martinica (Terr. Ultram. Francia)": "MTQ",
    "Estados Unidos": "USA",
    "Apátridas": STATELESS,
    "Total general": TOTAL,
    # CBP
    "CHINA, PEOPLES REPUBLIC OF": "CHN",
    "MYANMAR (BURMA)": "MMR",
    "OTHER": OTHER,
    # OHSS
    "Congo, Democratic Republic": "COD",
    "Cote d'Ivoire": "CIV",
    "Côte d’Ivoire": "CIV",
    "All other, including stateless and unknown": OTHER,
}


@pytest.mark.parametrize(("published", "code"), PUBLISHED.items())
def test_a_published_spelling_has_its_code(published, code):
    """Every spelling met in a real document is known."""

    assert lookups.nationality(published) == code


@pytest.mark.parametrize("language", lookups.LANGUAGES)
def test_every_country_of_iso_3166_has_a_name_that_leads_back_to_it(language):
    """The 249 countries of ISO 3166-1, Kosovo and the three codes of the model have a name in both languages."""
    three_letters = {
        two: three
        for three, (two, *more) in get_global("territory_aliases").items()
        if len(three) == 3 and three.isalpha() and not more and three not in {"BUR", "ZAR", "DDR", "FXX", "TMP", "YMD"}
    }
    not_countries = {"AC", "CP", "CQ", "DG", "EA", "IC", "TA", "EU", "EZ", "UN", "QO", "XA", "XB", "XK", "ZZ"}
    countries = {three_letters[two] for two in Locale("en").territories if len(two) == 2 and two.isalpha() and two not in not_countries}

    assert len(countries) == 249
    assert {code for code, _ in lookups.load().display} == countries | {"XKX", OTHER, STATELESS, TOTAL}
    for code in countries:
        assert lookups.nationality(lookups.name(code, language)) == code


def test_case_accents_and_blanks_do_not_matter_for_any_name():
    """However a publisher's machine spells a name, it is the same name."""
    rng = random.Random(20210815)  # noqa: S311 - a fixed shuffle of letters' case
    with lookups.COUNTRIES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    for row in rows:
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", row["name"]) if not unicodedata.combining(letter))
        shouted = "".join(rng.choice((letter.upper(), letter.lower())) for letter in plain).replace(" ", "  ")
        assert lookups.nationality(f" {shouted} ") == row["code"]
    assert len(rows) > 600


@pytest.mark.parametrize(
    "published", ["Hait", "Haití(1)", "Venezuelas", "Corea", "Unknown", "", "América", "Serbia and Montenegro (former)"]
)
def test_a_name_is_never_guessed(published):
    """What is not a known name exactly has no code."""

    assert lookups.nationality(published) is None


def test_nearest_names_are_offered_as_they_are_published():
    """The message can say what may have been meant."""

    assert lookups.nearest("Venezuelas")[0] == "Venezuela"
    assert lookups.nearest("Hati")[0] in {"Haiti", "Haití"}
    assert lookups.nearest("1,234") == ()


def test_a_column_is_looked_up_once_a_unique_name(monkeypatch):
    """A column of a million rows costs as many lookups as it has names."""
    asked = []
    know = lookups.nationality
    monkeypatch.setattr(lookups, "nationality", lambda published: asked.append(published) or know(published))
    column = pa.array(["HAITI", "Atlantis", None, "Haití", "CUBA"] * 1000).dictionary_encode()

    codes = lookups.nationalities(column)

    assert codes.to_pylist() == ["HTI", None, None, "HTI", "CUB"] * 1000
    assert sorted(asked) == ["Atlantis", "CUBA", "HAITI", "Haití"]
    assert codes.type == pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("code,language,name\nHTI,en,Haiti\nHTI,es,Haití\nCUB,es,HAITI\n", "countries.csv:4: 'HAITI' is CUB here and HTI in line 2; keep"),
        ("code,name\n", "countries.csv:1: the header is"),
        ("code,language,name\nHTI,fr,Haïti\n", "countries.csv:2: .* mend the line"),
        ("code,language,name\nHTI,en,Haiti\n", "HTI has no name in 'es'; add a line"),
    ],
)
def test_a_wrong_file_of_names_says_where(tmp_path, text, message):
    """A name with two codes is refused with both lines; so is what is not a file of names."""
    path = tmp_path / "countries.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=message):
        lookups.load(path)


def test_a_code_without_a_name_says_so():
    """A code that the file does not know is a configuration error, not a blank on a chart."""

    with pytest.raises(ConfigurationError, match="no name in 'es' for the code 'HAI'"):
        lookups.name("HAI", "es")
