"""``pillarfour doctor``: it names what is wrong, also where the store or the ledger cannot be read, and lets mended things rest."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app

MONDAY = "2024-11-04T11:00:00+00:00"


@pytest.fixture
def store(tmp_path, monkeypatch) -> Path:
    """Give the folder of a store that is empty yet, looked at on a Monday."""
    monkeypatch.setenv("PILLARFOUR_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("PILLARFOUR_NOW", MONDAY)
    monkeypatch.setenv("PILLARFOUR_INBOX", str(tmp_path / "no-inbox"))
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


def doctor(code: int = 0) -> list[tuple[str, str, str]]:
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == code, done.output
    return [(row["what"], row["state"], row["detail"]) for row in json.loads(done.stdout)]


def visit(store: Path, day: str, what: str) -> None:
    with (store / "visits.jsonl").open("a", encoding="utf-8") as log:
        said = {"at": f"{day}T11:00:00+00:00", "source": "us_cbp", "what": what, "detail": "b.csv: line 3: cut"}
        log.write(json.dumps(said) + "\n")


@pytest.mark.parametrize(
    ("visits", "shown"),
    [
        ([("2024-11-03", "failed")], True),
        ([("2024-11-03", "failed"), ("2024-11-03", "looked")], True),
        ([("2024-11-03", "failed"), ("2024-11-04", "looked")], False),
        ([("2024-11-03", "looked"), ("2024-11-04", "failed"), ("2024-11-04", "unchanged")], True),
        ([("2024-10-27", "failed")], False),
    ],
)
def test_a_failure_is_shown_until_it_is_mended_or_a_week_old(store, visits, shown):
    """A file of the inbox may fail before the pages are looked at, on the same night; a later day's look ends it."""
    for day, what in visits:
        visit(store, day, what)

    assert [state for what, state, _ in doctor() if what == "us_cbp"] == (["late", "failed"] if shown else ["late"])


def test_a_source_that_cannot_be_read_is_a_row_and_hides_no_other(store):
    """The damaged file is named, and the sources beside it and the outbox are still looked at."""
    folder = store / "observations" / "source=us_cbp"
    folder.mkdir(parents=True)
    (folder / "release=2024-10-20-00000000.parquet").write_bytes(b"half")
    rows = doctor(code=1)

    assert [(what, state) for what, state, _ in rows][-4:] == [
        ("panama_darien", "late"),
        ("mexico_segob", "late"),
        ("us_cbp", "wrong"),
        ("outbox", "ok"),
    ]
    assert "release=2024-10-20-00000000.parquet: is no whole release" in rows[-2][2]


def test_a_ledger_that_cannot_be_read_is_a_row(store):
    """What else there is to say is said."""
    (store / "ledger.sqlite").write_bytes(b"this is no database" * 1000)
    rows = doctor(code=1)

    assert rows[-1][:2] == ("ledger", "wrong")
    assert "ledger.sqlite" in rows[-1][2]
    assert ("us_cbp", "late", "no release") in rows


@pytest.mark.usefixtures("store")
def test_wrong_triggers_and_wrong_routes_are_a_row_each(monkeypatch):
    """One does not hide the other, nor the sources."""
    monkeypatch.setenv("PILLARFOUR_TRIGGERS", "/no/such/triggers.yaml")
    monkeypatch.setenv("PILLARFOUR_ROUTES", "/no/such/routes.yaml")
    rows = doctor(code=1)

    assert [(what, state) for what, state, _ in rows if state == "wrong"] == [("readers", "wrong"), ("triggers", "wrong")]
    assert ("us_cbp", "late", "no release") in rows


@pytest.mark.parametrize(
    ("dropped", "state"),
    [(None, []), ("us_cbp/a.csv", ["ok"]), (".hidden", ["ok"]), ("cbp/a.csv", ["wrong"]), ("a.csv", ["wrong"]), ("us_cbp", ["wrong"])],
)
def test_what_lies_in_the_inbox_unseen_is_named(store, monkeypatch, dropped, state):
    """A misspelt folder, or a file beside the sources' folders, is read by no night; no inbox at all is well."""
    inbox = store.parent / "inbox"
    monkeypatch.setenv("PILLARFOUR_INBOX", str(inbox))
    if dropped:
        (inbox / dropped).parent.mkdir(parents=True)
        (inbox / dropped).write_bytes(b"")
    found = [(state, detail) for what, state, detail in doctor(code=1 if state == ["wrong"] else 0) if what == "inbox"]

    assert [each for each, _ in found] == state
    assert all(str(inbox / dropped.split("/")[0]) in detail for each, detail in found if each == "wrong")
