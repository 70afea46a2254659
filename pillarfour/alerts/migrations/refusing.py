"""What the ledger never does: change an event, or go back to older tables."""

from typing import NoReturn

from alembic import op

from pillarfour.errors import LedgerError

MESSAGE = "events of the ledger are appended, never changed"


def refuse_changes(*tables: str) -> None:
    """Have the database itself refuse to change or remove a row of these tables."""
    if op.get_bind().dialect.name == "sqlite":
        for table in tables:
            for action in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
                )
        return
    op.execute(f"CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$")
    for table in tables:
        op.execute(f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")


def refuse_downgrade(revision: str) -> NoReturn:
    """Refuse to take the tables back: the older ones have no place for what is written down.

    Raises
    ------
    LedgerError
        Always.
    """
    raise LedgerError(
        f"revision {revision}: a ledger is never taken back to older tables, which have no place for what is written down; "
        "run the newer pillarfour, or restore the copy made before the upgrade"
    )
