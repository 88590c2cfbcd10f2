"""slow recovery and support: changes to undo, disputes, contacts, cases, the shop"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
_NONE = sa.text("0")


def upgrade() -> None:
    for column in ("closed_at", "blocked_at", "disputed_at", "recovered_at", "quarantined_until", "second_lost_at"):
        op.add_column("account", sa.Column(column, sa.BigInteger(), nullable=True))
    op.add_column("account", sa.Column("role", sa.Text(), nullable=False, server_default=_EMPTY))
    op.add_column("address", sa.Column("given_up", sa.Integer(), nullable=False, server_default=_NONE))
    closing = sa.text("closing_at IS NOT NULL")
    op.create_index("account_closing_at", "account", ["closing_at"], sqlite_where=closing, postgresql_where=closing)
    _changes_and_disputes()
    _contacts()
    _cases()
    _shop()


def _changes_and_disputes() -> None:
    op.create_table(
        "change",
        sa.Column("change_id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("flow_id", sa.Text(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
    )
    op.create_index("change_account", "change", ["account_id", "at"])
    op.create_index("change_at", "change", ["at"])
    op.create_table(
        "dispute",
        sa.Column("dispute_id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_index("dispute_ended_at", "dispute", ["ended_at"])
    undecided = sa.text("ended_at IS NULL")
    op.create_index("dispute_open", "dispute", ["account_id"], unique=True, sqlite_where=undecided, postgresql_where=undecided)


def _contacts() -> None:
    op.create_table(
        "contact_circle",
        sa.Column("circle_id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("remind_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("contact_circle_account", "contact_circle", ["account_id"])
    op.create_index("contact_circle_remind_at", "contact_circle", ["remind_at"])
    op.create_table(
        "contact",
        sa.Column("contact_id", sa.Text(), primary_key=True),
        sa.Column("circle_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_index("contact_circle_id", "contact", ["circle_id"])
    op.create_table(
        "contact_ask",
        sa.Column("token_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("flow_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phrase", sa.LargeBinary(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False, server_default=_NONE),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
    )
    op.create_index("ix_contact_ask_flow_id", "contact_ask", ["flow_id"])
    op.create_index("contact_ask_expires", "contact_ask", ["expires_at"])


def _cases() -> None:
    op.create_table(
        "support_case",
        sa.Column("case_id", sa.Text(), primary_key=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("flow_id", sa.Text(), nullable=False, server_default=_EMPTY),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("number"),
    )
    op.create_index("support_case_queue", "support_case", ["state", "opened_at"])
    op.create_index("support_case_account", "support_case", ["account_id"])
    timed, over = sa.text("due_at is not null"), sa.text("closed_at is not null")
    op.create_index("support_case_due", "support_case", ["due_at"], sqlite_where=timed, postgresql_where=timed)
    op.create_index("support_case_closed", "support_case", ["closed_at"], sqlite_where=over, postgresql_where=over)
    op.create_table(
        "case_message",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False, server_default=_EMPTY),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "seq"),
    )
    op.create_table(
        "case_vote",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("vote", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "agent_id"),
    )
    op.create_table(
        "agent",
        sa.Column("account_id", sa.Text(), primary_key=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("hand", sa.Text(), nullable=False),
    )


def _shop() -> None:
    op.create_table(
        "shop_activity",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "reference"),
    )
    op.create_index("shop_activity_at", "shop_activity", ["at"])
    op.create_table(
        "shop_event",
        sa.Column("event_id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False, server_default=_NONE),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False, server_default=_EMPTY),
    )
    op.create_index("shop_event_due", "shop_event", ["state", "next_at"])
    op.create_table(
        "secret_answer",
        sa.Column("account_id", sa.Text(), primary_key=True),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
    )
