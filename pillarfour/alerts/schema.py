"""Bring a ledger's tables up to date when it is opened; one that is costs a single look."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from pillarfour.errors import LedgerError

NEWEST = "0004"
"""The last revision in ``migrations``; written here so that Alembic is imported only where there is something to do."""

FIRST = "0001"
"""What ledgers held before they kept their revision."""

MIGRATIONS = Path(__file__).with_name("migrations")


def revision(connection: Connection) -> str | None:
    """Say which revision a ledger is at; None where it has no tables yet."""
    tables = inspect(connection)
    if tables.has_table("alembic_version"):
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found
    return FIRST if tables.has_table("alert_events") else None


def upgrade(connection: Connection) -> None:
    """Make or change the tables, in the caller's transaction.

    Raises
    ------
    LedgerError
        If the ledger was written by a newer pillarfour than this.
    """
    found = revision(connection)
    if found == NEWEST:
        return
    from alembic import command  # noqa: PLC0415 - most commands find a ledger that is up to date
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise LedgerError(
            f"{connection.engine.url.render_as_string(hide_password=True)}: its tables are of revision {found}, which this pillarfour "
            f"does not know (it knows up to {NEWEST}); run the newer pillarfour that wrote it"
        )
    if found == FIRST and not inspect(connection).has_table("alembic_version"):
        command.stamp(config, FIRST)
    command.upgrade(config, "head")
