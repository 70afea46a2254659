"""Tests of CAP messages: valid, referring to what was said before, and safe."""

import random
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.model import LEVELS, AlertKey, Change, Evidence, Figure
from pillarfour.delivery import cap
from pillarfour.delivery.cap import CapMessage, Reference
from pillarfour.delivery.cap_feed import FEED, publish
from pillarfour.delivery.cap_table import cap_messages
from pillarfour.delivery.email import compose
from pillarfour.delivery.letter import ATTACHED_BYTES, Attachment
from pillarfour.delivery.night import Step
from pillarfour.errors import DeliveryError

SENDER = "pillarfour@example.org"
NOW = datetime(2021, 7, 12, 11, 5, tzinfo=UTC)
CAP = {"cap": cap.NAMESPACE}
ATOM = {"atom": "http://www.w3.org/2005/Atom"}
KINDS = ("surge", "collapse", "outage", "shift", "revision")
TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@pytest.fixture(scope="session")
def schema(shared: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(shared / "spec" / "CAP-v1.2.xsd"))


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def keep(book: Ledger, *notices, now: datetime = NOW, **options) -> list[CapMessage]:
    with book.begin() as connection:
        return [message for _, message in cap.keep(connection, notices, sender=SENDER, now=now, **options)]


def read(message: CapMessage) -> etree._Element:
    return etree.fromstring(message.content)


def said(message: CapMessage, path: str) -> list[str]:
    return [element.text or "" for element in read(message).iterfind(path, CAP)]


def parameters(message: CapMessage) -> dict[str, str]:
    info = read(message).find("cap:info", CAP)
    return {
        pair.findtext("cap:valueName", None, CAP): pair.findtext("cap:value", None, CAP) for pair in info.iterfind("cap:parameter", CAP)
    }


@pytest.mark.shared
def test_two_hundred_messages_are_valid_and_refer_to_what_was_said(book: Ledger, notice, schema: etree.XMLSchema):
    """Lives of alerts drawn at random: each message fits the schema, and each reference names an earlier message as it was sent."""
    drawn = random.Random(20210712)  # noqa: S311 - to draw the same lives each time
    standing: dict[AlertKey, str] = {}
    kept: dict[str, tuple[AlertKey, str, str]] = {}
    types = []
    night = date(2021, 1, 1)
    while len(kept) < 200:
        night += timedelta(days=1)
        key = AlertKey(
            trigger=drawn.choice(["haitian-corridor", "darien-surge"]), stage=drawn.choice(["darien", "mexico"]), subject="haitian"
        )
        kind, before = drawn.choice(KINDS), standing.get(key)
        after = drawn.choice(["active", "active", "resolved", "retracted"]) if before else "active"
        level = drawn.choice([each for each in LEVELS if each != before]) if after == "active" else None
        change = notice(
            key=key, known_on=night, kind=kind, before="active" if before else "quiet", after=after, level_before=before, level=level,
            case_id=drawn.choice([None, "2021-01-01-rise-darien-haitian"]),
            unit="days" if kind == "outage" else drawn.choice(["persons", "events"]), value=float(drawn.randrange(20000)),
            expected=drawn.choice([None, 2147.4]), reference_period=drawn.choice(["2021-06", "2021-W23", None]),
        )  # fmt: skip
        standing[key] = level
        (message,) = keep(book, change, now=NOW + timedelta(days=len(kept)), fewer_than=drawn.choice([0, 10]))
        schema.assertValid(read(message))
        references = " ".join(said(message, "cap:references")).split()
        assert all(kept[reference][0] == key for reference in references)
        assert (message.message_type == "Alert") == (references == []) == (before is None)
        assert (message.message_type == "Cancel") == (after != "active")
        kept[f"{SENDER},{message.identifier},{said(message, 'cap:sent')[0]}"] = (key, message.message_type, message.identifier)
        types.append(message.message_type)
        if after != "active":
            standing.pop(key)

    assert len({identifier for *_, identifier in kept.values()}) == len(kept) == 200
    assert min(map(types.count, ("Alert", "Update", "Cancel"))) > 20


