"""confirmations: what the shop asks somebody to confirm"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "confirmation",
        sa.Column("confirmation_id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("proofs", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_index("confirmation_reference", "confirmation", ["account_id", "reference"], unique=True)
    op.create_index("confirmation_asked_at", "confirmation", ["asked_at"])
