"""The ledger's tables: made by migrations, equal to what the code says, on both databases."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, select, text

from pillarfour.alerts import schema
from pillarfour.alerts.events import events, record
from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.tables import metadata
from pillarfour.delivery.outbox_table import outbox, outbox_contents
from pillarfour.errors import LedgerError

JULY = date(2021, 7, 12)
NOW = datetime(2021, 9, 12, 6, tzinfo=UTC)


@pytest.fixture
def config():
    made = Config()
    made.set_main_option("script_location", str(schema.MIGRATIONS))
    return made


@pytest.fixture
def first_cut(url, config, tmp_path):
    """Make a ledger as it was before it kept its revision, with one event in it."""
    (tmp_path / "store").mkdir()
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, schema.FIRST)
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(
            text(
                "INSERT INTO alert_events (trigger, stage, subject, known_on, ordinal, kind, before, after, level, reason, "
                "reference_period, value, unit, evidence, rule_sha256, releases, documents, recorded_at) VALUES ('darien-surge', 'darien', "
                "'total', '2021-07-12', 1, 'surge', 'quiet', 'active', 'watch', 'watch reached', '2021-06', 700, 'persons', '{}', '0', "
                "'[]', '[]', '2021-07-12 06:00:00')"
            )
        )
    engine.dispose()
    return url


def differences(url):
    with Ledger(url).read() as connection:
        return compare_metadata(MigrationContext.configure(connection), metadata)


def test_a_new_ledger_has_the_tables_that_the_code_says(url):
    """The migrations, run on nothing, leave nothing to be changed."""
    assert outbox.metadata is metadata
    assert differences(url) == []
    with Ledger(url).read() as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_the_newest_revision_is_the_one_that_the_code_knows(config):
    """Opening a ledger looks for it without asking Alembic."""
    assert ScriptDirectory.from_config(config).get_current_head() == schema.NEWEST


def test_a_ledger_of_the_first_cut_is_taken_along(first_cut, key):
    """Its events stay, its tables become today's, and it goes on from there."""
    ledger = Ledger(first_cut)
    (state,) = ledger.alerts()

    assert (state.key, state.state, state.level, state.figures, state.case_id) == (key, "active", "watch", (), None)
    assert differences(first_cut) == []
    with ledger.begin() as connection:
        assert record(connection, [], known_on=JULY, finished_at=NOW, digest={}) == 1
        assert [event.value for event in events(connection)] == [700.0]


def test_messages_are_taken_along_and_kept_once(url, config):
    """What was recorded a copy a recipient is one copy without an address; what it says, and who is still to be told, stay."""
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for number, (recipient, content) in enumerate([("", b"Subject: x"), ("a@b.org", b"To: a@b.org\r\nSubject: x"), ("hook", b"{}")]):
            connection.execute(
                text(
                    "INSERT INTO outbox (idempotency_key, message_id, known_on, mark, channel, recipient, content, state, attempts, "
                    "recorded_at) VALUES (:key, '<a@pillarfour>', '2021-07-12', 'live', 'smtp', :recipient, :content, 'recorded', 0, "
                    "'2021-07-12 06:00:00')"
                ),
                {"key": str(number), "recipient": recipient, "content": content},
            )
    engine.dispose()

    with Ledger(url).read() as connection:
        kept = connection.execute(
            select(outbox.c.recipient, outbox.c.state, outbox_contents.c.content).join(outbox_contents).order_by(outbox.c.id)
        ).all()
        assert connection.scalar(select(func.count()).select_from(outbox_contents)) == 2
    assert kept == [("", "recorded", b"Subject: x"), ("a@b.org", "recorded", b"Subject: x"), ("hook", "recorded", b"{}")]
    assert differences(url) == []


@pytest.mark.parametrize("statement", ["UPDATE alert_events SET level = 'warning'", "DELETE FROM alert_events"])
def test_a_ledger_taken_along_refuses_changes(first_cut, statement):
    """The guard is there whatever way the tables were made."""
    with pytest.raises(LedgerError, match="events of the ledger are appended, never changed"), Ledger(first_cut).begin() as connection:
        connection.execute(text(statement))


def test_postgresql_refuses_to_empty_a_table(new_database):
    """TRUNCATE is a change too."""
    with pytest.raises(LedgerError, match="appended, never changed"), Ledger(new_database()).begin() as connection:
        connection.execute(text("TRUNCATE alert_events"))


def test_a_ledger_is_never_taken_back(url, config):
    """The refusal says why and what to do."""
    with Ledger(url).begin() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(LedgerError, match=r"never taken back to older tables.*restore the copy"):
            command.downgrade(config, schema.FIRST)


def test_a_ledger_of_a_newer_pillarfour_is_left_alone(url):
    """The message names the revision and what to run."""
    with Ledger(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(LedgerError, match=r"of revision 9999, which this pillarfour does not know.*run the newer"):
        Ledger(url).alerts()


def test_a_ledger_that_is_up_to_date_is_opened_without_alembic(url):
    """A command that only looks should not load what changes tables."""
    Ledger(url).alerts()
    program = f"import sys; from pillarfour.alerts.ledger import Ledger; Ledger({url!r}).alerts(); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)  # noqa: S603 - this interpreter

    assert done.stdout == "False\n"