@pytest.mark.shared
@given(subject=TEXT, reason=TEXT, title=TEXT, step=TEXT, release=TEXT)
def test_no_text_breaks_a_message(notice, schema: etree.XMLSchema, subject: str, reason: str, title: str, step: str, release: str):  # noqa: PLR0913, PLR0917 - each field a text
    """Whatever a name, a reason or a release holds: the message is valid, and the field says it in one line."""
    fuzzed = notice(subject=dict.fromkeys(("en", "es"), subject), title=dict.fromkeys(("en", "es"), title), reason=reason, rule_sha256=release, response=(Step(within_hours=24, action=dict.fromkeys(("en", "es"), step)),))  # fmt: skip  # noqa: E501
    message = cap.compose(fuzzed, identifier="pillarfour-x", sender=SENDER, sent=NOW)

    schema.assertValid(read(message))
    assert said(message, "cap:note") == [cap.one_line(reason)]


def test_an_alert_says_what_the_standard_asks(notice):
    """Figures, area, levels and both languages, as an officer of another system reads them."""
    message = cap.compose(notice(), identifier="pillarfour-x", sender=SENDER, sent=NOW)

    assert said(message, "cap:sent") == ["2021-07-12T11:05:00-00:00"]
    assert (message.status, message.message_type, said(message, "cap:scope")) == ("Actual", "Alert", ["Restricted"])
    assert said(message, "cap:info/cap:language") == ["en", "es"]
    assert said(message, "cap:info/cap:headline") == [
        "WARNING: Haitian families, Darién: 6,527 events in June 2021, 3\u00a0× what was expected",
        "ADVERTENCIA: Familias haitianas, Darién: 6\u202f527 eventos en junio de 2021, 3\u00a0× lo esperado",
    ]
    assert [said(message, f"cap:info/cap:{name}")[0] for name in ("urgency", "severity", "certainty", "responseType", "category")] == ["Expected", "Severe", "Observed", "Prepare", "Safety"]  # fmt: skip  # noqa: E501
    assert said(message, "cap:info/cap:area/cap:geocode/cap:value") == ["PAN", "PAN"]
    assert parameters(message) == {
        "trigger": "haitian-corridor",
        "stage": "darien",
        "subject": "haitian",
        "nationalities": "HTI BRA CHL",
        "level": "warning",
        "state": "active",
        "known_on": "2021-07-12",
        "reference_period": "2021-06",
        "value": "6527",
        "unit": "events",
        "expected": "2147.4",
        "rule_sha256": "5f0c" * 16,
        "releases": "panama_darien/2021-07-12-1a2b3c4d",
    }


@pytest.mark.parametrize(
    ("mark", "on_trial", "status"),
    [
        ("live", False, "Actual"),
        ("exercise", False, "Exercise"),
        ("past", False, "Test"),
        ("live", True, "Test"),
        ("exercise", True, "Exercise"),
    ],
)
def test_nobody_takes_a_trial_for_real(notice, mark: str, on_trial: bool, status: str):  # noqa: FBT001
    """The status says it, and so does the headline."""
    message = cap.compose(notice(mark=mark, on_trial=on_trial), identifier="pillarfour-x", sender=SENDER, sent=NOW)

    assert message.status == status
    assert said(message, "cap:info/cap:headline")[0].startswith("[") == (status != "Actual")


def test_a_real_message_never_refers_to_a_trial(book: Ledger, notice):
    """What was said on a past night is a test; the first real message of the same alert begins anew, and its end needs one."""
    keep(book, notice(mark="past"))
    (real,) = keep(book, notice(before="active", level_before="watch", known_on=date(2021, 8, 12)))

    assert (real.message_type, said(real, "cap:references")) == ("Alert", [])


def test_the_end_of_what_was_never_told_is_not_told(book: Ledger, notice):
    """Nor is anything pending."""

    assert keep(book, notice(before="active", after="resolved", level_before="watch", level=None)) == []
    assert keep(book, notice(after="pending", level=None)) == []


