"""Ingest, step by step: what becomes of a document that is held, and of a file that cannot be read."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows import ingest
from flows.cli import app
from pillarfour import lookups
from pillarfour.settings import Settings
from sources import panama_darien

PORTAL = """Tránsito irregular de extranjeros por la frontera con Colombia; Año 2021
País;Ene;Feb;Mar;Abr;May;Jun;Jul;Ago;Sep;Oct;Nov;Dic;Total
Total;10;20;-;-;-;-;-;-;-;-;-;-;30
Haití;4;15;-;-;-;-;-;-;-;-;-;-;19
Ruritania;6;5;-;-;-;-;-;-;-;-;-;-;11
"""


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(store=tmp_path / "store", inbox=tmp_path / "inbox", bundle=False)


@pytest.fixture
def brought(tmp_path) -> Path:
    """Put a file of the portal's layout, with a country that nobody knows, where only its analyst sees it."""
    path = tmp_path / "portal.csv"
    path.write_text(PORTAL, encoding="utf-8")
    return path


def run(settings: Settings, *files: Path) -> list[tuple[str, str]]:
    """Take the files by hand, or without any what the night would take."""
    store = ingest.open_store(settings)
    outcomes = ingest.ingest_files(panama_darien, store, files) if files else ingest.ingest_local(panama_darien, store, settings)
    return [(outcome.document, outcome.result) for outcome in outcomes]


def test_a_held_release_is_read_anew_once_its_name_is_known(settings, brought, monkeypatch):
    """Also one that was brought by hand, whose file is nowhere but in the store."""
    assert run(settings, brought) == [("portal.csv", "held")]
    brought.unlink()
    assert run(settings) == [("portal.csv", "held")]

    known = lookups.nationality
    monkeypatch.setattr(lookups, "nationality", lambda name: "XRU" if name == "Ruritania" else known(name))
    assert run(settings) == [("portal.csv", "new")]
    (release,) = ingest.open_store(settings).releases("panama_darien")
    assert (release.status, release.published_on.isoformat(), release.published_basis) == ("used", "2021-03-12", "reconstructed")
    assert run(settings) == []


def test_a_held_release_in_the_inbox_is_read_once_a_night(settings, brought):
    """What the inbox has just given is not read from the store as well."""
    inbox = settings.inbox / "panama_darien"
    inbox.mkdir(parents=True)
    brought.rename(inbox / brought.name)

    assert run(settings) == [("portal.csv", "held")]
    assert run(settings) == [("portal.csv", "held")]


def test_a_held_release_is_added_once(settings, brought):
    """The night that brings it has changed the store; the next one, which finds it held still, has not."""
    store = ingest.open_store(settings)
    twice = [next(ingest.ingest_files(panama_darien, store, [brought])) for _ in range(2)]

    assert [(outcome.result, outcome.added) for outcome in twice] == [("held", True), ("held", False)]


@pytest.mark.parametrize(("now", "warned"), [("2021-03-05T11:00:00+00:00", True), ("2021-03-12T11:00:00+00:00", False)])
def test_a_document_that_the_rule_dates_later_than_it_came_says_so(settings, brought, monkeypatch, now, warned):
    """The analyst who has it in hand learns that the night does not use it yet, and how to change that."""
    monkeypatch.setenv("PILLARFOUR_NOW", now)
    brought.write_text(PORTAL.replace("Ruritania", "Perú"), encoding="utf-8")
    (outcome,) = ingest.ingest_files(panama_darien, ingest.open_store(settings), [brought])

    assert outcome.result == "new"
    assert ("dated 2021-03-12 by the source's rule, and not used before" in outcome.detail) == warned
    assert ("--published-on" in outcome.detail) == warned


