"""What messages say is kept once, apart from the record of their sending."""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

from pillarfour.alerts.migrations.refusing import refuse_downgrade

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move each message's content to a table of its own; mail gets its ``To`` when it is sent from now on."""
    contents = op.create_table(
        "outbox_contents",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("content_sha256", sa.String(64)))
    columns = [sa.Column(name, kind) for name, kind in (("id", sa.Integer), ("recipient", sa.String), ("content", sa.LargeBinary))]
    outbox = sa.Table("outbox", sa.MetaData(), *columns, sa.Column("content_sha256", sa.String(64)))
    connection, kept = op.get_bind(), set()
    for number in connection.scalars(sa.select(outbox.c.id)).all():
        recipient, content = connection.execute(sa.select(outbox.c.recipient, outbox.c.content).where(outbox.c.id == number)).one()
        content = bytes(content).removeprefix(f"To: {recipient}\r\n".encode())
        digits = sha256(content).hexdigest()
        if digits not in kept:
            connection.execute(contents.insert().values(sha256=digits, content=content))
            kept.add(digits)
        connection.execute(outbox.update().where(outbox.c.id == number).values(content_sha256=digits))
    with op.batch_alter_table("outbox") as table:
        table.alter_column("content_sha256", existing_type=sa.String(64), nullable=False)
        table.create_foreign_key("outbox_content", "outbox_contents", ["content_sha256"], ["sha256"])
        table.drop_column("content")


def downgrade() -> None:
    """Refuse."""
    refuse_downgrade(revision)
