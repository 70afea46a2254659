"""Tests of the message catalogues: every sentence in both languages, and none too many."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def catalogues(checkout: Path) -> ModuleType:
    """Load the script that keeps them."""
    found = importlib.util.spec_from_file_location("catalogues", checkout / "tools" / "catalogues.py")
    assert found is not None
    module = importlib.util.module_from_spec(found)
    assert found.loader is not None
    found.loader.exec_module(module)
    return module


def test_every_sentence_is_translated_with_its_placeholders(catalogues: ModuleType):
    """What the code, the templates, the recipes and the register of breaks say; ``python tools/catalogues.py`` says what to do."""

    assert catalogues.faults("es") == []


def test_the_sentences_are_found_wherever_they_are_said(catalogues: ModuleType):
    """In code, inside of an f-string, in a template, in a recipe and in the register of breaks."""
    said = {message.id for message in catalogues.template()}

    assert len(said) > 150
    assert {
        "How sure: {agree} of {count} tests agree{unable}.",
        "PAST NIGHT",
        "What is agreed",
        "Mexico, events of persons in an irregular migratory situation (SEGOB)",
        "pandemic border closures",
    } <= {part for found in said for part in (found if isinstance(found, tuple) else (found,))}


def test_a_fault_is_told(catalogues: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A sentence without a translation, one with another placeholder, and one that nobody says any more."""
    path = tmp_path / "es" / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    kept = catalogues.catalogue("es").read_text(encoding="utf-8")
    torn = kept.replace("{value} en {period}", "{valor} en {period}").replace('msgstr "rango habitual"', 'msgstr ""')
    path.write_text(torn + '\nmsgid "never said"\nmsgstr "nunca dicho"\n', encoding="utf-8")
    monkeypatch.setattr(catalogues, "CATALOGUES", tmp_path)

    assert catalogues.faults("es") == [
        "no longer said: 'never said'",
        "not translated: 'usual range'",
        "other placeholders: '{value} in {period}'",
    ]