def test_a_cancellation_names_every_message_since_the_alert_began(book: Ledger, notice):
    """An alert, an update, the end; then a new alert, which refers to nothing."""
    nights = [date(2021, month, 12) for month in (7, 8, 9, 10)]
    (first,) = keep(book, notice(known_on=nights[0]))
    (second,) = keep(book, notice(known_on=nights[1], before="active", level_before="warning", level="emergency"))
    (third,) = keep(book, notice(known_on=nights[2], before="active", after="retracted", level_before="emergency", level=None))
    (fourth,) = keep(book, notice(known_on=nights[3]))
    named = [[part.split(",")[1] for part in " ".join(said(each, "cap:references")).split()] for each in (first, second, third, fourth)]

    assert [each.message_type for each in (first, second, third, fourth)] == ["Alert", "Update", "Cancel", "Alert"]
    assert named == [[], [first.identifier], [first.identifier, second.identifier], []]


def test_the_same_change_twice_in_a_night_has_two_names(book: Ledger, notice):
    """It began, ended and began again within one night: no message names itself."""
    end = {"before": "active", "after": "resolved", "level_before": "warning", "level": None}
    messages = [keep(book, each)[0] for each in (notice(), notice(**end), notice(), notice(**end))]

    assert len({message.identifier for message in messages}) == 4


def test_a_night_that_fails_keeps_no_message(book: Ledger, notice):
    """The message goes with the transaction that decided it."""

    def night() -> None:
        with book.begin() as connection:
            cap.keep(connection, [notice()], sender=SENDER, now=NOW)
            raise LookupError

    with pytest.raises(LookupError):
        night()
    with book.read() as connection:
        assert connection.execute(cap_messages.select()).all() == []


def test_a_small_count_is_not_shown_to_strangers(notice):
    """Neither the figure, nor what was expected, nor the reason that repeats both."""
    message = cap.compose(notice(value=7.0, expected=3.2, reason="7 is at least 5"), identifier="pillarfour-x", sender=SENDER, sent=NOW, fewer_than=10)  # fmt: skip  # noqa: E501
    text = message.content.decode()

    assert parameters(message)["value"] == "fewer than 10"
    assert "expected" not in parameters(message)
    assert said(message, "cap:info/cap:headline")[0] == "WARNING: Haitian families, Darién: fewer than 10 events in June 2021"
    assert "7 is at least 5" not in text


def test_a_small_count_of_another_month_is_not_shown_to_strangers(notice):
    """The figure is large and is shown; why is not, where it names a small one, revised or compared with."""
    growth = {"value": 240.0, "before": 3.0, "before_period": "2020-06", "factor": 2.0, "reference_period": "2021-06"}
    leaf = Evidence(test="growth", held=True, text="240 is 80 times the 3 of 2020-06", figures=growth)
    was = Figure(series="darien/haitian", reference_period="2021-05", value=4)
    compared = {"evidence": {"warning": Evidence(test="all", held=True, text="", parts=(leaf,))}, "reason": leaf.text}
    revised = {"changes": (Change(before=was, after=replace(was, value=400)),), "reason": "4 → 400"}

    for small in (compared, revised):
        strange, own = (
            cap.compose(notice(value=240.0, **small), identifier="pillarfour-x", sender=SENDER, sent=NOW, fewer_than=fewer)
            for fewer in (10, 0)
        )
        assert parameters(strange)["value"] == "240"
        assert said(own, "cap:note") == [small["reason"]]
        assert said(strange, "cap:note") == []
        assert re.search(r"\b(3|4)\b", said(own, "cap:info/cap:description")[0])
        assert not re.search(r"\b(3|4)\b", said(strange, "cap:info/cap:description")[0])


def test_days_overdue_are_no_count_of_persons(notice):
    """They are shown however few they are."""
    message = cap.compose(notice(kind="outage", unit="days", value=7.0, expected=None), identifier="pillarfour-x", sender=SENDER, sent=NOW, fewer_than=10)  # fmt: skip  # noqa: E501

    assert parameters(message)["value"] == "7"


@pytest.mark.parametrize("sender", ["task force", "a,b", "a<b", ""])
def test_a_sender_that_would_break_references_is_refused(notice, sender: str):
    """Blanks and commas part the references."""
    with pytest.raises(DeliveryError, match="write an address"):
        cap.compose(notice(), identifier="pillarfour-x", sender=sender, sent=NOW)


