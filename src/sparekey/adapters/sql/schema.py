"""The tables, for the migrations and for the reader. At run time the statements stand beside the code that needs them.

One schema for SQLite and PostgreSQL. Times are whole milliseconds since 1970-01-01 UTC. Everything about an account carries
its account id. Only the migrations import this file: SQLAlchemy costs a start 150 ms.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text, text

metadata = MetaData()

account = Table(
    "account",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("password_set_at", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("shred_key", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("user_name_key", Text, nullable=True, unique=True),
    Column("contested_at", BigInteger),
    Column("frozen_at", BigInteger),
    Column("closing_at", BigInteger),
    Column("enrolled", Text, nullable=False, server_default=text("'[]'")),
    Column("preferred", Text, nullable=False, server_default=text("''")),
    Column("must_have_second", Integer, nullable=False, server_default=text("0")),
    Column("second_offered_at", BigInteger),
    Column("reminded_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("blocked_at", BigInteger),
    Column("disputed_at", BigInteger),
    Column("recovered_at", BigInteger),
    Column("quarantined_until", BigInteger),
    Column("role", Text, nullable=False, server_default=text("''")),
    Column("second_lost_at", BigInteger),
)
_closing = account.c.closing_at.is_not(None)
Index("account_closing_at", account.c.closing_at, sqlite_where=_closing, postgresql_where=_closing)
_reminded = account.c.reminded_at.is_not(None)
Index("account_reminded_at", account.c.reminded_at, sqlite_where=_reminded, postgresql_where=_reminded)

address = Table(
    "address",
    metadata,
    Column("address_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("main", Integer, nullable=False),
    Column("with_account", Integer, nullable=False),
    Column("stolen", Integer, nullable=False),
    Column("removed_at", BigInteger),
    Column("confirmed_at", BigInteger),
    Column("bounced_at", BigInteger),
    Column("given_up", Integer, nullable=False, server_default=text("0")),
)
_present = address.c.removed_at.is_(None)
Index("address_key", address.c.key, unique=True, sqlite_where=_present, postgresql_where=_present)
_removed = address.c.removed_at.is_not(None)
Index("address_removed", address.c.key, sqlite_where=_removed, postgresql_where=_removed)
Index("address_removed_at", address.c.removed_at, sqlite_where=_removed, postgresql_where=_removed)

# What a factor is checked with. What the policy judges by stands in ``account.enrolled``.
factor = Table(
    "factor",
    metadata,
    Column("factor_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("factor", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("find_key", LargeBinary),
    Column("counter", BigInteger, nullable=False, server_default=text("0")),
    Column("used_at", BigInteger),
    Column("removed_at", BigInteger),
)
_kept = factor.c.removed_at.is_(None)
Index("factor_find_key", factor.c.find_key, unique=True, sqlite_where=_kept, postgresql_where=_kept)
Index("factor_removed_at", factor.c.removed_at)

backup_code = Table(
    "backup_code",
    metadata,
    Column("account_id", Text, nullable=False),
    Column("factor_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("reserved_by", Text, nullable=False, server_default=text("''")),
    Column("reserved_until", BigInteger),
    Column("spent_at", BigInteger),
    PrimaryKeyConstraint("account_id", "factor_id", "number"),
)

# Questions to the owner's enrolled phone.
prompt = Table(
    "prompt",
    metadata,
    Column("prompt_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
Index("prompt_account", prompt.c.account_id, prompt.c.created_at)
Index("prompt_expires", prompt.c.expires_at)

# "This wasn't me": what one notice to one address told.
notice_link = Table(
    "notice_link",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("address_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("flow_id", Text, nullable=False),
    Column("happened_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)
Index("notice_link_expires", notice_link.c.expires_at)

# What works once and is nobody's: solutions of the human check.
spent = Table(
    "spent",
    metadata,
    Column("mark", LargeBinary, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)
Index("spent_expires", spent.c.expires_at)

former_password = Table(
    "former_password",
    metadata,
    Column("account_id", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "set_at"),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("session_id", Text, nullable=False, unique=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("device_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("proofs", LargeBinary, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("network", LargeBinary, nullable=False),
    Column("limited", Integer, nullable=False, server_default=text("0")),
)
Index("session_expires", session.c.expires_at)

device = Table(
    "device",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("networks", Text, nullable=False, server_default=text("''")),
)
Index("device_seen", device.c.seen_at)

flow = Table(
    "flow",
    metadata,
    Column("flow_id", Text, primary_key=True),
    Column("action", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
Index("flow_account", flow.c.account_id, flow.c.state)
Index("flow_expires", flow.c.expires_at)
_waiting = flow.c.state == text("'waiting'")
Index("flow_waiting", flow.c.flow_id, sqlite_where=_waiting, postgresql_where=_waiting)

guess = Table(
    "guess",
    metadata,
    Column("subject", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("day", BigInteger, nullable=False),
    Column("today", BigInteger, nullable=False),
    Column("in_a_row", BigInteger, nullable=False),
    PrimaryKeyConstraint("subject", "lane"),
)
Index("guess_day", guess.c.day)

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("void", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("worthless_at", BigInteger),
    Column("tries", BigInteger, nullable=False, server_default=text("0")),
    Column("body", LargeBinary, nullable=False),
    Column("error", Text, nullable=False, server_default=text("''")),
    Column("provider", Text, nullable=False, server_default=text("''")),
    Column("receipt", Text, nullable=False, server_default=text("''")),
    Column("delivered_at", BigInteger),
    Column("receipt_state", Text, nullable=False, server_default=text("''")),
    Column("receipt_reason", Text, nullable=False, server_default=text("''")),
    Column("receipt_at", BigInteger),
    Column("flow_id", Text, nullable=False, server_default=text("''")),
    Column("address_id", Text, nullable=False, server_default=text("''")),
)
_of_flow = outbox.c.flow_id != text("''")
Index("outbox_flow", outbox.c.flow_id, sqlite_where=_of_flow, postgresql_where=_of_flow)
_sent = outbox.c.receipt != text("''")
Index("outbox_receipt", outbox.c.receipt, sqlite_where=_sent, postgresql_where=_sent)
Index("outbox_due", outbox.c.state, outbox.c.next_at)
Index("outbox_account", outbox.c.account_id, outbox.c.created_at)

audit_event = Table(
    "audit_event",
    metadata,
    Column("chain", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("flow_id", Text, nullable=False),
    Column("detail", LargeBinary, nullable=False),
    Column("personal", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    PrimaryKeyConstraint("chain", "seq"),
)
# For the seals of each minute: what happened since the last one, without a look at every chain.
Index("audit_event_at", audit_event.c.at)

audit_head = Table(
    "audit_head",
    metadata,
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("begun_at", BigInteger),
)
# Chains of names that nobody has (domain.audit). Their beginning never changes, so an append moves no index.
_unknown = audit_head.c.chain >= text("'s'")
Index("audit_head_unknown", audit_head.c.begun_at, sqlite_where=_unknown, postgresql_where=_unknown)


# What was changed, as it was before: to undo it, and to show it (sealed; domain.changes).
change = Table(
    "change",
    metadata,
    Column("change_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("flow_id", Text, nullable=False),
    Column("before", LargeBinary, nullable=False),
    Column("undone_at", BigInteger),
)
Index("change_account", change.c.account_id, change.c.at)
Index("change_at", change.c.at)

# Two sides claim one account. At most one open dispute for each.
dispute = Table(
    "dispute",
    metadata,
    Column("dispute_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("data", LargeBinary, nullable=False),
)
Index("dispute_ended_at", dispute.c.ended_at)
_undecided = dispute.c.ended_at.is_(None)
Index("dispute_open", dispute.c.account_id, unique=True, sqlite_where=_undecided, postgresql_where=_undecided)

# Friends who may help to recover, a list at a time; and what they are asked by mail. The list that holds is the one that a factor of
# the account names.
contact_circle = Table(
    "contact_circle",
    metadata,
    Column("circle_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("remind_at", BigInteger, nullable=False),
)
Index("contact_circle_account", contact_circle.c.account_id)
Index("contact_circle_remind_at", contact_circle.c.remind_at)
contact = Table(
    "contact",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("circle_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
Index("contact_circle_id", contact.c.circle_id)
contact_ask = Table(
    "contact_ask",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("flow_id", Text, nullable=False, index=True),
    Column("account_id", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("phrase", LargeBinary, nullable=False),
    Column("wrong", Integer, nullable=False, server_default=text("0")),
    Column("asked_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
)
Index("contact_ask_expires", contact_ask.c.expires_at)

# Support cases: what is said in them is sealed.
support_case = Table(
    "support_case",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("account_id", Text, nullable=False),
    Column("flow_id", Text, nullable=False, server_default=text("''")),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("version", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
Index("support_case_queue", support_case.c.state, support_case.c.opened_at)
Index("support_case_account", support_case.c.account_id)
_timed = support_case.c.due_at.is_not(None)
Index("support_case_due", support_case.c.due_at, sqlite_where=_timed, postgresql_where=_timed)
_over = support_case.c.closed_at.is_not(None)
Index("support_case_closed", support_case.c.closed_at, sqlite_where=_over, postgresql_where=_over)
case_message = Table(
    "case_message",
    metadata,
    Column("case_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("agent_id", Text, nullable=False, server_default=text("''")),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("case_id", "seq"),
)
case_vote = Table(
    "case_vote",
    metadata,
    Column("case_id", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("vote", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("case_id", "agent_id"),
)
agent = Table(
    "agent",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("hand", Text, nullable=False),
)

# What the shop told us, and what it is told.
shop_activity = Table(
    "shop_activity",
    metadata,
    Column("account_id", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("account_id", "reference"),
)
Index("shop_activity_at", shop_activity.c.at)
shop_event = Table(
    "shop_event",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", BigInteger, nullable=False, server_default=text("0")),
    Column("next_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False, server_default=text("''")),
)
Index("shop_event_due", shop_event.c.state, shop_event.c.next_at)
# What the shop asked somebody to confirm.
confirmation = Table(
    "confirmation",
    metadata,
    Column("confirmation_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
    Column("used_at", BigInteger),
    Column("proofs", Text, nullable=False, server_default=text("''")),
    Column("data", LargeBinary, nullable=False),
)
Index("confirmation_reference", confirmation.c.account_id, confirmation.c.reference, unique=True)
Index("confirmation_asked_at", confirmation.c.asked_at)

# The answer to a secret question: hashed like a password, one weak statement inside a support case.
secret_answer = Table(
    "secret_answer",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("question", LargeBinary, nullable=False),
    Column("hash", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
)
