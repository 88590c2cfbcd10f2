"""every way to prove it is you: factors, backup codes, prompts, links of notices, receipts"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
_NONE = sa.text("0")


def upgrade() -> None:
    for table, column in (
        ("account", sa.Column("enrolled", sa.Text(), nullable=False, server_default=sa.text("'[]'"))),
        ("account", sa.Column("preferred", sa.Text(), nullable=False, server_default=_EMPTY)),
        ("account", sa.Column("must_have_second", sa.Integer(), nullable=False, server_default=_NONE)),
        ("account", sa.Column("second_offered_at", sa.BigInteger(), nullable=True)),
        ("account", sa.Column("reminded_at", sa.BigInteger(), nullable=True)),
        ("address", sa.Column("confirmed_at", sa.BigInteger(), nullable=True)),
        ("address", sa.Column("bounced_at", sa.BigInteger(), nullable=True)),
        ("session", sa.Column("limited", sa.Integer(), nullable=False, server_default=_NONE)),
        ("device", sa.Column("networks", sa.Text(), nullable=False, server_default=_EMPTY)),
        ("outbox", sa.Column("receipt_state", sa.Text(), nullable=False, server_default=_EMPTY)),
        ("outbox", sa.Column("receipt_reason", sa.Text(), nullable=False, server_default=_EMPTY)),
        ("outbox", sa.Column("receipt_at", sa.BigInteger(), nullable=True)),
        ("outbox", sa.Column("flow_id", sa.Text(), nullable=False, server_default=_EMPTY)),
        ("outbox", sa.Column("address_id", sa.Text(), nullable=False, server_default=_EMPTY)),
    ):
        op.add_column(table, column)
    for name, of in (("outbox_flow", "flow_id"), ("outbox_receipt", "receipt")):
        where = sa.text(f"{of} <> ''")
        op.create_index(name, "outbox", [of], sqlite_where=where, postgresql_where=where)
    reminded = sa.text("reminded_at IS NOT NULL")
    op.create_index("account_reminded_at", "account", ["reminded_at"], sqlite_where=reminded, postgresql_where=reminded)
    waiting = sa.text("state = 'waiting'")
    op.create_index("flow_waiting", "flow", ["flow_id"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "factor",
        sa.Column("factor_id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("factor", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("find_key", sa.LargeBinary(), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=False, server_default=_NONE),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
    )
    op.create_index("ix_factor_account_id", "factor", ["account_id"])
    kept = sa.text("removed_at IS NULL")
    op.create_index("factor_find_key", "factor", ["find_key"], unique=True, sqlite_where=kept, postgresql_where=kept)
    op.create_index("factor_removed_at", "factor", ["removed_at"])
    op.create_table(
        "backup_code",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("factor_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("reserved_by", sa.Text(), nullable=False, server_default=_EMPTY),
        sa.Column("reserved_until", sa.BigInteger(), nullable=True),
        sa.Column("spent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "factor_id", "number"),
    )
    op.create_table(
        "prompt",
        sa.Column("prompt_id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_index("prompt_account", "prompt", ["account_id", "created_at"])
    op.create_index("prompt_expires", "prompt", ["expires_at"])
    op.create_table(
        "notice_link",
        sa.Column("token_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("address_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("flow_id", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
    )
    op.create_index("notice_link_expires", "notice_link", ["expires_at"])
    op.create_table(
        "spent",
        sa.Column("mark", sa.LargeBinary(), primary_key=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("spent_expires", "spent", ["expires_at"])
