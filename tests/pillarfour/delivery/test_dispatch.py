"""Tests of a night on its way to its readers."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Row, select

from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.model import AlertKey
from pillarfour.delivery import cap, chat, webhook
from pillarfour.delivery.dispatch import Dispatch
from pillarfour.delivery.night import Night, Step
from pillarfour.delivery.outbox_table import outbox, outbox_contents
from pillarfour.delivery.routes import Routes
from pillarfour.delivery.sending import deliver
from pillarfour.delivery.wording import one_line

NIGHT = datetime(2021, 7, 12, 5, tzinfo=UTC)
MORNING = datetime(2021, 7, 12, 11, tzinfo=UTC)
MEXICO = AlertKey(trigger="haitian-corridor", stage="mexico", subject="haitian")
QUIET = {"from": "22:00", "until": "06:00", "zone": "America/Panama"}


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


@pytest.fixture
def told(book: Ledger, haitian_night: Night, notice) -> Callable[..., list[Row[Any]]]:
    """Record a night with a warning in the Darién and an emergency in Mexico for some readers; give the outbox."""

    def record(
        *readers: dict[str, Any], quiet: bool = False, mark: str = "live", now: datetime = NIGHT, case_id: str | None = None, **routes
    ) -> list[Row[Any]]:
        notices = [] if quiet else [notice(mark=mark), notice(mark=mark, key=MEXICO, level="emergency", value=7.0)]
        notices = [replace(each, news=replace(each.news, transition=replace(each.transition, case_id=case_id))) for each in notices]
        named = [
            {"name": f"reader-{number}", "way": "smtp", "address": f"r{number}@example.org", **each} for number, each in enumerate(readers)
        ]
        dispatch = Dispatch(
            night=replace(haitian_night, news=tuple(each.news for each in notices), mark=mark),
            notices=notices,
            routes=Routes.model_validate({"version": 1, "readers": named, **routes}),
            groups={"haitian": ("HTI", "BRA", "CHL")},
            sender="pillarfour@example.org",
            now=now,
        )
        with book.begin() as connection:
            dispatch.record(connection)
        with book.read() as connection:
            return list(connection.execute(select(outbox, outbox_contents.c.content).join(outbox_contents).order_by(outbox.c.id)))

    return record


def hook(**facts) -> dict[str, Any]:
    return {"way": "webhook", "address": {"env": "HOOK"}, "key": {"env": "KEY"}, **facts}


def letters(rows: list[Row[Any]], recipient: str = "") -> list[Row[Any]]:
    return [row for row in rows if row.recipient == recipient]


def attached(row: Row[Any]) -> list[bytes]:
    parts = message_from_bytes(row.content).walk()
    return [part.get_payload(decode=True) for part in parts if part.get_content_type() == "application/cap+xml"]


def test_the_folder_is_told_everything(told):
    """Whoever else is told, or nobody: each case with its CAP message, and the digest."""
    rows = told()

    assert {(row.channel, row.recipient, row.not_before) for row in rows} == {("folder", "", None)}
    assert [len(attached(row)) for row in rows] == [1, 1, 0]


def test_each_reader_is_told_what_they_asked_for(told):
    """The cases that they want, the same message as anybody's, and the digest if they want it; none for who wants nothing."""
    rows = told({}, {"stages": ["darien"]}, {"stages": ["darien"], "digest": False}, {"kinds": ["outage"], "digest": False})
    names = {recipient: [message_from_bytes(row.content)["Message-ID"] for row in letters(rows, recipient)] for recipient in {row.recipient for row in rows}}  # fmt: skip  # noqa: E501
    mexico, darien, digest = names[""]

    assert names == {
        "": [mexico, darien, digest],
        "r0@example.org": [mexico, darien, digest],
        "r1@example.org": [darien, digest],
        "r2@example.org": [darien],
    }


def test_each_reader_is_told_in_their_language(told):
    """A Spanish reader makes the folder hold both; the messages of one thread are of one language."""
    rows = told({"language": "es"}, {})
    languages = {recipient: [message_from_bytes(row.content)["Content-Language"] for row in letters(rows, recipient)] for recipient in ("", "r0@example.org", "r1@example.org")}  # fmt: skip  # noqa: E501

    assert languages == {"": ["en"] * 3 + ["es"] * 3, "r0@example.org": ["es"] * 3, "r1@example.org": ["en"] * 3}


def test_a_case_is_told_whole_to_who_wants_any_part_of_it(told):
    """Whoever watches the Darién is told of Mexico where both are one movement."""
    rows = told({"stages": ["darien"], "digest": False}, case_id="2021-07-12-rise-darien-haitian")

    assert [len(attached(row)) for row in letters(rows, "r0@example.org")] == [2]


def test_a_quiet_night_is_told_to_those_who_want_it(told):
    """By mail; programs and chats hear of news alone."""
    rows = told({}, {"digest": False}, hook(), quiet=True)

    assert [row.recipient for row in rows] == ["", "r0@example.org"]