def test_the_folder_holds_every_message_and_a_feed(book: Ledger, notice, folder: Path):
    """Written once; a second look changes nothing; what is lost is written again, the same."""
    (message,) = keep(book, notice())

    assert publish(book, folder) == 1
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    assert sorted(before) == [FEED, f"{message.identifier}.xml"]
    assert before[f"{message.identifier}.xml"][0] == message.content
    assert publish(book, folder) == 0
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == before
    (folder / f"{message.identifier}.xml").unlink()
    assert publish(book, folder) == 1
    assert (folder / f"{message.identifier}.xml").read_bytes() == message.content


def test_a_ledger_without_messages_leaves_no_folder(book: Ledger, folder: Path):
    """Nothing to say, nothing written."""

    assert publish(book, folder) == 0
    assert not folder.exists()


def test_the_feed_is_bounded_and_tests_push_nothing_real_out(book: Ledger, notice, folder: Path):
    """Newest first, so many of each status; each entry has what RFC 4287 asks for and leads to its file."""
    keep(book, notice())
    for day in range(1, 6):
        keep(book, notice(mark="past", known_on=date(2021, 1, day), before="active" if day > 1 else "quiet", level_before="watch"), now=NOW + timedelta(hours=day))  # fmt: skip  # noqa: E501
    publish(book, folder, newest=2)
    feed = etree.fromstring((folder / FEED).read_bytes())
    entries = feed.findall("atom:entry", ATOM)

    assert [entry.find("atom:category", ATOM).get("term") for entry in entries] == ["Test", "Test", "Actual"]
    assert feed.findtext("atom:updated", None, ATOM) == "2021-07-12T16:05:00Z"
    for required in ("id", "title", "updated", "author/atom:name"):
        assert feed.findtext(f"atom:{required}", None, ATOM)
    for entry in entries:
        assert all(entry.findtext(f"atom:{required}", None, ATOM) for required in ("id", "title", "updated"))
        assert (folder / entry.find("atom:link", ATOM).get("href")).exists()
    assert len({entry.findtext("atom:id", None, ATOM) for entry in entries}) == 3


def test_a_name_that_could_leave_the_folder_is_refused(book: Ledger, notice, folder: Path):
    """Should the ledger ever hold one."""
    keep(book, notice())
    with book.begin() as connection:
        connection.execute(cap_messages.update().values(identifier="../../etc/cron.d/x"))
    with pytest.raises(DeliveryError, match="not a name this project gives"):
        publish(book, folder)

    assert not folder.exists()


def test_a_message_takes_along_what_fits(haitian_night, notice):
    """Two megabytes at most: what is larger is left out, and the message goes all the same; twice the same bytes."""
    small = cap.compose(notice(), identifier="pillarfour-x", sender=SENDER, sent=NOW)
    files = [
        Attachment(name="pillarfour-x.xml", subtype="cap+xml", content=small.content),
        Attachment(name="huge.xml", subtype="cap+xml", content=b"x" * ATTACHED_BYTES),
    ]
    key = haitian_night.news[0].transition.key
    letters = [compose(haitian_night, sender=SENDER, now=NOW, attachments={key: files})[0] for _ in range(2)]
    attached = list(message_from_bytes(letters[0].content, policy=SMTP).iter_attachments())

    assert [(part.get_filename(), part.get_content_type(), part.get_content()) for part in attached] == [
        ("pillarfour-x.xml", "application/cap+xml", small.content)
    ]
    assert letters[0].content == letters[1].content


def test_what_is_rebuilt_says_so(notice, haitian_night):
    """In both languages."""
    rebuilt = replace(haitian_night.news[0].releases[0], rebuilt=True)
    told = replace(notice(), news=replace(notice().news, releases=(rebuilt,)))
    texts = said(
        cap.compose(told, identifier="pillarfour-x", sender=SENDER, sent=NOW),
        "cap:info/cap:description",
    )

    assert "rebuilt from published figures" in texts[0]
    assert "reconstruidos a partir de cifras publicadas" in texts[1]


def test_a_reference_is_written_to_the_letter():
    """Sender, identifier and time, parted by commas."""

    assert str(Reference(sender=SENDER, identifier="x", sent=NOW)) == "pillarfour@example.org,x,2021-07-12T11:05:00-00:00"
