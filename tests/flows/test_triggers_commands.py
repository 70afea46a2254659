"""``pillarfour triggers`` on a small store: the same answers as the nightly, with the documents behind them."""

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from flows import detect, ingest, replay
from flows.cli import app
from pillarfour import breaks
from pillarfour.triggers.evaluate import evaluate

FIRST, LAST = date(2021, 1, 1), date(2021, 8, 31)


@pytest.fixture
def settings(panama):
    return panama


@pytest.fixture
def run(settings):
    def run(*arguments):
        return CliRunner().invoke(app, ["triggers", *arguments], env={"PILLARFOUR_STORE": str(settings.store), "COLUMNS": "200"})

    return run


def test_the_replay_says_what_each_night_says(settings):
    """Levels, ends and reasons of three nights, each asked alone."""
    store, triggers = ingest.open_store(settings), detect.load_triggers(settings)
    decided = {
        each.night.known_on: each for each in replay.run(replay.RememberingReader(store=store, triggers=triggers), start=FIRST, end=LAST)
    }

    assert len(decided) == 10  # eight publications, the first night and the last
    for day in (date(2021, 1, 12), date(2021, 5, 12), date(2021, 8, 12)):
        alone = evaluate(triggers, detect.score(store, triggers, known_on=day))
        together = decided[day].conditions
        assert [(each.key, each.level, each.clear, each.pending, each.releases) for each in together] == [
            (each.key, each.level, each.clear, each.pending, each.releases) for each in alone
        ]
        assert [each.evidence["watch"].text for each in together] == [each.evidence["watch"].text for each in alone]


def test_a_reader_of_many_nights_reads_what_a_night_reads(settings):
    """What is remembered is what would be read again."""
    store, triggers = ingest.open_store(settings), detect.load_triggers(settings)
    remembering, register = replay.RememberingReader(store=store, triggers=triggers), breaks.load()
    for day in (date(2021, 6, 12), date(2021, 6, 30), date(2021, 7, 12)):
        plain = detect.gather(detect.Reader(store=store, triggers=triggers), known_on=day, register=register)
        kept = detect.gather(remembering, known_on=day, register=register)

        assert plain.panel.values.tobytes() == kept.panel.values.tobytes()
        assert (plain.releases, plain.freshness) == (kept.releases, kept.freshness)


def test_explain_names_figures_releases_and_documents(run, settings):
    """From the level down to the PDF's SHA-256."""
    found = run("explain", "haitian-corridor", "--known-on", "2021-08-15", "--stage", "darien", "--json")
    (said,) = json.loads(found.output)
    leaf = said["levels"]["emergency"]["parts"][0]["parts"][0]
    release = next(each for each in said["releases"] if each["release"] in leaf["releases"])

    assert (said["level"], said["value"], leaf["figures"]["value"], leaf["figures"]["at_least"]) == ("emergency", 15488, 15488, 10000)
    assert (settings.store / "raw" / release["document_sha256"]).is_file()
    words = run("explain", "haitian-corridor", "--known-on", "2021-08-15", "--stage", "darien").output
    assert "15,488 persons in 2021-07 is at least 10,000" in words
    assert f"{release['document']}, sha256 {release['document_sha256']}" in words


def test_a_trigger_that_is_none_is_named(run):
    """With the nearest that there is."""
    found = run("explain", "haitian-coridor")

    assert found.exit_code == 1
    assert 'did you mean "haitian-corridor"?' in str(found.exception)


def test_what_if_tells_what_another_file_would_have_said(run, settings, tmp_path):
    """A warning that asks for more is left out; the rest is as it was."""
    text = settings.triggers.read_text(encoding="utf-8")
    other = tmp_path / "other.yaml"
    other.write_text(text.replace("at_least: 5000, unit: counts", "at_least: 20000, unit: counts", 1), encoding="utf-8")
    found = run("what-if", "--file", str(other), "--from", "2021-01-01", "--to", "2021-08-31")

    assert found.exit_code == 0, found.output
    assert "~ haitian-corridor:darien/haitian  watch 2021-05-12, warning 2021-07-12, emergency 2021-08-12, stands" in found.output
    assert "→ watch 2021-05-12, emergency 2021-08-12, stands" in found.output
    assert "  darien-surge " in found.output


def test_list_and_check_answer(run):
    """Every active trigger is listed as approved, one on trial as not; the shipped file has no error."""
    listed = json.loads(run("list", "--json").output)

    assert {(row["status"], row["approved"]) for row in listed} == {("active", "yes"), ("test", "no")}
    assert run("check").exit_code == 0


def test_a_changed_trigger_is_refused_until_it_is_approved(run, settings, tmp_path):
    """The message gives the hash to approve."""
    other = tmp_path / "triggers.yaml"
    other.write_text(
        settings.triggers.read_text(encoding="utf-8").replace("at_least: 2000, unit: counts", "at_least: 1500, unit: counts", 1),
        encoding="utf-8",
    )
    found = run("check", str(other))

    assert found.exit_code == 1
    assert (
        "trigger haitian-corridor, approval: not the content that was approved on 2026-11-22; once it is agreed, write approval:"
        in found.output
    )
