"""With many rows PostgreSQL finds what the hot paths look for by an index, never by reading a table through."""

import pytest

from sparekey.adapters.sql import accounts, audit, devices, flows, guesses, outbox, sessions
from sparekey.adapters.sql.connection import Statement
from tests.contracts.stores import Held

MANY = 100_000
HOT: dict[str, tuple[Statement, dict[str, object]]] = {
    "who is signed in": (sessions.WHO_IS, {"token_hash": b"x"}),
    "whose name is this": (accounts._BY_KEY, {"key": "key7"}),
    "the account": (accounts._BY_ID, {"account_id": "account7"}),
    "the lock": (audit._LOCK, {"chain": "account7", "none": b""}),
    "the newest events": (audit._OF_CHAIN, {"chain": "account7", "most": 20}),
    "the device": (devices._FIND, {"token_hash": b"x", "account_id": "account7"}),
    "the flow": (flows._GET_FOR_STEP, {"flow_id": "flow7"}),
    "the flows of an account": (flows._OPEN, {"account_id": "account7", "but": "", "now": 0}),
    "the counter": (guesses._READ, {"subject": "account7", "lane": "password"}),
    "what is due": (outbox._CLAIM, {"now": 5, "lease_until": 9, "most": 50}),
    "the sessions of an account": (sessions._OF_ACCOUNT, {"account_id": "account7"}),
    "the last use": (sessions.SEEN, {"session_id": "session7", "seen_at": 5}),
}
FILL = (
    """insert into account (account_id, name, language, created_at, password_hash, password_set_at, version, shred_key, user_name)
    select 'account' || i, 'Anna', 'en', 0, '', 0, 1, '', '' from {numbers}""",
    """insert into address (address_id, account_id, kind, value, key, added_at, main, with_account, stolen)
    select 'address' || i, 'account' || i, 'email', i || '@example.com', 'key' || i, 0, 1, 1, 0 from {numbers}""",
    """insert into session (token_hash, session_id, account_id, device_id, created_at, seen_at, expires_at, proofs, user_agent, network)
    select sha256(convert_to('token ' || i, 'UTF8')), 'session' || i, 'account' || i, '', 0, 0, 0, '[]', '', '' from {numbers}""",
    """insert into device (device_id, account_id, token_hash, created_at, seen_at, user_agent)
    select 'device' || i, 'account' || i, sha256(convert_to('device ' || i, 'UTF8')), 0, 0, '' from {numbers}""",
    """insert into flow (flow_id, action, account_id, state, version, expires_at, data)
    select 'flow' || i, 'recover', 'account' || i, 'asking', 1, i, '' from {numbers}""",
    "insert into guess (subject, lane, day, today, in_a_row) select 'account' || i, 'password', 1, 1, 1 from {numbers}",
    """insert into outbox (message_id, account_id, kind, channel, language, hint, state, void, created_at, next_at, body)
    select 'message' || i, 'account' || i, 'welcome', 'email', 'en', '', 'delivered', 0, i, i, '' from {numbers}""",
    """insert into audit_event (chain, seq, at, name, flow_id, detail, personal, mac)
    select 'account' || i, 1, i, 'account.sign_in.done', '', '', '', '' from {numbers}""",
    "insert into audit_head (chain, seq, mac) select 'account' || i, 1, '' from {numbers}",
)


async def plans(at: Held) -> dict[str, str]:
    found = {}
    for name, (statement, values) in HOT.items():
        rows = await at.rows(f"explain {statement._text}", **values)
        found[name] = "\n".join(str(row[0]) for row in rows)
    return found


async def fill(at: Held) -> None:
    for text in FILL:
        await at.sql(text.format(numbers=f"generate_series(0, {MANY - 1}) as g(i)"))
    for table in ("account", "address", "session", "device", "flow", "guess", "outbox", "audit_event", "audit_head"):
        await at.rows(f"analyze {table}")


async def test_hot_paths_use_indexes_with_many_rows(on_postgres: Held) -> None:
    await fill(on_postgres)
    assert [name for name, plan in (await plans(on_postgres)).items() if "Seq Scan" in plan] == []
    await on_postgres.rows("drop index address_key")
    with pytest.raises(AssertionError):
        assert "Seq Scan" not in (await plans(on_postgres))["whose name is this"]