def test_what_is_used_already_is_not_accepted(settings, brought, monkeypatch):
    """A wrong id is said to be one: else its faults to come would be accepted unseen, and the held release forgotten."""
    monkeypatch.setenv("PILLARFOUR_STORE", str(settings.store))
    monkeypatch.setenv("COLUMNS", "300")
    brought.write_text(PORTAL.replace("Ruritania", "Perú"), encoding="utf-8")
    run(settings, brought)
    store = ingest.open_store(settings)
    (release,) = store.releases()
    done = CliRunner().invoke(app, ["releases", "accept", release.id, "--reason", "none"])

    assert done.exit_code == 2
    assert "nothing holds it" in done.output
    assert not (settings.store / "decisions.jsonl").exists()


def test_what_an_analyst_decided_is_shown_with_its_reason(settings, brought, monkeypatch):
    """The last word on a release, who spoke it and why, for those who come after."""
    monkeypatch.setenv("PILLARFOUR_STORE", str(settings.store))
    monkeypatch.setenv("PILLARFOUR_NOW", "2021-04-01T11:00:00+00:00")
    run(settings, brought)
    (release,) = ingest.open_store(settings).releases()
    pillarfour = CliRunner()
    undecided = json.loads(pillarfour.invoke(app, ["releases", "show", release.id, "--json"]).stdout)
    for choice, reason in (("reject", "who is that?"), ("accept", "note 4 of the bulletin")):
        assert pillarfour.invoke(app, ["releases", choice, release.id, "--reason", reason]).exit_code == 0
    decided = json.loads(pillarfour.invoke(app, ["releases", "show", release.id, "--json"]).stdout)
    said = pillarfour.invoke(app, ["releases", "show", release.id]).stdout.splitlines()[-1]

    assert undecided["decision"] is None
    assert (decided["status"], decided["decision"]["choice"], decided["decision"]["reason"]) == (
        "accepted",
        "accepted",
        "note 4 of the bulletin",
    )
    assert said == f"accepted by {decided['decision']['by']} on 2021-04-01 11:00 UTC: note 4 of the bulletin"


def test_a_decision_names_the_releases_that_it_turns(settings, tmp_path, monkeypatch):
    """What is accepted is what later ones are judged by: that one of them is held now is said, not left to be found."""
    monkeypatch.setenv("PILLARFOUR_STORE", str(settings.store))
    files = []
    for months in ([100], [200, 90], [100, 90, 80]):
        row = ";".join([*map(str, months), *"-" * (12 - len(months)), str(sum(months))])
        files.append(tmp_path / f"{len(months)}.csv")
        lines = [*PORTAL.splitlines()[:2], f"Total;{row}", f"Haití;{row}"]
        files[-1].write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert [result for _, result in run(settings, *files)] == ["new", "held", "new"]
    _, doubled, last = (release.id for release in ingest.open_store(settings).releases())
    said = {choice: CliRunner().invoke(app, ["releases", choice, doubled, "--reason", "x"]).stdout for choice in ("accept", "reject")}

    assert f"{last}: held now, was used" in said["accept"]
    assert f"{last}: used now, was held" in said["reject"]


def test_a_held_release_whose_bytes_are_gone_is_named(settings, brought):
    """It stops nothing, and stays held."""
    run(settings, brought)
    (kept,) = (settings.store / "raw").iterdir()
    kept.unlink()
    store = ingest.open_store(settings)
    (outcome,) = ingest.ingest_local(panama_darien, store, settings)

    assert (outcome.document, outcome.result) == ("portal.csv", "failed")
    assert "ingest it again" in outcome.detail
    assert [release.status for release in store.releases()] == ["held"]


def test_a_file_that_cannot_be_read_stops_no_other(settings, brought):
    """It is named with what to do, and the look at it is kept."""
    locked = brought.with_name("locked.csv")
    locked.mkdir()  # what a test of any user can make unreadable
    store = ingest.open_store(settings)
    failed, held = ingest.ingest_files(panama_darien, store, [locked, brought])

    assert (failed.result, held.result) == ("failed", "held")
    assert failed.detail == f"{locked}: cannot be read (Is a directory); mend its rights, or bring it again"
    assert [visit.what for visit in store.visits.read()] == ["failed"]