def test_quiet_hours_hold_a_warning_and_no_emergency(told, book: Ledger, tmp_path: Path):
    """What is held is recorded, with the time, and goes out when it has come; a clock set back only makes it wait."""
    asleep = {"quiet_hours": QUIET, "digest": False}
    rows = told({"stages": ["darien"], **asleep}, {"stages": ["mexico"], **asleep}, asleep)

    class Taken(list[str]):
        def send(self, content: bytes, *, message_id: str, recipient: str) -> None:  # noqa: ARG002 - a channel's words
            """Take it."""
            self.append(recipient)

    def round_at(now: datetime) -> tuple[list[str], datetime | None]:
        taken = Taken()
        done = deliver(book, channels={"smtp": taken}, now=now, lock=tmp_path / "lock")
        return list(taken), done.next_attempt_at

    assert [row.not_before for row in rows if row.recipient] == [MORNING, None, None, MORNING]
    assert round_at(NIGHT) == (["r1@example.org", "r2@example.org"], MORNING)
    assert round_at(NIGHT - timedelta(days=3)) == ([], MORNING)
    assert round_at(MORNING) == (["r0@example.org", "r2@example.org"], None)


def test_programs_and_chats_get_a_message_a_change(told):
    """Each on its own, so that a held warning holds no emergency; the name stands for the secret address."""
    rows = told(hook(quiet_hours=QUIET), {"way": "chat", "address": {"env": "CHAT"}, "language": "es", "levels": ["emergency"]})

    posted = [row for row in rows if row.channel != "folder"]
    assert [(row.channel, row.recipient, row.not_before) for row in posted] == [
        ("webhook", "reader-0", MORNING),
        ("webhook", "reader-0", None),
        ("chat", "reader-1", None),
    ]
    assert len({row.idempotency_key for row in rows}) == len(rows)
    assert json.loads(posted[2].content)["title"].startswith("EMERGENCIA:")


def test_only_strangers_are_spared_small_counts(told):
    """The same change, to two programs: seven, and fewer than ten."""
    rows = told(hook(levels=["emergency"]), hook(levels=["emergency"], external=True))

    assert [(json.loads(row.content)["value"], json.loads(row.content)["fewer_than"]) for row in rows if row.channel != "folder"] == [
        (7.0, None),
        (None, 10),
    ]


@pytest.mark.parametrize("external", [False, True])
def test_cap_is_one_message_for_all_who_get_it(told, external: bool):  # noqa: FBT001
    """Where strangers read the feed, the attached one hides small counts too: one name never has two texts."""
    messages = [message for row in told(cap={"external": external}) for message in attached(row)]

    assert sorted(b"fewer than 10" in message for message in messages) == [False, external]


def test_a_past_night_leaves_no_house(told):
    """Neither by mail, nor to programs, nor to chats."""

    assert {row.channel for row in told({}, hook(), {"way": "chat", "address": {"env": "CHAT"}}, mark="past")} == {"folder"}


def test_a_night_run_again_records_nothing_twice(told):
    """The same readers have the same messages."""
    first = told({}, hook(), quiet=True)

    assert told({}, hook(), quiet=True) == first


def test_an_address_that_is_not_at_hand_stops_nobody_else(told, monkeypatch: pytest.MonkeyPatch):
    """The reader's messages are recorded by their name, until the environment holds the address."""
    monkeypatch.delenv("DUTY_ADDRESS", raising=False)
    rows = told({"address": {"env": "DUTY_ADDRESS"}}, {})

    assert [len(letters(rows, name)) for name in ("reader-0", "r1@example.org")] == [3, 3]


def test_what_happens_again_on_one_night_is_told_again(told):
    """A release that is accepted, rejected and accepted once more raises the alert twice: both are messages, in one thread."""
    first, digest = told({}, case_id="2021-07-12-rise-darien-haitian")[-2:]
    again, digest_again = told({}, case_id="2021-07-12-rise-darien-haitian")[-2:]

    assert message_from_bytes(again.content)["In-Reply-To"] == first.message_id
    assert len({first.message_id, again.message_id, digest.message_id, digest_again.message_id}) == 4
    assert {row.recipient for row in (first, digest, again, digest_again)} == {"r0@example.org"}


TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@given(name=TEXT, reason=TEXT, step=TEXT, value=st.one_of(st.none(), st.integers(0, 10**9).map(float)))
def test_no_text_leaves_its_field(notice, name: str, reason: str, step: str, value: float | None):
    """Whatever a name, a reason or a step holds: JSON stays JSON, a line a line, a count the same count."""
    both = dict.fromkeys(("en", "es"), name)
    fuzzed = notice(
        subject=both,
        place=both,
        title=both,
        reason=reason,
        value=value,
        response=(Step(within_hours=24, action=dict.fromkeys(("en", "es"), step)),),
    )
    message = cap.compose(fuzzed, identifier="pillarfour-x", sender="pillarfour@example.org", sent=NIGHT)
    body = json.loads(webhook.compose(fuzzed, message, now=NIGHT))
    said = json.loads(chat.compose(fuzzed, language="en"))
    texts = [*body["headline"].values(), *body["description"].values(), *body["response"]["es"], said["title"], *said["body"].split("\n")]

    assert body["value"] == value
    assert len(said["body"].split("\n")) == 2
    assert all(text == one_line(text) for text in texts)
