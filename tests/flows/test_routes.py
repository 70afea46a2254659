"""A night with routes, as an installation has them: what leaves the house, and what never does."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import requests

from flows import deliver
from pillarfour.errors import ConfigurationError
from pillarfour.settings import Settings

WEBHOOKS = "SELECT content FROM outbox JOIN outbox_contents ON sha256 = content_sha256 WHERE channel = 'webhook'"

SECRETS = {
    "RECEPTION_URL": "https://127.0.0.1:1/hooks/planted-path-7741",
    "RECEPTION_KEY": "planted-key-2093",
    "NIGHT_ROOM_URL": "json://127.0.0.1:1/planted-token-5518",
}
ROUTES = """\
version: 1
readers:
  - {name: reception-centre, way: webhook, address: {env: RECEPTION_URL}, key: {env: RECEPTION_KEY}, stages: [darien], external: true}
  - {name: night-room, way: chat, address: {env: NIGHT_ROOM_URL}, language: es}
"""


@pytest.fixture
def routed(small, tmp_path) -> dict[str, str]:
    """Give the settings of a night with a program and a chat, neither of which answers."""
    (tmp_path / "routes.yaml").write_text(ROUTES)
    return small | SECRETS | {"PILLARFOUR_ROUTES": str(tmp_path / "routes.yaml")}


def planted(folder: Path) -> list[Path]:
    """List the files below a folder that hold one of the secrets."""
    return [path for path in folder.rglob("*") if path.is_file() and b"planted-" in path.read_bytes()]


def test_a_night_tells_its_readers_and_no_secret(pillarfour, routed, environment, server):
    """What could not be sent waits under the reader's name; no file, answer, log or artifact holds an address or a key."""
    store = Path(routed["PILLARFOUR_STORE"])
    night = pillarfour("nightly", "--json", **routed)
    listed = pillarfour("outbox", "list", "--json", **routed)
    doctor = pillarfour("doctor", "--json", **routed)
    with closing(sqlite3.connect(store / "ledger.sqlite")) as connection:
        contents = [json.loads(content) for (content,) in connection.execute(WEBHOOKS)]

    assert night.code == 1
    assert {each["to"] for each in listed.json} == {"reception-centre", "night-room"}
    assert {each["state"] for each in listed.json} == {"recorded"}
    assert {each["stage"] for each in contents} == {"darien"}
    assert next(each for each in doctor.json if each["what"] == "readers")["state"] == "ok"
    assert "planted-" not in night.output + night.errors + listed.output + listed.errors + doctor.output
    assert planted(store) == []
    assert planted(Path(environment["PREFECT_HOME"])) == []
    for kind in ("artifacts", "logs"):
        assert "planted-" not in requests.post(f"{server}/{kind}/filter", json={}, timeout=30).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PILLARFOUR_MAIL_TO": "duty@example.org"}, "PILLARFOUR_MAIL_TO and PILLARFOUR_ROUTES are both set"),
        ({"RECEPTION_KEY": ""}, "the environment has no RECEPTION_KEY"),
    ],
)
def test_doctor_says_what_is_wrong_with_the_readers(pillarfour, routed, changes: dict[str, str], said: str):
    """Before the night finds out."""
    doctor = pillarfour("doctor", "--json", **(routed | changes))
    (row,) = (each for each in doctor.json if each["what"] == "readers")

    assert doctor.code == 1
    assert row["state"] == "wrong"
    assert said in row["detail"]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("MAIL_TO", "es:duty officer", "'duty officer': "),
        ("MAIL_TO", "fr:duty@example.org", "fr:duty@example.org: no messages are written in 'fr'; write en or es"),
        ("MAIL_FROM", "task force", "'task force': "),
    ],
)
def test_an_address_that_is_none_is_named_with_its_setting(tmp_path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str):
    """Doctor and the night say the same, and neither breaks on it."""
    monkeypatch.setenv(f"PILLARFOUR_{setting}", value)

    with pytest.raises(ConfigurationError, match=f"PILLARFOUR_{setting}: {said}"):
        deliver.routes(Settings(store=tmp_path, smtp_host="localhost"))
